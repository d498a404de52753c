//! The processor's optional instructions: those it names, and that do what they should where programs run.
//!
//! Each is tried as programs would run it, as machine code in a window. Where KVM has no hardware, `cpuid` names
//! instructions that its emulator gets wrong, or that end the machine; the emulator runs ring 0, and ring 3 too while
//! rsp is no canonical address. So the host says whether there is hardware. Without it they are tried in ring 3 alone,
//! rsp is kept canonical by what programs have in it, and of those that the emulator, should it come across one after
//! all, would take for another (`lzcnt` for `bsr`, `tzcnt` for `bsf`), none is used.

use crate::code_memory::CodeMemory;
use crate::control::with_control;
use crate::native::{self, Entry};
use crate::space::HyperlightMemory;
use crate::{isolation, native_entry};
use core::arch::{asm, global_asm};
use javm_recompiler_x86::{CONTEXT_LEN_BYTES, Context, Features, RegisterMap};
use nub_kernel::arch::SpaceConfig;

// Each takes r0 and r1 from the context and leaves what an instruction makes of them in r0. They are position-
// independent and end with a jump to the first exit.
global_asm!(
    ".macro feature_test_begin name",
    ".global feature_test_\\name",
    "feature_test_\\name:",
    "mov rax, gs:[-{registers}]",
    "mov rcx, gs:[-{registers} + 8]",
    ".endm",
    ".macro feature_test_end",
    "mov gs:[-{registers}], rax",
    "jmp gs:[-{exits}]",
    ".endm",
    ".macro feature_test name, operation:vararg",
    "feature_test_begin \\name",
    "\\operation",
    "feature_test_end",
    ".endm",
    // The same in registers of the upper half, r8 of r9 and r10, which other bits of the encoding name.
    ".macro feature_test_high name, operation:vararg",
    "feature_test_begin \\name\\()_high",
    "mov r9, rax",
    "mov r10, rcx",
    "\\operation",
    "mov rax, r8",
    "feature_test_end",
    ".endm",
    ".global feature_tests_start",
    "feature_tests_start:",
    // Every instruction that the compiler emits, at both widths where it has two.
    "feature_test popcnt, popcnt rax, rax",
    "feature_test popcnt_32, popcnt eax, eax",
    "feature_test lzcnt, lzcnt rax, rax",
    "feature_test lzcnt_32, lzcnt eax, eax",
    "feature_test tzcnt, tzcnt rax, rax",
    "feature_test tzcnt_32, tzcnt eax, eax",
    "feature_test andn, andn rax, rcx, rax",
    "feature_test shlx, shlx rax, rax, rcx",
    "feature_test shlx_32, shlx eax, eax, ecx",
    "feature_test shrx, shrx rax, rax, rcx",
    "feature_test shrx_32, shrx eax, eax, ecx",
    "feature_test sarx, sarx rax, rax, rcx",
    "feature_test sarx_32, sarx eax, eax, ecx",
    "feature_test rorx, rorx rax, rax, 13",
    "feature_test rorx_32, rorx eax, eax, 13",
    "feature_test_begin mulx",
    "mov rdx, rax",
    "mulx rax, rcx, rcx",
    "feature_test_end",
    "feature_test_high popcnt, popcnt r8, r9",
    "feature_test_high lzcnt, lzcnt r8d, r9d",
    "feature_test_high tzcnt, tzcnt r8, r9",
    "feature_test_high andn, andn r8, r10, r9",
    "feature_test_high shlx, shlx r8d, r9d, r10d",
    "feature_test_high shrx, shrx r8, r9, r10",
    "feature_test_high sarx, sarx r8d, r9d, r10d",
    "feature_test_high rorx, rorx r8d, r9d, 13",
    "feature_test_begin mulx_high",
    "mov rdx, rax",
    "mov r9, rcx",
    "mulx r8, rcx, r9",
    "mov rax, r8",
    "feature_test_end",
    ".global feature_tests_end",
    "feature_tests_end:",
    registers = const CONTEXT_LEN_BYTES - core::mem::offset_of!(Context, registers),
    exits = const CONTEXT_LEN_BYTES - core::mem::offset_of!(Context, exit_pointers),
);

