//! One call's memory, in software: the same four fault outcomes as hardware page tables give.

use crate::table::{Mapping, PageTable};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;
use javm_interpreter::{Memory, Meter, Miss};
use javm_isa::AccessKind;
use nub_abi::error::Abort;
use nub_kernel::arch::{AddressSpace, PageState, SpaceConfig};
use nub_state::{PAGE_BYTES, Page};

/// An address space of 2³² octets with software page tables.
pub struct LocalMemory {
    table: PageTable,
    config: SpaceConfig,
    /// The page of zeros that untouched pages share, once there is one.
    zero: Option<Arc<Page>>,
}

impl LocalMemory {
    /// An empty address space.
    pub fn new(config: SpaceConfig) -> Self {
        Self { table: PageTable::new(), config, zero: None }
    }

    /// Loads `N` octets, from one page as a rule; what was not ready to be loaded is then.
    fn load<const N: usize>(&mut self, address: u32, meter: &mut Meter) -> Result<[u8; N], Miss> {
        let (page, offset) = split(address);
        if offset + N > PAGE_BYTES {
            return self.load_across(address);
        }
        if self.page_state(page) == PageState::Unmapped {
            self.fault(page, AccessKind::Load, meter)?;
        }
        self.table.offer(page);
        let content = self.table.content(page).ok_or(Miss)?;
        Ok(array(&content[offset..offset + N]))
    }

    /// Stores `N` octets, to one page as a rule; what was not ready to be stored to is then.
    fn store<const N: usize>(
        &mut self,
        address: u32,
        octets: [u8; N],
        meter: &mut Meter,
    ) -> Result<(), Miss> {
        let (page, offset) = split(address);
        if offset + N > PAGE_BYTES {
            return self.store_across(address, octets);
        }
        if self.page_state(page) != PageState::Private {
            self.fault(page, AccessKind::Store, meter)?;
        }
        self.table.offer(page);
        let content = self.table.private(page).ok_or(Miss)?;
        content[offset..offset + N].copy_from_slice(&octets);
        Ok(())
    }

    fn zero_page(&mut self) -> Arc<Page> {
        self.zero.get_or_insert_with(|| Arc::new(Page::zeroed())).clone()
    }

    /// A load over two pages: only if both are mapped already.
    #[cold]
    fn load_across<const N: usize>(&self, address: u32) -> Result<[u8; N], Miss> {
        let mut octets = [0; N];
        for (index, octet) in octets.iter_mut().enumerate() {
            let (page, offset) = split(address.wrapping_add(index as u32));
            *octet = self.table.content(page).ok_or(Miss)?[offset];
        }
        Ok(octets)
    }

    /// A store over two pages: only if both are private already; whole or not at all.
    #[cold]
    fn store_across<const N: usize>(&mut self, address: u32, octets: [u8; N]) -> Result<(), Miss> {
        let last = address.wrapping_add(N as u32 - 1);
        if [address, last].iter().any(|at| self.page_state(split(*at).0) != PageState::Private) {
            return Err(Miss);
        }
        for (index, octet) in octets.into_iter().enumerate() {
            let (page, offset) = split(address.wrapping_add(index as u32));
            if let Some(content) = self.table.private(page) {
                content[offset] = octet;
            }
        }
        Ok(())
    }

    /// Answers a fault: demand-zero and copy-on-write are paid and done here, the rest is the kernel's.
    #[cold]
    fn fault(&mut self, page: u32, kind: AccessKind, meter: &mut Meter) -> Result<(), Miss> {
        match (self.page_state(page), kind) {
            (PageState::Unmapped, _) if self.config.demand_zero.contains(&page) => {
                let store_gas = if kind == AccessKind::Store { self.config.store_gas } else { 0 };
                pay(meter, self.config.touch_gas.saturating_add(store_gas), 1)?;
                let mapping = match kind {
                    AccessKind::Load => Mapping::CopyOnWrite(self.zero_page()),
                    AccessKind::Store => Mapping::Private(Page::zeroed()),
                };
                self.table.map(page, mapping);
                Ok(())
            }
            (PageState::CopyOnWrite, AccessKind::Store) => {
                pay(meter, self.config.store_gas, 0)?;
                self.table.copy(page);
                Ok(())
            }
            _ => Err(Miss),
        }
    }

