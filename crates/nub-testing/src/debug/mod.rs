//! A debugger: one event on a fresh chain, an instruction at a time.
//!
//! It is the kernel on a [watched](crate::watch) platform, so gas, pages and host calls are as they always are. Commands come
//! from any reader, a line each, and answers go to any writer; `help` lists them.
//!
//! - [`step`]: how an engine that only runs is made to step
//! - `commands`: what a person may say
//! - `session`: the program that stands still, and those that called it

mod commands;
mod session;
pub mod step;

use std::io::{BufRead, Write};

use nub::{Badge, Block, Event, Genesis, GenesisInstance, InstanceId, PROTOCOL_VERSION, Params};
use nub_types::{Book, describe};

use crate::Contract;
use crate::watch::WatchedKernel;
use session::Session;

/// What is debugged.
#[derive(Clone, Debug)]
pub struct Target {
    /// The contract.
    pub contract: Contract,
    /// The endpoint's number.
    pub endpoint: u16,
    /// Encoded arguments.
    pub args: Vec<u8>,
    /// Who calls.
    pub origin: Badge,
    /// The most gas it may use.
    pub gas_limit: u64,
    /// What is in storage before.
    pub storage: Vec<(Vec<u8>, Vec<u8>)>,
}

/// Why there was nothing to debug.
#[derive(Debug, thiserror::Error)]
pub enum DebugError {
    /// The kernel refuses the Image, or the storage.
    #[error("the kernel refuses the image or the storage; `nub-link inspect` says what the image is")]
    Refused,
    /// The event was not run.
    #[error("the kernel refuses the event; are its arguments or its gas above the limits?")]
    Event,
    /// Answers cannot be written.
    #[error("cannot write: {0}")]
    Write(#[from] std::io::Error),
}

/// Runs the event under the commands of `input`; at their end it runs on. Ends with the receipt.
///
/// # Errors
/// [`DebugError`].
pub fn debug(
    target: Target,
    input: impl BufRead + 'static,
    output: impl Write + 'static,
) -> Result<(), DebugError> {
    let image = target.contract.image.clone();
    let mut storage = target.storage.clone();
    storage.sort();
    let instance = GenesisInstance { image, public: true, storage, refs: vec![] };
    let genesis = Genesis { chain_id: 1, timestamp: 0, params: Params::default(), instances: vec![instance] };
    let mut kernel = WatchedKernel::new(Session::new(&target, Box::new(input), Box::new(output)));
    kernel.genesis(&genesis).ok_or(DebugError::Refused)?;
    let event = Event {
        target: InstanceId::derive(1, InstanceId::ZERO, 0),
        endpoint: target.endpoint,
        args: target.args.clone(),
        gas_limit: target.gas_limit,
        origin: target.origin,
        ..Event::default()
    };
    let block = Block {
        version: PROTOCOL_VERSION,
        chain_id: 1,
        prior_root: kernel.root(),
        height: 1,
        timestamp: 0,
        randomness: [0; 32],
        events: vec![event],
    };
    let receipts = kernel.apply_receipts(&block.to_bytes()).ok_or(DebugError::Event)?;
    let mut book = Book::default();
    target.contract.types.iter().for_each(|types| book.add(types.clone()));
    let endpoint = target.contract.endpoint(&target.endpoint.to_string());
    for receipt in &receipts {
        let text = describe::text(&book.receipt(receipt, endpoint));
        kernel.watcher(|session| session.print(&text))?;
    }
    Ok(())
}
