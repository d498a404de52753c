//! Our recompiler, in this process: the bench-only harness runs what it makes.

use std::time::Instant;

use javm_isa::{ARGUMENTS_ADDRESS, Layout, PageRange, Program};
use javm_recompiler_x86::Features;
use native_harness_for_tests::{
    HarnessError, LoadedCode, NativeExit, NativeMachine, Window, host_features, run_native_with,
};
use nub_state::PAGE_BYTES;

use super::{Engine, EngineError, Kind, R7, R8, RECOMPILER, RETURN, Ran, STRETCHED, Turn, number, twice};
use crate::workload::{self, GAS, TABLE, Workload};

/// How long a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stretch {
    /// As long as those of the peers.
    Short,
    /// As long as those of the guest, to be compared with them.
    Long,
}

impl Stretch {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Stretch::Short => RECOMPILER,
            Stretch::Long => STRETCHED,
        }
    }
}

/// Our recompiler.
pub struct Native {
    stretch: Stretch,
    features: Features,
    window: Window,
}

impl Native {
    /// For this machine's processor.
    ///
    /// # Errors
    /// [`HarnessError`] if the system does not give the addresses.
    pub fn new(stretch: Stretch) -> Result<Native, HarnessError> {
        Ok(Native { stretch, features: host_features(), window: Window::new()? })
    }
}

struct Vm<'a> {
    code: LoadedCode,
    window: &'a mut Window,
    layout: Layout,
    workload: &'a Workload,
}

impl Engine for Native {
    fn name(&self) -> &'static str {
        self.stretch.name()
    }

    fn kind(&self) -> Kind {
        Kind::Recompiler
    }

    fn turn(&mut self, workload: &Workload) -> Result<Turn, EngineError> {
        let repeats = match (self.stretch, &workload.stretch) {
            (Stretch::Short, _) => 1,
            (Stretch::Long, Some(stretch)) => stretch.repeats,
            (Stretch::Long, None) => return Err(EngineError::refused("nothing to stretch")),
        };
        // Windows are kept and given out anew, as the guest keeps them.
        self.window.clear().map_err(EngineError::refused)?;
        let start = Instant::now();
        let program = Program::parse(&workload.image.program).map_err(EngineError::refused)?;
        program.validate(TABLE).map_err(EngineError::refused)?;
        let code = LoadedCode::of(program, TABLE, self.features).map_err(EngineError::refused)?;
        let layout = workload.layout().map_err(EngineError::refused)?;
        let rounds = workload.rounds * repeats;
        map(&mut self.window, workload, rounds, &layout).map_err(EngineError::refused)?;
        let ready = start.elapsed();
        let code_len_bytes = code.len_bytes();
        let mut vm = Vm { code, window: &mut self.window, layout, workload };
        match &workload.stretch {
            Some(stretch) if self.stretch == Stretch::Long => stretched(&mut vm, stretch),
            _ => twice(&mut vm, ready, Some(code_len_bytes), workload.want.is_some(), run_once),
        }
    }
}

/// One long run, divided.
fn stretched(vm: &mut Vm, stretch: &workload::Stretch) -> Result<Turn, EngineError> {
    let Ran { time, result, gas } = run_once(vm)?;
    if result != stretch.want {
        return Err(EngineError::Wrong { result, want: stretch.want });
    }
    Ok(Turn {
        ready: None,
        first: time,
        run: Some(time / stretch.repeats),
        result: vm.workload.want,
        gas: gas / u64::from(stretch.repeats),
        code_len_bytes: None,
    })
}

fn run_once(vm: &mut Vm) -> Result<Ran, EngineError> {
    let mut machine = NativeMachine::new(vm.layout.entry_registers(), vm.workload.entry, GAS);
    let start = Instant::now();
    // Host calls but the last are answered on the spot, as the kernel does in the guest.
    let exit = run_native_with(&vm.code, &mut machine, vm.window, |number, registers| {
        if number != RETURN {
            registers[R7] = 0;
        }
        number != RETURN
    });
    let time = start.elapsed();
    match exit.map_err(EngineError::refused)? {
        NativeExit::HostCall(RETURN) => {}
        other => return Err(EngineError::ended(other)),
    }
    let [address, len] = [R7, R8].map(|register| machine.registers[register] as usize);
    let (page, offset) = ((address / PAGE_BYTES) as u32, address % PAGE_BYTES);
    let mut pages = vm.window.pages();
    let octets =
        pages.find(|(number, _)| *number == page).and_then(|(_, page)| page.get(offset..offset + len));
    let result = number(octets.ok_or_else(|| EngineError::ended("a result over two pages"))?)?;
    Ok(Ran { time, result, gas: GAS - machine.gas_left })
}

fn map(window: &mut Window, workload: &Workload, rounds: u32, layout: &Layout) -> Result<(), HarnessError> {
    let mut region = |pages: PageRange, data: &[u8], is_writable| {
        window.map_with(pages.first..pages.end(), data, is_writable)
    };
    region(layout.read_only_data, &workload.image.ro_data, false)?;
    region(layout.read_write_data, &workload.image.rw_data, true)?;
    region(layout.stack, &[], true)?;
    debug_assert_eq!(layout.arguments.address(), ARGUMENTS_ADDRESS);
    region(layout.arguments, &rounds.to_le_bytes(), false)
}
