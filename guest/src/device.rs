//! The host's device of blocks, through callbacks that take many ranges each.

use crate::transport;
use alloc::vec::Vec;
use nub_abi::error::Abort;
use nub_abi::guest::{
    DEVICE_EXTEND, DEVICE_FLUSH, DEVICE_LENGTH, DEVICE_READ, DEVICE_WRITE, DeviceFault, DeviceReply,
};
use nub_store::device::{Operation, Read, Write};
use nub_store::{BlockDevice, DeviceError};
use parity_scale_codec::{Compact, Decode, DecodeAll, Encode};

/// Bytes of blocks in one message, at most.
const CHUNK_BYTES: usize = 1 << 20;

/// The host's device.
#[derive(Clone)]
pub struct HostDevice {
    length_bytes: u64,
}

impl HostDevice {
    /// Asks the host how long its device is.
    ///
    /// # Errors
    /// [`Abort::Store`] if there is none.
    pub fn connect() -> Result<Self, Abort> {
        let length = call(DEVICE_LENGTH, Operation::Read, Vec::new());
        length
            .map(|length_bytes| Self { length_bytes })
            .map_err(|error| Abort::Store(alloc::format!("{error}")))
    }
}

impl BlockDevice for HostDevice {
    fn length_bytes(&self) -> u64 {
        self.length_bytes
    }

    fn read(&mut self, offset: u64, into: &mut [u8]) -> Result<(), DeviceError> {
        let mut at = offset;
        for chunk in into.chunks_mut(CHUNK_BYTES) {
            let range = [(at, chunk.len() as u32)];
            let reply = ask(DEVICE_READ, Operation::Read, range.as_slice().encode())?;
            take(&mut octets(&reply)?, chunk)?;
            at += chunk.len() as u64;
        }
        Ok(())
    }

    fn read_many(&mut self, reads: &mut [Read]) -> Result<(), DeviceError> {
        let mut rest = reads;
        while !rest.is_empty() {
            let (now, later) = rest.split_at_mut(chunk_len(rest.iter().map(|read| read.bytes.len())));
            if let [read] = now {
                self.read(read.offset, &mut read.bytes)?;
            } else {
                let ranges: Vec<_> = now.iter().map(|read| (read.offset, read.bytes.len() as u32)).collect();
                let reply = ask(DEVICE_READ, Operation::Read, ranges.encode())?;
                let mut bytes = octets(&reply)?;
                now.iter_mut().try_for_each(|read| take(&mut bytes, &mut read.bytes))?;
            }
            rest = later;
        }
        Ok(())
    }

    fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<(), DeviceError> {
        let mut at = offset;
        for chunk in bytes.chunks(CHUNK_BYTES) {
            call::<()>(DEVICE_WRITE, Operation::Write, [(at, chunk)].as_slice().encode())?;
            at += chunk.len() as u64;
        }
        Ok(())
    }

    fn write_many(&mut self, writes: &[Write<'_>]) -> Result<(), DeviceError> {
        let mut rest = writes;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(chunk_len(rest.iter().map(|write| write.bytes.len())));
            if let [write] = now {
                self.write(write.offset, write.bytes)?;
            } else {
                let ranges: Vec<_> = now.iter().map(|write| (write.offset, write.bytes)).collect();
                call::<()>(DEVICE_WRITE, Operation::Write, ranges.encode())?;
            }
            rest = later;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), DeviceError> {
        call(DEVICE_FLUSH, Operation::Flush, Vec::new())
    }

    fn extend(&mut self, length_bytes: u64) -> Result<(), DeviceError> {
        call::<()>(DEVICE_EXTEND, Operation::Extend, length_bytes.encode())?;
        self.length_bytes = self.length_bytes.max(length_bytes);
        Ok(())
    }
}

/// How many ranges the next message takes; at least one.
fn chunk_len(lengths: impl Iterator<Item = usize>) -> usize {
    let mut bytes = 0;
    let fits = |length: &usize| {
        bytes += length;
        bytes <= CHUNK_BYTES
    };
    lengths.take_while(fits).count().max(1)
}

/// Takes octets off the front of a reply.
fn take(bytes: &mut &[u8], into: &mut [u8]) -> Result<(), DeviceError> {
    let (octets, rest) = bytes
        .split_at_checked(into.len())
        .ok_or(DeviceError::Io { operation: Operation::Read, code: None })?;
    into.copy_from_slice(octets);
    *bytes = rest;
    Ok(())
}

/// The octets in a reply to a read, where they are: as many as the reply says, and no more behind them.
fn octets(mut reply: &[u8]) -> Result<&[u8], DeviceError> {
    let broken = DeviceError::Io { operation: Operation::Read, code: None };
    match reply.split_first() {
        // What `DeviceReply::<Vec<u8>>::Ok` begins with; its octets are not copied out by decoding.
        Some((0, rest)) => reply = rest,
        _ => return Err(decoded::<Vec<u8>>(reply, Operation::Read).err().unwrap_or(broken)),
    }
    let Compact(len) = Compact::<u32>::decode(&mut reply).map_err(|_| broken)?;
    if reply.len() == len as usize { Ok(reply) } else { Err(broken) }
}

fn call<T: Decode>(function: &str, operation: Operation, argument: Vec<u8>) -> Result<T, DeviceError> {
    decoded(&ask(function, operation, argument)?, operation)
}

fn ask(function: &str, operation: Operation, argument: Vec<u8>) -> Result<Vec<u8>, DeviceError> {
    transport::call_host(function, argument).map_err(|_| DeviceError::Io { operation, code: None })
}

fn decoded<T: Decode>(mut reply: &[u8], operation: Operation) -> Result<T, DeviceError> {
    let broken = DeviceError::Io { operation, code: None };
    let reply = DeviceReply::<T>::decode_all(&mut reply).map_err(|_| broken)?;
    reply.map_err(|fault| match fault {
        DeviceFault::NoSpace => DeviceError::NoSpace,
        DeviceFault::OutOfRange { offset, length_bytes } => {
            DeviceError::OutOfRange { operation, offset, length_bytes }
        }
        DeviceFault::Io(code) => DeviceError::Io { operation, code },
    })
}
