//! Last words: what a dying guest tells the host, in at most [`EPITAPH_BYTES`] of text.

use crate::control::{Control, begin_to_die};
use crate::fault::fault_address;
use crate::layout::{CONTROL, STACK_BYTES, STACK_GUARD, STACK_TOP};
use crate::trap::TrapFrame;
use crate::{gate, logger};
use core::arch::asm;
use core::fmt::{self, Write};
use core::ops::Range;
use core::panic::PanicInfo;
use hyperlight_common::flatbuffer_wrappers::guest_error::ErrorCode;
use hyperlight_common::outb::OutBAction;
use nub_abi::guest::EPITAPH_BACKTRACE;

/// Hyperlight takes 1024 bytes, its error code included; a longer message is lost.
const EPITAPH_BYTES: usize = 1000;

/// How many of them the message itself may have: the rest is for the backtrace and the log.
const MESSAGE_BYTES: usize = 640;
/// Calls in a backtrace.
const BACKTRACE_FRAMES: usize = 24;

/// Ends a message to the host.
const END: u8 = 0xff;

/// Text that is cut off at the end of its buffer.
struct Epitaph {
    bytes: [u8; EPITAPH_BYTES],
    len: usize,
}

impl Epitaph {
    /// Begins last words. A second death while speaking ends at once.
    fn begin() -> Self {
        let again = begin_to_die();
        let mut words = Self { bytes: [0; EPITAPH_BYTES], len: 0 };
        if again {
            let _ = words.write_str("died again while writing an epitaph");
            words.send()
        }
        words
    }

    fn send(&self) -> ! {
        for bytes in [&[ErrorCode::UnknownError as u8], &self.bytes[..self.len], &[END]] {
            bytes.chunks(3).for_each(abort_with);
        }
        unreachable!("the host does not resume a guest that aborted")
    }
}

/// Sends up to three octets; the host takes the first of four for their number.
fn abort_with(octets: &[u8]) {
    let mut word = [octets.len() as u8, 0, 0, 0];
    word[1..=octets.len()].copy_from_slice(octets);
    gate::out(OutBAction::Abort as u16, u32::from_le_bytes(word));
}

impl Write for Epitaph {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = &mut self.bytes[self.len..];
        let mut len = text.len().min(room.len());
        while !text.is_char_boundary(len) {
            len -= 1;
        }
        room[..len].copy_from_slice(&text.as_bytes()[..len]);
        self.len += len;
        Ok(())
    }
}

/// Dies of a panic.
#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    let mut words = Epitaph::begin();
    let _ = write!(words, "{info}");
    words.len = words.len.min(MESSAGE_BYTES);
    backtrace(&mut words, None, frame_pointer());
    logged(&mut words);
    words.send()
}

/// Dies of an exception nobody resolved.
pub fn exception(frame: &TrapFrame) -> ! {
    let mut words = Epitaph::begin();
    let _ = describe(&mut words, frame);
    words.len = words.len.min(MESSAGE_BYTES);
    // A jump to where nothing is leaves the way back on the stack.
    let place = if is_code(frame.rip) { Some(frame.rip) } else { word_at(frame.rsp) };
    backtrace(&mut words, place, frame.rbp);
    logged(&mut words);
    words.send()
}

/// Says how execution came here: offsets of instructions in the image, innermost first.
fn backtrace(words: &mut Epitaph, place: Option<u64>, mut frame: u64) {
    let _ = write!(words, "\n{EPITAPH_BACKTRACE}");
    if let Some(place) = place.filter(|&place| is_code(place)) {
        // Others are where calls return to; this one is the instruction itself.
        let _ = write!(words, " {:x}", place + 1 - image_start());
    }
    for _ in 0..BACKTRACE_FRAMES {
        let Some(place) = word_at(frame + 8).filter(|&place| is_code(place)) else { break };
        let _ = write!(words, " {:x}", place - image_start());
        match word_at(frame) {
            Some(outer) if outer > frame => frame = outer,
            _ => break,
        }
    }
}

/// Adds what was logged and not yet told.
fn logged(words: &mut Epitaph) {
    let room = EPITAPH_BYTES - words.len;
    logger::write_tail(words, room);
}

/// A word of one of the kernel's stacks.
fn word_at(address: u64) -> Option<u64> {
    let control = CONTROL..CONTROL + size_of::<Control>() as u64;
    let stack = STACK_TOP - STACK_BYTES..STACK_TOP;
    let is_mapped = |range: &Range<u64>| range.contains(&address) && address + 8 <= range.end;
    let is_good = address.is_multiple_of(8) && (is_mapped(&control) || is_mapped(&stack));
    // SAFETY: the ranges are mapped for good; whatever is there is a number.
    is_good.then(|| unsafe { (address as *const u64).read_volatile() })
}

#[inline(always)]
fn frame_pointer() -> u64 {
    let pointer: u64;
    // SAFETY: reading a register has no effect.
    unsafe { asm!("mov {}, rbp", out(reg) pointer, options(nomem, nostack, preserves_flags)) };
    pointer
}

/// Whether an address is in the image's code or constants.
fn is_code(address: u64) -> bool {
    unsafe extern "C" {
        static etext: u8;
    }
    (image_start()..(&raw const etext) as u64).contains(&address)
}

fn describe(words: &mut Epitaph, frame: &TrapFrame) -> fmt::Result {
    let address = fault_address();
    let name = NAMES.get(frame.vector as usize).copied().unwrap_or("unknown exception");
    if frame.vector == 14 && STACK_GUARD.contains(&address) {
        write!(words, "kernel stack overflow, ")?;
    }
    write!(words, "{name} (vector {}, error code {:#x})", frame.vector, frame.error_code)?;
    if frame.vector == 14 {
        write!(words, " at address {address:#x}")?;
    }
    let image_offset = frame.rip.wrapping_sub(image_start());
    write!(words, "; rip {:#x} (image + {image_offset:#x})", frame.rip)?;
    write!(words, " rsp {:#x} rflags {:#x} cs {:#x}", frame.rsp, frame.rflags, frame.cs)?;
    write!(words, " rax {:#x} rbx {:#x} rcx {:#x} rdx {:#x}", frame.rax, frame.rbx, frame.rcx, frame.rdx)?;
    write!(words, " rsi {:#x} rdi {:#x} rbp {:#x} r8 {:#x}", frame.rsi, frame.rdi, frame.rbp, frame.r8)?;
    write!(words, " r9 {:#x} r10 {:#x} r11 {:#x} r12 {:#x}", frame.r9, frame.r10, frame.r11, frame.r12)?;
    write!(words, " r13 {:#x} r14 {:#x} r15 {:#x}", frame.r13, frame.r14, frame.r15)
}

/// Where the image begins in memory: addresses in the ELF file count from there.
fn image_start() -> u64 {
    unsafe extern "C" {
        static __ehdr_start: u8;
    }
    (&raw const __ehdr_start) as u64
}

const NAMES: [&str; 22] = [
    "division error",
    "debug trap",
    "non-maskable interrupt",
    "breakpoint",
    "overflow",
    "bound range exceeded",
    "invalid opcode",
    "device not available",
    "double fault",
    "coprocessor segment overrun",
    "invalid task state",
    "segment not present",
    "stack segment fault",
    "general protection fault",
    "page fault",
    "reserved exception",
    "floating-point error",
    "alignment check",
    "machine check",
    "SIMD floating-point error",
    "virtualisation exception",
    "control protection exception",
];
