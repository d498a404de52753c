//! One module a subcommand.

pub mod import;
