//! The arguments of an instruction one by one, for engines that know which of them they want.
//!
//! Each method reads what some formats have, and means nothing in others. Registers are as the instruction has them:
//! [`Reg::clamped`](crate::Reg::clamped) says which is meant.

use crate::Step;

/// How many bits of four octets an immediate leaves unused that has so many octets, or more.
static UNUSED_BITS: [u8; 32] = {
    let mut unused = [0; 32];
    let mut len = 0;
    while len < 4 {
        unused[len] = 32 - 8 * len as u8;
        len += 1;
    }
    unused
};

/// The lowest `len_bytes` octets, 4 if it is more, sign-extended. Below 32.
#[inline(always)]
fn extended(octets: u32, len_bytes: u32) -> i32 {
    let unused = UNUSED_BITS[(len_bytes & 31) as usize] & 63;
    // In 64 bits: of no octets all 32 go.
    (i64::from((u64::from(octets) << unused) as i32) >> unused) as i32
}

/// The same for what the skip leaves after the first octet.
static UNUSED_AFTER_ONE: [u8; 32] = {
    let mut unused = [0; 32];
    let mut skip = 0;
    while skip < 5 {
        unused[skip] = if skip == 0 { 32 } else { 40 - 8 * skip as u8 };
        skip += 1;
    }
    unused
};

/// The same of the lowest octets of eight.
#[inline(always)]
fn extended_from(octets: u64, at_bytes: u32, len_bytes: u32) -> i32 {
    extended((octets >> (8 * (at_bytes & 7))) as u32, len_bytes)
}

impl<'a> Step<'a> {
    /// The octets from the opcode on, of the instructions behind it too; zeros past the end of the code.
    #[inline(always)]
    pub fn octets(&self) -> &'a [u8; 16] {
        self.octets
    }

    /// RI, RIO, RII, RX: the register. RR: the destination. RRI, RRO, RRR: the first register.
    #[inline(always)]
    pub fn low(&self) -> u8 {
        self.octets[1] & 0x0F
    }

    /// RR: the source. RRI, RRO, RRR: the second register.
    #[inline(always)]
    pub fn high(&self) -> u8 {
        self.octets[1] >> 4
    }

    /// RRR: the destination, which has an octet of its own.
    #[inline(always)]
    pub fn third(&self) -> u8 {
        self.octets[2]
    }

    /// RI, RRI: the immediate.
    #[inline(always)]
    pub fn immediate(&self) -> i32 {
        let unused = UNUSED_AFTER_ONE[(self.skip & 31) as usize] & 63;
        (i64::from((u64::from(self.four_at_2()) << unused) as i32) >> unused) as i32
    }

    /// I: the immediate.
    #[inline(always)]
    pub fn only_immediate(&self) -> i32 {
        let [_, a, b, c, d, ..] = *self.octets;
        extended(u32::from_le_bytes([a, b, c, d]), self.skip)
    }

    /// O: where the offset leads; `None` if that is no 32-bit number.
    #[inline(always)]
    pub fn only_target(&self) -> Option<u32> {
        self.at_distance(self.only_immediate())
    }

    /// RRO: where the offset leads.
    #[inline(always)]
    pub fn target(&self) -> Option<u32> {
        self.at_distance(self.immediate())
    }

    /// RIO: the immediate, and where the offset leads.
    #[inline(always)]
    pub fn immediate_and_target(&self) -> (i32, Option<u32>) {
        let len = u32::from(self.octets[1] >> 4 & 7).min(4);
        let [_, _, octets @ .., _, _, _, _, _, _] = self.octets;
        let octets = u64::from_le_bytes(*octets);
        let last_len = self.skip.saturating_sub(1 + len);
        (extended(octets as u32, len), self.at_distance(extended_from(octets, len, last_len)))
    }

    #[inline(always)]
    fn four_at_2(&self) -> u32 {
        let [_, _, a, b, c, d, ..] = *self.octets;
        u32::from_le_bytes([a, b, c, d])
    }

    #[inline(always)]
    fn at_distance(&self, distance: i32) -> Option<u32> {
        u32::try_from(i64::from(self.position) + i64::from(distance)).ok()
    }
}
