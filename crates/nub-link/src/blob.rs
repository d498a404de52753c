//! polkavm's container: what of it an Image needs.

use polkavm_common::program::{InstructionSetKind, ProgramParts};
use polkavm_linker::ProgramBlob;

use crate::{LinkError, symbols};

/// A linked program and what it exports.
pub struct Linked {
    /// Jump table, code and bitmask in the container of PVM.md §1, octet for octet.
    pub program: Vec<u8>,
    /// Number and position of each endpoint, ascending by number.
    pub endpoints: Vec<(u16, u32)>,
    /// The parsed container, for what it says of memory.
    pub blob: ProgramBlob,
}

impl Linked {
    /// Reads the linker's output and checks the names of imports and exports.
    ///
    /// # Errors
    /// [`LinkError::Blob`], [`LinkError::InstructionSet`], [`LinkError::Symbol`], [`LinkError::NoEndpoints`],
    /// [`LinkError::DuplicateEndpoint`].
    pub fn parse(octets: &[u8]) -> Result<Linked, LinkError> {
        let parts = ProgramParts::from_bytes(octets.into())?;
        if parts.isa != InstructionSetKind::JamV1 {
            return Err(LinkError::InstructionSet { found: parts.isa.name().to_owned() });
        }
        let program = parts.code_and_jump_table.to_vec();
        let blob = ProgramBlob::from_parts(parts)?;
        check_imports(&blob)?;
        Ok(Linked { program, endpoints: endpoints(&blob)?, blob })
    }
}

fn check_imports(blob: &ProgramBlob) -> Result<(), LinkError> {
    for (index, symbol) in blob.imports().into_iter().enumerate() {
        match symbol {
            Some(symbol) if !symbol.as_bytes().is_empty() => {
                symbols::check_import(symbol.as_bytes(), index as u32)?;
            }
            // The table is dense: an index below another one's that nobody imports.
            _ => {}
        }
    }
    Ok(())
}

fn endpoints(blob: &ProgramBlob) -> Result<Vec<(u16, u32)>, LinkError> {
    let mut endpoints: Vec<(u16, u32)> = Vec::new();
    let mut names: Vec<(u16, String)> = Vec::new();
    for export in blob.exports() {
        let symbol = symbols::endpoint(export.symbol().as_bytes())?;
        endpoints.push((symbol.number, export.program_counter().0));
        names.push((symbol.number, symbol.name.to_owned()));
    }
    endpoints.sort_unstable();
    names.sort_unstable();
    if let Some(pair) = names.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return Err(LinkError::DuplicateEndpoint {
            number: pair[0].0,
            first: pair[0].1.clone(),
            second: pair[1].1.clone(),
        });
    }
    if endpoints.is_empty() { Err(LinkError::NoEndpoints) } else { Ok(endpoints) }
}
