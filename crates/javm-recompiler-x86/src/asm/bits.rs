//! Counting bits and swapping octets.

use super::encoding::{Encoding, Op};
use super::{Asm, Gpr, Width};

/// The prefix that makes `bsf` a `tzcnt` and `bsr` a `lzcnt`, where there are such.
const REP: u8 = 0xF3;

impl Asm {
    /// `bsf d, s`: the lowest set bit; zero flag and an undefined result if there is none.
    #[inline(always)]
    pub fn bsf(&mut self, width: Width, d: Gpr, s: Gpr) {
        self.put(Encoding::registers(Op::two(0xBC).of_width(width), d as u8, s));
    }

    /// `bsr d, s`: the highest set bit; zero flag and an undefined result if there is none.
    #[inline(always)]
    pub fn bsr(&mut self, width: Width, d: Gpr, s: Gpr) {
        self.put(Encoding::registers(Op::two(0xBD).of_width(width), d as u8, s));
    }

    /// `popcnt d, s`
    #[inline(always)]
    pub fn popcnt(&mut self, width: Width, d: Gpr, s: Gpr) {
        self.put(Encoding::registers(Op::two(0xB8).prefixed(REP).of_width(width), d as u8, s));
    }

    /// `lzcnt d, s`
    #[inline(always)]
    pub fn lzcnt(&mut self, width: Width, d: Gpr, s: Gpr) {
        self.put(Encoding::registers(Op::two(0xBD).prefixed(REP).of_width(width), d as u8, s));
    }

    /// `tzcnt d, s`
    #[inline(always)]
    pub fn tzcnt(&mut self, width: Width, d: Gpr, s: Gpr) {
        self.put(Encoding::registers(Op::two(0xBC).prefixed(REP).of_width(width), d as u8, s));
    }

    /// `bswap d`
    #[inline(always)]
    pub fn bswap(&mut self, d: Gpr) {
        self.put(Encoding::EMPTY.octet(0x48 | d.high()).octet(0x0F).octet(0xC8 | d.low()));
    }
}
