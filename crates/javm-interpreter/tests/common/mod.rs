//! A plain memory for tests: pages in a map, each readable or writable, and a builder of programs.
#![allow(dead_code, reason = "each test file uses a part")]

use std::collections::BTreeMap;

use javm_interpreter::{Code, Exit, Machine, Memory, Meter, Miss, run};
use javm_isa::{AccessKind, OpcodeTable, PAGE_SIZE_BYTES, Program};

const PAGE_LEN: usize = PAGE_SIZE_BYTES as usize;

/// One page.
#[derive(Clone, PartialEq, Eq)]
pub struct Page {
    pub octets: [u8; PAGE_LEN],
    pub is_writable: bool,
}

/// Pages by number. Nothing costs anything.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct TestMemory {
    pub pages: BTreeMap<u32, Page>,
}

impl TestMemory {
    /// Maps zero pages from `address` on, a multiple of the page size.
    pub fn map(&mut self, address: u32, page_count: u32, is_writable: bool) {
        for page in 0..page_count {
            let page_number = address / PAGE_SIZE_BYTES + page;
            self.pages.insert(page_number, Page { octets: [0; PAGE_LEN], is_writable });
        }
    }

    /// Writes whatever the access rights; the pages must be mapped.
    pub fn poke(&mut self, address: u32, octets: &[u8]) {
        for (offset, &octet) in (0..).zip(octets) {
            *self.octet_mut(address.wrapping_add(offset)) = octet;
        }
    }

    /// Reads `len_bytes` octets; the pages must be mapped.
    pub fn peek(&self, address: u32, len_bytes: u32) -> Vec<u8> {
        (0..len_bytes).map(|offset| self.octet(address.wrapping_add(offset))).collect()
    }

    fn octet(&self, address: u32) -> u8 {
        self.pages[&(address / PAGE_SIZE_BYTES)].octets[address as usize % PAGE_LEN]
    }

    fn octet_mut(&mut self, address: u32) -> &mut u8 {
        let page = self.pages.get_mut(&(address / PAGE_SIZE_BYTES)).expect("the page is mapped");
        &mut page.octets[address as usize % PAGE_LEN]
    }

    fn allows(&self, address: u32, len_bytes: u32, kind: AccessKind) -> bool {
        (0..len_bytes).all(|offset| self.is_mapped(address.wrapping_add(offset) / PAGE_SIZE_BYTES, kind))
    }

    fn load<const N: usize>(&self, address: u32) -> Result<[u8; N], Miss> {
        if !self.allows(address, N as u32, AccessKind::Load) {
            return Err(Miss);
        }
        Ok(self.peek(address, N as u32).try_into().expect("as many as asked for"))
    }

    fn store(&mut self, address: u32, octets: &[u8]) -> Result<(), Miss> {
        if !self.allows(address, octets.len() as u32, AccessKind::Store) {
            return Err(Miss);
        }
        self.poke(address, octets);
        Ok(())
    }
}

impl Memory for TestMemory {
    fn load_u8(&mut self, address: u32, _: &mut Meter) -> Result<u8, Miss> {
        self.load(address).map(u8::from_le_bytes)
    }

    fn load_u16(&mut self, address: u32, _: &mut Meter) -> Result<u16, Miss> {
        self.load(address).map(u16::from_le_bytes)
    }

    fn load_u32(&mut self, address: u32, _: &mut Meter) -> Result<u32, Miss> {
        self.load(address).map(u32::from_le_bytes)
    }

    fn load_u64(&mut self, address: u32, _: &mut Meter) -> Result<u64, Miss> {
        self.load(address).map(u64::from_le_bytes)
    }

    fn store_u8(&mut self, address: u32, value: u8, _: &mut Meter) -> Result<(), Miss> {
        self.store(address, &value.to_le_bytes())
    }

    fn store_u16(&mut self, address: u32, value: u16, _: &mut Meter) -> Result<(), Miss> {
        self.store(address, &value.to_le_bytes())
    }

    fn store_u32(&mut self, address: u32, value: u32, _: &mut Meter) -> Result<(), Miss> {
        self.store(address, &value.to_le_bytes())
    }

    fn store_u64(&mut self, address: u32, value: u64, _: &mut Meter) -> Result<(), Miss> {
        self.store(address, &value.to_le_bytes())
    }

