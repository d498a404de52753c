//! Making Images and Instances, and the slots they are named by.

use crate::arch::Arch;
use crate::calls::Calls;
use crate::host_calls::storage::insert;
use crate::program::validate_image;
use crate::stop::{Stop, price};
use nub_abi::error::Abort;
use nub_abi::host_call::{
    BAD_ARGUMENT, BAD_IMAGE, NO_CAPABILITY, RIGHT_CALL, RIGHT_GRANT, RIGHT_MANAGE, TOO_LONG,
};
use nub_abi::{Badge, InstanceId};
use nub_state::{CNode, Image, Instance, Key, Link, Ref};

impl<A: Arch> Calls<'_, '_, A> {
    /// `image_create(data, len, slot) → 0`.
    pub(super) fn image_create(&mut self) -> Result<u64, Stop> {
        let (data, len, slot) = (self.argument(0)?, self.argument(1)? as u32, self.argument(2)?);
        if len > self.world.params.limits.image_bytes {
            return Ok(TOO_LONG);
        }
        let Ok(slot) = u8::try_from(slot) else { return Ok(BAD_ARGUMENT) };
        let gas = &self.world.params.gas;
        let (base, bytes) = (gas.image_create, price(gas.image_create_byte, len as usize));
        self.charge(base)?;
        self.charge(bytes)?;
        let bytes = self.read(data, len.into())?;
        let Ok(image) = Image::from_bytes(&bytes) else { return Ok(BAD_IMAGE) };
        if validate_image(&image).is_err() {
            return Ok(BAD_IMAGE);
        }
        let loaded = self.world.runtime.load_image(&image)?;
        self.world.image_created(&loaded);
        self.put_slot(slot, Link::new(image))?;
        Ok(0)
    }

    /// `instance_create(image_slot, ref_slot, public, badge32, id_out32) → 0`.
    pub(super) fn instance_create(&mut self) -> Result<u64, Stop> {
        let (image_slot, ref_slot) = (self.argument(0)?, self.argument(1)?);
        let (public, badge, id_out) = (self.argument(2)?, self.argument(3)?, self.argument(4)?);
        let (Ok(image_slot), Ok(ref_slot)) = (u8::try_from(image_slot), u8::try_from(ref_slot)) else {
            return Ok(BAD_ARGUMENT);
        };
        if public > 1 {
            return Ok(BAD_ARGUMENT);
        }
        self.charge(self.world.params.gas.instance_create)?;
        let badge = self.read(badge, 32)?;
        let Some(link) = self.slot(image_slot)? else { return Ok(NO_CAPABILITY) };
        if !self.world.runtime.is_image(&link)? {
            return Ok(NO_CAPABILITY);
        }
        let image = self.world.image(&link)?;
        let caller = self.frames.last_mut().ok_or(Stop::Fail(nub_abi::Status::Panicked))?;
        self.world.touch_image(&image, &mut caller.machine.meter)?;
        let id = self.next_instance_id()?;
        self.write(id_out, &id.0)?;
        let instance = Instance {
            image: link,
            cnode: Link::new(CNode::new()),
            memory: Link::new(image.initial_memory().map_err(Abort::from)?),
            public: public == 1,
            creations: 0,
        };
        self.world.created(id, &image);
        self.world.put_instance(id, instance);
        let mut octets = [0; 32];
        octets.copy_from_slice(&badge);
        let rights = RIGHT_CALL | RIGHT_GRANT | RIGHT_MANAGE;
        self.put_slot(ref_slot, Link::new(Ref { instance: id, rights, badge: Badge(octets) }))?;
        Ok(0)
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

    /// What a slot holds; pays as a storage operation.
    pub(super) fn slot(&mut self, slot: u8) -> Result<Option<Link>, Stop> {
        self.charge(self.world.params.gas.storage)?;
        let cnode = self.cnode()?;
        let lookup = cnode.get(&Key::slot(slot), self.world.runtime)?;
        self.charge_nodes(lookup.nodes)?;
        Ok(lookup.value)
    }

    /// Places a capability in a slot, in place of what was there; pays as a storage operation.
    fn put_slot(&mut self, slot: u8, link: Link) -> Result<(), Stop> {
        self.charge(self.world.params.gas.storage)?;
        let mut cnode = self.cnode()?;
        let change = insert(&mut cnode, &Key::slot(slot), link, self.world.runtime)?;
        self.charge_nodes(change.nodes)?;
        self.set_cnode(cnode)?;
        self.grow(i64::from(change.previous.is_none()), 0)
    }
}
