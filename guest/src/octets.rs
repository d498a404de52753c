//! Copying, moving and filling octets: what the compiler calls for that.
//!
//! The ones that come with the compiler are three repeated instructions each, which take tens of nanoseconds to begin,
//! and the kernel moves a few words at a time, thousands of times a block. There is no vector register here. So what
//! is short goes word by word, with the last words taken from the end, whatever they overlap; what is long is one
//! repeated instruction, which is also the fastest where instructions are emulated one by one.

use core::arch::global_asm;
use core::hint::black_box;

/// Octets up to which words are copied one by one.
const SHORT_BYTES: u32 = 256;

// rdi: where to, rsi: where from, rdx: how many; what comes back in rax is where to. Up to 32 octets are all read
// before the first is written, so areas may overlap. Beyond that the last 16 are read first.
//
// SAFETY, as the System V ABI has it: 1. the direction flag is clear (traps and the exit gate clear it). 2. Only registers
// are changed that a caller expects to be. 3. Nothing is read or written but the areas named. The compiler's own functions
// of these names are weak, so these take their place.
global_asm!(
    ".balign 16",
    ".global memcpy",
    ".type memcpy, @function",
    "memcpy:",
    "mov rax, rdi",
    "cmp rdx, 16",
    "ja 20f",
    // Up to 16 octets.
    "22: cmp edx, 8",
    "jae 24f",
    "cmp edx, 4",
    "jae 23f",
    "test edx, edx",
    "jz 25f",
    "movzx ecx, byte ptr [rsi]",
    "movzx r8d, byte ptr [rsi + rdx - 1]",
    "mov r9d, edx",
    "shr r9d, 1",
    "movzx r10d, byte ptr [rsi + r9]",
    "mov [rdi], cl",
    "mov [rdi + r9], r10b",
    "mov [rdi + rdx - 1], r8b",
    "25: ret",
    "23: mov ecx, [rsi]",
    "mov r8d, [rsi + rdx - 4]",
    "mov [rdi], ecx",
    "mov [rdi + rdx - 4], r8d",
    "ret",
    "24: mov rcx, [rsi]",
    "mov r8, [rsi + rdx - 8]",
    "mov [rdi], rcx",
    "mov [rdi + rdx - 8], r8",
    "ret",
    // More than 16.
    "20: mov r8, [rsi + rdx - 16]",
    "mov r9, [rsi + rdx - 8]",
    "cmp rdx, 32",
    "ja 30f",
    "mov rcx, [rsi]",
    "mov r10, [rsi + 8]",
    "mov [rdi], rcx",
    "mov [rdi + 8], r10",
    "mov [rdi + rdx - 16], r8",
    "mov [rdi + rdx - 8], r9",
    "ret",
    // More than 32, from the first to the last.
    "30: lea r11, [rdi + rdx - 16]",
    "cmp rdx, {short}",
    "ja 32f",
    "31: mov rcx, [rsi]",
    "mov r10, [rsi + 8]",
    "mov [rdi], rcx",
    "mov [rdi + 8], r10",
    "add rsi, 16",
    "add rdi, 16",
    "cmp rdi, r11",
    "jb 31b",
    "mov [r11], r8",
    "mov [r11 + 8], r9",
    "ret",
    "32: lea rcx, [rdx - 8]",
    "shr rcx, 3",
    "rep movsq",
    "mov [r11], r8",
    "mov [r11 + 8], r9",
    "ret",
    ".balign 16",
    ".global memmove",
    ".type memmove, @function",
    "memmove:",
    "mov rax, rdi",
    "cmp rdx, 16",
    "jbe 22b",
    "mov rcx, rdi",
    "sub rcx, rsi",
    // From the first to the last, unless that would write to what is still to be read.
    "cmp rcx, rdx",
    "jae 20b",
    "cmp rdx, 32",
    "jbe 20b",
    // From the last to the first.
    "mov r8, [rsi]",
    "mov r9, [rsi + 8]",
    "41: mov rcx, [rsi + rdx - 8]",
    "mov r10, [rsi + rdx - 16]",
    "mov [rdi + rdx - 8], rcx",
    "mov [rdi + rdx - 16], r10",
    "sub rdx, 16",
    "cmp rdx, 16",
    "ja 41b",
    "mov [rdi], r8",
    "mov [rdi + 8], r9",
    "ret",
    short = const SHORT_BYTES,
);

