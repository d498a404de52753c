//! As much of everything as there can be.

use core::hint::black_box;
use core::sync::atomic::{AtomicU8, Ordering::Relaxed};

use nub_sdk::{Args, ArgsError, InstanceId, Selector, host};

use crate::calls::{IMAGE_SLOT, REF_SLOT, STRANGER};

/// The longest value of storage.
const VALUE_BYTES: usize = 4096;
/// Octets of a page.
const PAGE_BYTES: usize = 4096;
/// Pages it has: 20 MiB, more than may be live by the default parameters.
const PAGE_COUNT: usize = 5120;

/// Zeros, so heap pages of the Image.
static PAGES: [AtomicU8; PAGE_COUNT * PAGE_BYTES] = [const { AtomicU8::new(0) }; PAGE_COUNT * PAGE_BYTES];

static VALUE: [u8; VALUE_BYTES] = [0x5a; VALUE_BYTES];

/// `count: u32 →` puts that many values of 4 KiB.
pub fn storage_bomb(mut args: Args) -> Result<(), ArgsError> {
    let count = args.u32()?;
    (0..count).for_each(put);
    Ok(())
}

fn put(number: u32) {
    host::storage_put(&number.to_be_bytes(), &VALUE);
}

/// `→ answers: u64 each`, how many of 0 to 299 were slots that took a DataCap, and the answer at 256: slots are given
/// as a whole register, not as a `u8`.
pub fn fill_slots(_: Args) -> Result<[u8; 16], ArgsError> {
    let mut answer = [0; 16];
    let (mut count, mut at_256) = (0u64, 0);
    for slot in 0..300 {
        let code = wild::host_call(20, [slot, 1, 0, 0, 0, 0]).0;
        count += u64::from(code == 0);
        if slot == 256 {
            at_256 = code;
        }
    }
    answer[..8].copy_from_slice(&count.to_le_bytes());
    answer[8..].copy_from_slice(&at_256.to_le_bytes());
    Ok(answer)
}

/// `count: u32 →` stores to that many pages.
pub fn burn_pages(mut args: Args) -> Result<(), ArgsError> {
    let count = args.u32()? as usize;
    PAGES.iter().step_by(PAGE_BYTES).take(count).for_each(|octet| octet.store(1, Relaxed));
    Ok(())
}

/// `length: u32 ‖ count: u32 → answer: u64` of the last of so many logs of that length.
pub fn log_bomb(mut args: Args) -> Result<[u8; 8], ArgsError> {
    let (len, count) = (args.u32()?, args.u32()?);
    let data = PAGES.as_ptr() as u64;
    let topic = VALUE.as_ptr() as u64;
    let mut answer = 0;
    for _ in 0..count {
        answer = wild::host_call(14, [topic, data, len.into(), 0, 0, 0]).0;
    }
    Ok(answer.to_le_bytes())
}

/// `length: u64 → that many octets`, of its pages.
pub fn huge_return(mut args: Args) -> Result<(), ArgsError> {
    let len = args.u64()?;
    wild::host_call(0, [PAGES.as_ptr() as u64, len, 0, 0, 0, 0]);
    Ok(())
}

/// Hashes a page until the gas is gone.
pub fn hash_bomb(_: Args) -> Result<(), ArgsError> {
    let mut hash = [0; 32];
    loop {
        host::blake2b(&VALUE, &mut hash);
        host::keccak(&VALUE, black_box(&mut hash));
    }
}

/// `pages: u32 → answers: u64 each`, of making a DataCap as large as can be and of the last write to it. Writes that
/// many of its pages, far from each other.
pub fn data_bomb(mut args: Args) -> Result<[u8; 16], ArgsError> {
    let count = args.u32()?;
    let mut answer = [0; 16];
    let made = host::data_new(REF_SLOT, 1 << 32);
    let mut written = 0;
    for page in 0..count {
        written = host::data_write(REF_SLOT, u64::from(page.reverse_bits()) & !0xfff, &VALUE);
    }
    answer[..8].copy_from_slice(&made.to_le_bytes());
    answer[8..].copy_from_slice(&written.to_le_bytes());
    Ok(answer)
}

/// `→ depth: u64 ‖ answer: u64`: puts a CNode into a CNode into a CNode, as deep as it goes, then the same many times
/// side by side: what is copied by handles doubles at every level.
pub fn cnode_bomb(_: Args) -> Result<[u8; 16], ArgsError> {
    host::cnode_new(IMAGE_SLOT);
    let (mut depth, mut answer) = (0u64, 0);
    while answer == 0 && depth < 1_000 {
        depth += 1;
        host::cnode_new(REF_SLOT);
        for key in [b"left", b"rite"] {
            answer = host::cnode_put(REF_SLOT, key, Selector::slot(IMAGE_SLOT));
        }
        host::capability_copy(Selector::slot(REF_SLOT), IMAGE_SLOT);
    }
    let mut output = [0; 16];
    output[..8].copy_from_slice(&depth.to_le_bytes());
    output[8..].copy_from_slice(&answer.to_le_bytes());
    Ok(output)
}

/// `→ views: u64`: maps one DataCap as often as it can.
pub fn view_bomb(_: Args) -> Result<[u8; 8], ArgsError> {
    host::data_new(REF_SLOT, 1 << 20);
    let from = Selector::slot(REF_SLOT);
    let views = (0..1000).take_while(|view| host::data_map(from, 0, 256, 0x40000 + 256 * view) == 0).count();
    Ok((views as u64).to_le_bytes())
}

/// `Image →` makes Instances of it until the gas is gone.
pub fn instance_bomb(args: Args) -> Result<(), ArgsError> {
    host::image_create(args.rest(), IMAGE_SLOT);
    let mut id: InstanceId = [0; 32];
    loop {
        host::instance_create(IMAGE_SLOT, REF_SLOT, true, &[0; 32], &mut id);
    }
}

/// Walks its storage round and round until the gas is gone.
pub fn endless_iteration(_: Args) -> Result<(), ArgsError> {
    (0..64).for_each(put);
    let (mut key, mut len_bytes) = ([0; 32], 0);
    loop {
        let mut next = [0; 32];
        let found = host::storage_next(&key[..len_bytes], &mut next);
        len_bytes = if found <= 32 { found as usize } else { 0 };
        key = next;
    }
}

/// Changes whatever it can, its own and a stranger's (`endpoint: u16 ‖ arguments` there), then reverts.
pub fn revert_after_mischief(mut args: Args) -> Result<(), &'static str> {
    let endpoint = args.u16().map_err(ArgsError::message)?;
    (0..8).for_each(put);
    for slot in 100..108 {
        host::data_new(slot, 1 << 20);
    }
    PAGES.iter().step_by(PAGE_BYTES).take(8).for_each(|octet| octet.store(1, Relaxed));
    host::emit(&[7; 32], &VALUE);
    let (status, _) = host::call(STRANGER, endpoint, args.rest(), u64::MAX, &[]);
    Err(if status == 0 { "mischief done" } else { "the stranger did not help" })
}
