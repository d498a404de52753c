//! From an ELF to an Image.

use std::panic::{AssertUnwindSafe, catch_unwind};

use javm_isa::{BranchTargets, OpcodeTable, Program};
use nub_state::Image;
use polkavm_linker::{Config, TargetInstructionSet, program_from_elf};

use crate::LinkError;
use crate::blob::Linked;
use crate::memory::Memory;

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

/// Links an ELF for the PVM and makes an Image of it, which the kernel will accept.
///
/// # Errors
/// [`LinkError`].
pub fn link(elf: &[u8], options: LinkOptions) -> Result<Image, LinkError> {
    image_from_blob(&blob_from_elf(elf, options)?, options)
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
    let bytes = image.to_bytes().len();
    if bytes > options.image_bytes_max {
        return Err(LinkError::TooLarge { bytes, limit: options.image_bytes_max });
    }
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

fn blob_from_elf(elf: &[u8], options: LinkOptions) -> Result<Vec<u8>, LinkError> {
    let mut config = Config::default();
    config.set_strip(true);
    config.set_min_stack_size(options.stack_bytes_min);
    // These hints are for another gas model; in ours each is an instruction to pay for.
    config.set_enable_gas_cost_model_aware_optimizations(false);
    // The linker asserts what it takes for granted of an ELF.
    let linked =
        catch_unwind(AssertUnwindSafe(|| program_from_elf(config, TargetInstructionSet::JamV1, elf)));
    Ok(linked.map_err(|panic| LinkError::LinkerPanicked { message: panic_message(&*panic) })??)
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
