//! Host calls of the probe contract (`contracts/probe/README.md`, endpoint 32).

use crate::chain::Chain;
use nub_abi::Event;

/// The endpoint.
pub const SCRIPT: u16 = 32;
/// Most steps of a script.
pub const STEPS_MAX: usize = 96;
/// Pages the probe may store to.
pub const SCRATCH: u64 = 0x3_1000;
/// Where the data of a script is.
const DATA_ADDRESS: u64 = 0xFEFF_0004;

/// Steps, and the data they refer to.
#[derive(Clone, Default)]
pub struct Script {
    data: Vec<u8>,
    steps: Vec<u8>,
}

impl Script {
    /// Adds data; gives its address.
    pub fn data(&mut self, data: &[u8]) -> u64 {
        let address = DATA_ADDRESS + self.data.len() as u64;
        self.data.extend(data);
        address
    }

    /// Adds a host call; registers not given are 0.
    pub fn step(&mut self, number: u8, registers: &[u64]) -> &mut Self {
        let mut all = [0; 6];
        all[..registers.len()].copy_from_slice(registers);
        self.steps.push(number);
        self.steps.extend(all.iter().flat_map(|register| register.to_le_bytes()));
        self
    }

    /// The arguments of the endpoint. Nothing is read back.
    pub fn args(&self) -> Vec<u8> {
        let mut args = (self.data.len() as u32).to_le_bytes().to_vec();
        args.extend(&self.data);
        args.extend([0; 16]);
        args.extend(&self.steps);
        args
    }

    /// An event for the first Instance.
    pub fn event(&self) -> Event {
        Chain::event(SCRIPT, self.args())
    }
}
