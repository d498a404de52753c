//! Programs to try: mostly sensible, some damaged.

use javm_isa::{Format, Opcode, OpcodeTable, Program, REGISTER_COUNT};

use crate::Rng;

/// A program with a start.
#[derive(Clone, Debug)]
pub struct Case {
    /// What the rest was made from.
    pub seed: u64,
    /// The program.
    pub program: Program,
    /// The blob it was read from.
    pub blob: Vec<u8>,
    /// Its opcode table.
    pub table: OpcodeTable,
    /// Registers to start with.
    pub registers: [u64; REGISTER_COUNT],
    /// Position to start at.
    pub pc: u32,
    /// Gas to start with.
    pub gas: u64,
    /// Pages to map: number and whether writable.
    pub pages: Vec<(u32, bool)>,
    /// Instruction starts in the program.
    pub instruction_count: u64,
}

/// Pages that generated programs like to touch, the last and the first that may be mapped among them.
pub const PAGES: [u32; 6] = [0x10, 0x20, 0x21, 0x22, 0xF_EFDF, 0xF_FFFF];

/// The case of this seed.
pub fn case(seed: u64) -> Case {
    let mut rng = Rng::new(seed);
    let table = if rng.chance(75) { OpcodeTable::JamV1 } else { OpcodeTable::Gp07 };
    let instruction_count = match rng.below(20) {
        0 => rng.below(3),
        1 => 100 + rng.below(400),
        _ => 1 + rng.below(80),
    };
    let mut code = Assembly::default();
    for _ in 0..instruction_count {
        code.instruction(&mut rng, table);
    }
    code.fill_targets(&mut rng);
    if rng.chance(10) {
        code.damage(&mut rng);
    }
    let blob = code.blob(&mut rng);
    let program = Program::parse(&blob).expect("generated blobs are well-formed");
    let code_len = u64::from(program.code_len_bytes());
    let starts = (0..program.code_len_bytes()).filter(|&pc| program.is_instruction_start(pc)).count();
    Case {
        seed,
        registers: std::array::from_fn(|_| register(&mut rng)),
        pc: if rng.chance(70) { 0 } else { rng.below(code_len + 3) as u32 },
        gas: rng.pick(&[0, 1, 5, 20, 100, 1000, 1000, 1000]) + rng.below(100),
        pages: pages(&mut rng),
        instruction_count: starts as u64,
        program,
        blob,
        table,
    }
}

/// A valid program of so many instructions under JamV1, in the proportions that compilers use them: for
/// measuring compilation.
pub fn large(seed: u64, instruction_count: u64) -> Program {
    Program::parse(&large_blob(seed, instruction_count)).expect("generated blobs are well-formed")
}

/// The blob of [`large`].
pub fn large_blob(seed: u64, instruction_count: u64) -> Vec<u8> {
    /// Opcodes with their share.
    const SHARES: [(u8, u64); 24] = [
        (130, 12),
        (123, 10),
        (128, 4),
        (122, 4),
        (124, 4),
        (120, 3),
        (149, 14),
        (131, 3),
        (100, 9),
        (51, 9),
        (200, 8),
        (201, 3),
        (132, 3),
        (211, 3),
        (210, 2),
        (151, 3),
        (152, 3),
        (216, 2),
        (202, 1),
        (81, 5),
        (82, 5),
        (172, 3),
        (40, 3),
        (80, 3),
    ];
    let mut rng = Rng::new(seed);
    let mut code = Assembly::default();
    let shares: u64 = SHARES.iter().map(|(_, share)| share).sum();
    for _ in 0..instruction_count {
        let mut at = rng.below(shares);
        let taken = SHARES.iter().find(|(_, share)| {
            let is_it = at < *share;
            at = at.wrapping_sub(*share);
            is_it
        });
        let octet = taken.map_or(1, |(octet, _)| *octet);
        let opcode = OpcodeTable::JamV1.opcode(octet).expect("the table has it");
        code.begin();
        code.code.push(octet);
        code.arguments(&mut rng, opcode);
        if opcode.is_terminator() {
            code.blocks.push(code.code.len());
        }
    }
    code.fill_targets(&mut rng);
    code.blob(&mut rng)
}

fn pages(rng: &mut Rng) -> Vec<(u32, bool)> {
    let mut pages = Vec::new();
    for page in PAGES {
        if rng.chance(60) {
            pages.push((page, rng.chance(75)));
        }
    }
    pages
}

