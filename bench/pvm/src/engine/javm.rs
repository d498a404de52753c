//! javm 0.4.0. Its opcodes are those of the Gray Paper 0.7, so ten octets are renumbered; the code keeps its
//! length but for a `trap` at its end, which javm wants there. Its memory is one flat range from address 0, all
//! of it writable, so regions are padded until data lies where the program expects it, and the stack lies at the
//! end. It charges gas by its model of a pipeline.

use std::time::Instant;

use javm::{ExitReason, Pvm, RecompiledPvm};
use javm_isa::{PAGE_SIZE_BYTES, READ_ONLY_DATA_ADDRESS};

use super::{Engine, EngineError, Kind, R7, R8, RETURN, Ran, Turn, number, twice};
use crate::container::Parts;
use crate::workload::{GAS, Workload};

/// javm's engines.
pub enum Javm {
    /// It interprets.
    Interpreter,
    /// It makes machine code.
    Recompiler,
}

/// What both engines can do.
trait Machine {
    fn prepare(&mut self, registers: [u64; 13], pc: u32);
    fn write(&mut self, address: u32, octets: &[u8]) -> bool;
    fn read(&self, address: u32, len_bytes: u32) -> Option<Vec<u8>>;
    fn run(&mut self) -> ExitReason;
    fn register(&self, index: usize) -> u64;
    fn set_register(&mut self, index: usize, value: u64);
    fn gas_left(&self) -> u64;
}

impl Engine for Javm {
    fn name(&self) -> &'static str {
        match self {
            Javm::Interpreter => "javm interpreter",
            Javm::Recompiler => "javm recompiler",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Javm::Interpreter => Kind::Interpreter,
            Javm::Recompiler => Kind::Recompiler,
        }
    }

    fn turn(&mut self, workload: &Workload) -> Result<Turn, EngineError> {
        let (blob, stack_end) = encode(workload)?;
        let refused = || EngineError::refused("it does not say why");
        let is_run = workload.want.is_some();
        let run = |vm: &mut dyn Machine| run_once(vm, workload, stack_end);
        let start = Instant::now();
        match self {
            Javm::Interpreter => {
                let mut vm = javm::program::initialize_program(&blob, &[], GAS).ok_or_else(refused)?;
                twice(&mut vm, start.elapsed(), None, is_run, |vm| run(vm))
            }
            Javm::Recompiler => {
                let mut vm =
                    javm::recompiler::initialize_program_recompiled(&blob, &[], GAS).ok_or_else(refused)?;
                let ready = start.elapsed();
                let len = vm.native_code_bytes().len();
                twice(&mut vm, ready, Some(len), is_run, |vm| run(vm))
            }
        }
    }
}

fn run_once(vm: &mut dyn Machine, workload: &Workload, stack_end: u32) -> Result<Ran, EngineError> {
    let arguments = stack_end - 16;
    if !vm.write(arguments, &workload.arguments()) {
        return Err(EngineError::refused("no stack"));
    }
    let mut registers = [0; 13];
    registers[0] = javm_isa::HALT_ADDRESS.into();
    registers[1] = arguments.into();
    registers[R7] = arguments.into();
    registers[R8] = 4;
    vm.prepare(registers, workload.entry);
    let start = Instant::now();
    loop {
        match vm.run() {
            ExitReason::HostCall(number) if u64::from(number) == RETURN => break,
            ExitReason::HostCall(_) => vm.set_register(R7, 0),
            other => return Err(EngineError::ended(other)),
        }
    }
    let time = start.elapsed();
    let octets = vm.read(vm.register(R7) as u32, vm.register(R8) as u32);
    let octets = octets.ok_or_else(|| EngineError::ended("a result out of memory"))?;
    Ok(Ran { time, result: number(&octets)?, gas: GAS - vm.gas_left() })
}

/// javm's standard program, and where its stack ends.
fn encode(workload: &Workload) -> Result<(Vec<u8>, u32), EngineError> {
    let layout = workload.layout().map_err(EngineError::refused)?;
    let image = &workload.image;
    let mut ro_data = image.ro_data.clone();
    ro_data.resize((layout.read_write_data.address() - READ_ONLY_DATA_ADDRESS) as usize, 0);
    let rw_data_pages = (image.rw_data.len() as u32).div_ceil(PAGE_SIZE_BYTES);
    let heap_pages = layout.read_write_data.count - rw_data_pages + layout.stack.count;
    let stack_end = (layout.read_write_data.end() + layout.stack.count) * PAGE_SIZE_BYTES;
    let code = renumbered(Parts::of(&workload.program)).blob();
    let mut blob = vec![];
    let mut three = |len: u32| blob.extend(&len.to_le_bytes()[..3]);
    three(ro_data.len() as u32);
    three(image.rw_data.len() as u32);
    blob.extend((heap_pages as u16).to_le_bytes());
    blob.extend(&READ_ONLY_DATA_ADDRESS.to_le_bytes()[..3]);
    blob.extend(ro_data);
    blob.extend(&image.rw_data);
    blob.extend((code.len() as u32).to_le_bytes());
    blob.extend(code);
    Ok((blob, stack_end))
}

fn renumbered(mut parts: Parts) -> Parts {
    for (octet, _) in parts.code.iter_mut().zip(&parts.starts).filter(|(_, is_start)| **is_start) {
        if (101..=110).contains(octet) {
            *octet += 1;
        }
    }
    parts.code.push(0);
    parts.starts.push(true);
    parts
}

impl Machine for Pvm {
    fn prepare(&mut self, registers: [u64; 13], pc: u32) {
        (self.registers, self.pc, self.gas) = (registers, pc, GAS);
    }

    fn write(&mut self, address: u32, octets: &[u8]) -> bool {
        octets.iter().zip(address..).all(|(&octet, address)| self.write_u8(address, octet))
    }

    fn read(&self, address: u32, len_bytes: u32) -> Option<Vec<u8>> {
        (address..address.checked_add(len_bytes)?).map(|address| self.read_u8(address)).collect()
    }

    fn run(&mut self) -> ExitReason {
        Pvm::run(self).0
    }

    fn register(&self, index: usize) -> u64 {
        self.registers[index]
    }

    fn set_register(&mut self, index: usize, value: u64) {
        self.registers[index] = value;
    }

    fn gas_left(&self) -> u64 {
        self.gas
    }
}

impl Machine for RecompiledPvm {
    fn prepare(&mut self, registers: [u64; 13], pc: u32) {
        *self.registers_mut() = registers;
        self.set_pc(pc);
        self.set_gas(GAS);
    }

    fn write(&mut self, address: u32, octets: &[u8]) -> bool {
        self.write_bytes(address, octets)
    }

    fn read(&self, address: u32, len_bytes: u32) -> Option<Vec<u8>> {
        self.read_bytes(address, len_bytes)
    }

    fn run(&mut self) -> ExitReason {
        RecompiledPvm::run(self)
    }

    fn register(&self, index: usize) -> u64 {
        self.registers()[index]
    }

    fn set_register(&mut self, index: usize, value: u64) {
        RecompiledPvm::set_register(self, index, value);
    }

    fn gas_left(&self) -> u64 {
        self.gas()
    }
}
