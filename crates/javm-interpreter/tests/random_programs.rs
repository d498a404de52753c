//! Whatever the octets: nothing panics, memory stays bounded, and runs end.

mod common;

use common::{TestMemory, parse};
use javm_interpreter::{Code, Exit, Machine, Meter, run};
use javm_isa::{BranchTargets, GasBlocks, OpcodeTable, Program};
use proptest::prelude::*;

const TABLES: [OpcodeTable; 2] = [OpcodeTable::Gp07, OpcodeTable::JamV1];
const GAS: u64 = 500;

fn config() -> ProptestConfig {
    let cases = std::env::var("NUB_PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases.unwrap_or(256)) }
}

/// Registers near the places where something happens.
fn register() -> impl Strategy<Value = u64> {
    prop_oneof![
        any::<u64>(),
        0..40u64,
        0x1_FFF8..0x2_0010u64,
        0x2_0FF8..0x2_2010u64,
        0xFFFE_FFF8..0x1_0000_0010u64,
        Just(0xFFFF_0000),
        Just(u64::MAX),
        Just(1 << 63),
        Just(0xFFFF_FFFF_8000_0000)
    ]
}

fn registers() -> impl Strategy<Value = [u64; 13]> {
    prop::array::uniform13(register())
}

/// Octets that are opcodes more often than not.
fn code_octet() -> impl Strategy<Value = u8> {
    prop_oneof![any::<u8>(), 0..16u8, 30..91u8, 100..162u8, 170..176u8, 190..231u8]
}

/// Code and its bitmask.
fn code() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    (prop::collection::vec((code_octet(), any::<u8>()), 0..300), 0..4u8).prop_map(|(octets, density)| {
        let mut bitmask = vec![0u8; octets.len().div_ceil(8)];
        for (position, (_, random)) in octets.iter().enumerate() {
            if random >> (density * 2) == 0 || position == 0 {
                bitmask[position / 8] |= 1 << (position % 8);
            }
        }
        (octets.into_iter().map(|(octet, _)| octet).collect(), bitmask)
    })
}

fn memory() -> TestMemory {
    let mut memory = TestMemory::default();
    memory.map(0x2_0000, 1, true);
    memory.map(0x2_1000, 1, false);
    memory.map(0xFFFF_F000, 1, true);
    memory
}

/// Runs until it stops for good; checks what holds at every exit.
fn run_out(code: &Code, machine: &mut Machine, code_len_bytes: u32) -> Result<(), TestCaseError> {
    let mut memory = memory();
    let start = machine.pc;
    for _ in 0..50 {
        let before = machine.meter.gas_left;
        let exit = run(code, machine, &mut memory);
        prop_assert!(machine.meter.gas_left <= before);
        prop_assert!(machine.pc <= code_len_bytes || machine.pc == start);
        match exit {
            Exit::HostCall(_) => {
                let pc = machine.pc;
                machine.complete_host_call(code);
                prop_assert!(machine.pc > pc);
            }
            Exit::PageFault { address, access } => {
                prop_assert_eq!(address % 4096, 0);
                prop_assert!(address >= 0x1_0000);
                prop_assert!(matches!(access.len_bytes, 1 | 2 | 4 | 8));
                let writable = access.kind == javm_isa::AccessKind::Store;
                memory.map(address, 1, writable);
            }
            Exit::OutOfGas | Exit::Halt | Exit::Panic => break,
        }
    }
    Ok(())
}

fn try_program(
    program: &Program,
    blob_len_bytes: usize,
    registers: [u64; 13],
    pc: u32,
) -> Result<(), TestCaseError> {
    for table in TABLES {
        let valid = program.validate(table).is_ok();
        let code = Code::new(program, table);
        prop_assert!(code.memory_len_bytes() <= 32 * blob_len_bytes + 128);
        let targets = BranchTargets::new(program, table);
        let blocks = GasBlocks::new(program, table);
        for position in 0..program.code_len_bytes() + 2 {
            prop_assert_eq!(code.is_branch_target(position), targets.contains(position));
            if targets.contains(position) {
                prop_assert!(blocks.is_start(position));
            }
        }
        if valid {
            prop_assert!(targets.contains(0));
        }
        for start in [0, pc] {
            let meter = Meter { gas_left: GAS, pages_left: 0 };
            let mut machine = Machine::new(registers, start, meter);
            run_out(&code, &mut machine, program.code_len_bytes())?;
        }
    }
    Ok(())
}

