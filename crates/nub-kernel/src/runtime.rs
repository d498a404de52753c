//! What outlives a block: the platform, the caches, the objects of candidates, and how objects are found.

use crate::arch::{Arch, Blobs};
use crate::cache::Cache;
use crate::engine::Engines;
use crate::memory::Baseline;
use crate::pending::Pending;
use crate::program::LoadedImage;
use crate::random::{KernelBuildHasher, kernel_rng};
use crate::spent::Spent;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;
use nub_abi::Hash;
use nub_abi::error::Abort;
use nub_abi::rpc::BootConfig;
use nub_state::{
    CNode, DataCap, DecodeError, DropQueue, Handle, Image, Kind, Link, Loader, Page, Ref, System, seal_root,
};

/// Bytes of memory that storing an object takes for each of its encoding: a copy, and the store's own, about;
/// and what the store's messages to the host take.
const STORED_FACTOR: u64 = 2;
const STORED_BYTES: u64 = 2 << 20;
/// Bytes of memory that decoding an object takes for each of its encoding, about.
const DECODED_FACTOR: u64 = 4;
/// Objects freed at once, whatever the gas, if so many wait: less than a millisecond.
const FREED_OBJECTS_MIN: usize = 8_192;
/// No object is made for less gas, under the default prices.
const OBJECT_GAS_MIN: u64 = 32;

/// The platform and everything kept between blocks that is not state itself.
pub(crate) struct Runtime<A: Arch> {
    pub(crate) arch: A,
    pub(crate) pending: Pending,
    /// Objects that nobody needs any more.
    pub(crate) drops: DropQueue,
    /// What the last execution from a witness had.
    spent: Option<Spent>,
    objects: Cache<Handle>,
    programs: Cache<Arc<LoadedImage>>,
    pub(crate) engines: Engines<A::Native>,
    source: Source,
    /// Objects asked for by hash, while that is recorded.
    reads: Option<BTreeSet<Hash>>,
    pub(crate) baseline: Baseline,
    hasher: KernelBuildHasher,
}

/// Where objects come from that no cache and no candidate has.
pub(crate) enum Source {
    /// The host's blobs.
    Blobs,
    /// A witness, and nothing else.
    Witness(BTreeMap<Hash, Vec<u8>>),
}

/// A state that was just hashed.
pub(crate) struct Rooted {
    pub(crate) root: Hash,
    /// Its new objects, pending now.
    pub(crate) objects: Vec<Hash>,
    pub(crate) objects_hashed: u64,
}

/// What [`Runtime::store_pages`] did.
pub(crate) struct StoredPages {
    pub(crate) changed: bool,
    pub(crate) growth_pages: i64,
}

impl<A: Arch> Runtime<A> {
    pub(crate) fn new(arch: A, config: &BootConfig) -> Self {
        let mut rng = kernel_rng(config.seed);
        let budget_bytes = config.cache_bytes / 2;
        let hasher = KernelBuildHasher::new(&mut rng);
        Self {
            arch,
            pending: Pending::default(),
            drops: DropQueue::default(),
            spent: None,
            objects: Cache::new(budget_bytes, hasher),
            programs: Cache::new(budget_bytes, hasher),
            engines: Engines::new(config),
            source: Source::Blobs,
            reads: None,
            baseline: Baseline::default(),
            hasher,
        }
    }

    /// Does some work and tells which objects it asked for by hash, whether or not they were at hand.
    pub(crate) fn recording<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> (T, BTreeSet<Hash>) {
        self.reads = Some(BTreeSet::new());
        let result = work(self);
        (result, self.reads.take().unwrap_or_default())
    }

    /// Frees at once what is left of the last execution from a witness.
    pub(crate) fn forget_spent(&mut self) {
        self.spent = None;
    }

    /// Does some work with a witness as the only source of objects. The caches and candidates are as they
    /// were afterwards; what it had waits to be freed, what the one before had does not any more.
    pub(crate) fn with_witness<T>(
        &mut self,
        witness: BTreeMap<Hash, Vec<u8>>,
        work: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let empty = Cache::new(self.objects.budget_bytes(), self.hasher);
        let objects = core::mem::replace(&mut self.objects, empty);
        let empty = Cache::new(self.programs.budget_bytes(), self.hasher);
        let programs = core::mem::replace(&mut self.programs, empty);
        let pending = core::mem::take(&mut self.pending);
        self.source = Source::Witness(witness);
        let result = work(self);
        self.programs = programs;
        let objects = core::mem::replace(&mut self.objects, objects);
        let pending = core::mem::replace(&mut self.pending, pending);
        if let Source::Witness(encoded) = core::mem::replace(&mut self.source, Source::Blobs) {
            self.spent = Some(Spent { encoded, pending, objects });
        }
        result
    }

