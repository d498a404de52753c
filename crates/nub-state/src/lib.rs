//! Objects, tries and their encodings: pure data, usable without a kernel.
//!
//! - An object is an immutable value. Change is a new object and new parents up to the root; what did
//!   not change is shared. `docs/spec/state.md` is the normative description.
//! - The bytes of an object are a function of its content alone: not of the order of changes, of what is
//!   in memory, or of how it is split. Decoders accept exactly what encoders produce.
//! - A parent names a child by a [`Link`]: a [`Handle`] while the child is in memory, or its hash. Whatever
//!   was sealed can be dropped and loaded again by hash; a [`Loader`] does that.
//! - Encoding, hashing and dropping use explicit stacks: their depth is not a program's to choose.
//!
//! Table of contents:
//! - [`kind`]: the kinds of object and their tags
//! - [`object`], [`handle`], [`link`]: an object, its refcounted handle, a parent's reference to it
//! - [`system`], [`image`], [`type_def`], [`instance`], [`cnode`], [`data_cap`], [`mod@reference`], [`page`]: one kind each
//! - [`trie`]: the ordered map under CNodes and DataCaps
//! - [`mod@seal`]: encoding and hashing what is new
//! - [`drops`]: freeing in slices what nobody needs any more
//! - [`receipts`]: the receipts root
//! - [`proof`]: what a state holds, shown to somebody who has its root alone
//! - [`export`], [`mod@import`]: a whole state as a file
//! - [`error`]: why bytes are refused, why a state cannot be read

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod cnode;
mod codec;
pub mod data_cap;
pub mod drops;
pub mod error;
pub mod export;
pub mod handle;
pub mod image;
pub mod import;
pub mod instance;
pub mod kind;
pub mod link;
pub mod object;
pub mod page;
pub mod proof;
pub mod receipts;
pub mod reference;
pub mod seal;
pub mod system;
pub mod trie;
pub mod type_def;

pub use cnode::{CNode, Refused};
pub use data_cap::DataCap;
pub use drops::DropQueue;
pub use error::{DecodeError, StateError};
pub use export::Export;
pub use handle::Handle;
pub use image::Image;
pub use import::{Import, ImportError, import};
pub use instance::Instance;
pub use kind::{Kind, Kinds};
pub use link::{EMBEDDED_BYTES_MAX, Link, Loader, NoLoader};
pub use object::Object;
pub use page::{PAGE_BYTES, Page, PageBytes};
pub use proof::{Claim, Proof, ProofError, Verdict, prove, prove_receipt, verify};
pub use receipts::receipts_root;
pub use reference::Ref;
pub use seal::{Root, Sealing, seal, seal_root};
pub use system::System;
pub use trie::{Change, Key, Lookup, Trie};
pub use type_def::TypeDef;
