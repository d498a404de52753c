//! Objects, tries and their encodings: pure data, usable without a kernel.
