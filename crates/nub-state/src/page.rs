//! A page: 4 KiB of memory content, aligned so that hardware can map it.

use alloc::boxed::Box;

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
}
