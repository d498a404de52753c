//! `nub fsck`: everything in a store, by its hash (`docs/spec/store.md`).

use crate::commands::store::{StoreFailure, children, open_read_only};
use crate::progress::bytes_bar;
use nub_abi::Hash;
use nub_store::{CollectError, OpenError, fsck, reachable};
use nub_store_file::FileDevice;
use std::path::PathBuf;

/// Which store.
#[derive(clap::Args)]
pub struct Arguments {
    /// The store's file.
    store: PathBuf,
}

/// Why a store is not found good.
#[derive(Debug, thiserror::Error)]
pub enum FsckFailure {
    /// It cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreFailure),
    /// Something is wrong with it.
    #[error("{} findings in {}; restore it from a backup", findings, path.display())]
    Findings {
        /// The file.
        path: PathBuf,
        /// How many.
        findings: usize,
    },
    /// Something under a retained root is missing or corrupt.
    #[error("{}: {source}", path.display())]
    Root {
        /// The file.
        path: PathBuf,
        /// What.
        source: CollectError,
    },
}

/// Checks the store and prints what was looked at.
///
/// # Errors
/// [`FsckFailure`].
pub fn run(arguments: &Arguments) -> Result<(), FsckFailure> {
    let path = || arguments.store.clone();
    let open = |source: OpenError| StoreFailure::Open { path: path(), source };
    let mut device = FileDevice::open_read_only(&arguments.store).map_err(StoreFailure::from)?;
    let bar = bytes_bar(0);
    let report = fsck(&mut device, |done, all| {
        bar.set_length(all);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let report = report.map_err(open)?;
    drop(device);
    for finding in &report.findings {
        println!("{finding}");
    }
    println!("{} frames, {} objects of {} bytes", report.frames, report.objects, report.object_bytes);
    let mut store = open_read_only(&arguments.store)?;
    let roots: Vec<Hash> = store.roots().iter().map(|entry| entry.root).collect();
    let count = reachable(&mut store, &roots, children, |_, _| {});
    let count = count.map_err(|source| FsckFailure::Root { path: path(), source })?;
    println!("{} roots, {count} objects under them", roots.len());
    match report.findings.len() {
        0 => Ok(()),
        findings => Err(FsckFailure::Findings { path: path(), findings }),
    }
}
