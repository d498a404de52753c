//! `nub stats`: figures of a store.

use crate::commands::store::{StoreFailure, open_read_only};
use std::path::PathBuf;

/// Which store.
#[derive(clap::Args)]
pub struct Arguments {
    /// The store's file.
    store: PathBuf,
}

/// Prints one figure a line.
///
/// # Errors
/// [`StoreFailure`].
pub fn run(arguments: &Arguments) -> Result<(), StoreFailure> {
    let store = open_read_only(&arguments.store)?;
    let stats = store.stats();
    println!("chain             {}", stats.chain_id);
    match stats.roots.last() {
        Some(entry) => println!("root              {}\nheight            {}", entry.root, entry.height),
        None => println!("root              none"),
    }
    println!("roots retained    {}", stats.roots.len());
    println!("objects           {}", stats.objects);
    println!("file              {} bytes", stats.device_bytes);
    println!("in use            {} bytes", stats.used_bytes);
    println!("log               {} bytes", stats.log_bytes);
    println!("live at last gc   {} bytes", stats.live_bytes);
    println!("checkpoint        {}", stats.checkpoint);
    println!("log since then    {} bytes", stats.log_growth_bytes);
    Ok(())
}
