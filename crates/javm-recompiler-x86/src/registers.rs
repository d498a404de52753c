//! Which machine register holds what.

use javm_isa::{REGISTER_COUNT, Reg};

use crate::asm::{Gpr, Pair, Pairs};
use crate::features::Features;

/// Nothing lives here between instructions. Counts of shifts must be here.
pub(crate) const SCRATCH: Gpr = Gpr::Rcx;

/// Nothing lives here between instructions either. Upper halves of products and dividends are here.
pub(crate) const UPPER: Gpr = Gpr::Rdx;

/// Where r0 to r12 and the gas are while code runs: two maps, which differ in what rsp holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum RegisterMap {
    /// r0 in rsp and the gas in r12. The return address is hardly calculated with, and processors are slow at sums in
    /// rsp: a loop of two cycles takes a sixth longer with the gas there.
    #[default]
    FreeRsp = 0,
    /// The gas in rsp and r0 in r12: as long as the gas is below 2^47, rsp is a canonical address. (The kernel
    /// allows none above `BLOCK_GAS_MAX`, which is less.)
    CanonicalRsp = 1,
}

impl RegisterMap {
    /// The one of code compiled for these features.
    pub const fn of(features: Features) -> RegisterMap {
        if features.free_rsp { Self::FreeRsp } else { Self::CanonicalRsp }
    }

    /// For r0 to r12 the number of its machine register in instruction encodings (rax 0, rcx 1, rdx 2, rbx 3, rsp 4,
    /// rbp 5, rsi 6, rdi 7, r8 8 and so on): what a fault handler needs to read the registers.
    pub const fn machine_registers(self) -> [u8; REGISTER_COUNT] {
        let registers = self.registers();
        let mut numbers = [0; REGISTER_COUNT];
        let mut index = 0;
        while index < REGISTER_COUNT {
            numbers[index] = registers.by_field[index] as u8;
            index += 1;
        }
        numbers
    }

    /// The number of the machine register that holds the gas left while code runs.
    pub const fn gas_register(self) -> u8 {
        self.registers().gas as u8
    }

    /// The registers themselves.
    pub(crate) const fn registers(self) -> &'static Registers {
        match self {
            Self::FreeRsp => &FREE_RSP,
            Self::CanonicalRsp => &CANONICAL_RSP,
        }
    }
}

/// The machine registers of a map.
#[derive(Debug)]
pub(crate) struct Registers {
    /// Holds the gas left.
    pub gas: Gpr,
    /// By the field of an instruction that names a register: r0 to r12, and r12 for all above.
    by_field: [Gpr; 256],
    /// By the octet of an instruction that names two.
    pub pairs: Pairs,
}

static FREE_RSP: Registers = Registers::new(Gpr::Rsp, Gpr::R12);
static CANONICAL_RSP: Registers = Registers::new(Gpr::R12, Gpr::Rsp);

impl Registers {
    /// The stack pointer and the first arguments get short encodings as bases; rax, which products and quotients
    /// overwrite, is a temporary.
    const fn new(return_address: Gpr, gas: Gpr) -> Registers {
        let gprs: [Gpr; REGISTER_COUNT] = [
            return_address, // r0
            Gpr::Rbp,       // r1, stack pointer
            Gpr::Rax,       // r2, temporary
            Gpr::R15,       // r3, temporary
            Gpr::R11,       // r4, temporary
            Gpr::R14,       // r5, saved
            Gpr::R13,       // r6, saved
            Gpr::Rdi,       // r7, argument
            Gpr::Rsi,       // r8, argument
            Gpr::Rbx,       // r9, argument
            Gpr::R8,        // r10, argument
            Gpr::R9,        // r11, argument
            Gpr::R10,       // r12, argument
        ];
        let mut by_field = [Gpr::Rax; 256];
        let mut field = 0;
        while field < by_field.len() {
            by_field[field] = gprs[Reg::clamped(field as u8).index()];
            field += 1;
        }
        let mut pairs = [Pair::new(gas, gas); 256];
        let mut octet = 0;
        while octet < pairs.len() {
            pairs[octet] = Pair::new(by_field[octet & 15], by_field[octet >> 4]);
            octet += 1;
        }
        Registers { gas, by_field, pairs }
    }

    /// The two machine registers of an octet that names them.
    #[inline(always)]
    pub const fn pair(&self, octet: u8) -> &Pair {
        &self.pairs[octet as usize]
    }

    /// The machine register of a field.
    #[inline(always)]
    pub const fn of_field(&self, field: u8) -> Gpr {
        self.by_field[field as usize]
    }

    /// The machine register of a register.
    #[inline(always)]
    pub const fn of(&self, reg: Reg) -> Gpr {
        self.by_field[reg.index()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_machine_register_holds_two_things() {
        for map in [RegisterMap::FreeRsp, RegisterMap::CanonicalRsp] {
            let others = [map.gas_register(), SCRATCH as u8, UPPER as u8];
            let held = map.machine_registers().into_iter().chain(others).map(|number| 1u16 << number);
            assert_eq!(held.fold(0, |all, one| all | one), u16::MAX);
        }
    }

    #[test]
    fn what_rsp_holds_is_the_difference() {
        assert_eq!(RegisterMap::FreeRsp.machine_registers()[0], Gpr::Rsp as u8);
        assert_eq!(RegisterMap::CanonicalRsp.gas_register(), Gpr::Rsp as u8);
        let [free, canonical] =
            [RegisterMap::FreeRsp, RegisterMap::CanonicalRsp].map(|map| map.machine_registers());
        assert_eq!(free[1..], canonical[1..]);
    }
}
