//! polkavm 0.37, given the very same program octets through its own container. One unit of gas an
//! instruction, charged by the block, as ours.

use std::time::Instant;

use javm_isa::Layout;
use polkavm::program::InstructionSetKind;
use polkavm::{
    ArcBytes, BackendKind, Config, Engine as PolkaEngine, GasMeteringKind, InterruptKind, Module,
    ModuleConfig, ProgramBlob, ProgramCounter, ProgramParts, RawInstance, Reg, SandboxKind,
};

use super::{Engine, EngineError, Kind, RETURN, Ran, Turn, number, twice};
use crate::workload::{GAS, Workload};

/// How it runs programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sandbox {
    /// It interprets them.
    Interpreter,
    /// As machine code in a process of its own.
    Linux,
    /// As machine code in this process.
    Generic,
}

impl Sandbox {
    /// All of them.
    pub const ALL: [Sandbox; 3] = [Sandbox::Interpreter, Sandbox::Linux, Sandbox::Generic];

    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Sandbox::Interpreter => "polkavm interpreter",
            Sandbox::Linux => "polkavm linux",
            Sandbox::Generic => "polkavm generic",
        }
    }
}

/// polkavm.
pub struct PolkaVm {
    sandbox: Sandbox,
    engine: PolkaEngine,
}

impl PolkaVm {
    /// Starts it.
    ///
    /// # Errors
    /// [`EngineError::Refused`] if the system lacks what the sandbox needs.
    pub fn new(sandbox: Sandbox) -> Result<PolkaVm, EngineError> {
        let mut config = Config::new();
        config.set_allow_experimental(true);
        let (backend, kind) = match sandbox {
            Sandbox::Interpreter => (BackendKind::Interpreter, None),
            Sandbox::Linux => (BackendKind::Compiler, Some(SandboxKind::Linux)),
            Sandbox::Generic => (BackendKind::Compiler, Some(SandboxKind::Generic)),
        };
        config.set_backend(Some(backend));
        config.set_sandbox(kind);
        let engine = PolkaEngine::new(&config).map_err(EngineError::refused)?;
        Ok(PolkaVm { sandbox, engine })
    }
}

struct Vm<'a> {
    instance: RawInstance,
    stack_end: u64,
    workload: &'a Workload,
}

impl Engine for PolkaVm {
    fn name(&self) -> &'static str {
        self.sandbox.name()
    }

    fn kind(&self) -> Kind {
        if self.sandbox == Sandbox::Interpreter { Kind::Interpreter } else { Kind::Recompiler }
    }

    fn turn(&mut self, workload: &Workload) -> Result<Turn, EngineError> {
        let parts = parts(workload, workload.layout().map_err(EngineError::refused)?);
        let mut config = ModuleConfig::new();
        config.set_gas_metering(Some(GasMeteringKind::Sync));
        let start = Instant::now();
        let blob = ProgramBlob::from_parts(parts).map_err(EngineError::refused)?;
        let module = Module::from_blob(&self.engine, &config, blob).map_err(EngineError::refused)?;
        let instance = module.instantiate().map_err(EngineError::refused)?;
        let ready = start.elapsed();
        let code_len_bytes = module.machine_code().map(|code| code.len());
        let mut vm = Vm { instance, stack_end: module.default_sp(), workload };
        twice(&mut vm, ready, code_len_bytes, workload.want.is_some(), run_once)
    }
}

fn parts(workload: &Workload, layout: Layout) -> ProgramParts {
    let image = &workload.image;
    let mut parts = ProgramParts::empty(InstructionSetKind::JamV1);
    parts.code_and_jump_table = ArcBytes::from(&image.program[..]);
    parts.ro_data = ArcBytes::from(&image.ro_data[..]);
    parts.ro_data_size = image.ro_data.len() as u32;
    parts.rw_data = ArcBytes::from(&image.rw_data[..]);
    parts.rw_data_size = layout.read_write_data.count * javm_isa::PAGE_SIZE_BYTES;
    parts.stack_size = image.stack_bytes;
    parts
}

fn run_once(vm: &mut Vm) -> Result<Ran, EngineError> {
    let instance = &mut vm.instance;
    // The arguments lie above the stack pointer.
    let arguments = vm.stack_end - 16;
    instance.write_memory(arguments as u32, &vm.workload.arguments()).map_err(EngineError::refused)?;
    instance.set_gas(GAS as i64);
    instance.set_reg(Reg::RA, javm_isa::HALT_ADDRESS.into());
    instance.set_reg(Reg::SP, arguments);
    instance.set_reg(Reg::A0, arguments);
    instance.set_reg(Reg::A1, 4);
    instance.set_next_program_counter(ProgramCounter(vm.workload.entry));
    let start = Instant::now();
    loop {
        match instance.run().map_err(EngineError::refused)? {
            InterruptKind::Ecalli(number) if u64::from(number) == RETURN => break,
            InterruptKind::Ecalli(_) => instance.set_reg(Reg::A0, 0),
            other => return Err(EngineError::ended(other)),
        }
    }
    let time = start.elapsed();
    let (address, len) = (instance.reg(Reg::A0) as u32, instance.reg(Reg::A1) as u32);
    let octets = instance.read_memory(address, len).map_err(EngineError::ended)?;
    Ok(Ran { time, result: number(&octets)?, gas: GAS - instance.gas() as u64 })
}
