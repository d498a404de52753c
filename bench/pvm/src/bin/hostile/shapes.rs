//! Programs that are made to be costly to compile.

/// The code of a program is its instruction, over and over.
pub struct Shape {
    /// What is hostile about it.
    pub name: &'static str,
    /// The instruction.
    instruction: &'static [u8],
    /// Entries of the jump table for each octet of code.
    entries_per_octet: usize,
}

/// All of them.
pub const ALL: [Shape; 7] = [
    Shape { name: "blocks of one octet", instruction: &[1], entries_per_octet: 0 },
    Shape { name: "traps", instruction: &[0], entries_per_octet: 0 },
    Shape { name: "one huge block", instruction: &[149, 0x11, 1], entries_per_octet: 0 },
    Shape { name: "branches to themselves", instruction: &[170, 0x21, 0], entries_per_octet: 0 },
    Shape { name: "branches to no block", instruction: &[170, 0x21, 0x55, 0x55], entries_per_octet: 0 },
    Shape { name: "bit counts", instruction: &[101, 0x21], entries_per_octet: 0 },
    Shape { name: "jump table as long as the code", instruction: &[1], entries_per_octet: 1 },
];

impl Shape {
    /// The program's octets, with so many of code, and as few more as instructions allow.
    pub fn blob(&self, len_bytes: usize) -> Vec<u8> {
        let count = len_bytes.div_ceil(self.instruction.len());
        let code = self.instruction.repeat(count);
        let mut starts = vec![0; code.len().div_ceil(8)];
        (0..count).map(|index| index * self.instruction.len()).for_each(|at| starts[at / 8] |= 1 << (at % 8));
        let entries = vec![0; code.len() * self.entries_per_octet];
        [&natural(entries.len())[..], &[1], &natural(code.len()), &entries, &code, &starts].concat()
    }
}

/// The container's natural numbers: 0, and those from 2²¹ to 2²⁸.
fn natural(number: usize) -> Vec<u8> {
    let [low, second, third, high] = (number as u32).to_le_bytes();
    if number == 0 { vec![0] } else { vec![0xE0 | high, low, second, third] }
}
