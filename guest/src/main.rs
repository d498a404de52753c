//! The bare-metal image: the kernel of Nub in ring 0 of a Hyperlight micro-VM.
//!
//! Principles:
//! - One vCPU, one stack, no interrupts. Whatever runs, runs alone; the only thing that comes in between
//!   is a fault, and only the [`accessors`] fault on purpose.
//! - All memory is one arena of frames taken at boot. A page of the kernel's heap *is* a frame.
//! - A program's memory is a 4 GiB window of low-half addresses. An access is a load or a store; a page
//!   fault fills a page or makes the access an error value. The fault path neither allocates nor calls
//!   the kernel: it works on the [`control`] block, page tables and frames put aside for it.
//! - Everything else that goes wrong ends in an [`epitaph`] the host can read.
//!
//! From the bottom up:
//! - [`layout`]: where things are
//! - [`single`]: globals of a machine with one thread; [`octets`]: copying and filling
//! - [`control`], [`descriptor`], [`trap`], [`gate`]: what the processor is told
//! - [`privilege`]: the kernel in ring 3, where ring 0 is emulated
//! - [`entry`], [`note`]: how the host starts us
//! - [`arena`], [`frames`], [`bins`], [`runs`], [`heap`]: memory for the kernel
//! - [`page_table`], [`window`], [`warm`], [`space`], [`accessors`], [`ready`], [`fault`]: memory for programs
//! - [`code_memory`], [`context`], [`native_entry`], [`native_run`], [`native`]: programs as machine code
//! - [`isolation`]: programs in ring 3 under a kernel in ring 0; [`features`]: what the processor really has
//! - [`queue_memory`], [`transport`], [`rpc`], [`blobs`], [`platform`]: the host and the kernel
//! - [`logger`], [`epitaph`]: what the host is told, and last words
//! - [`probes`], [`script`], [`run_case`], [`store_run`]: probes for measuring and testing all of it
//!
//! `docs/guide/inside-the-guest.md` has the picture.

#![no_std]
#![no_main]

extern crate alloc;

mod accessors;
mod arena;
mod bins;
mod blobs;
mod code_memory;
mod context;
mod control;
mod descriptor;
mod device;
mod entry;
mod epitaph;
mod fault;
mod features;
mod frames;
mod gate;
mod heap;
mod isolation;
mod layout;
mod logger;
mod native;
mod native_entry;
mod native_run;
mod note;
mod octets;
mod page_table;
mod platform;
mod privilege;
mod probes;
mod queue_memory;
mod ready;
mod rpc;
mod run_case;
mod runs;
mod script;
mod single;
mod space;
mod store_run;
mod transport;
mod trap;
mod warm;
mod window;
