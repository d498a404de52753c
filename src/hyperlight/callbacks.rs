//! What the guest asks of the host: blocks of a device, or committed objects.

use super::exits::Exits;
use crate::blobs::{Blobs, SharedBlobs, SharedDevice, Storage};
use hyperlight_host::sandbox::builder::SandboxBuilder;
use nub_abi::Hash;
use nub_abi::error::Abort;
use nub_abi::guest::{
    BLOB_COMMIT, BLOB_GET, BLOB_STAGE, BlobDone, BlobReply, DEVICE_EXTEND, DEVICE_FLUSH, DEVICE_LENGTH,
    DEVICE_READ, DEVICE_WRITE, DeviceFault, DeviceReply, MESSAGE_BYTES_MAX,
};
use nub_store::device::{BlockDevice, DeviceError, Read, Write};
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
pub(super) fn register(builder: SandboxBuilder, storage: Storage, exits: &Exits) -> (SandboxBuilder, Staged) {
    match storage {
        Storage::Blobs(blobs) => register_blobs(builder, blobs, exits),
        Storage::Device(device, _) => (register_device(builder, device, exits), Staged(None)),
    }
}

fn register_blobs(builder: SandboxBuilder, blobs: SharedBlobs, exits: &Exits) -> (SandboxBuilder, Staged) {
    let state = Callbacks { blobs, staged: Vec::new() };
    let shared = Arc::new(Mutex::new(state));
    let function = |name, work| callback(name, &shared, exits, work);
    let builder = builder
        .host_function(BLOB_GET, function(BLOB_GET, |callbacks, argument| callbacks.get(argument).encode()))
        .host_function(
            BLOB_STAGE,
            function(BLOB_STAGE, |callbacks, argument| callbacks.stage(argument).encode()),
        )
        .host_function(
            BLOB_COMMIT,
            function(BLOB_COMMIT, |callbacks, argument| callbacks.commit(argument).encode()),
        );
    (builder, Staged(Some(shared)))
}

/// Objects of a commit that is not finished, where objects are staged.
pub(super) struct Staged(Option<Arc<Mutex<Callbacks>>>);

impl Staged {
    /// Drops them: a commit that was given up in an earlier call has no part in the next one.
    pub(super) fn clear(&self) {
        if let Some(callbacks) = &self.0 {
            callbacks.lock().unwrap_or_else(PoisonError::into_inner).staged.clear();
        }
    }
}

fn register_device(builder: SandboxBuilder, device: SharedDevice, exits: &Exits) -> SandboxBuilder {
    let shared = Arc::new(Mutex::new(device));
    builder
        .host_function(
            DEVICE_LENGTH,
            callback(DEVICE_LENGTH, &shared, exits, |device, _| reply(Ok(device.length_bytes()))),
        )
        .host_function(
            DEVICE_READ,
            callback(DEVICE_READ, &shared, exits, |device, argument| reply(read(device, argument))),
        )
        .host_function(
            DEVICE_WRITE,
            callback(DEVICE_WRITE, &shared, exits, |device, argument| reply(write(device, argument))),
        )
        .host_function(
            DEVICE_FLUSH,
            callback(DEVICE_FLUSH, &shared, exits, |device, _| reply(device.flush().map_err(fault))),
        )
        .host_function(
            DEVICE_EXTEND,
            callback(DEVICE_EXTEND, &shared, exits, |device, argument| reply(extend(device, argument))),
        )
}

/// A host function that works on something shared.
fn callback<S: Send + 'static>(
    name: &'static str,
    shared: &Arc<Mutex<S>>,
    exits: &Exits,
    work: fn(&mut S, &[u8]) -> Vec<u8>,
) -> impl Fn(Vec<u8>) -> hyperlight_host::Result<Vec<u8>> + Send + 'static {
    let (shared, exits) = (shared.clone(), exits.clone());
    move |argument| {
        exits.count(format!("host call: {name}"));
        Ok(work(&mut shared.lock().unwrap_or_else(PoisonError::into_inner), &argument))
    }
}

fn reply<T: Encode>(result: DeviceReply<T>) -> Vec<u8> {
    result.encode()
}

/// Reads ranges, no more in all than a message holds.
fn read(device: &mut SharedDevice, argument: &[u8]) -> DeviceReply<Vec<u8>> {
    let ranges: Vec<(u64, u32)> = arguments(argument)?;
    let bytes: u64 = ranges.iter().map(|(_, length)| u64::from(*length)).sum();
    if bytes > MESSAGE_BYTES_MAX as u64 {
        return Err(DeviceFault::OutOfRange { offset: 0, length_bytes: bytes });
    }
    let mut reads: Vec<Read> = ranges
        .iter()
        .map(|(offset, length)| Read { offset: *offset, bytes: vec![0; *length as usize] })
        .collect();
    device.read_many(&mut reads).map_err(fault)?;
    let parts: Vec<&[u8]> = reads.iter().map(|read| read.bytes.as_slice()).collect();
    Ok(parts.concat())
}

fn write(device: &mut SharedDevice, argument: &[u8]) -> DeviceReply<()> {
    let ranges: Vec<(u64, Vec<u8>)> = arguments(argument)?;
    let writes: Vec<Write<'_>> =
        ranges.iter().map(|(offset, bytes)| Write { offset: *offset, bytes }).collect();
    device.write_many(&writes).map_err(fault)
}

fn extend(device: &mut SharedDevice, argument: &[u8]) -> DeviceReply<()> {
    device.extend(arguments(argument)?).map_err(fault)
}

fn fault(error: DeviceError) -> DeviceFault {
    match error {
        DeviceError::NoSpace => DeviceFault::NoSpace,
        DeviceError::OutOfRange { offset, length_bytes, .. } => {
            DeviceFault::OutOfRange { offset, length_bytes }
        }
        DeviceError::Io { code, .. } => DeviceFault::Io(code),
    }
}

/// A guest that sends what does not decode is broken: its device is of no use to it.
fn arguments<T: DecodeAll>(argument: &[u8]) -> DeviceReply<T> {
    T::decode_all(&mut &*argument).map_err(|_| DeviceFault::Io(None))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn object(number: u8) -> (Hash, Vec<u8>) {
        (Hash([number; 32]), vec![number])
    }

    #[test]
    fn a_commit_given_up_between_chunks_leaves_nothing_for_the_next() {
        let mut blobs = SharedBlobs::in_memory();
        let shared = Arc::new(Mutex::new(Callbacks { blobs: blobs.clone(), staged: Vec::new() }));
        let staged = Staged(Some(shared.clone()));
        let stage = |number| shared.lock().unwrap().stage(&vec![object(number)].encode());
        // The first call sends one chunk, and then its guest has an error to report instead of the others.
        stage(1).unwrap();
        // The next call, with a commit of its own.
        staged.clear();
        stage(2).unwrap();
        shared.lock().unwrap().commit(&(Hash([9; 32]), 7u64).encode()).unwrap();
        assert_eq!(blobs.get(&object(1).0).unwrap(), None);
        assert_eq!(blobs.get(&object(2).0).unwrap(), Some(vec![2]));
        // What does not decode is not half kept either.
        shared.lock().unwrap().stage(&[1, 2, 3]).unwrap_err();
        assert!(shared.lock().unwrap().staged.is_empty());
    }
}
