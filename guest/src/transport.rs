//! Messages to and from the host, over the two queues it laid out in scratch memory.
//!
//! The guest fills the queue *to the host* and empties the queue *to the guest*, into which it puts free
//! buffers. A buffer holds the longest message whole. The host looks at the queues when the guest halts
//! or notifies it, so a reply needs no exit of its own.

use crate::arena::to_virtual;
use crate::gate;
use crate::queue_memory::{QueueMemory, queue_address};
use crate::single::Single;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use flatbuffers::FlatBufferBuilder;
use hyperlight_common::flatbuffer_wrappers::function_call::{FunctionCall, FunctionCallType};
use hyperlight_common::flatbuffer_wrappers::function_types::{
    FunctionCallResult, ParameterValue, ReturnType, ReturnValue,
};
use hyperlight_common::layout::{QueueDims, TransportArena};
use hyperlight_common::outb::OutBAction;
use hyperlight_common::transport::{
    Buf, EncodedMessage, ExternalValues, MailboxValue, MsgHeader, MsgKind, SIZE_PREFIX_LEN,
    size_prefix_payload_len, size_prefixed_len,
};
use hyperlight_common::virtq::{
    G2H_LOWER_SLOT_COUNT, G2H_LOWER_SLOT_SIZE, Layout, Notifier, QueueStats, Segments, SendChain, SlotLayout,
    SlotPool, UsedChain, VirtqError, VirtqProducer,
};
use hyperlight_guest::layout;

const PAGE_BYTES: usize = 4096;

static TRANSPORT: Single<Option<Transport>> = Single::new(None);

/// Both queues.
struct Transport {
    to_host: VirtqProducer<QueueMemory, Notify>,
    to_guest: VirtqProducer<QueueMemory, Silent>,
    to_guest_buffer_bytes: usize,
    mailbox: *mut u64,
    next_id: u32,
}

// SAFETY: there is one thread; the mailbox is a word of scratch memory.
unsafe impl Send for Transport {}

/// Tells the host to look at the queue, by an exit.
struct Notify;

impl Notifier for Notify {
    fn notify(&self, _: QueueStats) {
        gate::out(OutBAction::VirtqNotify as u16, 0);
    }
}

/// The host need not know about free buffers until the guest halts.
struct Silent;

impl Notifier for Silent {
    fn notify(&self, _: QueueStats) {}
}

/// What the host wants.
pub enum Received {
    /// A call, to be answered under this number.
    Call(u32, FunctionCall),
    /// That the queues be as at boot.
    Checkpoint,
}

/// Connects the queues. The host wrote their sizes before it entered.
pub fn init() {
    let to_host = dims(layout::g2h_queue_size_gva(), layout::g2h_pool_pages_gva());
    let to_guest = dims(layout::h2g_queue_size_gva(), layout::h2g_pool_pages_gva());
    let base = published(layout::transport_arena_gpa_gva()) as u64;
    let arena = TransportArena::new(base, to_host, to_guest).expect("the host lays out queues that fit");
    let memory = QueueMemory::new(layout::scratch_base_gpa());
    let to_guest_buffer_bytes = published(layout::h2g_buffer_size_gva());
    let to_host_buffer_bytes = published(layout::g2h_buffer_size_gva());
    let to_guest_pool = uniform_pool(arena.h2g_pool_addr(), to_guest, to_guest_buffer_bytes);
    let to_host_pool = tiered_pool(arena.g2h_pool_addr(), to_host, to_host_buffer_bytes);
    let mut transport = Transport {
        to_host: VirtqProducer::new(ring(arena.g2h_ring_addr(), to_host), memory, Notify, to_host_pool),
        to_guest: VirtqProducer::new(ring(arena.h2g_ring_addr(), to_guest), memory, Silent, to_guest_pool),
        to_guest_buffer_bytes,
        mailbox: to_virtual(arena.mbx_addr()).cast(),
        next_id: 1,
    };
    transport.offer_buffers().expect("free buffers at boot");
    transport.checkpoint();
    TRANSPORT.with(|slot| *slot = Some(transport));
}

fn with_transport<R>(work: impl FnOnce(&mut Transport) -> R) -> R {
    TRANSPORT.with(|transport| work(transport.as_mut().expect("the transport, since boot")))
}

