//! What the kernel asks of the platform below it. The kernel names no platform; this is the whole seam.
//!
//! Two backends implement it: one in the host process with software page tables, one in ring 0 of a
//! micro-VM with hardware page tables. Programs cannot tell them apart.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::convert::Infallible;
use core::ops::Range;
use javm_interpreter::{Exit, Machine, Memory};
use javm_isa::{OpcodeTable, Program};
use nub_abi::Hash;
use nub_abi::error::{Abort, OpenError, StoreError};
use nub_abi::rpc::StoreConfig;
use nub_state::Page;

/// A platform: address spaces, an engine of its own if it has one, and the way to the host's blobs.
pub trait Arch {
    /// One call's working memory.
    type Memory: AddressSpace;
    /// Where committed objects live.
    type Blobs: Blobs;
    /// A program as machine code, loaded; [`Infallible`] where there is only the interpreter.
    type Native: NativeCode;

    /// An empty address space: nothing is mapped.
    fn create_address_space(&mut self, config: SpaceConfig) -> Result<Self::Memory, Abort>;

    /// The processor's optional instructions that machine code may use, as a number of the platform's own.
    /// Code is kept under it.
    fn native_features(&mut self) -> u32;

    /// Makes machine code of a program, in at most about `memory_bytes_max` of memory. `None` if there is no
    /// engine or no memory for it, or the program is beyond it: the interpreter runs it then.
    fn compile(
        &mut self,
        program: &Arc<Program>,
        table: OpcodeTable,
        memory_bytes_max: u64,
    ) -> Option<Self::Native>;

    /// Runs a program as machine code to its next exit: the same as [`javm_interpreter::run`], to the last
    /// unit of gas.
    ///
    /// # Errors
    /// [`Abort::Engine`] if the code did what no program can make it do; the machine and the memory are
    /// worth nothing then.
    fn enter_native(
        &mut self,
        native: &Self::Native,
        machine: &mut Machine,
        memory: &mut Self::Memory,
    ) -> Result<Exit, Abort>;

    /// Bytes free for the kernel's objects, beside what the platform keeps for finishing and answering what was
    /// begun; `None` where memory has no limit of its own.
    fn free_bytes(&self) -> Option<u64> {
        None
    }

    /// The store of committed objects.
    fn blobs(&mut self) -> &mut Self::Blobs;
}

/// Machine code of one program, where it can be run. Dropping it frees its memory.
pub trait NativeCode {
    /// Octets of machine code.
    fn code_bytes(&self) -> u64;

    /// About how much memory it takes, its tables included.
    fn memory_bytes(&self) -> u64;
}

impl NativeCode for Infallible {
    fn code_bytes(&self) -> u64 {
        match *self {}
    }

    fn memory_bytes(&self) -> u64 {
        match *self {}
    }
}

/// What an address space must know to answer a fault without asking the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpaceConfig {
    /// Page numbers that read as zeros and may be written: the stack. The fault path fills these by itself.
    pub demand_zero: Range<u32>,
    /// Page numbers of the arguments, which [`AddressSpace::map_octets`] is about to map: a hint.
    pub arguments: Range<u32>,
    /// Gas for the first touch of a page.
    pub touch_gas: u64,
    /// Gas for the first store to a page, beside its touch.
    pub store_gas: u64,
}

/// How a page of an address space stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageState {
    /// Not mapped: any access misses, or is filled if it is a demand-zero page.
    Unmapped,
    /// Mapped; a store misses.
    ReadOnly,
    /// Mapped, shared with an object; the first store copies.
    CopyOnWrite,
    /// Mapped and this address space's own; it has been stored to.
    Private,
}

/// One call's 2³² octets in 4 KiB pages, empty at first.
///
/// # Faults
/// A load or store through [`Memory`] that does not cross a page has one of four outcomes:
/// 1. *demand-zero*: an unmapped page in [`SpaceConfig::demand_zero`] costs `touch_gas` (and `store_gas`
///    for a store) and one of `pages_left`, and is mapped: copy-on-write of zeros for a load, private for a store;
/// 2. *copy-on-write*: a store to a [`PageState::CopyOnWrite`] page costs `store_gas` and makes it private;
/// 3. *need page* and 4. *program fault*: a [`javm_interpreter::Miss`], with nothing charged or changed.
///
/// Where the meter does not cover the cost, and where no frame is free, the outcome is a miss too; the
/// kernel then finds the reason. An access that crosses pages succeeds only if it needs no charge, and
/// misses otherwise. The platform never calls back into the kernel.
pub trait AddressSpace: Memory {
    /// How the page stands.
    fn page_state(&self, page: u32) -> PageState;

