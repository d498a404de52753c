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
use nub_abi::{Hash, InstanceId, Params};
use nub_state::{CNode, Instance, Link};

/// The working state of one block, query or invoke. Dropped whole if anything aborts.
pub(crate) struct World<'k, A: Arch> {
    pub(crate) runtime: &'k mut Runtime<A>,
    pub(crate) params: &'k Params,
    pub(crate) context: BlockContext,
    base: CNode,
    changed: BTreeMap<InstanceId, Instance>,
    journal: Vec<Undo>,
    touched_instances: BTreeSet<InstanceId>,
    touched_images: BTreeSet<Hash>,
}

/// What an Instance was before a change.
struct Undo {
    id: InstanceId,
    previous: Option<Instance>,
}

impl<'k, A: Arch> World<'k, A> {
    pub(crate) fn new(
        runtime: &'k mut Runtime<A>,
        params: &'k Params,
        context: BlockContext,
        base: CNode,
    ) -> Self {
        Self {
            runtime,
            params,
            context,
            base,
            changed: BTreeMap::new(),
            journal: Vec::new(),
            touched_instances: BTreeSet::new(),
            touched_images: BTreeSet::new(),
        }
    }

    /// The Instance as the block left it so far; `None` if there is none.
    pub(crate) fn instance(&mut self, id: &InstanceId) -> Result<Option<Instance>, Abort> {
        if let Some(instance) = self.changed.get(id) {
            return Ok(Some(instance.clone()));
        }
        self.base.instance(id, self.runtime)
    }

    /// Records what a successful frame left of its Instance, or a new Instance.
    pub(crate) fn put_instance(&mut self, id: InstanceId, instance: Instance) {
        let previous = self.changed.insert(id, instance);
        self.journal.push(Undo { id, previous });
    }

    /// Where the journal stands.
    pub(crate) fn journal_mark(&self) -> usize {
        self.journal.len()
    }

    /// Undoes every change since the mark; what was touched stays touched.
    pub(crate) fn undo_to(&mut self, mark: Mark) {
        while self.journal.len() > mark.journal {
            match self.journal.pop() {
                Some(Undo { id, previous: Some(instance) }) => self.changed.insert(id, instance),
                Some(Undo { id, previous: None }) => self.changed.remove(&id),
                None => None,
            };
        }
    }

    /// Forgets how to undo: the event is over.
    pub(crate) fn settle(&mut self) {
        self.journal.clear();
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

    /// Counts a new Instance, and its Image, as touched without charging: creation paid.
    pub(crate) fn created(&mut self, id: InstanceId, image: &LoadedImage) {
        self.touched_instances.insert(id);
        self.touched_images.insert(image.hash());
    }

    /// Counts a new Image as touched: `image_create` paid.
    pub(crate) fn image_created(&mut self, image: &LoadedImage) {
        self.touched_images.insert(image.hash());
    }

    /// The Image of an Instance, ready to run.
    pub(crate) fn image(&mut self, link: &Link) -> Result<Arc<LoadedImage>, Abort> {
        self.runtime.image(link)
    }

    /// The Instances created or changed, ascending.
    pub(crate) fn changed_ids(&self) -> Vec<InstanceId> {
        self.changed.keys().copied().collect()
    }

    /// The map of all Instances with the changes written in.
    pub(crate) fn into_instances(self) -> Result<CNode, Abort> {
        let mut instances = self.base;
        for (id, instance) in self.changed {
            instances.insert_instance(&id, instance, self.runtime)?;
        }
        Ok(instances)
    }
}
