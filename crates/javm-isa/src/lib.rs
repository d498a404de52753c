//! PVM programs: container, validation, decoding, opcode tables, gas blocks.
