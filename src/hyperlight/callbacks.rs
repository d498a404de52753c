//! What the guest asks of the host: committed objects.

use super::exits::Exits;
use crate::blobs::{Blobs, SharedBlobs};
use hyperlight_host::sandbox::builder::SandboxBuilder;
use nub_abi::Hash;
use nub_abi::error::Abort;
use nub_abi::guest::{BLOB_COMMIT, BLOB_GET, BLOB_STAGE, BlobDone, BlobReply, MESSAGE_BYTES_MAX};
use parity_scale_codec::{DecodeAll, Encode};
use std::sync::{Arc, Mutex, PoisonError};

/// What an encoded [`BlobReply`] adds to an object.
const OVERHEAD_BYTES: usize = 8;

/// The store, and objects of a commit that is not finished. A sandbox that dies takes those along.
struct Callbacks {
    blobs: SharedBlobs,
    staged: Vec<(Hash, Vec<u8>)>,
}

/// Registers the callbacks.
pub(super) fn register(
    builder: SandboxBuilder,
    blobs: SharedBlobs,
    exits: &Exits,
) -> (SandboxBuilder, Staged) {
    let shared = Arc::new(Mutex::new(Callbacks { blobs, staged: Vec::new() }));
    let staged = Staged(shared.clone());
    let callback = |name: &'static str, work: fn(&mut Callbacks, &[u8]) -> Vec<u8>| {
        let (shared, exits) = (shared.clone(), exits.clone());
        move |argument: Vec<u8>| -> hyperlight_host::Result<Vec<u8>> {
            exits.count(format!("host call: {name}"));
            Ok(work(&mut shared.lock().unwrap_or_else(PoisonError::into_inner), &argument))
        }
    };
    let builder = builder
        .host_function(BLOB_GET, callback(BLOB_GET, |callbacks, argument| callbacks.get(argument).encode()))
        .host_function(
            BLOB_STAGE,
            callback(BLOB_STAGE, |callbacks, argument| callbacks.stage(argument).encode()),
        )
        .host_function(
            BLOB_COMMIT,
            callback(BLOB_COMMIT, |callbacks, argument| callbacks.commit(argument).encode()),
        );
    (builder, staged)
}

/// Objects of a commit that is not finished.
pub(super) struct Staged(Arc<Mutex<Callbacks>>);

impl Staged {
    /// Drops them: a commit that was given up in an earlier call has no part in the next one.
    pub(super) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).staged.clear();
    }
}

impl Callbacks {
    fn get(&mut self, argument: &[u8]) -> BlobReply {
        let object = self.blobs.get(&decode(argument)?)?;
        match &object {
            // The reply would not fit the buffers.
            Some(bytes) if bytes.len() + OVERHEAD_BYTES > MESSAGE_BYTES_MAX => {
                Err(Abort::Store(format!("an object of {} bytes is too long for a message", bytes.len())))
            }
            _ => Ok(object),
        }
    }

    fn stage(&mut self, argument: &[u8]) -> BlobDone {
        let objects: Vec<(Hash, Vec<u8>)> = decode(argument)?;
        self.staged.extend(objects);
        Ok(())
    }

    fn commit(&mut self, argument: &[u8]) -> BlobDone {
        let objects = std::mem::take(&mut self.staged);
        let (root, height) = decode(argument)?;
        self.blobs.commit(root, height, &objects)
    }
}

fn decode<T: DecodeAll>(argument: &[u8]) -> Result<T, Abort> {
    T::decode_all(&mut &*argument).map_err(|error| Abort::Store(format!("the guest's callback: {error}")))
}
