//! An Image: a program and what its Instances start from. Immutable, shared by hash.

use crate::codec::{Body, scale};
use crate::error::DecodeError;
use crate::object::Object;
use crate::{Kind, PAGE_BYTES};
use alloc::vec::Vec;
use javm_isa::Layout;
use nub_abi::Hash;
use parity_scale_codec::{Decode, Encode};

/// A program and what its Instances start from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Image {
    /// A PVM program (container of `docs/spec`; PVM.md §1). Whether it is a valid one is not checked here.
    pub program: Vec<u8>,
    /// Read-only data.
    pub ro_data: Vec<u8>,
    /// Initial read-write data.
    pub rw_data: Vec<u8>,
    /// Bytes of stack.
    pub stack_bytes: u32,
    /// Zeroed pages after the read-write data.
    pub heap_pages: u32,
    /// Endpoint numbers and the program counters they are entered at, strictly ascending by number.
    pub endpoints: Vec<(u16, u32)>,
    /// Hash of its TypeDef, for tools.
    pub type_def: Option<Hash>,
}

impl Image {
    /// The canonical encoding, kind tag included.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(1 + self.encoded_size());
        out.push(Kind::Image.tag());
        self.encode_to(&mut out);
        out
    }

    /// Decodes exactly one Image from all of `bytes`, kind tag included, and checks what needs no program:
    /// the order of endpoints and that data, heap and stack fit.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        match Kind::from_tag(*bytes.first().ok_or(DecodeError::Empty)?) {
            Some(Kind::Image) => {}
            Some(found) => return Err(DecodeError::WrongKind { expected: Kind::Image.into(), found }),
            None => return Err(DecodeError::UnknownKind(bytes[0])),
        }
        match Object::decode(bytes)? {
            Object::Image(image) => Ok(image),
            _ => unreachable!("the tag says Image"),
        }
    }

    /// The program counter of an endpoint.
    pub fn endpoint(&self, number: u16) -> Option<u32> {
        let index = self.endpoints.binary_search_by_key(&number, |&(number, _)| number).ok()?;
        Some(self.endpoints[index].1)
    }

    /// Size of an Instance's memory: the read-write data rounded up to pages, and the heap.
    pub fn memory_bytes_initial(&self) -> u64 {
        let page = PAGE_BYTES as u64;
        (self.rw_data.len() as u64).next_multiple_of(page) + u64::from(self.heap_pages) * page
    }

    /// The checks of [`Self::from_bytes`] on a value.
    pub fn check(&self) -> Result<(), DecodeError> {
        if !self.endpoints.is_sorted_by(|a, b| a.0 < b.0) {
            return Err(DecodeError::Unordered);
        }
        let length = |data: &[u8]| u32::try_from(data.len()).map_err(|_| DecodeError::DoesNotFit);
        let (ro_bytes, rw_bytes) = (length(&self.ro_data)?, length(&self.rw_data)?);
        Layout::new(ro_bytes, rw_bytes, self.heap_pages, self.stack_bytes, 0)
            .map(|_| ())
            .map_err(|_| DecodeError::DoesNotFit)
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        self.program.len()
            + self.ro_data.len()
            + self.rw_data.len()
            + self.endpoints.len() * size_of::<(u16, u32)>()
    }
}

impl Body for Image {
    fn encode_body(&self, out: &mut Vec<u8>) {
        self.encode_to(out);
    }

    fn decode_body(input: &mut &[u8]) -> Result<Self, DecodeError> {
        let image: Self = scale(input)?;
        image.check()?;
        Ok(image)
    }
}
