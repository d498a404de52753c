//! Every encoder against an independent disassembler, over all registers and awkward operands.

extern crate std;

use std::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use iced_x86::{CpuidFeature, Decoder, DecoderOptions, Formatter, Instruction, IntelFormatter};

use super::Width::{W32, W64};
use super::*;

const NAMES_64: [&str; 16] = [
    "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
    "r15",
];
const NAMES_32: [&str; 16] = [
    "eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi", "r8d", "r9d", "r10d", "r11d", "r12d", "r13d",
    "r14d", "r15d",
];
const NAMES_16: [&str; 16] = [
    "ax", "cx", "dx", "bx", "sp", "bp", "si", "di", "r8w", "r9w", "r10w", "r11w", "r12w", "r13w", "r14w",
    "r15w",
];
const NAMES_8: [&str; 16] = [
    "al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil", "r8b", "r9b", "r10b", "r11b", "r12b", "r13b", "r14b",
    "r15b",
];
const WIDTHS: [Width; 2] = [W32, W64];
const IMMEDIATES: [i32; 12] = [0, 1, -1, 2, 127, 128, -128, -129, 0x7FFF, 0x1234_5678, i32::MAX, i32::MIN];

fn name(width: Width, gpr: Gpr) -> &'static str {
    match width {
        W32 => NAMES_32[gpr as usize],
        W64 => NAMES_64[gpr as usize],
    }
}

/// An immediate as the disassembler writes it: unsigned, of the operation's width.
fn immediate(width: Width, value: i32) -> String {
    match width {
        W32 => format!("0x{:x}", value as u32),
        W64 => format!("0x{:x}", value as i64 as u64),
    }
}

fn operand(mem: Mem) -> String {
    let width = if mem.is_address_32 { W32 } else { W64 };
    let segment = if mem.is_in_window { "gs:" } else { "" };
    let registers: Vec<&str> =
        [mem.base, mem.index].into_iter().flatten().map(|gpr| name(width, gpr)).collect();
    let text = segment.to_string() + "[" + &registers.join("+");
    let disp = match (registers.is_empty(), mem.disp) {
        (true, disp) => immediate(width, disp),
        (false, 0) => String::new(),
        (false, disp) if disp < 0 => format!("-0x{:x}", disp.unsigned_abs()),
        (false, disp) => format!("+0x{disp:x}"),
    };
    text + &disp + "]"
}

/// All bases, with and without an index, in the window and not, with displacements of every length.
fn operands() -> Vec<Mem> {
    let mut operands = Vec::new();
    for disp in [0, 1, -1, 127, -128, 128, -129, i32::MAX, i32::MIN] {
        for base in Gpr::ALL {
            operands.extend([Mem::at(base, disp), Mem::in_window(base, disp)]);
            operands.push(Mem::in_window(base, disp).of_64_bits());
            for index in [Gpr::Rax, Gpr::Rcx, Gpr::Rbp, Gpr::R12, Gpr::R13, Gpr::R15] {
                operands.push(Mem { disp, ..Mem::indexed(base, index) });
            }
        }
        operands.extend([Mem::from_window(disp), Mem::in_window_at(disp as u32)]);
    }
    operands
}

#[test]
fn fixed_addresses_are_the_window_s_up_to_the_last() {
    for address in [0, 1, 0x1_0000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF] {
        let (instruction, _) =
            decode(&emitted(|asm| asm.access(Access::LoadU8, Gpr::Rbx, Mem::in_window_at(address))));
        assert_eq!(instruction.memory_displacement64(), u64::from(address));
        assert_eq!(instruction.segment_prefix(), iced_x86::Register::GS);
    }
}

