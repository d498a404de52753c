//! Loads and stores. Each touches memory before it changes a register, so that a fault has changed nothing.

use crate::asm::Width::W32;
use crate::asm::{Gpr, Load, Mem};
use crate::registers::{SCRATCH, WINDOW};

use super::Translator;

/// How much a store writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Store {
    U8,
    U16,
    U32,
    U64,
}

impl Translator {
    /// The scratch register = base + offset modulo 2^32.
    #[inline(always)]
    pub(super) fn reduce_address(&mut self, base: Gpr, offset: i32) {
        if offset == 0 {
            self.asm.mov(W32, SCRATCH, base);
        } else {
            self.asm.lea(W32, SCRATCH, Mem::at(base, offset));
        }
    }

    /// The operand at a fixed address, which is the immediate modulo 2^32.
    fn fixed(&mut self, address: i32) -> Mem {
        if address >= 0 {
            return Mem::at(WINDOW, address);
        }
        self.asm.mov_imm_u32(SCRATCH, address as u32);
        Mem::indexed(WINDOW, SCRATCH)
    }

    /// The operand at a register plus an offset.
    fn indirect(&mut self, base: Gpr, offset: i32) -> Mem {
        self.reduce_address(base, offset);
        Mem::indexed(WINDOW, SCRATCH)
    }

    pub(super) fn load(&mut self, load: Load, d: Gpr, address: i32) {
        let mem = self.fixed(address);
        self.asm.load(load, d, mem);
    }

    pub(super) fn load_ind(&mut self, load: Load, d: Gpr, base: Gpr, offset: i32) {
        let mem = self.indirect(base, offset);
        self.asm.load(load, d, mem);
    }

    pub(super) fn store(&mut self, store: Store, s: Gpr, address: i32) {
        let mem = self.fixed(address);
        self.store_register(store, s, mem);
    }

    pub(super) fn store_ind(&mut self, store: Store, s: Gpr, base: Gpr, offset: i32) {
        let mem = self.indirect(base, offset);
        self.store_register(store, s, mem);
    }

    pub(super) fn store_imm(&mut self, store: Store, value: i32, address: i32) {
        let mem = self.fixed(address);
        self.store_value(store, value, mem);
    }

    pub(super) fn store_imm_ind(&mut self, store: Store, value: i32, base: Gpr, offset: i32) {
        let mem = self.indirect(base, offset);
        self.store_value(store, value, mem);
    }

    fn store_register(&mut self, store: Store, s: Gpr, mem: Mem) {
        match store {
            Store::U8 => self.asm.store8(mem, s),
            Store::U16 => self.asm.store16(mem, s),
            Store::U32 => self.asm.store32(mem, s),
            Store::U64 => self.asm.store64(mem, s),
        }
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
