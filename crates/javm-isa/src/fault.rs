//! What an access that cannot be made leads to (PVM.md §5).

/// The size of a page in octets.
pub const PAGE_SIZE_BYTES: u32 = 4096;

/// How many pages the 2^32 octets of memory have.
pub const PAGE_COUNT: u32 = 1 << 20;

/// Addresses below this are never accessible; touching them is a panic.
pub const LOW_MEMORY_END: u32 = 1 << 16;

/// What an access does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AccessKind {
    /// It reads.
    Load,
    /// It writes.
    Store,
}

/// An access to memory. It may run past the last address and go on at 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Access {
    /// Its first octet.
    pub address: u32,
    /// How many octets, 1 to 8 for an instruction's.
    pub len_bytes: u32,
    /// What it does.
    pub kind: AccessKind,
}

/// Why an access cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// Its first inaccessible octet is below [`LOW_MEMORY_END`]: a panic.
    LowMemory,
    /// Its first inaccessible octet is elsewhere: a page fault.
    Page {
        /// The address of that octet's page, a multiple of [`PAGE_SIZE_BYTES`].
        address: u32,
    },
}

/// What `access` leads to: `None` if every octet is accessible, else the fault of the first
/// inaccessible one in the order of the access, also when the access wraps around the end of memory.
///
/// `is_accessible` says of a page number (0 to [`PAGE_COUNT`] − 1) whether this kind of access may be
/// made to the page. It is asked about each page of the access once, in order.
pub fn classify(access: Access, mut is_accessible: impl FnMut(u32) -> bool) -> Option<Fault> {
    let last_octet = u64::from(access.address) + u64::from(access.len_bytes.checked_sub(1)?);
    let first_page = access.address / PAGE_SIZE_BYTES;
    let last_page = (last_octet / u64::from(PAGE_SIZE_BYTES)) as u32;
    let page = (first_page..=last_page).map(|page| page % PAGE_COUNT).find(|&page| !is_accessible(page))?;
    let address = page * PAGE_SIZE_BYTES;
    Some(if address < LOW_MEMORY_END { Fault::LowMemory } else { Fault::Page { address } })
}
