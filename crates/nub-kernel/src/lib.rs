//! The kernel: capabilities, calls, blocks and forks over an Arch.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
