//! Why there is no Image.

use std::io;
use std::path::PathBuf;

use crate::symbols::SymbolError;

/// Why an ELF does not become an Image. The contract's author is at fault, except for
/// [`LinkError::LinkerPanicked`] and [`LinkError::LayoutMismatch`].
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The linker refuses the ELF: it is not one, or holds what the PVM cannot run.
    #[error("polkavm's linker refuses the ELF: {0}")]
    Linker(#[from] polkavm_linker::ProgramFromElfError),
    /// The ELF is for another machine than contracts are made for.
    #[error("the ELF is for {found}, not for polkavm's 64-bit RISC-V; build it with `nub-link build`")]
    OtherMachine {
        /// The machine.
        found: String,
    },
    /// The ELF passes floating point in registers, which the PVM does not have.
    #[error(
        "the ELF uses floating point registers, which the PVM does not have; build it with `nub-link build`"
    )]
    FloatingPoint,
    /// The ELF is for RISC-V with 32 registers.
    #[error("the ELF is for RISC-V with 32 registers, the PVM has 13; build it with `nub-link build`")]
    OtherAbi,
    /// The ELF has an instruction that the PVM does not: of floating point, vectors, or the atomics it lacks.
    #[error("the ELF has an instruction that the PVM does not: {message}; {family}")]
    Instruction {
        /// What the linker said.
        message: String,
        /// What kind of instruction it is, and what to do.
        family: &'static str,
    },
    /// The ELF refers to something that nobody defines.
    #[error("the ELF refers to what nobody defines: {message}; host calls come from nub-sdk")]
    Undefined {
        /// What the linker said.
        message: String,
    },
    /// A line of the TypeDef cannot be read.
    #[error("the contract's types cannot be read at {line:?}; are nub-sdk and nub-link of one version?")]
    TypeLine {
        /// The line.
        line: String,
    },
    /// Two events have one topic.
    #[error("events `{first}` and `{second}` have one topic; give one another by `#[event(topic = \"…\")]`")]
    TypeClash {
        /// One.
        first: String,
        /// The other.
        second: String,
    },
    /// The TypeDef does not describe the endpoints there are.
    #[error("the described endpoints are not those exported; use `#[contract]` or `endpoints!`, not both")]
    TypesOfOthers,
    /// The linker ran into a state its authors did not foresee.
    #[error("polkavm's linker panicked: {message}; the ELF is damaged, or this is a fault of the linker")]
    LinkerPanicked {
        /// What it said.
        message: String,
    },
    /// The linker's output cannot be read.
    #[error("the linked program cannot be read: {0}")]
    Blob(#[from] polkavm_linker::ProgramParseError),
    /// The program is for another instruction set.
    #[error("the linked program is for instruction set {found:?}, not JamV1")]
    InstructionSet {
        /// The instruction set.
        found: String,
    },
    /// An import or export has a wrong name.
    #[error(transparent)]
    Symbol(#[from] SymbolError),
    /// Nothing is exported.
    #[error("the contract has no endpoints; declare them with `nub_sdk::endpoints!`")]
    NoEndpoints,
    /// Two exports claim one number.
    #[error("endpoint {number} is both `{first}` and `{second}`; give each its own number")]
    DuplicateEndpoint {
        /// The number.
        number: u16,
        /// The name of one.
        first: String,
        /// The name of the other.
        second: String,
    },
    /// An endpoint is where no block of code starts.
    #[error("endpoint {number} is at {pc}, where no block of code starts")]
    EndpointNotABlock {
        /// The endpoint.
        number: u16,
        /// Its position in the code.
        pc: u32,
    },
    /// The program's container is malformed.
    #[error("the program's container is malformed: {0}")]
    Container(#[from] javm_isa::BlobError),
    /// The program may not be loaded.
    #[error("the program is not valid: {0}")]
    Program(#[from] javm_isa::ValidationError),
    /// The stack is not within the limits.
    #[error(
        "the stack has {bytes} octets; it must have {} to {} (`nub_sdk::stack_bytes!`)",
        crate::memory::STACK_BYTES_MIN,
        crate::memory::STACK_BYTES_MAX
    )]
    Stack {
        /// Its size in octets.
        bytes: u32,
    },
    /// Data, heap and stack do not fit.
    #[error("the contract's memory cannot be laid out: {0}")]
    Layout(#[from] javm_isa::LayoutError),
    /// The linker placed the data elsewhere than the kernel will.
    #[error("the linker placed read-write data at {linker:#x}, the kernel places it at {kernel:#x}")]
    LayoutMismatch {
        /// The linker's address.
        linker: u32,
        /// The kernel's address.
        kernel: u32,
    },
    /// The Image is longer than a chain accepts by default.
    #[error(
        "the image has {bytes} octets, the limit is {limit}; make the contract smaller, or use --max-bytes"
    )]
    TooLarge {
        /// Octets of the encoded Image.
        bytes: usize,
        /// The most there may be.
        limit: usize,
    },
    /// The Image does not decode to itself.
    #[error("the image is refused by its own decoder: {0}")]
    Refused(#[from] nub_state::DecodeError),
}

/// Why the contracts of a folder were not built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// There is nothing to build with.
    #[error(transparent)]
    Toolchain(#[from] nub_build::ToolchainError),
    /// A file or folder cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No contract is in the folder.
    #[error("{} has no folder with a Cargo.toml and src/main.rs", path.display())]
    NoContracts {
        /// The folder.
        path: PathBuf,
    },
    /// The contract calls a function that nobody defines.
    #[error("undefined symbol `{symbol}`; host calls come from nub-sdk, and there is no libc")]
    UndefinedSymbol {
        /// The function.
        symbol: String,
    },
    /// The toolchain cannot build the standard library for the PVM.
    #[error(
        "the toolchain lacks the source of its standard library; run `cargo xtask setup`, or `rustup component add rust-src`"
    )]
    NoStandardLibrary,
    /// The compiler failed; it said why on the standard error output.
    #[error("building the contracts in {} failed", path.display())]
    Cargo {
        /// The folder.
        path: PathBuf,
    },
    /// The package has no program.
    #[error("{} has no binary; a contract is a crate with src/main.rs", path.display())]
    NoBinary {
        /// The package's folder.
        path: PathBuf,
    },
    /// A contract compiled but does not link.
    #[error("contract {name}: {source}")]
    Link {
        /// Which.
        name: String,
        /// Why.
        source: LinkError,
    },
}

impl BuildError {
    /// For `map_err`: an I/O error at `path`.
    pub fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> BuildError {
        let path = path.into();
        move |source| BuildError::Io { path, source }
    }
}