/// Block starts, branch targets and charges by the letter of the reference, one position at a time.
struct Naive<'a> {
    code: &'a [u8],
    bits: Vec<bool>,
    table: OpcodeTable,
}

impl Naive<'_> {
    fn skip(&self, position: usize) -> usize {
        (0..24).find(|skip| self.bits.get(position + 1 + skip).copied().unwrap_or(true)).unwrap_or(24)
    }

    fn name(&self, position: usize) -> Option<&'static str> {
        let starts = self.bits.get(position).copied().unwrap_or(false);
        Some(self.table.opcode(self.code[..].get(position).copied().filter(|_| starts)?)?.name())
    }

    fn ends_block(&self, position: usize) -> bool {
        let ends = |name: &str| {
            ["trap", "fallthrough"].contains(&name) || name.contains("jump") || name.starts_with("branch")
        };
        self.name(position).is_some_and(ends)
    }

    fn follows_terminator(&self, position: usize) -> bool {
        let before = (0..position).filter(|&before| before + 1 + self.skip(before) == position);
        position == 0 || before.into_iter().any(|before| self.ends_block(before))
    }

    fn cost(&self, mut position: usize) -> u32 {
        let mut cost = 1;
        while self.name(position).is_some() && !self.ends_block(position) {
            position += 1 + self.skip(position);
            cost += 1;
        }
        cost
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn blocks_are_those_of_a_naive_reading((code, bitmask) in code()) {
        let program = parse(&code, &bitmask, &[]);
        let bits = (0..code.len()).map(|at| bitmask[at / 8] >> (at % 8) & 1 == 1).collect();
        let mut naive = Naive { code: &code, bits, table: OpcodeTable::JamV1 };
        for table in TABLES {
            naive.table = table;
            let (targets, blocks) = (BranchTargets::new(&program, table), GasBlocks::new(&program, table));
            for position in 0..code.len() + 30 {
                let follows = position <= code.len() && naive.follows_terminator(position);
                let at = position as u32;
                prop_assert_eq!(blocks.is_start(at), follows, "start at {}", position);
                prop_assert_eq!(targets.contains(at), follows && naive.name(position).is_some());
                prop_assert_eq!(blocks.cost_from(at), naive.cost(position), "cost at {}", position);
            }
        }
    }

    #[test]
    fn any_octets_are_a_program_or_an_error(
        blob in prop::collection::vec(prop_oneof![any::<u8>(), 0..4u8], 0..64),
        registers in registers(),
        pc in 0..70u32,
    ) {
        if let Ok(program) = Program::parse(&blob) {
            try_program(&program, blob.len(), registers, pc)?;
        }
    }

    #[test]
    fn any_code_runs_to_an_exit(
        (code, bitmask) in code(),
        jump_table in prop::collection::vec(any::<u8>(), 0..40),
        registers in registers(),
        pc in 0..310u32,
    ) {
        let program = parse(&code, &bitmask, &jump_table);
        let blob_len_bytes = code.len() + bitmask.len() + jump_table.len() + 3;
        try_program(&program, blob_len_bytes, registers, pc)?;
    }

    #[test]
    fn gas_is_the_same_however_often_a_run_is_stopped(
        (code, bitmask) in code(),
        registers in registers(),
    ) {
        // With just enough gas each time to enter one more block, and with all of it at once.
        let program = parse(&code, &bitmask, &[0, 3, 9]);
        let code = Code::new(&program, OpcodeTable::JamV1);
        let whole = |gas_left| {
            let mut machine = Machine::new(registers, 0, Meter { gas_left, pages_left: 0 });
            let exit = run(&code, &mut machine, &mut memory());
            (exit, machine)
        };
        let (exit, machine) = whole(GAS);
        let spent = GAS - machine.meter.gas_left;
        let mut memory = memory();
        let mut piecemeal = Machine::new(registers, 0, Meter { gas_left: 0, pages_left: 0 });
        let mut fed = 0;
        let piecemeal_exit = loop {
            match run(&code, &mut piecemeal, &mut memory) {
                Exit::OutOfGas if fed < spent => {
                    piecemeal.meter.gas_left += 1;
                    fed += 1;
                }
                exit => break exit,
            }
        };
        if exit != Exit::OutOfGas {
            prop_assert_eq!(fed, spent);
            prop_assert_eq!(piecemeal.meter.gas_left, 0);
        }
        prop_assert_eq!(piecemeal_exit, exit);
        prop_assert_eq!(piecemeal.registers, machine.registers);
        prop_assert_eq!(piecemeal.pc, machine.pc);
    }
}
