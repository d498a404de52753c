//! From registers and immediates to registers.

use javm_isa::{Access, Opcode, arith, arith::sext32};

use super::{Op, single};
use crate::{
    Memory, Meter,
    code::Record,
    step::{Handler, Registers},
};

/// The first immediate.
fn x(record: &Record) -> u64 {
    sext32(record.x.into())
}

/// `$name |record, registers| { … }`: everything by hand.
macro_rules! ops {
    ($fill:ident: $($name:ident |$record:ident, $registers:ident| $effect:block)*) => {
        $(
            pub(super) struct $name;

            impl Op for $name {
                #[inline(always)]
                fn quick<M: Memory>($record: &Record, $registers: &mut Registers, _: &mut M) -> bool {
                    $effect
                    true
                }

                #[inline(always)]
                fn slow<M: Memory>(
                    record: &Record,
                    registers: &mut Registers,
                    memory: &mut M,
                    _: &mut Meter,
                ) -> Result<(), Access> {
                    Self::quick(record, registers, memory);
                    Ok(())
                }
            }
        )*

        const fn $fill<M: Memory>(table: &mut [Handler<M>; 256]) {
            $(table[Opcode::$name as usize] = single::<M, $name>;)*
        }
    };
}

/// `$name |a, b| value`: the value to d, of two registers.
macro_rules! of_two {
    ($fill:ident: $($name:ident |$a:ident, $b:ident| $value:expr;)*) => {
        ops! { $fill: $($name |record, registers| {
            let ($a, $b) = (registers[record.a.index()], registers[record.b.index()]);
            registers[record.d.index()] = $value;
        })* }
    };
}

/// `$name |b, x| value`: the value to a, of register b and the immediate.
macro_rules! of_immediate {
    ($fill:ident: $($name:ident |$b:ident, $x:ident| $value:expr;)*) => {
        ops! { $fill: $($name |record, registers| {
            let ($b, $x) = (registers[record.b.index()], x(record));
            registers[record.a.index()] = $value;
        })* }
    };
}

/// `$name |a| value`: the value to d, of register a.
macro_rules! of_one {
    ($fill:ident: $($name:ident |$a:ident| $value:expr;)*) => {
        ops! { $fill: $($name |record, registers| {
            let $a = registers[record.a.index()];
            registers[record.d.index()] = $value;
        })* }
    };
}

ops! { fill_moves:
    Unlikely |_record, _registers| {}
    LoadImm64 |record, registers| {
        registers[record.a.index()] = u64::from(record.y) << 32 | u64::from(record.x);
    }
    LoadImm |record, registers| {
        registers[record.a.index()] = x(record);
    }
    CmovIz |record, registers| {
        if registers[record.b.index()] == 0 {
            registers[record.d.index()] = registers[record.a.index()];
        }
    }
    CmovNz |record, registers| {
        if registers[record.b.index()] != 0 {
            registers[record.d.index()] = registers[record.a.index()];
        }
    }
    CmovIzImm |record, registers| {
        if registers[record.b.index()] == 0 {
            registers[record.a.index()] = x(record);
        }
    }
    CmovNzImm |record, registers| {
        if registers[record.b.index()] != 0 {
            registers[record.a.index()] = x(record);
        }
    }
}

of_one! { fill_of_one:
    MoveReg |a| a;
    CountSetBits64 |a| a.count_ones().into();
    CountSetBits32 |a| (a as u32).count_ones().into();
    LeadingZeroBits64 |a| a.leading_zeros().into();
    LeadingZeroBits32 |a| (a as u32).leading_zeros().into();
    TrailingZeroBits64 |a| a.trailing_zeros().into();
    TrailingZeroBits32 |a| (a as u32).trailing_zeros().into();
    SignExtend8 |a| a as i8 as u64;
    SignExtend16 |a| a as i16 as u64;
    ZeroExtend16 |a| a as u16 as u64;
    ReverseBytes |a| a.swap_bytes();
}