/// A value near a place where something happens.
pub fn register(rng: &mut Rng) -> u64 {
    match rng.below(12) {
        0 => rng.below(70),
        1 => rng.below(70).wrapping_neg(),
        2 => 1 << rng.below(64),
        3 => (1 << rng.below(64)) - 1,
        4 => rng.next_u64(),
        5 => rng.next_u64() as u32 as u64,
        6 => rng.pick(&[0xFFFF_0000, 0, u64::MAX, 1 << 63, 0xFFFF_FFFF_8000_0000, 0x7FFF_FFFF]),
        // The top of an address must not matter.
        7 => address(rng) | rng.next_u64() << 32,
        _ => address(rng),
    }
}

/// An address in or near one of [`PAGES`], often at an edge.
fn address(rng: &mut Rng) -> u64 {
    let page = u64::from(rng.pick(&PAGES)) * 4096;
    match rng.below(4) {
        0 => (page + 4090 + rng.below(8)) & 0xFFFF_FFFF,
        1 => page.wrapping_sub(rng.below(8)) & 0xFFFF_FFFF,
        _ => page + rng.below(4096),
    }
}

fn immediate(rng: &mut Rng) -> u32 {
    match rng.below(8) {
        0 => 0,
        1 => rng.below(128) as u32,
        2 => (rng.below(128) as u32).wrapping_neg(),
        3 => rng.pick(&[31, 32, 63, 64, 127, 128, 255, 256, 0x7FFF, 0x8000, 0x7FFF_FFFF, 0x8000_0000]),
        4 => address(rng) as u32,
        5 => rng.next_u64() as u32,
        _ => rng.below(16) as u32,
    }
}

/// An offset to add to a register that may be an address.
fn offset(rng: &mut Rng) -> u32 {
    match rng.below(4) {
        0 => 0,
        1 => immediate(rng),
        2 => (rng.below(16) as u32).wrapping_neg(),
        _ => rng.below(64) as u32,
    }
}

/// A place whose octets are the distance to a target chosen later.
#[derive(Clone, Copy)]
struct Hole {
    instruction: usize,
    at: usize,
    len: usize,
}

/// An instruction of three registers.
#[derive(Clone, Copy)]
struct Instruction3 {
    octet: u8,
    a: u8,
    b: u8,
    d: u8,
}

/// A few registers to choose from.
fn register_set(rng: &mut Rng) -> [u8; 4] {
    std::array::from_fn(|_| rng.below(13) as u8)
}

#[derive(Default)]
struct Assembly {
    code: Vec<u8>,
    starts: Vec<usize>,
    /// Positions after terminators, and 0.
    blocks: Vec<usize>,
    holes: Vec<Hole>,
    extra_starts: Vec<usize>,
}

impl Assembly {
    fn instruction(&mut self, rng: &mut Rng, table: OpcodeTable) {
        // Some that are likely to do something: their register is set just before.
        match rng.below(100) {
            0..4 => return self.dynamic_jump(rng),
            4..14 => return self.access(rng),
            14..16 => return self.host_call(rng),
            16..21 => return self.product(rng),
            21..26 => return self.carry(rng),
            _ => {}
        }
        let (octet, opcode) = loop {
            let octet = rng.below(256) as u8;
            let Some(opcode) = table.opcode(octet) else { continue };
            let keep = match opcode {
                Opcode::Trap => 10,
                Opcode::JumpInd | Opcode::LoadImmJumpInd | Opcode::Jump | Opcode::LoadImmJump => 30,
                _ if opcode.is_terminator() => 60,
                _ => 100,
            };
            if rng.chance(keep) {
                break (octet, opcode);
            }
        };
        self.begin();
        self.code.push(octet);
        self.arguments(rng, opcode);
        if rng.chance(2) {
            // Octets that no argument takes.
            (0..rng.below(6)).for_each(|_| self.code.push(rng.next_u64() as u8));
        }
        if opcode.is_terminator() {
            self.blocks.push(self.code.len());
        }
    }

    fn begin(&mut self) {
        if self.starts.is_empty() {
            self.blocks.push(0);
        }
        self.starts.push(self.code.len());
    }

    fn dynamic_jump(&mut self, rng: &mut Rng) {
        let register = rng.below(13) as u8;
        let address =
            if rng.chance(20) { 0xFFFF_0000 } else { rng.below(14) as u32 * 2 + u32::from(rng.chance(5)) };
        self.begin();
        self.code.extend([51, register]);
        self.code.extend(address.to_le_bytes());
        self.begin();
        self.code.extend([50, register]);
        self.blocks.push(self.code.len());
    }

