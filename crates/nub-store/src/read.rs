//! Reading objects: copied, then compared with their hash, then given out.

use crate::device::{BLOCK_BYTES, BlockDevice, Read};
use crate::error::ReadError;
use crate::format::frame::{RECORD_HEAD_BYTES, decode_record_head};
use crate::format::layout::Address;
use crate::format::map::{PREFIX_BYTES, SegmentState};
use crate::store::Store;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;
use nub_abi::{Hash, blake2b_256};

/// Bytes from a record's start that are read at first. Most objects are shorter.
const FIRST_READ_BYTES: u64 = 768;
/// Objects read in one step.
pub(crate) const READS_MAX: usize = 64;

/// A record that was read: its object has this hash.
pub(crate) struct ReadRecord {
    pub(crate) address: Address,
    pub(crate) hash: Hash,
    bytes: Vec<u8>,
    object: Range<usize>,
}

impl ReadRecord {
    pub(crate) fn object(&self) -> &[u8] {
        &self.bytes[self.object.clone()]
    }
}

impl<D: BlockDevice> Store<D> {
    /// The object of that hash, `None` if there is none.
    ///
    /// # Errors
    /// [`ReadError`]. Bytes that do not have the hash are never given out.
    pub fn get(&mut self, hash: &Hash) -> Result<Option<Arc<[u8]>>, ReadError> {
        if let Some(object) = self.cache.get(hash) {
            return Ok(Some(object));
        }
        let found = self.find(hash)?;
        self.index.evict();
        let Some(record) = found else { return Ok(None) };
        let object: Arc<[u8]> = record.object().into();
        self.cache.insert_shared(hash, &object);
        Ok(Some(object))
    }

    /// Several objects, in few steps of the device.
    ///
    /// # Errors
    /// [`ReadError`] if any failed.
    pub fn get_many(&mut self, hashes: &[Hash]) -> Result<Vec<Option<Arc<[u8]>>>, ReadError> {
        let mut objects = Vec::with_capacity(hashes.len());
        for hashes in hashes.chunks(READS_MAX) {
            for (hash, found) in hashes.iter().zip(self.find_many(hashes)?) {
                let object = found.map(|record| Arc::<[u8]>::from(record.object()));
                object.iter().for_each(|object| self.cache.insert_shared(hash, object));
                objects.push(object);
            }
        }
        self.index.evict();
        Ok(objects)
    }

