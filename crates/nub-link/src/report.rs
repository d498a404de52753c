//! What a person wants to know of an Image.

use std::collections::BTreeMap;
use std::fmt;

use javm_isa::Program;
use nub_abi::{Hash, blake2b_256};
use nub_state::type_def::Field;
use nub_state::{DecodeError, Image, TypeDef};

use crate::listing::BlockStatistics;

/// Sizes, endpoints, gas blocks and hash of an Image; displays as lines of text.
#[derive(Clone, Debug)]
pub struct Report {
    /// Octets of the encoding.
    pub bytes: usize,
    /// The Image's name in σ: blake2b-256 of the encoding.
    pub hash: Hash,
    /// The Image.
    pub image: Image,
    /// Names and types, if they are known.
    pub types: Option<TypeDef>,
}

impl Report {
    /// Reads an encoded Image. `types` count if they are those the Image names.
    ///
    /// # Errors
    /// What is wrong with the octets.
    pub fn of(octets: &[u8], types: Option<TypeDef>) -> Result<Report, DecodeError> {
        let image = Image::from_bytes(octets)?;
        let types = types.filter(|types| image.type_def == Some(nub_types::file::hash(types)));
        Ok(Report { bytes: octets.len(), hash: blake2b_256(octets), image, types })
    }

    /// The names of endpoints.
    pub fn names(&self) -> BTreeMap<u16, String> {
        let endpoints = self.types.iter().flat_map(|types| &types.endpoints);
        endpoints.map(|endpoint| (endpoint.number, endpoint.name.clone())).collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let image = &self.image;
        writeln!(f, "hash       {}", self.hash)?;
        writeln!(f, "image      {} bytes", self.bytes)?;
        writeln!(f, "program    {} bytes", image.program.len())?;
        if let Ok(program) = Program::parse(&image.program) {
            writeln!(f, "code       {} bytes", program.code_len_bytes())?;
            writeln!(f, "blocks     {}", BlockStatistics::of(&program))?;
        }
        writeln!(f, "ro data    {} bytes", image.ro_data.len())?;
        writeln!(f, "rw data    {} bytes", image.rw_data.len())?;
        writeln!(f, "heap       {} pages", image.heap_pages)?;
        writeln!(f, "stack      {} bytes", image.stack_bytes)?;
        match image.type_def {
            Some(hash) => writeln!(f, "type def   {hash}")?,
            None => writeln!(f, "type def   none")?,
        }
        write!(f, "endpoints ")?;
        image.endpoints.iter().try_for_each(|(number, pc)| write!(f, " {number}@{pc}"))?;
        let Some(types) = &self.types else { return Ok(()) };
        write!(f, "\n{}", types_text(types))
    }
}

/// Endpoints and events, a line each.
pub fn types_text(types: &TypeDef) -> String {
    let endpoints = types.endpoints.iter().map(|endpoint| {
        let output = if endpoint.output.is_empty() { "" } else { " -> " };
        let args = list(&endpoint.args);
        format!("  {:>5} {}({args}){output}{}", endpoint.number, endpoint.name, endpoint.output)
    });
    let events = types.events.iter().map(|event| format!("  event {}({})", event.name, list(&event.fields)));
    endpoints.chain(events).collect::<Vec<_>>().join("\n")
}

fn list(fields: &[Field]) -> String {
    fields.iter().map(|field| format!("{}: {}", field.name, field.type_name)).collect::<Vec<_>>().join(", ")
}
