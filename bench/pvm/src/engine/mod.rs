//! One adapter for each engine. Each makes a program ready from its octets, then runs it.

mod interpreter;
mod javm;
mod native;
mod plain;
mod polkavm;

use std::time::Duration;

use crate::workload::Workload;

/// What an engine is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It interprets.
    Interpreter,
    /// It makes machine code.
    Recompiler,
    /// No virtual machine: the kernel itself.
    Plain,
}

/// What one turn gave.
#[derive(Clone, Debug)]
pub struct Turn {
    /// From the program's octets to something that can run; `None` where that is not measured.
    pub ready: Option<Duration>,
    /// The first run.
    pub first: Duration,
    /// The second run, everything being warm; `None` if the program is not run.
    pub run: Option<Duration>,
    /// What the runs gave.
    pub result: Option<u64>,
    /// What a run cost, in the engine's own gas.
    pub gas: u64,
    /// Octets of machine code.
    pub code_len_bytes: Option<usize>,
}

/// Why a turn failed.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// It refused the program.
    #[error("refuses the program: {0}")]
    Refused(String),
    /// The program ended otherwise than by returning.
    #[error("the run ended with {0}")]
    Ended(String),
    /// The two runs differ.
    #[error("one run gave {first:#x}, the next {second:#x}")]
    Unsteady {
        /// The first result.
        first: u64,
        /// The second one.
        second: u64,
    },
}

impl EngineError {
    fn refused(reason: impl ToString) -> EngineError {
        EngineError::Refused(reason.to_string())
    }

    fn ended(how: impl std::fmt::Debug) -> EngineError {
        EngineError::Ended(format!("{how:?}"))
    }
}

/// Our interpreter's name in reports.
pub const INTERPRETER: &str = "nub interpreter";
/// The name of our recompiler in this process.
pub const RECOMPILER: &str = "nub recompiler";
/// The name of our recompiler in the guest.
pub const GUEST: &str = "nub in the guest";

/// An engine.
pub trait Engine {
    /// Its name in reports.
    fn name(&self) -> &'static str;

    /// What it is.
    fn kind(&self) -> Kind;

    /// One turn: the program made ready, and run twice unless it is for compilers only.
    ///
    /// # Errors
    /// [`EngineError`].
    fn turn(&mut self, workload: &Workload) -> Result<Turn, EngineError>;
}

/// The engines there are here, and why others are not.
///
/// The guest's place is here too; it is not measured yet.
pub fn all() -> (Vec<Box<dyn Engine>>, Vec<String>) {
    let mut engines: Vec<Box<dyn Engine>> = vec![Box::new(interpreter::Interpreter)];
    let mut missing = vec![format!("{GUEST}: not measured yet")];
    match native::Native::new() {
        Ok(engine) => engines.push(Box::new(engine)),
        Err(error) => missing.push(format!("{RECOMPILER}: {error}")),
    }
    for kind in polkavm::Sandbox::ALL {
        match polkavm::PolkaVm::new(kind) {
            Ok(engine) => engines.push(Box::new(engine)),
            Err(error) => missing.push(format!("{}: {error}", kind.name())),
        }
    }
    engines.extend([Box::new(javm::Javm::Interpreter) as Box<dyn Engine>, Box::new(javm::Javm::Recompiler)]);
    engines.push(Box::new(plain::Plain));
    (engines, missing)
}

/// What a turn of an engine consists of, so that all of them are measured in the same way.
///
/// # Errors
/// What `run` gives, and [`EngineError::Unsteady`].
fn twice<V>(
    vm: &mut V,
    ready: Duration,
    code_len_bytes: Option<usize>,
    is_run: bool,
    mut run: impl FnMut(&mut V) -> Result<Ran, EngineError>,
) -> Result<Turn, EngineError> {
    let mut turn =
        Turn { ready: Some(ready), first: Duration::ZERO, run: None, result: None, gas: 0, code_len_bytes };
    if is_run {
        let (first, second) = (run(vm)?, run(vm)?);
        if first.result != second.result {
            return Err(EngineError::Unsteady { first: first.result, second: second.result });
        }
        (turn.first, turn.run) = (first.time, Some(second.time));
        (turn.result, turn.gas) = (Some(second.result), second.gas);
    }
    Ok(turn)
}

/// One run.
struct Ran {
    time: Duration,
    result: u64,
    gas: u64,
}

/// A result's octets as a number.
fn number(octets: &[u8]) -> Result<u64, EngineError> {
    octets
        .try_into()
        .map(u64::from_le_bytes)
        .map_err(|_| EngineError::ended("a result that is not eight octets"))
}

/// The host call that ends a call with a result.
const RETURN: u64 = nub_abi::host_call::HostCall::Return as u64;
/// Where r7 and r8 are: a host call's first arguments, and its answer.
const R7: usize = 7;
/// The second argument.
const R8: usize = 8;