    /// Maps a page of content read-only. The page must be unmapped.
    fn map_read_only(&mut self, page: u32, content: Arc<Page>) -> Result<(), Abort>;

    /// Maps a page read-only that begins with these octets, at most a page of them, and is zero behind. The page must be
    /// unmapped.
    fn map_octets(&mut self, page: u32, octets: &[u8]) -> Result<(), Abort> {
        self.map_read_only(page, Arc::new(page_of(octets)))
    }

    /// Maps a page of content copy-on-write; `None` is a page of zeros. The page must be unmapped.
    fn map_copy_on_write(&mut self, page: u32, content: Option<Arc<Page>>) -> Result<(), Abort>;

    /// Maps a page of content, or of zeros, as the address space's own: what mapping it copy-on-write and making it
    /// private comes to. The page must be unmapped.
    fn map_private(&mut self, page: u32, content: Option<Arc<Page>>) -> Result<(), Abort> {
        self.map_copy_on_write(page, content)?;
        self.make_private(page)
    }

    /// Makes a copy-on-write page private, as a store would, without charging.
    fn make_private(&mut self, page: u32) -> Result<(), Abort>;

    /// Copies octets out. Every page of the range must be mapped; the range must not wrap.
    fn read(&self, address: u32, out: &mut [u8]);

    /// Copies octets in. Every page of the range must be private; the range must not wrap.
    fn write(&mut self, address: u32, data: &[u8]);

    /// Unmaps the pages whose numbers lie in the range; what private ones held is gone.
    fn unmap_pages(&mut self, pages: Range<u32>);

    /// Takes the private pages whose numbers lie in the range, in ascending order, and unmaps them.
    fn take_private(&mut self, pages: Range<u32>) -> Vec<(u32, Arc<Page>)>;
}

/// A page that starts with `chunk` (at most a page long) and is zero after it.
pub(crate) fn page_of(chunk: &[u8]) -> Page {
    let mut page = Page::zeroed();
    page.bytes_mut()[..chunk.len()].copy_from_slice(chunk);
    page
}

/// Committed objects by hash. The host keeps them and never parses them.
pub trait Blobs {
    /// The encoded object of that hash, `None` if there is none. The caller verifies the hash.
    fn get(&mut self, hash: &Hash) -> Result<Option<Vec<u8>>, Abort>;

    /// Several objects, in few steps where the store can.
    fn get_many(&mut self, hashes: &[Hash]) -> Result<Vec<Option<Vec<u8>>>, Abort> {
        hashes.iter().map(|hash| self.get(hash)).collect()
    }

    /// Stores objects and then makes `root` the committed root, all or nothing, durable as the store promises.
    fn commit(&mut self, root: Hash, height: u64, objects: &[(Hash, Vec<u8>)]) -> Result<(), Abort>;

    /// Takes objects that the next commit's root will refer to, where the store can write them before; false if it
    /// cannot, and has not taken them.
    fn stage(&mut self, _: &[(Hash, Vec<u8>)]) -> Result<bool, Abort> {
        Ok(false)
    }

    /// Gives up what was staged: the commit does not come.
    fn give_up_staged(&mut self) {}

    /// What is wrong with the store though it commits: what its checkpoints and its collection met.
    fn fault(&self) -> Option<Abort> {
        None
    }

    /// Opens the store that is on a device, or makes one; gives its committed root.
    ///
    /// # Errors
    /// [`OpenError`]; [`StoreError::NoDevice`] where somebody else keeps the objects.
    fn open(&mut self, _: &StoreConfig) -> Result<Option<Hash>, OpenError> {
        Err(StoreError::NoDevice.into())
    }

    /// Whose state the store holds, if it knows.
    fn chain_id(&self) -> Option<u64> {
        None
    }
}
