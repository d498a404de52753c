//! Images ready to run: validated, decoded, with their pages cut.

use crate::arch::page_of;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, Ordering};
use javm_interpreter::Code;
use javm_isa::{BlobError, BranchTargets, Layout, LayoutError, OpcodeTable, Program};
use nub_abi::Hash;
use nub_state::{DataCap, DecodeError, Image, NoLoader, PAGE_BYTES, Page, StateError};

/// The opcode numbering of Images.
pub(crate) const TABLE: OpcodeTable = OpcodeTable::JamV1;

/// Why an Image is refused by `image_create`, a genesis, or the linker.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// The bytes are not one canonical Image object.
    #[error("not a canonical Image: {0}")]
    Decode(#[from] DecodeError),
    /// The program's container is malformed.
    #[error("the program's container is malformed: {0}")]
    Blob(#[from] BlobError),
    /// The code does not pass load validation.
    #[error("the program's code is invalid: {0}")]
    Code(#[from] javm_isa::ValidationError),
    /// The memory does not fit the address space.
    #[error("the program's memory does not fit: {0}")]
    Layout(#[from] LayoutError),
    /// An endpoint is not a block start.
    #[error("endpoint {number} is at {pc}, which does not start a basic block")]
    Endpoint {
        /// Its number.
        number: u16,
        /// Its pc.
        pc: u32,
    },
    /// There is no endpoint.
    #[error("the Image has no endpoint")]
    NoEndpoints,
}

/// In place of the gas interpreted: compiling it failed.
const NEVER_COMPILE: u64 = u64::MAX;

/// An Image ready to run.
pub(crate) struct LoadedImage {
    hash: Hash,
    encoded_bytes: u64,
    sizes: MemorySizes,
    endpoints: Vec<(u16, u32)>,
    program: Arc<Program>,
    code: Code,
    /// Gas that was interpreted of it, or [`NEVER_COMPILE`]. Decides when it is compiled and nothing else.
    interpreted_gas: AtomicU64,
    read_only_pages: Vec<Arc<Page>>,
    data_pages: Vec<Arc<Page>>,
}

impl LoadedImage {
    /// Makes an Image that σ holds, or that [`validate_image`] accepted, ready to run.
    pub(crate) fn new(image: &Image, hash: Hash, encoded_bytes: u64) -> Result<Self, BlobError> {
        let program = Arc::new(Program::parse(&image.program)?);
        Ok(Self {
            hash,
            encoded_bytes,
            sizes: MemorySizes::of(image),
            endpoints: image.endpoints.clone(),
            code: Code::new(&program, TABLE),
            program,
            interpreted_gas: AtomicU64::new(0),
            read_only_pages: pages_of(&image.ro_data),
            data_pages: pages_of(&image.rw_data),
        })
    }

    /// The Image's hash, which identifies it for touch charges.
    pub(crate) fn hash(&self) -> Hash {
        self.hash
    }

    /// Bytes of the Image's encoding, which its first touch in a block is charged by.
    pub(crate) fn encoded_bytes(&self) -> u64 {
        self.encoded_bytes
    }

    /// The decoded program.
    pub(crate) fn code(&self) -> &Code {
        &self.code
    }

    /// The program.
    pub(crate) fn program(&self) -> &Arc<Program> {
        &self.program
    }

    /// Whether compiling it has not failed.
    pub(crate) fn is_compilable(&self) -> bool {
        self.interpreted_gas() != NEVER_COMPILE
    }

    /// Has it interpreted as long as it is held.
    pub(crate) fn never_compile(&self) {
        self.interpreted_gas.store(NEVER_COMPILE, Ordering::Relaxed);
    }

    /// Gas that was interpreted of it since it was loaded.
    pub(crate) fn interpreted_gas(&self) -> u64 {
        self.interpreted_gas.load(Ordering::Relaxed)
    }

    /// Adds to that.
    pub(crate) fn note_interpreted(&self, gas: u64) {
        if self.is_compilable() {
            let sum = self.interpreted_gas().saturating_add(gas).min(NEVER_COMPILE - 1);
            self.interpreted_gas.store(sum, Ordering::Relaxed);
        }
    }

    /// Where an endpoint starts.
    pub(crate) fn endpoint(&self, number: u16) -> Option<u32> {
        let index = self.endpoints.binary_search_by_key(&number, |(number, _)| *number).ok()?;
        Some(self.endpoints[index].1)
    }

    /// Page `index` of the read-only data.
    pub(crate) fn read_only_page(&self, index: u32) -> Arc<Page> {
        self.read_only_pages[index as usize].clone()
    }

    /// The memory a new Instance starts with. Made anew each time: sealed objects belong to one candidate.
    pub(crate) fn initial_memory(&self) -> Result<DataCap, StateError> {
        let pages = self.data_pages.len() as u64 + u64::from(self.sizes.heap_pages);
        let mut memory = DataCap::zeroed(pages * PAGE_BYTES as u64);
        for (number, page) in self.data_pages.iter().enumerate() {
            memory.set_page(number as u32, Some(page.clone()), &mut NoLoader)?;
        }
        Ok(memory)
    }

    /// The memory layout of a call with `args_bytes` octets of arguments.
    pub(crate) fn layout(&self, args_bytes: usize) -> Result<Layout, LayoutError> {
        self.sizes.layout(args_bytes)
    }

    /// About how much memory this takes, for the cache's budget.
    pub(crate) fn memory_bytes(&self) -> u64 {
        let pages = ((self.read_only_pages.len() + self.data_pages.len()) * PAGE_BYTES) as u64;
        // The program holds its code and a bit for each octet of it, and its jump table.
        pages + (self.code.memory_len_bytes() + 2 * self.program.code().len()) as u64
    }
}

/// What decides an Image's memory layout.
#[derive(Clone, Copy)]
struct MemorySizes {
    read_only_bytes: u32,
    read_write_bytes: u32,
    heap_pages: u32,
    stack_bytes: u32,
}

impl MemorySizes {
    fn of(image: &Image) -> Self {
        Self {
            read_only_bytes: saturating_u32(image.ro_data.len()),
            read_write_bytes: saturating_u32(image.rw_data.len()),
            heap_pages: image.heap_pages,
            stack_bytes: image.stack_bytes,
        }
    }

    fn layout(self, args_bytes: usize) -> Result<Layout, LayoutError> {
        Layout::new(
            self.read_only_bytes,
            self.read_write_bytes,
            self.heap_pages,
            self.stack_bytes,
            saturating_u32(args_bytes),
        )
    }
}

fn saturating_u32(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

/// Checks all that makes an Image runnable: container, code, sizes, endpoints. An Image in σ has passed.
///
/// # Errors
/// [`ImageError`] names the first rule broken.
pub fn validate_image(image: &Image) -> Result<(), ImageError> {
    let program = Program::parse(&image.program)?;
    program.validate(TABLE)?;
    MemorySizes::of(image).layout(0)?;
    if image.endpoints.is_empty() {
        return Err(ImageError::NoEndpoints);
    }
    let targets = BranchTargets::new(&program, TABLE);
    match image.endpoints.iter().find(|(_, pc)| !targets.contains(*pc)) {
        Some(&(number, pc)) => Err(ImageError::Endpoint { number, pc }),
        None => Ok(()),
    }
}

/// Data cut into pages, the last padded with zeros.
fn pages_of(data: &[u8]) -> Vec<Arc<Page>> {
    data.chunks(PAGE_BYTES).map(|chunk| Arc::new(page_of(chunk))).collect()
}