    /// A load or store with a register as base that holds a likely address.
    fn access(&mut self, rng: &mut Rng) {
        let base = rng.below(13) as u8;
        self.begin();
        self.code.extend([51, base]);
        self.code.extend((address(rng) as u32).to_le_bytes());
        self.begin();
        if rng.chance(25) {
            self.code.extend([70 + rng.below(4) as u8, 0x10 | base, rng.below(16) as u8]);
            self.last_immediate(rng);
        } else {
            self.code.extend([120 + rng.below(11) as u8, base << 4 | rng.below(13) as u8]);
            let value = offset(rng);
            self.last(rng, value);
        }
    }

    /// Both halves of a product, in either order, of the same factors if nothing goes wrong.
    fn product(&mut self, rng: &mut Rng) {
        // Of few registers, so that sources and destinations often overlap.
        let few = register_set(rng);
        let (a, b) = (rng.pick(&few), rng.pick(&few));
        let lower = Instruction3 { octet: 202, a, b, d: rng.pick(&few) };
        let (a, b) = if rng.chance(40) { (b, a) } else { (a, b) };
        let upper = Instruction3 { octet: if rng.chance(90) { 214 } else { 213 }, a, b, d: rng.pick(&few) };
        let (first, second) = if rng.chance(50) { (lower, upper) } else { (upper, lower) };
        self.pair(rng, first, second);
    }

    /// A sum and a comparison of it, with what was added if nothing goes wrong.
    fn carry(&mut self, rng: &mut Rng) {
        let few = register_set(rng);
        let sum = Instruction3 { octet: 200, a: rng.pick(&few), b: rng.pick(&few), d: rng.pick(&few) };
        let other = rng.pick(&few);
        let added = rng.pick(&[sum.a, sum.b, sum.b, other]);
        let (a, b) = if rng.chance(90) { (sum.d, added) } else { (added, sum.d) };
        let below = Instruction3 { octet: 216, a, b, d: rng.pick(&few) };
        self.pair(rng, sum, below);
    }

    /// Two instructions, often with an access between them.
    fn pair(&mut self, rng: &mut Rng, first: Instruction3, second: Instruction3) {
        let base = rng.below(13) as u8;
        let is_apart = rng.chance(60);
        if is_apart && rng.chance(60) {
            self.begin();
            self.code.extend([51, base]);
            self.code.extend((address(rng) as u32).to_le_bytes());
        }
        self.three(first);
        if is_apart {
            self.begin();
            let octet = if rng.chance(80) { 120 + rng.below(4) } else { 124 + rng.below(7) };
            self.code.extend([octet as u8, base << 4 | rng.below(13) as u8]);
            let value = offset(rng);
            self.last(rng, value);
        }
        self.three(second);
    }

    fn three(&mut self, Instruction3 { octet, a, b, d }: Instruction3) {
        self.begin();
        self.code.extend([octet, b << 4 | a, d]);
    }

    fn host_call(&mut self, rng: &mut Rng) {
        self.begin();
        self.code.push(10);
        self.last_immediate(rng);
    }

    fn registers(&mut self, rng: &mut Rng) {
        // Now and then the same register twice, and numbers above 12.
        let a = rng.below(16) as u8;
        let b = if rng.chance(20) { a } else { rng.below(16) as u8 };
        self.code.push(b << 4 | a);
    }

    fn arguments(&mut self, rng: &mut Rng, opcode: Opcode) {
        match opcode.format() {
            Format::None => {}
            Format::I => self.last_immediate(rng),
            Format::RX => {
                self.code.push(rng.below(16) as u8);
                let value = register(rng);
                self.code.extend(value.to_le_bytes());
            }
            Format::II => {
                let at = address(rng) as u32;
                self.counted(rng, at, 0, 0);
                self.last_immediate(rng);
            }
            Format::O => self.hole(rng),
            Format::RI => {
                self.code.push(rng.below(16) as u8);
                let value = if rng.chance(50) { address(rng) as u32 } else { immediate(rng) };
                self.last(rng, value);
            }
            Format::RII => {
                let a = rng.below(16) as u8;
                self.counted_immediate(rng, 4, a);
                self.last_immediate(rng);
            }
            Format::RIO => {
                let a = rng.below(16) as u8;
                self.counted_immediate(rng, 4, a);
                self.hole(rng);
            }
            Format::RR => self.registers(rng),
            Format::RRI => {
                self.registers(rng);
                let value = if rng.chance(50) { offset(rng) } else { immediate(rng) };
                self.last(rng, value);
            }
            Format::RRO => {
                self.registers(rng);
                self.hole(rng);
            }
            Format::RRII => {
                self.registers(rng);
                self.counted_immediate(rng, 0, 0);
                self.last_immediate(rng);
            }
            Format::RRR => {
                self.registers(rng);
                self.code.push(if rng.chance(5) { rng.next_u64() as u8 } else { rng.below(13) as u8 });
            }
        }
    }

