//! The instructions, their argument formats and the two numberings in use.

/// How an instruction's octets give its arguments (PVM.md §3 has the same table).
///
/// Letters: `R` a register, `I` an immediate, `O` an offset relative to the instruction, `X` a 64-bit
/// immediate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// No arguments.
    None,
    /// One immediate.
    I,
    /// A register and a 64-bit immediate.
    RX,
    /// Two immediates.
    II,
    /// One offset.
    O,
    /// A register and an immediate.
    RI,
    /// A register and two immediates.
    RII,
    /// A register, an immediate and an offset.
    RIO,
    /// Destination and source register.
    RR,
    /// Two registers and an immediate.
    RRI,
    /// Two registers and an offset.
    RRO,
    /// Two registers and two immediates.
    RRII,
    /// Two source registers and a destination register.
    RRR,
}

/// Which octet stands for which instruction.
///
/// The two differ in twelve numbers: `Gp07` has `sbrk` at 101 and the other two-register operations
/// at 102–111; `JamV1` has no `sbrk`, those operations at 101–110, and `unlikely` at 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OpcodeTable {
    /// Gray Paper 0.5.4 to 0.7.2: the published vectors.
    Gp07,
    /// Gray Paper 0.8 draft, polkavm's `JamV1` since 0.31: what Nub's programs use.
    JamV1,
}

impl OpcodeTable {
    /// Which octets stand for no instruction.
    pub(crate) fn undefined(self) -> [bool; 256] {
        core::array::from_fn(|octet| self.opcode(octet as u8).is_none())
    }

    /// The instruction that `octet` stands for, `None` if it is undefined.
    #[inline]
    pub const fn opcode(self, octet: u8) -> Option<Opcode> {
        match self {
            Self::Gp07 => GP_07[octet as usize],
            Self::JamV1 => JAM_V1[octet as usize],
        }
    }
}

macro_rules! opcodes {
    ($(
        $variant:ident $name:literal $format:ident [$($gp07:literal)?] [$($jam_v1:literal)?]: $effect:literal;
    )*) => {
        /// Every instruction of either table, named as in the Gray Paper.
        ///
        /// A, B and D are registers, X and Y immediates, T a branch target, all as [`Format`] places
        /// them in [`Instruction`](crate::Instruction). `lo` is the unsigned low half, `s32` the
        /// signed one, `sext32` sign-extends the low half; `<u`, `<s`, `/u`, `>>u`, `>>s` are unsigned
        /// or signed. "branch(T)" panics if T is not a branch target, "djump" is
        /// [`dynamic_jump`](crate::dynamic_jump).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Opcode {
            $(#[doc = $effect] $variant,)*
        }

        impl Opcode {
            /// All of them, in the order of their declaration.
            pub const ALL: &'static [Opcode] = &[$(Opcode::$variant,)*];

            /// The Gray Paper's name.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Opcode::$variant => $name,)*
                }
            }

            /// Where its arguments are.
            #[inline]
            pub const fn format(self) -> Format {
                match self {
                    $(Opcode::$variant => Format::$format,)*
                }
            }
        }

        static GP_07: [Option<Opcode>; 256] = {
            let mut table = [None; 256];
            $($(table[$gp07] = Some(Opcode::$variant);)?)*
            table
        };

        static JAM_V1: [Option<Opcode>; 256] = {
            let mut table = [None; 256];
            $($(table[$jam_v1] = Some(Opcode::$variant);)?)*
            table
        };
    };
}

