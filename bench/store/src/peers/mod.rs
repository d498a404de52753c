//! The stores that are measured.

mod fjall;
mod ours;
mod redb;
#[cfg(feature = "rocksdb")]
mod rocksdb;

use crate::objects::Batch;
use nub_abi::Hash;
use std::path::Path;

/// Memory that each may use for what it has read.
pub const CACHE_BYTES: usize = 256 << 20;

/// A store of objects by hash.
pub trait Peer {
    fn name(&self) -> &'static str;
    /// Stores objects; they are durable when it returns.
    fn commit(&mut self, batch: &Batch);
    /// The length of an object, after all of it was copied.
    fn get(&mut self, hash: &Hash) -> usize;
    /// Opens it again: its own caches are empty then.
    fn reopen(&mut self);
    /// Bytes written for each byte of objects, if it tells.
    fn write_amplification(&self) -> Option<f64> {
        None
    }
}

/// All of them, ours first, each with an empty store in the folder.
pub fn all(folder: &Path) -> Vec<Box<dyn Peer>> {
    vec![
        Box::new(ours::Ours::new(&folder.join("ours"))),
        Box::new(redb::Redb::new(&folder.join("redb"))),
        Box::new(fjall::Fjall::new(&folder.join("fjall"))),
        #[cfg(feature = "rocksdb")]
        Box::new(rocksdb::RocksDb::new(&folder.join("rocksdb"))),
    ]
}
