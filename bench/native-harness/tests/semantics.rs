//! Places where recompilers have gone wrong, each by hand; the interpreter's own tests say what is right.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use std::cell::RefCell;

use javm_isa::{OpcodeTable, Program};
use javm_recompiler_x86::Features;
use native_harness_for_tests::{
    LoadedCode, NativeExit, NativeMachine, Window, feature_sets, generator::Case, host_features,
    oracle::Oracle, run_native,
};

/// A case of instructions, each its octets, under JamV1; entries of the jump table have one octet.
fn case(instructions: &[&[u8]], jump_table: &[u8]) -> Case {
    case_of_entries(instructions, 1, jump_table.len() as u8, jump_table)
}

fn case_of_entries(instructions: &[&[u8]], entry_len: u8, entry_count: u8, jump_table: &[u8]) -> Case {
    let code = instructions.concat();
    let mut bitmask = vec![0; code.len().div_ceil(8)];
    let mut position = 0;
    for instruction in instructions {
        bitmask[position / 8] |= 1 << (position % 8);
        position += instruction.len();
    }
    let mut blob = vec![entry_count, entry_len];
    match code.len() {
        0..0x80 => blob.push(code.len() as u8),
        len => blob.extend([0x80 | (len >> 8) as u8, len as u8]),
    }
    blob.extend([jump_table, &code, &bitmask].concat());
    Case {
        seed: 7,
        program: Program::parse(&blob).expect("a blob"),
        blob,
        table: OpcodeTable::JamV1,
        registers: std::array::from_fn(|index| index as u64),
        pc: 0,
        gas: 1000,
        pages: vec![(0x20, true), (0x21, false), (0xF_FFFF, true)],
        instruction_count: instructions.len() as u64,
    }
}

/// Compares the engines; says how compiled code stopped first, and with what.
fn go(case: &Case) -> (NativeExit, NativeMachine) {
    let mut oracle = Oracle::new().expect("two windows");
    for features in feature_sets() {
        oracle.check(case, features).expect("the system plays along");
    }
    let code = LoadedCode::new(&case.program, case.table, Features::BASELINE).expect("it can be compiled");
    let mut window = Window::new().expect("a window");
    for &(page, is_writable) in &case.pages {
        window.map(page, is_writable).expect("a page");
    }
    let mut machine = NativeMachine::new(case.registers, case.pc, case.gas);
    let exit = run_native(&code, &mut machine, &mut window).expect("the system plays along");
    (exit, machine)
}

#[test]
fn an_indirect_jump_uses_the_register_from_before_its_own_immediate() {
    // load_imm_jump_ind r1 = 9, to r1 + 0, with r1 the halting address.
    let mut case = case(&[&[180, 0x11, 1, 9]], &[]);
    case.registers[1] = 0xFFFF_0000;
    let (exit, machine) = go(&case);
    assert_eq!((exit, machine.registers[1]), (NativeExit::Halt, 9));
    // Also when it panics.
    case.registers[1] = 3;
    let (exit, machine) = go(&case);
    assert_eq!((exit, machine.registers[1]), (NativeExit::Panic, 9));
}

#[test]
fn entries_without_octets_lead_to_the_first_block() {
    // r1 += 1; jump_ind r2
    let mut case = case_of_entries(&[&[149, 0x11, 1], &[50, 2]], 0, 5, &[]);
    for (address, exit) in [
        (0, NativeExit::Panic),
        (1, NativeExit::Panic),
        (2, NativeExit::OutOfGas),
        (10, NativeExit::OutOfGas),
        (11, NativeExit::Panic),
        (12, NativeExit::Panic),
        (0x8000_0002, NativeExit::Panic),
        (0xFFFF_0000, NativeExit::Halt),
        (0x1_0000_0002, NativeExit::OutOfGas),
    ] {
        case.registers[2] = address;
        assert_eq!(go(&case).0, exit, "{address:#x}");
    }
}

