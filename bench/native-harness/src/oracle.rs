//! Runs a case on both engines, side by side, through all that may happen in between.

use javm_interpreter::{Code, Exit, Machine, Memory, Meter, run};
use javm_isa::AccessKind;
use javm_recompiler_x86::Features;

use crate::generator::{Case, register};
use crate::{HarnessError, LoadedCode, NativeExit, NativeMachine, Rng, Window, run_native};

/// How often a case is run on after an exit.
const MAX_RESUMES: usize = 24;

/// What was done in a case, or in many.
#[derive(Clone, Copy, Debug, Default)]
pub struct Count {
    /// Cases.
    pub cases: u64,
    /// Instructions generated.
    pub generated: u64,
    /// Instructions paid for: those of blocks entered.
    pub executed: u64,
    /// Exits: halt, panic, out of gas, page fault, host call.
    pub exits: [u64; 5],
}

impl Count {
    /// Adds another count.
    pub fn add(&mut self, other: &Count) {
        self.cases += other.cases;
        self.generated += other.generated;
        self.executed += other.executed;
        self.exits.iter_mut().zip(other.exits).for_each(|(sum, more)| *sum += more);
    }
}

/// Two windows, used over and over.
#[derive(Debug)]
pub struct Oracle {
    native: Window,
    interpreted: Window,
}

impl Oracle {
    /// Reserves the windows.
    ///
    /// # Errors
    /// [`HarnessError::Memory`].
    pub fn new() -> Result<Oracle, HarnessError> {
        Ok(Oracle { native: Window::new()?, interpreted: Window::unprotected()? })
    }

    /// Runs `case` on both engines.
    ///
    /// # Errors
    /// [`HarnessError`] if the system refuses something, or the program cannot be compiled.
    ///
    /// # Panics
    /// If the engines differ in anything: that is the finding.
    pub fn check(&mut self, case: &Case, features: Features) -> Result<Count, HarnessError> {
        let code = Code::new(&case.program, case.table);
        let loaded = LoadedCode::new(&case.program, case.table, features)?;
        self.fill(case)?;
        let mut rng = Rng::new(!case.seed);
        let mut machine = Machine::new(case.registers, case.pc, Meter { gas_left: case.gas, pages_left: 0 });
        let mut native = NativeMachine::new(case.registers, case.pc, case.gas);
        let mut count = Count { cases: 1, generated: case.instruction_count, ..Count::default() };
        for step in 0..MAX_RESUMES {
            let before = machine.meter.gas_left;
            let exit = run(&code, &mut machine, &mut self.interpreted);
            let native_exit = run_native(&loaded, &mut native, &mut self.native)?;
            count.executed += before - machine.meter.gas_left;
            count.exits[kind(exit)] += 1;
            self.compare(case, step, (exit, &machine), (native_exit, &native));
            match exit {
                Exit::HostCall(_) => {
                    machine.complete_host_call(&code);
                    native.complete_host_call(&loaded);
                    let value = register(&mut rng);
                    (machine.registers[7], native.registers[7]) = (value, value);
                }
                Exit::PageFault { address, access } => {
                    let is_store = access.kind == AccessKind::Store;
                    // Now and then nothing is done, and it faults again.
                    if rng.chance(90) {
                        self.map(address / 4096, is_store || rng.chance(50))?;
                    }
                }
                Exit::OutOfGas => {
                    let more = rng.pick(&[0, 1, 3, 50, 200]);
                    machine.meter.gas_left += more;
                    native.gas_left += more;
                }
                Exit::Halt | Exit::Panic => {
                    if rng.chance(50) {
                        break;
                    }
                    // Elsewhere, with what there is.
                    let pc = rng.below(u64::from(case.program.code_len_bytes()) + 2) as u32;
                    machine = Machine::new(machine.registers, pc, machine.meter);
                    native = NativeMachine::new(native.registers, pc, native.gas_left);
                }
            }
        }
        Ok(count)
    }

    fn fill(&mut self, case: &Case) -> Result<(), HarnessError> {
        self.native.clear()?;
        self.interpreted.clear()?;
        for &(page, is_writable) in &case.pages {
            // Read-only pages are filled before they become that.
            self.native.map(page, true)?;
            self.interpreted.map(page, true)?;
            let octets = case.seed.to_le_bytes();
            for offset in [0, 100, 4088] {
                self.native.poke(page * 4096 + offset, &octets)?;
                self.interpreted.poke(page * 4096 + offset, &octets)?;
            }
            if !is_writable {
                self.native.map(page, false)?;
                self.interpreted.map(page, false)?;
            }
        }
        Ok(())
    }

    fn map(&mut self, page: u32, is_writable: bool) -> Result<(), HarnessError> {
        let is_writable = is_writable || self.native.is_mapped(page, AccessKind::Store);
        self.native.map(page, is_writable)?;
        self.interpreted.map(page, is_writable)
    }

    fn compare(
        &self,
        case: &Case,
        step: usize,
        interpreted: (Exit, &Machine),
        native: (NativeExit, &NativeMachine),
    ) {
        let (exit, machine) = interpreted;
        let same = translate(exit) == native.0
            && machine.registers == native.1.registers
            && machine.pc == native.1.pc
            && machine.meter.gas_left == native.1.gas_left;
        assert!(
            same,
            "seed {}, run {step}: the interpreter {exit:?} {machine:?}, compiled code {:?} {:?}, of {:?}",
            case.seed, native.0, native.1, case
        );
        assert!(
            self.interpreted.pages().eq(self.native.pages()),
            "seed {}, run {step}: memory differs after {exit:?}, of {case:?}",
            case.seed
        );
    }
}

fn kind(exit: Exit) -> usize {
    match exit {
        Exit::Halt => 0,
        Exit::Panic => 1,
        Exit::OutOfGas => 2,
        Exit::PageFault { .. } => 3,
        Exit::HostCall(_) => 4,
    }
}

/// The interpreter's exit as ours.
pub fn translate(exit: Exit) -> NativeExit {
    match exit {
        Exit::Halt => NativeExit::Halt,
        Exit::Panic => NativeExit::Panic,
        Exit::OutOfGas => NativeExit::OutOfGas,
        Exit::PageFault { address, access } => NativeExit::PageFault { address, access },
        Exit::HostCall(number) => NativeExit::HostCall(number),
    }
}
