//! The state a block works on: the base state's Instances, and what the block changed so far.

use crate::arch::Arch;
use crate::frame::Mark;
use crate::program::LoadedImage;
use crate::runtime::Runtime;
use crate::stop::{Stop, charge, price};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;
use alloc::vec::Vec;
use javm_interpreter::Meter;
use nub_abi::error::Abort;
use nub_abi::host_call::BlockContext;
use nub_abi::{Hash, InstanceId, Params, Status, blake2b_256};
use nub_state::{CNode, Image, Instance, Link};

/// The working state of one block, query or invoke. Dropped whole if anything aborts.
pub(crate) struct World<'k, A: Arch> {
    pub(crate) runtime: &'k mut Runtime<A>,
    pub(crate) params: &'k Params,
    pub(crate) context: BlockContext,
    base: CNode,
    /// Instances changed or created; `None` where one was destroyed.
    changed: BTreeMap<InstanceId, Option<Instance>>,
    /// Images that Instances on the call stack get when their frames succeed.
    upgrades: BTreeMap<InstanceId, Link>,
    /// Parameters set by the Chain Instance, and the height they are for.
    next_params: Option<(u64, Params)>,
    journal: Vec<Undo>,
    touched_instances: BTreeSet<InstanceId>,
    touched_images: BTreeSet<Hash>,
    /// Images this block has loaded; they stay until it is over, so none is decoded twice.
    images: BTreeMap<Hash, BlockImage>,
    /// Images that would have exceeded `block_image_bytes`.
    refused_images: BTreeSet<Hash>,
    image_bytes: u64,
    /// Bytes of output and logs in the receipts so far.
    receipts_bytes: u64,
}

/// An Image in use by a block.
struct BlockImage {
    program: Arc<LoadedImage>,
    /// The memory new Instances start with, shared by all that this block makes.
    initial_memory: Option<Link>,
}

/// What something was before a change.
enum Undo {
    Instance(InstanceId, Option<Option<Instance>>),
    Upgrade(InstanceId, Option<Link>),
    NextParams(Option<(u64, Params)>),
}

impl<'k, A: Arch> World<'k, A> {
    pub(crate) fn new(
        runtime: &'k mut Runtime<A>,
        params: &'k Params,
        context: BlockContext,
        base: CNode,
        next_params: Option<(u64, Params)>,
    ) -> Self {
        Self {
            runtime,
            params,
            context,
            base,
            changed: BTreeMap::new(),
            upgrades: BTreeMap::new(),
            next_params,
            journal: Vec::new(),
            touched_instances: BTreeSet::new(),
            touched_images: BTreeSet::new(),
            images: BTreeMap::new(),
            refused_images: BTreeSet::new(),
            image_bytes: 0,
            receipts_bytes: 0,
        }
    }

    /// The Instance as the block left it so far; `None` if there is none.
    pub(crate) fn instance(&mut self, id: &InstanceId) -> Result<Option<Instance>, Abort> {
        if let Some(instance) = self.changed.get(id) {
            return Ok(instance.clone());
        }
        self.base.instance(id, self.runtime)
    }

    /// Records what a successful frame left of its Instance, or a new Instance.
    pub(crate) fn put_instance(&mut self, id: InstanceId, instance: Instance) {
        let previous = self.changed.insert(id, Some(instance));
        self.journal.push(Undo::Instance(id, previous));
    }

    /// Takes an Instance out of the state.
    pub(crate) fn destroy_instance(&mut self, id: InstanceId) {
        let previous = self.changed.insert(id, None);
        self.journal.push(Undo::Instance(id, previous));
    }

    /// Gives an Instance on the call stack another Image once its frame succeeds.
    pub(crate) fn upgrade_later(&mut self, id: InstanceId, image: Link) {
        let previous = self.upgrades.insert(id, image);
        self.journal.push(Undo::Upgrade(id, previous));
    }

