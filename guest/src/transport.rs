//! The queues to and from the host, where it laid them out in scratch memory.

use crate::arena::to_virtual;
use hyperlight_common::layout::{QueueDims, TransportArena};
use hyperlight_common::virtq::Layout;
use hyperlight_guest::layout;
use hyperlight_guest::transport::{GuestContext, QueueConfig, set_global_context};

/// Connects the queues. The host wrote their sizes before it entered.
pub fn init() {
    let to_host = dims(layout::g2h_queue_size_gva(), layout::g2h_pool_pages_gva());
    let to_guest = dims(layout::h2g_queue_size_gva(), layout::h2g_pool_pages_gva());
    let base = published(layout::transport_arena_gpa_gva()) as u64;
    let arena = TransportArena::new(base, to_host, to_guest).expect("the host lays out queues that fit");
    let to_host = QueueConfig {
        layout: ring(arena.g2h_ring_addr(), to_host),
        pool_gva: linear(arena.g2h_pool_addr()),
        pool_pages: to_host.pool_pages().get(),
        buffer_size: published(layout::g2h_buffer_size_gva()),
    };
    let to_guest = QueueConfig {
        layout: ring(arena.h2g_ring_addr(), to_guest),
        pool_gva: linear(arena.h2g_pool_addr()),
        pool_pages: to_guest.pool_pages().get(),
        buffer_size: published(layout::h2g_buffer_size_gva()),
    };
    // SAFETY: the host gave these disjoint ranges of scratch memory to the queues, for good; only this
    // context uses them.
    let context = unsafe { GuestContext::new(to_host, to_guest, linear(arena.mbx_addr())) };
    set_global_context(context.expect("queues as laid out by the host"));
}

fn ring(physical: u64, dims: QueueDims) -> Layout {
    // SAFETY: the range is the ring's, by the host's layout.
    unsafe { Layout::from_base(linear(physical), dims.size()) }.expect("an aligned ring")
}

fn dims(size: *const u64, pool_pages: *const u64) -> QueueDims {
    QueueDims::new(published(size), published(pool_pages)).expect("queue dimensions in range")
}

fn published(word: *const u64) -> usize {
    // SAFETY: one of the words at the top of scratch memory, which the host fills in before it enters.
    unsafe { word.read_volatile() as usize }
}

fn linear(physical: u64) -> u64 {
    to_virtual(physical) as u64
}
