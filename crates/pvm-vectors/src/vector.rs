//! One vector, and what must be so at its end.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Octets that are not zero, by address: how contents of memory are compared.
pub type NonZeroOctets = BTreeMap<u32, u8>;

/// A published vector.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Vector {
    /// What it tests.
    pub name: String,
    /// Registers at the start.
    pub initial_regs: [u64; 13],
    /// Position in the code at which to start.
    pub initial_pc: u32,
    initial_page_map: Vec<PageRange>,
    initial_memory: Vec<Octets>,
    /// Gas at the start.
    pub initial_gas: u64,
    /// The program blob.
    pub program: Vec<u8>,
    expected_status: Status,
    expected_regs: [u64; 13],
    expected_pc: u32,
    expected_memory: Vec<Octets>,
    expected_gas: u64,
    expected_page_fault_address: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct PageRange {
    address: u32,
    length: u32,
    is_writable: bool,
}

#[derive(Debug, Deserialize)]
struct Octets {
    address: u32,
    contents: Vec<u8>,
}

/// How a run ended, in the vectors' words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It returned.
    Halt,
    /// It trapped.
    Panic,
    /// Gas did not reach for the next basic block.
    OutOfGas,
    /// It touched what it may not.
    PageFault,
    /// It asked the kernel.
    HostCall,
}

/// The state that a run left.
#[derive(Debug)]
pub struct Ended {
    /// How it ended.
    pub status: Status,
    /// The address of a page fault.
    pub fault_address: Option<u32>,
    /// Registers.
    pub registers: [u64; 13],
    /// Position in the code.
    pub pc: u32,
    /// Gas.
    pub gas_left: u64,
    /// All of memory.
    pub memory: NonZeroOctets,
}

impl Vector {
    /// The pages that are mapped at the start: number, and whether it may be written.
    pub fn initial_pages(&self) -> impl Iterator<Item = (u32, bool)> {
        self.initial_page_map.iter().flat_map(|range| {
            let first = range.address / 4096;
            (first..first + range.length / 4096).map(|page| (page, range.is_writable))
        })
    }

    /// What memory holds at the start: address, octets.
    pub fn initial_octets(&self) -> impl Iterator<Item = (u32, &[u8])> {
        self.initial_memory.iter().map(|octets| (octets.address, &octets.contents[..]))
    }

    /// What differs from what this vector says, with both values; `None` where nothing does.
    pub fn difference(&self, ended: &Ended) -> Option<String> {
        let expected_memory = non_zero(self.expected_memory.iter().map(|o| (o.address, &o.contents[..])));
        differs("status", &ended.status, &self.expected_status)
            .or_else(|| differs("fault address", &ended.fault_address, &self.expected_page_fault_address))
            .or_else(|| differs("registers", &ended.registers, &self.expected_regs))
            .or_else(|| differs("pc", &ended.pc, &self.expected_pc))
            .or_else(|| differs("gas", &ended.gas_left, &self.expected_gas))
            .or_else(|| differs("memory", &ended.memory, &expected_memory))
            .map(|what| format!("{}: {what}", self.name))
    }
}

fn differs<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, expected: &T) -> Option<String> {
    (found != expected).then(|| format!("{what} is {found:?}, not {expected:?}"))
}

/// The octets that are not zero in pieces of memory.
pub fn non_zero<'a>(pieces: impl IntoIterator<Item = (u32, &'a [u8])>) -> NonZeroOctets {
    let octets = pieces.into_iter().flat_map(|(address, octets)| (address..).zip(octets.iter().copied()));
    octets.filter(|&(_, octet)| octet != 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    type Change = (&'static str, fn(&mut Ended));

    fn vector() -> Vector {
        let page = serde_json::json!({ "address": 4096, "length": 8192, "is-writable": true });
        let (zeros, ones) = ([0; 13], [1; 13]);
        let memory = serde_json::json!([{ "address": 4098, "contents": [0, 7] }]);
        serde_json::from_value(serde_json::json!({
            "name": "example", "initial-regs": zeros, "initial-pc": 0, "initial-page-map": [page],
            "initial-memory": memory, "initial-gas": 9, "program": [0, 0, 0],
            "expected-status": "page-fault", "expected-regs": ones, "expected-pc": 2,
            "expected-memory": memory, "expected-gas": 8, "expected-page-fault-address": 12288,
        }))
        .unwrap()
    }

    fn ended() -> Ended {
        Ended {
            status: Status::PageFault,
            fault_address: Some(12288),
            registers: [1; 13],
            pc: 2,
            gas_left: 8,
            memory: NonZeroOctets::from([(4099, 7)]),
        }
    }

    #[test]
    fn what_is_mapped_and_held_at_the_start() {
        assert_eq!(vector().initial_pages().collect::<Vec<_>>(), [(1, true), (2, true)]);
        assert_eq!(vector().initial_octets().collect::<Vec<_>>(), [(4098, &[0, 7][..])]);
    }

    #[test]
    fn every_part_of_the_end_counts() {
        assert_eq!(vector().difference(&ended()), None);
        let changes: [Change; 6] = [
            ("status", |end| end.status = Status::Panic),
            ("fault address", |end| end.fault_address = None),
            ("registers", |end| end.registers[12] = 0),
            ("pc", |end| end.pc = 0),
            ("gas", |end| end.gas_left = 9),
            ("memory", |end| end.memory = NonZeroOctets::from([(4099, 7), (0, 1)])),
        ];
        for (what, change) in changes {
            let mut end = ended();
            change(&mut end);
            assert!(vector().difference(&end).unwrap().starts_with(&format!("example: {what} is ")));
        }
    }
}
