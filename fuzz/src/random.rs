//! Random numbers from a seed, and mutations of examples.

/// A small generator (SplitMix64): good enough to spread inputs, the same everywhere.
pub struct Random(u64);

/// Numbers at which things change.
const EDGES: [u64; 14] = [
    0,
    1,
    2,
    0x3f,
    0x7f,
    0x80,
    0xff,
    0x1000,
    0x3fff,
    0xffff,
    0x3fff_ffff,
    0xffff_ffff,
    0x7fff_ffff_ffff_ffff,
    u64::MAX,
];

/// The longest input that mutations grow to.
const INPUT_BYTES_MAX: usize = 1 << 16;

impl Random {
    /// A generator of this seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Sixty-four bits.
    pub fn u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        (self.u64() % end as u64) as usize
    }

    /// Whether one in `count` times.
    pub fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    /// One of these.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// A number: often one at an edge, or near it.
    pub fn number(&mut self) -> u64 {
        match self.below(4) {
            0 => self.u64(),
            1 => self.u64() >> self.below(64),
            _ => self.pick(&EDGES).wrapping_add(self.below(5) as u64).wrapping_sub(2),
        }
    }

    /// Up to `most` octets.
    pub fn bytes(&mut self, most: usize) -> Vec<u8> {
        (0..self.below(most + 1)).map(|_| self.u64() as u8).collect()
    }

    /// One of the examples, changed in a few places.
    pub fn mutated(&mut self, examples: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = self.pick(examples).clone();
        for _ in 0..self.below(6) {
            self.mutate(&mut bytes, examples);
        }
        bytes
    }

    fn mutate(&mut self, bytes: &mut Vec<u8>, examples: &[Vec<u8>]) {
        let at = self.below(bytes.len() + 1);
        let length = self.below(32.min(bytes.len() - at) + 1);
        match self.below(8) {
            0 | 1 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
            2 if at < bytes.len() => bytes[at] = self.number() as u8,
            3 => drop(bytes.drain(at..at + length)),
            4 => bytes.truncate(at),
            5 if bytes.len() < INPUT_BYTES_MAX => drop(bytes.splice(at..at, self.bytes(24))),
            6 => {
                let number = self.number().to_le_bytes();
                let end = bytes.len().min(at + *self.pick(&[1, 2, 4, 8]));
                bytes[at..end].copy_from_slice(&number[..end - at]);
            }
            _ => {
                let other = self.pick(examples);
                let from = self.below(other.len() + 1);
                let to = from + self.below(other.len() - from + 1);
                if bytes.len() + to - from <= INPUT_BYTES_MAX {
                    bytes.splice(at..at + length, other[from..to].iter().copied());
                }
            }
        }
    }
}
