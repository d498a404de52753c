//! Scripts for the probe: any host calls, with registers as given, one after the other in one call.

use super::probe;
use super::{TestChain, event};
use nub::{Event, Receipt, Status};

/// Pages that the probe may store to.
pub const SCRATCH: u64 = 0x31000;
/// A page of the window that is in no region, for views.
pub const FREE_PAGE: u64 = 0x10000;
/// Where the data of a script is.
const DATA_ADDRESS: u64 = 0xFEFF_0004;
/// Gas that `call` steps ask for.
const CALL_GAS: u64 = 5_000_000;

/// Loads the octet at the first register.
pub const LOAD: u8 = 254;
/// Stores the second register to the octet at the first.
pub const STORE: u8 = 255;

/// Steps, and the data they refer to.
#[derive(Clone, Default)]
pub struct Script {
    data: Vec<u8>,
    steps: Vec<(u8, [u64; 6])>,
    read_back: (u64, u64),
}

/// What a script came to.
#[derive(Debug, PartialEq, Eq)]
pub struct Played {
    /// r7 and r8 after each step.
    pub answers: Vec<(u64, u64)>,
    /// The octets read back.
    pub read: Vec<u8>,
}

impl Script {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds data; gives its address.
    pub fn data(&mut self, data: &[u8]) -> u64 {
        let address = DATA_ADDRESS + self.data.len() as u64;
        self.data.extend(data);
        address
    }

    /// Adds a step; gives its index. Registers not given are 0.
    pub fn step(&mut self, number: u8, registers: &[u64]) -> usize {
        let mut all = [0; 6];
        all[..registers.len()].copy_from_slice(registers);
        self.steps.push((number, all));
        self.steps.len() - 1
    }

    /// Adds a call.
    pub fn call(&mut self, selector: u64, endpoint: u16, args: &[u8], passed: &[u16]) -> usize {
        let list: Vec<u8> = passed.iter().flat_map(|selector| selector.to_le_bytes()).collect();
        let list = self.data(&list) | (passed.len() as u64) << 32;
        let address = self.data(args);
        self.step(10, &[selector, endpoint.into(), address, args.len() as u64, CALL_GAS, list])
    }

    /// Adds the creation of an Image in a slot.
    pub fn image(&mut self, slot: u64, image: &[u8]) -> usize {
        let address = self.data(image);
        self.step(12, &[address, image.len() as u64, slot])
    }

    /// Adds the creation of a public Instance with a zero badge.
    pub fn instance(&mut self, image_slot: u64, ref_slot: u64) -> usize {
        let badge = self.data(&[0; 32]);
        self.step(13, &[image_slot, ref_slot, 1, badge, SCRATCH])
    }

    /// The octets to give back at the end.
    pub fn read_back(&mut self, address: u64, len_bytes: u64) {
        self.read_back = (address, len_bytes);
    }

    /// How many steps there are.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// The arguments of the probe's `script`.
    pub fn args(&self) -> Vec<u8> {
        let mut args = (self.data.len() as u32).to_le_bytes().to_vec();
        args.extend(&self.data);
        args.extend(self.read_back.0.to_le_bytes());
        args.extend(self.read_back.1.to_le_bytes());
        for (number, registers) in &self.steps {
            args.push(*number);
            args.extend(registers.iter().flat_map(|register| register.to_le_bytes()));
        }
        args
    }

    /// An event that runs it on the probe.
    pub fn event(&self) -> Event {
        event(probe::SCRIPT, self.args())
    }

    /// Takes its output apart.
    pub fn played(&self, output: &[u8]) -> Played {
        let (answers, read) = output.split_at(16 * self.steps.len());
        let word = |octets: &[u8]| u64::from_le_bytes(octets.try_into().unwrap());
        let answers = answers.chunks(16).map(|pair| (word(&pair[..8]), word(&pair[8..]))).collect();
        Played { answers, read: read.to_vec() }
    }
}

impl Played {
    /// r7 after each step.
    pub fn codes(&self) -> Vec<u64> {
        self.answers.iter().map(|(r7, _)| *r7).collect()
    }
}

impl TestChain {
    /// Runs a script on the probe, which must succeed, in a block of its own.
    pub fn play(&mut self, script: &Script) -> Played {
        script.played(&self.played_receipt(script).output)
    }

    /// The same; gives the receipt.
    pub fn played_receipt(&mut self, script: &Script) -> Receipt {
        let receipt = self.run(script.event());
        assert_eq!(receipt.status, Status::Success);
        receipt
    }
}
