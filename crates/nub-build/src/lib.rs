//! Cross-compiles the guest image for `x86_64-unknown-none`, and finds the tools that do it.
//!
//! Used by the build script of `nub`, by `xtask`, and by `nub-link` for contracts.
//!
//! 1. **Look, never install.** This crate reads the machine; only `cargo xtask setup` changes it.
//! 2. **A nested cargo starts clean.** Nothing of the outer build reaches it: the image is the same from
//!    `cargo build`, `cargo clippy`, a test run or a release build, so one directory serves them all.
//! 3. **The image does not know where it was built.** Paths are remapped.
//! 4. **Errors name the command to run.**
//!
//! `docs/guide/building.md` describes the search for readers.
#![forbid(unsafe_code)]

mod build_script;
mod contract;
mod elf;
mod env;
mod error;
mod guest;
mod linker;
mod paths;
mod rust;
mod selection;
mod toolchain;

pub use build_script::{GuestOutcome, embed_guest};
pub use contract::ContractToolchain;
pub use elf::{ElfError, GuestElf};
pub use env::{is_scrubbed, nested_cargo};
pub use error::{GuestBuildError, ToolchainError};
pub use guest::{GUEST_BINARY, GUEST_TARGET, GuestBuild, GuestImage};
pub use linker::{Linker, LinkerFlavor};
pub use paths::{nested_target_dir, repository_root};
pub use rust::{MIN_RUSTC, Rust, RustcVersion};
pub use selection::{SELECTION_VARIABLE, Selection};
pub use toolchain::{GuestToolchain, Method};
