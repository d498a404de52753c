//! What the demo and the gates share: a small chain, and two handles to run it on.
//!
//! - [`chain`]: a genesis with a deployer, and blocks that deploy and use a token
//! - [`backends`]: the handles there can be here
//! - [`compare`]: applying one block to all of them
//! - [`soak`]: many blocks, and whether memory stays as it was
//! - [`transfers`]: how long blocks of transfers take
//! - [`exit`]: why a command fails

#![forbid(unsafe_code)]

pub mod backends;
pub mod chain;
pub mod compare;
pub mod exit;
pub mod soak;
pub mod transfers;
