//! The wallet: three owners, two of whom must sign, with keys of both kinds.

use crate::chain::on_both;
use crate::*;
use ed25519_dalek::Signer;
use k256::ecdsa::signature::hazmat::PrehashSigner;
use nub::{Hash, blake2b_256};

const INIT: u16 = 0;
const EXECUTE: u16 = 1;
const NONCE: u16 = 2;
const HASH_OF: u16 = 4;

/// A key as the wallet has it: its kind, and its octets.
#[derive(Encode)]
enum Key {
    Ed25519([u8; 32]),
    Secp256k1([u8; 33]),
}

/// As the wallet numbers them; the others are not sent here.
#[derive(Clone, Encode)]
enum Action {
    Call { slot: u8, endpoint: u16, gas: u64, args: Vec<u8> },
}

type Approvals = Vec<(u32, [u8; 64])>;

fn edwards(number: u8) -> ed25519_dalek::SigningKey {
    ed25519_dalek::SigningKey::from_bytes(&[number; 32])
}

fn koblitz(number: u8) -> k256::ecdsa::SigningKey {
    k256::ecdsa::SigningKey::from_slice(&[number; 32]).unwrap()
}

/// Owners 0 and 2 have ed25519 keys, owner 1 one of secp256k1.
fn sign(owner: u32, hash: &Hash) -> (u32, [u8; 64]) {
    let signature = match owner {
        1 => {
            let signature: k256::ecdsa::Signature = koblitz(2).sign_prehash(&hash.0).unwrap();
            signature.to_bytes().into()
        }
        _ => edwards(owner as u8 + 1).sign(&hash.0).to_bytes(),
    };
    (owner, signature)
}

fn start(chain: &mut TestChain) {
    let point = koblitz(2).verifying_key().to_encoded_point(true);
    let keys = vec![
        Key::Ed25519(edwards(1).verifying_key().to_bytes()),
        Key::Secp256k1(point.as_bytes().try_into().unwrap()),
        Key::Ed25519(edwards(3).verifying_key().to_bytes()),
    ];
    ok::<()>(chain, ALICE, wallet(), INIT, (keys, 2u32));
    pay(chain, token_a(), ALICE, WALLET_ACCOUNT, 100);
}

/// What is signed, as the wallet's README says.
fn hash(nonce: u64, action: &Action) -> Hash {
    blake2b_256(&(b"nub/multisig/v1\0", chain::CHAIN_ID, wallet().0, nonce, action).encode())
}

fn payment(amount: u128) -> Action {
    Action::Call { slot: 1, endpoint: token_endpoint::TRANSFER, gas: 100_000, args: (BOB.0, amount).encode() }
}

fn approvals(nonce: u64, action: &Action, owners: &[u32]) -> Approvals {
    owners.iter().map(|&owner| sign(owner, &hash(nonce, action))).collect()
}

fn execute(action: &Action, approvals: &[(u32, [u8; 64])]) -> Event {
    event(CAROL, wallet(), EXECUTE, (action, approvals))
}

/// Bob is paid 40 by the wallet. Gives the gas that took.
pub fn paid(chain: &mut TestChain) -> u64 {
    start(chain);
    let action = payment(40);
    let receipt = chain.run(execute(&action, &approvals(0, &action, &[0, 1])));
    assert!(output::<Vec<u8>>(&receipt).is_empty());
    receipt.gas_used
}

on_both! { with crate::suite;
    two_owners_pay => |chain| {
        start_tokens(chain);
        paid(chain);
        assert_eq!((balance(chain, token_a(), BOB), balance(chain, token_a(), WALLET_ACCOUNT)), (40, 60));
        let action = payment(60);
        assert_eq!(ok::<[u8; 32]>(chain, CAROL, wallet(), HASH_OF, &action), hash(1, &action).0);
        let receipt = chain.run(execute(&action, &approvals(1, &action, &[0, 1, 2])));
        output::<Vec<u8>>(&receipt);
        assert_eq!((receipt.logs.len(), receipt.logs[0].instance), (2, token_a()));
        assert_eq!(balance(chain, token_a(), BOB), 100);
    };

    a_signature_works_once_for_one_thing => |chain| {
        start_tokens(chain);
        start(chain);
        let action = payment(10);
        let signed = approvals(0, &action, &[1, 2]);
        refused(chain, execute(&payment(11), &signed), "signature is not valid");
        output::<Vec<u8>>(&chain.run(execute(&action, &signed)));
        refused(chain, execute(&action, &signed), "signature is not valid");
        assert_eq!((balance(chain, token_a(), BOB), ok::<u64>(chain, CAROL, wallet(), NONCE, ())), (10, 1));
        // Signed for another chain, and for another wallet.
        for message in [
            (b"nub/multisig/v1\0", chain::CHAIN_ID + 1, wallet().0, 1u64, &action).encode(),
            (b"nub/multisig/v1\0", chain::CHAIN_ID, exchange().0, 1u64, &action).encode(),
        ] {
            let hash = blake2b_256(&message);
            refused(chain, execute(&action, &[sign(1, &hash), sign(2, &hash)]), "signature is not valid");
        }
    };

    one_owner_is_not_enough => |chain| {
        start_tokens(chain);
        start(chain);
        let action = payment(10);
        refused(chain, execute(&action, &approvals(0, &action, &[1])), "not enough approvals");
        refused(chain, execute(&action, &approvals(0, &action, &[1, 1])), "order of the owners");
        let mut forged = approvals(0, &action, &[0, 1]);
        forged[0].0 = 2;
        forged.reverse();
        refused(chain, execute(&action, &forged), "signature is not valid");
    };

    a_payment_that_fails_can_be_sent_again => |chain| {
        start_tokens(chain);
        start(chain);
        let action = payment(150);
        let signed = approvals(0, &action, &[0, 2]);
        refused(chain, execute(&action, &signed), "callee failed");
        pay(chain, token_a(), ALICE, WALLET_ACCOUNT, 50);
        output::<Vec<u8>>(&chain.run(execute(&action, &signed)));
        assert_eq!(balance(chain, token_a(), BOB), 150);
    };
}
