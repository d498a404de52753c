//! Storage, events, Images and Instances, calls. Answers are the host calls' own numbers.

use nub_sdk::{Args, ArgsError, Selector, host};

/// Octets of an answer: two numbers and up to 4096 more.
pub struct Answer {
    octets: [u8; 16 + 4096],
    len_bytes: usize,
}

impl nub_sdk::Output for Answer {
    fn bytes(&self) -> &[u8] {
        self.octets.get(..self.len_bytes).unwrap_or(&[])
    }
}

/// `key length: u8 ‖ key ‖ value → answer: u64`
pub fn storage_put(mut args: Args) -> Result<[u8; 8], ArgsError> {
    let key_len_bytes = args.u8()?;
    let key = args.take(key_len_bytes.into())?;
    Ok(host::storage_put(key, args.rest()).to_le_bytes())
}

/// `key → answer: u64 ‖ value`
pub fn storage_get(args: Args) -> Result<Answer, ArgsError> {
    let mut answer = Answer { octets: [0; 16 + 4096], len_bytes: 8 };
    let number = host::storage_get(args.rest(), &mut answer.octets[8..8 + 4096]);
    answer.octets[..8].copy_from_slice(&number.to_le_bytes());
    if number <= 4096 {
        answer.len_bytes += number as usize;
    }
    Ok(answer)
}

/// `key → answer: u64`
pub fn storage_remove(args: Args) -> Result<[u8; 8], ArgsError> {
    Ok(host::storage_remove(args.rest()).to_le_bytes())
}

/// `topic: 32 ‖ data → answer: u64`
pub fn emit(mut args: Args) -> Result<[u8; 8], ArgsError> {
    let topic = args.array()?;
    Ok(host::emit(topic, args.rest()).to_le_bytes())
}

/// `image slot: u8 ‖ ref slot: u8 ‖ public: u8 ‖ badge: 32 ‖ Image → answer: u64 ‖ answer: u64 ‖ id: 32`, of
/// `image_create` and, whatever that said, of `instance_create`. An empty Image skips the first, whose answer
/// is then 0.
pub fn create(mut args: Args) -> Result<[u8; 48], ArgsError> {
    let (image_slot, ref_slot, public) = (args.u8()?, args.u8()?, args.u8()? != 0);
    let badge = args.array()?;
    let image = args.rest();
    let mut id = [0; 32];
    let first = if image.is_empty() { 0 } else { host::image_create(image, image_slot) };
    let second = host::instance_create(image_slot, ref_slot, public, badge, &mut id);
    let mut answer = [0; 48];
    answer[..8].copy_from_slice(&first.to_le_bytes());
    answer[8..16].copy_from_slice(&second.to_le_bytes());
    answer[16..].copy_from_slice(&id);
    Ok(answer)
}

/// `selector: u16 ‖ endpoint: u16 ‖ gas: u64 ‖ count: u8 ‖ count selectors: u16 ‖ arguments →
/// status: u64 ‖ output length: u64 ‖ output`, at most 4096 octets of it.
pub fn call(args: Args) -> Result<Answer, ArgsError> {
    perform(args)
}

/// As `call`, then reverts with the same octets.
#[expect(clippy::result_large_err, reason = "there is no heap to put it on")]
pub fn call_then_revert(args: Args) -> Result<(), Answer> {
    match perform(args) {
        Ok(answer) => Err(answer),
        Err(_) => nub_sdk::host::stop(),
    }
}

fn perform(mut args: Args) -> Result<Answer, ArgsError> {
    let target = Selector(args.u16()?);
    let endpoint = args.u16()?;
    let gas = args.u64()?;
    let mut list = [Selector(0); 255];
    let passed = &mut list[..args.u8()?.into()];
    for selector in passed.iter_mut() {
        *selector = Selector(args.u16()?);
    }
    let (status, output_len_bytes) = host::call(target, endpoint, args.rest(), gas, passed);
    let mut answer = Answer { octets: [0; 16 + 4096], len_bytes: 16 };
    answer.octets[..8].copy_from_slice(&status.to_le_bytes());
    answer.octets[8..16].copy_from_slice(&output_len_bytes.to_le_bytes());
    let copied = host::output_read(&mut answer.octets[16..], 0);
    answer.len_bytes += (copied as usize).min(4096);
    Ok(answer)
}