unsafe extern "C" {
    static feature_tests_start: u8;
    static feature_tests_end: u8;
    static feature_test_popcnt: u8;
    static feature_test_popcnt_32: u8;
    static feature_test_popcnt_high: u8;
    static feature_test_lzcnt: u8;
    static feature_test_lzcnt_32: u8;
    static feature_test_lzcnt_high: u8;
    static feature_test_tzcnt: u8;
    static feature_test_tzcnt_32: u8;
    static feature_test_tzcnt_high: u8;
    static feature_test_andn: u8;
    static feature_test_andn_high: u8;
    static feature_test_shlx: u8;
    static feature_test_shlx_32: u8;
    static feature_test_shlx_high: u8;
    static feature_test_shrx: u8;
    static feature_test_shrx_32: u8;
    static feature_test_shrx_high: u8;
    static feature_test_sarx: u8;
    static feature_test_sarx_32: u8;
    static feature_test_sarx_high: u8;
    static feature_test_rorx: u8;
    static feature_test_rorx_32: u8;
    static feature_test_rorx_high: u8;
    static feature_test_mulx: u8;
    static feature_test_mulx_high: u8;
}

/// Operands to try.
const OPERANDS: [(u64, u64); 7] = [
    (0, 3),
    (1, 63),
    (0x8000_0000_0000_0000, 64),
    (0x0123_4567_89ab_cdef, 17),
    (0xffff_ffff_0000_1000, 0xfedc_ba98_7654_3210),
    // Of the lower half nothing is left, or its sign.
    (0xffff_ffff_0000_0000, 32),
    (0x0000_0001_8765_4321, 37),
];

/// What code may use here. Without optional instructions if they cannot be tried.
pub fn find() -> Features {
    let (has_hardware, is_native, has_segments) = with_control(|control| {
        let has_hardware = control.has_hardware_virtualisation;
        (has_hardware, has_hardware || control.has_programs_in_ring_3(), control.has_segments)
    });
    let none = Features { free_rsp: has_hardware, ..Features::BASELINE };
    let named = Features { free_rsp: has_hardware, ..named() };
    let named = if has_hardware { named } else { Features { lzcnt: false, tzcnt: false, ..named } };
    if named == none || !is_native || !has_segments {
        return none;
    }
    Trial::new().map_or(none, |mut trial| trial.confirm(named))
}

/// The features as a number.
pub fn number(features: Features) -> u32 {
    let Features { popcnt, lzcnt, tzcnt, bmi1, bmi2, free_rsp } = features;
    let flags = [popcnt, lzcnt, tzcnt, bmi1, bmi2, free_rsp];
    (0..).zip(flags).map(|(bit, flag)| u32::from(flag) << bit).sum()
}

/// The features of that number.
pub fn from_number(number: u32) -> Features {
    let flag = |bit: u32| number >> bit & 1 == 1;
    Features {
        popcnt: flag(0),
        lzcnt: flag(1),
        tzcnt: flag(2),
        bmi1: flag(3),
        bmi2: flag(4),
        free_rsp: flag(5),
    }
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

/// Whether the processor can keep the addresses of descriptor tables from ring 3.
pub fn can_hide_tables() -> bool {
    cpuid(0)[0] >= 7 && cpuid(7)[2] >> 2 & 1 == 1
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
        free_rsp: false,
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
        let config = SpaceConfig { demand_zero: 0..0, arguments: 0..0, touch_gas: 0, store_gas: 0 };
        let space = HyperlightMemory::new(config).ok()?;
        let start = &raw const feature_tests_start;
        let len_bytes = (&raw const feature_tests_end) as usize - start as usize;
        // SAFETY: the labels enclose code of the image.
        let code = CodeMemory::load(unsafe { core::slice::from_raw_parts(start, len_bytes) }, &[0])?;
        Some(Self { space, code })
    }

    fn confirm(&mut self, named: Features) -> Features {
        Features {
            popcnt: named.popcnt && self.all(&popcnt_tests()),
            lzcnt: named.lzcnt && self.all(&lzcnt_tests()),
            tzcnt: named.tzcnt && self.all(&tzcnt_tests()),
            bmi1: named.bmi1 && self.all(&bmi1_tests()),
            bmi2: named.bmi2 && self.all(&bmi2_tests()),
            free_rsp: named.free_rsp,
        }
    }

    /// Whether each test gives what it should for all operands.
    fn all(&mut self, tests: &[Test]) -> bool {
        tests.iter().all(|test| {
            let offset = test.code as u64 - (&raw const feature_tests_start) as u64;
            OPERANDS.into_iter().all(|(a, b)| self.one(offset, a, b) == Some((test.expected)(a, b)))
        })
    }

    /// What a test makes of two operands; `None` if it traps.
    fn one(&mut self, offset: u64, a: u64, b: u64) -> Option<u64> {
        let window = self.space.window_index();
        let context = self.space.context().ok()?;
        // SAFETY: the page is mapped, and no code runs.
        let state = unsafe { &mut *context };
        (state.registers[0], state.registers[1]) = (a, b);
        state.exit_pointers = [native_entry::exit_pointer(); _];
        isolation::open(window, self.code.units());
        let code = self.code.code();
        let start = code.start + offset;
        let entry = Entry { window, code, start, map: RegisterMap::default(), is_contained: true };
        // SAFETY: 1. as above. 2. The code is loaded and open, and a test begins there. 3. It accesses the context
        // alone.
        let trap = unsafe { native::run(context, entry, &mut 0) };
        match trap {
            // SAFETY: as above.
            None => Some(unsafe { (*context).registers[0] }),
            Some(_) => None,
        }
    }
}