fn decode(code: &[u8]) -> (Instruction, String) {
    let mut decoder = Decoder::with_ip(64, code, 0, DecoderOptions::NONE);
    let instruction = decoder.decode();
    assert!(!instruction.is_invalid(), "{code:02x?} is no instruction");
    assert_eq!(instruction.len(), code.len(), "{code:02x?} is not one instruction");
    let mut formatter = IntelFormatter::new();
    let options = formatter.options_mut();
    options.set_hex_prefix("0x");
    options.set_hex_suffix("");
    options.set_uppercase_hex(false);
    options.set_small_hex_numbers_in_decimal(false);
    options.set_branch_leading_zeros(false);
    options.set_rip_relative_addresses(true);
    options.set_memory_size_options(iced_x86::MemorySizeOptions::Never);
    options.set_show_branch_size(false);
    let mut text = String::new();
    formatter.format(&instruction, &mut text);
    (instruction, text)
}

/// One instruction that needs no more than the baseline.
#[track_caller]
fn check(emit: impl FnOnce(&mut Asm), expected: &str) {
    let (instruction, text) = decode(&emitted(emit));
    assert_eq!(text, expected);
    for feature in instruction.cpuid_features() {
        let is_baseline = matches!(
            feature,
            CpuidFeature::INTEL8086
                | CpuidFeature::INTEL386
                | CpuidFeature::INTEL486
                | CpuidFeature::X64
                | CpuidFeature::CMOV
                | CpuidFeature::INTEL186
                | CpuidFeature::INTEL286
        );
        assert!(is_baseline, "{text} needs {feature:?}");
    }
}

/// One instruction that needs just this feature.
#[track_caller]
fn check_optional(feature: CpuidFeature, emit: impl FnOnce(&mut Asm), expected: &str) {
    let (instruction, text) = decode(&emitted(emit));
    assert_eq!(text, expected);
    assert_eq!(instruction.cpuid_features(), [feature]);
}

fn emitted(emit: impl FnOnce(&mut Asm)) -> Vec<u8> {
    let mut asm = Asm::in_memory_of(Vec::new());
    asm.reserve(64);
    emit(&mut asm);
    asm.finish()
}

fn pairs() -> impl Iterator<Item = (Gpr, Gpr)> {
    Gpr::ALL.into_iter().flat_map(|d| Gpr::ALL.into_iter().map(move |s| (d, s)))
}

fn alu_name(op: Alu) -> String {
    format!("{op:?}").to_lowercase()
}

fn shift_name(shift: Shift) -> String {
    format!("{shift:?}").to_lowercase()
}

fn suffix(condition: Condition) -> &'static str {
    match condition {
        Condition::Below => "b",
        Condition::AboveEqual => "ae",
        Condition::Equal => "e",
        Condition::NotEqual => "ne",
        Condition::BelowEqual => "be",
        Condition::Above => "a",
        Condition::Less => "l",
        Condition::GreaterEqual => "ge",
        Condition::LessEqual => "le",
        Condition::Greater => "g",
    }
}

#[test]
fn operations_on_two_registers() {
    for ((d, s), width) in pairs().flat_map(|pair| WIDTHS.map(|width| (pair, width))) {
        let (dn, sn) = (name(width, d), name(width, s));
        for op in Alu::ALL {
            check(|asm| asm.alu(op, width, d, s), &format!("{} {dn},{sn}", alu_name(op)));
        }
        check(|asm| asm.test(width, d, s), &format!("test {dn},{sn}"));
        check(|asm| asm.mov(width, d, s), &format!("mov {dn},{sn}"));
        check(|asm| asm.imul(width, d, s), &format!("imul {dn},{sn}"));
        check(|asm| asm.bsf(width, d, s), &format!("bsf {dn},{sn}"));
        check(|asm| asm.bsr(width, d, s), &format!("bsr {dn},{sn}"));
        for condition in Condition::ALL {
            let expected = format!("cmov{} {dn},{sn}", suffix(condition));
            check(|asm| asm.cmov(width, condition, d, s), &expected);
        }
        check_optional(CpuidFeature::POPCNT, |asm| asm.popcnt(width, d, s), &format!("popcnt {dn},{sn}"));
        check_optional(CpuidFeature::LZCNT, |asm| asm.lzcnt(width, d, s), &format!("lzcnt {dn},{sn}"));
        check_optional(CpuidFeature::BMI1, |asm| asm.tzcnt(width, d, s), &format!("tzcnt {dn},{sn}"));
    }
}

