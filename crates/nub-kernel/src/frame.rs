//! One call in progress: an Instance being run, its memory, its machine.

use crate::arch::{AddressSpace, Arch, SpaceConfig};
use crate::program::LoadedImage;
use crate::runtime::Runtime;
use crate::stop::{Stop, charge, invariant, price};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;
use javm_interpreter::{Machine, Meter};
use javm_isa::{Layout, PAGE_SIZE_BYTES};
use nub_abi::error::Abort;
use nub_abi::{Badge, Growth, InstanceId, Params, Status};
use nub_state::{CNode, Instance, Key, Link, Refused};

/// A call in progress. Its Instance is a working copy, written back only if it succeeds.
pub(crate) struct Frame<A: Arch> {
    pub(crate) id: InstanceId,
    pub(crate) instance: Instance,
    /// Whether the working copy differs from what it was read as.
    pub(crate) changed: bool,
    pub(crate) image: Arc<LoadedImage>,
    pub(crate) layout: Layout,
    pub(crate) space: A::Memory,
    pub(crate) machine: Machine,
    /// The machine code it runs as, once it does.
    pub(crate) native: Option<Arc<A::Native>>,
    pub(crate) origin: Origin,
    /// DataCaps it has mapped into its window.
    pub(crate) views: Vec<View>,
    /// Output of the last call it made.
    pub(crate) last_output: Vec<u8>,
    /// Storage it and its finished callees added.
    pub(crate) growth: Growth,
    /// Where the journal and the logs stood when it began.
    pub(crate) mark: Mark,
}

/// Who called, and with what.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origin {
    /// The calling Instance; `None` for an event or query.
    pub(crate) caller: Option<InstanceId>,
    /// The badge of the Ref used.
    pub(crate) badge: Badge,
    /// The capabilities passed.
    pub(crate) passed: Passed,
}

/// Capabilities passed with a call: slots 0, 1, … of a CNode that belongs to the frame and ends with it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Passed {
    cnode: CNode,
    count: usize,
}

impl Passed {
    /// Adds one. There are at most 256, for that many selectors there are.
    pub(crate) fn push<A: Arch>(
        &mut self,
        link: Link,
        runtime: &mut Runtime<A>,
    ) -> Result<Result<(), Refused>, Abort> {
        let slot = u8::try_from(self.count).map_err(|_| invariant("more than 256 capabilities passed"))?;
        let put = self.cnode.insert(&Key::slot(slot), link, runtime)?;
        Ok(put.map(|_| self.count += 1))
    }

    /// The one of that index.
    pub(crate) fn get<A: Arch>(&self, index: u64, runtime: &mut Runtime<A>) -> Result<Option<Link>, Abort> {
        match u8::try_from(index) {
            Ok(slot) => Ok(self.cnode.get(&Key::slot(slot), runtime)?.value),
            Err(_) => Ok(None),
        }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// What holds them.
    pub(crate) fn into_link(self) -> Link {
        Link::new(self.cnode)
    }
}

/// A read-only view of part of a DataCap in a window.
#[derive(Clone, Debug)]
pub(crate) struct View {
    /// The pages of the window.
    pub(crate) pages: Range<u32>,
    /// The DataCap as it was when mapped.
    pub(crate) data: Link,
    /// The page of the DataCap at the first page of the view.
    pub(crate) data_page: u32,
    /// The pages of the window that are mapped.
    pub(crate) mapped: Vec<u32>,
}

/// A point to undo back to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mark {
    pub(crate) journal: usize,
    pub(crate) logs: usize,
}

/// What a frame is entered with.
pub(crate) struct Entry {
    pub(crate) id: InstanceId,
    pub(crate) instance: Instance,
    pub(crate) image: Arc<LoadedImage>,
    pub(crate) pc: u32,
    pub(crate) origin: Origin,
    pub(crate) mark: Mark,
}

impl<A: Arch> Frame<A> {
    /// Builds the frame, maps and pays its argument pages and its top stack page.
    ///
    /// A [`Stop::Fail`] is the callee's failure; it has then used the whole meter if it ran out of gas,
    /// and what was charged otherwise.
    pub(crate) fn enter(
        arch: &mut A,
        params: &Params,
        entry: Entry,
        args: &[u8],
        meter: Meter,
    ) -> Result<Self, (Stop, Meter)> {
        let layout = match entry.image.layout(args.len()) {
            Ok(layout) => layout,
            Err(_) => return Err((Stop::Fail(Status::LimitExceeded), meter)),
        };
        let config = SpaceConfig {
            demand_zero: layout.stack.first..layout.stack.end(),
            arguments: layout.arguments.first..layout.arguments.end(),
            touch_gas: params.gas.page_touch,
            store_gas: params.gas.page_store,
        };
        let space = match arch.create_address_space(config) {
            Ok(space) => space,
            Err(abort) => return Err((Stop::Abort(abort), meter)),
        };
        let mut frame = Self {
            id: entry.id,
            instance: entry.instance,
            changed: false,
            machine: Machine::new(layout.entry_registers(), entry.pc, meter),
            native: None,
            image: entry.image,
            layout,
            space,
            origin: entry.origin,
            views: Vec::new(),
            last_output: Vec::new(),
            growth: Growth::default(),
            mark: entry.mark,
        };
        match frame.map_entry_pages(params, args) {
            Ok(()) => Ok(frame),
            Err(stop) => Err((stop, frame.machine.meter)),
        }
    }

    /// Argument pages are touched, the top stack page is touched and stored to.
    fn map_entry_pages(&mut self, params: &Params, args: &[u8]) -> Result<(), Stop> {
        let meter = &mut self.machine.meter;
        let stack_pages = self.layout.stack.count.min(1);
        let pages = self.layout.arguments.count + stack_pages;
        charge(meter, price(params.gas.page_touch, pages as usize))?;
        charge(meter, price(params.gas.page_store, stack_pages as usize))?;
        meter.pages_left = meter.pages_left.checked_sub(pages).ok_or(Stop::Fail(Status::LimitExceeded))?;
        for (index, chunk) in args.chunks(PAGE_SIZE_BYTES as usize).enumerate() {
            let page = self.layout.arguments.first + index as u32;
            self.space.map_octets(page, chunk)?;
        }
        if stack_pages == 1 {
            let top = self.layout.stack.end() - 1;
            self.space.map_private(top, None)?;
        }
        Ok(())
    }

    /// The Instance's memory as it was when the frame began.
    pub(crate) fn memory(&self) -> &Link {
        &self.instance.memory
    }
}
