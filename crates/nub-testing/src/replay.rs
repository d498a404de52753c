//! Doing again what a test did, watched.

use std::rc::Rc;

use nub::{Genesis, Query};

use crate::Contract;
use crate::trace::Tracer;
use crate::watch::WatchedKernel;

/// What led to a call, and the call.
#[derive(Clone, Debug)]
pub(crate) struct Replay {
    pub(crate) genesis: Rc<Genesis>,
    pub(crate) blocks: Vec<Rc<[u8]>>,
    pub(crate) contracts: Vec<Rc<Contract>>,
    pub(crate) last: Last,
}

/// The call.
#[derive(Clone, Debug)]
pub(crate) enum Last {
    /// An event of this block.
    Event(Rc<[u8]>),
    /// A query.
    Query(Query),
}

impl Replay {
    /// The trace of the call; of a block with several events, of all of them.
    pub(crate) fn trace(&self) -> String {
        let mut kernel = WatchedKernel::new(Tracer::new(&self.contracts));
        let steps = || -> Option<()> {
            kernel.genesis(&self.genesis)?;
            self.blocks.iter().try_for_each(|block| kernel.apply(block))?;
            kernel.watcher(|tracer| tracer.begin());
            match &self.last {
                Last::Event(block) => kernel.apply(block),
                Last::Query(query) => kernel.query(query),
            }
        };
        match { steps }() {
            Some(()) => kernel.watcher(|tracer| tracer.text()),
            None => "the call could not be repeated for a trace".to_owned(),
        }
    }
}