#[test]
fn extensions() {
    for (d, s) in pairs() {
        let (d64, d32) = (name(W64, d), name(W32, d));
        check(|asm| asm.movsxd(d, s), &format!("movsxd {d64},{}", name(W32, s)));
        check(|asm| asm.movsx8(d, s), &format!("movsx {d64},{}", NAMES_8[s as usize]));
        check(|asm| asm.movsx16(d, s), &format!("movsx {d64},{}", NAMES_16[s as usize]));
        check(|asm| asm.movzx8(d, s), &format!("movzx {d32},{}", NAMES_8[s as usize]));
        check(|asm| asm.movzx16(d, s), &format!("movzx {d32},{}", NAMES_16[s as usize]));
    }
}

#[test]
fn operations_on_one_register() {
    for (d, width) in Gpr::ALL.into_iter().flat_map(|d| WIDTHS.map(|width| (d, width))) {
        let dn = name(width, d);
        check(|asm| asm.not(width, d), &format!("not {dn}"));
        check(|asm| asm.neg(width, d), &format!("neg {dn}"));
        check(|asm| asm.div(width, d), &format!("div {dn}"));
        check(|asm| asm.idiv(width, d), &format!("idiv {dn}"));
        for shift in Shift::ALL {
            check(|asm| asm.shift_cl(shift, width, d), &format!("{} {dn},cl", shift_name(shift)));
            for count in [1, 7, 31, 63] {
                let expected = format!("{} {dn},0x{count:x}", shift_name(shift));
                check(|asm| asm.shift_imm(shift, width, d, count), &expected);
            }
        }
    }
    for d in Gpr::ALL {
        let d64 = name(W64, d);
        check(|asm| asm.mul_wide(d), &format!("mul {d64}"));
        check(|asm| asm.imul_wide(d), &format!("imul {d64}"));
        check(|asm| asm.bswap(d), &format!("bswap {d64}"));
        for condition in Condition::ALL {
            let expected = format!("set{} {}", suffix(condition), NAMES_8[d as usize]);
            check(|asm| asm.set(condition, d), &expected);
        }
    }
    check(|asm| asm.sign_to_rdx(W32), "cdq");
    check(|asm| asm.sign_to_rdx(W64), "cqo");
}

#[test]
fn immediates() {
    for (d, value) in Gpr::ALL.into_iter().flat_map(|d| IMMEDIATES.map(|value| (d, value))) {
        for width in WIDTHS {
            let (dn, imm) = (name(width, d), immediate(width, value));
            for op in Alu::ALL {
                check(|asm| asm.alu_imm(op, width, d, value), &format!("{} {dn},{imm}", alu_name(op)));
            }
            for s in Gpr::ALL {
                // The disassembler leaves out a source that is the destination.
                let source = if s == d { String::new() } else { format!("{},", name(width, s)) };
                let expected = format!("imul {dn},{source}{imm}");
                check(|asm| asm.imul_imm(width, d, s, value), &expected);
            }
        }
        let expected = format!("mov {},{}", name(W32, d), immediate(W32, value));
        check(|asm| asm.mov_imm_u32(d, value as u32), &expected);
        let expected = format!("mov {},{}", name(W64, d), immediate(W64, value));
        check(|asm| asm.mov_imm_i32(d, value), &expected);
        let wide = value as u64 ^ 0x0123_4567_89AB_CDEF;
        check(|asm| asm.mov_imm_u64(d, wide), &format!("mov {},0x{wide:x}", name(W64, d)));
    }
}

