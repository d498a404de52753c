//! An address space on hardware: a window, and what is mapped in it.

use crate::arena::{to_physical, to_virtual};
use crate::control::{LOG_PAGES, WindowControl, with_control};
use crate::fault;
use crate::frames;
use crate::gate::{flush_all, flush_page};
use crate::layout::{PAGE_BYTES, WINDOW_BYTES};
use crate::native_run::{Resume, context_of};
use crate::page_table::{Entry, Slot};
use crate::ready::Ready;
use crate::warm::{self, Warm};
use crate::window::Window;
use crate::{accessors, context, isolation};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;
use javm_interpreter::{Memory, Meter, Miss};
use javm_isa::{Access, AccessKind};
use javm_recompiler_x86::Context;
use nub_abi::error::Abort;
use nub_kernel::arch::{AddressSpace, PageState, SpaceConfig};
use nub_state::{Page, PageBytes};

/// A program's memory in a window of its own.
pub struct HyperlightMemory {
    window: Window,
    /// Pages that were ever mapped, with the content mapped, which lives as long as this.
    mapped: Vec<(u32, Option<Arc<Page>>)>,
    /// Pages that an access needs nothing for. Forgotten whenever pages are unmapped.
    ready: Ready,
    /// What was unmapped and may still be translated.
    stale: Stale,
    /// Whether machine code has a context here.
    has_context: bool,
    /// Where machine code goes on after its last host call.
    resume: Option<Resume>,
    /// The top page of the stack.
    stack_top: Option<u32>,
    /// The first page of arguments.
    arguments: Option<u32>,
}

/// Pages of an address space that are unmapped and may still be translated. They are forgotten before the next access
/// through the window, and before anything is mapped there: an address space that ends costs no flush of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stale {
    None,
    Page(u32),
    Many,
}

impl HyperlightMemory {
    /// An empty address space. Fails if all windows are in use.
    pub fn new(config: SpaceConfig) -> Result<Self, Abort> {
        let control = WindowControl {
            demand_first: config.demand_zero.start,
            demand_end: config.demand_zero.end,
            touch_gas: config.touch_gas,
            store_gas: config.store_gas,
            logged: 0,
            log: [0; LOG_PAGES],
        };
        let (has_stack, has_arguments) = (!config.demand_zero.is_empty(), !config.arguments.is_empty());
        let window = Window::take(control, has_stack, has_arguments).ok_or(Abort::OutOfFrames)?;
        with_control(frames::refill_reserve);
        Ok(Self {
            window,
            mapped: Vec::new(),
            ready: Ready::new(),
            stale: Stale::None,
            has_context: false,
            resume: None,
            stack_top: has_stack.then(|| config.demand_zero.end - 1),
            arguments: has_arguments.then_some(config.arguments.start),
        })
    }

    /// The number of its window.
    pub fn window_index(&self) -> usize {
        self.window.index()
    }

    /// The address of its first octet.
    pub fn window_base(&self) -> u64 {
        self.window.base()
    }

    /// The context of machine code that runs here. Nothing is in it at first, whoever had the window before.
    pub fn context(&mut self) -> Result<*mut Context, Abort> {
        self.settle();
        if !self.has_context {
            context::make(self.window.index())?;
            self.has_context = true;
        }
        Ok(context_of(self.window.index()))
    }

    /// Notes where machine code goes on after a host call.
    pub fn note_resume(&mut self, resume: Resume) {
        self.resume = Some(resume);
    }

    /// What was noted last, once.
    pub fn take_resume(&mut self) -> Option<Resume> {
        self.resume.take()
    }

    /// Before an access: forgets translations of what was unmapped, and unmaps what is warm and nobody's.
    #[inline]
    fn settle(&mut self) {
        if self.stale != Stale::None || !self.window.warm.is_empty() {
            self.forget_stale();
        }
    }

    #[cold]
    fn forget_stale(&mut self) {
        if self.window.unmap_warm() {
            self.stale = Stale::Many;
        }
        match core::mem::replace(&mut self.stale, Stale::None) {
            Stale::None => {}
            Stale::Page(page) => flush_page(self.window.base() + (u64::from(page) << 12)),
            Stale::Many => flush_all(),
        }
    }

    fn entry(&self, page: u32) -> Entry {
        match self.window.warm.has(page) {
            true => Entry::ABSENT,
            false => self.window.slot(page).map_or(Entry::ABSENT, Slot::read),
        }
    }

    /// Notes the pages that the fault path has mapped.
    fn read_log(&mut self) {
        with_control(|control| {
            let window = &mut control.windows[self.window.index()];
            let logged = core::mem::take(&mut window.logged) as usize;
            self.mapped.extend(window.log[..logged].iter().map(|&page| (page, None)));
        });
    }

