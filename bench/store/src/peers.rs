//! The stores that are measured.

use crate::objects::Batch;
use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};
use nub_abi::Hash;
use nub_store::{Layout, Options, Store};
use nub_store_file::{Caching, FileDevice, open_or_create};
use redb::{ReadableDatabase, TableDefinition};
use std::path::{Path, PathBuf};

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

/// Ours.
pub struct Ours {
    path: PathBuf,
    store: Option<Store<FileDevice>>,
}

impl Ours {
    pub fn new(path: &Path) -> Self {
        let mut ours = Self { path: path.to_owned(), store: None };
        ours.reopen();
        ours
    }

    fn store(&mut self) -> &mut Store<FileDevice> {
        self.store.as_mut().expect("an open store")
    }
}

impl Peer for Ours {
    fn name(&self) -> &'static str {
        "nub-store"
    }

    fn commit(&mut self, batch: &Batch) {
        self.store().commit_hashed(batch.root, batch.height, &batch.objects).expect("a commit");
    }

    fn get(&mut self, hash: &Hash) -> usize {
        let object = self.store().get(hash).expect("a read").expect("an object").to_vec();
        std::hint::black_box(object).len()
    }

    fn reopen(&mut self) {
        self.store = None;
        let options = Options { cache_bytes: CACHE_BYTES, ..Options::default() };
        let store = open_or_create(&self.path, 1, Caching::System, Layout::default(), options);
        self.store = Some(store.expect("a store"));
    }

    fn write_amplification(&self) -> Option<f64> {
        let written = self.store.as_ref()?.stats().written;
        let all = written.commit_bytes + written.moved_bytes + written.index_bytes;
        Some(all as f64 / written.object_bytes as f64)
    }
}

/// redb: one table, a durable transaction a commit.
pub struct Redb {
    path: PathBuf,
    database: Option<redb::Database>,
}

const TABLE: TableDefinition<'_, &[u8; 32], &[u8]> = TableDefinition::new("objects");

impl Redb {
    pub fn new(path: &Path) -> Self {
        let mut redb = Self { path: path.to_owned(), database: None };
        redb.reopen();
        redb
    }
}

impl Peer for Redb {
    fn name(&self) -> &'static str {
        "redb"
    }

    fn commit(&mut self, batch: &Batch) {
        let transaction = self.database.as_ref().expect("open").begin_write().expect("a transaction");
        {
            let mut table = transaction.open_table(TABLE).expect("a table");
            for (hash, object) in &batch.objects {
                table.insert(&hash.0, object.as_slice()).expect("room");
            }
        }
        transaction.commit().expect("a commit");
    }

    fn get(&mut self, hash: &Hash) -> usize {
        let transaction = self.database.as_ref().expect("open").begin_read().expect("a transaction");
        let table = transaction.open_table(TABLE).expect("a table");
        let object = table.get(&hash.0).expect("a read").expect("an object").value().to_vec();
        std::hint::black_box(object).len()
    }

    fn reopen(&mut self) {
        self.database = None;
        let database = redb::Builder::new().set_cache_size(CACHE_BYTES).create(&self.path);
        self.database = Some(database.expect("a database"));
    }
}

/// fjall: one keyspace, a batch that is synced a commit.
pub struct Fjall {
    path: PathBuf,
    open: Option<(Database, Keyspace)>,
}

impl Fjall {
    pub fn new(path: &Path) -> Self {
        let mut fjall = Self { path: path.to_owned(), open: None };
        fjall.reopen();
        fjall
    }
}

impl Peer for Fjall {
    fn name(&self) -> &'static str {
        "fjall"
    }

    fn commit(&mut self, batch: &Batch) {
        let (database, keyspace) = self.open.as_ref().expect("open");
        let mut writes = database.batch().durability(Some(PersistMode::SyncData));
        for (hash, object) in &batch.objects {
            writes.insert(keyspace, hash.0, object.as_slice());
        }
        writes.commit().expect("a commit");
    }

    fn get(&mut self, hash: &Hash) -> usize {
        let (_, keyspace) = self.open.as_ref().expect("open");
        let object = keyspace.get(hash.0).expect("a read").expect("an object").to_vec();
        std::hint::black_box(object).len()
    }

    fn reopen(&mut self) {
        self.open = None;
        let database =
            Database::builder(&self.path).cache_size(CACHE_BYTES as u64).open().expect("a database");
        let keyspace = database.keyspace("objects", KeyspaceCreateOptions::default).expect("a keyspace");
        self.open = Some((database, keyspace));
    }
}