    /// The Image the Instance of a frame that just succeeded is to get.
    pub(crate) fn take_upgrade(&mut self, id: &InstanceId) -> Option<Link> {
        self.upgrades.remove(id)
    }

    /// Sets the parameters for a height.
    pub(crate) fn set_next_params(&mut self, height: u64, params: Params) {
        let previous = self.next_params.replace((height, params));
        self.journal.push(Undo::NextParams(previous));
    }

    /// The parameters set for a height to come.
    pub(crate) fn next_params(&self) -> Option<(u64, Params)> {
        self.next_params.clone()
    }

    /// Where the journal stands.
    pub(crate) fn journal_mark(&self) -> usize {
        self.journal.len()
    }

    /// Undoes every change since the mark; what was touched stays touched.
    pub(crate) fn undo_to(&mut self, mark: Mark) {
        while self.journal.len() > mark.journal {
            match self.journal.pop() {
                Some(Undo::Instance(id, previous)) => {
                    let undone = restore(&mut self.changed, id, previous);
                    self.give_up(undone.flatten());
                }
                Some(Undo::Upgrade(id, previous)) => drop(restore(&mut self.upgrades, id, previous)),
                Some(Undo::NextParams(previous)) => self.next_params = previous,
                None => {}
            }
        }
    }

    /// Forgets how to undo: the event is over. What it gave up is freed, a slice of it now.
    pub(crate) fn settle(&mut self, gas_used: u64) {
        while let Some(undo) = self.journal.pop() {
            if let Undo::Instance(_, Some(previous)) = undo {
                self.give_up(previous);
            }
        }
        self.runtime.free_slice(gas_used);
    }

    /// An Instance that is no longer needed, to be freed later.
    fn give_up(&mut self, instance: Option<Instance>) {
        if let Some(instance) = instance {
            self.runtime.drops.push_instance(instance);
        }
    }

    /// Charges the first touch of an Instance in this block.
    pub(crate) fn touch_instance(&mut self, id: &InstanceId, meter: &mut Meter) -> Result<(), Stop> {
        if !self.touched_instances.contains(id) {
            charge(meter, self.params.gas.instance_touch)?;
            self.touched_instances.insert(*id);
        }
        Ok(())
    }

    /// Charges the first touch of an Image in this block.
    pub(crate) fn touch_image(&mut self, image: &LoadedImage, meter: &mut Meter) -> Result<(), Stop> {
        if !self.touched_images.contains(&image.hash()) {
            let gas = &self.params.gas;
            charge(meter, gas.image_touch)?;
            charge(meter, price(gas.image_touch_byte, image.encoded_bytes() as usize))?;
            self.touched_images.insert(image.hash());
        }
        Ok(())
    }

    /// Counts a new Instance as touched: creation paid.
    pub(crate) fn created(&mut self, id: InstanceId) {
        self.touched_instances.insert(id);
    }

    /// Counts a new Image as touched: `image_create` paid.
    pub(crate) fn image_created(&mut self, image: &LoadedImage) {
        self.touched_images.insert(image.hash());
    }

    /// The Image a link names, ready to run. One that exceeds what a block may load is refused.
    pub(crate) fn image(&mut self, link: &Link) -> Result<Arc<LoadedImage>, Stop> {
        let known = link.hash();
        if let Some(image) = known.and_then(|hash| self.images.get(&hash)) {
            return Ok(image.program.clone());
        }
        if known.is_some_and(|hash| self.refused_images.contains(&hash)) {
            return Err(Stop::Fail(Status::LimitExceeded));
        }
        let handle = link.resolve(self.runtime)?;
        let image = handle.as_image().map_err(Abort::from)?;
        let encoding = image.to_bytes();
        let hash = known.unwrap_or_else(|| blake2b_256(&encoding));
        self.load_image(image, hash, encoding.len() as u64)
    }