of_immediate! { fill_of_immediate:
    // Sums, products, logic, comparisons
    AddImm32 |b, x| arith::add_32(b, x);
    AddImm64 |b, x| b.wrapping_add(x);
    NegAddImm32 |b, x| arith::sub_32(x, b);
    NegAddImm64 |b, x| x.wrapping_sub(b);
    MulImm32 |b, x| arith::mul_32(b, x);
    MulImm64 |b, x| b.wrapping_mul(x);
    AndImm |b, x| b & x;
    XorImm |b, x| b ^ x;
    OrImm |b, x| b | x;
    SetLtUImm |b, x| (b < x).into();
    SetLtSImm |b, x| ((b as i64) < x as i64).into();
    SetGtUImm |b, x| (b > x).into();
    SetGtSImm |b, x| (b as i64 > x as i64).into();
    // A register shifted by the immediate
    ShloLImm32 |b, x| arith::shlo_l_32(b, x);
    ShloRImm32 |b, x| arith::shlo_r_32(b, x);
    SharRImm32 |b, x| arith::shar_r_32(b, x);
    RotR32Imm |b, x| arith::rot_r_32(b, x);
    ShloLImm64 |b, x| arith::shlo_l_64(b, x);
    ShloRImm64 |b, x| arith::shlo_r_64(b, x);
    SharRImm64 |b, x| arith::shar_r_64(b, x);
    RotR64Imm |b, x| arith::rot_r_64(b, x);
    // The immediate shifted by a register
    ShloLImmAlt32 |b, x| arith::shlo_l_32(x, b);
    ShloRImmAlt32 |b, x| arith::shlo_r_32(x, b);
    SharRImmAlt32 |b, x| arith::shar_r_32(x, b);
    RotR32ImmAlt |b, x| arith::rot_r_32(x, b);
    ShloLImmAlt64 |b, x| arith::shlo_l_64(x, b);
    ShloRImmAlt64 |b, x| arith::shlo_r_64(x, b);
    SharRImmAlt64 |b, x| arith::shar_r_64(x, b);
    RotR64ImmAlt |b, x| arith::rot_r_64(x, b);
}

of_two! { fill_of_two:
    // Sums, products, quotients
    Add32 |a, b| arith::add_32(a, b);
    Sub32 |a, b| arith::sub_32(a, b);
    Mul32 |a, b| arith::mul_32(a, b);
    DivU32 |a, b| arith::div_u_32(a, b);
    DivS32 |a, b| arith::div_s_32(a, b);
    RemU32 |a, b| arith::rem_u_32(a, b);
    RemS32 |a, b| arith::rem_s_32(a, b);
    Add64 |a, b| a.wrapping_add(b);
    Sub64 |a, b| a.wrapping_sub(b);
    Mul64 |a, b| a.wrapping_mul(b);
    DivU64 |a, b| arith::div_u_64(a, b);
    DivS64 |a, b| arith::div_s_64(a, b);
    RemU64 |a, b| arith::rem_u_64(a, b);
    RemS64 |a, b| arith::rem_s_64(a, b);
    MulUpperSS |a, b| arith::mul_upper_s_s(a, b);
    MulUpperUU |a, b| arith::mul_upper_u_u(a, b);
    MulUpperSU |a, b| arith::mul_upper_s_u(a, b);
    // Shifts and rotations
    ShloL32 |a, b| arith::shlo_l_32(a, b);
    ShloR32 |a, b| arith::shlo_r_32(a, b);
    SharR32 |a, b| arith::shar_r_32(a, b);
    ShloL64 |a, b| arith::shlo_l_64(a, b);
    ShloR64 |a, b| arith::shlo_r_64(a, b);
    SharR64 |a, b| arith::shar_r_64(a, b);
    RotL64 |a, b| arith::rot_l_64(a, b);
    RotL32 |a, b| arith::rot_l_32(a, b);
    RotR64 |a, b| arith::rot_r_64(a, b);
    RotR32 |a, b| arith::rot_r_32(a, b);
    // Logic and comparisons
    And |a, b| a & b;
    Xor |a, b| a ^ b;
    Or |a, b| a | b;
    AndInv |a, b| a & !b;
    OrInv |a, b| a | !b;
    Xnor |a, b| !(a ^ b);
    SetLtU |a, b| (a < b).into();
    SetLtS |a, b| ((a as i64) < b as i64).into();
    Max |a, b| (a as i64).max(b as i64) as u64;
    MaxU |a, b| a.max(b);
    Min |a, b| (a as i64).min(b as i64) as u64;
    MinU |a, b| a.min(b);
}

/// Enters the handlers of this family.
pub(super) const fn fill<M: Memory>(table: &mut [Handler<M>; 256]) {
    fill_moves(table);
    fill_of_one(table);
    fill_of_immediate(table);
    fill_of_two(table);
}
