//! What a store is told.

use nub_abi::Hash;

/// What is fixed when a store is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Blocks of 4096 bytes a segment, 16 to 16384. An object must fit into a segment.
    pub segment_blocks: u32,
    /// Committed roots whose objects are kept, 1 to 64.
    pub retention: u32,
}

impl Default for Layout {
    /// Segments of 4 MiB; 16 roots.
    fn default() -> Self {
        Self { segment_blocks: 1024, retention: 16 }
    }
}

/// Calls its second argument with every hash that an encoded object refers to. Without that, nothing is
/// ever collected.
pub type ForEachChild = fn(&[u8], &mut dyn FnMut(Hash)) -> Result<(), NotAnObject>;

/// The bytes are no object that could refer to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnObject;

/// How an open store works. Apart from the caches' budgets these decide what is written when: stores that
/// shall have the same bytes need the same.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Most bytes of objects kept in memory. Nothing on the device depends on it.
    pub cache_bytes: usize,
    /// Keys the cache's hashing. Nothing on the device depends on it.
    pub cache_key: [u8; 16],
    /// Most bytes of index leaves kept in memory. A checkpoint is made when the changed ones take half of it.
    pub index_bytes: usize,
    /// A checkpoint is made when the log has grown by so many bytes.
    pub checkpoint_bytes: u64,
    /// How collection finds what lives; `None` keeps everything.
    pub children: Option<ForEachChild>,
    /// Collection starts when the log has at least so many bytes, and ...
    pub collect_bytes_min: u64,
    /// ... so many per cent of what was live after the last one.
    pub collect_percent: u64,
}

impl Default for Options {
    /// No object cache; 256 MiB of index; a checkpoint each 64 MiB; no collection.
    fn default() -> Self {
        Self {
            cache_bytes: 0,
            cache_key: [0; 16],
            index_bytes: 256 << 20,
            checkpoint_bytes: 64 << 20,
            children: None,
            collect_bytes_min: 16 << 20,
            collect_percent: 130,
        }
    }
}
