//! The processor's optional instructions: those it names, and that do what they should where programs run.
//!
//! Each is tried as programs would run it, as machine code in a window. Where KVM has no hardware, `cpuid` names
//! instructions that its emulator gets wrong, or that end the machine; the emulator runs ring 0, and ring 3 too while
//! rsp, a register of programs, is no canonical address. So the host says whether to try.

use crate::code_memory::CodeMemory;
use crate::control::with_control;
use crate::space::HyperlightMemory;
use crate::{context, isolation, native, native_entry};
use core::arch::{asm, global_asm};
use javm_recompiler_x86::{CONTEXT_LEN_BYTES, Context, Features};
use nub_kernel::arch::SpaceConfig;

// Each takes r0 and r1 from the context and leaves what an instruction makes of them in r0. They are position-
// independent and end with a jump to the first exit.
global_asm!(
    ".macro feature_test name, operation:vararg",
    ".global feature_test_\\name",
    "feature_test_\\name:",
    "mov rax, gs:[-{registers}]",
    "mov rcx, gs:[-{registers} + 8]",
    "\\operation",
    "mov gs:[-{registers}], rax",
    "jmp gs:[-{exits}]",
    ".endm",
    ".global feature_tests_start",
    "feature_tests_start:",
    "feature_test popcnt, popcnt rax, rax",
    "feature_test lzcnt, lzcnt rax, rax",
    "feature_test tzcnt, tzcnt rax, rax",
    "feature_test andn, andn rax, rcx, rax",
    "feature_test shlx, shlx rax, rax, rcx",
    "feature_test shrx, shrx rax, rax, rcx",
    "feature_test sarx, sarx rax, rax, rcx",
    "feature_test rorx, rorx rax, rax, 13",
    ".global feature_test_mulx",
    "feature_test_mulx:",
    "mov rdx, gs:[-{registers}]",
    "mov rcx, gs:[-{registers} + 8]",
    "mulx rax, rcx, rcx",
    "mov gs:[-{registers}], rax",
    "jmp gs:[-{exits}]",
    ".global feature_tests_end",
    "feature_tests_end:",
    registers = const CONTEXT_LEN_BYTES - core::mem::offset_of!(Context, registers),
    exits = const CONTEXT_LEN_BYTES - core::mem::offset_of!(Context, exit_pointers),
);

unsafe extern "C" {
    static feature_tests_start: u8;
    static feature_tests_end: u8;
    static feature_test_popcnt: u8;
    static feature_test_lzcnt: u8;
    static feature_test_tzcnt: u8;
    static feature_test_andn: u8;
    static feature_test_shlx: u8;
    static feature_test_shrx: u8;
    static feature_test_sarx: u8;
    static feature_test_rorx: u8;
    static feature_test_mulx: u8;
}

/// Operands to try.
const OPERANDS: [(u64, u64); 5] = [
    (0, 3),
    (1, 63),
    (0x8000_0000_0000_0000, 64),
    (0x0123_4567_89ab_cdef, 17),
    (0xffff_ffff_0000_1000, 0xfedc_ba98_7654_3210),
];

/// What code may use here. Baseline if it cannot be tried.
pub fn find() -> Features {
    let named = named();
    let may_try = with_control(|control| control.may_try_instructions && control.has_segments);
    if named == Features::BASELINE || !may_try {
        return Features::BASELINE;
    }
    Trial::new().map_or(Features::BASELINE, |mut trial| trial.confirm(named))
}

/// The features as a number.
pub fn number(features: Features) -> u32 {
    let Features { popcnt, lzcnt, tzcnt, bmi1, bmi2 } = features;
    let flags = [popcnt, lzcnt, tzcnt, bmi1, bmi2];
    (0..).zip(flags).map(|(bit, flag)| u32::from(flag) << bit).sum()
}

/// The features of that number.
pub fn from_number(number: u32) -> Features {
    let flag = |bit: u32| number >> bit & 1 == 1;
    Features { popcnt: flag(0), lzcnt: flag(1), tzcnt: flag(2), bmi1: flag(3), bmi2: flag(4) }
}

/// Lets code have the segment gs begin with its window, in whatever ring. False if the processor cannot: there
/// is no machine code then. Ring 0, at boot.
pub fn enable_segments() -> bool {
    const FSGSBASE: u64 = 1 << 16;
    let has_it = cpuid(0)[0] >= 7 && cpuid(7)[1] & 1 == 1;
    if has_it {
        // SAFETY: the processor has what is enabled, and nothing else uses the segments fs and gs.
        unsafe {
            asm!("mov {t}, cr4", "or {t}, {bit}", "mov cr4, {t}", t = out(reg) _, bit = in(reg) FSGSBASE);
        }
    }
    has_it
}

