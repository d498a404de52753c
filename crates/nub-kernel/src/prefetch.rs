//! Prefetch: what a block will certainly ask the store for, in few steps instead of one by one.
//!
//! Known beforehand are the Instances that its events target or name: the way to each through the trie of all
//! Instances, and the roots of its CNode and memory. The ways are gone together, a round a level, and what a round
//! lacks is read at once. It only fills the cache: no result, and no witness, depends on it, and what cannot be read
//! is met by whoever needs it.

use crate::arch::Arch;
use crate::runtime::Runtime;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use nub_abi::{Block, Hash, InstanceId, Params};
use nub_state::{Handle, Link, Loader, StateError};

/// Instances of a block that are looked ahead for.
const INSTANCES_MAX: usize = 1024;
/// Objects read in one step. None of those on these ways is longer than a few KiB: Images are left alone.
const BATCH_OBJECTS: usize = 64;
/// Bytes that a batch may take, decoded.
const BATCH_BYTES: u64 = 2 << 20;
/// Rounds: a way has a node for each nibble of an id at most, then the Instance, then its parts.
const ROUNDS_MAX: usize = 2 * size_of::<InstanceId>() + 2;

impl<A: Arch> Runtime<A> {
    /// Reads ahead for the events of a block.
    pub(crate) fn prefetch(&mut self, instances: &Link, params: &Params, block: &Block) {
        if !self.reads_from_store() {
            return;
        }
        let named = block.events.iter().flat_map(|event| event.refs.iter().chain([&event.target]));
        let mut ways: Vec<InstanceId> = named.chain(&params.chain).copied().collect();
        ways.sort_unstable();
        ways.dedup();
        ways.truncate(INSTANCES_MAX);
        let mut asked = BTreeSet::new();
        for _ in 0..ROUNDS_MAX {
            let mut lacking = BTreeSet::new();
            ways.retain(|id| {
                let found = lacks(self, instances, id);
                // What was read, and is not held any more, does not fit into the cache.
                let is_new = found.iter().any(|hash| !asked.contains(hash));
                lacking.extend(found);
                is_new
            });
            let lacking: Vec<Hash> = lacking.into_iter().filter(|hash| asked.insert(*hash)).collect();
            for hashes in lacking.chunks(BATCH_OBJECTS) {
                if !self.has_room(BATCH_BYTES) || !self.fetch(hashes) {
                    return;
                }
            }
            if ways.is_empty() {
                return;
            }
        }
    }
}

/// What is not held of the next step on the way to an Instance.
fn lacks<A: Arch>(runtime: &mut Runtime<A>, instances: &Link, id: &InstanceId) -> Vec<Hash> {
    let mut held = Held(runtime);
    let instance = instances.resolve(&mut held).and_then(|all| all.as_cnode()?.instance(id, &mut held));
    let instance = match instance {
        Ok(Some(instance)) => instance,
        Err(Lack::Object(hash)) => return Vec::from([hash]),
        Ok(None) | Err(Lack::State) => return Vec::new(),
    };
    let parts = [&instance.cnode, &instance.memory];
    let lacking = parts.map(|link| match link.resolve(&mut held) {
        Err(Lack::Object(hash)) => Some(hash),
        _ => None,
    });
    lacking.into_iter().flatten().collect()
}

/// Objects that are in memory.
struct Held<'a, A: Arch>(&'a mut Runtime<A>);

/// Why a way ends.
enum Lack {
    /// This object is not in memory.
    Object(Hash),
    /// The state is not as it should be; whoever goes there finds out.
    State,
}

impl From<StateError> for Lack {
    fn from(_: StateError) -> Self {
        Self::State
    }
}

impl<A: Arch> Loader for Held<'_, A> {
    type Error = Lack;

    fn load(&mut self, hash: &Hash) -> Result<Handle, Lack> {
        self.0.held(hash).ok_or(Lack::Object(*hash))
    }
}