#[test]
fn loads_and_stores() {
    for mem in operands() {
        let place = operand(mem);
        for d in Gpr::ALL {
            let (d64, d32) = (name(W64, d), name(W32, d));
            for access in Access::ALL {
                let expected = match access {
                    Access::LoadU8 => format!("movzx {d32},byte ptr {place}"),
                    Access::LoadI8 => format!("movsx {d64},byte ptr {place}"),
                    Access::LoadU16 => format!("movzx {d32},word ptr {place}"),
                    Access::LoadI16 => format!("movsx {d64},word ptr {place}"),
                    Access::LoadU32 => format!("mov {d32},dword ptr {place}"),
                    Access::LoadI32 => format!("movsxd {d64},dword ptr {place}"),
                    Access::LoadU64 => format!("mov {d64},qword ptr {place}"),
                    Access::StoreU8 => format!("mov {place},{}", NAMES_8[d as usize]),
                    Access::StoreU16 => format!("mov {place},{}", NAMES_16[d as usize]),
                    Access::StoreU32 => format!("mov {place},{d32}"),
                    Access::StoreU64 => format!("mov {place},{d64}"),
                };
                check(|asm| asm.access(access, d, mem), &sized(&expected));
            }
            if !mem.is_in_window {
                check(|asm| asm.lea(W64, d, mem), &format!("lea {d64},{place}"));
                check(|asm| asm.lea(W32, d, mem), &format!("lea {d32},{place}"));
            }
            check(|asm| asm.alu_load(Alu::Sub, W64, d, mem), &format!("sub {d64},{place}"));
        }
    }
}

/// The disassembler is told to leave sizes out; see [`sizes_of_immediate_stores_and_loads`] for them.
fn sized(text: &str) -> String {
    ["byte ptr ", "word ptr ", "dword ptr ", "qword ptr "]
        .iter()
        .rev()
        .fold(text.into(), |text: String, size| text.replace(size, ""))
}

#[test]
fn sizes_of_immediate_stores_and_loads() {
    let len = |emit: &dyn Fn(&mut Asm)| decode(&emitted(emit)).0.memory_size().size();
    for mem in operands() {
        for value in IMMEDIATES {
            let place = operand(mem);
            check(|asm| asm.store8_imm(mem, value as u8), &format!("mov {place},0x{:x}", value as u8));
            check(|asm| asm.store16_imm(mem, value as i16), &format!("mov {place},0x{:x}", value as u16));
            check(|asm| asm.store32_imm(mem, value), &format!("mov {place},{}", immediate(W32, value)));
            check(|asm| asm.store64_imm(mem, value), &format!("mov {place},{}", immediate(W64, value)));
        }
        assert_eq!(len(&|asm| asm.store8_imm(mem, 1)), 1);
        assert_eq!(len(&|asm| asm.store16_imm(mem, 1)), 2);
        assert_eq!(len(&|asm| asm.store32_imm(mem, 1)), 4);
        assert_eq!(len(&|asm| asm.store64_imm(mem, 1)), 8);
        for (access, size) in Access::ALL.into_iter().zip([1, 1, 2, 2, 4, 4, 8, 1, 2, 4, 8]) {
            assert_eq!(len(&|asm| asm.access(access, Gpr::Rdi, mem)), size);
        }
    }
}

#[test]
fn three_operands() {
    for ((d, a), b) in pairs().flat_map(|pair| Gpr::ALL.map(|b| (pair, b))) {
        let [d64, a64, b64] = [d, a, b].map(|gpr| name(W64, gpr));
        check_optional(CpuidFeature::BMI1, |asm| asm.andn(d, a, b), &format!("andn {d64},{a64},{b64}"));
        check_optional(CpuidFeature::BMI2, |asm| asm.mulx(d, a, b), &format!("mulx {d64},{a64},{b64}"));
        for shift in [Shift::Shl, Shift::Shr, Shift::Sar] {
            for width in WIDTHS {
                let [dn, an, bn] = [d, a, b].map(|gpr| name(width, gpr));
                let expected = format!("{}x {dn},{an},{bn}", shift_name(shift));
                check_optional(CpuidFeature::BMI2, |asm| asm.shift_by(shift, width, d, a, b), &expected);
            }
        }
    }
    for ((d, s), width) in pairs().flat_map(|pair| WIDTHS.map(|width| (pair, width))) {
        let expected = format!("rorx {},{},0x1f", name(width, d), name(width, s));
        check_optional(CpuidFeature::BMI2, |asm| asm.rorx(width, d, s, 31), &expected);
    }
}