/// Takes the message that the host has put into the queue.
pub fn receive() -> Received {
    with_transport(Transport::receive).expect("a well-formed message")
}

/// Answers a call.
pub fn reply(id: u32, result: &FunctionCallResult) {
    with_transport(|transport| transport.reply(id, result)).expect("a reply that fits");
}

/// Readies the queues for a snapshot. No message is in flight.
pub fn checkpoint() {
    with_transport(Transport::checkpoint);
}

/// Calls a host function that takes and gives one byte string.
///
/// # Errors
/// Says what the host or the queue said.
pub fn call_host(function: &str, argument: Vec<u8>) -> Result<Vec<u8>, String> {
    with_transport(|transport| transport.call_host(function, argument))
}

impl Transport {
    fn receive(&mut self) -> Result<Received, VirtqError> {
        self.to_host.reclaim()?;
        let mut message = self.next_segments()?;
        let header = take_header(&mut message)?;
        if header.kind == MsgKind::SnapshotCheckpoint {
            return Ok(Received::Checkpoint);
        }
        while message.len() < header.payload_len as usize {
            message.append(self.next_segments()?);
        }
        let control = take_control(&mut message)?;
        let call = FunctionCall::decode(&control, &mut message).map_err(|_| VirtqError::InvalidState)?;
        Ok(Received::Call(header.cid, call))
    }

    fn next_segments(&mut self) -> Result<Segments, VirtqError> {
        match self.to_guest.poll()? {
            Some(UsedChain::Data(_, segments)) => Ok(segments),
            _ => Err(VirtqError::InvalidState),
        }
    }

    fn reply(&mut self, id: u32, result: &FunctionCallResult) -> Result<(), VirtqError> {
        self.to_host.reclaim()?;
        let mut builder = FlatBufferBuilder::new();
        let mut bytes = ExternalValues::new();
        let control = result.encode(&mut builder, &mut bytes).map_err(|_| VirtqError::InvalidState)?;
        let message = EncodedMessage::new(MsgKind::Response, id, control, bytes);
        let chain = self.fill(&message.ok_or(VirtqError::InvalidState)?, 0)?;
        let mut batch = self.to_host.batch();
        batch.submit(chain)?;
        // The halt that follows has the host look.
        batch.finish_without_notify();
        self.offer_buffers()
    }

    fn call_host(&mut self, function: &str, argument: Vec<u8>) -> Result<Vec<u8>, String> {
        let id = self.next_id;
        self.next_id = self.next_id.wrapping_add(1).max(1);
        let parameters = Some(vec![ParameterValue::VecBytes(argument)]);
        let call =
            FunctionCall::new(function.to_string(), parameters, FunctionCallType::Host, ReturnType::VecBytes);
        let mut builder = FlatBufferBuilder::new();
        let mut bytes = ExternalValues::new();
        let control = call.encode(&mut builder, &mut bytes).map_err(|error| error.to_string())?;
        let message = EncodedMessage::new(MsgKind::Request, id, control, bytes).ok_or("too many bytes")?;
        let mut answer = self.exchange(&message).map_err(|error| error.to_string())?;
        let header = take_header(&mut answer).map_err(|error| error.to_string())?;
        if header.kind != MsgKind::Response || header.cid != id {
            return Err("the host answers another call".to_string());
        }
        let control = take_control(&mut answer).map_err(|error| error.to_string())?;
        let result = FunctionCallResult::decode(&control, &mut answer).map_err(|error| error.to_string())?;
        match result.into_inner() {
            Ok(ReturnValue::VecBytes(bytes)) => Ok(bytes),
            Ok(_) => Err("the host gave no bytes".to_string()),
            Err(error) => Err(error.message),
        }
    }

    /// Sends a message and takes the answer, which the host gives within the exit.
    fn exchange(&mut self, message: &EncodedMessage<'_>) -> Result<Segments, VirtqError> {
        self.to_host.reclaim()?;
        let chain = self.fill(message, self.to_host.preferred_segment_len())?;
        let token = self.to_host.submit(chain)?;
        loop {
            match self.to_host.poll()?.ok_or(VirtqError::InvalidState)? {
                UsedChain::Data(from, segments) if from == token => return Ok(segments),
                UsedChain::Data(..) => return Err(VirtqError::InvalidState),
                UsedChain::Ack(_) => {}
            }
        }
    }

