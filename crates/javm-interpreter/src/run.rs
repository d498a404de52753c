//! The run loop.

use javm_isa::{Access, AccessKind, Opcode, arith, arith::sext32};

use crate::{Code, Exit, Machine, Memory, Meter, Miss, code::Record};

/// Runs `machine` until it exits. `code` must be the same for all of a machine's runs.
///
/// Gas is charged by the block, as `javm_isa::GasBlocks` says; what memory takes comes on top.
/// `sbrk`, which only the older opcode table has, panics: nothing defines what it does without a heap
/// that grows.
pub fn run<M: Memory>(code: &Code, machine: &mut Machine, memory: &mut M) -> Exit {
    let Some(start) = code.record_at(machine.pc) else { return trap_nowhere(machine) };
    if !machine.block_charged {
        let Some(record) = code.records.get(start as usize) else { return Exit::Panic };
        if !charge(record, &mut machine.meter) {
            return Exit::OutOfGas;
        }
    }
    let (exit, record) = run_records(code, start, machine, memory);
    machine.pc = code.position(record);
    machine.block_charged = exit != Exit::OutOfGas;
    exit
}

/// Runs at a position that has no record: no instruction starts there, which is a trap.
#[cold]
fn trap_nowhere(machine: &mut Machine) -> Exit {
    if !machine.block_charged {
        let Some(gas_left) = machine.meter.gas_left.checked_sub(1) else { return Exit::OutOfGas };
        machine.meter.gas_left = gas_left;
        machine.block_charged = true;
    }
    Exit::Panic
}

/// Pays for the block that starts at `record`, or pays nothing and says `false`.
#[inline(always)]
fn charge(record: &Record, meter: &mut Meter) -> bool {
    match meter.gas_left.checked_sub(record.gas.into()) {
        Some(gas_left) => {
            meter.gas_left = gas_left;
            true
        }
        None => false,
    }
}

