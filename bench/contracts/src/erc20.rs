//! The peer's token: ERC-20's `transfer` and `balanceOf`, assembled by hand below, after what Solidity's compiler makes of
//! `mapping(address => uint256) balances` in storage slot 0, without its checks of calldata.
//!
//! It does what `contracts/token`'s `transfer` does: reads the sender's balance, checks it, writes both, checks for
//! overflow, logs. A balance lies under keccak256(account ‖ 0), as everywhere on the EVM.

use revm::primitives::{Address, U256, keccak256};

mod op {
    pub const ADD: u8 = 0x01;
    pub const SUB: u8 = 0x03;
    pub const LT: u8 = 0x10;
    pub const GT: u8 = 0x11;
    pub const EQ: u8 = 0x14;
    pub const AND: u8 = 0x16;
    pub const SHR: u8 = 0x1c;
    pub const KECCAK256: u8 = 0x20;
    pub const CALLER: u8 = 0x33;
    pub const CALLDATALOAD: u8 = 0x35;
    pub const MSTORE: u8 = 0x52;
    pub const SLOAD: u8 = 0x54;
    pub const SSTORE: u8 = 0x55;
    pub const JUMPI: u8 = 0x57;
    pub const JUMPDEST: u8 = 0x5b;
    pub const PUSH1: u8 = 0x60;
    pub const DUP1: u8 = 0x80;
    pub const DUP2: u8 = 0x81;
    pub const DUP3: u8 = 0x82;
    pub const DUP4: u8 = 0x83;
    pub const DUP5: u8 = 0x84;
    pub const SWAP1: u8 = 0x90;
    pub const SWAP2: u8 = 0x91;
    pub const LOG3: u8 = 0xa3;
    pub const RETURN: u8 = 0xf3;
    pub const REVERT: u8 = 0xfd;
}
use op::*;

/// `transfer(address,uint256)`.
pub const TRANSFER: [u8; 4] = [0xa9, 0x05, 0x9c, 0xbb];
/// `balanceOf(address)`.
const BALANCE_OF: [u8; 4] = [0x70, 0xa0, 0x82, 0x31];

/// Code whose jumps go to places that are not known yet; all places are below 256.
#[derive(Default)]
struct Assembler {
    code: Vec<u8>,
    jumps: Vec<(usize, &'static str)>,
    labels: Vec<(&'static str, u8)>,
}

impl Assembler {
    fn ops(&mut self, ops: &[u8]) -> &mut Self {
        self.code.extend(ops);
        self
    }

    fn push(&mut self, octets: &[u8]) -> &mut Self {
        self.code.push(PUSH1 + octets.len() as u8 - 1);
        self.ops(octets)
    }

    fn jump_if(&mut self, label: &'static str) -> &mut Self {
        self.jumps.push((self.code.len() + 1, label));
        self.push(&[0]).ops(&[JUMPI])
    }

    fn label(&mut self, label: &'static str) -> &mut Self {
        self.labels.push((label, self.code.len() as u8));
        self.ops(&[JUMPDEST])
    }

    /// The account on the stack becomes its balance's place.
    fn place(&mut self) -> &mut Self {
        self.push(&[0]).ops(&[MSTORE]).push(&[0x40]).push(&[0]).ops(&[KECCAK256])
    }

    fn finish(mut self) -> Vec<u8> {
        for (at, wanted) in &self.jumps {
            self.code[*at] =
                self.labels.iter().find(|(label, _)| label == wanted).map_or(0, |(_, place)| *place);
        }
        self.code
    }
}

/// The token's code.
pub fn code() -> Vec<u8> {
    let mut code = Assembler::default();
    for (selector, label) in [(TRANSFER, "transfer"), (BALANCE_OF, "balanceOf")] {
        code.push(&[0])
            .ops(&[CALLDATALOAD])
            .push(&[0xe0])
            .ops(&[SHR])
            .push(&selector)
            .ops(&[EQ])
            .jump_if(label);
    }
    code.push(&[0]).ops(&[DUP1, REVERT]);
    code.label("transfer");
    // place, balance, amount; fails if the balance is less.
    code.ops(&[CALLER]).place().ops(&[DUP1, SLOAD]).push(&[0x24]).ops(&[CALLDATALOAD]);
    code.ops(&[DUP1, DUP3, LT]).jump_if("fail");
    // amount; the balance without it is stored.
    code.ops(&[SWAP1, DUP2, SWAP1, SUB, SWAP1, SWAP2, SSTORE]);
    // amount, to, place, sum; fails if the sum is less than the amount.
    code.push(&[4]).ops(&[CALLDATALOAD]).push(&[0xff; 20]).ops(&[AND, DUP1]).place();
    code.ops(&[DUP1, SLOAD, DUP4, ADD, DUP1, DUP5, GT]).jump_if("fail");
    code.ops(&[SWAP1, SSTORE]);
    // Logs the amount under Transfer, from, to; returns true.
    let topic = keccak256("Transfer(address,address,uint256)");
    code.ops(&[SWAP1])
        .push(&[0])
        .ops(&[MSTORE, CALLER])
        .push(topic.as_slice())
        .push(&[0x20])
        .push(&[0])
        .ops(&[LOG3]);
    code.push(&[1]).push(&[0]).ops(&[MSTORE]).push(&[0x20]).push(&[0]).ops(&[RETURN]);
    code.label("balanceOf").push(&[4]).ops(&[CALLDATALOAD]).place().ops(&[SLOAD]);
    code.push(&[0]).ops(&[MSTORE]).push(&[0x20]).push(&[0]).ops(&[RETURN]);
    code.label("fail").push(&[0]).ops(&[DUP1, REVERT]);
    code.finish()
}

/// Where an account's balance is in storage.
pub fn place(account: Address) -> U256 {
    let mut octets = [0; 64];
    octets[12..32].copy_from_slice(account.as_slice());
    keccak256(octets).into()
}

/// The calldata of a transfer.
pub fn transfer(to: Address, amount: u64) -> Vec<u8> {
    let amount = U256::from(amount).to_be_bytes::<32>();
    [&TRANSFER[..], &[0; 12], to.as_slice(), &amount].concat()
}
