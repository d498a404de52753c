//! Our store, in a file.

use super::{CACHE_BYTES, Peer};
use crate::objects::Batch;
use nub_abi::Hash;
use nub_store::{Layout, Options, Store};
use nub_store_file::{Caching, FileDevice, open_or_create};
use std::path::{Path, PathBuf};

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
