//! Cross-compiles the guest image for x86_64-unknown-none.
