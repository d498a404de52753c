//! Loads and stores.

use javm_isa::{Access, AccessKind, Opcode, arith::sext32};

use super::{Op, single};
use crate::{
    Memory, Meter, Miss,
    code::Record,
    step::{Handler, Registers},
};

/// `$name method width |record, registers| address, type`: to register a, extended by way of the type.
macro_rules! loads {
    ($($name:ident $load:ident $len:literal |$record:ident, $registers:ident| $address:expr, $word:ty, $extended:ty;)*) => {
        $(
            pub(super) struct $name;

            impl $name {
                #[inline(always)]
                fn address($record: &Record, $registers: &Registers) -> u32 {
                    $address
                }
            }

            impl Op for $name {
                #[inline(always)]
                fn quick<M: Memory>(record: &Record, registers: &mut Registers, memory: &mut M) -> bool {
                    let octets = memory.load_ready::<$len>(Self::address(record, registers));
                    if let Some(octets) = octets {
                        registers[record.a.index()] = <$word>::from_le_bytes(octets) as $extended as u64;
                    }
                    octets.is_some()
                }

                #[inline(always)]
                fn slow<M: Memory>(
                    record: &Record,
                    registers: &mut Registers,
                    memory: &mut M,
                    meter: &mut Meter,
                ) -> Result<(), Access> {
                    let address = Self::address(record, registers);
                    match memory.$load(address, meter) {
                        Ok(value) => {
                            registers[record.a.index()] = value as $extended as u64;
                            Ok(())
                        }
                        Err(Miss) => Err(Access { address, len_bytes: $len, kind: AccessKind::Load }),
                    }
                }
            }
        )*

        const fn fill_loads<M: Memory>(table: &mut [Handler<M>; 256]) {
            $(table[Opcode::$name as usize] = single::<M, $name>;)*
        }
    };
}

/// `$name method width |record, registers| address, value, type`.
macro_rules! stores {
    ($($name:ident $store:ident $len:literal |$record:ident, $registers:ident| $address:expr, $value:expr, $word:ty;)*) => {
        $(
            pub(super) struct $name;

            impl $name {
                #[inline(always)]
                fn operands($record: &Record, $registers: &Registers) -> (u32, $word) {
                    ($address, $value as $word)
                }
            }

            impl Op for $name {
                #[inline(always)]
                fn quick<M: Memory>(record: &Record, registers: &mut Registers, memory: &mut M) -> bool {
                    let (address, value) = Self::operands(record, registers);
                    memory.store_ready::<$len>(address, value.to_le_bytes())
                }

                #[inline(always)]
                fn slow<M: Memory>(
                    record: &Record,
                    registers: &mut Registers,
                    memory: &mut M,
                    meter: &mut Meter,
                ) -> Result<(), Access> {
                    let (address, value) = Self::operands(record, registers);
                    memory.$store(address, value, meter).map_err(|Miss| Access {
                        address,
                        len_bytes: $len,
                        kind: AccessKind::Store,
                    })
                }
            }
        )*

        const fn fill_stores<M: Memory>(table: &mut [Handler<M>; 256]) {
            $(table[Opcode::$name as usize] = single::<M, $name>;)*
        }
    };
}

/// An address: register a and the immediate.
#[inline(always)]
fn at_a(record: &Record, registers: &Registers) -> u32 {
    (registers[record.a.index()] as u32).wrapping_add(record.x)
}

/// An address: register b and the immediate.
#[inline(always)]
fn at_b(record: &Record, registers: &Registers) -> u32 {
    (registers[record.b.index()] as u32).wrapping_add(record.x)
}

/// Register a.
#[inline(always)]
fn a(record: &Record, registers: &Registers) -> u64 {
    registers[record.a.index()]
}

/// The second immediate.
#[inline(always)]
fn y(record: &Record) -> u64 {
    sext32(record.y.into())
}

loads! {
    // At the immediate
    LoadU8 load_u8 1 |record, _registers| record.x, u8, u8;
    LoadI8 load_u8 1 |record, _registers| record.x, u8, i8;
    LoadU16 load_u16 2 |record, _registers| record.x, u16, u16;
    LoadI16 load_u16 2 |record, _registers| record.x, u16, i16;
    LoadU32 load_u32 4 |record, _registers| record.x, u32, u32;
    LoadI32 load_u32 4 |record, _registers| record.x, u32, i32;
    LoadU64 load_u64 8 |record, _registers| record.x, u64, u64;
    // At a register and the immediate
    LoadIndU8 load_u8 1 |record, registers| at_b(record, registers), u8, u8;
    LoadIndI8 load_u8 1 |record, registers| at_b(record, registers), u8, i8;
    LoadIndU16 load_u16 2 |record, registers| at_b(record, registers), u16, u16;
    LoadIndI16 load_u16 2 |record, registers| at_b(record, registers), u16, i16;
    LoadIndU32 load_u32 4 |record, registers| at_b(record, registers), u32, u32;
    LoadIndI32 load_u32 4 |record, registers| at_b(record, registers), u32, i32;
    LoadIndU64 load_u64 8 |record, registers| at_b(record, registers), u64, u64;
}

stores! {
    // Of a register
    StoreU8 store_u8 1 |record, registers| record.x, a(record, registers), u8;
    StoreU16 store_u16 2 |record, registers| record.x, a(record, registers), u16;
    StoreU32 store_u32 4 |record, registers| record.x, a(record, registers), u32;
    StoreU64 store_u64 8 |record, registers| record.x, a(record, registers), u64;
    StoreIndU8 store_u8 1 |record, registers| at_b(record, registers), a(record, registers), u8;
    StoreIndU16 store_u16 2 |record, registers| at_b(record, registers), a(record, registers), u16;
    StoreIndU32 store_u32 4 |record, registers| at_b(record, registers), a(record, registers), u32;
    StoreIndU64 store_u64 8 |record, registers| at_b(record, registers), a(record, registers), u64;
    // Of an immediate
    StoreImmU8 store_u8 1 |record, _registers| record.x, y(record), u8;
    StoreImmU16 store_u16 2 |record, _registers| record.x, y(record), u16;
    StoreImmU32 store_u32 4 |record, _registers| record.x, y(record), u32;
    StoreImmU64 store_u64 8 |record, _registers| record.x, y(record), u64;
    StoreImmIndU8 store_u8 1 |record, registers| at_a(record, registers), y(record), u8;
    StoreImmIndU16 store_u16 2 |record, registers| at_a(record, registers), y(record), u16;
    StoreImmIndU32 store_u32 4 |record, registers| at_a(record, registers), y(record), u32;
    StoreImmIndU64 store_u64 8 |record, registers| at_a(record, registers), y(record), u64;
}

/// Enters the handlers of this family.
pub(super) const fn fill<M: Memory>(table: &mut [Handler<M>; 256]) {
    fill_loads(table);
    fill_stores(table);
}
