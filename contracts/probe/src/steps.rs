//! Host calls with registers as given, one after the other in one call. As [`crate::raw`], only for a contract
//! that exists to be wrong.

use core::ptr;

use nub_sdk::{Args, ArgsError, host_call};

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
        // SAFETY: none; the kernel fails the call if the program may not read there.
        answers.push(&[unsafe { ptr::read_volatile((from as usize + offset) as *const u8) }]);
    }
    Ok(answers)
}

/// Writes a `match` with one arm per host call: its number must be part of the instruction. Symbols and counts of
/// registers are those of the SDK, as the linker wants one description of each.
macro_rules! steps {
    ($number:expr, $registers:expr, { $($host_call:literal => ($symbol:literal, $inputs:literal),)* }) => {{
        let [a, b, c, d, e, f] = $registers;
        match $number {
            $(
                // SAFETY: none; the kernel reads and writes only where the program may, and what that breaks
                // is this contract's own.
                $host_call => unsafe {
                    host_call!(
                        $host_call,
                        $symbol,
                        $inputs,
                        ["a0" = a, "a1" = b, "a2" = c, "a3" = d, "a4" = e, "a5" = f]
                    )
                },
            )*
            // SAFETY: none; the kernel fails the call if the program may not read there.
            254 => (u64::from(unsafe { ptr::read_volatile(a as *const u8) }), b),
            255 => {
                // SAFETY: none; the kernel fails the call if the program may not write there.
                unsafe { ptr::write_volatile(a as *mut u8, b as u8) };
                (a, b)
            }
            _ => nub_sdk::host::stop(),
        }
    }};
}

/// Host call `number` with these registers; 254 loads the octet at r7, 255 stores r8 there.
fn step(number: u8, registers: [u64; 6]) -> (u64, u64) {
    steps!(number, registers, {
        0 => ("nub_0_return", 2),
        1 => ("nub_1_revert", 2),
        2 => ("nub_2_gas_left", 0),
        3 => ("nub_3_caller", 1),
        4 => ("nub_4_badge", 1),
        5 => ("nub_5_self_id", 1),
        6 => ("nub_6_block_context", 1),
        7 => ("nub_7_storage_get", 4),
        8 => ("nub_8_storage_put", 4),
        9 => ("nub_9_storage_remove", 2),
        10 => ("nub_10_call", 6),
        11 => ("nub_11_output_read", 3),
        12 => ("nub_12_image_create", 3),
        13 => ("nub_13_instance_create", 5),
        14 => ("nub_14_emit", 3),
        15 => ("nub_15_passed_count", 0),
        16 => ("nub_16_capability_copy", 2),
        17 => ("nub_17_capability_move", 2),
        18 => ("nub_18_capability_drop", 1),
        19 => ("nub_19_ref_mint", 5),
        20 => ("nub_20_data_new", 2),
        21 => ("nub_21_data_size", 1),
        22 => ("nub_22_data_read", 4),
        23 => ("nub_23_data_write", 4),
        24 => ("nub_24_data_map", 4),
        25 => ("nub_25_data_unmap", 1),
        26 => ("nub_26_storage_next", 4),
        27 => ("nub_27_blake2b", 3),
        28 => ("nub_28_keccak", 3),
        29 => ("nub_29_instance_clone", 4),
        30 => ("nub_30_instance_upgrade", 2),
        31 => ("nub_31_instance_destroy", 1),
        32 => ("nub_32_set_params", 3),
        33 => ("nub_33_cnode_new", 1),
        34 => ("nub_34_cnode_get", 4),
        35 => ("nub_35_cnode_put", 4),
        36 => ("nub_36_cnode_remove", 3),
        37 => ("nub_37_cnode_next", 5),
        38 => ("nub_38_cnode_read", 5),
        39 => ("nub_39_cnode_write", 5),
        250 => ("nub_250_unknown", 6),
    })
}