/// What the processor says it has.
fn named() -> Features {
    let [last, ..] = cpuid(0);
    let [last_extended, ..] = cpuid(0x8000_0000);
    let extended = if last_extended > 0x8000_0000 { cpuid(0x8000_0001)[2] } else { 0 };
    let structured = if last >= 7 { cpuid(7)[1] } else { 0 };
    let bmi1 = structured >> 3 & 1 == 1;
    Features {
        popcnt: cpuid(1)[2] >> 23 & 1 == 1,
        lzcnt: extended >> 5 & 1 == 1,
        tzcnt: bmi1,
        bmi1,
        bmi2: structured >> 8 & 1 == 1,
    }
}

/// eax, ebx, ecx and edx of a leaf.
fn cpuid(leaf: u32) -> [u32; 4] {
    let (eax, ebx, ecx, edx): (u32, u64, u32, u32);
    // SAFETY: every processor of this kind has the instruction, and it has no effect.
    unsafe {
        asm!(
            "mov {saved}, rbx",
            "cpuid",
            "xchg {saved}, rbx",
            saved = out(reg) ebx,
            inout("eax") leaf => eax,
            inout("ecx") 0 => ecx,
            out("edx") edx,
            options(nomem, nostack, preserves_flags),
        );
    }
    [eax, ebx as u32, ecx, edx]
}

/// A window and the tests' code.
struct Trial {
    space: HyperlightMemory,
    code: CodeMemory,
}

impl Trial {
    fn new() -> Option<Self> {
        let config = SpaceConfig { demand_zero: 0..0, touch_gas: 0, store_gas: 0 };
        let space = HyperlightMemory::new(config).ok()?;
        let start = &raw const feature_tests_start;
        let len_bytes = (&raw const feature_tests_end) as usize - start as usize;
        // SAFETY: the labels enclose code of the image.
        let code = CodeMemory::load(unsafe { core::slice::from_raw_parts(start, len_bytes) }, &[0])?;
        Some(Self { space, code })
    }

    fn confirm(&mut self, named: Features) -> Features {
        Features {
            popcnt: named.popcnt && self.all(&raw const feature_test_popcnt, |a, _| popcnt(a)),
            lzcnt: named.lzcnt && self.all(&raw const feature_test_lzcnt, |a, _| a.leading_zeros().into()),
            tzcnt: named.tzcnt && self.all(&raw const feature_test_tzcnt, |a, _| a.trailing_zeros().into()),
            bmi1: named.bmi1 && self.all(&raw const feature_test_andn, |a, b| a & !b),
            bmi2: named.bmi2
                && self.all(&raw const feature_test_shlx, |a, b| a << (b & 63))
                && self.all(&raw const feature_test_shrx, |a, b| a >> (b & 63))
                && self.all(&raw const feature_test_sarx, |a, b| ((a as i64) >> (b & 63)) as u64)
                && self.all(&raw const feature_test_rorx, |a, _| a.rotate_right(13))
                && self
                    .all(&raw const feature_test_mulx, |a, b| ((u128::from(a) * u128::from(b)) >> 64) as u64),
        }
    }

    /// Whether a test gives what it should for all operands.
    fn all(&mut self, test: *const u8, expected: impl Fn(u64, u64) -> u64) -> bool {
        let offset = test as u64 - (&raw const feature_tests_start) as u64;
        OPERANDS.into_iter().all(|(a, b)| self.one(offset, a, b) == Some(expected(a, b)))
    }

    /// What a test makes of two operands; `None` if it traps.
    fn one(&mut self, offset: u64, a: u64, b: u64) -> Option<u64> {
        let window = self.space.window_index();
        let context = context::make(window).ok()?;
        // SAFETY: the page is mapped, and no code runs.
        let state = unsafe { &mut *context };
        (state.registers[0], state.registers[1]) = (a, b);
        state.exit_pointers = [native_entry::exit_pointer(); _];
        isolation::open(window, self.code.units());
        let code = self.code.code();
        match native::run(context, window, code.clone(), code.start + offset, &mut 0, true) {
            // SAFETY: the same.
            None => Some(unsafe { (*context).registers[0] }),
            Some(_) => None,
        }
    }
}

/// Set bits, one by one: the compiler is not to use the instruction in question.
fn popcnt(value: u64) -> u64 {
    (0..64).map(|bit| value >> bit & 1).sum()
}
