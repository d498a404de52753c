//! Cloning, upgrading and destroying Instances: for those whose Ref carries the right to manage.

use super::{Refusal, no_frame};
use crate::arch::Arch;
use crate::calls::Calls;
use nub_abi::InstanceId;
use nub_abi::host_call::{BUSY, GONE, RIGHT_MANAGE};
use nub_state::Instance;

impl<A: Arch> Calls<'_, '_, A> {
    /// `instance_clone(from, ref_slot, badge32, id_out32) → 0`. Constant time: the clone shares all content.
    pub(super) fn instance_clone(&mut self) -> Result<u64, Refusal> {
        let (from, ref_slot) = (self.argument(0)?, self.slot_argument(1)?);
        let (badge, id_out) = (self.argument(2)?, self.argument(3)?);
        self.charge(self.world.params.gas.instance_manage)?;
        let badge = self.read_badge(badge)?;
        let (_, instance) = self.idle_instance(from)?;
        self.place_instance(Instance { creations: 0, ..instance }, ref_slot, badge, id_out)?;
        Ok(0)
    }

    /// `instance_upgrade(from, image_slot) → 0`. One on the call stack changes when its frame succeeds.
    pub(super) fn instance_upgrade(&mut self) -> Result<u64, Refusal> {
        let (from, image_slot) = (self.argument(0)?, self.slot_argument(1)?);
        self.charge(self.world.params.gas.instance_manage)?;
        let target = self.reference_with(from, RIGHT_MANAGE)?.instance;
        let image = self.image_in(image_slot)?;
        let loaded = self.world.image(&image)?;
        let caller = self.frames.last_mut().ok_or_else(no_frame)?;
        self.world.touch_image(&loaded, &mut caller.machine.meter)?;
        if self.is_on_stack(&target) {
            self.world.upgrade_later(target, image);
            return Ok(0);
        }
        let instance = self.managed_instance(&target)?;
        let memory = self.world.initial_memory(&loaded)?;
        self.world.put_instance(target, Instance { image, memory, ..instance });
        Ok(0)
    }

    /// `instance_destroy(from) → 0`.
    pub(super) fn instance_destroy(&mut self) -> Result<u64, Refusal> {
        let from = self.argument(0)?;
        self.charge(self.world.params.gas.instance_manage)?;
        let (target, _) = self.idle_instance(from)?;
        self.world.destroy_instance(target);
        Ok(0)
    }

    /// The Instance a Ref with the right to manage names, which must not be on the call stack.
    fn idle_instance(&mut self, selector: u64) -> Result<(InstanceId, Instance), Refusal> {
        let target = self.reference_with(selector, RIGHT_MANAGE)?.instance;
        if self.is_on_stack(&target) {
            return Err(Refusal::Code(BUSY));
        }
        Ok((target, self.managed_instance(&target)?))
    }

    /// An Instance to manage; it is touched.
    fn managed_instance(&mut self, id: &InstanceId) -> Result<Instance, Refusal> {
        let caller = self.frames.last_mut().ok_or_else(no_frame)?;
        self.world.touch_instance(id, &mut caller.machine.meter)?;
        self.world.instance(id)?.ok_or(Refusal::Code(GONE))
    }

    /// Whether an Instance is being run.
    pub(super) fn is_on_stack(&self, id: &InstanceId) -> bool {
        self.frames.iter().any(|frame| frame.id == *id)
    }
}
