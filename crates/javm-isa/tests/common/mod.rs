//! Puts programs together.

use javm_isa::Program;

/// A program of at most 127 code octets without a jump table; `starts` are the bitmask's set bits.
pub fn program(code: &[u8], starts: &[usize]) -> Program {
    let mut bitmask = vec![0; code.len().div_ceil(8)];
    for start in starts {
        bitmask[start / 8] |= 1 << (start % 8);
    }
    let blob = [&[0, 0, code.len() as u8], code, &bitmask].concat();
    Program::parse(&blob).expect("the blob is well-formed")
}