    fn map(&mut self, page: u32, entry: Entry, content: Option<Arc<Page>>) -> Result<(), Abort> {
        // What is warm stays so: it may be mapped next.
        if self.stale != Stale::None || self.window.warm.has(page) {
            self.forget_stale();
        }
        self.read_log();
        let slot = self.window.slot_or_make(page).ok_or(Abort::OutOfFrames)?;
        assert!(!slot.read().is_present(), "page {page} is mapped already");
        self.mapped.push((page, content));
        slot.write(entry);
        with_control(frames::refill_reserve);
        Ok(())
    }

    /// Unmaps every page the predicate picks; gives those with frames of their own to `take`.
    fn unmap(&mut self, pick: impl Fn(u32, Entry) -> bool, mut take: impl FnMut(u32, u64)) {
        self.read_log();
        self.ready = Ready::new();
        for &(page, _) in &self.mapped {
            let Some(slot) = self.window.slot(page) else { continue };
            let entry = slot.read();
            if !entry.is_present() || !pick(page, entry) {
                continue;
            }
            let entry = slot.take();
            if entry.is_accessed() {
                self.stale = if self.stale == Stale::None { Stale::Page(page) } else { Stale::Many };
            }
            if entry.has_own_frame() {
                take(page, entry.frame());
            }
        }
    }

    /// The call is over: makes pages warm that the next one will map again. Where programs are isolated nothing is left.
    fn keep_warm(&mut self) {
        if isolation::isolates() {
            return;
        }
        let window = &self.window;
        let warm = |page: Option<u32>, is_such: fn(Entry) -> bool| {
            let page = page.filter(|&page| page < WINDOW_PAGES && !window.warm.has(page))?;
            let slot = window.slot(page)?;
            is_such(slot.read()).then(|| Warm::new(page, slot))
        };
        let stack = warm(self.stack_top, Entry::is_private);
        let arguments = warm(self.arguments, Entry::is_own_read_only);
        let warm = &mut self.window.warm;
        warm.stack = warm.stack.or(stack);
        warm.arguments = warm.arguments.or(arguments);
    }

    /// The linear map's view of an octet of a mapped page.
    fn linear(entry: Entry, address: u32) -> *mut u8 {
        to_virtual(entry.frame() + u64::from(address) % PAGE_BYTES)
    }

    /// After a miss: gives the fault path what it lacked for this page, a table, room to note the page or
    /// frames. False if it lacked nothing, or there is nothing to give.
    #[cold]
    fn replenish(&mut self, address: u32) -> bool {
        let page = address >> 12;
        let (is_demand_zero, is_log_full, is_reserve_short) = with_control(|control| {
            let window = &control.windows[self.window.index()];
            (window.is_demand_zero(page), window.is_log_full(), control.is_reserve_short())
        });
        let is_table_missing = is_demand_zero && self.window.slot(page).is_none();
        if is_table_missing && self.window.slot_or_make(page).is_none() {
            return false;
        }
        if is_log_full {
            self.read_log();
        }
        with_control(frames::refill_reserve);
        let is_reserve_filled = is_reserve_short && with_control(|control| !control.is_reserve_short());
        is_table_missing || is_log_full || is_reserve_filled
    }

    /// Answers an access of machine code that the fault path left: what the accessors do.
    pub fn fill(&mut self, access: Access, meter: &mut Meter) -> bool {
        if crosses(access.address, access.len_bytes) {
            return false;
        }
        let address = self.window.base() + u64::from(access.address);
        let mut fill =
            || with_control(|control| fault::fill_window_page(control, address, access.kind, meter));
        fill() || self.replenish(access.address) && fill()
    }

    /// Sees to it that an access in one page can take place: by looking, since a fault costs many times as much, most
    /// of all where ring 0 is emulated.
    fn prepare(&mut self, access: Access, meter: &mut Meter) -> Result<(), Miss> {
        self.settle();
        let entry = self.entry(access.address >> 12);
        let is_ready = match access.kind {
            AccessKind::Load => entry.is_present(),
            AccessKind::Store => entry.is_private(),
        };
        if is_ready || self.fill(access, meter) {
            return Ok(());
        }
        with_control(|control| control.counters.misses += 1);
        Err(Miss)
    }

    /// Stores through the window, whatever is there, so that what is not is found by a fault. For measuring faults.
    pub fn store_by_fault(&mut self, address: u32, value: u64, meter: &mut Meter) -> Result<(), Miss> {
        self.settle();
        let at = self.window.base() + u64::from(address);
        // SAFETY: 32 bits after the base are in the window.
        let mut access = || unsafe { accessors::store_u64(at, value, meter) };
        match access() {
            Some(()) => Ok(()),
            None if self.replenish(address) => access().ok_or(Miss),
            None => Err(Miss),
        }
    }

