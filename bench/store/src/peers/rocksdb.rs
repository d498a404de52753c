//! RocksDB: one column family, a batch that is synced with the log a commit. Filters and the cache are as an operator
//! would set them for random keys; nothing is compressed, for hashes and random bytes do not compress.

use super::{CACHE_BYTES, Peer};
use crate::objects::Batch;
use nub_abi::Hash;
use rocksdb::{BlockBasedOptions, Cache, DB, DBCompressionType, Options, WriteBatch, WriteOptions};
use std::path::{Path, PathBuf};

/// Bits of filter a key: about one lookup in a hundred in a table without the key reads a block of it.
const FILTER_BITS: f64 = 10.0;

/// A database in a folder.
pub struct RocksDb {
    path: PathBuf,
    database: Option<DB>,
}

impl RocksDb {
    pub fn new(path: &Path) -> Self {
        let mut rocksdb = Self { path: path.to_owned(), database: None };
        rocksdb.reopen();
        rocksdb
    }

    fn database(&self) -> &DB {
        self.database.as_ref().expect("open")
    }
}

impl Peer for RocksDb {
    fn name(&self) -> &'static str {
        "RocksDB"
    }

    fn commit(&mut self, batch: &Batch) {
        let mut writes = WriteBatch::default();
        for (hash, object) in &batch.objects {
            writes.put(hash.0, object);
        }
        let mut options = WriteOptions::default();
        options.set_sync(true);
        self.database().write_opt(writes, &options).expect("a commit");
    }

    fn get(&mut self, hash: &Hash) -> usize {
        let object = self.database().get(hash.0).expect("a read").expect("an object");
        std::hint::black_box(object).len()
    }

    fn reopen(&mut self) {
        self.database = None;
        let mut tables = BlockBasedOptions::default();
        tables.set_block_cache(&Cache::new_lru_cache(CACHE_BYTES).expect("a cache"));
        tables.set_bloom_filter(FILTER_BITS, false);
        let mut options = Options::default();
        options.create_if_missing(true);
        options.set_compression_type(DBCompressionType::None);
        options.set_block_based_table_factory(&tables);
        self.database = Some(DB::open(&options, &self.path).expect("a database"));
    }
}
