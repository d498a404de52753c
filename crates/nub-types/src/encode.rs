//! From JSON to SCALE.

use serde_json::Value;

use crate::{Type, hex};

/// Why a JSON value is none of a type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// It is of another kind.
    #[error("{found} where {wanted} is wanted")]
    Kind {
        /// What is wanted.
        wanted: &'static str,
        /// What there is.
        found: String,
    },
    /// The number does not fit.
    #[error("{found} does not fit {bits} bits")]
    Range {
        /// The number.
        found: String,
        /// The bits of the type.
        bits: u32,
    },
    /// There are too many or too few.
    #[error("{found} where {wanted} are wanted")]
    Count {
        /// How many are wanted.
        wanted: usize,
        /// How many there are.
        found: usize,
    },
    /// A field is missing.
    #[error("field `{name}` is missing")]
    Missing {
        /// The field.
        name: String,
    },
}

impl Type {
    /// A value's octets.
    ///
    /// # Errors
    /// [`EncodeError`].
    pub fn encode(&self, value: &Value) -> Result<Vec<u8>, EncodeError> {
        let mut out = Vec::new();
        self.put(value, &mut out)?;
        Ok(out)
    }

    fn put(&self, value: &Value, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        match self {
            Type::Unit => {}
            Type::Bool => out.push(value.as_bool().ok_or_else(|| kind("true or false", value))?.into()),
            Type::Unsigned(bytes) => put_unsigned(*bytes, value, out)?,
            Type::Signed(bytes) => put_signed(*bytes, value, out)?,
            Type::String => {
                let text = value.as_str().ok_or_else(|| kind("text", value))?;
                put_length(text.len(), out);
                out.extend(text.as_bytes());
            }
            Type::Array(item, count) => {
                put_items(item, Some(*count as usize), value, out)?;
            }
            Type::List(item) => put_items(item, None, value, out)?,
            Type::Option(item) => match value {
                Value::Null => out.push(0),
                value => {
                    out.push(1);
                    item.put(value, out)?;
                }
            },
            Type::Tuple(parts) => {
                let values = list(value)?;
                if values.len() != parts.len() {
                    return Err(EncodeError::Count { wanted: parts.len(), found: values.len() });
                }
                parts.iter().zip(values).try_for_each(|(part, value)| part.put(value, out))?;
            }
            Type::Struct(fields) => {
                for (name, field) in fields {
                    let value = value.get(name).ok_or_else(|| EncodeError::Missing { name: name.clone() })?;
                    field.put(value, out)?;
                }
            }
            Type::Enum(variants) => {
                let (name, held) = match value {
                    Value::String(name) => (name.as_str(), &Value::Null),
                    Value::Object(one) if one.len() == 1 => {
                        one.iter().next().map_or(("", &Value::Null), |(name, held)| (name.as_str(), held))
                    }
                    _ => return Err(kind("the name of a kind", value)),
                };
                let position = variants.iter().position(|variant| variant.name == name);
                let position = position.ok_or_else(|| kind("the name of a kind", value))?;
                out.push(position as u8);
                variants[position].holds.put(held, out)?;
            }
        }
        Ok(())
    }
}

fn kind(wanted: &'static str, found: &Value) -> EncodeError {
    EncodeError::Kind { wanted, found: found.to_string() }
}

fn list(value: &Value) -> Result<&Vec<Value>, EncodeError> {
    value.as_array().ok_or_else(|| kind("a list", value))
}

fn put_items(item: &Type, count: Option<usize>, value: &Value, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    let check = |found: usize| match count {
        Some(wanted) if wanted != found => Err(EncodeError::Count { wanted, found }),
        _ => Ok(()),
    };
    if let (Type::Unsigned(1), Value::String(text)) = (item, value) {
        let octets = hex::from_text(text).ok_or_else(|| kind("hexadecimal octets", value))?;
        check(octets.len())?;
        if count.is_none() {
            put_length(octets.len(), out);
        }
        out.extend(octets);
        return Ok(());
    }
    let values = list(value)?;
    check(values.len())?;
    if count.is_none() {
        put_length(values.len(), out);
    }
    values.iter().try_for_each(|value| item.put(value, out))
}

fn put_length(count: usize, out: &mut Vec<u8>) {
    match count {
        0..0x40 => out.push((count << 2) as u8),
        0x40..0x4000 => out.extend(((count << 2) as u16 | 1).to_le_bytes()),
        _ => out.extend(((count << 2) as u32 | 2).to_le_bytes()),
    }
}

/// The digits of a number, or of text that is one.
fn digits(value: &Value) -> Result<String, EncodeError> {
    match value {
        Value::Number(number) => Ok(number.to_string()),
        Value::String(text) => Ok(text.replace('_', "")),
        other => Err(kind("a number", other)),
    }
}

fn put_unsigned(bytes: u8, value: &Value, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    let (digits, bits) = (digits(value)?, 8 * u32::from(bytes));
    let number: u128 = digits.parse().map_err(|_| kind("a number", value))?;
    if number > u128::MAX >> (128 - bits) {
        return Err(EncodeError::Range { found: digits, bits });
    }
    out.extend(&number.to_le_bytes()[..bytes.into()]);
    Ok(())
}

fn put_signed(bytes: u8, value: &Value, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    let (digits, bits) = (digits(value)?, 8 * u32::from(bytes));
    let number: i128 = digits.parse().map_err(|_| kind("a number", value))?;
    if number > i128::MAX >> (128 - bits) || number < i128::MIN >> (128 - bits) {
        return Err(EncodeError::Range { found: digits, bits });
    }
    out.extend(&number.to_le_bytes()[..bytes.into()]);
    Ok(())
}