/// Runs from the record `start`, which is paid for; gives the exit and the record it happened at.
///
/// One `match` over all instructions, a line each, by family. Arms that end a block have a value, the
/// record to go on at or `None` for the one behind; all the others go straight on.
fn run_records<M: Memory>(code: &Code, start: u32, machine: &mut Machine, memory: &mut M) -> (Exit, usize) {
    let Machine { registers, meter, .. } = machine;
    let records = code.records.as_slice();
    let mut rest = records.get(start as usize..).unwrap_or_default().iter();

    loop {
        // The last record is a trap, so there always is one.
        let Some(record) = rest.next() else { return (Exit::Panic, records.len() - 1) };

        macro_rules! exit {
            ($exit:expr) => {
                return ($exit, records.len() - rest.len() - 1)
            };
        }
        macro_rules! a {
            () => {
                registers[record.a.index()]
            };
        }
        macro_rules! b {
            () => {
                registers[record.b.index()]
            };
        }
        macro_rules! x {
            () => {
                sext32(record.x as u64)
            };
        }
        macro_rules! y {
            () => {
                sext32(record.y as u64)
            };
        }
        // Destination first, then the value. Each goes on with the next record.
        macro_rules! set_a {
            ($value:expr) => {{
                registers[record.a.index()] = $value;
                continue;
            }};
        }
        macro_rules! set_d {
            ($value:expr) => {{
                registers[record.d.index()] = $value;
                continue;
            }};
        }
        macro_rules! load {
            ($method:ident, $len_bytes:literal, $address:expr, $value:ty) => {{
                let address = $address;
                match memory.$method(address, meter) {
                    Ok(value) => set_a!(value as $value as u64),
                    Err(Miss) => {
                        let access = Access { address, len_bytes: $len_bytes, kind: AccessKind::Load };
                        exit!(Exit::refused(access, memory))
                    }
                }
            }};
        }
        macro_rules! store {
            ($method:ident, $len_bytes:literal, $address:expr, $value:expr) => {{
                let address = $address;
                match memory.$method(address, $value as _, meter) {
                    Ok(()) => continue,
                    Err(Miss) => {
                        let access = Access { address, len_bytes: $len_bytes, kind: AccessKind::Store };
                        exit!(Exit::refused(access, memory))
                    }
                }
            }};
        }
        macro_rules! address {
            ($register:expr) => {
                ($register as u32).wrapping_add(record.x)
            };
        }
        macro_rules! branch {
            ($condition:expr) => {
                if $condition { Some(record.y) } else { None }
            };
        }

        let target: Option<u32> = match record.opcode {
            // Exits
            Opcode::Trap | Opcode::Sbrk => exit!(Exit::Panic),
            Opcode::Ecalli => exit!(Exit::HostCall(x!())),

            // No effect
            Opcode::Unlikely => continue,
            Opcode::Fallthrough => None,

            // Jumps
            Opcode::Jump => Some(record.y),
            Opcode::LoadImmJump => {
                a!() = x!();
                Some(record.y)
            }
            Opcode::JumpInd => match code.dynamic_target(address!(a!())) {
                Some(target) => Some(target),
                None => exit!(Exit::Halt),
            },
            Opcode::LoadImmJumpInd => {
                // The address comes from the old value, also when a and b are the same register.
                let address = (b!() as u32).wrapping_add(record.y);
                a!() = x!();
                match code.dynamic_target(address) {
                    Some(target) => Some(target),
                    None => exit!(Exit::Halt),
                }
            }

            // Branches on a register and an immediate
            Opcode::BranchEqImm => branch!(a!() == x!()),
            Opcode::BranchNeImm => branch!(a!() != x!()),
            Opcode::BranchLtUImm => branch!(a!() < x!()),
            Opcode::BranchLeUImm => branch!(a!() <= x!()),
            Opcode::BranchGeUImm => branch!(a!() >= x!()),
            Opcode::BranchGtUImm => branch!(a!() > x!()),
            Opcode::BranchLtSImm => branch!((a!() as i64) < x!() as i64),
            Opcode::BranchLeSImm => branch!(a!() as i64 <= x!() as i64),
            Opcode::BranchGeSImm => branch!(a!() as i64 >= x!() as i64),
            Opcode::BranchGtSImm => branch!(a!() as i64 > x!() as i64),

            // Branches on two registers
            Opcode::BranchEq => branch!(a!() == b!()),
            Opcode::BranchNe => branch!(a!() != b!()),
            Opcode::BranchLtU => branch!(a!() < b!()),
            Opcode::BranchLtS => branch!((a!() as i64) < b!() as i64),
            Opcode::BranchGeU => branch!(a!() >= b!()),
            Opcode::BranchGeS => branch!(a!() as i64 >= b!() as i64),

            // Constants and moves
            Opcode::LoadImm64 => set_a!(u64::from(record.y) << 32 | u64::from(record.x)),
            Opcode::LoadImm => set_a!(x!()),
            Opcode::MoveReg => set_d!(a!()),
            Opcode::CmovIz => set_d!(if b!() == 0 { a!() } else { registers[record.d.index()] }),
            Opcode::CmovNz => set_d!(if b!() != 0 { a!() } else { registers[record.d.index()] }),
            Opcode::CmovIzImm => set_a!(if b!() == 0 { x!() } else { a!() }),
            Opcode::CmovNzImm => set_a!(if b!() != 0 { x!() } else { a!() }),

            // Loads: at an immediate, then at a register plus an immediate
            Opcode::LoadU8 => load!(load_u8, 1, record.x, u8),
            Opcode::LoadI8 => load!(load_u8, 1, record.x, i8),
            Opcode::LoadU16 => load!(load_u16, 2, record.x, u16),
            Opcode::LoadI16 => load!(load_u16, 2, record.x, i16),
            Opcode::LoadU32 => load!(load_u32, 4, record.x, u32),
            Opcode::LoadI32 => load!(load_u32, 4, record.x, i32),
            Opcode::LoadU64 => load!(load_u64, 8, record.x, u64),
            Opcode::LoadIndU8 => load!(load_u8, 1, address!(b!()), u8),
            Opcode::LoadIndI8 => load!(load_u8, 1, address!(b!()), i8),
            Opcode::LoadIndU16 => load!(load_u16, 2, address!(b!()), u16),
            Opcode::LoadIndI16 => load!(load_u16, 2, address!(b!()), i16),
            Opcode::LoadIndU32 => load!(load_u32, 4, address!(b!()), u32),
            Opcode::LoadIndI32 => load!(load_u32, 4, address!(b!()), i32),
            Opcode::LoadIndU64 => load!(load_u64, 8, address!(b!()), u64),

            // Stores: of a register, then of an immediate
            Opcode::StoreU8 => store!(store_u8, 1, record.x, a!()),
            Opcode::StoreU16 => store!(store_u16, 2, record.x, a!()),
            Opcode::StoreU32 => store!(store_u32, 4, record.x, a!()),
            Opcode::StoreU64 => store!(store_u64, 8, record.x, a!()),
            Opcode::StoreIndU8 => store!(store_u8, 1, address!(b!()), a!()),
            Opcode::StoreIndU16 => store!(store_u16, 2, address!(b!()), a!()),
            Opcode::StoreIndU32 => store!(store_u32, 4, address!(b!()), a!()),
            Opcode::StoreIndU64 => store!(store_u64, 8, address!(b!()), a!()),
            Opcode::StoreImmU8 => store!(store_u8, 1, record.x, y!()),
            Opcode::StoreImmU16 => store!(store_u16, 2, record.x, y!()),
            Opcode::StoreImmU32 => store!(store_u32, 4, record.x, y!()),
            Opcode::StoreImmU64 => store!(store_u64, 8, record.x, y!()),
            Opcode::StoreImmIndU8 => store!(store_u8, 1, address!(a!()), y!()),
            Opcode::StoreImmIndU16 => store!(store_u16, 2, address!(a!()), y!()),
            Opcode::StoreImmIndU32 => store!(store_u32, 4, address!(a!()), y!()),
            Opcode::StoreImmIndU64 => store!(store_u64, 8, address!(a!()), y!()),

            // Bits of one register
            Opcode::CountSetBits64 => set_d!(a!().count_ones().into()),
            Opcode::CountSetBits32 => set_d!((a!() as u32).count_ones().into()),
            Opcode::LeadingZeroBits64 => set_d!(a!().leading_zeros().into()),
            Opcode::LeadingZeroBits32 => set_d!((a!() as u32).leading_zeros().into()),
            Opcode::TrailingZeroBits64 => set_d!(a!().trailing_zeros().into()),
            Opcode::TrailingZeroBits32 => set_d!((a!() as u32).trailing_zeros().into()),
            Opcode::SignExtend8 => set_d!(a!() as i8 as u64),
            Opcode::SignExtend16 => set_d!(a!() as i16 as u64),
            Opcode::ZeroExtend16 => set_d!(a!() as u16 as u64),
            Opcode::ReverseBytes => set_d!(a!().swap_bytes()),

            // A register and an immediate: sums, products, logic, comparisons
            Opcode::AddImm32 => set_a!(arith::add_32(b!(), x!())),
            Opcode::AddImm64 => set_a!(b!().wrapping_add(x!())),
            Opcode::NegAddImm32 => set_a!(arith::sub_32(x!(), b!())),
            Opcode::NegAddImm64 => set_a!(x!().wrapping_sub(b!())),
            Opcode::MulImm32 => set_a!(arith::mul_32(b!(), x!())),
            Opcode::MulImm64 => set_a!(b!().wrapping_mul(x!())),
            Opcode::AndImm => set_a!(b!() & x!()),
            Opcode::XorImm => set_a!(b!() ^ x!()),
            Opcode::OrImm => set_a!(b!() | x!()),
            Opcode::SetLtUImm => set_a!((b!() < x!()).into()),
            Opcode::SetLtSImm => set_a!(((b!() as i64) < x!() as i64).into()),
            Opcode::SetGtUImm => set_a!((b!() > x!()).into()),
            Opcode::SetGtSImm => set_a!((b!() as i64 > x!() as i64).into()),

            // A register shifted by an immediate, then ("alt") an immediate shifted by a register
            Opcode::ShloLImm32 => set_a!(arith::shlo_l_32(b!(), x!())),
            Opcode::ShloRImm32 => set_a!(arith::shlo_r_32(b!(), x!())),
            Opcode::SharRImm32 => set_a!(arith::shar_r_32(b!(), x!())),
            Opcode::RotR32Imm => set_a!(arith::rot_r_32(b!(), x!())),
            Opcode::ShloLImm64 => set_a!(arith::shlo_l_64(b!(), x!())),
            Opcode::ShloRImm64 => set_a!(arith::shlo_r_64(b!(), x!())),
            Opcode::SharRImm64 => set_a!(arith::shar_r_64(b!(), x!())),
            Opcode::RotR64Imm => set_a!(arith::rot_r_64(b!(), x!())),
            Opcode::ShloLImmAlt32 => set_a!(arith::shlo_l_32(x!(), b!())),
            Opcode::ShloRImmAlt32 => set_a!(arith::shlo_r_32(x!(), b!())),
            Opcode::SharRImmAlt32 => set_a!(arith::shar_r_32(x!(), b!())),
            Opcode::RotR32ImmAlt => set_a!(arith::rot_r_32(x!(), b!())),
            Opcode::ShloLImmAlt64 => set_a!(arith::shlo_l_64(x!(), b!())),
            Opcode::ShloRImmAlt64 => set_a!(arith::shlo_r_64(x!(), b!())),
            Opcode::SharRImmAlt64 => set_a!(arith::shar_r_64(x!(), b!())),
            Opcode::RotR64ImmAlt => set_a!(arith::rot_r_64(x!(), b!())),

            // Two registers: sums, products, quotients
            Opcode::Add32 => set_d!(arith::add_32(a!(), b!())),
            Opcode::Sub32 => set_d!(arith::sub_32(a!(), b!())),
            Opcode::Mul32 => set_d!(arith::mul_32(a!(), b!())),
            Opcode::DivU32 => set_d!(arith::div_u_32(a!(), b!())),
            Opcode::DivS32 => set_d!(arith::div_s_32(a!(), b!())),
            Opcode::RemU32 => set_d!(arith::rem_u_32(a!(), b!())),
            Opcode::RemS32 => set_d!(arith::rem_s_32(a!(), b!())),
            Opcode::Add64 => set_d!(a!().wrapping_add(b!())),
            Opcode::Sub64 => set_d!(a!().wrapping_sub(b!())),
            Opcode::Mul64 => set_d!(a!().wrapping_mul(b!())),
            Opcode::DivU64 => set_d!(arith::div_u_64(a!(), b!())),
            Opcode::DivS64 => set_d!(arith::div_s_64(a!(), b!())),
            Opcode::RemU64 => set_d!(arith::rem_u_64(a!(), b!())),
            Opcode::RemS64 => set_d!(arith::rem_s_64(a!(), b!())),
            Opcode::MulUpperSS => set_d!(arith::mul_upper_s_s(a!(), b!())),
            Opcode::MulUpperUU => set_d!(arith::mul_upper_u_u(a!(), b!())),
            Opcode::MulUpperSU => set_d!(arith::mul_upper_s_u(a!(), b!())),

            // Two registers: shifts and rotations
            Opcode::ShloL32 => set_d!(arith::shlo_l_32(a!(), b!())),
            Opcode::ShloR32 => set_d!(arith::shlo_r_32(a!(), b!())),
            Opcode::SharR32 => set_d!(arith::shar_r_32(a!(), b!())),
            Opcode::ShloL64 => set_d!(arith::shlo_l_64(a!(), b!())),
            Opcode::ShloR64 => set_d!(arith::shlo_r_64(a!(), b!())),
            Opcode::SharR64 => set_d!(arith::shar_r_64(a!(), b!())),
            Opcode::RotL64 => set_d!(arith::rot_l_64(a!(), b!())),
            Opcode::RotL32 => set_d!(arith::rot_l_32(a!(), b!())),
            Opcode::RotR64 => set_d!(arith::rot_r_64(a!(), b!())),
            Opcode::RotR32 => set_d!(arith::rot_r_32(a!(), b!())),

            // Two registers: logic and comparisons
            Opcode::And => set_d!(a!() & b!()),
            Opcode::Xor => set_d!(a!() ^ b!()),
            Opcode::Or => set_d!(a!() | b!()),
            Opcode::AndInv => set_d!(a!() & !b!()),
            Opcode::OrInv => set_d!(a!() | !b!()),
            Opcode::Xnor => set_d!(!(a!() ^ b!())),
            Opcode::SetLtU => set_d!((a!() < b!()).into()),
            Opcode::SetLtS => set_d!(((a!() as i64) < b!() as i64).into()),
            Opcode::Max => set_d!((a!() as i64).max(b!() as i64) as u64),
            Opcode::MaxU => set_d!(a!().max(b!())),
            Opcode::Min => set_d!((a!() as i64).min(b!() as i64) as u64),
            Opcode::MinU => set_d!(a!().min(b!())),
        };

        // The block has ended; enter the next one.
        let block = match target {
            None => rest.as_slice(),
            Some(target) => records.get(target as usize..).unwrap_or_default(),
        };
        let Some(first) = block.first() else { exit!(Exit::Panic) };
        if !charge(first, meter) {
            return (Exit::OutOfGas, records.len() - block.len());
        }
        rest = block.iter();
    }
}
