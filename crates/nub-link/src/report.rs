//! What a person wants to know of an Image.

use std::fmt;

use nub_abi::{Hash, blake2b_256};
use nub_state::{DecodeError, Image};

/// Sizes, endpoints and hash of an Image; displays as lines of text.
#[derive(Clone, Debug)]
pub struct Report {
    /// Octets of the encoding.
    pub bytes: usize,
    /// The Image's name in σ: blake2b-256 of the encoding.
    pub hash: Hash,
    /// The Image.
    pub image: Image,
}

impl Report {
    /// Reads an encoded Image.
    ///
    /// # Errors
    /// What is wrong with the octets.
    pub fn of(octets: &[u8]) -> Result<Report, DecodeError> {
        Ok(Report { bytes: octets.len(), hash: blake2b_256(octets), image: Image::from_bytes(octets)? })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let image = &self.image;
        writeln!(f, "hash       {}", self.hash)?;
        writeln!(f, "image      {} bytes", self.bytes)?;
        writeln!(f, "program    {} bytes", image.program.len())?;
        writeln!(f, "ro data    {} bytes", image.ro_data.len())?;
        writeln!(f, "rw data    {} bytes", image.rw_data.len())?;
        writeln!(f, "heap       {} pages", image.heap_pages)?;
        writeln!(f, "stack      {} bytes", image.stack_bytes)?;
        match image.type_def {
            Some(hash) => writeln!(f, "type def   {hash}")?,
            None => writeln!(f, "type def   none")?,
        }
        write!(f, "endpoints ")?;
        image.endpoints.iter().try_for_each(|(number, pc)| write!(f, " {number}@{pc}"))
    }
}
