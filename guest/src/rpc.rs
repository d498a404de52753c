//! Calls from the host: one function name, one byte string in, one out.

use crate::platform::HyperlightArch;
use crate::single::Single;
use crate::transport::{self, Received};
use crate::{frames, logger, native_run, probes};
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;
use hyperlight_common::flatbuffer_wrappers::function_call::FunctionCall;
use hyperlight_common::flatbuffer_wrappers::function_types::{
    FunctionCallResult, ParameterValue, ReturnValue,
};
use hyperlight_common::flatbuffer_wrappers::guest_error::{ErrorCode, GuestError};
use nub_abi::guest::{Answer, Framed, MESSAGE_BYTES_MAX, Notes, PROBE, ProbeReply, RPC};
use nub_abi::rpc::{Reply, Request};
use nub_kernel::Kernel;
use parity_scale_codec::{DecodeAll, Encode};

/// The kernel, once `Boot` has come.
static KERNEL: Single<Option<Kernel<HyperlightArch>>> = Single::new(None);

/// Serves the call that the host has put into the queue.
pub extern "sysv64" fn serve_one_call() {
    native_run::forget_segment();
    match transport::receive() {
        Received::Call(id, call) => {
            let result = FunctionCallResult::new(serve(call).map(ReturnValue::VecBytes));
            transport::reply(id, &result);
        }
        Received::Checkpoint => transport::checkpoint(),
    }
}

fn serve(call: FunctionCall) -> Result<Vec<u8>, GuestError> {
    let request = match call.parameters.map(<[ParameterValue; 1]>::try_from) {
        Some(Ok([ParameterValue::VecBytes(bytes)])) => bytes,
        _ => return Err(refusal(format!("`{}` takes one byte string", call.function_name))),
    };
    match call.function_name.as_str() {
        RPC => Ok(rpc(&request)),
        PROBE => Ok(frame(probe(&request))),
        name => Err(refusal(format!("there is no function `{name}`"))),
    }
}

fn refusal(message: alloc::string::String) -> GuestError {
    GuestError::new(ErrorCode::GuestFunctionNotFound, message)
}

/// The reply, or the news that it has too many bytes to send; with what is to be told beside it.
fn frame<T: Encode>(reply: T) -> Vec<u8> {
    let bytes = reply.encoded_size();
    match bytes <= MESSAGE_BYTES_MAX {
        true => answer_with(Framed::Message(reply)),
        false => answer_with(Framed::<T>::TooLarge(bytes as u64)),
    }
}

fn answer_with<T: Encode>(framed: Framed<T>) -> Vec<u8> {
    let (logs, logs_lost) = logger::take();
    Answer { notes: Notes { logs, logs_lost, figures: probes::figures() }, framed }.encode()
}

fn rpc(request: &[u8]) -> Vec<u8> {
    KERNEL.with(|kernel| {
        if let Some(Err(abort)) = kernel.as_mut().map(|kernel| kernel.begin_request(request.len())) {
            log::warn!("a request of {} bytes refused: {abort}", request.len());
            return answer_with(Framed::<Reply>::Refused(abort));
        }
        frame(match Request::decode_all(&mut &*request) {
            Ok(request) => answer(kernel, &request),
            Err(error) => Reply::BadRequest(error.to_string()),
        })
    })
}

fn answer(kernel: &mut Option<Kernel<HyperlightArch>>, request: &Request) -> Reply {
    match (kernel, request) {
        (kernel @ None, Request::Boot(config)) => {
            *kernel = Some(Kernel::new(HyperlightArch::new(), config));
            let (free, total) = frames::usage();
            log::info!("kernel booted, {free} of {total} frames free");
            Reply::Booted
        }
        (Some(kernel), request) => {
            let reply = kernel.handle(request);
            log_outcome(&reply);
            if let Some(fault) = kernel.new_store_fault() {
                log::error!("the store commits, but something is wrong with it: {fault}");
            }
            with_figures(reply)
        }
        (None, _) => Reply::BadRequest("the kernel has not booted; send Boot first".into()),
    }
}

/// Logs what an operator wants to know.
fn log_outcome(reply: &Reply) {
    match reply {
        Reply::Genesis(Ok(root)) => log::info!("genesis, root {root}"),
        Reply::Genesis(Err(error)) => log::warn!("genesis refused: {error}"),
        Reply::Open(Ok(())) => log::info!("opened the committed root"),
        Reply::Open(Err(error)) => log::error!("the committed root does not open: {error}"),
        Reply::ApplyBlock(Ok((root, summary))) => {
            log::debug!("block {} applied, {} gas, root {root}", summary.height, summary.gas_used);
        }
        Reply::ApplyBlock(Err(error)) => log::warn!("block refused: {error}"),
        Reply::Commit(Ok(())) => log::debug!("committed"),
        Reply::Commit(Err(error)) => log::warn!("commit refused: {error}"),
        Reply::Rollback(candidates) => log::debug!("{candidates} candidates rolled back"),
        Reply::BadRequest(reason) => log::error!("bad request: {reason}"),
        _ => {}
    }
}

/// Adds what only the platform counts.
fn with_figures(mut reply: Reply) -> Reply {
    if let Reply::HealthCheck(health) = &mut reply {
        let figures = probes::figures();
        (health.vm_exits, health.gate_calls) = (figures.exits, figures.gate_calls);
        (health.frames_free, health.frames_total) = frames::usage();
        health.page_faults = figures.demand_zero_faults + figures.copy_on_write_faults + figures.misses;
    }
    reply
}

fn probe(request: &[u8]) -> ProbeReply {
    match DecodeAll::decode_all(&mut &*request) {
        Ok(probe) => probes::answer(probe),
        Err(error) => ProbeReply::Failed(error.to_string()),
    }
}
