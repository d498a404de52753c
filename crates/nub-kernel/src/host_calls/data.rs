//! DataCaps: bytes too long for a value. A write changes the copy in its slot and no other.

use super::Refusal;
use crate::arch::Arch;
use crate::calls::Calls;
use crate::runtime::StoredPages;
use crate::stop::price;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;
use nub_abi::host_call::{BAD_ARGUMENT, NO_CAPABILITY, TOO_LONG};
use nub_state::{DataCap, Link, PAGE_BYTES, Page};

/// The largest DataCap: 2³² octets, so that a page number fits 32 bits and a view fits a window.
const DATA_BYTES_MAX: u64 = 1 << 32;

impl<A: Arch> Calls<'_, '_, A> {
    /// `data_new(slot, size) → 0`.
    pub(super) fn data_new(&mut self) -> Result<u64, Refusal> {
        let (slot, size) = (self.slot_argument(0)?, self.argument(1)?);
        if size > DATA_BYTES_MAX {
            return Err(Refusal::Code(BAD_ARGUMENT));
        }
        self.charge(self.world.params.gas.data)?;
        self.put_slot(slot, Link::new(DataCap::zeroed(size)))?;
        Ok(0)
    }

    /// `data_size(from) → size`.
    pub(super) fn data_size(&mut self) -> Result<u64, Refusal> {
        let from = self.argument(0)?;
        self.charge(self.world.params.gas.data)?;
        let link = self.capability(from)?;
        Ok(self.data_cap(&link)?.size)
    }

    /// `data_read(from, offset, out, len) → octets copied`.
    pub(super) fn data_read(&mut self) -> Result<u64, Refusal> {
        let (from, offset) = (self.argument(0)?, self.argument(1)?);
        let (out, len) = (self.argument(2)?, self.argument(3)? as u32);
        self.charge_data(len)?;
        let link = self.capability(from)?;
        let data = self.data_cap(&link)?;
        let start = offset.min(data.size);
        let bytes = self.data_bytes(&data, start..data.size.min(start + u64::from(len)))?;
        self.write(out, &bytes)?;
        Ok(bytes.len() as u64)
    }

    /// `data_write(slot, offset, data, len) → 0`.
    pub(super) fn data_write(&mut self) -> Result<u64, Refusal> {
        let (slot, offset) = (self.slot_argument(0)?, self.argument(1)?);
        let (address, len) = (self.argument(2)?, self.argument(3)? as u32);
        self.charge_data(len)?;
        let bytes = self.read(address, len.into())?;
        let link = self.slot(slot)?.ok_or(Refusal::Code(NO_CAPABILITY))?;
        let mut data = self.data_cap(&link)?;
        if offset.checked_add(len.into()).is_none_or(|end| end > data.size) {
            return Err(Refusal::Code(TOO_LONG));
        }
        let written = self.write_pages(&mut data, offset, &bytes)?;
        self.put_slot(slot, if written.changed { Link::new(data) } else { link })?;
        let growth = &mut self.frame()?.growth;
        growth.pages = growth.pages.saturating_add(written.growth_pages);
        Ok(0)
    }

    /// An operation on a DataCap that moves `len_bytes` octets; no more than arguments may have.
    fn charge_data(&mut self, len_bytes: u32) -> Result<(), Refusal> {
        if len_bytes > self.world.params.limits.argument_bytes {
            return Err(Refusal::Code(TOO_LONG));
        }
        let gas = &self.world.params.gas;
        let (base, bytes) = (gas.data, price(gas.data_byte, len_bytes as usize));
        self.charge(base)?;
        Ok(self.charge(bytes)?)
    }

    /// The DataCap a capability is.
    pub(super) fn data_cap(&mut self, link: &Link) -> Result<DataCap, Refusal> {
        let handle = link.resolve(self.world.runtime)?;
        handle.as_data_cap().cloned().map_err(|_| Refusal::Code(NO_CAPABILITY))
    }

    /// The octets of a range, which lies within the DataCap; each page's path is paid.
    fn data_bytes(&mut self, data: &DataCap, range: Range<u64>) -> Result<Vec<u8>, Refusal> {
        let mut bytes = vec![0; (range.end - range.start) as usize];
        for part in parts(range) {
            let page = self.data_page(data, part.page)?;
            if let Some(page) = page {
                let end = part.offset + part.bytes.len();
                bytes[part.bytes].copy_from_slice(&page.bytes()[part.offset..end]);
            }
        }
        Ok(bytes)
    }

    /// Writes octets page by page; a page that holds them already does not change.
    fn write_pages(&mut self, data: &mut DataCap, offset: u64, bytes: &[u8]) -> Result<StoredPages, Refusal> {
        let mut written = StoredPages { changed: false, growth_pages: 0 };
        for part in parts(offset..offset + bytes.len() as u64) {
            let old = self.data_page(data, part.page)?;
            let mut page = old.map_or_else(Page::zeroed, |page| Page::clone(&page));
            let end = part.offset + part.bytes.len();
            let place = &mut page.bytes_mut()[part.offset..end];
            if *place == bytes[part.bytes.clone()] {
                continue;
            }
            place.copy_from_slice(&bytes[part.bytes]);
            let change = data.set_page(part.page, Some(Arc::new(page)), self.world.runtime)?;
            written.growth_pages += change.growth();
            written.changed = true;
        }
        Ok(written)
    }

    /// A page of a DataCap; the nodes on its path are paid as storage's are.
    fn data_page(&mut self, data: &DataCap, number: u32) -> Result<Option<Arc<Page>>, Refusal> {
        let lookup = data.pages().get(&number.into(), self.world.runtime)?;
        self.charge_nodes(lookup.nodes)?;
        match lookup.value {
            Some(link) => Ok(Some(self.world.runtime.page(&link)?)),
            None => Ok(None),
        }
    }
}

/// Part of a range that lies in one page.
struct Part {
    page: u32,
    /// Where it begins in the page.
    offset: usize,
    /// Which octets of the range it is.
    bytes: Range<usize>,
}

/// Cuts a range of a DataCap, which ends at 2³² at most, into pages.
fn parts(range: Range<u64>) -> impl Iterator<Item = Part> {
    let page_bytes = PAGE_BYTES as u64;
    let mut at = range.start;
    core::iter::from_fn(move || {
        if at >= range.end {
            return None;
        }
        let end = range.end.min((at / page_bytes + 1) * page_bytes);
        let bytes = (at - range.start) as usize..(end - range.start) as usize;
        let part = Part { page: (at / page_bytes) as u32, offset: (at % page_bytes) as usize, bytes };
        at = end;
        Some(part)
    })
}
