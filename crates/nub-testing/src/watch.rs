//! A platform whose engine is somebody who watches: the kernel's own rules, in this process, with every program run under
//! the eyes of a [`Watcher`].

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use javm_interpreter::{Code, Exit, Machine};
use javm_isa::{OpcodeTable, Program};
use nub::{Genesis, Hash, MemoryBlobs, Query};
use nub_abi::error::Abort;
use nub_abi::rpc::{BootConfig, EnginePolicy};
use nub_arch_local::{LocalArch, LocalMemory};
use nub_kernel::Kernel;
use nub_kernel::arch::{AddressSpace, Arch, NativeCode, PageState, SpaceConfig};
use parity_scale_codec::Encode;

/// The most octets of a program's memory that are copied to be shown.
const SHOWN_BYTES_MAX: u64 = 4096;

/// Runs programs, and sees what they do.
pub trait Watcher {
    /// Runs a program to its next exit: the same as [`javm_interpreter::run`] on `program.code()`.
    fn run(&mut self, program: &Watched, machine: &mut Machine, memory: &mut LocalMemory) -> Exit;
}

/// A program that is watched.
#[derive(Clone)]
pub struct Watched {
    program: Arc<Program>,
    code: Arc<Code>,
}

impl Watched {
    /// The program.
    pub fn program(&self) -> &Arc<Program> {
        &self.program
    }

    /// The program, ready to run.
    pub fn code(&self) -> &Code {
        &self.code
    }
}

impl NativeCode for Watched {
    fn code_bytes(&self) -> u64 {
        u64::from(self.program.code_len_bytes())
    }

    fn memory_bytes(&self) -> u64 {
        self.code_bytes()
    }
}

/// The platform.
pub struct WatchedArch<W> {
    local: LocalArch<MemoryBlobs>,
    watcher: Rc<RefCell<W>>,
}

impl<W: Watcher> Arch for WatchedArch<W> {
    type Memory = LocalMemory;
    type Blobs = MemoryBlobs;
    type Native = Watched;

    fn create_address_space(&mut self, config: SpaceConfig) -> Result<LocalMemory, Abort> {
        self.local.create_address_space(config)
    }

    fn native_features(&mut self) -> u32 {
        0
    }

    fn compile(&mut self, program: &Arc<Program>, table: OpcodeTable, _: u64) -> Option<Watched> {
        Some(Watched { program: program.clone(), code: Arc::new(Code::new(program, table)) })
    }

    fn enter_native(
        &mut self,
        native: &Watched,
        machine: &mut Machine,
        memory: &mut LocalMemory,
    ) -> Result<Exit, Abort> {
        Ok(self.watcher.borrow_mut().run(native, machine, memory))
    }

    fn blobs(&mut self) -> &mut MemoryBlobs {
        self.local.blobs()
    }
}

/// A kernel whose programs are watched.
pub struct WatchedKernel<W: Watcher> {
    kernel: Kernel<WatchedArch<W>>,
    watcher: Rc<RefCell<W>>,
    root: Hash,
}

impl<W: Watcher> WatchedKernel<W> {
    /// A kernel without a state.
    pub fn new(watcher: W) -> Self {
        let watcher = Rc::new(RefCell::new(watcher));
        let arch = WatchedArch { local: LocalArch::new(MemoryBlobs::default()), watcher: watcher.clone() };
        let config = BootConfig {
            seed: [0; 32],
            candidates_max: u32::MAX,
            candidate_bytes: u64::MAX,
            cache_bytes: 64 << 20,
            engine: EnginePolicy::Recompiler,
            code_bytes: 64 << 20,
        };
        WatchedKernel { kernel: Kernel::new(arch, &config), watcher, root: Hash::ZERO }
    }

    /// Makes the first state. `None` if it is refused.
    pub fn genesis(&mut self, genesis: &Genesis) -> Option<()> {
        self.root = self.kernel.genesis(&genesis.encode()).ok()?;
        Some(())
    }

    /// Applies a block to the last state. `None` if it is refused.
    pub fn apply(&mut self, block: &[u8]) -> Option<()> {
        self.apply_receipts(block).map(|_| ())
    }

    /// As [`apply`](Self::apply), with the receipts.
    pub fn apply_receipts(&mut self, block: &[u8]) -> Option<Vec<nub::Receipt>> {
        let (root, summary) = self.kernel.apply_block(self.root, block).ok()?;
        self.root = root;
        Some(summary.receipts)
    }

    /// Runs a query. `None` if it is refused.
    pub fn query(&mut self, query: &Query) -> Option<()> {
        self.kernel.query(query).ok().map(|_| ())
    }

    /// The last state's root.
    pub fn root(&self) -> Hash {
        self.root
    }

    /// Asks the watcher.
    pub fn watcher<R>(&self, ask: impl FnOnce(&mut W) -> R) -> R {
        ask(&mut self.watcher.borrow_mut())
    }
}

/// Octets of a program's memory, if all their pages are mapped and they are not too many to show.
pub fn peek(memory: &LocalMemory, address: u64, len_bytes: u64) -> Option<Vec<u8>> {
    let (address, len_bytes) = (address & 0xFFFF_FFFF, len_bytes & 0xFFFF_FFFF);
    if len_bytes == 0 {
        return Some(Vec::new());
    }
    let end = address.checked_add(len_bytes).filter(|&end| end <= 1 << 32)?;
    if len_bytes > SHOWN_BYTES_MAX {
        return None;
    }
    let mut pages = (address >> 12)..=((end - 1) >> 12);
    if pages.any(|page| memory.page_state(page as u32) == PageState::Unmapped) {
        return None;
    }
    let mut octets = vec![0; len_bytes as usize];
    memory.read(address as u32, &mut octets);
    Some(octets)
}
