//! One adapter for each engine. Each makes a program ready from its octets, then runs it.

mod guest;
mod interpreter;
mod javm;
mod native;
mod plain;
mod polkavm;

use std::time::Duration;

use nub::EnginePolicy;
use nub::hyperlight::{HyperlightError, is_required, unavailable};

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
    /// A long stretch gave something else than plain Rust.
    #[error("gives {result:#x} where {want:#x} is right")]
    Wrong {
        /// What it gave.
        result: u64,
        /// What is right.
        want: u64,
    },
    /// It makes nothing of a program before it runs it.
    #[error("not measured: it makes its tables when a program is first called")]
    Uncompiled,
    /// The environment has an engine for every micro-VM.
    #[error(
        "NUB_ENGINE is set and would decide which engine every micro-VM has, whatever a row says: unset it"
    )]
    EngineInEnvironment,
    /// There is no guest image.
    #[error("the guest is to be measured: {0}")]
    NoGuest(String),
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
/// The name of our recompiler in this process, on stretches as long as those of the guest.
pub const STRETCHED: &str = "nub, long stretches";
/// The name of our recompiler in the guest.
pub const GUEST: &str = "nub in the guest";
/// The name of our interpreter in the guest.
pub const GUEST_INTERPRETER: &str = "nub guest interpreter";
/// The names of all of ours.
pub const OURS: [&str; 5] = [INTERPRETER, RECOMPILER, STRETCHED, GUEST, GUEST_INTERPRETER];

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

/// Engines, and why others are not there.
pub type Found = (Vec<Box<dyn Engine>>, Vec<String>);

/// Those engines of the wanted that there are here. The guest is to run `eight` and compile `large`.
///
/// # Errors
/// [`EngineError`] if a micro-VM is not what its row would say, or there could be one and it does not start.
pub fn all(
    eight: &[Workload],
    large: &Workload,
    is_wanted: impl Fn(&str, Kind) -> bool,
) -> Result<Found, EngineError> {
    let mut engines: Vec<Box<dyn Engine>> = vec![Box::new(interpreter::Interpreter)];
    let mut missing = vec![];
    for stretch in [native::Stretch::Short, native::Stretch::Long] {
        match native::Native::new(stretch) {
            Ok(engine) => engines.push(Box::new(engine)),
            Err(error) => missing.push(format!("{}: {error}", stretch.name())),
        }
    }
    let in_guest = [
        (GUEST, Kind::Recompiler, EnginePolicy::Recompiler),
        (GUEST_INTERPRETER, Kind::Interpreter, EnginePolicy::Interpreter),
    ];
    for (name, _, policy) in in_guest.into_iter().filter(|(name, kind, _)| is_wanted(name, *kind)) {
        match no_kvm()? {
            Some(reason) => missing.push(format!("{name}: SKIPPED: {reason}")),
            None => engines.push(Box::new(guest::Guest::new(policy, eight, large)?)),
        }
    }
    for kind in polkavm::Sandbox::ALL {
        match polkavm::PolkaVm::new(kind) {
            Ok(engine) => engines.push(Box::new(engine)),
            Err(error) => missing.push(format!("{}: {error}", kind.name())),
        }
    }
    engines.extend([Box::new(javm::Javm::Interpreter) as Box<dyn Engine>, Box::new(javm::Javm::Recompiler)]);
    engines.push(Box::new(plain::Plain));
    engines.retain(|engine| is_wanted(engine.name(), engine.kind()));
    Ok((engines, missing))
}

/// Why there cannot be a micro-VM on this machine.
///
/// # Errors
/// [`EngineError`] if it is not the machine that stands in the way.
fn no_kvm() -> Result<Option<String>, EngineError> {
    if std::env::var_os("NUB_ENGINE").is_some_and(|value| !value.is_empty()) {
        return Err(EngineError::EngineInEnvironment);
    }
    match unavailable() {
        None => Ok(None),
        Some(missing) if matches!(missing, HyperlightError::NoKvm { .. }) && !is_required(&missing) => {
            Ok(Some(missing.to_string()))
        }
        Some(missing) => Err(EngineError::NoGuest(missing.to_string())),
    }
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
