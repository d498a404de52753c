//! A DataCap: bytes in 4 KiB pages. Pages that are all zero are absent.

use crate::codec::{Body, scale};
use crate::error::DecodeError;
use crate::kind::Kinds;
use crate::link::{Link, Loader};
use crate::page::Page;
use crate::trie::{Iter, Key, Trie};
use alloc::sync::Arc;
use alloc::vec::Vec;
use parity_scale_codec::Encode;

/// Bytes in 4 KiB pages.
#[derive(Clone, Debug, Default)]
pub struct DataCap {
    /// Bytes it holds. The caller keeps pages below it and zero past it.
    pub size: u64,
    pub(crate) pages: Trie,
}

/// What setting a page did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageChange {
    /// Whether the page was not all zero before.
    pub was_present: bool,
    /// Whether it is not all zero now.
    pub is_present: bool,
}

impl PageChange {
    /// Pages made non-zero minus pages zeroed: −1, 0 or 1.
    pub fn growth(self) -> i64 {
        i64::from(self.is_present) - i64::from(self.was_present)
    }
}

impl DataCap {
    /// A DataCap of zeros.
    pub fn zeroed(size: u64) -> Self {
        Self { size, pages: Trie::new() }
    }

    /// The pages that are not all zero, by number.
    pub fn pages(&self) -> &Trie {
        &self.pages
    }

    /// A page; `None` if it is all zero.
    pub fn page<L: Loader>(&self, number: u32, loader: &mut L) -> Result<Option<Arc<Page>>, L::Error> {
        match self.pages.get(&Key::from(number), loader)?.value {
            Some(link) => Ok(Some(link.resolve(loader)?.as_page()?.clone())),
            None => Ok(None),
        }
    }

    /// Replaces a page; `None` and a page of zeros both clear it.
    pub fn set_page<L: Loader>(
        &mut self,
        number: u32,
        page: Option<Arc<Page>>,
        loader: &mut L,
    ) -> Result<PageChange, L::Error> {
        let key = Key::from(number);
        let page = page.filter(|page| !page.is_zero());
        let is_present = page.is_some();
        let change = match page {
            Some(page) => self.pages.insert(&key, Link::new(page), loader)?,
            None => self.pages.remove(&key, loader)?,
        };
        Ok(PageChange { was_present: change.previous.is_some(), is_present })
    }

    /// The pages that are not all zero, ascending from number `first`.
    pub fn iter_from(&self, first: u32) -> PageIter {
        PageIter(self.pages.iter_from(&Key::from(first)))
    }
}

/// A walk over the pages of a DataCap.
#[derive(Debug)]
pub struct PageIter(Iter);

impl PageIter {
    /// The next page that is not all zero, with its number.
    pub fn next<L: Loader>(&mut self, loader: &mut L) -> Result<Option<(u32, Arc<Page>)>, L::Error> {
        let Some((key, link)) = self.0.next(loader)? else { return Ok(None) };
        let number = key.number()?;
        Ok(Some((number, link.resolve(loader)?.as_page()?.clone())))
    }
}

impl Body for DataCap {
    fn encode_body(&self, out: &mut Vec<u8>) {
        self.size.encode_to(out);
        Link::encode_option(self.pages.root(), out);
    }

    fn decode_body(input: &mut &[u8]) -> Result<Self, DecodeError> {
        let size = scale(input)?;
        let pages = Trie::from_root(Link::decode_option(input, Kinds::NODE)?);
        Ok(Self { size, pages })
    }
}
