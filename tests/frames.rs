//! A platform that runs out of memory at any moment: the block is given up, nothing is recorded, and the same
//! block works once there is memory. Environmental failures are never receipts.

mod chain;

use chain::{call_args, event, probe};
use javm_interpreter::{Exit, Machine, Memory, Meter, Miss};
use javm_isa::{AccessKind, OpcodeTable, Program};
use nub::error::{Abort, ApplyError};
use nub::{Event, Hash, Params, SharedBlobs};
use nub_abi::rpc::{BootConfig, EnginePolicy};
use nub_arch_local::LocalMemory;
use nub_kernel::Kernel;
use nub_kernel::arch::{AddressSpace, Arch, PageState, SpaceConfig};
use nub_state::Page;
use parity_scale_codec::Encode;
use std::cell::Cell;
use std::convert::Infallible;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

/// How many more frames there are; each mapping, copy and address space takes one.
#[derive(Clone, Default)]
struct Frames(Rc<Cell<u64>>);

impl Frames {
    fn take(&self) -> Result<(), Abort> {
        let left = self.0.get().checked_sub(1).ok_or(Abort::OutOfFrames)?;
        self.0.set(left);
        Ok(())
    }
}

struct ScarceArch {
    frames: Frames,
    blobs: SharedBlobs,
}

/// Local memory that fails when the frames are used up. Faults it would answer itself miss then, as on
/// hardware when the reserve is empty.
struct ScarceMemory {
    frames: Frames,
    memory: LocalMemory,
}

impl Arch for ScarceArch {
    type Memory = ScarceMemory;
    type Blobs = SharedBlobs;
    type Native = Infallible;

    fn create_address_space(&mut self, config: SpaceConfig) -> Result<ScarceMemory, Abort> {
        self.frames.take()?;
        Ok(ScarceMemory { frames: self.frames.clone(), memory: LocalMemory::new(config) })
    }

    fn native_features(&mut self) -> u32 {
        0
    }

    fn compile(&mut self, _: &Arc<Program>, _: OpcodeTable, _: u64) -> Option<Infallible> {
        None
    }

    fn enter_native(
        &mut self,
        native: &Infallible,
        _: &mut Machine,
        _: &mut ScarceMemory,
    ) -> Result<Exit, Abort> {
        match *native {}
    }

    fn blobs(&mut self) -> &mut SharedBlobs {
        &mut self.blobs
    }
}

impl ScarceMemory {
    /// Whether an access may be tried: one that fills or copies a page needs a frame.
    fn admit(&mut self, address: u32, kind: AccessKind) -> Result<(), Miss> {
        let state = self.memory.page_state(address >> 12);
        let needs_frame = match (state, kind) {
            (PageState::Unmapped, _) => true,
            (PageState::CopyOnWrite, kind) => kind == AccessKind::Store,
            _ => false,
        };
        if needs_frame && self.frames.0.get() == 0 { Err(Miss) } else { Ok(()) }
    }
}

macro_rules! accesses {
    ($($load:ident, $store:ident, $type:ty;)*) => {$(
        fn $load(&mut self, address: u32, meter: &mut Meter) -> Result<$type, Miss> {
            self.admit(address, AccessKind::Load)?;
            self.memory.$load(address, meter)
        }

        fn $store(&mut self, address: u32, value: $type, meter: &mut Meter) -> Result<(), Miss> {
            self.admit(address, AccessKind::Store)?;
            self.memory.$store(address, value, meter)
        }
    )*};
}

impl Memory for ScarceMemory {
    accesses! {
        load_u8, store_u8, u8;
        load_u16, store_u16, u16;
        load_u32, store_u32, u32;
        load_u64, store_u64, u64;
    }

    fn is_mapped(&self, page: u32, kind: AccessKind) -> bool {
        self.memory.is_mapped(page, kind)
    }
}

impl AddressSpace for ScarceMemory {
    fn page_state(&self, page: u32) -> PageState {
        self.memory.page_state(page)
    }

    fn map_read_only(&mut self, page: u32, content: Arc<Page>) -> Result<(), Abort> {
        self.frames.take()?;
        self.memory.map_read_only(page, content)
    }

    fn map_copy_on_write(&mut self, page: u32, content: Option<Arc<Page>>) -> Result<(), Abort> {
        self.frames.take()?;
        self.memory.map_copy_on_write(page, content)
    }

    fn make_private(&mut self, page: u32) -> Result<(), Abort> {
        self.frames.take()?;
        self.memory.make_private(page)
    }

    fn read(&self, address: u32, out: &mut [u8]) {
        self.memory.read(address, out);
    }

    fn write(&mut self, address: u32, data: &[u8]) {
        self.memory.write(address, data);
    }

    fn unmap_pages(&mut self, pages: Range<u32>) {
        self.memory.unmap_pages(pages);
    }

    fn take_private(&mut self, pages: Range<u32>) -> Vec<(u32, Arc<Page>)> {
        self.memory.take_private(pages)
    }
}

/// A kernel at the test genesis with plenty of frames, its frames, and its root.
fn kernel() -> (Kernel<ScarceArch>, Frames, Hash) {
    let frames = Frames::default();
    frames.0.set(u64::MAX);
    let arch = ScarceArch { frames: frames.clone(), blobs: SharedBlobs::in_memory() };
    let config = BootConfig {
        seed: [0; 32],
        candidates_max: 1 << 20,
        candidate_bytes: 1 << 30,
        cache_bytes: 64 << 20,
        engine: EnginePolicy::Auto,
        code_bytes: 0,
    };
    let mut kernel = Kernel::new(arch, &config);
    let root = kernel.genesis(&chain::genesis(Params::default()).encode()).unwrap();
    (kernel, frames, root)
}

fn block(root: Hash, events: Vec<Event>) -> Vec<u8> {
    let block = nub::Block {
        version: nub::PROTOCOL_VERSION,
        chain_id: chain::CHAIN_ID,
        prior_root: root,
        height: 1,
        timestamp: chain::GENESIS_TIME,
        randomness: [0; 32],
        events,
    };
    block.to_bytes()
}

#[test]
fn running_out_of_frames_at_any_allocation_is_never_a_verdict() {
    let deep = call_args(1, probe::COUNT, 1_000_000, &[], &[]);
    let events = vec![
        event(probe::STORE_PAGES, [&1u32.to_le_bytes()[..], &6u32.to_le_bytes(), &[1]].concat()),
        event(probe::CALL, deep),
        event(probe::RECURSE, 20u32.to_le_bytes().to_vec()),
        event(probe::CREATE, [&[10, 11, 1][..], &[5; 32], chain::PROBE_IMAGE].concat()),
    ];
    let (mut kernel, frames, root) = kernel();
    let bytes = block(root, events);
    let expected = kernel.apply_block(root, &bytes).unwrap();
    assert!(expected.1.receipts.iter().all(|receipt| receipt.status == nub::Status::Success));
    kernel.rollback();
    let mut aborted = 0u64;
    for available in 0.. {
        frames.0.set(available);
        match kernel.apply_block(root, &bytes) {
            Err(ApplyError::Abort(Abort::OutOfFrames)) => aborted += 1,
            Err(other) => panic!("with {available} frames: {other}"),
            Ok(result) => {
                assert_eq!(result, expected);
                break;
            }
        }
        let health = kernel.health_check();
        assert_eq!((health.candidates, health.pending_objects), (0, 0));
    }
    assert!(aborted > 30, "{aborted}");
}