// name, Gray Paper name, format, number in Gp07, number in JamV1, effect
opcodes! {
    Trap "trap" None [0] [0]: "Exits with a panic.";
    Fallthrough "fallthrough" None [1] [1]: "No effect; opens a new block after itself.";
    Unlikely "unlikely" None [] [2]:
        "No effect: a hint that the path starting here is cold. Not a terminator.";
    Ecalli "ecalli" I [10] [10]: "Exits with host-call(X); the pc stays here. Not a terminator.";
    LoadImm64 "load_imm_64" RX [20] [20]: "A = X: 8 octets are always read, whatever the skip says.";
    StoreImmU8 "store_imm_u8" II [30] [30]: "Stores the low 8 bits of Y at address X.";
    StoreImmU16 "store_imm_u16" II [31] [31]: "Stores the low 16 bits of Y at address X.";
    StoreImmU32 "store_imm_u32" II [32] [32]: "Stores the low 32 bits of Y at address X.";
    StoreImmU64 "store_imm_u64" II [33] [33]: "Stores the low 64 bits of Y at address X.";
    Jump "jump" O [40] [40]: "branch(T), always.";
    JumpInd "jump_ind" RI [50] [50]: "djump((A+X) mod 2^32).";
    LoadImm "load_imm" RI [51] [51]: "A = X.";
    LoadU8 "load_u8" RI [52] [52]: "A = 8-bit LE load from X, zero-extended to 64.";
    LoadI8 "load_i8" RI [53] [53]: "A = 8-bit LE load from X, sign-extended to 64.";
    LoadU16 "load_u16" RI [54] [54]: "A = 16-bit LE load from X, zero-extended to 64.";
    LoadI16 "load_i16" RI [55] [55]: "A = 16-bit LE load from X, sign-extended to 64.";
    LoadU32 "load_u32" RI [56] [56]: "A = 32-bit LE load from X, zero-extended to 64.";
    LoadI32 "load_i32" RI [57] [57]: "A = 32-bit LE load from X, sign-extended to 64.";
    LoadU64 "load_u64" RI [58] [58]: "A = 64-bit LE load from X.";
    StoreU8 "store_u8" RI [59] [59]: "Stores the low 8 bits of A at address X.";
    StoreU16 "store_u16" RI [60] [60]: "Stores the low 16 bits of A at address X.";
    StoreU32 "store_u32" RI [61] [61]: "Stores the low 32 bits of A at address X.";
    StoreU64 "store_u64" RI [62] [62]: "Stores the low 64 bits of A at address X.";
    StoreImmIndU8 "store_imm_ind_u8" RII [70] [70]: "Stores the low 8 bits of Y at address A+X.";
    StoreImmIndU16 "store_imm_ind_u16" RII [71] [71]: "Stores the low 16 bits of Y at address A+X.";
    StoreImmIndU32 "store_imm_ind_u32" RII [72] [72]: "Stores the low 32 bits of Y at address A+X.";
    StoreImmIndU64 "store_imm_ind_u64" RII [73] [73]: "Stores the low 64 bits of Y at address A+X.";
    LoadImmJump "load_imm_jump" RIO [80] [80]:
        "A = X, then branch(T) unconditionally. A is written even when the branch panics.";
    BranchEqImm "branch_eq_imm" RIO [81] [81]: "branch(T) if A == X.";
    BranchNeImm "branch_ne_imm" RIO [82] [82]: "branch(T) if A != X.";
    BranchLtUImm "branch_lt_u_imm" RIO [83] [83]: "branch(T) if A <u X.";
    BranchLeUImm "branch_le_u_imm" RIO [84] [84]: "branch(T) if A <=u X.";
    BranchGeUImm "branch_ge_u_imm" RIO [85] [85]: "branch(T) if A >=u X.";
    BranchGtUImm "branch_gt_u_imm" RIO [86] [86]: "branch(T) if A >u X.";
    BranchLtSImm "branch_lt_s_imm" RIO [87] [87]: "branch(T) if A <s X.";
    BranchLeSImm "branch_le_s_imm" RIO [88] [88]: "branch(T) if A <=s X.";
    BranchGeSImm "branch_ge_s_imm" RIO [89] [89]: "branch(T) if A >=s X.";
    BranchGtSImm "branch_gt_s_imm" RIO [90] [90]: "branch(T) if A >s X.";
    MoveReg "move_reg" RR [100] [100]: "D = A.";
    CountSetBits64 "count_set_bits_64" RR [102] [101]: "D = popcount of 64 bits.";
    Sbrk "sbrk" RR [101] []: "Grows the heap; this engine panics (see the interpreter). Not in JamV1.";
    CountSetBits32 "count_set_bits_32" RR [103] [102]: "D = popcount of low 32 bits (0..32).";
    LeadingZeroBits64 "leading_zero_bits_64" RR [104] [103]: "D = leading zeros (64 when zero).";
    LeadingZeroBits32 "leading_zero_bits_32" RR [105] [104]:
        "D = leading zeros of the low 32 bits (32 when they are zero).";
    TrailingZeroBits64 "trailing_zero_bits_64" RR [106] [105]: "D = trailing zeros (64 when zero).";
    TrailingZeroBits32 "trailing_zero_bits_32" RR [107] [106]:
        "D = trailing zeros of the low 32 bits (32 when they are zero).";
    SignExtend8 "sign_extend_8" RR [108] [107]: "D = sext8(A).";
    SignExtend16 "sign_extend_16" RR [109] [108]: "D = sext16(A).";
    ZeroExtend16 "zero_extend_16" RR [110] [109]: "D = A & 0xFFFF.";
    ReverseBytes "reverse_bytes" RR [111] [110]: "D = A with its 8 octets reversed.";
    StoreIndU8 "store_ind_u8" RRI [120] [120]: "Stores the low 8 bits of A at address B+X.";
    StoreIndU16 "store_ind_u16" RRI [121] [121]: "Stores the low 16 bits of A at address B+X.";
    StoreIndU32 "store_ind_u32" RRI [122] [122]: "Stores the low 32 bits of A at address B+X.";
    StoreIndU64 "store_ind_u64" RRI [123] [123]: "Stores the low 64 bits of A at address B+X.";
    LoadIndU8 "load_ind_u8" RRI [124] [124]: "A = 8-bit LE load from B+X, zero-extended to 64.";
    LoadIndI8 "load_ind_i8" RRI [125] [125]: "A = 8-bit LE load from B+X, sign-extended to 64.";
    LoadIndU16 "load_ind_u16" RRI [126] [126]: "A = 16-bit LE load from B+X, zero-extended to 64.";
    LoadIndI16 "load_ind_i16" RRI [127] [127]: "A = 16-bit LE load from B+X, sign-extended to 64.";
    LoadIndU32 "load_ind_u32" RRI [128] [128]: "A = 32-bit LE load from B+X, zero-extended to 64.";
    LoadIndI32 "load_ind_i32" RRI [129] [129]: "A = 32-bit LE load from B+X, sign-extended to 64.";
    LoadIndU64 "load_ind_u64" RRI [130] [130]: "A = 64-bit LE load from B+X.";
    AddImm32 "add_imm_32" RRI [131] [131]: "A = sext32(B+X).";
    AndImm "and_imm" RRI [132] [132]: "A = B & X.";
    XorImm "xor_imm" RRI [133] [133]: "A = B ^ X.";
    OrImm "or_imm" RRI [134] [134]: "A = B | X.";
    MulImm32 "mul_imm_32" RRI [135] [135]: "A = sext32(B*X).";
    SetLtUImm "set_lt_u_imm" RRI [136] [136]: "A = (B <u X) ? 1 : 0.";
    SetLtSImm "set_lt_s_imm" RRI [137] [137]: "A = (B <s X) ? 1 : 0.";
    ShloLImm32 "shlo_l_imm_32" RRI [138] [138]: "A = sext32(B << (X & 31)).";
    ShloRImm32 "shlo_r_imm_32" RRI [139] [139]: "A = sext32(lo32(B) >>u (X & 31)).";
    SharRImm32 "shar_r_imm_32" RRI [140] [140]: "A = s32(B) >>s (X & 31).";
    NegAddImm32 "neg_add_imm_32" RRI [141] [141]: "A = sext32(X - B).";
    SetGtUImm "set_gt_u_imm" RRI [142] [142]: "A = (B >u X) ? 1 : 0.";
    SetGtSImm "set_gt_s_imm" RRI [143] [143]: "A = (B >s X) ? 1 : 0.";
    ShloLImmAlt32 "shlo_l_imm_alt_32" RRI [144] [144]: "A = sext32(X << (B & 31)).";
    ShloRImmAlt32 "shlo_r_imm_alt_32" RRI [145] [145]: "A = sext32(lo32(X) >>u (B & 31)).";
    SharRImmAlt32 "shar_r_imm_alt_32" RRI [146] [146]: "A = s32(X) >>s (B & 31).";
    CmovIzImm "cmov_iz_imm" RRI [147] [147]: "If B == 0 then A = X, else unchanged.";
    CmovNzImm "cmov_nz_imm" RRI [148] [148]: "If B != 0 then A = X, else unchanged.";
    AddImm64 "add_imm_64" RRI [149] [149]: "A = B + X mod 2^64.";
    MulImm64 "mul_imm_64" RRI [150] [150]: "A = B * X mod 2^64.";
    ShloLImm64 "shlo_l_imm_64" RRI [151] [151]: "A = B << (X & 63).";
    ShloRImm64 "shlo_r_imm_64" RRI [152] [152]: "A = B >>u (X & 63).";
    SharRImm64 "shar_r_imm_64" RRI [153] [153]: "A = B >>s (X & 63).";
    NegAddImm64 "neg_add_imm_64" RRI [154] [154]: "A = X - B mod 2^64.";
    ShloLImmAlt64 "shlo_l_imm_alt_64" RRI [155] [155]: "A = X << (B & 63).";
    ShloRImmAlt64 "shlo_r_imm_alt_64" RRI [156] [156]: "A = X >>u (B & 63).";
    SharRImmAlt64 "shar_r_imm_alt_64" RRI [157] [157]: "A = X >>s (B & 63).";
    RotR64Imm "rot_r_64_imm" RRI [158] [158]: "A = ror64(B, X & 63).";
    RotR64ImmAlt "rot_r_64_imm_alt" RRI [159] [159]: "A = ror64(X, B & 63).";
    RotR32Imm "rot_r_32_imm" RRI [160] [160]: "A = sext32(ror32(lo32(B), X & 31)).";
    RotR32ImmAlt "rot_r_32_imm_alt" RRI [161] [161]: "A = sext32(ror32(lo32(X), B & 31)).";
    BranchEq "branch_eq" RRO [170] [170]: "branch(T) if A == B.";
    BranchNe "branch_ne" RRO [171] [171]: "branch(T) if A != B.";
    BranchLtU "branch_lt_u" RRO [172] [172]: "branch(T) if A <u B.";
    BranchLtS "branch_lt_s" RRO [173] [173]: "branch(T) if A <s B.";
    BranchGeU "branch_ge_u" RRO [174] [174]: "branch(T) if A >=u B.";
    BranchGeS "branch_ge_s" RRO [175] [175]: "branch(T) if A >=s B.";
    LoadImmJumpInd "load_imm_jump_ind" RRII [180] [180]:
        "T = (B+Y) mod 2^32 with the old B; A = X; djump(t). A is written even when the jump panics.";
    Add32 "add_32" RRR [190] [190]: "D = sext32(A+B).";
    Sub32 "sub_32" RRR [191] [191]: "D = sext32(A-B).";
    Mul32 "mul_32" RRR [192] [192]: "D = sext32(A*B).";
    DivU32 "div_u_32" RRR [193] [193]: "Low halves: b=0 gives D = 2^64-1; else D = sext32(lo(A) /u lo(B)).";
    DivS32 "div_s_32" RRR [194] [194]:
        "Low halves, signed: b=0 gives 2^64-1, -2^31/-1 gives -2^31, else toward zero; D = sext32.";
    RemU32 "rem_u_32" RRR [195] [195]: "Lo(B)=0 gives D = sext32(A); else D = sext32(lo(A) mod lo(B)).";
    RemS32 "rem_s_32" RRR [196] [196]:
        "Low halves, signed, the dividend's sign: b=0 gives a, -2^31 by -1 gives 0; D = sext32.";
    ShloL32 "shlo_l_32" RRR [197] [197]: "D = sext32(A << (B & 31)).";
    ShloR32 "shlo_r_32" RRR [198] [198]: "D = sext32(lo32(A) >>u (B & 31)).";
    SharR32 "shar_r_32" RRR [199] [199]: "D = s32(A) >>s (B & 31).";
    Add64 "add_64" RRR [200] [200]: "D = A+B.";
    Sub64 "sub_64" RRR [201] [201]: "D = A-B.";
    Mul64 "mul_64" RRR [202] [202]: "D = A*B (low 64).";
    DivU64 "div_u_64" RRR [203] [203]: "B=0 gives 2^64-1; else A /u B.";
    DivS64 "div_s_64" RRR [204] [204]:
        "B=0 gives 2^64-1; A=-2^63 and B=-1 gives D = A; else signed quotient toward zero.";
    RemU64 "rem_u_64" RRR [205] [205]: "B=0 gives A; else A mod B unsigned.";
    RemS64 "rem_s_64" RRR [206] [206]:
        "A=-2^63 and B=-1 gives 0; B=0 gives A; else remainder with the dividend's sign.";
    ShloL64 "shlo_l_64" RRR [207] [207]: "D = A << (B & 63).";
    ShloR64 "shlo_r_64" RRR [208] [208]: "D = A >>u (B & 63).";
    SharR64 "shar_r_64" RRR [209] [209]: "D = A >>s (B & 63).";
    And "and" RRR [210] [210]: "D = A & B.";
    Xor "xor" RRR [211] [211]: "D = A ^ B.";
    Or "or" RRR [212] [212]: "D = A | B.";
    MulUpperSS "mul_upper_s_s" RRR [213] [213]: "D = high 64 bits of the 128-bit product, both signed.";
    MulUpperUU "mul_upper_u_u" RRR [214] [214]: "D = high 64 bits of the product, both unsigned.";
    MulUpperSU "mul_upper_s_u" RRR [215] [215]: "D = high 64 bits of the product, A signed, B unsigned.";
    SetLtU "set_lt_u" RRR [216] [216]: "D = (A <u B) ? 1 : 0.";
    SetLtS "set_lt_s" RRR [217] [217]: "D = (A <s B) ? 1 : 0.";
    CmovIz "cmov_iz" RRR [218] [218]: "If B == 0 then D = A, else D unchanged.";
    CmovNz "cmov_nz" RRR [219] [219]: "If B != 0 then D = A, else D unchanged.";
    RotL64 "rot_l_64" RRR [220] [220]: "D = rol64(A, B & 63).";
    RotL32 "rot_l_32" RRR [221] [221]: "D = sext32(rol32(lo32(A), B & 31)).";
    RotR64 "rot_r_64" RRR [222] [222]: "D = ror64(A, B & 63).";
    RotR32 "rot_r_32" RRR [223] [223]: "D = sext32(ror32(lo32(A), B & 31)).";
    AndInv "and_inv" RRR [224] [224]: "D = A & ~B.";
    OrInv "or_inv" RRR [225] [225]: "D = A | ~B.";
    Xnor "xnor" RRR [226] [226]: "D = ~(A ^ B).";
    Max "max" RRR [227] [227]: "D = signed max.";
    MaxU "max_u" RRR [228] [228]: "D = unsigned max.";
    Min "min" RRR [229] [229]: "D = signed min.";
    MinU "min_u" RRR [230] [230]: "D = unsigned min.";
}

/// By opcode.
static IS_TERMINATOR: [bool; Opcode::ALL.len()] = {
    let mut is_terminator = [false; Opcode::ALL.len()];
    let mut index = 0;
    while index < is_terminator.len() {
        let opcode = Opcode::ALL[index];
        is_terminator[opcode as usize] =
            matches!(opcode, Opcode::Trap | Opcode::Fallthrough | Opcode::JumpInd)
                || matches!(opcode.format(), Format::O | Format::RIO | Format::RRO | Format::RRII);
        index += 1;
    }
    is_terminator
};

impl Opcode {
    /// Does it end a block? Only what follows a terminator is a branch target or starts a gas block.
    /// `ecalli`, `sbrk` and `unlikely` are not terminators.
    #[inline(always)]
    pub const fn is_terminator(self) -> bool {
        IS_TERMINATOR[self as usize]
    }
}