/// Code to try, and what it should make of its operands.
struct Test {
    code: *const u8,
    expected: fn(u64, u64) -> u64,
}

fn test(code: *const u8, expected: fn(u64, u64) -> u64) -> Test {
    Test { code, expected }
}

fn popcnt_tests() -> [Test; 3] {
    [
        test(&raw const feature_test_popcnt, |a, _| set_bits(a)),
        test(&raw const feature_test_popcnt_32, |a, _| set_bits(a & LOW)),
        test(&raw const feature_test_popcnt_high, |a, _| set_bits(a)),
    ]
}

fn lzcnt_tests() -> [Test; 3] {
    [
        test(&raw const feature_test_lzcnt, |a, _| a.leading_zeros().into()),
        test(&raw const feature_test_lzcnt_32, |a, _| (a as u32).leading_zeros().into()),
        test(&raw const feature_test_lzcnt_high, |a, _| (a as u32).leading_zeros().into()),
    ]
}

fn tzcnt_tests() -> [Test; 3] {
    [
        test(&raw const feature_test_tzcnt, |a, _| a.trailing_zeros().into()),
        test(&raw const feature_test_tzcnt_32, |a, _| (a as u32).trailing_zeros().into()),
        test(&raw const feature_test_tzcnt_high, |a, _| a.trailing_zeros().into()),
    ]
}

fn bmi1_tests() -> [Test; 2] {
    [
        test(&raw const feature_test_andn, |a, b| a & !b),
        test(&raw const feature_test_andn_high, |a, b| a & !b),
    ]
}

fn bmi2_tests() -> [Test; 14] {
    let shlx_32 = |a: u64, b: u64| u64::from((a as u32) << (b & 31));
    let sarx_32 = |a: u64, b: u64| u64::from(((a as i32) >> (b & 31)) as u32);
    let rorx_32 = |a: u64, _: u64| u64::from((a as u32).rotate_right(13));
    let upper_half = |a: u64, b: u64| ((u128::from(a) * u128::from(b)) >> 64) as u64;
    [
        test(&raw const feature_test_shlx, |a, b| a << (b & 63)),
        test(&raw const feature_test_shlx_32, shlx_32),
        test(&raw const feature_test_shlx_high, shlx_32),
        test(&raw const feature_test_shrx, |a, b| a >> (b & 63)),
        test(&raw const feature_test_shrx_32, |a, b| u64::from((a as u32) >> (b & 31))),
        test(&raw const feature_test_shrx_high, |a, b| a >> (b & 63)),
        test(&raw const feature_test_sarx, |a, b| ((a as i64) >> (b & 63)) as u64),
        test(&raw const feature_test_sarx_32, sarx_32),
        test(&raw const feature_test_sarx_high, sarx_32),
        test(&raw const feature_test_rorx, |a, _| a.rotate_right(13)),
        test(&raw const feature_test_rorx_32, rorx_32),
        test(&raw const feature_test_rorx_high, rorx_32),
        test(&raw const feature_test_mulx, upper_half),
        test(&raw const feature_test_mulx_high, upper_half),
    ]
}

/// The lower half of a register.
const LOW: u64 = u32::MAX as u64;

/// Set bits, one by one: the compiler is not to use the instruction in question.
fn set_bits(value: u64) -> u64 {
    (0..64).map(|bit| value >> bit & 1).sum()
}
