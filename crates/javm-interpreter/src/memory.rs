//! What the engine asks of memory.

use javm_isa::AccessKind;

use crate::Meter;

/// The access did not take place; nothing changed, the meter included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Miss;

/// A program's memory: 2^32 octets in pages of 4096, little-endian.
///
/// Accesses have no alignment; one that runs past the last address goes on at 0. Each is done whole or
/// not at all. An implementation may take from the meter what an access costs, before it takes effect.
pub trait Memory {
    /// Reads octets that lie in one page, if that takes nothing: the page is there, and nothing is to be paid.
    /// `None` is no miss; the engine asks again by the methods below. For speed alone, hence the default.
    #[inline(always)]
    fn load_ready<const LEN: usize>(&mut self, _address: u32) -> Option<[u8; LEN]> {
        None
    }

    /// Writes octets within one page and says `true`, if that takes nothing. As
    /// [`load_ready`](Self::load_ready).
    #[inline(always)]
    fn store_ready<const LEN: usize>(&mut self, _address: u32, _octets: [u8; LEN]) -> bool {
        false
    }

    /// Reads one octet.
    ///
    /// # Errors
    /// [`Miss`] if the access cannot be made now; so for all of these.
    fn load_u8(&mut self, address: u32, meter: &mut Meter) -> Result<u8, Miss>;

    /// Reads two octets.
    ///
    /// # Errors
    /// [`Miss`].
    fn load_u16(&mut self, address: u32, meter: &mut Meter) -> Result<u16, Miss>;

    /// Reads four octets.
    ///
    /// # Errors
    /// [`Miss`].
    fn load_u32(&mut self, address: u32, meter: &mut Meter) -> Result<u32, Miss>;

    /// Reads eight octets.
    ///
    /// # Errors
    /// [`Miss`].
    fn load_u64(&mut self, address: u32, meter: &mut Meter) -> Result<u64, Miss>;

    /// Writes one octet.
    ///
    /// # Errors
    /// [`Miss`].
    fn store_u8(&mut self, address: u32, value: u8, meter: &mut Meter) -> Result<(), Miss>;

    /// Writes two octets.
    ///
    /// # Errors
    /// [`Miss`].
    fn store_u16(&mut self, address: u32, value: u16, meter: &mut Meter) -> Result<(), Miss>;

    /// Writes four octets.
    ///
    /// # Errors
    /// [`Miss`].
    fn store_u32(&mut self, address: u32, value: u32, meter: &mut Meter) -> Result<(), Miss>;

    /// Writes eight octets.
    ///
    /// # Errors
    /// [`Miss`].
    fn store_u64(&mut self, address: u32, value: u64, meter: &mut Meter) -> Result<(), Miss>;

    /// Is the page with this number (its address divided by 4096) mapped so that an access of this kind
    /// is allowed? Asked only to classify a miss; pages below 16 never are.
    fn is_mapped(&self, page: u32, kind: AccessKind) -> bool;
}
