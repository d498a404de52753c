//! Runs a [`SpaceScript`] on any address space. Tests run the same file on another platform and compare.

use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;
use javm_interpreter::{Meter, Miss};
use nub_abi::blake2b_256;
use nub_abi::guest::{SpaceOperation, SpaceOutcome, SpaceResult, SpaceScript};
use nub_kernel::arch::{AddressSpace, PageState, SpaceConfig};
use nub_state::{PAGE_BYTES, Page};

/// What the script's address space is made with.
pub fn config(script: &SpaceScript) -> SpaceConfig {
    SpaceConfig {
        demand_zero: script.demand_first..script.demand_end,
        // Any will do, whether or not the script maps it.
        arguments: script.demand_end..script.demand_end + 1,
        touch_gas: script.touch_gas,
        store_gas: script.store_gas,
    }
}

/// Runs the script on a fresh address space.
pub fn run<M: AddressSpace>(space: &mut M, script: &SpaceScript) -> SpaceOutcome {
    let mut meter = Meter { gas_left: script.gas, pages_left: script.pages };
    let mut steps = Vec::with_capacity(script.operations.len());
    for operation in &script.operations {
        let result = step(space, &mut meter, operation);
        steps.push((result, meter.gas_left, meter.pages_left));
    }
    SpaceOutcome { steps }
}

fn step<M: AddressSpace>(space: &mut M, meter: &mut Meter, operation: &SpaceOperation) -> SpaceResult {
    match *operation {
        SpaceOperation::MapReadOnly(page, content) => map(space, page, Some(made(content)), true),
        SpaceOperation::MapCopyOnWrite(page, content) => {
            map(space, page, (content != 0).then(|| made(content)), false)
        }
        SpaceOperation::MapOctets(page, len) => match space.page_state(page) {
            PageState::Unmapped => {
                let octets: Vec<u8> =
                    (0..len.min(PAGE_BYTES as u16)).map(|index| index as u8 ^ 0x5a).collect();
                space.map_octets(page, &octets).map_or(SpaceResult::Abort, |()| SpaceResult::Done)
            }
            _ => SpaceResult::Skipped,
        },
        SpaceOperation::MapZeros(page) => match space.page_state(page) {
            PageState::Unmapped => {
                space.map_private(page, None).map_or(SpaceResult::Abort, |()| SpaceResult::Done)
            }
            _ => SpaceResult::Skipped,
        },
        SpaceOperation::MakePrivate(page) => match space.page_state(page) {
            PageState::CopyOnWrite => {
                space.make_private(page).map_or(SpaceResult::Abort, |()| SpaceResult::Done)
            }
            _ => SpaceResult::Skipped,
        },
        SpaceOperation::Load(address, log_size) => load(space, meter, address, log_size),
        SpaceOperation::Store(address, log_size, value) => store(space, meter, address, log_size, value),
        SpaceOperation::Read(address, len) => {
            if !all_pages(space, address, len, |state| state != PageState::Unmapped) {
                return SpaceResult::Skipped;
            }
            let mut octets = vec![0; usize::from(len)];
            space.read(address, &mut octets);
            SpaceResult::Octets(blake2b_256(&octets))
        }
        SpaceOperation::Write(address, len, content) => {
            if !all_pages(space, address, len, |state| state == PageState::Private) {
                return SpaceResult::Skipped;
            }
            let octets: Vec<u8> = (0..len).map(|index| content.wrapping_add(index as u8)).collect();
            space.write(address, &octets);
            SpaceResult::Done
        }
        SpaceOperation::TakePrivate(first, end) => taken(space.take_private(Range { start: first, end })),
    }
}

fn map<M: AddressSpace>(
    space: &mut M,
    page: u32,
    content: Option<Arc<Page>>,
    read_only: bool,
) -> SpaceResult {
    if space.page_state(page) != PageState::Unmapped {
        return SpaceResult::Skipped;
    }
    let mapped = match content {
        Some(content) if read_only => space.map_read_only(page, content),
        content => space.map_copy_on_write(page, content),
    };
    mapped.map_or(SpaceResult::Abort, |()| SpaceResult::Done)
}

/// A page whose first and last octets are the number, with something of it in between.
fn made(content: u8) -> Arc<Page> {
    let mut page = Page::zeroed();
    let bytes = page.bytes_mut();
    for index in [0, 1, 8, 100, PAGE_BYTES - 3, PAGE_BYTES - 2, PAGE_BYTES - 1] {
        bytes[index] = content;
    }
    Arc::new(page)
}

/// Loads, and by the quick way before: what that gives must be the same, at no charge.
fn load<M: AddressSpace>(space: &mut M, meter: &mut Meter, address: u32, log_size: u8) -> SpaceResult {
    let ready = match log_size {
        0 => space.load_ready(address).map(|octets| u8::from_le_bytes(octets).into()),
        1 => space.load_ready(address).map(|octets| u16::from_le_bytes(octets).into()),
        2 => space.load_ready(address).map(|octets| u32::from_le_bytes(octets).into()),
        _ => space.load_ready(address).map(u64::from_le_bytes),
    };
    let before = (meter.gas_left, meter.pages_left);
    let value = match log_size {
        0 => space.load_u8(address, meter).map(u64::from),
        1 => space.load_u16(address, meter).map(u64::from),
        2 => space.load_u32(address, meter).map(u64::from),
        _ => space.load_u64(address, meter),
    };
    if ready.is_some() {
        assert_eq!((ready, before), (value.ok(), (meter.gas_left, meter.pages_left)), "load at {address:#x}");
    }
    value.map_or_else(|Miss| SpaceResult::Miss, SpaceResult::Value)
}

/// Stores, and by the quick way before: where that stores, there is nothing to pay.
fn store<M: AddressSpace>(
    space: &mut M,
    meter: &mut Meter,
    address: u32,
    log_size: u8,
    value: u64,
) -> SpaceResult {
    let is_ready = match log_size {
        0 => space.store_ready(address, (value as u8).to_le_bytes()),
        1 => space.store_ready(address, (value as u16).to_le_bytes()),
        2 => space.store_ready(address, (value as u32).to_le_bytes()),
        _ => space.store_ready(address, value.to_le_bytes()),
    };
    if is_ready {
        return match load(space, meter, address, log_size) {
            SpaceResult::Value(stored) if stored == value & (u64::MAX >> (64 - (8 << log_size.min(3)))) => {
                SpaceResult::Done
            }
            other => panic!("{other:?} where {value:#x} was stored at {address:#x}"),
        };
    }
    let stored = match log_size {
        0 => space.store_u8(address, value as u8, meter),
        1 => space.store_u16(address, value as u16, meter),
        2 => space.store_u32(address, value as u32, meter),
        _ => space.store_u64(address, value, meter),
    };
    stored.map_or_else(|Miss| SpaceResult::Miss, |()| SpaceResult::Done)
}

/// Whether the range is not empty, does not wrap, and all its pages are as wanted.
fn all_pages<M: AddressSpace>(space: &M, address: u32, len: u16, wanted: impl Fn(PageState) -> bool) -> bool {
    let Some(last) = u32::from(len).checked_sub(1).and_then(|rest| address.checked_add(rest)) else {
        return false;
    };
    (address >> 12..=last >> 12).all(|page| wanted(space.page_state(page)))
}

fn taken(pages: Vec<(u32, Arc<Page>)>) -> SpaceResult {
    let mut octets = Vec::new();
    for (page, content) in pages {
        octets.extend(page.to_le_bytes());
        octets.extend(blake2b_256(content.bytes()).0);
    }
    SpaceResult::Octets(blake2b_256(&octets))
}