#[test]
fn dynamic_jumps_check_their_address() {
    // jump_ind r2; r1 = 5; trap: entries to 0, into a block, past the end.
    let mut case = case(&[&[50, 2], &[51, 1, 5], &[0]], &[2, 5, 99]);
    for (address, r1) in [(0, 1), (1, 1), (2, 5), (3, 1), (4, 1), (6, 1), (8, 1), (0xFFFF_0002, 1)] {
        case.registers[2] = address;
        let (exit, machine) = go(&case);
        assert_eq!((exit, machine.registers[1]), (NativeExit::Panic, r1), "{address:#x}");
    }
}

#[test]
fn an_untaken_branch_with_a_bad_target_goes_on() {
    // branch_eq r1, r2 to itself + 99; r3 = 1; trap
    let mut case = case(&[&[170, 0x21, 99], &[51, 3, 1], &[0]], &[]);
    assert_eq!(go(&case).1.pc, 6);
    case.registers[1] = 2;
    assert_eq!(go(&case).1.pc, 0);
}

#[test]
fn accesses_wrap_around_the_end_of_memory() {
    // store_u64 r1 at r2; then what is below 2^16 counts.
    let mut case = case(&[&[123, 0x21], &[0]], &[]);
    case.registers[2] = 0xFFFF_FFFC;
    assert_eq!(go(&case).0, NativeExit::Panic);
    case.pages.pop();
    let (exit, _) = go(&case);
    assert!(matches!(exit, NativeExit::PageFault { address: 0xFFFF_F000, .. }), "{exit:?}");
    // Addresses are sums modulo 2^32: r2 + 0x7FFFFFFF
    let mut case = self::case(&[&[130, 0x21, 0xFF, 0xFF, 0xFF, 0x7F], &[0]], &[]);
    case.registers[2] = 0xABCD_0000_8002_0001;
    let (exit, machine) = go(&case);
    assert_eq!((exit, machine.pc), (NativeExit::Panic, 6));
}

#[test]
fn a_store_across_pages_is_done_whole_or_not_at_all() {
    let mut case = case(&[&[123, 0x21], &[0]], &[]);
    case.registers[2] = 0x2_0FFC;
    let (exit, machine) = go(&case);
    assert!(matches!(exit, NativeExit::PageFault { address: 0x2_1000, .. }), "{exit:?}");
    assert_eq!((machine.pc, machine.gas_left), (0, 998));
}

#[test]
fn divisions_do_not_fault() {
    // r2 and r3 live where the processor wants dividend and results.
    let registers = [2, 3, 0, 7];
    let pairs = registers.into_iter().flat_map(|a| registers.into_iter().map(move |b| (a, b)));
    for (a, b) in pairs {
        for (d, octet) in
            registers.into_iter().flat_map(|d| [193, 194, 195, 196, 203, 204, 205, 206].map(|o| (d, o)))
        {
            let mut case = case(&[&[octet, b << 4 | a, d], &[0]], &[]);
            for values in [(1 << 63, u64::MAX), (0x8000_0000, 0xFFFF_FFFF), (5, 0), (u64::MAX, 7)] {
                (case.registers[a as usize], case.registers[b as usize]) = values;
                agree(&case);
            }
        }
    }
}

/// Only compares the engines, in windows that are kept.
fn agree(case: &Case) {
    agree_with(case, Features::BASELINE);
}

fn agree_with(case: &Case, features: Features) {
    thread_local! {
        static ORACLE: RefCell<Oracle> = RefCell::new(Oracle::new().expect("two windows"));
    }
    let count = ORACLE.with_borrow_mut(|oracle| oracle.check(case, features));
    count.expect("the system plays along");
}

