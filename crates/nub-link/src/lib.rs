//! Turns a contract ELF into an Image.
