//! From an ELF to an Image.

use std::panic::{AssertUnwindSafe, catch_unwind};

use javm_isa::{BranchTargets, OpcodeTable, Program};
use nub_state::{Image, TypeDef};
use polkavm_linker::{Config, ProgramFromElfError, TargetInstructionSet, program_from_elf};
use rustc_demangle::demangle;

use crate::blob::Linked;
use crate::memory::Memory;
use crate::{LinkError, target_check, type_def};

/// What may be chosen.
#[derive(Clone, Copy, Debug)]
pub struct LinkOptions {
    /// Octets of stack, unless the contract asks for more. Rounded up to pages.
    pub stack_bytes_min: u32,
    /// The most octets an encoded Image may have.
    pub image_bytes_max: usize,
}

impl Default for LinkOptions {
    /// Two pages of stack; the Image limit of default chain parameters.
    fn default() -> Self {
        Self { stack_bytes_min: 8192, image_bytes_max: nub_abi::Limits::default().image_bytes as usize }
    }
}

/// What an ELF gives.
#[derive(Clone, Debug)]
pub struct LinkedContract {
    /// The Image, which names the TypeDef by hash.
    pub image: Image,
    /// The TypeDef, of a contract that has one.
    pub type_def: Option<TypeDef>,
}

/// Links an ELF for the PVM and makes an Image of it, which the kernel will accept.
///
/// # Errors
/// [`LinkError`].
pub fn link(elf: &[u8], options: LinkOptions) -> Result<Image, LinkError> {
    link_contract(elf, options).map(|contract| contract.image)
}

/// As [`link`](link()), with the TypeDef.
///
/// # Errors
/// [`LinkError`].
pub fn link_contract(elf: &[u8], options: LinkOptions) -> Result<LinkedContract, LinkError> {
    target_check::check(elf)?;
    let type_def = type_def::read(elf)?;
    let mut image = image_from_blob(&blob_from_elf(elf, options, true)?, options)?;
    if let Some(type_def) = &type_def {
        check_types(&image, type_def)?;
        image.type_def = Some(nub_types::file::hash(type_def));
        check_size(&image, options)?;
    }
    Ok(LinkedContract { image, type_def })
}

/// Has every endpoint that is described its code, and every one its description?
fn check_types(image: &Image, type_def: &TypeDef) -> Result<(), LinkError> {
    let described = type_def.endpoints.iter().map(|endpoint| endpoint.number);
    let exported = image.endpoints.iter().map(|&(number, _)| number);
    if described.eq(exported) { Ok(()) } else { Err(LinkError::TypesOfOthers) }
}

fn check_size(image: &Image, options: LinkOptions) -> Result<(), LinkError> {
    let (bytes, limit) = (image.to_bytes().len(), options.image_bytes_max);
    if bytes <= limit { Ok(()) } else { Err(LinkError::TooLarge { bytes, limit }) }
}

/// Makes an Image of the linker's output.
///
/// # Errors
/// [`LinkError`], but not of the linker.
pub fn image_from_blob(blob: &[u8], options: LinkOptions) -> Result<Image, LinkError> {
    let linked = Linked::parse(blob)?;
    let memory = Memory::of(&linked.blob)?;
    let image = Image {
        program: linked.program,
        ro_data: memory.ro_data,
        rw_data: memory.rw_data,
        stack_bytes: memory.stack_bytes,
        heap_pages: memory.heap_pages,
        endpoints: linked.endpoints,
        type_def: None,
    };
    check(&image)?;
    check_size(&image, options)?;
    Ok(image)
}

/// The checks of `image_create`: the Image decodes, its program may be loaded, its endpoints are block starts.
///
/// # Errors
/// [`LinkError::Refused`], [`LinkError::Container`], [`LinkError::Program`], [`LinkError::NoEndpoints`],
/// [`LinkError::EndpointNotABlock`].
pub fn check(image: &Image) -> Result<(), LinkError> {
    Image::from_bytes(&image.to_bytes())?;
    let program = Program::parse(&image.program)?;
    program.validate(OpcodeTable::JamV1)?;
    if image.endpoints.is_empty() {
        return Err(LinkError::NoEndpoints);
    }
    let targets = BranchTargets::new(&program, OpcodeTable::JamV1);
    match image.endpoints.iter().find(|&&(_, pc)| !targets.contains(pc)) {
        Some(&(number, pc)) => Err(LinkError::EndpointNotABlock { number, pc }),
        None => Ok(()),
    }
}

/// The linker's output; with names and lines if it is not `stripped`.
pub(crate) fn blob_from_elf(elf: &[u8], options: LinkOptions, stripped: bool) -> Result<Vec<u8>, LinkError> {
    let mut config = Config::default();
    config.set_strip(stripped);
    config.set_min_stack_size(options.stack_bytes_min);
    // These hints are for another gas model; in ours each is an instruction to pay for.
    config.set_enable_gas_cost_model_aware_optimizations(false);
    // The linker asserts what it takes for granted of an ELF.
    let linked =
        catch_unwind(AssertUnwindSafe(|| program_from_elf(config, TargetInstructionSet::JamV1, elf)));
    let linked = linked.map_err(|panic| LinkError::LinkerPanicked { message: panic_message(&*panic) })?;
    linked.map_err(linker_error)
}

/// What the linker says, told apart where an author can do something about it.
fn linker_error(error: ProgramFromElfError) -> LinkError {
    let message = error.to_string();
    if let Some((_, place)) = message.split_once("unsupported instruction") {
        let family = family(place);
        LinkError::Instruction { message, family }
    } else if let Some((_, symbol)) = message.split_once("undefined symbol: ") {
        LinkError::Undefined { message: format!("`{:#}`", demangle(symbol.trim_matches('\''))) }
    } else {
        LinkError::Linker(error)
    }
}

/// The kind of an instruction that the linker does not know, by the opcode in the last word of what it said (RISC-V
/// unprivileged specification, "RV32/64G Instruction Set Listings"), and what to do about it.
fn family(said: &str) -> &'static str {
    let word = said.rsplit_once("0x").and_then(|(_, digits)| u32::from_str_radix(digits.trim(), 16).ok());
    match word.map(|word| word & 0x7f) {
        Some(0x07 | 0x27 | 0x43 | 0x47 | 0x4b | 0x4f | 0x53) => {
            "it is of floating point or its loads: use integers, and build it with `nub-link build`"
        }
        Some(0x57) => "it is of vectors: build it with `nub-link build`, which uses none",
        Some(0x2f) => "it is an atomic: a contract has one thread, use `Cell` or `nub_sdk::persistent!`",
        Some(0x73) => "it asks for the processor's own registers: use host calls of nub-sdk",
        _ => "it is of an extension that contracts do not have: build it with `nub-link build`",
    }
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message").to_owned()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_panic_is_told_with_its_message() {
        let said = |panic: fn()| super::panic_message(&*std::panic::catch_unwind(panic).unwrap_err());
        assert_eq!(said(|| panic!("plain")), "plain");
        assert_eq!(said(|| panic!("{}", 7)), "7");
        assert_eq!(said(|| std::panic::panic_any(7)), "no message");
    }
}
