//! Programs that are made to be costly to compile.

use javm_recompiler_x86::Features;

/// The code of a program is these instructions, over and over.
pub struct Shape {
    /// What is hostile about it.
    pub name: &'static str,
    /// The instructions.
    instructions: &'static [&'static [u8]],
    /// Entries of the jump table for each octet of code.
    entries_per_octet: usize,
    /// Optional instructions that it is compiled to.
    pub features: Features,
}

/// The halves of a product, of which the first does both.
const LOWER: &[u8] = &[202, 0x21, 3];
const UPPER: &[u8] = &[214, 0x21, 4];
/// A sum, and its carry from the flag.
const SUM: &[u8] = &[200, 0x65, 5];
const CARRY: &[u8] = &[216, 0x65, 7];
/// What may stand between the two.
const STORE: &[u8] = &[123, 0x98];
/// A branch to the second of the pair before it.
const BRANCH: &[u8] = &[170, 0x21, 0xFD];

/// All of them.
pub const ALL: [Shape; 14] = [
    Shape::of("blocks of one octet", &[&[1]]),
    Shape::of("traps", &[&[0]]),
    Shape::of("one huge block", &[&[149, 0x11, 1]]),
    Shape::of("branches to themselves", &[&[170, 0x21, 0]]),
    Shape::of("branches to no block", &[&[170, 0x21, 0x55, 0x55]]),
    Shape::of("bit counts", &[&[101, 0x21]]),
    Shape { entries_per_octet: 1, ..Shape::of("jump table as long as the code", &[&[1]]) },
    Shape::of_pairs("products", &[LOWER, UPPER]),
    Shape::of_pairs("products, stores between", &[LOWER, STORE, UPPER]),
    Shape::of_pairs("sums", &[SUM, CARRY]),
    Shape::of_pairs("sums, stores between", &[SUM, STORE, CARRY]),
    Shape::of_pairs("sums and products", &[LOWER, STORE, UPPER, SUM, STORE, CARRY]),
    Shape::of_pairs("products, branches into them", &[LOWER, UPPER, BRANCH]),
    Shape::of_pairs("sums, branches into them", &[SUM, CARRY, BRANCH]),
];

impl Shape {
    const fn of(name: &'static str, instructions: &'static [&'static [u8]]) -> Self {
        Self { name, instructions, entries_per_octet: 0, features: Features::BASELINE }
    }

    /// Of pairs that are fused where there is everything that they are fused by.
    const fn of_pairs(name: &'static str, instructions: &'static [&'static [u8]]) -> Self {
        Self { features: Features::ALL, ..Self::of(name, instructions) }
    }

    /// The program's octets, with so many of code, and as few more as instructions allow.
    pub fn blob(&self, len_bytes: usize) -> Vec<u8> {
        let mut code = Vec::with_capacity(len_bytes + 16);
        let mut starts = vec![0; len_bytes / 8 + 2];
        let mut instructions = self.instructions.iter().cycle();
        while code.len() < len_bytes
            && let Some(instruction) = instructions.next()
        {
            starts[code.len() / 8] |= 1 << (code.len() % 8);
            code.extend_from_slice(instruction);
        }
        starts.truncate(code.len().div_ceil(8));
        let entries = vec![0; code.len() * self.entries_per_octet];
        [&natural(entries.len())[..], &[1], &natural(code.len()), &entries, &code, &starts].concat()
    }
}

/// The container's natural numbers: 0, and those from 2²¹ to 2²⁸.
fn natural(number: usize) -> Vec<u8> {
    let [low, second, third, high] = (number as u32).to_le_bytes();
    if number == 0 { vec![0] } else { vec![0xE0 | high, low, second, third] }
}
