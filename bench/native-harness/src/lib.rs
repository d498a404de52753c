//! Runs compiled PVM code in the host process: **for tests, fuzzing and benches only.**
//!
//! - Nothing that a validator links may depend on this crate; a test here walks `nub`'s dependencies.
//! - It is the one place of the host side that executes generated code. What is unsafe about that is in
//!   [`Window`] (memory), [`LoadedCode`] (code) and the entry with its signal handler; all else is safe.
//! - [`generator`] makes programs, [`oracle`] runs them on both engines and compares; tests and benches are
//!   glue around the two.
//!
//! On anything but x86-64 Linux the crate is empty.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

mod arena;
mod entry;
mod error;
pub mod generator;
mod loaded;
mod native;
pub mod oracle;
mod rng;
mod signal;
mod window;

pub use error::HarnessError;
pub use loaded::LoadedCode;
pub use native::{NativeExit, NativeMachine, feature_sets, host_features, run_native, run_native_with};
pub use rng::Rng;
pub use window::Window;
