//! Names of types, put together at compile time.

/// The longest name in octets.
const NAME_BYTES_MAX: usize = 2048;

/// The name of a type, or a line of a TypeDef. Only ever evaluated by the compiler.
#[derive(Clone, Copy)]
pub struct Name {
    octets: [u8; NAME_BYTES_MAX],
    len_bytes: usize,
}

impl Name {
    /// A name that is `text`.
    pub const fn new(text: &str) -> Self {
        Self { octets: [0; NAME_BYTES_MAX], len_bytes: 0 }.text(text)
    }

    /// This name and then `text`.
    pub const fn text(self, text: &str) -> Self {
        self.octets(text.as_bytes(), text.len())
    }

    /// This name and then another.
    pub const fn name(self, other: Self) -> Self {
        self.octets(&other.octets, other.len_bytes)
    }

    /// This name and then a number, in decimal.
    pub const fn number(self, number: usize) -> Self {
        let digit = [b'0' + (number % 10) as u8];
        match number / 10 {
            0 => self.octets(&digit, 1),
            more => self.number(more).octets(&digit, 1),
        }
    }

    /// This name and then 32 octets, in hexadecimal.
    pub const fn hex(mut self, octets: &[u8; 32]) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut index = 0;
        while index < octets.len() {
            let pair = [DIGITS[(octets[index] >> 4) as usize], DIGITS[(octets[index] & 15) as usize]];
            self = self.octets(&pair, 2);
            index += 1;
        }
        self
    }

    const fn octets(mut self, octets: &[u8], len_bytes: usize) -> Self {
        assert!(
            self.len_bytes + len_bytes <= NAME_BYTES_MAX,
            "the name of a type, or a signature, is too long"
        );
        let mut index = 0;
        while index < len_bytes {
            self.octets[self.len_bytes + index] = octets[index];
            index += 1;
        }
        self.len_bytes += len_bytes;
        self
    }

    /// Its length in octets.
    pub const fn len_bytes(&self) -> usize {
        self.len_bytes
    }

    /// Its octets; `N` must be their number.
    pub const fn to_array<const N: usize>(&self) -> [u8; N] {
        assert!(N == self.len_bytes, "the length of the name");
        let mut array = [0; N];
        let mut index = 0;
        while index < N {
            array[index] = self.octets[index];
            index += 1;
        }
        array
    }

    /// It as text, for people and tests.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.octets[..self.len_bytes]).unwrap_or_default()
    }
}
