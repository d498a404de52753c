//! Committed objects: in a store on the host's device, or object by object in somebody else's store there.

use crate::device::HostDevice;
use crate::transport;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;
use nub_abi::Hash;
use nub_abi::error::{Abort, OpenError};
use nub_abi::guest::{BLOB_COMMIT, BLOB_GET, BLOB_STAGE, BlobDone, BlobReply, MESSAGE_BYTES_MAX};
use nub_abi::rpc::StoreConfig;
use nub_kernel::arch::Blobs;
use nub_kernel::stored::StoredBlobs;
use parity_scale_codec::{Decode, DecodeAll, Encode};

/// Bytes of objects in one message, unless a single object has more.
const CHUNK_BYTES: usize = 1 << 20;
/// What the encoding adds to an object's bytes, at most: a hash, and two lengths.
const OVERHEAD_BYTES: usize = 32 + 5 + 5;

/// Committed objects, wherever the host has them.
pub enum GuestBlobs {
    /// Behind callbacks, object by object: so until a store is opened.
    Callbacks(HostBlobs),
    /// In a store on the host's device.
    Device(Box<StoredBlobs<HostDevice>>),
}

impl Blobs for GuestBlobs {
    fn get(&mut self, hash: &Hash) -> Result<Option<Vec<u8>>, Abort> {
        match self {
            Self::Callbacks(blobs) => blobs.get(hash),
            Self::Device(blobs) => blobs.get(hash),
        }
    }

    fn get_many(&mut self, hashes: &[Hash]) -> Result<Vec<Option<Vec<u8>>>, Abort> {
        match self {
            Self::Callbacks(blobs) => blobs.get_many(hashes),
            Self::Device(blobs) => blobs.get_many(hashes),
        }
    }

    fn commit(&mut self, root: Hash, height: u64, objects: &[(Hash, Vec<u8>)]) -> Result<(), Abort> {
        match self {
            Self::Callbacks(blobs) => blobs.commit(root, height, objects),
            Self::Device(blobs) => blobs.commit(root, height, objects),
        }
    }

    fn stage(&mut self, objects: &[(Hash, Vec<u8>)]) -> Result<bool, Abort> {
        match self {
            Self::Callbacks(blobs) => blobs.stage(objects),
            Self::Device(blobs) => blobs.stage(objects),
        }
    }

    fn give_up_staged(&mut self) {
        match self {
            Self::Callbacks(blobs) => blobs.give_up_staged(),
            Self::Device(blobs) => blobs.give_up_staged(),
        }
    }

    fn fault(&self) -> Option<Abort> {
        match self {
            Self::Callbacks(blobs) => blobs.fault(),
            Self::Device(blobs) => blobs.fault(),
        }
    }

    fn open(&mut self, config: &StoreConfig) -> Result<Option<Hash>, OpenError> {
        let mut blobs = StoredBlobs::new(HostDevice::connect()?);
        let root = blobs.open(config)?;
        *self = Self::Device(Box::new(blobs));
        Ok(root)
    }

    fn chain_id(&self) -> Option<u64> {
        match self {
            Self::Callbacks(blobs) => blobs.chain_id(),
            Self::Device(blobs) => blobs.chain_id(),
        }
    }
}

/// A store of the host's, object by object.
pub struct HostBlobs;

impl Blobs for HostBlobs {
    fn get(&mut self, hash: &Hash) -> Result<Option<Vec<u8>>, Abort> {
        call::<BlobReply>(BLOB_GET, hash.0.to_vec())?
    }

    fn commit(&mut self, root: Hash, height: u64, objects: &[(Hash, Vec<u8>)]) -> Result<(), Abort> {
        let mut rest = objects;
        while !rest.is_empty() {
            let (chunk, next) = rest.split_at(chunk_len(rest)?);
            call::<BlobDone>(BLOB_STAGE, chunk.encode())??;
            rest = next;
        }
        call::<BlobDone>(BLOB_COMMIT, (root, height).encode())?
    }
}

/// How many objects the next message takes; at least one.
fn chunk_len(objects: &[(Hash, Vec<u8>)]) -> Result<usize, Abort> {
    let mut bytes = 0;
    for (index, (hash, object)) in objects.iter().enumerate() {
        let size = object.len() + OVERHEAD_BYTES;
        if size > MESSAGE_BYTES_MAX {
            return Err(Abort::Store(format!("object {hash} has {size} bytes, too many for a message")));
        }
        bytes += size;
        if bytes > CHUNK_BYTES {
            return Ok(index.max(1));
        }
    }
    Ok(objects.len())
}

fn call<T: Decode>(function: &str, argument: Vec<u8>) -> Result<T, Abort> {
    let reply = transport::call_host(function, argument)
        .map_err(|error| Abort::Store(format!("{function}: {error}")))?;
    T::decode_all(&mut reply.as_slice()).map_err(|error| Abort::Store(error.to_string()))
}
