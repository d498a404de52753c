//! Loads and stores: each one machine instruction, so that a fault has changed nothing.

use javm_isa::Instruction;

use crate::asm::{Access, Gpr, Mem};

use super::Translator;

/// How much a store writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Store {
    U8,
    U16,
    U32,
    U64,
}

impl Translator<'_> {
    pub(super) fn access(&mut self, access: Access, reg: Gpr, address: i32) {
        self.asm.access(access, reg, Mem::in_window_at(address as u32));
    }

    pub(super) fn access_ind(&mut self, access: Access, reg: Gpr, base: Gpr, offset: i32) {
        self.asm.access(access, reg, Mem::in_window(base, offset));
    }

    pub(super) fn store_imm(&mut self, store: Store, instruction: Instruction) {
        let Instruction { x: address, y: value, .. } = instruction;
        self.store_value(store, value as i32, Mem::in_window_at(address as u32));
    }

    pub(super) fn store_imm_ind(&mut self, store: Store, instruction: Instruction) {
        let Instruction { a: base, x: offset, y: value, .. } = instruction;
        self.store_value(store, value as i32, Mem::in_window(self.registers.of(base), offset as i32));
    }

    fn store_value(&mut self, store: Store, value: i32, mem: Mem) {
        match store {
            Store::U8 => self.asm.store8_imm(mem, value as u8),
            Store::U16 => self.asm.store16_imm(mem, value as i16),
            Store::U32 => self.asm.store32_imm(mem, value),
            Store::U64 => self.asm.store64_imm(mem, value),
        }
    }
}
