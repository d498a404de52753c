//! What compiled code shares with whoever runs it.

use core::mem::offset_of;

use javm_isa::REGISTER_COUNT;

use crate::asm::Mem;
use crate::registers::WINDOW;

/// How long a [`Context`] is; it ends where the window begins.
pub const CONTEXT_LEN_BYTES: usize = size_of::<Context>();

/// The state of a run, in memory that compiled code reaches at fixed distances below its window.
///
/// To run: fill it, set `resume` by [`CompiledCode::enter`](crate::CompiledCode::enter), put the address
/// of the window into r15 and jump to the first octet of the code. The code takes the registers from here,
/// and goes to `resume`. It overwrites every general-purpose register but rsp and r15, and the flags; it
/// uses no stack. It comes back through one of `exit_pointers`, with r15 as it was.
///
/// The page after the window must never be accessible: an access that begins in the window's last
/// octets may run into it, and must fault as a whole.
///
/// The code trusts `resume`, `jump_table` and `exit_pointers`; a program cannot write any of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Context {
    /// r0 to r12: read on entry, written at exits. A fault handler writes them itself.
    pub registers: [u64; REGISTER_COUNT],
    /// For whoever runs the code: compiled code does not touch these.
    pub platform: [u64; 4],
    /// Where to go at an exit, by [`ExitKind`].
    pub exit_pointers: [u64; ExitKind::COUNT],
    /// Scratch of single instructions.
    pub(crate) scratch: [u64; 3],
    /// The address of the jump table: the entries of
    /// [`CompiledCode::jump_table`](crate::CompiledCode::jump_table) plus the address of the code, 8 octets
    /// each.
    pub jump_table: u64,
    /// The address in the code where to begin. At a host call the address after it.
    pub resume: u64,
    /// At a host call its number, sign-extended.
    pub host_call: u64,
    /// At an exit its [`ExitKind`].
    pub exit_kind: u32,
    /// At an exit the position of the instruction, or of the block that was not paid for.
    pub pc: u32,
    /// Gas left. When it has run out, the cost of the block at `pc` is missing from it (it has wrapped);
    /// [`CompiledCode::leave`](crate::CompiledCode::leave) puts it back.
    pub gas: u64,
}

/// Why code was left; a fault is not among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
#[expect(missing_docs, reason = "as `Exit`")]
pub enum ExitKind {
    Halt = 0,
    Panic = 1,
    OutOfGas = 2,
    HostCall = 3,
}

impl ExitKind {
    /// How many there are.
    pub const COUNT: usize = 4;

    /// The kind with this number.
    pub const fn from_number(number: u32) -> Option<ExitKind> {
        match number {
            0 => Some(Self::Halt),
            1 => Some(Self::Panic),
            2 => Some(Self::OutOfGas),
            3 => Some(Self::HostCall),
            _ => None,
        }
    }
}

/// A field, as an operand.
#[derive(Clone, Copy)]
pub(crate) enum Field {
    Registers,
    ExitPointers,
    Scratch(u8),
    JumpTable,
    Resume,
    HostCall,
    ExitKind,
    Pc,
    Gas,
}

impl Field {
    /// The field's distance from the window, which is negative.
    pub const fn displacement(self) -> i32 {
        let offset = match self {
            Self::Registers => offset_of!(Context, registers),
            Self::ExitPointers => offset_of!(Context, exit_pointers),
            Self::Scratch(index) => offset_of!(Context, scratch) + 8 * index as usize,
            Self::JumpTable => offset_of!(Context, jump_table),
            Self::Resume => offset_of!(Context, resume),
            Self::HostCall => offset_of!(Context, host_call),
            Self::ExitKind => offset_of!(Context, exit_kind),
            Self::Pc => offset_of!(Context, pc),
            Self::Gas => offset_of!(Context, gas),
        };
        offset as i32 - CONTEXT_LEN_BYTES as i32
    }

    /// The field as a memory operand.
    pub const fn mem(self) -> Mem {
        Mem::at(WINDOW, self.displacement())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_where_compiled_code_looks_for_them() {
        assert_eq!(offset_of!(Context, registers), 0);
        assert_eq!(offset_of!(Context, platform), 104);
        assert_eq!(offset_of!(Context, exit_pointers), 136);
        assert_eq!(offset_of!(Context, scratch), 168);
        assert_eq!(offset_of!(Context, jump_table), 192);
        assert_eq!(offset_of!(Context, resume), 200);
        assert_eq!(offset_of!(Context, host_call), 208);
        assert_eq!(offset_of!(Context, exit_kind), 216);
        assert_eq!(offset_of!(Context, pc), 220);
        assert_eq!(offset_of!(Context, gas), 224);
        assert_eq!(CONTEXT_LEN_BYTES, 232);
        assert_eq!(align_of::<Context>(), 8);
    }

    #[test]
    fn displacements_are_from_the_end_and_the_hot_ones_fit_an_octet() {
        assert_eq!(Field::Registers.displacement(), -232);
        assert_eq!(Field::ExitPointers.displacement(), -96);
        assert_eq!(Field::Scratch(0).displacement(), -64);
        assert_eq!(Field::Scratch(2).displacement(), -48);
        assert_eq!(Field::JumpTable.displacement(), -40);
        assert_eq!(Field::Resume.displacement(), -32);
        assert_eq!(Field::HostCall.displacement(), -24);
        assert_eq!(Field::ExitKind.displacement(), -16);
        assert_eq!(Field::Pc.displacement(), -12);
        assert_eq!(Field::Gas.displacement(), -8);
    }

    #[test]
    fn kinds_of_exit_have_their_numbers() {
        for number in 0..ExitKind::COUNT as u32 {
            assert_eq!(ExitKind::from_number(number).map(|kind| kind as u32), Some(number));
        }
        assert_eq!(ExitKind::from_number(ExitKind::COUNT as u32), None);
    }
}
