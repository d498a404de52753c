//! The targets.

mod blocks;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod engines;
mod examples;
mod exports;
mod graph;
mod host_calls;
mod objects;
mod programs;
mod proofs;

use crate::random::Random;

/// A target.
pub struct Target {
    /// What `--target` calls it.
    pub name: &'static str,
    /// Makes what its executions share.
    pub start: fn() -> Box<dyn Session>,
}

/// A target under way. An execution may depend on the ones before.
pub trait Session {
    /// The next input.
    fn input(&mut self, random: &mut Random) -> Vec<u8>;
    /// Runs it; panics if anything is wrong.
    fn run(&mut self, input: &[u8]);
    /// What was done, if that is more than a number of executions.
    fn summary(&self) -> String {
        String::new()
    }
}

/// All of them.
pub const TARGETS: &[Target] = &[
    Target { name: "blocks", start: || Box::new(blocks::Blocks::new()) },
    Target { name: "objects", start: || Box::new(objects::Objects::new()) },
    Target { name: "proofs", start: || Box::new(proofs::Proofs::new()) },
    Target { name: "exports", start: || Box::new(exports::Exports::new()) },
    Target { name: "programs", start: || Box::new(programs::Programs::new()) },
    Target { name: "host-calls", start: || Box::new(host_calls::HostCalls::new()) },
    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    Target { name: "engines", start: || Box::new(engines::Engines::new()) },
];
