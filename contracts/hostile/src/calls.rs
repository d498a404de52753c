//! Calls: into itself, back into who called, without end.

use core::convert::Infallible;
use core::hint::black_box;

use nub_sdk::{Args, ArgsError, Selector, host, storage};

/// Slot of a Ref to this very Instance, with all rights.
pub const ITSELF: Selector = Selector::slot(10);
/// Slot of a Ref to an accomplice: another Instance of this Image, with a Ref back in the same slot.
pub const ACCOMPLICE: Selector = Selector::slot(11);
/// Slot of a Ref to a stranger, which may only be called.
pub const STRANGER: Selector = Selector::slot(12);
/// Slot for Images it makes.
pub const IMAGE_SLOT: u8 = 20;
/// Slot for Refs to Instances it makes.
pub const REF_SLOT: u8 = 21;

/// Key of how often it was greeted.
const GREETINGS_KEY: &[u8] = b"greetings";

/// `→ count: u64`, one more than before: what it does for who trusts it.
pub fn greet(_: Args) -> Result<[u8; 8], storage::StorageError> {
    let count = storage::get_array(GREETINGS_KEY)?.map_or(0, u64::from_le_bytes) + 1;
    storage::put(GREETINGS_KEY, &count.to_le_bytes())?;
    Ok(count.to_le_bytes())
}

/// `through: u8 ‖ endpoint: u16 ‖ arguments → answer: u64`: calls itself, at once (0) or through the accomplice (1).
pub fn reenter(mut args: Args) -> Result<[u8; 8], ArgsError> {
    let through = args.u8()?;
    if through == 0 {
        let endpoint = args.u16()?;
        return Ok(host::call(ITSELF, endpoint, args.rest(), u64::MAX, &[]).0.to_le_bytes());
    }
    let (status, _) = host::call(ACCOMPLICE, 2, args.rest(), u64::MAX, &[]);
    let mut answer = [0xff; 8];
    if status == 0 {
        host::output_read(&mut answer, 0);
    }
    Ok(answer)
}

/// `endpoint: u16 ‖ arguments → answer: u64`: calls the accomplice, that is, back.
pub fn bounce(mut args: Args) -> Result<[u8; 8], ArgsError> {
    let endpoint = args.u16()?;
    Ok(host::call(ACCOMPLICE, endpoint, args.rest(), u64::MAX, &[]).0.to_le_bytes())
}

/// `level: u64 ‖ Image → level reached: u64 ‖ answer: u64`. Makes an Instance of the Image and does the same in
/// there, for as long as it goes. The Image is in the arguments at level 0, passed on later.
pub fn dive(mut args: Args) -> Result<[u8; 16], ArgsError> {
    let level = args.u64()?;
    let mut id = [0; 32];
    let made = match level {
        0 => host::image_create(args.rest(), IMAGE_SLOT),
        _ => host::capability_copy(Selector::passed(0), IMAGE_SLOT),
    };
    let made = made | host::instance_create(IMAGE_SLOT, REF_SLOT, false, &[0; 32], &mut id);
    let mut answer = [0; 16];
    answer[..8].copy_from_slice(&level.to_le_bytes());
    answer[8..].copy_from_slice(&made.to_le_bytes());
    if made == 0 {
        let below = (level + 1).to_le_bytes();
        let passed = [Selector::slot(IMAGE_SLOT)];
        let (status, _) = host::call(Selector::slot(REF_SLOT), 3, &below, u64::MAX, &passed);
        if status == 0 {
            host::output_read(&mut answer, 0);
        } else {
            answer[8..].copy_from_slice(&status.to_le_bytes());
        }
    }
    Ok(answer)
}

/// Uses all the gas it is given, in a loop that does nothing.
pub fn spin(_: Args) -> Result<(), Infallible> {
    loop {
        black_box(());
    }
}

/// `endpoint: u16 ‖ arguments →` calls the accomplice until the gas is gone.
pub fn storm(mut args: Args) -> Result<(), ArgsError> {
    let endpoint = args.u16()?;
    loop {
        black_box(host::call(ACCOMPLICE, endpoint, args.rest(), u64::MAX, &[]));
    }
}
