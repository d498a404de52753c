//! Going through a program in one pass finds what the tables of the whole program say.

mod common;

use common::program;
use javm_isa::{
    BranchTargets, Format, GasBlocks, Instruction, OpcodeTable, Program, Reg, Step, ValidationError,
};

const TABLES: [OpcodeTable; 2] = [OpcodeTable::Gp07, OpcodeTable::JamV1];

fn check(program: &Program, table: OpcodeTable) {
    let (blocks, targets) = (GasBlocks::new(program, table), BranchTargets::new(program, table));
    let mut starts_block = program.is_instruction_start(0) || program.code().is_empty();
    let mut expected = program.instruction_starts().peekable();
    let mut is_trap_due = expected.peek().is_none().then_some(program.code_len_bytes());
    for step in program.steps(table) {
        let position = step.position;
        match is_trap_due.take() {
            Some(trap) => assert_eq!((position, step.is_defined()), (trap, false)),
            None => {
                assert_eq!(Some(position), expected.next());
                let next = program.next_position(position);
                assert_eq!(step.next_position(), next);
                is_trap_due = (!program.is_instruction_start(next)).then_some(next);
            }
        }
        assert_eq!(step.is_defined().then_some(step.opcode()), program.opcode_at(position, table));
        assert_eq!(step.ends_block(), blocks.cost_from(position) == 1, "at {position}");
        assert_eq!(starts_block, blocks.is_start(position), "at {position}");
        assert_eq!(starts_block && step.is_defined(), targets.contains(position), "at {position}");
        let mut instruction = step.instruction();
        // Past the end a skip has no meaning.
        instruction.skip = program.skip(position);
        assert_eq!(instruction, program.instruction_at(position, table));
        check_operands(&step);
        starts_block = step.is_defined() && step.ends_block();
    }
    assert_eq!(program.validate(table), valid_by_steps(program, table));
    assert_eq!((expected.next(), is_trap_due), (None, None));
    assert_eq!(program.instruction_count() as usize, program.instruction_starts().count());
}

/// What [`Program::validate`] must say.
fn valid_by_steps(program: &Program, table: OpcodeTable) -> Result<(), ValidationError> {
    if program.code().is_empty() {
        return Err(ValidationError::EmptyCode);
    }
    if !program.is_instruction_start(0) {
        return Err(ValidationError::NoInstruction { position: 0 });
    }
    let Some(position) = program.steps(table).find(|step| !step.is_defined()).map(|step| step.position)
    else {
        unreachable!("the last step is a trap")
    };
    match program.code().get(position as usize) {
        None => Ok(()),
        Some(&octet) if program.is_instruction_start(position) => {
            Err(ValidationError::UndefinedOpcode { position, octet })
        }
        Some(_) => Err(ValidationError::NoInstruction { position }),
    }
}

/// One by one the arguments are as all at once.
fn check_operands(operands: &Step<'_>) {
    let Instruction { opcode, a, b, d, x, y: _, target, .. } = operands.instruction();
    let [low, high, third] = [operands.low(), operands.high(), operands.third()].map(Reg::clamped);
    match opcode.format() {
        Format::None | Format::II => {}
        Format::I => assert_eq!(i64::from(operands.only_immediate()) as u64, x),
        Format::O => assert_eq!(operands.only_target(), target),
        Format::RX | Format::RII => assert_eq!(low, a),
        Format::RI => assert_eq!((low, i64::from(operands.immediate()) as u64), (a, x)),
        Format::RIO => {
            let (immediate, place) = operands.immediate_and_target();
            assert_eq!((low, i64::from(immediate) as u64, place), (a, x, target));
        }
        Format::RR => assert_eq!((high, low), (a, d)),
        Format::RRI => assert_eq!((low, high, i64::from(operands.immediate()) as u64), (a, b, x)),
        Format::RRO => assert_eq!((low, high, operands.target()), (a, b, target)),
        Format::RRII => assert_eq!((low, high), (a, b)),
        Format::RRR => assert_eq!((low, high, third), (a, b, d)),
    }
}

#[test]
fn steps_are_what_the_tables_say() {
    let mut state = 1u64;
    let mut below = |bound: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((u128::from(state) * u128::from(bound)) >> 64) as u64
    };
    for _ in 0..3000 {
        let len = below(128) as usize;
        let code: Vec<u8> = (0..len)
            .map(|_| match below(4) {
                0 => below(3) as u8,
                1 => [100, 255][below(2) as usize],
                _ => below(256) as u8,
            })
            .collect();
        let rarity = [1, 2, 4, 30][below(4) as usize];
        let starts: Vec<usize> = (0..len).filter(|_| below(rarity) == 0).collect();
        TABLES.iter().for_each(|&table| check(&program(&code, &starts), table));
    }
}

#[test]
fn programs_without_starts_are_a_trap_at_their_end() {
    for len in [0, 1, 24, 25, 63, 64, 65, 127] {
        let program = program(&vec![1; len], &[]);
        let steps: Vec<_> = program.steps(OpcodeTable::JamV1).collect();
        let [step] = steps[..] else { panic!("{steps:?}") };
        assert_eq!((step.position, step.is_defined()), (len as u32, false));
    }
}
