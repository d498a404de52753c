//! A page: 4 KiB of memory content, aligned so that hardware can map it.

use crate::codec::{Body, take_bytes};
use crate::error::DecodeError;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use parity_scale_codec::Encode;

/// Octets in a page.
pub const PAGE_BYTES: usize = 4096;

/// A 4 KiB page on the heap, aligned to 4 KiB.
#[derive(Clone, PartialEq, Eq)]
pub struct Page(Box<PageBytes>);

/// The octets of a page where hardware can map them.
#[derive(Clone, PartialEq, Eq)]
#[repr(C, align(4096))]
pub struct PageBytes(pub [u8; PAGE_BYTES]);

impl From<Box<PageBytes>> for Page {
    fn from(bytes: Box<PageBytes>) -> Self {
        Self(bytes)
    }
}

impl From<Page> for Box<PageBytes> {
    fn from(page: Page) -> Self {
        page.0
    }
}

impl Page {
    /// A page of zeros.
    pub fn zeroed() -> Self {
        Self(Box::new(PageBytes([0; PAGE_BYTES])))
    }

    /// The content.
    pub fn bytes(&self) -> &[u8; PAGE_BYTES] {
        &self.0.0
    }

    /// The content, to change.
    pub fn bytes_mut(&mut self) -> &mut [u8; PAGE_BYTES] {
        &mut self.0.0
    }

    /// The content without its trailing zeros.
    pub fn trimmed(&self) -> &[u8] {
        let bytes = self.bytes();
        let length = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
        &bytes[..length]
    }

    /// Whether all of it is zero.
    pub fn is_zero(&self) -> bool {
        self.trimmed().is_empty()
    }
}

/// Encoded as SCALE bytes without the trailing zeros. An all-zero page is never encoded: it is absent.
impl Body for Page {
    fn encode_body(&self, out: &mut Vec<u8>) {
        self.trimmed().encode_to(out);
    }

    fn decode_body(input: &mut &[u8]) -> Result<Self, DecodeError> {
        let content = take_bytes(input)?;
        if content.len() > PAGE_BYTES || content.last().is_none_or(|&last| last == 0) {
            return Err(DecodeError::BadPage);
        }
        let mut page = Self::zeroed();
        page.bytes_mut()[..content.len()].copy_from_slice(content);
        Ok(page)
    }
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Page({} bytes)", self.trimmed().len())
    }
}