    /// The encoded object of a hash, from a candidate or from the source.
    pub(crate) fn encoded(&mut self, hash: &Hash) -> Result<Arc<[u8]>, Abort> {
        if let Some(bytes) = self.pending.get(hash) {
            return Ok(bytes);
        }
        let found = match &self.source {
            Source::Blobs => self.arch.blobs().get(hash)?,
            Source::Witness(witness) => witness.get(hash).cloned(),
        };
        found.map(Arc::from).ok_or(Abort::MissingObject(*hash))
    }

    /// Frees some of what nobody needs any more, after something that used this gas: as many objects as that
    /// could have made, so that what waits does not grow, and no wait is longer than was paid for. (What an execution
    /// from a witness had comes last, and the next from a witness frees at once what is left of it.)
    pub(crate) fn free_slice(&mut self, gas_used: u64) {
        let made_max = usize::try_from(gas_used / OBJECT_GAS_MIN).unwrap_or(usize::MAX);
        let objects_max = FREED_OBJECTS_MIN.saturating_add(made_max);
        let left = objects_max - self.drops.free(objects_max);
        let left = left - self.pending.free(left);
        if let Some(spent) = &mut self.spent {
            spent.free(left);
        }
    }

    /// Objects that wait to be freed, those below them not counted.
    pub(crate) fn waiting(&self) -> u64 {
        (self.drops.len() + self.pending.waiting() + self.spent.as_ref().map_or(0, Spent::len)) as u64
    }

    /// Whether objects come from the store.
    pub(crate) fn reads_from_store(&self) -> bool {
        matches!(self.source, Source::Blobs)
    }

    /// An object that is in memory. It counts as asked for by nobody.
    pub(crate) fn held(&mut self, hash: &Hash) -> Option<Handle> {
        self.objects.get(hash).or_else(|| Handle::load(hash, &self.pending.get(hash)?).ok())
    }

    /// Takes objects from the store into the cache, in one step; false if it fails. What is damaged is left out.
    pub(crate) fn fetch(&mut self, hashes: &[Hash]) -> bool {
        let Ok(found) = self.arch.blobs().get_many(hashes) else { return false };
        for (hash, bytes) in hashes.iter().zip(found) {
            if let Some(Ok(handle)) = bytes.map(|bytes| Handle::load(hash, &bytes)) {
                self.remember(*hash, handle);
            }
        }
        true
    }

    /// Notes that an object was asked for.
    fn note_read(&mut self, hash: &Hash) {
        if let Some(reads) = &mut self.reads {
            reads.insert(*hash);
        }
    }

    /// Decoded clean objects held, and their approximate bytes.
    pub(crate) fn cached(&self) -> (u64, u64) {
        let count = self.objects.len() + self.programs.len();
        (count as u64, self.objects.bytes() + self.programs.bytes())
    }

    /// Drops all that is cached and all that waits to be freed, at once: memory is short. What calls in progress hold
    /// stays until they end.
    pub(crate) fn drop_caches(&mut self) {
        self.objects.clear();
        self.programs.clear();
        self.engines.drop_code();
        self.free_slice(u64::MAX);
    }

    /// Remembers an object that was just hashed, so that the next block need not decode it.
    fn remember(&mut self, hash: Hash, handle: Handle) {
        let bytes = handle.memory_bytes() as u64;
        self.objects.insert(hash, handle, bytes);
    }

    /// Hashes what a new System changed; its new objects are pending then, each as soon as it is hashed.
    pub(crate) fn reroot(&mut self, system: System) -> Rooted {
        let mut objects = Vec::new();
        let root = seal_root(system, &mut |hash, bytes, handle| {
            objects.push(hash);
            self.pending.add(hash, bytes);
            self.remember(hash, handle);
        });
        self.drops.push(root.dirty);
        Rooted { root: root.hash, objects, objects_hashed: root.objects_hashed }
    }

    /// Stores pending objects with a new committed root.
    pub(crate) fn store(&mut self, root: Hash, height: u64, hashes: &[Hash]) -> Result<(), Abort> {
        let bytes =
            hashes.iter().map(|hash| self.pending.get(hash).map_or(0, |bytes| bytes.len() as u64 + 64));
        self.make_room(STORED_FACTOR * bytes.sum::<u64>() + STORED_BYTES)?;
        let mut objects = Vec::with_capacity(hashes.len());
        for hash in hashes {
            let bytes = self.pending.get(hash).ok_or(Abort::MissingObject(*hash))?;
            objects.push((*hash, bytes.to_vec()));
        }
        self.arch.blobs().commit(root, height, &objects)
    }