    /// Takes an Image into the block, decoded or from the cache.
    pub(crate) fn load_image(
        &mut self,
        image: &Image,
        hash: Hash,
        encoded_bytes: u64,
    ) -> Result<Arc<LoadedImage>, Stop> {
        if let Some(image) = self.images.get(&hash) {
            return Ok(image.program.clone());
        }
        let image_bytes = self.image_bytes + encoded_bytes;
        if image_bytes > self.params.limits.block_image_bytes.into() {
            self.refused_images.insert(hash);
            return Err(Stop::Fail(Status::LimitExceeded));
        }
        let program = self.runtime.program(image, hash, encoded_bytes)?;
        self.image_bytes = image_bytes;
        self.images.insert(hash, BlockImage { program: program.clone(), initial_memory: None });
        Ok(program)
    }

    /// The memory a new Instance of a loaded Image starts with. Instances of one block share it; blocks do
    /// not, for what is sealed belongs to one candidate.
    pub(crate) fn initial_memory(&mut self, program: &LoadedImage) -> Result<Link, Abort> {
        if let Some(link) = self.images.get(&program.hash()).and_then(|image| image.initial_memory.clone()) {
            return Ok(link);
        }
        let link = Link::new(program.initial_memory()?);
        if let Some(image) = self.images.get_mut(&program.hash()) {
            image.initial_memory = Some(link.clone());
        }
        Ok(link)
    }

    /// Whether the receipts of the block may have so many bytes more.
    pub(crate) fn receipts_fit(&self, more_bytes: u64) -> bool {
        self.receipts_bytes + more_bytes <= self.params.limits.receipts_bytes.into()
    }

    /// Makes a call whose output and logs are in no receipt: it has `receipts_bytes` to itself and counts nothing.
    pub(crate) fn apart_from_receipts<T>(&mut self, call: impl FnOnce(&mut Self) -> T) -> T {
        let counted = core::mem::take(&mut self.receipts_bytes);
        let result = call(self);
        self.receipts_bytes = counted;
        result
    }

    /// Counts the receipt of an event that is over.
    pub(crate) fn count_receipt(&mut self, bytes: u64) {
        self.receipts_bytes += bytes;
    }

    /// The Instances created or changed, ascending.
    pub(crate) fn changed_ids(&self) -> Vec<InstanceId> {
        self.changed.keys().copied().collect()
    }

    /// The map of all Instances with the changes written in.
    pub(crate) fn into_instances(mut self) -> Result<CNode, Abort> {
        let mut instances = core::mem::take(&mut self.base);
        let written = self.write_changed(&mut instances);
        if written.is_err() {
            self.runtime.drops.push(Link::new(core::mem::take(&mut instances)));
        }
        written.map(|()| instances)
    }

    /// On failure what was not written yet is given up with the world.
    fn write_changed(&mut self, instances: &mut CNode) -> Result<(), Abort> {
        while let Some((id, instance)) = self.changed.pop_first() {
            let written = match instance.clone() {
                Some(instance) => instances.insert_instance(&id, instance, self.runtime),
                None => instances.remove_instance(&id, self.runtime).map(drop),
            };
            if written.is_err() {
                self.give_up(instance);
            }
            written?;
        }
        Ok(())
    }
}

/// A world that is given up: a query's, an aborted block's.
impl<A: Arch> Drop for World<'_, A> {
    fn drop(&mut self) {
        self.undo_to(Mark::default());
        for instance in core::mem::take(&mut self.changed).into_values() {
            self.give_up(instance);
        }
        let memories =
            core::mem::take(&mut self.images).into_values().filter_map(|image| image.initial_memory);
        memories.for_each(|memory| self.runtime.drops.push(memory));
    }
}

/// Puts a map's entry back as it was; gives what it was last.
fn restore<V>(map: &mut BTreeMap<InstanceId, V>, id: InstanceId, previous: Option<V>) -> Option<V> {
    match previous {
        Some(value) => map.insert(id, value),
        None => map.remove(&id),
    }
}
