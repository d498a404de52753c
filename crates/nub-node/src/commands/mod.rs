//! One module a subcommand.

pub mod build;
pub mod debug;
pub mod decode;
pub mod export;
pub mod fsck;
pub mod import;
pub mod new;
pub mod stats;
mod store;