    /// Whether the object is there and has its hash.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn contains(&mut self, hash: &Hash) -> Result<bool, ReadError> {
        let found = self.find(hash)?.is_some();
        self.index.evict();
        Ok(found)
    }

    /// The record of an object.
    pub(crate) fn find(&mut self, hash: &Hash) -> Result<Option<ReadRecord>, ReadError> {
        for candidate in self.index.candidates(&mut self.device, hash)? {
            let record = self.read_record(hash, candidate.address)?;
            if record.hash == *hash {
                return Ok(Some(record));
            }
        }
        Ok(None)
    }

    /// The records of several objects, read in one or two steps.
    pub(crate) fn find_many(&mut self, hashes: &[Hash]) -> Result<Vec<Option<ReadRecord>>, ReadError> {
        self.index.load_for(&mut self.device, hashes.iter())?;
        let mut sole = Vec::new();
        let mut found = Vec::new();
        for (at, hash) in hashes.iter().enumerate() {
            let candidates = self.index.candidates(&mut self.device, hash)?;
            match candidates.as_slice() {
                [candidate] => sole.push((at, candidate.address)),
                [] => {}
                // Objects that share the first octets of their hash: one after the other.
                _ => found.push((at, self.find(hash)?)),
            }
        }
        let asked: Vec<_> = sole.iter().map(|(at, address)| (hashes[*at], *address)).collect();
        let records = self.read_records(&asked)?;
        let mut all: Vec<Option<ReadRecord>> = hashes.iter().map(|_| None).collect();
        for ((at, _), record) in sole.into_iter().zip(records) {
            all[at] = (record.hash == hashes[at]).then_some(record);
        }
        for (at, record) in found {
            all[at] = record;
        }
        Ok(all)
    }

    /// Reads the record where the index says it is. It may be of another object with the same first octets;
    /// anything else is corruption.
    pub(crate) fn read_record(&mut self, hash: &Hash, address: Address) -> Result<ReadRecord, ReadError> {
        let wanted = (*hash, address);
        let mut read = self.first_read(&wanted)?;
        self.device.read(read.offset, &mut read.bytes)?;
        let object = self.object_in(&wanted, &read)?;
        if let Some(mut rest) = rest_of(&read, &object) {
            self.device.read(rest.offset, &mut rest.bytes)?;
            read.bytes.append(&mut rest.bytes);
        }
        verified(&wanted, read, object).ok_or_else(|| corrupt(&wanted))
    }

    /// [`read_record`](Self::read_record) of several, in one or two steps.
    fn read_records(&mut self, asked: &[(Hash, Address)]) -> Result<Vec<ReadRecord>, ReadError> {
        let mut reads = asked.iter().map(|wanted| self.first_read(wanted)).collect::<Result<Vec<_>, _>>()?;
        self.device.read_many(&mut reads)?;
        let mut longer = Vec::new();
        let mut spans = Vec::with_capacity(asked.len());
        for (at, (wanted, read)) in asked.iter().zip(&reads).enumerate() {
            let object = self.object_in(wanted, read)?;
            longer.extend(rest_of(read, &object).map(|rest| (at, rest)));
            spans.push(object);
        }
        self.read_the_rest(&mut reads, longer)?;
        let pairs = asked.iter().zip(reads.into_iter().zip(spans));
        pairs
            .map(|(wanted, (read, object))| verified(wanted, read, object).ok_or_else(|| corrupt(wanted)))
            .collect()
    }

    /// What is read at first for a record.
    fn first_read(&self, wanted: &(Hash, Address)) -> Result<Read, ReadError> {
        let offset = wanted.1.offset();
        let end = self.frames_end(wanted.1).filter(|end| offset + RECORD_HEAD_BYTES as u64 <= *end);
        let end = end.ok_or_else(|| corrupt(wanted))?;
        Ok(read_of(offset, end.min(offset + FIRST_READ_BYTES)))
    }

    /// Where the object is, counted from the start of what was read for it at first; it may reach beyond that.
    fn object_in(&self, wanted: &(Hash, Address), read: &Read) -> Result<Range<usize>, ReadError> {
        let start = (wanted.1.offset() - read.offset) as usize + RECORD_HEAD_BYTES;
        let length = decode_record_head(&read.bytes[start - RECORD_HEAD_BYTES..start]);
        let end = self.frames_end(wanted.1).unwrap_or_default();
        match read.offset + (start + length) as u64 <= end {
            true => Ok(start..start + length),
            false => Err(corrupt(wanted)),
        }
    }

    fn read_the_rest(&mut self, reads: &mut [Read], longer: Vec<(usize, Read)>) -> Result<(), ReadError> {
        if longer.is_empty() {
            return Ok(());
        }
        let (places, mut rest): (Vec<_>, Vec<_>) = longer.into_iter().unzip();
        self.device.read_many(&mut rest)?;
        for (place, rest) in places.into_iter().zip(rest) {
            reads[place].bytes.extend_from_slice(&rest.bytes);
        }
        Ok(())
    }

    /// Where the frames end in the segment of an address; `None` if there are none.
    fn frames_end(&self, address: Address) -> Option<u64> {
        let (segment, _) = self.segments.geometry().locate(address.offset())?;
        match self.segments.state(segment)? {
            SegmentState::Log { used_blocks } => {
                Some(self.segments.geometry().offset_of(segment, used_blocks))
            }
            _ => None,
        }
    }
}

fn corrupt((hash, address): &(Hash, Address)) -> ReadError {
    ReadError::CorruptObject { hash: *hash, offset: address.offset() }
}

/// The read of what an object has beyond what was read at first.
fn rest_of(read: &Read, object: &Range<usize>) -> Option<Read> {
    let from = read.offset + read.bytes.len() as u64;
    (object.end > read.bytes.len()).then(|| read_of(from, read.offset + object.end as u64))
}

/// A read of the blocks that a range of bytes lies in.
fn read_of(from: u64, to: u64) -> Read {
    let block = BLOCK_BYTES as u64;
    let start = from / block * block;
    Read { offset: start, bytes: vec![0; (to.next_multiple_of(block) - start) as usize] }
}

/// The record, if its object could be at this entry of the index: its hash begins like that asked for.
fn verified(wanted: &(Hash, Address), read: Read, object: Range<usize>) -> Option<ReadRecord> {
    let hash = blake2b_256(&read.bytes[object.clone()]);
    let shares_prefix = hash.0[..PREFIX_BYTES] == wanted.0.0[..PREFIX_BYTES];
    shares_prefix.then_some(ReadRecord { address: wanted.1, hash, bytes: read.bytes, object })
}
