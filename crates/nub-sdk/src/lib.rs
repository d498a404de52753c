//! The Rust SDK for contracts.
