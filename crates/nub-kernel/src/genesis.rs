//! The first state of a chain.

use crate::arch::{Arch, Blobs};
use crate::kernel::{Committed, Kernel};
use crate::program::validate_image;
use alloc::string::ToString;
use alloc::vec::Vec;
use javm_isa::MAX_ARGUMENTS_LEN_BYTES;
use nub_abi::codec::decode_exact;
use nub_abi::error::{Abort, GenesisError, ParamsError};
use nub_abi::host_call::{KEY_BYTES_MAX, KEY_BYTES_MIN, VALUE_BYTES_MAX};
use nub_abi::{Genesis, GenesisInstance, GenesisRef, Hash, InstanceId, PROTOCOL_VERSION, Params};
use nub_state::{CNode, Image, Instance, Key, Link, Ref, System};

/// The deepest call stack this kernel supports: each frame takes an address space.
pub const CALL_DEPTH_MAX: u32 = 64;

impl<A: Arch> Kernel<A> {
    /// Makes the first state from an encoded [`Genesis`] and commits it; gives its root.
    ///
    /// # Errors
    /// [`GenesisError`]; the kernel still has no state.
    pub fn genesis(&mut self, genesis: &[u8]) -> Result<Hash, GenesisError> {
        if let Some(committed) = self.committed {
            return Err(GenesisError::AlreadyInitialised(committed.root));
        }
        let genesis: Genesis = decode_exact(genesis)?;
        check_params(&genesis.params).map_err(GenesisError::BadParams)?;
        let ids = (0..genesis.instances.len()).map(|index| genesis_id(&genesis, index as u32));
        if genesis.params.chain.is_some_and(|chain| !ids.into_iter().any(|id| id == chain)) {
            return Err(GenesisError::BadParams(ParamsError::ChainUnknown));
        }
        let mut instances = CNode::new();
        for (index, instance) in genesis.instances.iter().enumerate() {
            let id = genesis_id(&genesis, index as u32);
            let instance = self.genesis_instance(&genesis, index as u32, instance)?;
            instances.insert_instance(&id, instance, &mut self.runtime)?;
        }
        let system = System {
            protocol_version: PROTOCOL_VERSION,
            chain_id: genesis.chain_id,
            height: 0,
            timestamp: genesis.timestamp,
            last_block: Hash::ZERO,
            last_receipts_root: Hash::ZERO,
            params: genesis.params,
            next_params: None,
            instances: Link::new(instances),
        };
        self.commit_genesis(system)
    }

    fn commit_genesis(&mut self, system: System) -> Result<Hash, GenesisError> {
        let rooted = self.runtime.reroot(system);
        let objects: Vec<(Hash, Vec<u8>)> = rooted
            .objects
            .iter()
            .filter_map(|hash| self.runtime.pending.get(hash).map(|bytes| (*hash, bytes.to_vec())))
            .collect();
        let stored = self.runtime.arch.blobs().commit(rooted.root, 0, &objects);
        self.runtime.pending.release(&rooted.objects);
        stored?;
        self.committed = Some(Committed { root: rooted.root, height: 0 });
        Ok(rooted.root)
    }

    fn genesis_instance(
        &mut self,
        genesis: &Genesis,
        index: u32,
        instance: &GenesisInstance,
    ) -> Result<Instance, GenesisError> {
        let bad_image = |reason: &dyn ToString| GenesisError::BadImage { index, reason: reason.to_string() };
        let limit = genesis.params.limits.image_bytes as usize;
        if instance.image.len() > limit {
            return Err(bad_image(&alloc::format!("it is longer than params.limits.image_bytes, {limit}")));
        }
        let image = Image::from_bytes(&instance.image).map_err(|error| bad_image(&error))?;
        validate_image(&image).map_err(|error| bad_image(&error))?;
        let loaded = self.runtime.load_image(&image)?;
        let mut cnode = CNode::new();
        self.place_storage(&mut cnode, index, instance)?;
        self.place_refs(&mut cnode, genesis, index, instance)?;
        Ok(Instance {
            image: Link::new(image),
            cnode: Link::new(cnode),
            memory: Link::new(loaded.initial_memory().map_err(Abort::from)?),
            public: instance.public,
            creations: 0,
        })
    }

    fn place_storage(
        &mut self,
        cnode: &mut CNode,
        index: u32,
        instance: &GenesisInstance,
    ) -> Result<(), GenesisError> {
        let mut previous: &[u8] = &[];
        for (entry, (key, value)) in instance.storage.iter().enumerate() {
            let key_fits = (KEY_BYTES_MIN..=KEY_BYTES_MAX).contains(&key.len());
            if !key_fits || value.len() > VALUE_BYTES_MAX || key.as_slice() <= previous {
                return Err(GenesisError::BadStorage { index, entry: entry as u32 });
            }
            let bad_storage = || GenesisError::BadStorage { index, entry: entry as u32 };
            let place = Key::new(key).ok_or_else(bad_storage)?;
            cnode.insert(&place, Link::new(value.clone()), &mut self.runtime)?.map_err(|_| bad_storage())?;
            previous = key;
        }
        Ok(())
    }

    fn place_refs(
        &mut self,
        cnode: &mut CNode,
        genesis: &Genesis,
        index: u32,
        instance: &GenesisInstance,
    ) -> Result<(), GenesisError> {
        let mut previous = None;
        for (entry, reference) in instance.refs.iter().enumerate() {
            let GenesisRef { slot, instance: target, rights, badge } = *reference;
            let in_order = previous.is_none_or(|previous| slot > previous);
            if !in_order || !(1..=7).contains(&rights) || target as usize >= genesis.instances.len() {
                return Err(GenesisError::BadRef { index, entry: entry as u32 });
            }
            let instance = genesis_id(genesis, target);
            let link = Link::new(Ref { instance, rights, badge });
            let placed = cnode.insert(&Key::slot(slot), link, &mut self.runtime)?;
            placed.map_err(|_| GenesisError::BadRef { index, entry: entry as u32 })?;
            previous = Some(slot);
        }
        Ok(())
    }
}

/// The identity of the n-th Instance of a genesis.
fn genesis_id(genesis: &Genesis, index: u32) -> InstanceId {
    InstanceId::derive(genesis.chain_id, InstanceId::ZERO, index.into())
}

/// Checks parameters against what this kernel supports.
pub(crate) fn check_params(params: &Params) -> Result<(), ParamsError> {
    let limits = &params.limits;
    if limits.call_depth == 0 {
        return Err(ParamsError::ZeroCallDepth);
    }
    if limits.call_depth > CALL_DEPTH_MAX {
        return Err(ParamsError::CallDepthAbove(CALL_DEPTH_MAX));
    }
    if limits.argument_bytes > MAX_ARGUMENTS_LEN_BYTES {
        return Err(ParamsError::ArgumentBytesAbove(MAX_ARGUMENTS_LEN_BYTES));
    }
    Ok(())
}
