//! Where a standard program's memory lies, and its registers at entry (PVM.md §8).

use crate::{PAGE_SIZE_BYTES, REGISTER_COUNT};

/// Regions are kept apart by multiples of this, in octets.
pub const ZONE_SIZE_BYTES: u32 = 1 << 16;

/// Where read-only data starts.
pub const READ_ONLY_DATA_ADDRESS: u32 = 0x0001_0000;

/// Where the stack ends; the stack pointer at entry.
pub const STACK_END_ADDRESS: u32 = 0xFEFE_0000;

/// Where the arguments start.
pub const ARGUMENTS_ADDRESS: u32 = 0xFEFF_0000;

/// The longest arguments, in octets.
pub const MAX_ARGUMENTS_LEN_BYTES: u32 = 1 << 24;

/// Why a program cannot be laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum LayoutError {
    /// Data, heap and stack do not fit the address space together.
    #[error("the program's regions need {needed_bytes} octets of address space, more than 2^32")]
    TooLarge {
        /// What the regions, rounded up to zones, and the zones between them come to.
        needed_bytes: u64,
    },
    /// The arguments are longer than [`MAX_ARGUMENTS_LEN_BYTES`].
    #[error("arguments of {len_bytes} octets are longer than {MAX_ARGUMENTS_LEN_BYTES}")]
    ArgumentsTooLong {
        /// Their length.
        len_bytes: u32,
    },
}

/// Adjacent pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PageRange {
    /// The number of the first page: its address divided by [`PAGE_SIZE_BYTES`].
    pub first: u32,
    /// How many pages.
    pub count: u32,
}

impl PageRange {
    /// The number of the first page after the range.
    pub const fn end(self) -> u32 {
        self.first + self.count
    }

    /// The address of the first page.
    pub const fn address(self) -> u32 {
        self.first * PAGE_SIZE_BYTES
    }

    /// Is `page` one of them?
    pub const fn contains(self, page: u32) -> bool {
        page >= self.first && page - self.first < self.count
    }
}

/// Where everything lies. Regions do not overlap; what is in none of them is inaccessible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Layout {
    /// Read-only data; may be read.
    pub read_only_data: PageRange,
    /// Initial read-write data, padded with zeros to a page, then the heap pages; may be written.
    pub read_write_data: PageRange,
    /// The stack; may be written.
    pub stack: PageRange,
    /// The arguments, padded with zeros to a page; may be read.
    pub arguments: PageRange,
    /// The length of the arguments in octets.
    pub arguments_len_bytes: u32,
}

impl Layout {
    /// Lays out a program: lengths in octets of its read-only data, initial read-write data, stack and
    /// arguments, and the count of zero pages after the read-write data.
    ///
    /// # Errors
    /// [`LayoutError`] if arguments or the regions together are too large.
    pub fn new(
        read_only_len_bytes: u32,
        read_write_len_bytes: u32,
        heap_page_count: u32,
        stack_len_bytes: u32,
        arguments_len_bytes: u32,
    ) -> Result<Layout, LayoutError> {
        if arguments_len_bytes > MAX_ARGUMENTS_LEN_BYTES {
            return Err(LayoutError::ArgumentsTooLong { len_bytes: arguments_len_bytes });
        }
        let heap_len_bytes = u64::from(heap_page_count) * u64::from(PAGE_SIZE_BYTES);
        let needed_bytes = 5 * u64::from(ZONE_SIZE_BYTES)
            + zones(read_only_len_bytes.into())
            + zones(u64::from(read_write_len_bytes) + heap_len_bytes)
            + zones(stack_len_bytes.into())
            + u64::from(MAX_ARGUMENTS_LEN_BYTES);
        if needed_bytes > 1 << 32 {
            return Err(LayoutError::TooLarge { needed_bytes });
        }
        // From here on every sum fits 32 bits: the regions fit the address space together.
        let read_write_address =
            READ_ONLY_DATA_ADDRESS + ZONE_SIZE_BYTES + zones(read_only_len_bytes.into()) as u32;
        let stack_page_count = stack_len_bytes.div_ceil(PAGE_SIZE_BYTES);
        let at = |address: u32, count: u32| PageRange { first: address / PAGE_SIZE_BYTES, count };
        Ok(Layout {
            read_only_data: at(READ_ONLY_DATA_ADDRESS, read_only_len_bytes.div_ceil(PAGE_SIZE_BYTES)),
            read_write_data: at(
                read_write_address,
                read_write_len_bytes.div_ceil(PAGE_SIZE_BYTES) + heap_page_count,
            ),
            stack: at(STACK_END_ADDRESS - stack_page_count * PAGE_SIZE_BYTES, stack_page_count),
            arguments: at(ARGUMENTS_ADDRESS, arguments_len_bytes.div_ceil(PAGE_SIZE_BYTES)),
            arguments_len_bytes,
        })
    }

    /// The registers at entry: r0 the address that halts, r1 the stack's end, r7 and r8 the arguments'
    /// address and length, all others zero.
    pub fn entry_registers(&self) -> [u64; REGISTER_COUNT] {
        let mut registers = [0; REGISTER_COUNT];
        registers[0] = crate::HALT_ADDRESS.into();
        registers[1] = STACK_END_ADDRESS.into();
        registers[7] = ARGUMENTS_ADDRESS.into();
        registers[8] = self.arguments_len_bytes.into();
        registers
    }
}

/// `len_bytes` rounded up to whole zones.
fn zones(len_bytes: u64) -> u64 {
    len_bytes.next_multiple_of(ZONE_SIZE_BYTES.into())
}