#[test]
fn nops_take_the_octets_they_are_told_to() {
    for len_bytes in 0..100 {
        let code = emitted(|asm| asm.nops(len_bytes));
        assert_eq!(code.len(), len_bytes as usize);
        let instructions: Vec<_> = Decoder::with_ip(64, &code, 0, DecoderOptions::NONE).into_iter().collect();
        let is_nop = |code| format!("{code:?}").starts_with("Nop");
        assert!(instructions.iter().all(|instruction| is_nop(instruction.code())));
        assert_eq!(instructions.len(), code.len().div_ceil(8));
    }
}

#[test]
fn jumps() {
    check(|asm| asm.jump(0), "jmp 0x0");
    for condition in Condition::ALL {
        let name = suffix(condition);
        check(|asm| asm.jump_if(condition, 0), &format!("j{name} 0x0"));
        check(|asm| _ = asm.jump_if_forward(condition), &format!("j{name} 0x6"));
        check(|asm| _ = asm.jump_if_short(condition), &format!("j{name} 0x2"));
    }
    check(|asm| _ = asm.jump_forward(), "jmp 0x5");
    check(|asm| _ = asm.jump_short(), "jmp 0x2");
    for mem in operands() {
        check(|asm| asm.jump_indirect(mem), &format!("jmp {}", operand(mem)));
    }
}

#[test]
fn distances() {
    // Each to the start of the code, over ever more octets before it.
    for filler in [0, 1, 15, 16, 40, 41, 42, 43, 44, 100] {
        let before = |asm: &mut Asm| (0..filler).for_each(|_| asm.mov_imm_u32(Gpr::Rax, 7));
        let target_of = |emit: &dyn Fn(&mut Asm)| {
            let code = emitted(|asm| {
                before(asm);
                emit(asm);
            });
            let start = filler * 5;
            let mut decoder = Decoder::with_ip(64, &code[start..], start as u64, DecoderOptions::NONE);
            let instruction = decoder.decode();
            assert_eq!(instruction.len(), code.len() - start);
            if instruction.is_ip_rel_memory_operand() {
                instruction.ip_rel_memory_address()
            } else {
                instruction.near_branch_target()
            }
        };
        assert_eq!(target_of(&|asm| asm.jump(0)), 0);
        assert_eq!(target_of(&|asm| asm.jump_if(Condition::Less, 0)), 0);
        for d in Gpr::ALL {
            assert_eq!(target_of(&|asm| asm.and_constant(d, 0)), 0);
            assert_eq!(target_of(&|asm| asm.imul_constant(d, 0)), 0);
            let patched = |asm: &mut Asm| {
                let end = asm.lea_relative(d);
                asm.patch_distance(end, 0);
            };
            assert_eq!(target_of(&patched), 0);
        }
    }
    for d in Gpr::ALL {
        let rip =
            |distance: i64| if distance < 0 { format!("[rip-0x{:x}]", -distance) } else { "[rip]".into() };
        check(|asm| asm.and_constant(d, 0), &format!("and {},{}", name(W64, d), rip(-7)));
        check(|asm| asm.imul_constant(d, 0), &format!("imul {},{}", name(W64, d), rip(-8)));
        check(|asm| _ = asm.lea_relative(d), &format!("lea {},{}", name(W64, d), rip(0)));
    }
}

#[test]
fn forward_jumps_reach_what_is_patched() {
    let code = emitted(|asm| {
        let near = asm.jump_if_forward(Condition::Below);
        let short = asm.jump_if_short(Condition::Above);
        (0..20).for_each(|_| asm.mov_imm_u32(Gpr::Rax, 7));
        asm.patch_short(short);
        asm.patch_distance(near, asm.position());
    });
    let mut decoder = Decoder::with_ip(64, &code, 0, DecoderOptions::NONE);
    assert_eq!(decoder.decode().near_branch_target(), code.len() as u64);
    assert_eq!(decoder.decode().near_branch_target(), code.len() as u64);
}
