//! Host calls with registers as given, one after the other in one call. As [`crate::raw`], only for a contract
//! that exists to be wrong.

use nub_sdk::{Args, ArgsError};

/// Most steps whose answers are given.
const STEPS_MAX: usize = 96;
/// Most octets read back.
const READ_BACK_BYTES_MAX: usize = 8192;
/// Octets of one step's answer.
const ANSWER_BYTES: usize = 16;

/// Answers and octets read back.
pub struct Answers {
    octets: [u8; STEPS_MAX * ANSWER_BYTES + READ_BACK_BYTES_MAX],
    len_bytes: usize,
}

impl Answers {
    fn push(&mut self, octets: &[u8]) {
        let end = self.len_bytes + octets.len();
        self.octets[self.len_bytes..end].copy_from_slice(octets);
        self.len_bytes = end;
    }
}

impl nub_sdk::Output for Answers {
    fn bytes(&self) -> &[u8] {
        self.octets.get(..self.len_bytes).unwrap_or(&[])
    }
}

/// `data length: u32 ‖ data ‖ from: u64 ‖ length: u64 ‖ steps → r7: u64 ‖ r8: u64 of each step ‖ the octets
/// [from, from + length)`. A step is `n: u8 ‖ r7 … r12: u64 each`.
pub fn script(args: Args) -> Result<Answers, ArgsError> {
    play(args)
}

/// As `script`, then reverts with the same octets.
#[expect(clippy::result_large_err, reason = "there is no heap to put it on")]
pub fn script_then_revert(args: Args) -> Result<(), Answers> {
    match play(args) {
        Ok(answers) => Err(answers),
        Err(_) => nub_sdk::host::stop(),
    }
}

fn play(mut args: Args) -> Result<Answers, ArgsError> {
    let data_len_bytes = args.u32()?;
    args.take(data_len_bytes as usize)?;
    let (from, len) = (args.u64()?, args.u64()? as usize);
    let mut answers = Answers { octets: [0; STEPS_MAX * ANSWER_BYTES + READ_BACK_BYTES_MAX], len_bytes: 0 };
    while !args.rest().is_empty() {
        let number = args.u8()?;
        let mut registers = [0; 6];
        for register in &mut registers {
            *register = args.u64()?;
        }
        let (r7, r8) = step(number, registers);
        answers.push(&r7.to_le_bytes());
        answers.push(&r8.to_le_bytes());
    }
    for offset in 0..len.min(READ_BACK_BYTES_MAX) {
        answers.push(&[wild::load(from + offset as u64)]);
    }
    Ok(answers)
}

/// Host call `number` with these registers; 254 loads the octet at r7, 255 stores r8 there.
fn step(number: u8, registers: [u64; 6]) -> (u64, u64) {
    let [address, value, ..] = registers;
    match number {
        254 => (wild::load(address).into(), value),
        255 => {
            wild::store(address, value as u8);
            (address, value)
        }
        _ => wild::host_call(number, registers),
    }
}
