//! What compiled code shares with whoever runs it.

use core::mem::offset_of;

use javm_isa::REGISTER_COUNT;

use crate::asm::Mem;

/// How long a [`Context`] is; it ends where the window begins.
pub const CONTEXT_LEN_BYTES: usize = size_of::<Context>();

/// The state of a run, in memory that compiled code reaches at fixed distances below its window.
///
/// To run: fill it, set `resume` by [`CompiledCode::enter`](crate::CompiledCode::enter), give the segment
/// `gs` the address of the window as its base and jump to the first octet of the code. The code takes the
/// registers and the gas from here, and goes to `resume`. It overwrites every general-purpose register, rsp
/// included, and the flags; it uses no stack, so whatever interrupts it must bring its own. It comes back
/// through one of `exit_pointers`, with the segment as it was; what its caller needs again, the stack
/// pointer first of all, has to be kept in `platform`.
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
    /// The address of the jump table: the entries of
    /// [`CompiledCode::jump_table`](crate::CompiledCode::jump_table) plus the address of the code, 8 octets
    /// each.
    pub jump_table: u64,
    /// The address in the code where to begin. At a host call the address after it: to go on there, leave
    /// this as it is.
    pub resume: u64,
    /// At an exit its [`ExitKind`].
    pub exit_kind: u64,
    /// At an exit the position of the instruction, or of the block that was not paid for.
    pub pc: u32,
    /// At a host call its number, to be sign-extended.
    pub host_call: i32,
    /// Gas left: read on entry, written at exits. While code runs it is in the machine register
    /// that [`RegisterMap`](crate::RegisterMap) names, where a fault handler finds it and may take from it. When it
    /// has run out, the cost of the block at `pc` is missing from it (it has wrapped);
    /// [`CompiledCode::leave`](crate::CompiledCode::leave) puts it back.
    pub gas: u64,
}

/// Why code was left; a fault is not among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u64)]
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
    pub const fn from_number(number: u64) -> Option<ExitKind> {
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
    JumpTable,
    Resume,
    ExitKind,
    /// The position, and above it the number of a host call.
    PcAndHostCall,
    Pc,
    Gas,
}

impl Field {
    /// The field's distance from the window, which is negative.
    pub const fn displacement(self) -> i32 {
        let offset = match self {
            Self::Registers => offset_of!(Context, registers),
            Self::ExitPointers => offset_of!(Context, exit_pointers),
            Self::JumpTable => offset_of!(Context, jump_table),
            Self::Resume => offset_of!(Context, resume),
            Self::ExitKind => offset_of!(Context, exit_kind),
            Self::PcAndHostCall | Self::Pc => offset_of!(Context, pc),
            Self::Gas => offset_of!(Context, gas),
        };
        offset as i32 - CONTEXT_LEN_BYTES as i32
    }

    /// The field as a memory operand.
    pub const fn mem(self) -> Mem {
        Mem::from_window(self.displacement())
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
        assert_eq!(offset_of!(Context, jump_table), 168);
        assert_eq!(offset_of!(Context, resume), 176);
        assert_eq!(offset_of!(Context, exit_kind), 184);
        assert_eq!(offset_of!(Context, pc), 192);
        assert_eq!(offset_of!(Context, host_call), 196);
        assert_eq!(offset_of!(Context, gas), 200);
        assert_eq!(CONTEXT_LEN_BYTES, 208);
        assert_eq!(align_of::<Context>(), 8);
    }

    #[test]
    fn displacements_are_from_the_end() {
        assert_eq!(Field::Registers.displacement(), -208);
        assert_eq!(Field::ExitPointers.displacement(), -72);
        assert_eq!(Field::JumpTable.displacement(), -40);
        assert_eq!(Field::Resume.displacement(), -32);
        assert_eq!(Field::ExitKind.displacement(), -24);
        assert_eq!(Field::PcAndHostCall.displacement(), -16);
        assert_eq!(Field::Pc.displacement(), -16);
        assert_eq!(Field::Gas.displacement(), -8);
    }

    #[test]
    fn kinds_of_exit_have_their_numbers() {
        for number in 0..ExitKind::COUNT as u64 {
            assert_eq!(ExitKind::from_number(number).map(|kind| kind as u64), Some(number));
        }
        assert_eq!(ExitKind::from_number(ExitKind::COUNT as u64), None);
    }
}
