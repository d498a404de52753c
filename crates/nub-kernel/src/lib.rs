//! The kernel: capabilities, calls, blocks and forks over an Arch.
