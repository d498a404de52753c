//! Authority it does not have.

use core::convert::Infallible;

use nub_sdk::{Args, ArgsError, Selector, host};

use crate::calls::{ACCOMPLICE, IMAGE_SLOT, ITSELF, REF_SLOT, STRANGER};

/// Answers, in the order of the attempts.
struct Attempts<const N: usize> {
    answers: [u8; N],
    count: usize,
}

impl<const N: usize> Attempts<N> {
    const fn new() -> Self {
        Self { answers: [0; N], count: 0 }
    }

    fn note(&mut self, answer: u64) {
        let place = self.answers.get_mut(8 * self.count..8 * self.count + 8);
        if let Some(place) = place {
            place.copy_from_slice(&answer.to_le_bytes());
        }
        self.count += 1;
    }
}

/// Every way from a Ref that may only call to one that may do more, and of giving away what it has not.
/// `→ answers: u64 each`:
///
/// 0. minting a Ref to the stranger with all rights
/// 1. the same with the right to call and a badge of its choice
/// 2. the same with no rights at all
/// 3. passing the stranger on to the accomplice
/// 4. keeping capability 0 of those passed to it
/// 5. passing that on
/// 6. passing what is in an empty slot
/// 7. a Ref out of a DataCap that holds the stranger's id
/// 8. the parameters of the chain
pub fn seize(_: Args) -> Result<[u8; 72], Infallible> {
    let mut attempts = Attempts::<72>::new();
    let (passed, empty) = (Selector::passed(0), Selector::slot(99));
    attempts.note(host::ref_mint(STRANGER, REF_SLOT, 7, None));
    attempts.note(host::ref_mint(STRANGER, REF_SLOT, 1, Some(&[9; 32])));
    attempts.note(host::ref_mint(STRANGER, REF_SLOT, 0, None));
    attempts.note(host::call(ACCOMPLICE, 0, &[], 1_000_000, &[STRANGER]).0);
    attempts.note(host::capability_copy(passed, REF_SLOT));
    attempts.note(host::call(ACCOMPLICE, 0, &[], 1_000_000, &[passed]).0);
    attempts.note(host::call(ACCOMPLICE, 0, &[], 1_000_000, &[empty]).0);
    host::data_new(REF_SLOT, 32);
    host::data_write(REF_SLOT, 0, &[0; 32]);
    attempts.note(host::call(Selector::slot(REF_SLOT), 0, &[], 1_000_000, &[]).0);
    attempts.note(host::set_params(&[0; 16], u64::MAX));
    Ok(attempts.answers)
}

/// Managing a stranger. `Image → answers: u64 each`: upgrading, cloning, destroying it.
pub fn manage_others(args: Args) -> Result<[u8; 24], Infallible> {
    let mut attempts = Attempts::<24>::new();
    host::image_create(args.rest(), IMAGE_SLOT);
    let mut id = [0; 32];
    attempts.note(host::instance_upgrade(STRANGER, IMAGE_SLOT));
    attempts.note(host::instance_clone(STRANGER, REF_SLOT, &[0; 32], &mut id));
    attempts.note(host::instance_destroy(STRANGER));
    Ok(attempts.answers)
}

/// Destroying and cloning itself while it runs, and dropping every capability it has. `→ answers: u64 each`: the first
/// two, then whether a Ref that it dropped still works.
pub fn destroy_itself(_: Args) -> Result<[u8; 24], Infallible> {
    let mut attempts = Attempts::<24>::new();
    let mut id = [0; 32];
    attempts.note(host::instance_destroy(ITSELF));
    attempts.note(host::instance_clone(ITSELF, REF_SLOT, &[0; 32], &mut id));
    for slot in 0..=255 {
        host::capability_drop(slot);
    }
    attempts.note(host::call(ACCOMPLICE, 0, &[], 1_000_000, &[]).0);
    Ok(attempts.answers)
}

/// `fail: u8 ‖ Image → answer: u64`: becomes another program in the middle of a call, then fails if told so.
pub fn upgrade_itself(mut args: Args) -> Result<[u8; 8], &'static str> {
    let fail = args.u8().map_err(ArgsError::message)? != 0;
    host::image_create(args.rest(), IMAGE_SLOT);
    let answer = host::instance_upgrade(ITSELF, IMAGE_SLOT);
    if fail { Err("upgraded, and failed") } else { Ok(answer.to_le_bytes()) }
}

/// `endpoint: u16 ‖ octets → answers: u64 each`: makes an Image of whatever it is given, an Instance of that, and
/// calls it with half of the gas that is left.
pub fn garbage(mut args: Args) -> Result<[u8; 24], ArgsError> {
    let endpoint = args.u16()?;
    let mut attempts = Attempts::<24>::new();
    let mut id = [0; 32];
    attempts.note(host::image_create(args.rest(), IMAGE_SLOT));
    attempts.note(host::instance_create(IMAGE_SLOT, REF_SLOT, true, &[0; 32], &mut id));
    let gas = nub_sdk::gas_left() / 2;
    attempts.note(host::call(Selector::slot(REF_SLOT), endpoint, args.rest(), gas, &[]).0);
    Ok(attempts.answers)
}
