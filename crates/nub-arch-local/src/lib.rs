//! The Arch that runs in the host process, with software-copy memory.