    /// An access over two pages, which may wrap: whole, or not at all, and never with a charge.
    fn crossing(&mut self, address: u32, octets: &mut [u8], kind: AccessKind) -> Result<(), Miss> {
        let first = self.entry(address >> 12);
        let second = self.entry(address.wrapping_add(octets.len() as u32 - 1) >> 12);
        let ready = |entry: Entry| match kind {
            AccessKind::Load => entry.is_present(),
            AccessKind::Store => entry.is_private(),
        };
        if !ready(first) || !ready(second) {
            return Err(Miss);
        }
        for (index, octet) in octets.iter_mut().enumerate() {
            let at = address.wrapping_add(index as u32);
            let view = Self::linear(if at >> 12 == address >> 12 { first } else { second }, at);
            match kind {
                // SAFETY: the page is mapped, so its frame is alive; nothing else writes to it meanwhile.
                AccessKind::Load => *octet = unsafe { view.read() },
                // SAFETY: the frame is this address space's own.
                AccessKind::Store => unsafe { view.write(*octet) },
            }
        }
        Ok(())
    }

    /// Works through a range page by page: the linear map's view, and the part of the range.
    fn pages_of(&self, address: u32, len: usize, mut work: impl FnMut(Entry, *mut u8, Range<usize>)) {
        let mut done = 0;
        while done < len {
            let at = address.wrapping_add(done as u32);
            let end = len.min(done + (PAGE_BYTES - u64::from(at) % PAGE_BYTES) as usize);
            let entry = self.entry(at >> 12);
            work(entry, Self::linear(entry, at), done..end);
            done = end;
        }
    }
}

impl Drop for HyperlightMemory {
    /// Frames can be used again at once, though translations may still name them: nothing runs in the window until
    /// those are forgotten, see [`window`](crate::window).
    fn drop(&mut self) {
        self.keep_warm();
        let warm = self.window.warm;
        self.unmap(|page, _| !warm.has(page), |_, frame| frames::give(frame));
        self.window.is_stale = self.stale != Stale::None;
    }
}

/// Pages of a window.
const WINDOW_PAGES: u32 = (WINDOW_BYTES / PAGE_BYTES) as u32;

/// Octets that run past the end of their page.
fn crosses(address: u32, len: u32) -> bool {
    address % PAGE_BYTES as u32 > PAGE_BYTES as u32 - len
}

macro_rules! accesses {
    ($($load:ident, $store:ident, $type:ty;)*) => {$(
        #[inline]
        fn $load(&mut self, address: u32, meter: &mut Meter) -> Result<$type, Miss> {
            const LEN: usize = size_of::<$type>();
            if crosses(address, LEN as u32) {
                let mut octets = [0; LEN];
                self.crossing(address, &mut octets, AccessKind::Load)?;
                return Ok(<$type>::from_le_bytes(octets));
            }
            let at = self.window.base() + u64::from(address);
            self.prepare(Access { address, len_bytes: LEN as u32, kind: AccessKind::Load }, meter)?;
            // SAFETY: 32 bits after the base are in the window.
            let value = unsafe { accessors::$load(at, meter) }.ok_or(Miss)?;
            self.ready.note_load(address >> 12);
            Ok(value)
        }

        #[inline]
        fn $store(&mut self, address: u32, value: $type, meter: &mut Meter) -> Result<(), Miss> {
            if crosses(address, size_of::<$type>() as u32) {
                return self.crossing(address, &mut value.to_le_bytes(), AccessKind::Store);
            }
            let at = self.window.base() + u64::from(address);
            let len_bytes = size_of::<$type>() as u32;
            self.prepare(Access { address, len_bytes, kind: AccessKind::Store }, meter)?;
            // SAFETY: 32 bits after the base are in the window.
            unsafe { accessors::$store(at, value, meter) }.ok_or(Miss)?;
            self.ready.note_store(address >> 12);
            Ok(())
        }
    )*};
}

impl Memory for HyperlightMemory {
    #[inline(always)]
    fn load_ready<const LEN: usize>(&mut self, address: u32) -> Option<[u8; LEN]> {
        // SAFETY: 1. the base is this window's; 2. `unmap`, where alone pages go, forgets what was ready.
        unsafe { self.ready.load(self.window.base(), address) }
    }

    #[inline(always)]
    fn store_ready<const LEN: usize>(&mut self, address: u32, octets: [u8; LEN]) -> bool {
        // SAFETY: the same.
        unsafe { self.ready.store(self.window.base(), address, octets) }
    }

    accesses! {
        load_u8, store_u8, u8;
        load_u16, store_u16, u16;
        load_u32, store_u32, u32;
        load_u64, store_u64, u64;
    }

