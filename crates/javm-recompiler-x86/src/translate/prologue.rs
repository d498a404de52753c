//! What all instructions share: entry, exits, the rare path of dynamic jumps, constants.

use javm_isa::{HALT_ADDRESS, Reg};

use crate::asm::Width::W32;
use crate::asm::{Access, Alu, Condition, Mem, Shift};
use crate::context::{ExitKind, Field};
use crate::registers::{SCRATCH, UPPER};

use super::Translator;

/// Where the parts of the prologue are in the machine code.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Prologue {
    /// A panic; the pc is in rdx.
    pub panic: u32,
    /// Out of gas; the pc is in rdx.
    pub out_of_gas: u32,
    /// A host call; the pc and above it the number are in rdx, where to go on is in rcx.
    pub host_call: u32,
    /// A dynamic jump whose address, rotated right by 1, is in rcx and no index of the jump table; the pc is
    /// in rdx.
    pub rare_dynamic_jump: u32,
    /// Four constants of 8 octets for counting bits.
    pub constants: u32,
}

/// Alternate bits, alternate pairs, alternate nibbles, the lowest bit of each octet.
const CONSTANTS: [u64; 4] =
    [0x5555_5555_5555_5555, 0x3333_3333_3333_3333, 0x0F0F_0F0F_0F0F_0F0F, 0x0101_0101_0101_0101];

impl Translator<'_> {
    pub(super) fn write_prologue(&mut self, unsized_entry_count: u64) {
        self.write_entry();
        let save = self.write_save();
        let halt = self.write_exit(ExitKind::Halt, save);
        self.prologue.panic = self.write_exit(ExitKind::Panic, save);
        self.prologue.out_of_gas = self.write_exit(ExitKind::OutOfGas, save);
        self.prologue.host_call = self.write_host_call();
        self.write_rare_dynamic_jump(halt, unsized_entry_count);
        self.prologue.constants = self.position();
        CONSTANTS.iter().for_each(|&constant| self.asm.data(constant));
    }

    /// The first octet: takes the registers and goes to where the context says.
    fn write_entry(&mut self) {
        for reg in Reg::ALL {
            self.asm.access(Access::LoadU64, self.registers.of(reg), saved(reg));
        }
        self.asm.access(Access::LoadU64, self.registers.gas, Field::Gas.mem());
        self.asm.jump_indirect(Field::Resume.mem());
    }

    fn write_saves(&mut self) {
        for reg in Reg::ALL {
            self.asm.access(Access::StoreU64, self.registers.of(reg), saved(reg));
        }
        self.asm.access(Access::StoreU64, self.registers.gas, Field::Gas.mem());
    }

    /// Saves pc, registers and gas, and leaves through the pointer for the kind of exit in rcx.
    fn write_save(&mut self) -> u32 {
        let save = self.position();
        self.asm.access(Access::StoreU32, UPPER, Field::Pc.mem());
        self.asm.access(Access::StoreU64, SCRATCH, Field::ExitKind.mem());
        self.write_saves();
        self.asm.shift_imm(Shift::Shl, W32, SCRATCH, 3);
        self.asm.jump_indirect(Mem::in_window(SCRATCH, Field::ExitPointers.displacement()).of_64_bits());
        save
    }

    /// As the other exits, but on its own: host calls are many.
    fn write_host_call(&mut self) -> u32 {
        let host_call = self.position();
        self.asm.access(Access::StoreU64, UPPER, Field::PcAndHostCall.mem());
        self.asm.access(Access::StoreU64, SCRATCH, Field::Resume.mem());
        self.asm.store64_imm(Field::ExitKind.mem(), ExitKind::HostCall as i32);
        self.write_saves();
        self.asm.jump_indirect(exit_pointer(ExitKind::HostCall));
        host_call
    }

    fn write_exit(&mut self, kind: ExitKind, save: u32) -> u32 {
        let exit = self.position();
        self.asm.mov_imm_u32(SCRATCH, kind as u32);
        self.asm.jump(save);
        exit
    }

    /// Halts at the halting address. Otherwise panics, but for even addresses within a jump table of so many
    /// entries without a size, which lead to the first block. Address 0 never comes here.
    fn write_rare_dynamic_jump(&mut self, halt: u32, unsized_entry_count: u64) {
        self.prologue.rare_dynamic_jump = self.position();
        self.asm.alu_imm(Alu::Cmp, W32, SCRATCH, (HALT_ADDRESS / 2) as i32);
        self.asm.jump_if(Condition::Equal, halt);
        if unsized_entry_count != 0 {
            // An odd address has its low bit on top, and is above any index.
            let last_index = i32::try_from(unsized_entry_count).unwrap_or(i32::MAX);
            self.asm.alu_imm(Alu::Cmp, W32, SCRATCH, last_index);
            self.asm.jump_if(Condition::Above, self.prologue.panic);
            let end = self.asm.jump_forward();
            self.jump_later(end, 0, 0);
        } else {
            self.asm.jump(self.prologue.panic);
        }
    }

    /// Constant `index` of [`CONSTANTS`].
    pub(super) fn constant(&self, index: u32) -> u32 {
        self.prologue.constants + 8 * index
    }
}

/// Where the context keeps the pointer for a kind of exit.
fn exit_pointer(kind: ExitKind) -> Mem {
    Mem::from_window(Field::ExitPointers.displacement() + 8 * kind as i32)
}

/// Where the context keeps a register.
fn saved(reg: Reg) -> Mem {
    Mem::from_window(Field::Registers.displacement() + 8 * reg.index() as i32)
}

const _: () = assert!(HALT_ADDRESS.is_multiple_of(2));