    /// A chain with the message, and room for an answer.
    fn fill(
        &self,
        message: &EncodedMessage<'_>,
        answer_bytes: usize,
    ) -> Result<SendChain<QueueMemory>, VirtqError> {
        let mut builder = self.to_host.chain().readable(message.total_len());
        if answer_bytes > 0 {
            builder = builder.writable(answer_bytes);
        }
        let mut chain = builder.build()?;
        for chunk in message.chunks() {
            chain.write_all(chunk)?;
        }
        Ok(chain)
    }

    /// Puts every free buffer into the queue to the guest.
    fn offer_buffers(&mut self) -> Result<(), VirtqError> {
        let mut batch = self.to_guest.batch();
        loop {
            let offered = batch
                .chain()
                .writable(self.to_guest_buffer_bytes)
                .build()
                .and_then(|chain| batch.submit(chain).map(drop));
            match offered {
                Ok(()) => {}
                Err(error) if error.is_transient() => break,
                Err(error) => return Err(error),
            }
        }
        batch.finish_without_notify();
        Ok(())
    }

    fn checkpoint(&mut self) {
        let mut ready = || {
            self.to_host.reclaim()?;
            // SAFETY: the host's side rests until the guest halts, and starts over then.
            unsafe {
                self.to_host.reset()?;
                self.to_guest.reset()
            }
        };
        ready().expect("queues at rest");
        self.offer_buffers().expect("free buffers");
        // SAFETY: the mailbox is a word of scratch memory that the host gave us to write.
        unsafe { self.mailbox.write_volatile(MailboxValue::CheckpointComplete.raw()) };
    }
}

fn take_header(message: &mut Segments) -> Result<MsgHeader, VirtqError> {
    let bytes = message.split_to(MsgHeader::SIZE).ok_or(VirtqError::InvalidState)?.into_bytes();
    MsgHeader::from_bytes(&bytes).ok_or(VirtqError::InvalidState)
}

/// Splits off the control data; what is left are byte strings.
fn take_control(message: &mut Segments) -> Result<impl core::ops::Deref<Target = [u8]> + use<>, VirtqError> {
    let mut prefix = [0; SIZE_PREFIX_LEN];
    message.as_buf().try_copy_to_slice(&mut prefix).map_err(|_| VirtqError::InvalidState)?;
    let control_bytes = size_prefix_payload_len(&prefix).and_then(size_prefixed_len);
    let control = control_bytes.and_then(|len| message.split_to(len)).ok_or(VirtqError::InvalidState)?;
    Ok(control.into_bytes())
}

/// One buffer for each message from the host.
fn uniform_pool(physical: u64, dims: QueueDims, buffer_bytes: usize) -> SlotPool {
    let count = dims.pool_pages().get() * PAGE_BYTES / buffer_bytes;
    SlotLayout::new(queue_address(physical), buffer_bytes, count)
        .and_then(SlotPool::new)
        .expect("a pool of buffers from the host")
}

/// A page of small buffers, then large ones.
fn tiered_pool(physical: u64, dims: QueueDims, buffer_bytes: usize) -> SlotPool {
    let small_bytes = G2H_LOWER_SLOT_COUNT * G2H_LOWER_SLOT_SIZE;
    let count = (dims.pool_pages().get() * PAGE_BYTES - small_bytes) / buffer_bytes;
    let pool = || {
        let small = SlotLayout::new(queue_address(physical), G2H_LOWER_SLOT_SIZE, G2H_LOWER_SLOT_COUNT)?;
        let large = SlotLayout::new(small.end_addr(), buffer_bytes, count)?;
        SlotPool::new_tiered(small, large)
    };
    pool().expect("a pool of buffers to the host")
}

fn ring(physical: u64, dims: QueueDims) -> Layout {
    // SAFETY: the range is the ring's, by the host's layout.
    unsafe { Layout::from_base(queue_address(physical), dims.size()) }.expect("an aligned ring")
}

fn dims(size: *const u64, pool_pages: *const u64) -> QueueDims {
    QueueDims::new(published(size), published(pool_pages)).expect("queue dimensions in range")
}

fn published(word: *const u64) -> usize {
    // SAFETY: one of the words at the top of scratch memory, which the host fills in before it enters.
    unsafe { word.read_volatile() as usize }
}
