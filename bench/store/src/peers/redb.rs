//! redb: one table, a durable transaction a commit.

use super::{CACHE_BYTES, Peer};
use crate::objects::Batch;
use nub_abi::Hash;
use redb::{ReadableDatabase, TableDefinition};
use std::path::{Path, PathBuf};

/// A database in a file.
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