    fn map(&mut self, page: u32, mapping: Mapping) {
        debug_assert_eq!(self.page_state(page), PageState::Unmapped, "page {page} is mapped already");
        self.table.map(page, mapping);
    }
}

impl Memory for LocalMemory {
    #[inline(always)]
    fn load_ready<const LEN: usize>(&mut self, address: u32) -> Option<[u8; LEN]> {
        let (page, offset) = split(address);
        let end = offset + LEN;
        if end > PAGE_BYTES {
            return None;
        }
        self.table.ready(page)?[offset..end].first_chunk().copied()
    }

    #[inline(always)]
    fn store_ready<const LEN: usize>(&mut self, address: u32, octets: [u8; LEN]) -> bool {
        let (page, offset) = split(address);
        let end = offset + LEN;
        if end > PAGE_BYTES {
            return false;
        }
        let Some(content) = self.table.ready_private(page) else { return false };
        content[offset..end].copy_from_slice(&octets);
        true
    }

    fn load_u8(&mut self, address: u32, meter: &mut Meter) -> Result<u8, Miss> {
        self.load(address, meter).map(u8::from_le_bytes)
    }

    fn load_u16(&mut self, address: u32, meter: &mut Meter) -> Result<u16, Miss> {
        self.load(address, meter).map(u16::from_le_bytes)
    }

    fn load_u32(&mut self, address: u32, meter: &mut Meter) -> Result<u32, Miss> {
        self.load(address, meter).map(u32::from_le_bytes)
    }

    fn load_u64(&mut self, address: u32, meter: &mut Meter) -> Result<u64, Miss> {
        self.load(address, meter).map(u64::from_le_bytes)
    }

    fn store_u8(&mut self, address: u32, value: u8, meter: &mut Meter) -> Result<(), Miss> {
        self.store(address, value.to_le_bytes(), meter)
    }

    fn store_u16(&mut self, address: u32, value: u16, meter: &mut Meter) -> Result<(), Miss> {
        self.store(address, value.to_le_bytes(), meter)
    }

    fn store_u32(&mut self, address: u32, value: u32, meter: &mut Meter) -> Result<(), Miss> {
        self.store(address, value.to_le_bytes(), meter)
    }

    fn store_u64(&mut self, address: u32, value: u64, meter: &mut Meter) -> Result<(), Miss> {
        self.store(address, value.to_le_bytes(), meter)
    }

    fn is_mapped(&self, page: u32, kind: AccessKind) -> bool {
        match self.page_state(page) {
            PageState::Unmapped => false,
            PageState::ReadOnly => kind == AccessKind::Load,
            PageState::CopyOnWrite | PageState::Private => true,
        }
    }
}

impl AddressSpace for LocalMemory {
    fn page_state(&self, page: u32) -> PageState {
        self.table.state(page)
    }

    fn map_read_only(&mut self, page: u32, content: Arc<Page>) -> Result<(), Abort> {
        self.map(page, Mapping::ReadOnly(content));
        Ok(())
    }

    fn map_copy_on_write(&mut self, page: u32, content: Option<Arc<Page>>) -> Result<(), Abort> {
        let content = content.unwrap_or_else(|| self.zero_page());
        self.map(page, Mapping::CopyOnWrite(content));
        Ok(())
    }

    fn map_private(&mut self, page: u32, content: Option<Arc<Page>>) -> Result<(), Abort> {
        let own = content.map_or_else(Page::zeroed, |content| Page::clone(&content));
        self.map(page, Mapping::Private(own));
        Ok(())
    }

    fn make_private(&mut self, page: u32) -> Result<(), Abort> {
        self.table.copy(page);
        Ok(())
    }