/// Two instructions of three registers each, neighbours or with a store between them that faults at first; in all
/// ways that few registers overlap, entered anywhere. r2 is where products are.
fn agree_on_pairs(pairs: &[(u8, u8)]) {
    let few = [1, 2, 3];
    let overlaps = (0..3_usize.pow(6)).map(|index| [1, 3, 9, 27, 81, 243].map(|unit| few[index / unit % 3]));
    for ([a, b, d, a2, b2, d2], &(first, second)) in overlaps.flat_map(|o| pairs.iter().map(move |p| (o, p)))
    {
        let first = [first, b << 4 | a, d];
        let second = [second, b2 << 4 | a2, d2];
        for mut case in
            [case(&[&first, &second, &[0]], &[]), case(&[&first, &[123, 0x91], &second, &[0]], &[])]
        {
            // A page that is not mapped yet.
            (case.registers[9], case.registers[1]) = (0x2_2000, u64::MAX - 5);
            (case.registers[2], case.registers[3]) = (0x8765_4321_0FED_CBA9, 0xFEDC_BA98_7654_3210);
            for pc in [0, 3, case.program.code_len_bytes() - 4] {
                case.pc = pc;
                agree_with(&case, host_features());
            }
        }
    }
}

#[test]
fn a_run_may_begin_at_the_second_half_of_a_product() {
    agree_on_pairs(&[(202, 214), (214, 202)]);
}

#[test]
fn a_run_may_begin_at_the_comparison_that_gives_a_carry() {
    agree_on_pairs(&[(200, 216)]);
}

#[test]
fn products_are_not_one_if_their_factors_are_read_otherwise() {
    for (first, second) in [(202, 213), (215, 202), (192, 214), (214, 214), (202, 202)] {
        let mut case = case(&[&[first, 0x21, 3], &[second, 0x21, 4], &[0]], &[]);
        (case.registers[1], case.registers[2]) = (u64::MAX - 5, 1 << 63 | 12345);
        case.pc = 3;
        agree_with(&case, host_features());
        case.pc = 0;
        agree_with(&case, host_features());
    }
}

#[test]
fn code_that_runs_off_its_end_traps_there() {
    let (exit, machine) = go(&case(&[&[51, 1, 5]], &[]));
    assert_eq!((exit, machine.pc, machine.gas_left), (NativeExit::Panic, 3, 998));
}

#[test]
fn starting_inside_a_block_pays_for_the_rest_of_it() {
    let mut case = case(&[&[51, 1, 5], &[51, 1, 6], &[51, 1, 7], &[0]], &[]);
    case.pc = 6;
    assert_eq!(go(&case).1.gas_left, 998);
    case.gas = 1;
    let (exit, machine) = go(&case);
    assert_eq!((exit, machine.pc, machine.gas_left), (NativeExit::OutOfGas, 6, 1));
}

#[test]
fn blocks_whose_charge_takes_more_than_an_octet_are_paid_for_whole() {
    // So many times r1 += 1, then a branch back, again and again until r2 is reached.
    for len in [1, 8, 126, 127, 300] {
        let distance = (-3 * len as i32).to_le_bytes();
        let mut instructions: Vec<&[u8]> = vec![&[149, 0x11, 1]; len];
        let back = [171, 0x21, distance[0], distance[1], distance[2], distance[3]];
        instructions.extend([&back[..], &[0]]);
        let mut case = case(&instructions, &[]);
        case.registers[1] = 0;
        case.registers[2] = 3 * len as u64;
        let cost = len as u64 + 1;
        for gas in [0, cost - 1, cost, 3 * cost - 1, 3 * cost, 3 * cost + 1] {
            case.gas = gas;
            let (exit, machine) = go(&case);
            let rounds = (gas / cost).min(3);
            assert_eq!(machine.registers[1], rounds * len as u64);
            let is_paid = gas > 3 * cost;
            assert_eq!(exit, if is_paid { NativeExit::Panic } else { NativeExit::OutOfGas });
            assert_eq!(machine.gas_left, gas - rounds * cost - u64::from(is_paid));
        }
        // In the middle of it.
        case.pc = 3 * (len as u32 / 2);
        case.gas = cost;
        agree(&case);
    }
}
