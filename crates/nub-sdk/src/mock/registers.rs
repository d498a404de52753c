//! Host calls by number, with addresses in registers as a program gives them.

use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest};
use sha3::Keccak256;

use super::{Call, Capability, Ended, Log, ask, end, with};
use crate::{Selector, code};
use std::vec::Vec;

/// The longest value in octets.
const VALUE_BYTES_MAX: usize = 4096;
/// The largest DataCap made here, in octets.
const DATA_BYTES_MAX: u64 = 1 << 24;

/// Answers a host call.
///
/// # Safety
/// Addresses and lengths in `registers` are those of memory that the host call may read or write.
pub unsafe fn host_call(number: u32, registers: &[u64]) -> (u64, u64) {
    let mut r = [0; 6];
    r[..registers.len()].copy_from_slice(registers);
    // SAFETY: the caller's condition.
    let (read, key) = unsafe { (|index: usize| octets(r[index], r[index + 1]), octets) };
    let first = match number {
        0 => end(Ended::Returned(read(0))),
        1 => end(Ended::Reverted(read(0))),
        // SAFETY: the caller's condition.
        10 => return unsafe { call(&r) },
        2 => with(|environment| environment.gas_left),
        // SAFETY: the caller's condition, here and below.
        3..=6 => unsafe { context(number, r[0]) },
        // SAFETY: the caller's condition.
        7..=9 | 26 => unsafe { storage(number, &r, &read(0)) },
        // SAFETY: the caller's condition.
        11 => with(|environment| unsafe {
            let from = environment.output.get(r[1] as usize..).unwrap_or_default();
            copy(from, r[0], r[2]).min(r[2])
        }),
        // SAFETY: the caller's condition.
        14 => unsafe {
            let topic = array(r[0]);
            let data = key(r[1], r[2]);
            with(|environment| environment.logs.push(Log { topic, data }));
            0
        },
        // SAFETY: the caller's condition.
        27 => unsafe { done(copy(&Blake2b::<U32>::digest(read(0)), r[2], 32)) },
        // SAFETY: the caller's condition.
        28 => unsafe { done(copy(&Keccak256::digest(read(0)), r[2], 32)) },
        // SAFETY: the caller's condition.
        _ => unsafe { objects(number, &r) },
    };
    (first, 0)
}

/// `caller`, `badge`, `self_id`, `block_context`.
///
/// # Safety
/// As for [`host_call`].
unsafe fn context(number: u32, out: u64) -> u64 {
    let (octets, answer) = with(|environment| match number {
        3 => (environment.caller.unwrap_or_default().to_vec(), environment.caller.is_some().into()),
        4 => (environment.badge.to_vec(), 0),
        5 => (environment.self_id.to_vec(), 0),
        _ => (environment.block_context(), 0),
    });
    // SAFETY: the caller's condition.
    unsafe { copy(&octets, out, octets.len() as u64) };
    answer
}

/// `storage_get`, `storage_put`, `storage_remove`, `storage_next`.
///
/// # Safety
/// As for [`host_call`].
unsafe fn storage(number: u32, r: &[u64; 6], key: &[u8]) -> u64 {
    let begins = number == 26 && key.is_empty();
    if !begins && !(2..=32).contains(&key.len()) {
        return code::BAD_KEY;
    }
    // SAFETY: the caller's condition.
    with(|environment| unsafe {
        match number {
            7 => environment.storage.get(key).map_or(code::NONE, |value| copy(value, r[2], r[3])),
            8 if r[3] as usize > VALUE_BYTES_MAX => code::TOO_LONG,
            8 => {
                environment.storage.insert(key.to_vec(), octets(r[2], r[3]));
                0
            }
            9 => environment.storage.remove(key).is_some().into(),
            _ => {
                let next = environment.storage.keys().find(|other| other[..] > *key);
                next.map_or(code::NONE, |next| copy(next, r[2], r[3]))
            }
        }
    })
}

/// What has to do with capabilities.
///
/// # Safety
/// As for [`host_call`].
unsafe fn objects(number: u32, r: &[u64; 6]) -> u64 {
    // SAFETY: the caller's condition, here and below.
    let badge = |given: bool, address: u64| given.then(|| unsafe { array(address) });
    with(|environment| match number {
        12 => {
            // SAFETY: the caller's condition.
            let image = unsafe { octets(r[0], r[1]) };
            environment.place(r[2], Some(Capability::Image(image)))
        }
        // SAFETY: the caller's condition.
        13 => match environment.create(r[0], r[1], unsafe { array(r[3]) }) {
            // SAFETY: the caller's condition.
            Ok(id) => unsafe { done(copy(&id, r[4], 32)) },
            Err(code) => code,
        },
        15 => environment.passed.len() as u64,
        16 => environment.copy(r[0], r[1]),
        17 => environment.move_to(r[0], r[1]),
        18 => environment.discard(r[0]),
        19 => environment.mint(r[0], r[1], r[2], badge(r[3] != 0, r[4])),
        20 if r[1] > DATA_BYTES_MAX => code::BAD_ARGUMENT,
        20 => environment.place(r[0], Some(Capability::Data(std::vec![0; r[1] as usize]))),
        21 => environment.data(r[0]).map_or(code::NO_CAPABILITY, |data| data.len() as u64),
        22 => environment.data(r[0]).map_or(code::NO_CAPABILITY, |data| {
            let from = data.get(r[1] as usize..).unwrap_or_default();
            // SAFETY: the caller's condition.
            unsafe { copy(from, r[2], r[3]) }.min(r[3])
        }),
        // SAFETY: the caller's condition.
        23 => environment.data_write(r[0], r[1], &unsafe { octets(r[2], r[3]) }),
        _ => code::UNKNOWN,
    })
}

/// `call`: status and output length.
///
/// # Safety
/// As for [`host_call`].
unsafe fn call(r: &[u64; 6]) -> (u64, u64) {
    // SAFETY: the caller's condition.
    let args = unsafe { octets(r[2], r[3]) };
    let passed = with(|environment| core::mem::take(&mut environment.passing));
    let call = Call { target: Selector(r[0] as u16), endpoint: r[1] as u16, args, gas: r[4], passed };
    let (status, output) = ask(&call);
    let output_len_bytes = output.len() as u64;
    with(|environment| environment.output = output);
    (status.into(), output_len_bytes)
}

/// Zero: the call succeeded.
fn done(_: u64) -> u64 {
    0
}

/// # Safety
/// There are so many octets at the address.
unsafe fn octets(address: u64, len_bytes: u64) -> Vec<u8> {
    if len_bytes == 0 {
        return Vec::new();
    }
    // SAFETY: the caller's condition.
    unsafe { core::slice::from_raw_parts(address as *const u8, len_bytes as usize) }.to_vec()
}

/// # Safety
/// There are 32 octets at the address.
unsafe fn array(address: u64) -> [u8; 32] {
    // SAFETY: the caller's condition; an array of octets needs no alignment.
    unsafe { *(address as *const [u8; 32]) }
}

/// Writes as many octets as there is room for, and gives how many there are.
///
/// # Safety
/// There is so much room at the address.
unsafe fn copy(octets: &[u8], out: u64, room_bytes: u64) -> u64 {
    let count = octets.len().min(room_bytes as usize);
    // SAFETY: the caller's condition; the environment's octets overlap nothing of the program's.
    unsafe { (out as *mut u8).copy_from_nonoverlapping(octets.as_ptr(), count) };
    octets.len() as u64
}
