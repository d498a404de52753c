//! Our interpreter, on the memory that it has in a host process.

use std::sync::Arc;
use std::time::Instant;

use javm_interpreter::{Code, Exit, Machine, Meter, run};
use javm_isa::{ARGUMENTS_ADDRESS, Layout, Program};
use nub_arch_local::LocalMemory;
use nub_kernel::arch::{AddressSpace, SpaceConfig};
use nub_state::{PAGE_BYTES, Page};

use super::{Engine, EngineError, INTERPRETER, Kind, R7, R8, RETURN, Ran, Turn, number, twice};
use crate::workload::{GAS, TABLE, Workload};

/// Our interpreter.
pub struct Interpreter;

struct Vm<'a> {
    code: Code,
    memory: LocalMemory,
    layout: Layout,
    workload: &'a Workload,
}

impl Engine for Interpreter {
    fn name(&self) -> &'static str {
        INTERPRETER
    }

    fn kind(&self) -> Kind {
        Kind::Interpreter
    }

    fn turn(&mut self, workload: &Workload) -> Result<Turn, EngineError> {
        let start = Instant::now();
        let program = Program::parse(&workload.image.program).map_err(EngineError::refused)?;
        program.validate(TABLE).map_err(EngineError::refused)?;
        let code = Code::new(&program, TABLE);
        let layout = workload.layout().map_err(EngineError::refused)?;
        let memory = memory(workload, &layout)?;
        let mut vm = Vm { code, memory, layout, workload };
        twice(&mut vm, start.elapsed(), None, workload.want.is_some(), run_once)
    }
}

fn run_once(vm: &mut Vm) -> Result<Ran, EngineError> {
    let meter = Meter { gas_left: GAS, pages_left: u32::MAX };
    let mut machine = Machine::new(vm.layout.entry_registers(), vm.workload.entry, meter);
    let start = Instant::now();
    let mut exit;
    loop {
        exit = run(&vm.code, &mut machine, &mut vm.memory);
        match exit {
            Exit::HostCall(RETURN) => break,
            Exit::HostCall(_) => {
                machine.registers[R7] = 0;
                machine.complete_host_call(&vm.code);
            }
            other => return Err(EngineError::ended(other)),
        }
    }
    let time = start.elapsed();
    let mut result = vec![0; machine.registers[R8] as usize];
    vm.memory.read(machine.registers[R7] as u32, &mut result);
    Ok(Ran { time, result: number(&result)?, gas: GAS - machine.meter.gas_left })
}

/// The program's memory, as the kernel would map it page by page.
fn memory(workload: &Workload, layout: &Layout) -> Result<LocalMemory, EngineError> {
    let stack = layout.stack.first..layout.stack.end();
    let config = SpaceConfig { demand_zero: stack, arguments: 0..0, touch_gas: 0, store_gas: 0 };
    let mut memory = LocalMemory::new(config);
    let refused = |_| EngineError::refused("no memory");
    let data = |data: &[u8], index: u32| {
        let rest = data.get(index as usize * PAGE_BYTES..)?;
        let mut page = Page::zeroed();
        let len = rest.len().min(PAGE_BYTES);
        page.bytes_mut()[..len].copy_from_slice(&rest[..len]);
        Some(Arc::new(page))
    };
    for index in 0..layout.read_only_data.count {
        if let Some(page) = data(&workload.image.ro_data, index) {
            memory.map_read_only(layout.read_only_data.first + index, page).map_err(refused)?;
        }
    }
    for index in 0..layout.read_write_data.count {
        let page = data(&workload.image.rw_data, index);
        memory.map_copy_on_write(layout.read_write_data.first + index, page).map_err(refused)?;
    }
    if let Some(page) = data(&workload.arguments(), 0) {
        memory.map_read_only(ARGUMENTS_ADDRESS / PAGE_BYTES as u32, page).map_err(refused)?;
    }
    Ok(memory)
}