    fn read(&self, address: u32, out: &mut [u8]) {
        for_each_page(address, out.len(), |page, offset, range| {
            let Some(content) = self.table.content(page) else {
                return debug_assert!(false, "page {page} is not mapped");
            };
            let len = range.len();
            out[range].copy_from_slice(&content[offset..offset + len]);
        });
    }

    fn write(&mut self, address: u32, data: &[u8]) {
        for_each_page(address, data.len(), |page, offset, range| match self.table.private(page) {
            Some(content) => content[offset..offset + range.len()].copy_from_slice(&data[range]),
            None => debug_assert!(false, "page {page} is not private"),
        });
    }

    fn unmap_pages(&mut self, pages: Range<u32>) {
        self.table.unmap(pages);
    }

    fn take_private(&mut self, pages: Range<u32>) -> Vec<(u32, Arc<Page>)> {
        self.table.take_private(pages)
    }
}

/// Takes gas and pages from the meter, all or nothing.
fn pay(meter: &mut Meter, gas: u64, pages: u32) -> Result<(), Miss> {
    let gas_left = meter.gas_left.checked_sub(gas).ok_or(Miss)?;
    let pages_left = meter.pages_left.checked_sub(pages).ok_or(Miss)?;
    *meter = Meter { gas_left, pages_left };
    Ok(())
}

/// Cuts a range of memory into pages: page number, offset in it, and the part of the range.
fn for_each_page(address: u32, len_bytes: usize, mut part: impl FnMut(u32, usize, Range<usize>)) {
    let mut done = 0;
    while done < len_bytes {
        let (page, offset) = split(address.wrapping_add(done as u32));
        let end = len_bytes.min(done + PAGE_BYTES - offset);
        part(page, offset, done..end);
        done = end;
    }
}

/// Page number and offset in the page.
#[inline]
fn split(address: u32) -> (u32, usize) {
    (address / PAGE_BYTES as u32, address as usize % PAGE_BYTES)
}

#[inline]
fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut octets = [0; N];
    octets.copy_from_slice(bytes);
    octets
}

#[cfg(test)]
mod tests {
    use super::*;

    const STACK: u32 = 100;
    const CONTENT: u32 = 50;

    fn memory() -> LocalMemory {
        let mut memory = LocalMemory::new(SpaceConfig {
            demand_zero: STACK..STACK + 4,
            arguments: 0..0,
            touch_gas: 10,
            store_gas: 7,
        });
        let mut page = Page::zeroed();
        page.bytes_mut()[PAGE_BYTES - 1] = 9;
        let page = Arc::new(page);
        memory.map_read_only(CONTENT, page.clone()).unwrap();
        memory.map_copy_on_write(CONTENT + 1, Some(page)).unwrap();
        memory
    }

    fn at(page: u32, offset: u32) -> u32 {
        page * PAGE_BYTES as u32 + offset
    }

    fn meter(gas_left: u64, pages_left: u32) -> Meter {
        Meter { gas_left, pages_left }
    }

    #[test]
    fn a_demand_zero_page_is_paid_by_touch_and_then_by_store() {
        let (mut memory, mut left) = (memory(), meter(100, 5));
        assert_eq!(memory.load_u64(at(STACK, 8), &mut left), Ok(0));
        assert_eq!((left, memory.page_state(STACK)), (meter(90, 4), PageState::CopyOnWrite));
        memory.store_u64(at(STACK, 8), 3, &mut left).unwrap();
        assert_eq!((left, memory.page_state(STACK)), (meter(83, 4), PageState::Private));
        memory.store_u64(at(STACK + 1, 8), 3, &mut left).unwrap();
        assert_eq!(left, meter(66, 3));
        assert_eq!((memory.load_u64(at(STACK, 8), &mut left), left), (Ok(3), meter(66, 3)));
    }

