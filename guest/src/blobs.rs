//! Committed objects, which the host keeps: a callback for each object read, chunks for a commit.

use crate::transport;
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;
use nub_abi::Hash;
use nub_abi::error::Abort;
use nub_abi::guest::{BLOB_COMMIT, BLOB_GET, BLOB_STAGE, BlobDone, BlobReply, MESSAGE_BYTES_MAX};
use nub_kernel::arch::Blobs;
use parity_scale_codec::{Decode, DecodeAll, Encode};

/// Bytes of objects in one message, unless a single object has more.
const CHUNK_BYTES: usize = 1 << 20;
/// What the encoding adds to an object's bytes, at most: a hash, and two lengths.
const OVERHEAD_BYTES: usize = 32 + 5 + 5;

/// The host's store, through callbacks.
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
