//! Runs longer than what the engine does in one go: blocks, loops, and the gas of both, to the unit.

mod common;

use common::{Run, assemble};
use javm_interpreter::{Exit, Meter, Miss, run};
use javm_isa::{OpcodeTable, PAGE_SIZE_BYTES};

/// `add_imm_64 r2 = r2 + 1`.
const COUNT: &[u8] = &[149, 0x22, 1];
/// `trap`.
const TRAP: &[u8] = &[0];

/// A block of `len` additions, the last of them being followed by `last`.
fn block(len: usize, last: &'static [u8]) -> Vec<&'static [u8]> {
    let mut instructions = vec![COUNT; len];
    instructions.push(last);
    instructions
}

#[test]
fn a_block_longer_than_any_chain_runs_whole_and_is_paid_once() {
    for len in [1022, 1023, 1024, 1025, 1026, 2047, 2048, 2049, 5000] {
        let program = assemble(&block(len, TRAP), &[]);
        let gas = len as u64 + 1;
        let mut poor = Run::new(&program).gas(gas - 1);
        assert_eq!((poor.go(), poor.machine.pc), (Exit::OutOfGas, 0), "{len}");
        assert_eq!((poor.machine.registers[2], poor.machine.meter.gas_left), (0, gas - 1), "{len}");
        let mut rich = Run::new(&program).gas(gas);
        assert_eq!((rich.go(), rich.machine.pc), (Exit::Panic, 3 * len as u32), "{len}");
        assert_eq!((rich.machine.registers[2], rich.machine.meter.gas_left), (len as u64, 0), "{len}");
    }
}

#[test]
fn a_loop_stops_where_its_gas_does_however_much_that_is() {
    // Two blocks: a trap to begin with is not executed; then r2 += 1 and a jump back to it.
    let program = assemble(&[&[1], COUNT, &[40, 0xFD]], &[]);
    for gas in (0..40).chain(1000..1060).chain(2030..2070).chain(100_000..100_004) {
        let mut run = Run::new(&program).gas(gas);
        assert_eq!(run.go(), Exit::OutOfGas, "{gas}");
        let turns = gas.saturating_sub(1) / 2;
        let left = if gas == 0 { 0 } else { gas - 1 - 2 * turns };
        assert_eq!(run.machine.registers[2], turns, "{gas}");
        assert_eq!(run.machine.meter.gas_left, left, "{gas}");
        assert_eq!(run.machine.pc, u32::from(gas != 0), "{gas}");
    }
}

#[test]
fn a_long_block_behind_a_branch_that_is_not_taken() {
    // `branch_eq_imm r2, 0` falls through, as r2 is 1.
    let mut instructions: Vec<&[u8]> = vec![&[81, 0x02, 0]];
    instructions.extend(block(3000, TRAP));
    let program = assemble(&instructions, &[]);
    let mut poor = Run::new(&program).reg(2, 1).gas(3001);
    assert_eq!((poor.go(), poor.machine.pc, poor.machine.meter.gas_left), (Exit::OutOfGas, 3, 3000));
    let mut rich = Run::new(&program).reg(2, 1).gas(3002);
    assert_eq!((rich.go(), rich.machine.registers[2], rich.machine.meter.gas_left), (Exit::Panic, 3001, 0));
}

#[test]
fn host_calls_in_a_long_block_do_not_charge_it_again() {
    let mut instructions = block(1500, &[10, 7]);
    instructions.extend(block(1500, &[10, 8]));
    instructions.push(TRAP);
    let program = assemble(&instructions, &[]);
    let mut run = Run::new(&program).gas(3003);
    assert_eq!(run.go(), Exit::HostCall(7));
    assert_eq!((run.machine.registers[2], run.machine.meter.gas_left), (1500, 0));
    run.machine.complete_host_call(&run.code);
    assert_eq!(run.go(), Exit::HostCall(8));
    run.machine.complete_host_call(&run.code);
    assert_eq!((run.go(), run.machine.registers[2]), (Exit::Panic, 3000));
}

#[test]
fn however_long_a_run_is_it_needs_little_stack() {
    let long_block = assemble(&block(5000, TRAP), &[]);
    let short_blocks = assemble(&[&[1], COUNT, &[40, 0xFD]], &[]);
    for (program, gas) in [(long_block, 5001), (short_blocks, 1_000_000)] {
        let run = move || Run::new(&program).gas(gas).go();
        let thread = std::thread::Builder::new().stack_size(512 << 10).spawn(run).unwrap();
        assert!(matches!(thread.join().unwrap(), Exit::Panic | Exit::OutOfGas));
    }
}

/// Memory of which nothing is quick.
struct Unready;

impl javm_interpreter::Memory for Unready {
    fn load_u8(&mut self, _: u32, _: &mut Meter) -> Result<u8, Miss> {
        Ok(1)
    }
    fn load_u16(&mut self, _: u32, _: &mut Meter) -> Result<u16, Miss> {
        Err(Miss)
    }
    fn load_u32(&mut self, _: u32, _: &mut Meter) -> Result<u32, Miss> {
        Err(Miss)
    }
    fn load_u64(&mut self, _: u32, _: &mut Meter) -> Result<u64, Miss> {
        Err(Miss)
    }
    fn store_u8(&mut self, _: u32, _: u8, _: &mut Meter) -> Result<(), Miss> {
        Err(Miss)
    }
    fn store_u16(&mut self, _: u32, _: u16, _: &mut Meter) -> Result<(), Miss> {
        Err(Miss)
    }
    fn store_u32(&mut self, _: u32, _: u32, _: &mut Meter) -> Result<(), Miss> {
        Err(Miss)
    }
    fn store_u64(&mut self, _: u32, _: u64, _: &mut Meter) -> Result<(), Miss> {
        Err(Miss)
    }
    fn is_mapped(&self, _: u32, _: javm_isa::AccessKind) -> bool {
        true
    }
}

/// Each slow access gave its chain new gas and stayed on the stack; signatures in a contract overflowed the guest's.
#[test]
fn a_loop_of_slow_accesses_needs_little_stack() {
    let [_, second, third, _] = (0x30 * PAGE_SIZE_BYTES).to_le_bytes();
    let load = [52, 2, 0, second, third, 0];
    let program = assemble(&[&[1], &load, &[40, 0xFA]], &[]);
    let go = move || {
        let Run { code, mut machine, .. } = Run::with_table(&program, OpcodeTable::JamV1).gas(1_000_001);
        (run(&code, &mut machine, &mut Unready), machine.meter.gas_left)
    };
    let thread = std::thread::Builder::new().stack_size(256 << 10).spawn(go).unwrap();
    assert_eq!(thread.join().unwrap(), (Exit::OutOfGas, 0));
}

#[test]
fn slow_accesses_in_a_long_block_need_little_stack() {
    let [_, second, third, _] = (0x30 * PAGE_SIZE_BYTES).to_le_bytes();
    let load: &[u8] = &[52, 2, 0, second, third, 0];
    let mut instructions = vec![load; 2500];
    instructions.push(TRAP);
    let program = assemble(&instructions, &[]);
    let go = move || {
        let Run { code, mut machine, .. } = Run::with_table(&program, OpcodeTable::JamV1).gas(2502);
        (run(&code, &mut machine, &mut Unready), machine.meter.gas_left, machine.pc)
    };
    let thread = std::thread::Builder::new().stack_size(512 << 10).spawn(go).unwrap();
    assert_eq!(thread.join().unwrap(), (Exit::Panic, 1, 15_000));
}

/// Memory that leaves one unit of gas at a load, and knows how much there must be at a store.
struct Greedy;

impl javm_interpreter::Memory for Greedy {
    fn load_u8(&mut self, _: u32, meter: &mut Meter) -> Result<u8, Miss> {
        meter.gas_left = meter.gas_left.min(1);
        Ok(1)
    }
    fn load_u16(&mut self, _: u32, _: &mut Meter) -> Result<u16, Miss> {
        Err(Miss)
    }
    fn load_u32(&mut self, _: u32, _: &mut Meter) -> Result<u32, Miss> {
        Err(Miss)
    }
    fn load_u64(&mut self, _: u32, _: &mut Meter) -> Result<u64, Miss> {
        Err(Miss)
    }
    fn store_u8(&mut self, _: u32, _: u8, meter: &mut Meter) -> Result<(), Miss> {
        // All the gas there is, not what one chain has of it.
        assert_eq!(meter.gas_left, 1_000_000 - 3);
        Ok(())
    }
    fn store_u16(&mut self, _: u32, _: u16, _: &mut Meter) -> Result<(), Miss> {
        Err(Miss)
    }
    fn store_u32(&mut self, _: u32, _: u32, _: &mut Meter) -> Result<(), Miss> {
        Err(Miss)
    }
    fn store_u64(&mut self, _: u32, _: u64, _: &mut Meter) -> Result<(), Miss> {
        Err(Miss)
    }
    fn is_mapped(&self, page: u32, _: javm_isa::AccessKind) -> bool {
        page != 0x20
    }
}

#[test]
fn memory_sees_and_takes_all_the_gas_there_is() {
    let address = 0x30 * PAGE_SIZE_BYTES;
    let [_, second, third, _] = address.to_le_bytes();
    let store = [59, 2, 0, second, third, 0];
    let load = [52, 2, 0, second, third, 0];
    let program = assemble(&[&store, &load, TRAP], &[]);
    let Run { code, mut machine, .. } = Run::with_table(&program, OpcodeTable::JamV1).gas(1_000_000);
    assert_eq!(run(&code, &mut machine, &mut Greedy), Exit::Panic);
    assert_eq!((machine.registers[2], machine.meter.gas_left), (1, 1));
}

#[test]
fn a_jump_into_the_middle_of_two_instructions_done_as_one() {
    // move_reg, move_reg is a pair; so is load_imm, load_imm. Starting at the second must do only the second.
    let program = assemble(&[&[100, 0x32], &[100, 0x54], &[51, 6, 9], &[51, 7, 8], TRAP], &[]);
    let mut run = Run::new(&program).reg(3, 30).reg(5, 50).at(2);
    assert_eq!((run.go(), run.spent()), (Exit::Panic, 4));
    let [r2, r4, r6, r7] = [2, 4, 6, 7].map(|register| run.machine.registers[register]);
    assert_eq!([r2, r4, r6, r7], [0, 50, 9, 8]);
}