    fn is_mapped(&self, page: u32, kind: AccessKind) -> bool {
        match self.pages.get(&page) {
            Some(page) => kind == AccessKind::Load || page.is_writable,
            None => false,
        }
    }
}

/// A run in the making: a program under JamV1, a machine with plenty of gas at 0, an empty memory.
pub struct Run {
    pub code: Code,
    pub machine: Machine,
    pub memory: TestMemory,
}

impl Run {
    /// Of `program`, under JamV1.
    pub fn new(program: &Program) -> Run {
        Run::with_table(program, OpcodeTable::JamV1)
    }

    /// Of `program`.
    pub fn with_table(program: &Program, table: OpcodeTable) -> Run {
        let meter = Meter { gas_left: GAS, pages_left: 0 };
        Run {
            code: Code::new(program, table),
            machine: Machine::new([0; 13], 0, meter),
            memory: TestMemory::default(),
        }
    }

    /// Sets a register.
    pub fn reg(mut self, register: usize, value: u64) -> Run {
        self.machine.registers[register] = value;
        self
    }

    /// Sets the position to start at.
    pub fn at(mut self, pc: u32) -> Run {
        self.machine.pc = pc;
        self
    }

    /// Sets the gas.
    pub fn gas(mut self, gas_left: u64) -> Run {
        self.machine.meter.gas_left = gas_left;
        self
    }

    /// Maps writable pages.
    pub fn writable(mut self, address: u32, page_count: u32) -> Run {
        self.memory.map(address, page_count, true);
        self
    }

    /// Maps read-only pages.
    pub fn read_only(mut self, address: u32, page_count: u32) -> Run {
        self.memory.map(address, page_count, false);
        self
    }

    /// Runs until it exits.
    pub fn go(&mut self) -> Exit {
        run(&self.code, &mut self.machine, &mut self.memory)
    }

    /// Gas spent, if it began with the default.
    pub fn spent(&self) -> u64 {
        GAS - self.machine.meter.gas_left
    }
}

/// The gas a [`Run`] begins with.
pub const GAS: u64 = 10_000;

/// The number of an instruction by its Gray Paper name.
pub fn number(name: &str, table: OpcodeTable) -> u8 {
    (0..=255)
        .find(|&octet| table.opcode(octet).is_some_and(|opcode| opcode.name() == name))
        .unwrap_or_else(|| panic!("{name} is not in the table"))
}

/// Puts a program together from instructions, each its opcode and argument octets.
pub fn assemble(instructions: &[&[u8]], jump_table: &[u8]) -> Program {
    let code: Vec<u8> = instructions.concat();
    let mut bitmask = vec![0; code.len().div_ceil(8)];
    let mut position = 0;
    for instruction in instructions {
        bitmask[position / 8] |= 1 << (position % 8);
        position += instruction.len();
    }
    parse(&code, &bitmask, jump_table)
}

/// Puts a program together from its parts; jump-table entries have one octet.
pub fn parse(code: &[u8], bitmask: &[u8], jump_table: &[u8]) -> Program {
    let blob = blob(jump_table.len() as u64, 1, jump_table, code, bitmask);
    Program::parse(&blob).expect("the blob is well-formed")
}

/// `entry_count` is what the header says, whatever the length of the jump table.
pub fn blob(
    entry_count: u64,
    entry_len_bytes: u8,
    jump_table: &[u8],
    code: &[u8],
    bitmask: &[u8],
) -> Vec<u8> {
    let mut blob = Vec::new();
    push_len(&mut blob, entry_count);
    blob.push(entry_len_bytes);
    push_len(&mut blob, code.len() as u64);
    blob.extend([jump_table, code, bitmask].concat());
    blob
}

/// A length in its shortest form: as many leading ones as octets follow.
fn push_len(blob: &mut Vec<u8>, len: u64) {
    let following = (0..8).find(|following| len >> (7 * (following + 1)) == 0).unwrap_or(8);
    let high = if following == 8 { 0 } else { (len >> (8 * following)) as u8 };
    blob.push(!(0xFFu16 >> following) as u8 | high);
    blob.extend_from_slice(&len.to_le_bytes()[..following]);
}
