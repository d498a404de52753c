//! Data, heap and stack: from the linker's terms to the kernel's.
//!
//! The linker says how many octets of each kind there are and gives the initialised ones first. The kernel
//! maps read-only data, then read-write data rounded up to a page and heap pages of zeros.

use javm_isa::{Layout, PAGE_SIZE_BYTES};
use polkavm_common::abi::MemoryMapBuilder;
use polkavm_linker::ProgramBlob;

use crate::LinkError;

/// The smallest stack, in octets.
pub const STACK_BYTES_MIN: u32 = 4096;
/// The largest stack, in octets: what `limits.live_pages` allows by default.
pub const STACK_BYTES_MAX: u32 = 16 << 20;

/// The memory an Image declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Read-only data, zeros at the end included where they lie on pages of their own.
    pub ro_data: Vec<u8>,
    /// Read-write data up to its last octet that is not zero.
    pub rw_data: Vec<u8>,
    /// Pages of zeros after it.
    pub heap_pages: u32,
    /// Octets of stack.
    pub stack_bytes: u32,
}

impl Memory {
    /// The memory of a linked program.
    ///
    /// # Errors
    /// [`LinkError::Stack`], [`LinkError::Layout`], [`LinkError::LayoutMismatch`].
    pub fn of(blob: &ProgramBlob) -> Result<Memory, LinkError> {
        let stack_bytes = blob.stack_size();
        if !(STACK_BYTES_MIN..=STACK_BYTES_MAX).contains(&stack_bytes) {
            return Err(LinkError::Stack { bytes: stack_bytes });
        }
        let rw_data = without_trailing_zeros(blob.rw_data());
        let memory = Memory {
            ro_data: padded(blob.ro_data(), blob.ro_data_size()),
            heap_pages: page_count(blob.rw_data_size()) - page_count(rw_data.len() as u32),
            rw_data,
            stack_bytes,
        };
        memory.check_against(blob)?;
        Ok(memory)
    }

    /// Is everything where the linker put it?
    fn check_against(&self, blob: &ProgramBlob) -> Result<(), LinkError> {
        let layout = Layout::new(
            self.ro_data.len() as u32,
            self.rw_data.len() as u32,
            self.heap_pages,
            self.stack_bytes,
            0,
        )?;
        let map = MemoryMapBuilder::new(PAGE_SIZE_BYTES)
            .ro_data_size(blob.ro_data_size())
            .rw_data_size(blob.rw_data_size())
            .stack_size(blob.stack_size())
            .build();
        let linker = map.map_or(0, |map| map.rw_data_address());
        let kernel = layout.read_write_data.address();
        if linker == kernel { Ok(()) } else { Err(LinkError::LayoutMismatch { linker, kernel }) }
    }
}

fn page_count(len_bytes: u32) -> u32 {
    len_bytes.div_ceil(PAGE_SIZE_BYTES)
}

/// `data` with zeros up to `len_bytes`, where these need pages beyond those of `data`; else as it is.
fn padded(data: &[u8], len_bytes: u32) -> Vec<u8> {
    let mut data = data.to_vec();
    if page_count(data.len() as u32) < page_count(len_bytes) {
        data.resize(len_bytes as usize, 0);
    }
    data
}

fn without_trailing_zeros(data: &[u8]) -> Vec<u8> {
    let len_bytes = data.iter().rposition(|&octet| octet != 0).map_or(0, |last| last + 1);
    data[..len_bytes].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_are_kept_only_where_they_need_a_page() {
        assert_eq!(padded(&[1], 4096), [1]);
        assert_eq!(padded(&[1], 4097).len(), 4097);
        assert_eq!(padded(&[], 1).len(), 1);
        assert_eq!(padded(&[], 0).len(), 0);
        assert_eq!(without_trailing_zeros(&[0, 1, 0, 0]), [0, 1]);
        assert!(without_trailing_zeros(&[0, 0]).is_empty());
    }
}
