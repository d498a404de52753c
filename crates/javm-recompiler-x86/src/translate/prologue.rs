//! What all instructions share: entry, exits, the rare path of dynamic jumps, constants.

use javm_isa::{HALT_ADDRESS, Reg};

use crate::asm::Width::W32;
use crate::asm::{Alu, Condition, Load, Mem, Shift};
use crate::context::{ExitKind, Field};
use crate::registers::{SCRATCH, WINDOW, gpr};

use super::Translator;

/// Where the parts of the prologue are in the machine code.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Prologue {
    /// A panic; the pc is in the context.
    pub panic: u32,
    /// A panic; the pc is in the scratch register.
    pub panic_at: u32,
    /// Out of gas; the pc is in the scratch register.
    pub out_of_gas_at: u32,
    /// A host call; pc and number are in the context, where to go on is in the scratch register.
    pub host_call: u32,
    /// A dynamic jump whose address, rotated right by 1, is in the scratch register and no index of the
    /// jump table. The pc is in the context.
    pub rare_dynamic_jump: u32,
    /// Four constants of 8 octets for counting bits.
    pub constants: u32,
}

/// Alternate bits, alternate pairs, alternate nibbles, the lowest bit of each octet.
const CONSTANTS: [u64; 4] =
    [0x5555_5555_5555_5555, 0x3333_3333_3333_3333, 0x0F0F_0F0F_0F0F_0F0F, 0x0101_0101_0101_0101];

impl Translator {
    pub(super) fn write_prologue(&mut self, unsized_entry_count: u64) {
        self.write_entry();
        let save = self.write_save();
        let halt = self.write_exit(ExitKind::Halt, save);
        self.prologue.panic_at = self.position();
        self.asm.store32(Field::Pc.mem(), SCRATCH);
        self.prologue.panic = self.write_exit(ExitKind::Panic, save);
        self.prologue.out_of_gas_at = self.position();
        self.asm.store32(Field::Pc.mem(), SCRATCH);
        self.write_exit(ExitKind::OutOfGas, save);
        self.prologue.host_call = self.write_host_call();
        self.write_rare_dynamic_jump(halt, unsized_entry_count);
        self.prologue.constants = self.position();
        CONSTANTS.iter().for_each(|&constant| self.asm.data(constant));
    }

    /// The first octet: takes the registers and goes to where the context says.
    fn write_entry(&mut self) {
        for reg in Reg::ALL {
            self.asm.load(Load::U64, gpr(reg), saved(reg));
        }
        self.asm.jump_indirect(Field::Resume.mem());
    }

    fn write_saves(&mut self) {
        for reg in Reg::ALL {
            self.asm.store64(saved(reg), gpr(reg));
        }
    }

    /// Saves the registers and leaves through the pointer for the context's kind of exit.
    fn write_save(&mut self) -> u32 {
        let save = self.position();
        self.write_saves();
        self.asm.load(Load::U32, SCRATCH, Field::ExitKind.mem());
        self.asm.shift_imm(Shift::Shl, W32, SCRATCH, 3);
        let disp = Field::ExitPointers.displacement();
        self.asm.jump_indirect(Mem { base: WINDOW, index: Some(SCRATCH), disp });
        save
    }

    /// As the other exits, but on its own: host calls are many.
    fn write_host_call(&mut self) -> u32 {
        let host_call = self.position();
        self.asm.store64(Field::Resume.mem(), SCRATCH);
        self.asm.store32_imm(Field::ExitKind.mem(), ExitKind::HostCall as i32);
        self.write_saves();
        let disp = Field::ExitPointers.displacement() + 8 * ExitKind::HostCall as i32;
        self.asm.jump_indirect(Mem::at(WINDOW, disp));
        host_call
    }

    fn write_exit(&mut self, kind: ExitKind, save: u32) -> u32 {
        let exit = self.position();
        self.asm.store32_imm(Field::ExitKind.mem(), kind as i32);
        self.asm.jump(save);
        exit
    }

    /// Halts at the halting address. Otherwise panics, but for even addresses within a jump table whose
    /// entries have no size: those are all 0 and lead to the first block. Address 0 never comes here.
    fn write_rare_dynamic_jump(&mut self, halt: u32, unsized_entry_count: u64) {
        self.prologue.rare_dynamic_jump = self.position();
        self.asm.alu_imm(Alu::Cmp, W32, SCRATCH, (HALT_ADDRESS / 2) as i32);
        self.asm.jump_if(Condition::Equal, halt);
        if unsized_entry_count != 0 && self.targets.contains(0) {
            // An odd address has its low bit on top, and is above any index.
            let last_index = i32::try_from(unsized_entry_count).unwrap_or(i32::MAX);
            self.asm.alu_imm(Alu::Cmp, W32, SCRATCH, last_index);
            self.asm.jump_if(Condition::Above, self.prologue.panic);
            let end = self.asm.jump_forward();
            self.jump_later(end, 0);
        } else {
            self.asm.jump(self.prologue.panic);
        }
    }

    /// Constant `index` of [`CONSTANTS`].
    pub(super) fn constant(&self, index: u32) -> u32 {
        self.prologue.constants + 8 * index
    }
}

/// Where the context keeps a register.
fn saved(reg: Reg) -> Mem {
    Mem::at(WINDOW, Field::Registers.displacement() + 8 * reg.index() as i32)
}

const _: () = assert!(HALT_ADDRESS.is_multiple_of(2));