    /// The System of a root as the host's blobs have it, whatever is cached or pending. `None` if the
    /// object is not one.
    pub(crate) fn stored_system(&mut self, root: &Hash) -> Result<Option<System>, Abort> {
        let bytes = self.arch.blobs().get(root)?.ok_or(Abort::MissingObject(*root))?;
        let handle = Handle::load(root, &bytes)
            .map_err(|error| Abort::CorruptObject { hash: *root, reason: error.to_string() })?;
        Ok(handle.as_system().ok().cloned())
    }

    /// The System of a root. `None` if the object is not one.
    pub(crate) fn system(&mut self, root: &Hash) -> Result<Option<System>, Abort> {
        Ok(self.load(root)?.as_system().ok().cloned())
    }

    /// The CNode of all Instances of a System.
    pub(crate) fn cnode(&mut self, link: &Link) -> Result<CNode, Abort> {
        Ok(link.resolve(self)?.as_cnode()?.clone())
    }

    /// The octets of a value; empty if it is a capability.
    pub(crate) fn value_bytes(&mut self, link: &Link) -> Result<Vec<u8>, Abort> {
        Ok(link.resolve(self)?.as_bytes().unwrap_or_default().to_vec())
    }

    /// The Ref a link names, if it is one.
    pub(crate) fn reference(&mut self, link: &Link) -> Result<Option<Ref>, Abort> {
        Ok(link.resolve(self)?.as_ref().ok().cloned())
    }

    /// Whether a link names a byte value, which is no capability.
    pub(crate) fn is_value(&mut self, link: &Link) -> Result<bool, Abort> {
        Ok(link.resolve(self)?.kind() == Kind::Bytes)
    }

    /// The page a link names.
    pub(crate) fn page(&mut self, link: &Link) -> Result<Arc<Page>, Abort> {
        Ok(link.resolve(self)?.as_page()?.clone())
    }

    /// Whether a link names an Image.
    pub(crate) fn is_image(&mut self, link: &Link) -> Result<bool, Abort> {
        Ok(link.resolve(self)?.kind() == Kind::Image)
    }

    /// Makes a validated Image ready to run and keeps it.
    pub(crate) fn program(
        &mut self,
        image: &Image,
        hash: Hash,
        encoded_bytes: u64,
    ) -> Result<Arc<LoadedImage>, Abort> {
        if let Some(program) = self.programs.get(&hash) {
            return Ok(program);
        }
        self.make_room_for_image(encoded_bytes)?;
        let loaded = LoadedImage::new(image, hash, encoded_bytes)
            .map_err(|error| Abort::CorruptObject { hash, reason: error.to_string() })?;
        let loaded = Arc::new(loaded);
        self.programs.insert(hash, loaded.clone(), loaded.memory_bytes());
        Ok(loaded)
    }

    /// A page of a memory; `None` where it is zero.
    pub(crate) fn memory_page(&mut self, memory: &Link, number: u32) -> Result<Option<Arc<Page>>, Abort> {
        self.data_cap(memory)?.page(number, self)
    }

    /// Replaces pages of a memory by content; pages that hold what they held change nothing.
    pub(crate) fn store_pages(
        &mut self,
        memory: &mut Link,
        pages: Vec<(u32, Arc<Page>)>,
    ) -> Result<StoredPages, Abort> {
        let mut stored = StoredPages { changed: false, growth_pages: 0 };
        if pages.is_empty() {
            return Ok(stored);
        }
        let mut data = self.data_cap(memory)?;
        for (number, page) in pages {
            let new = (!page.is_zero()).then_some(page);
            if data.page(number, self)? == new {
                continue;
            }
            stored.growth_pages += data.set_page(number, new, self)?.growth();
            stored.changed = true;
        }
        if stored.changed {
            *memory = Link::new(data);
        }
        Ok(stored)
    }

    fn data_cap(&mut self, link: &Link) -> Result<DataCap, Abort> {
        Ok(link.resolve(self)?.as_data_cap()?.clone())
    }
}

/// Finds objects: in the cache, among those of candidates, in the store. What the store gives is verified.
impl<A: Arch> Loader for Runtime<A> {
    type Error = Abort;

    fn load(&mut self, hash: &Hash) -> Result<Handle, Abort> {
        self.note_read(hash);
        if let Some(handle) = self.objects.get(hash) {
            return Ok(handle);
        }
        let corrupt = |error: DecodeError| Abort::CorruptObject { hash: *hash, reason: error.to_string() };
        self.make_room(0)?;
        let bytes = self.encoded(hash)?;
        self.make_room(DECODED_FACTOR * bytes.len() as u64)?;
        let handle = Handle::load(hash, &bytes).map_err(corrupt)?;
        self.remember(*hash, handle.clone());
        Ok(handle)
    }
}
