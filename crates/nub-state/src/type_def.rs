//! A TypeDef: what tools need to speak to an Image. The kernel never reads one.

use crate::codec::{Body, scale};
use crate::error::DecodeError;
use alloc::string::String;
use alloc::vec::Vec;
use parity_scale_codec::{Decode, Encode};

/// Names and types of an Image's endpoints and events.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct TypeDef {
    /// Strictly ascending by number.
    pub endpoints: Vec<EndpointType>,
    /// Strictly ascending by topic.
    pub events: Vec<EventType>,
}

/// An endpoint's name and types.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct EndpointType {
    /// Its number in the Image.
    pub number: u16,
    /// Its name.
    pub name: String,
    /// Its arguments, in order.
    pub args: Vec<Field>,
    /// The type of its output; empty if it returns nothing.
    pub output: String,
}

/// An event's name and types.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct EventType {
    /// The topic it is emitted under.
    pub topic: [u8; 32],
    /// Its name.
    pub name: String,
    /// Its data, in order.
    pub fields: Vec<Field>,
}

/// A name and the name of a type. Type names are those of Rust for integers, arrays, tuples and `Vec`;
/// values are SCALE. Other names mean what the tools at hand agree on.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Field {
    /// The field's name.
    pub name: String,
    /// Its type's.
    pub type_name: String,
}

impl Body for TypeDef {
    fn encode_body(&self, out: &mut Vec<u8>) {
        self.encode_to(out);
    }

    fn decode_body(input: &mut &[u8]) -> Result<Self, DecodeError> {
        let type_def: Self = scale(input)?;
        let ordered = type_def.endpoints.is_sorted_by(|a, b| a.number < b.number)
            && type_def.events.is_sorted_by(|a, b| a.topic < b.topic);
        match ordered {
            true => Ok(type_def),
            false => Err(DecodeError::Unordered),
        }
    }
}
