//! Instructions of BMI1 and BMI2: three operands, and no flags.

use super::encoding::Encoding;
use super::operand::Width::W64;
use super::{Asm, Gpr, Shift, Width};

/// The fields of a VEX prefix that tell these instructions apart.
#[derive(Clone, Copy)]
struct Vex {
    /// 1 = 0x66, 2 = 0xF3, 3 = 0xF2.
    prefix: u8,
    /// 2 = 0x0F38, 3 = 0x0F3A.
    map: u8,
    opcode: u8,
}

/// `reg`, `vvvv` and `rm` as the instruction's table has them.
fn vex(width: Width, vex: Vex, reg: Gpr, vvvv: u8, rm: Gpr) -> Encoding {
    let second = (reg.high() ^ 1) << 7 | 1 << 6 | (rm.high() ^ 1) << 5 | vex.map;
    let third = u8::from(width == W64) << 7 | (!vvvv & 15) << 3 | vex.prefix;
    let head = Encoding::EMPTY.octet(0xC4).octet(second).octet(third);
    head.octet(vex.opcode).octet(0xC0 | reg.low() << 3 | rm.low())
}

impl Asm {
    /// `andn d, a, b`: d = !a & b.
    pub fn andn(&mut self, d: Gpr, a: Gpr, b: Gpr) {
        self.put(vex(W64, Vex { prefix: 0, map: 2, opcode: 0xF2 }, d, a as u8, b));
    }

    /// `shlx`, `shrx` or `sarx d, s, count`; nothing for rotations, which have no such form.
    pub fn shift_by(&mut self, shift: Shift, width: Width, d: Gpr, s: Gpr, count: Gpr) {
        let prefix = match shift {
            Shift::Shl => 1,
            Shift::Sar => 2,
            Shift::Shr => 3,
            Shift::Rol | Shift::Ror => return,
        };
        self.put(vex(width, Vex { prefix, map: 2, opcode: 0xF7 }, d, count as u8, s));
    }

    /// `rorx d, s, imm8`
    pub fn rorx(&mut self, width: Width, d: Gpr, s: Gpr, count: u8) {
        self.put(vex(width, Vex { prefix: 3, map: 3, opcode: 0xF0 }, d, 0, s).imm8(count));
    }

    /// `mulx high, low, s`: high:low = rdx × s, unsigned.
    pub fn mulx(&mut self, high: Gpr, low: Gpr, s: Gpr) {
        self.put(vex(W64, Vex { prefix: 3, map: 2, opcode: 0xF6 }, high, low as u8, s));
    }
}
