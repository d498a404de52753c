//! One module a subcommand.

pub mod export;
pub mod fsck;
pub mod import;
pub mod stats;
mod store;