    fn is_mapped(&self, page: u32, kind: AccessKind) -> bool {
        match self.page_state(page) {
            PageState::Unmapped => false,
            PageState::ReadOnly => kind == AccessKind::Load,
            PageState::CopyOnWrite | PageState::Private => true,
        }
    }
}

impl AddressSpace for HyperlightMemory {
    fn page_state(&self, page: u32) -> PageState {
        match self.entry(page) {
            entry if !entry.is_present() => PageState::Unmapped,
            entry if entry.is_private() => PageState::Private,
            entry if entry.is_copy_on_write() => PageState::CopyOnWrite,
            _ => PageState::ReadOnly,
        }
    }

    fn map_read_only(&mut self, page: u32, content: Arc<Page>) -> Result<(), Abort> {
        let frame = to_physical(content.bytes().as_ptr());
        // Often the kernel alone reads it, for a host call: then no translation is to be forgotten at the end.
        self.map(page, Entry::read_only(frame).unaccessed(), Some(content))
    }

    fn map_octets(&mut self, page: u32, octets: &[u8]) -> Result<(), Abort> {
        if let Some(warm) = warm::claim(&mut self.window.warm.arguments, page) {
            frames::fill(warm.frame(), octets);
            self.mapped.push((page, None));
            return Ok(());
        }
        let own = frames::take().ok_or(Abort::OutOfFrames)?;
        frames::fill(own, octets);
        self.map(page, Entry::own_read_only(own), None).inspect_err(|_| frames::give(own))
    }

    fn map_copy_on_write(&mut self, page: u32, content: Option<Arc<Page>>) -> Result<(), Abort> {
        let frame = match &content {
            Some(content) => to_physical(content.bytes().as_ptr()),
            None => with_control(|control| control.zero_frame),
        };
        self.map(page, Entry::copy_on_write(frame), content)
    }

    fn map_private(&mut self, page: u32, content: Option<Arc<Page>>) -> Result<(), Abort> {
        if content.is_none()
            && let Some(warm) = warm::claim(&mut self.window.warm.stack, page)
        {
            frames::zero(warm.frame());
            self.mapped.push((page, None));
            return Ok(());
        }
        let own = match &content {
            None => frames::take_zeroed().ok_or(Abort::OutOfFrames)?,
            Some(content) => {
                let own = frames::take().ok_or(Abort::OutOfFrames)?;
                frames::copy(to_physical(content.bytes().as_ptr()), own);
                own
            }
        };
        self.map(page, Entry::private(own), None).inspect_err(|_| frames::give(own))
    }

    fn make_private(&mut self, page: u32) -> Result<(), Abort> {
        let slot = self.window.slot(page).filter(|slot| slot.read().is_copy_on_write());
        let slot = slot.expect("a copy-on-write page");
        let shared = slot.read().frame();
        let own = if shared == with_control(|control| control.zero_frame) {
            frames::take_zeroed().ok_or(Abort::OutOfFrames)?
        } else {
            let own = frames::take().ok_or(Abort::OutOfFrames)?;
            frames::copy(shared, own);
            own
        };
        slot.write(Entry::private(own));
        flush_page(self.window.base() + (u64::from(page) << 12));
        with_control(frames::refill_reserve);
        Ok(())
    }

    fn read(&self, address: u32, out: &mut [u8]) {
        self.pages_of(address, out.len(), |entry, view, range| {
            assert!(entry.is_present(), "read of an unmapped page");
            // SAFETY: the frame is alive, the part lies in its page, and `out` is not program memory.
            unsafe { view.copy_to_nonoverlapping(out[range.clone()].as_mut_ptr(), range.len()) };
        });
    }

    fn write(&mut self, address: u32, data: &[u8]) {
        self.pages_of(address, data.len(), |entry, view, range| {
            assert!(entry.is_private(), "write to a page that is not private");
            // SAFETY: the frame is this address space's own, and the part lies in its page.
            unsafe { view.copy_from_nonoverlapping(data[range.clone()].as_ptr(), range.len()) };
        });
    }

    fn unmap_pages(&mut self, pages: Range<u32>) {
        self.unmap(|page, _| pages.contains(&page), |_, frame| frames::give(frame));
    }

    fn take_private(&mut self, pages: Range<u32>) -> Vec<(u32, Arc<Page>)> {
        let mut taken = Vec::new();
        self.unmap(
            |page, entry| pages.contains(&page) && entry.is_private(),
            |page, frame| {
                // SAFETY: the frame was this address space's own and is unmapped now; a box of a page is
                // a frame (see `heap`).
                let bytes = unsafe { Box::from_raw(to_virtual(frame).cast::<PageBytes>()) };
                taken.push((page, Arc::new(Page::from(bytes))));
            },
        );
        taken.sort_unstable_by_key(|&(page, _)| page);
        taken
    }
}
