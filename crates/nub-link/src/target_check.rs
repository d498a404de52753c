//! Is the ELF one that contracts are made of? What can be told before the linker looks.

use object::{Architecture, FileFlags, Object};

use crate::LinkError;

/// Flags of a RISC-V ELF: the ABI passes floating point in registers.
const FLOAT_ABI: u32 = 0x6;
/// Flags of a RISC-V ELF: there are sixteen registers.
const EMBEDDED: u32 = 0x8;

/// Tells a wrong target from a damaged file.
///
/// # Errors
/// [`LinkError::OtherMachine`], [`LinkError::FloatingPoint`], [`LinkError::OtherAbi`].
pub fn check(elf: &[u8]) -> Result<(), LinkError> {
    let Ok(file) = object::File::parse(elf) else { return Ok(()) };
    if file.architecture() != Architecture::Riscv64 {
        return Err(LinkError::OtherMachine { found: format!("{:?}", file.architecture()) });
    }
    match file.flags() {
        FileFlags::Elf { e_flags, .. } if e_flags & FLOAT_ABI != 0 => Err(LinkError::FloatingPoint),
        FileFlags::Elf { e_flags, .. } if e_flags & EMBEDDED == 0 => Err(LinkError::OtherAbi),
        _ => Ok(()),
    }
}
