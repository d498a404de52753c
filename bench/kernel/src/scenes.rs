//! States with much or little below a capability.

use crate::chain::{Chain, PROBE_IMAGE, STORE_PAGES};
use crate::script::{SCRATCH, SCRIPT, STEPS_MAX, Script};
use nub_abi::Event;
use nub_state::Image;

/// The slot of the DataCap, in both Instances.
pub const DATA: u64 = 20;
/// Where the probe's page array begins, and how much of it a step moves.
const ARRAY: u64 = 0x3_0008;
const MEBIBYTE: u64 = 1 << 20;

/// A chain whose Instances have a DataCap of this size in slot [`DATA`], none of whose pages is zero.
pub fn with_data(size_bytes: u64) -> Chain {
    let mut chain = Chain::new(PROBE_IMAGE);
    chain.run(vec![Chain::event(
        STORE_PAGES,
        [&0u32.to_le_bytes()[..], &256u32.to_le_bytes(), &[7]].concat(),
    )]);
    let mut new = Script::default();
    chain.run(vec![new.step(20, &[DATA, size_bytes]).event()]);
    let part_bytes = size_bytes.min(MEBIBYTE);
    let offsets: Vec<u64> = (0..size_bytes / part_bytes).map(|part| part * part_bytes).collect();
    for offsets in offsets.chunks(STEPS_MAX) {
        let mut script = Script::default();
        for offset in offsets {
            script.step(23, &[DATA, *offset, ARRAY, part_bytes]);
        }
        chain.run(vec![script.event()]);
    }
    give_to_the_other(&mut chain);
    chain
}

/// Passes the DataCap to the second Instance, which keeps a copy in the same slot.
fn give_to_the_other(chain: &mut Chain) {
    let mut keep = Script::default();
    let keep = keep.step(16, &[256, DATA]).args();
    let mut give = Script::default();
    let args = give.data(&keep);
    let list = give.data(&(DATA as u16).to_le_bytes()) | 1 << 32;
    chain.run(vec![give.step(10, &[1, SCRIPT.into(), args, keep.len() as u64, 1 << 39, list]).event()]);
}

/// So many copies of the DataCap to other slots.
pub fn copies(count: u64) -> Event {
    let mut script = Script::default();
    (0..count).for_each(|n| {
        script.step(16, &[DATA, 100 + n]);
    });
    script.event()
}

/// So many clones of the second Instance.
pub fn clones(count: u64) -> Event {
    let mut script = Script::default();
    let badge = script.data(&[9; 32]);
    (0..count).for_each(|n| {
        script.step(29, &[1, 100 + n, badge, SCRATCH]);
    });
    script.event()
}

/// A chain of probes with this much memory beside what they need, none of whose pages is zero in the first.
pub fn with_memory(heap_pages: u32) -> Chain {
    let image = Image::from_bytes(PROBE_IMAGE).expect("the Image is valid");
    let first = 0x3_0000 / 4096 + image.rw_data.len().div_ceil(4096) as u64 + u64::from(image.heap_pages);
    let mut chain = Chain::new(&Image { heap_pages: image.heap_pages + heap_pages, ..image }.to_bytes());
    let pages: Vec<u64> = (first..first + u64::from(heap_pages)).collect();
    for pages in pages.chunks(STEPS_MAX) {
        let mut script = Script::default();
        for page in pages {
            script.step(255, &[page * 4096, 7]);
        }
        chain.run(vec![script.event()]);
    }
    chain
}

/// An event that stores to one page.
pub fn one_page(value: u8) -> Event {
    Chain::event(STORE_PAGES, [&3u32.to_le_bytes()[..], &1u32.to_le_bytes(), &[value]].concat())
}
