//! Loads and stores: each one machine instruction, so that a fault has changed nothing.

use javm_isa::Instruction;

use crate::asm::{Gpr, Load, Mem};

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
    #[inline(always)]
    pub(super) fn load(&mut self, load: Load, d: Gpr, address: i32) {
        self.asm.load(load, d, Mem::in_window_at(address as u32));
    }

    #[inline(always)]
    pub(super) fn load_ind(&mut self, load: Load, d: Gpr, base: Gpr, offset: i32) {
        self.asm.load(load, d, Mem::in_window(base, offset));
    }

    #[inline(always)]
    pub(super) fn store(&mut self, store: Store, s: Gpr, address: i32) {
        self.store_register(store, s, Mem::in_window_at(address as u32));
    }

    #[inline(always)]
    pub(super) fn store_ind(&mut self, store: Store, s: Gpr, base: Gpr, offset: i32) {
        self.store_register(store, s, Mem::in_window(base, offset));
    }

    pub(super) fn store_imm(&mut self, store: Store, instruction: Instruction) {
        let Instruction { x: address, y: value, .. } = instruction;
        self.store_value(store, value as i32, Mem::in_window_at(address as u32));
    }

    pub(super) fn store_imm_ind(&mut self, store: Store, instruction: Instruction) {
        let Instruction { a: base, x: offset, y: value, .. } = instruction;
        self.store_value(store, value as i32, Mem::in_window(self.registers.of(base), offset as i32));
    }

    #[inline(always)]
    fn store_register(&mut self, store: Store, s: Gpr, mem: Mem) {
        match store {
            Store::U8 => self.asm.store8(mem, s),
            Store::U16 => self.asm.store16(mem, s),
            Store::U32 => self.asm.store32(mem, s),
            Store::U64 => self.asm.store64(mem, s),
        }
    }

    #[inline(always)]
    fn store_value(&mut self, store: Store, value: i32, mem: Mem) {
        match store {
            Store::U8 => self.asm.store8_imm(mem, value as u8),
            Store::U16 => self.asm.store16_imm(mem, value as i16),
            Store::U32 => self.asm.store32_imm(mem, value),
            Store::U64 => self.asm.store64_imm(mem, value),
        }
    }
}
