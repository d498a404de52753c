//! Hash functions for programs.

use super::Refusal;
use crate::arch::Arch;
use crate::calls::Calls;
use crate::stop::price;
use nub_abi::{Hash, blake2b_256};
use sha3::{Digest, Keccak256};

impl<A: Arch> Calls<'_, '_, A> {
    /// `blake2b(data, len, out32) → 0`: RFC 7693, no key, 32 octets of output.
    pub(super) fn blake2b(&mut self) -> Result<u64, Refusal> {
        self.hash(|bytes| {
            let Hash(hash) = blake2b_256(bytes);
            hash
        })
    }

    /// `keccak(data, len, out32) → 0`: Keccak-256 with the original padding, as Ethereum uses it.
    pub(super) fn keccak(&mut self) -> Result<u64, Refusal> {
        self.hash(|bytes| Keccak256::digest(bytes).into())
    }

    fn hash(&mut self, function: impl Fn(&[u8]) -> [u8; 32]) -> Result<u64, Refusal> {
        let (data, len, out) = (self.argument(0)?, self.argument(1)? as u32, self.argument(2)?);
        let gas = &self.world.params.gas;
        let (base, bytes) = (gas.hash, price(gas.hash_byte, len as usize));
        self.charge(base)?;
        self.charge(bytes)?;
        let bytes = self.read(data, len.into())?;
        self.write(out, &function(&bytes))?;
        Ok(0)
    }
}
