//! Pages on demand: what happens when a load, a store or a host call meets a page that is not there.
//!
//! A page is paid at its first touch and at its first store, at that instruction and before it takes
//! effect, whether the platform could fill it by itself or asks here (docs/spec/gas.md).

use crate::arch::{AddressSpace, Arch, PageState};
use crate::frame::Frame;
use crate::runtime::Runtime;
use crate::stop::{Stop, charge};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use javm_isa::{Access, AccessKind, Fault, PAGE_SIZE_BYTES, classify};
use nub_abi::error::Abort;
use nub_abi::{Params, Status};
use nub_state::Page;

impl<A: Arch> Frame<A> {
    /// Makes every page of the access ready, lower pages first, and charges what is due; or says why not.
    /// Accessibility of the whole access is checked first: a faulting access pays nothing.
    pub(crate) fn resolve(
        &mut self,
        runtime: &mut Runtime<A>,
        params: &Params,
        access: Access,
    ) -> Result<(), Stop> {
        match classify(access, |page| self.is_accessible(page, access.kind)) {
            None => {}
            Some(Fault::LowMemory) => return Err(Stop::Fail(Status::Panicked)),
            Some(Fault::Page { .. }) => return Err(Stop::Fail(Status::Faulted)),
        }
        runtime.make_room(u64::from(access.len_bytes))?;
        let Some(last_octet) = access.len_bytes.checked_sub(1).map(|len| access.address + len) else {
            return Ok(());
        };
        for page in access.address / PAGE_SIZE_BYTES..=last_octet / PAGE_SIZE_BYTES {
            self.ready_page(runtime, params, page, access.kind)?;
        }
        Ok(())
    }

    fn ready_page(
        &mut self,
        runtime: &mut Runtime<A>,
        params: &Params,
        page: u32,
        kind: AccessKind,
    ) -> Result<(), Stop> {
        if self.space.page_state(page) == PageState::Unmapped {
            let meter = &mut self.machine.meter;
            charge(meter, params.gas.page_touch)?;
            meter.pages_left = meter.pages_left.checked_sub(1).ok_or(Stop::Fail(Status::LimitExceeded))?;
            return self.map_page(runtime, params, page, kind);
        }
        if kind == AccessKind::Store && self.space.page_state(page) == PageState::CopyOnWrite {
            charge(&mut self.machine.meter, params.gas.page_store)?;
            self.space.make_private(page)?;
        }
        Ok(())
    }

    /// Maps an accessible page with what it held when the frame began, to be accessed in this way; a store is charged.
    fn map_page(
        &mut self,
        runtime: &mut Runtime<A>,
        params: &Params,
        page: u32,
        kind: AccessKind,
    ) -> Result<(), Stop> {
        let layout = &self.layout;
        if layout.read_only_data.contains(page) {
            let content = self.image.read_only_page(page - layout.read_only_data.first);
            Ok(self.space.map_read_only(page, content)?)
        } else if layout.read_write_data.contains(page) {
            let number = page - layout.read_write_data.first;
            let content = runtime.memory_page(self.memory(), number)?;
            self.map_writable(params, page, content, kind)
        } else if let Some(view) = self.views.iter_mut().find(|view| view.pages.contains(&page)) {
            let number = view.data_page + (page - view.pages.start);
            let content = runtime.memory_page(&view.data, number)?;
            view.mapped.push(page);
            Ok(self.space.map_read_only(page, content.unwrap_or_else(|| Arc::new(Page::zeroed())))?)
        } else {
            // The stack. Argument pages are mapped at entry.
            self.map_writable(params, page, None, kind)
        }
    }

    /// Maps a page that may be stored to; if it is about to be, charged and as the frame's own at once.
    fn map_writable(
        &mut self,
        params: &Params,
        page: u32,
        content: Option<Arc<Page>>,
        kind: AccessKind,
    ) -> Result<(), Stop> {
        match kind {
            AccessKind::Load => Ok(self.space.map_copy_on_write(page, content)?),
            AccessKind::Store => {
                charge(&mut self.machine.meter, params.gas.page_store)?;
                Ok(self.space.map_private(page, content)?)
            }
        }
    }

    /// Whether the program may access the page in this way. The last page of memory is in no region, so
    /// an accessible range never wraps.
    fn is_accessible(&self, page: u32, kind: AccessKind) -> bool {
        let layout = &self.layout;
        let writable = layout.read_write_data.contains(page) || layout.stack.contains(page);
        let readable = layout.read_only_data.contains(page) || layout.arguments.contains(page);
        writable
            || (kind == AccessKind::Load
                && (readable || self.views.iter().any(|view| view.pages.contains(&page))))
    }

    /// Reads a range the program named. A range it may not read fails the frame.
    pub(crate) fn read_range(
        &mut self,
        runtime: &mut Runtime<A>,
        params: &Params,
        range: ProgramRange,
    ) -> Result<Vec<u8>, Stop> {
        self.resolve(runtime, params, range.access(AccessKind::Load))?;
        let mut bytes = vec![0; range.len_bytes as usize];
        if range.len_bytes > 0 {
            self.space.read(range.address, &mut bytes);
        }
        Ok(bytes)
    }

    /// Writes octets at an address the program named. A range it may not write fails the frame.
    pub(crate) fn write_range(
        &mut self,
        runtime: &mut Runtime<A>,
        params: &Params,
        address: u64,
        bytes: &[u8],
    ) -> Result<(), Stop> {
        let range = ProgramRange::new(address, bytes.len() as u64);
        self.resolve(runtime, params, range.access(AccessKind::Store))?;
        if range.len_bytes > 0 {
            self.space.write(range.address, bytes);
        }
        Ok(())
    }

    /// Takes the pages the frame stored to out of its address space and writes those that differ into
    /// the Instance's memory.
    pub(crate) fn harvest(&mut self, runtime: &mut Runtime<A>) -> Result<(), Abort> {
        let data = self.layout.read_write_data;
        let private = self.space.take_private(data.first..data.end());
        let pages: Vec<(u32, Arc<Page>)> =
            private.into_iter().map(|(page, content)| (page - data.first, content)).collect();
        let stored = runtime.store_pages(&mut self.instance.memory, pages)?;
        self.changed |= stored.changed;
        self.growth.pages = self.growth.pages.saturating_add(stored.growth_pages);
        Ok(())
    }
}

/// A range of memory named by a program: address and length taken modulo 2³², as registers hold more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ProgramRange {
    pub(crate) address: u32,
    pub(crate) len_bytes: u32,
}

impl ProgramRange {
    pub(crate) fn new(address: u64, len_bytes: u64) -> Self {
        Self { address: address as u32, len_bytes: len_bytes as u32 }
    }

    fn access(self, kind: AccessKind) -> Access {
        Access { address: self.address, len_bytes: self.len_bytes, kind }
    }
}
