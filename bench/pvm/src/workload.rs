//! The workloads: what is run, how often, and what it must give.

use javm_isa::{BlobError, Layout, LayoutError, OpcodeTable, Program};
use nub_state::{DecodeError, Image};

use crate::container::Parts;

/// The opcode numbering of the programs.
pub const TABLE: OpcodeTable = OpcodeTable::JamV1;
/// What a run may spend: enough for every workload, and few enough for a signed counter.
pub const GAS: u64 = 1 << 46;

/// The least count of instructions of the program that is only compiled.
const LARGE_INSTRUCTION_COUNT: usize = 164_000;

/// The kernel as plain Rust.
pub type Plain = fn(u32) -> u64;

/// A run that is long enough for what surrounds it to count for little.
#[derive(Clone, Copy, Debug)]
pub struct Stretch {
    /// How many runs' work it does; two at least.
    pub repeats: u32,
    /// What it must give.
    pub want: u64,
}

/// A program, and how it is run.
pub struct Workload {
    /// Its name.
    pub name: &'static str,
    /// The program with its data.
    pub image: Image,
    /// The program, parsed.
    pub program: Program,
    /// Where its endpoint starts.
    pub entry: u32,
    /// How often the kernel's work is done in a run.
    pub rounds: u32,
    /// The same as plain Rust; `None` where that has no meaning, as for host calls and generated programs.
    pub plain: Option<Plain>,
    /// What a run must give; `None` for programs that are compiled and not run.
    pub want: Option<u64>,
    /// A long run; `None` for programs that are compiled and not run.
    pub stretch: Option<Stretch>,
}

/// Why a workload cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum WorkloadError {
    /// The Image is malformed; build it anew.
    #[error(
        "the Image of {name} is malformed ({source}): `cargo xtask contracts --contracts bench/pvm/workloads` builds it anew"
    )]
    Image {
        /// The workload.
        name: &'static str,
        /// What is wrong.
        source: DecodeError,
    },
    /// Its program is malformed; build it anew.
    #[error(
        "the program of {name} is malformed ({source}): `cargo xtask contracts --contracts bench/pvm/workloads` builds it anew"
    )]
    Program {
        /// The workload.
        name: &'static str,
        /// What is wrong.
        source: BlobError,
    },
    /// It has no endpoint 0.
    #[error("{name} has no endpoint 0")]
    NoEndpoint {
        /// The workload.
        name: &'static str,
    },
}

macro_rules! image {
    ($name:literal) => {
        ($name, &include_bytes!(concat!("../workloads/", $name, "/", $name, ".image"))[..])
    };
}

impl Workload {
    /// The eight that are run.
    ///
    /// # Errors
    /// [`WorkloadError`].
    pub fn eight() -> Result<Vec<Workload>, WorkloadError> {
        let hostcall: Plain = |rounds| pvm_kernels::hostcall(rounds, || ());
        [
            Workload::new(image!("fib"), [10, 160], pvm_kernels::fib),
            Workload::new(image!("hostcall"), [10, 40], hostcall)
                .map(|hostcall| Workload { plain: None, ..hostcall }),
            Workload::new(image!("sort"), [1, 300], pvm_kernels::sort),
            Workload::new(image!("sieve"), [1, 1000], pvm_kernels::sieve),
            Workload::new(image!("blake2b"), [4, 900], pvm_kernels::blake2b),
            Workload::new(image!("keccak"), [4, 500], pvm_kernels::keccak),
            Workload::new(image!("ed25519"), [1, 500], pvm_kernels::ed25519),
            Workload::new(image!("ecrecover"), [1, 160], pvm_kernels::ecrecover),
        ]
        .into_iter()
        .collect()
    }

    /// A program for the compilers: the code of the others, one after another, over and over, to 164 000
    /// instructions. Jumps are relative, so each copy is as it was; only the jump table is moved. Before them is a
    /// trap, where a call ends at once.
    pub fn large(others: &[Workload]) -> Workload {
        let mut all = Parts { code: vec![0], starts: vec![true], jumps: vec![] };
        let mut instruction_count = 1;
        for Parts { code, starts, jumps } in others.iter().cycle().map(|other| Parts::of(&other.program)) {
            instruction_count += 1 + starts.iter().filter(|&&start| start).count();
            all.jumps.extend(jumps.iter().map(|&target| target + all.code.len() as u32));
            all.code.extend(code);
            all.starts.extend(starts);
            // A trap, so that no copy runs into the next.
            all.code.push(0);
            all.starts.push(true);
            if instruction_count >= LARGE_INSTRUCTION_COUNT {
                break;
            }
        }
        let image = Image { program: all.blob(), stack_bytes: 4096, ..Image::default() };
        let program = Program::parse(&image.program).expect("parts of well-formed programs make one");
        Workload {
            name: "large",
            image,
            program,
            entry: 0,
            rounds: 0,
            plain: None,
            want: None,
            stretch: None,
        }
    }

    fn new(
        (name, octets): (&'static str, &[u8]),
        [rounds, repeats]: [u32; 2],
        plain: Plain,
    ) -> Result<Workload, WorkloadError> {
        let image = Image::from_bytes(octets).map_err(|source| WorkloadError::Image { name, source })?;
        let program =
            Program::parse(&image.program).map_err(|source| WorkloadError::Program { name, source })?;
        let entry = image.endpoint(0).ok_or(WorkloadError::NoEndpoint { name })?;
        let (want, stretch) = (Some(plain(rounds)), Stretch { repeats, want: plain(rounds * repeats) });
        let (plain, stretch) = (Some(plain), Some(stretch));
        Ok(Workload { name, image, program, entry, rounds, plain, want, stretch })
    }

    /// Where the program's memory lies.
    ///
    /// # Errors
    /// [`LayoutError`] if it does not fit, which the linker has checked.
    pub fn layout(&self) -> Result<Layout, LayoutError> {
        let Image { ro_data, rw_data, heap_pages, stack_bytes, .. } = &self.image;
        Layout::new(ro_data.len() as u32, rw_data.len() as u32, *heap_pages, *stack_bytes, 4)
    }

    /// The arguments: how often.
    pub fn arguments(&self) -> [u8; 4] {
        self.rounds.to_le_bytes()
    }
}
