//! Making Images and Instances.

use super::capability::ALL_RIGHTS;
use super::{Refusal, no_frame};
use crate::arch::Arch;
use crate::calls::Calls;
use crate::program::validate_image;
use crate::stop::{Stop, price};
use nub_abi::host_call::{BAD_IMAGE, NO_CAPABILITY, TOO_LONG};
use nub_abi::{Badge, InstanceId, blake2b_256};
use nub_state::{CNode, Image, Instance, Link, Ref};

impl<A: Arch> Calls<'_, '_, A> {
    /// `image_create(data, len, slot) → 0`.
    pub(super) fn image_create(&mut self) -> Result<u64, Refusal> {
        let (data, len) = (self.argument(0)?, self.argument(1)? as u32);
        if len > self.world.params.limits.image_bytes {
            return Err(Refusal::Code(TOO_LONG));
        }
        let slot = self.slot_argument(2)?;
        let gas = &self.world.params.gas;
        let (base, bytes) = (gas.image_create, price(gas.image_create_byte, len as usize));
        self.charge(base)?;
        self.charge(bytes)?;
        let bytes = self.read(data, len.into())?;
        self.world.runtime.make_room_for_image(len.into())?;
        let image = Image::from_bytes(&bytes).map_err(|_| Refusal::Code(BAD_IMAGE))?;
        validate_image(&image).map_err(|_| Refusal::Code(BAD_IMAGE))?;
        let loaded = self.world.load_image(&image, blake2b_256(&bytes), bytes.len() as u64)?;
        self.world.image_created(&loaded);
        self.put_slot(slot, Link::new(image))?;
        Ok(0)
    }

    /// `instance_create(image_slot, ref_slot, public, badge32, id_out32) → 0`.
    pub(super) fn instance_create(&mut self) -> Result<u64, Refusal> {
        let (image_slot, ref_slot) = (self.slot_argument(0)?, self.slot_argument(1)?);
        let (public, badge, id_out) = (self.flag_argument(2)?, self.argument(3)?, self.argument(4)?);
        self.charge(self.world.params.gas.instance_create)?;
        let badge = self.read_badge(badge)?;
        let image = self.image_in(image_slot)?;
        let loaded = self.world.image(&image)?;
        let caller = self.frames.last_mut().ok_or_else(no_frame)?;
        self.world.touch_image(&loaded, &mut caller.machine.meter)?;
        let instance = Instance {
            image,
            cnode: Link::new(CNode::new()),
            memory: self.world.initial_memory(&loaded)?,
            public,
            creations: 0,
        };
        self.place_instance(instance, ref_slot, badge, id_out)?;
        Ok(0)
    }

    /// The Image a slot holds.
    pub(super) fn image_in(&mut self, slot: u8) -> Result<Link, Refusal> {
        let link = self.slot(slot)?.ok_or(Refusal::Code(NO_CAPABILITY))?;
        if self.world.runtime.is_image(&link)? { Ok(link) } else { Err(Refusal::Code(NO_CAPABILITY)) }
    }

    /// Gives a new Instance its id, writes that out, and places a Ref with all rights to it in a slot.
    pub(super) fn place_instance(
        &mut self,
        instance: Instance,
        ref_slot: u8,
        badge: Badge,
        id_out: u64,
    ) -> Result<(), Refusal> {
        let id = self.next_instance_id()?;
        self.write(id_out, &id.0)?;
        self.world.created(id);
        self.world.put_instance(id, instance);
        self.put_slot(ref_slot, Link::new(Ref { instance: id, rights: ALL_RIGHTS, badge }))
    }

    /// The identity of the running Instance's next creation, which is counted.
    fn next_instance_id(&mut self) -> Result<InstanceId, Stop> {
        let chain_id = self.world.context.chain_id;
        let frame = self.frame()?;
        let id = InstanceId::derive(chain_id, frame.id, frame.instance.creations);
        frame.instance.creations += 1;
        frame.changed = true;
        Ok(id)
    }
}
