//! fjall: one keyspace, a batch that is synced a commit.

use super::{CACHE_BYTES, Peer};
use crate::objects::Batch;
use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};
use nub_abi::Hash;
use std::path::{Path, PathBuf};

/// A database in a folder.
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
