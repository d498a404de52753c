//! What crosses a boundary of Nub: hashes, blocks, receipts, messages, host-call numbers.
