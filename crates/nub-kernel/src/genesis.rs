//! The first state of a chain.

use crate::arch::{Arch, Blobs};
use crate::kernel::{Committed, Kernel};
use crate::program::validate_image;
use alloc::string::ToString;
use nub_abi::codec::decode_exact;
use nub_abi::error::{Abort, BoundedParam, GenesisError, ParamsError};
use nub_abi::host_call::{KEY_BYTES_MAX, KEY_BYTES_MIN, VALUE_BYTES_MAX};
use nub_abi::params::{
    BLOCK_EVENTS_MAX, BLOCK_GAS_MAX, CALL_DEPTH_MAX, LIMIT_BYTES_MAX, LIVE_PAGES_MAX, PASSED_CAPABILITIES_MAX,
};
use nub_abi::{
    Genesis, GenesisInstance, GenesisRef, Hash, InstanceId, PROTOCOL_VERSION, Params, blake2b_256,
};
use nub_state::{CNode, Image, Instance, Key, Link, Ref, System};

impl<A: Arch> Kernel<A> {
    /// Makes the first state from an encoded [`Genesis`] and commits it; gives its root.
    ///
    /// # Errors
    /// [`GenesisError`]; the kernel still has no state.
    pub fn genesis(&mut self, genesis: &[u8]) -> Result<Hash, GenesisError> {
        if let Some(committed) = self.committed {
            return Err(GenesisError::AlreadyInitialised(committed.root));
        }
        let (got, limit) = (genesis.len() as u64, LIMIT_BYTES_MAX.into());
        if got > limit {
            return Err(GenesisError::TooLarge { got, limit });
        }
        let genesis: Genesis = decode_exact(genesis)?;
        if let Some(store) = self.runtime.arch.blobs().chain_id().filter(|store| *store != genesis.chain_id) {
            return Err(GenesisError::AnotherChain { store, genesis: genesis.chain_id });
        }
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
        let stored = self.runtime.store(rooted.root, 0, &rooted.objects);
        self.runtime.pending.release(rooted.objects);
        self.runtime.free_slice(0);
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
        self.runtime.make_room_for_image(instance.image.len() as u64)?;
        let image = Image::from_bytes(&instance.image).map_err(|error| bad_image(&error))?;
        validate_image(&image).map_err(|error| bad_image(&error))?;
        let (hash, encoded_bytes) = (blake2b_256(&instance.image), instance.image.len() as u64);
        let loaded = self.runtime.program(&image, hash, encoded_bytes)?;
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

/// Checks parameters against what every node can hold (`docs/spec/limits.md`).
pub(crate) fn check_params(params: &Params) -> Result<(), ParamsError> {
    let limits = &params.limits;
    if limits.call_depth == 0 {
        return Err(ParamsError::ZeroCallDepth);
    }
    let bytes_max = LIMIT_BYTES_MAX.into();
    let bounds = [
        (BoundedParam::CallDepth, limits.call_depth.into(), CALL_DEPTH_MAX.into()),
        (BoundedParam::LivePages, limits.live_pages.into(), LIVE_PAGES_MAX.into()),
        (BoundedParam::BlockBytes, limits.block_bytes.into(), bytes_max),
        (BoundedParam::BlockEvents, limits.block_events.into(), BLOCK_EVENTS_MAX.into()),
        (BoundedParam::ArgumentBytes, limits.argument_bytes.into(), bytes_max),
        (BoundedParam::OutputBytes, limits.output_bytes.into(), bytes_max),
        (BoundedParam::PassedCapabilities, limits.passed_capabilities.into(), PASSED_CAPABILITIES_MAX.into()),
        (BoundedParam::ImageBytes, limits.image_bytes.into(), bytes_max),
        (BoundedParam::AuthenticationBytes, limits.authentication_bytes.into(), bytes_max),
        (BoundedParam::LogBytes, limits.log_bytes.into(), bytes_max),
        (BoundedParam::ReceiptsBytes, limits.receipts_bytes.into(), bytes_max),
        (BoundedParam::BlockGas, params.block_gas, BLOCK_GAS_MAX),
        (BoundedParam::BeforeGas, params.before_gas, BLOCK_GAS_MAX),
        (BoundedParam::AfterGas, params.after_gas, BLOCK_GAS_MAX),
    ];
    match bounds.into_iter().find(|(_, value, max)| value > max) {
        Some((param, _, max)) => Err(ParamsError::Above { param, max }),
        None => Ok(()),
    }
}
