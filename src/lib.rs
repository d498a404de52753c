//! Nub: an execution microkernel for blockchain validators.
