//! Programs on both engines, side by side, through all that may happen in between: anything that differs is
//! a finding. An input is the seed of a case, eight octets.

use super::Session;
use crate::random::Random;
use javm_recompiler_x86::Features;
use native_harness_for_tests::generator;
use native_harness_for_tests::host_features;
use native_harness_for_tests::oracle::{Count, Oracle};

/// Two windows, and what was done in them.
pub struct Engines {
    oracle: Oracle,
    count: Count,
}

impl Engines {
    /// With windows of this process.
    pub fn new() -> Self {
        Self { oracle: Oracle::new().expect("the system gives two windows"), count: Count::default() }
    }
}

impl Session for Engines {
    fn input(&mut self, random: &mut Random) -> Vec<u8> {
        random.u64().to_le_bytes().to_vec()
    }

    fn run(&mut self, input: &[u8]) {
        let seed = input.first_chunk().map_or(0, |octets| u64::from_le_bytes(*octets));
        let case = generator::case(seed);
        self.count.add(&self.oracle.check(&case, features(seed)).expect("the system plays along"));
    }

    fn summary(&self) -> String {
        let [halt, panic, out_of_gas, page_fault, host_call] = self.count.exits;
        format!(
            "{} instructions generated, {} executed on both engines; exits: {halt} halt, {panic} panic, \
             {out_of_gas} out of gas, {page_fault} page fault, {host_call} host call",
            self.count.generated, self.count.executed
        )
    }
}

/// Half of the cases get all that this processor has, a quarter nothing of it, a quarter some of it; each in both maps of
/// registers.
fn features(seed: u64) -> Features {
    let host = host_features();
    let mut random = Random::new(seed);
    let free_rsp = random.one_in(2);
    match random.below(4) {
        0 | 1 => Features { free_rsp, ..host },
        2 => Features { free_rsp, ..Features::BASELINE },
        _ => Features {
            popcnt: host.popcnt && random.one_in(2),
            lzcnt: host.lzcnt && random.one_in(2),
            tzcnt: host.tzcnt && random.one_in(2),
            bmi1: host.bmi1 && random.one_in(2),
            bmi2: host.bmi2 && random.one_in(2),
            free_rsp,
        },
    }
}