    #[test]
    fn a_meter_that_does_not_cover_the_fault_is_left_alone() {
        for poor in [meter(16, 5), meter(17, 0)] {
            let (mut memory, mut left) = (memory(), poor);
            assert_eq!(memory.store_u8(at(STACK, 0), 1, &mut left), Err(Miss));
            assert_eq!((left, memory.page_state(STACK)), (poor, PageState::Unmapped));
        }
        let (mut memory, mut left) = (memory(), meter(6, 5));
        assert_eq!(memory.store_u8(at(CONTENT + 1, 0), 1, &mut left), Err(Miss));
        assert_eq!((left, memory.page_state(CONTENT + 1)), (meter(6, 5), PageState::CopyOnWrite));
    }

    #[test]
    fn a_store_copies_and_the_original_stays() {
        let (mut memory, mut left) = (memory(), meter(100, 5));
        memory.store_u8(at(CONTENT + 1, 0), 1, &mut left).unwrap();
        assert_eq!(left, meter(93, 5));
        assert_eq!(memory.load_u8(at(CONTENT, 0), &mut left), Ok(0));
        let taken = memory.take_private(0..1 << 20);
        assert_eq!(taken.len(), 1);
        assert_eq!(
            (taken[0].0, taken[0].1.bytes()[0], taken[0].1.bytes()[PAGE_BYTES - 1]),
            (CONTENT + 1, 1, 9)
        );
        assert_eq!(memory.page_state(CONTENT + 1), PageState::Unmapped);
    }

    #[test]
    fn read_only_and_unmapped_pages_miss() {
        let (mut memory, mut left) = (memory(), meter(100, 5));
        assert_eq!(memory.store_u8(at(CONTENT, 0), 1, &mut left), Err(Miss));
        assert_eq!(memory.load_u8(at(CONTENT + 2, 0), &mut left), Err(Miss));
        assert_eq!(left, meter(100, 5));
    }

    #[test]
    fn an_access_over_two_pages_needs_both_and_charges_nothing() {
        let (mut memory, mut left) = (memory(), meter(100, 5));
        assert_eq!(memory.load_u16(at(CONTENT, 4095), &mut left), Ok(9));
        assert_eq!(memory.load_u16(at(CONTENT + 1, 4095), &mut left), Err(Miss));
        assert_eq!(memory.store_u16(at(CONTENT, 4095), 5, &mut left), Err(Miss));
        assert_eq!(memory.load_u64(at(STACK, 4092), &mut left), Err(Miss));
        assert_eq!(left, meter(100, 5));
        memory.store_u8(at(STACK, 0), 1, &mut left).unwrap();
        assert_eq!(memory.store_u64(at(STACK, 4092), u64::MAX, &mut left), Err(Miss));
        assert_eq!(memory.load_u32(at(STACK, 4092), &mut left), Ok(0));
        memory.store_u8(at(STACK + 1, 0), 1, &mut left).unwrap();
        assert_eq!(memory.store_u64(at(STACK, 4092), u64::MAX, &mut left), Ok(()));
        assert_eq!(memory.load_u64(at(STACK, 4093), &mut left), Ok(u64::MAX >> 8));
    }

    #[test]
    fn an_access_wraps_at_the_end_of_memory() {
        let (mut memory, mut left) = (memory(), meter(100, 5));
        memory.map_copy_on_write((1 << 20) - 1, None).unwrap();
        memory.map_copy_on_write(0, None).unwrap();
        memory.make_private((1 << 20) - 1).unwrap();
        memory.make_private(0).unwrap();
        memory.store_u32(u32::MAX, 0x0403_0201, &mut left).unwrap();
        assert_eq!(memory.load_u8(u32::MAX, &mut left), Ok(1));
        assert_eq!(memory.load_u8(2, &mut left), Ok(4));
    }

    #[test]
    fn slices_cross_pages() {
        let mut memory = memory();
        for page in STACK..STACK + 3 {
            memory.map_copy_on_write(page, None).unwrap();
            memory.make_private(page).unwrap();
        }
        let data: Vec<u8> = (0..9000u32).map(|n| n as u8).collect();
        memory.write(at(STACK, 100), &data);
        let mut out = alloc::vec![0; data.len()];
        memory.read(at(STACK, 100), &mut out);
        assert_eq!(out, data);
    }
}
