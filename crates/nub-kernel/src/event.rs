//! One event: admitted by the Chain Instance where there is one, run, and reported to it.

use crate::arch::Arch;
use crate::calls::{Calls, OutputLimit, RootCall, refused};
use crate::frame::{Origin, Passed};
use crate::stop::invariant;
use crate::world::World;
use alloc::string::ToString;
use nub_abi::codec::decode_exact;
use nub_abi::error::Abort;
use nub_abi::host_call::{CHAIN_AFTER, CHAIN_BEFORE, RIGHT_CALL};
use nub_abi::{Admission, Badge, Event, InstanceId, Receipt, Status};
use nub_state::{Link, Ref};
use parity_scale_codec::Encode;

/// Runs an event as its block does. The inner error is the status of a failed `after`, which makes the
/// block invalid.
pub(crate) fn admit_and_run<A: Arch>(
    world: &mut World<'_, A>,
    event: &Event,
) -> Result<Result<Receipt, Status>, Abort> {
    let Some(chain) = world.params.chain else {
        return run_event(world, event, own_admission(event)).map(Ok);
    };
    let Some(admission) = before(world, chain, event)? else {
        return Ok(Ok(refused(Status::Rejected)));
    };
    let receipt = run_event(world, event, admission)?;
    Ok(match after(world, chain, event, &receipt)? {
        Status::Success => Ok(receipt),
        status => Err(status),
    })
}

/// How an event runs on a chain without a Chain Instance: as the block's author vouches.
fn own_admission(event: &Event) -> Admission {
    Admission {
        origin: event.origin,
        target: event.target,
        args: event.args.clone(),
        gas_limit: event.gas_limit,
    }
}

/// Asks the Chain Instance how the event is to run; `None` if it refuses, or its answer is malformed,
/// raises the gas limit or exceeds the limit on arguments. What it changed stays if it succeeded.
fn before<A: Arch>(
    world: &mut World<'_, A>,
    chain: InstanceId,
    event: &Event,
) -> Result<Option<Admission>, Abort> {
    let output = OutputLimit::Bytes(world.params.limits.argument_bytes + Admission::OVERHEAD_BYTES);
    let receipt = chain_call(world, chain, (CHAIN_BEFORE, world.params.before_gas), &event.encode(), output)?;
    if receipt.status != Status::Success {
        return Ok(None);
    }
    let args_max = world.params.limits.argument_bytes as usize;
    let fits =
        |admission: &Admission| admission.gas_limit <= event.gas_limit && admission.args.len() <= args_max;
    Ok(decode_exact::<Admission>(&receipt.output).ok().filter(fits))
}

/// Tells the Chain Instance how the event went; gives how its call ended.
fn after<A: Arch>(
    world: &mut World<'_, A>,
    chain: InstanceId,
    event: &Event,
    receipt: &Receipt,
) -> Result<Status, Abort> {
    let args = (event, receipt.status, receipt.gas_used).encode();
    let output = OutputLimit::Bytes(world.params.limits.output_bytes);
    let receipt = chain_call(world, chain, (CHAIN_AFTER, world.params.after_gas), &args, output)?;
    Ok(receipt.status)
}

/// Calls the Chain Instance from outside the machine, with nothing passed. Its logs are not kept.
fn chain_call<A: Arch>(
    world: &mut World<'_, A>,
    chain: InstanceId,
    (endpoint, gas_limit): (u16, u64),
    args: &[u8],
    output: OutputLimit,
) -> Result<Receipt, Abort> {
    let call = RootCall { target: chain, endpoint, args, gas_limit, origin: Origin::default(), output };
    world.apart_from_receipts(|world| Calls::new(world).run_root(call))
}

/// Runs an event. Its target and the Instances it names as refs must be public.
fn run_event<A: Arch>(
    world: &mut World<'_, A>,
    event: &Event,
    admission: Admission,
) -> Result<Receipt, Abort> {
    match world.instance(&admission.target)? {
        None => return Ok(refused(Status::NoTarget)),
        Some(instance) if !instance.public => return Ok(refused(Status::NotPublic)),
        Some(_) => {}
    }
    let mut passed = Passed::default();
    for id in &event.refs {
        match world.instance(id)? {
            Some(instance) if instance.public => {
                let put = passed.push(minted(*id, admission.origin), world.runtime)?;
                put.map_err(|refused| invariant(&refused.to_string()))?;
            }
            _ => return Ok(refused(Status::BadRef)),
        }
    }
    Calls::new(world).run_root(RootCall {
        target: admission.target,
        endpoint: event.endpoint,
        args: &admission.args,
        gas_limit: admission.gas_limit,
        origin: Origin { caller: None, badge: admission.origin, passed },
        output: OutputLimit::Receipt,
    })
}

/// A Ref for the length of an event's call.
fn minted(instance: InstanceId, badge: Badge) -> Link {
    Link::new(Ref { instance, rights: RIGHT_CALL, badge })
}