// rdi: where, esi: the octet, rdx: how many; what comes back in rax is where.
global_asm!(
    ".balign 16",
    ".global memset",
    ".type memset, @function",
    "memset:",
    "mov r8, rdi",
    "movzx eax, sil",
    "movabs rcx, 0x0101010101010101",
    "imul rax, rcx",
    "cmp rdx, 16",
    "ja 2f",
    "cmp edx, 8",
    "jae 24f",
    "cmp edx, 4",
    "jae 23f",
    "test edx, edx",
    "jz 25f",
    "mov ecx, edx",
    "shr ecx, 1",
    "mov [rdi], al",
    "mov [rdi + rcx], al",
    "mov [rdi + rdx - 1], al",
    "25: mov rax, r8",
    "ret",
    "23: mov [rdi], eax",
    "mov [rdi + rdx - 4], eax",
    "mov rax, r8",
    "ret",
    "24: mov [rdi], rax",
    "mov [rdi + rdx - 8], rax",
    "mov rax, r8",
    "ret",
    "2: mov [rdi + rdx - 16], rax",
    "mov [rdi + rdx - 8], rax",
    "cmp rdx, {short}",
    "ja 4f",
    "lea r9, [rdi + rdx - 16]",
    "3: mov [rdi], rax",
    "mov [rdi + 8], rax",
    "add rdi, 16",
    "cmp rdi, r9",
    "jb 3b",
    "mov rax, r8",
    "ret",
    "4: lea rcx, [rdx - 8]",
    "shr rcx, 3",
    "rep stosq",
    "mov rax, r8",
    "ret",
    short = const SHORT_BYTES,
);

/// How many of many copies, moves and fills have a wrong result: for a probe.
pub fn wrong_count() -> u64 {
    let lengths = (0..SHORT_BYTES as usize + 40).chain([511, 512, 600]);
    lengths.flat_map(|len| places().map(move |(from, to)| wrong_results(len, from, to))).sum()
}

/// Where from and where to: apart, and overlapping either way by a little and by much.
fn places() -> impl Iterator<Item = (usize, usize)> {
    let apart = (0..8).flat_map(|from| (0..8).map(move |to| (from, 400 + to)));
    let overlapping = [0, 1, 7, 8, 9, 15, 16, 17, 31, 33, 100].into_iter();
    apart.chain(overlapping.flat_map(|by| [(5, 5 + by), (5 + by, 5)]))
}

/// Moves so many octets, fills them, and copies them if the places are apart.
fn wrong_results(len: usize, from: usize, to: usize) -> u64 {
    let before: [u8; 1024] = core::array::from_fn(|index| (index * 7 + index / 256) as u8);
    let target = black_box(to..to + len);
    let is = |area: &[u8; 1024], wanted: &dyn Fn(usize) -> u8| {
        area.iter().enumerate().all(|(index, &octet)| {
            octet == if (to..to + len).contains(&index) { wanted(index - to) } else { before[index] }
        })
    };
    let source = |offset: usize| before[from + offset];
    let mut area = before;
    area.copy_within(black_box(from..from + len), target.start);
    let mut wrong = u64::from(!is(&area, &source));
    area[target.clone()].fill(black_box(0xa5));
    wrong += u64::from(!is(&area, &|_| 0xa5));
    if from + len <= to {
        area = before;
        let (left, right) = area.split_at_mut(to);
        right[..target.len()].copy_from_slice(&left[from..from + len]);
        wrong += u64::from(!is(&area, &source));
    }
    wrong
}