    /// An immediate behind the octet that has its length, at `shift` in that octet, beside `rest`.
    fn counted_immediate(&mut self, rng: &mut Rng, shift: u32, rest: u8) {
        let value = immediate(rng);
        self.counted(rng, value, shift, rest);
    }

    fn counted(&mut self, rng: &mut Rng, value: u32, shift: u32, rest: u8) {
        let len = if rng.chance(70) { 4 } else { rng.below(5) };
        self.code.push(rest | (len as u8) << shift);
        self.code.extend(&value.to_le_bytes()[..len as usize]);
    }

    fn last_immediate(&mut self, rng: &mut Rng) {
        let value = immediate(rng);
        self.last(rng, value);
    }

    /// An immediate that takes what is left of the instruction, in as few octets as it fits or more.
    fn last(&mut self, rng: &mut Rng, value: u32) {
        let fits = (0..4).find(|&len| {
            let unused = 32 - 8 * len;
            let extended = (value.checked_shl(unused).unwrap_or(0) as i32).checked_shr(unused).unwrap_or(0);
            extended as u32 == value
        });
        let len = if rng.chance(70) { fits.unwrap_or(4) } else { rng.below(5) as u32 };
        self.code.extend(&value.to_le_bytes()[..len as usize]);
    }

    fn hole(&mut self, rng: &mut Rng) {
        let len = if rng.chance(95) { 2 + rng.below(3) as usize } else { rng.below(2) as usize };
        let instruction = self.starts.last().copied().unwrap_or(0);
        self.holes.push(Hole { instruction, at: self.code.len(), len });
        self.code.extend(&[0; 4][..len]);
    }

    fn fill_targets(&mut self, rng: &mut Rng) {
        for hole in std::mem::take(&mut self.holes) {
            let target = match rng.below(100) {
                0..94 => rng.pick(&self.blocks) as i64,
                94..97 => rng.pick(&self.starts) as i64,
                97 => rng.next_u64() as i32 as i64,
                _ => rng.below(self.code.len() as u64 + 3) as i64,
            };
            let distance = (target - hole.instruction as i64) as i32;
            self.code[hole.at..hole.at + hole.len].copy_from_slice(&distance.to_le_bytes()[..hole.len]);
        }
    }

    /// Random octets, more or fewer starts.
    fn damage(&mut self, rng: &mut Rng) {
        for _ in 0..=rng.below(6) {
            let at = rng.below(self.code.len() as u64) as usize;
            match rng.below(3) {
                0 => self.code.iter_mut().skip(at).take(1).for_each(|octet| *octet = rng.next_u64() as u8),
                1 => self.extra_starts.push(at),
                _ => {
                    let index = rng.below(self.starts.len() as u64) as usize;
                    if index < self.starts.len() {
                        self.starts.remove(index);
                    }
                }
            }
        }
    }

    fn blob(&self, rng: &mut Rng) -> Vec<u8> {
        let entry_len = rng.pick(&[0, 1, 2, 2, 2, 2, 3, 4, 8, 9]);
        let entry_count = rng.below(14);
        let mut blob = Vec::new();
        push_len(&mut blob, entry_count as usize);
        blob.push(entry_len);
        push_len(&mut blob, self.code.len());
        for _ in 0..entry_count {
            let target = match self.blocks.is_empty() || rng.chance(10) {
                true => rng.below(self.code.len() as u64 + 3),
                false => rng.pick(&self.blocks) as u64,
            };
            let octets = target.to_le_bytes();
            blob.extend((0..usize::from(entry_len)).map(|index| octets.get(index).copied().unwrap_or(0)));
        }
        blob.extend(&self.code);
        let mut bitmask = vec![0u8; self.code.len().div_ceil(8)];
        for &start in self.starts.iter().chain(&self.extra_starts).filter(|&&start| start < self.code.len()) {
            bitmask[start / 8] |= 1 << (start % 8);
        }
        blob.extend(bitmask);
        blob
    }
}

/// A length as blobs have it, below 2^21.
fn push_len(blob: &mut Vec<u8>, len: usize) {
    match len {
        0..0x80 => blob.push(len as u8),
        0x80..0x4000 => blob.extend([0x80 | (len >> 8) as u8, len as u8]),
        _ => blob.extend([0xC0 | (len >> 16) as u8, len as u8, (len >> 8) as u8]),
    }
}
