//! From SCALE to JSON.

use serde_json::{Map, Number, Value, json};

use crate::{Type, hex};

/// Why octets are no value of a type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// They end before the value does.
    #[error("the octets end before the value does")]
    TooShort,
    /// Octets remain after the value.
    #[error("{count} octets remain after the value")]
    TooLong {
        /// How many.
        count: usize,
    },
    /// A truth value, option or enum has a number that none has.
    #[error("{found} is not one of {count} kinds")]
    Tag {
        /// The number.
        found: u8,
        /// How many kinds there are.
        count: usize,
    },
    /// Text is not UTF-8.
    #[error("text is not UTF-8")]
    NotText,
    /// A length is above what lists may have, or not in its shortest form.
    #[error("a length is not one")]
    Length,
}

impl Type {
    /// All of `octets` as one value.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn decode(&self, mut octets: &[u8]) -> Result<Value, DecodeError> {
        let value = self.take(&mut octets)?;
        if octets.is_empty() { Ok(value) } else { Err(DecodeError::TooLong { count: octets.len() }) }
    }

    /// Takes one value from the front.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn take(&self, input: &mut &[u8]) -> Result<Value, DecodeError> {
        Ok(match self {
            Type::Unit => Value::Null,
            Type::Bool => Value::Bool(tag(input, 2)? == 1),
            Type::Unsigned(bytes) => unsigned(input, *bytes)?,
            Type::Signed(bytes) => signed(input, *bytes)?,
            Type::String => {
                let count = length(input)?;
                let text = std::str::from_utf8(split(input, count)?).map_err(|_| DecodeError::NotText)?;
                Value::from(text)
            }
            Type::Array(item, count) => items(item, *count as usize, input)?,
            Type::List(item) => {
                let count = length(input)?;
                items(item, count, input)?
            }
            Type::Option(_) if tag(input, 2)? == 0 => Value::Null,
            Type::Option(item) => item.take(input)?,
            Type::Tuple(parts) => {
                Value::Array(parts.iter().map(|part| part.take(input)).collect::<Result<_, _>>()?)
            }
            Type::Struct(fields) => {
                let mut object = Map::new();
                for (name, field) in fields {
                    object.insert(name.clone(), field.take(input)?);
                }
                Value::Object(object)
            }
            Type::Enum(variants) => {
                let variant = &variants[usize::from(tag(input, variants.len())?)];
                match variant.holds.take(input)? {
                    Value::Null => Value::from(variant.name.as_str()),
                    held => json!({ variant.name.as_str(): held }),
                }
            }
        })
    }
}

fn items(item: &Type, count: usize, input: &mut &[u8]) -> Result<Value, DecodeError> {
    if *item == Type::Unsigned(1) {
        return Ok(Value::from(hex::to_text(split(input, count)?)));
    }
    let mut values = Vec::new();
    for _ in 0..count {
        let before = input.len();
        values.push(item.take(input)?);
        // Values of no octets are as many as somebody says; nobody needs to see them all.
        if input.len() == before && values.len() > 256 {
            return Err(DecodeError::Length);
        }
    }
    Ok(Value::Array(values))
}

fn split<'a>(input: &mut &'a [u8], count: usize) -> Result<&'a [u8], DecodeError> {
    let (taken, rest) = input.split_at_checked(count).ok_or(DecodeError::TooShort)?;
    *input = rest;
    Ok(taken)
}

fn tag(input: &mut &[u8], count: usize) -> Result<u8, DecodeError> {
    let found = split(input, 1)?[0];
    if usize::from(found) < count { Ok(found) } else { Err(DecodeError::Tag { found, count }) }
}

fn number(input: &mut &[u8], bytes: u8) -> Result<[u8; 16], DecodeError> {
    let mut octets = [0; 16];
    let taken = split(input, bytes.into())?;
    octets[..taken.len()].copy_from_slice(taken);
    Ok(octets)
}

fn unsigned(input: &mut &[u8], bytes: u8) -> Result<Value, DecodeError> {
    let value = u128::from_le_bytes(number(input, bytes)?);
    Ok(if bytes > 8 { Value::from(value.to_string()) } else { Value::Number(Number::from(value as u64)) })
}

fn signed(input: &mut &[u8], bytes: u8) -> Result<Value, DecodeError> {
    let unused_bits = 128 - 8 * u32::from(bytes);
    let value = i128::from_le_bytes(number(input, bytes)?) << unused_bits >> unused_bits;
    Ok(if bytes > 8 { Value::from(value.to_string()) } else { Value::Number(Number::from(value as i64)) })
}

/// SCALE's compact number, below 2³⁰.
fn length(input: &mut &[u8]) -> Result<usize, DecodeError> {
    let first = *input.first().ok_or(DecodeError::TooShort)?;
    let bytes = match first & 3 {
        0 => 1,
        1 => 2,
        2 => 4,
        _ => return Err(DecodeError::Length),
    };
    let value = u128::from_le_bytes(number(input, bytes)?) as usize >> 2;
    let is_shortest = bytes == 1 || value >= [0, 0x40, 0, 0x4000][usize::from(bytes) - 1];
    if is_shortest { Ok(value) } else { Err(DecodeError::Length) }
}
