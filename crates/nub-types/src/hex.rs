//! Octets as text.

/// `0x…`.
pub fn to_text(octets: &[u8]) -> String {
    octets.iter().fold("0x".to_owned(), |text, octet| text + &format!("{octet:02x}"))
}

/// The octets of hexadecimal text, with or without `0x`; `None` if it is not such.
pub fn from_text(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("0x").unwrap_or(text).as_bytes();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    let digit = |octet: u8| char::from(octet).to_digit(16).map(|digit| digit as u8);
    digits.chunks(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}
