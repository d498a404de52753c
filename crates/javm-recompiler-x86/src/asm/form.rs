//! Encodings with blanks: the registers and the number that an instruction is about are filled in by arithmetic alone.
//! What depends on them is many encodings, which a processor does not foresee.

use super::encoding::{Op, is_short};
use super::fields::{COPY_LEN_BYTES, Pair, Pairs, Roles};
use super::{Access, Alu, Asm, Shift, Width};

/// An instruction on two registers, and on a number that is a displacement or an immediate.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// All up to the SIB, but for what comes from the registers: by the number, if it is left out, an octet, or four. 0 if
    /// there is no such encoding.
    octets: [u64; 3],
    /// What is used of the number.
    mask: i32,
    /// Where in `octets` the fields of registers begin.
    fields_at: u8,
    /// Without SIB and number.
    len_bytes: u8,
    /// The length of the `mov` before it, if there is one.
    copy_len_bytes: u8,
    roles: Roles,
}

impl Form {
    /// Nothing at all.
    pub const NOTHING: Form = Form { len_bytes: 0, ..Form::mov() };

    const fn new(op: Op, roles: Roles, octets: [u64; 3]) -> Form {
        Form {
            octets,
            mask: -1,
            fields_at: op.rex_at,
            len_bytes: op.modrm_at / 8 + 1,
            copy_len_bytes: 0,
            roles,
        }
    }

    /// On the first register and the memory at the second.
    const fn memory(op: Op) -> Form {
        let none = op.octets | 0x2400 << op.modrm_at;
        let roles = if op.modrm_at - op.rex_at == 16 { Roles::Memory } else { Roles::MemoryOfTwo };
        Form::new(op, roles, [none, none | 0x40 << op.modrm_at, none | 0x80 << op.modrm_at])
    }

    /// A load to the first register from the window at the second, or a store of it.
    pub const fn access(access: Access) -> Form {
        Form::memory(access.op().in_window())
    }

    /// `lea first, [second + x]`; not of 0.
    pub const fn lea(width: Width) -> Form {
        let form = Form::memory(Op::one(0x8D).of_width(width));
        let [_, short, long] = form.octets;
        Form { octets: [0, short, long], roles: Roles::Displaced, ..form }
    }

    /// `op first, x`; not of 0.
    pub const fn alu_imm(op: Alu, width: Width) -> Form {
        let (short, long) = (Op::one(0x83).of_width(width), Op::one(0x81).of_width(width));
        let extension = op as u8;
        Form::new(short, Roles::First, [0, short.extended(extension), long.extended(extension)])
    }

    /// `op first, x` modulo the width; not of 0.
    pub const fn shift_imm(shift: Shift, width: Width) -> Form {
        let op = Op::one(0xC1).of_width(width);
        Form { mask: count_mask(width), ..Form::new(op, Roles::First, [0, op.extended(shift as u8), 0]) }
    }

    /// `rorx first, second, x` modulo the width; not of 0.
    pub const fn rorx(width: Width) -> Form {
        let third = 0x7B | (matches!(width, Width::W64) as u64) << 7;
        let op = Op { octets: 0xC4 | 0xE3 << 8 | third << 16 | 0xF0 << 24, rex_at: 8, modrm_at: 32 };
        Form { mask: count_mask(width), ..Form::new(op, Roles::Vex, [0, op.extended(0), 0]) }
    }

    /// `mov first, second`
    pub const fn mov() -> Form {
        let op = Op::one(0x89).of_width(Width::W64);
        Form { mask: 0, ..Form::new(op, Roles::SecondFirst, [op.extended(0), 0, 0]) }
    }

    /// Behind `mov first, second`.
    pub const fn after_copy(self) -> Form {
        Form { copy_len_bytes: COPY_LEN_BYTES, ..self }
    }
}

/// An instruction on a destination and two sources, one of which is in the destination before.
#[derive(Clone, Copy, Debug)]
pub struct FormOfThree {
    /// All up to ModRM, but for what comes from the registers: by whether the destination is the first source, and the
    /// second. 0 if it is done otherwise.
    octets: [u64; 4],
}

impl FormOfThree {
    /// Whose sources may change places.
    pub const fn commutative(op: Alu) -> FormOfThree {
        let octets = Op::one((op as u8) << 3 | 1).of_width(Width::W64).extended(0);
        FormOfThree { octets: [octets; 4] }
    }

    /// Not if the destination is neither source.
    pub const fn in_place(self) -> FormOfThree {
        let [_, first, second, both] = self.octets;
        FormOfThree { octets: [0, first, second, both] }
    }

    /// Not if the destination is the second source and not the first.
    pub const fn ordered(self) -> FormOfThree {
        let [none, first, _, both] = self.octets;
        FormOfThree { octets: [none, first, 0, both] }
    }
}

impl Op {
    /// On registers, with an opcode extension.
    const fn extended(self, extension: u8) -> u64 {
        self.octets | (0xC0 | (extension as u64) << 3) << self.modrm_at
    }
}

const fn count_mask(width: Width) -> i32 {
    match width {
        Width::W32 => 31,
        Width::W64 => 63,
    }
}

impl Asm {
    /// The form with these registers and this number. Says whether there is one: if not, nothing is appended.
    #[inline(always)]
    pub fn form(&mut self, form: &Form, pair: &Pair, x: i32) -> bool {
        let fields = pair.fields(form.roles);
        let x = x & form.mask;
        let is_there = u32::from(x != 0) | fields.needs_displacement();
        let size = is_there + (is_there & u32::from(!is_short(x)));
        let octets = form.octets[size as usize];
        if octets == 0 {
            return false;
        }
        let head = octets ^ u64::from(fields.bits()) << form.fields_at;
        let head_len = u32::from(form.len_bytes) + fields.needs_sib();
        // No octets, one, or four.
        let tail = (x as u32, size * size);
        self.put_three((pair.copy, form.copy_len_bytes.into()), (head, head_len), tail);
        true
    }

    /// The same with a destination and two sources, each below 16.
    #[inline(always)]
    pub fn form_of_three(&mut self, form: &FormOfThree, pairs: &Pairs, [d, a, b]: [u8; 3]) -> bool {
        let (is_a, is_b) = (d == a, d == b);
        let octets = form.octets[usize::from(u8::from(is_a) | u8::from(is_b) << 1)];
        if octets == 0 {
            return false;
        }
        let (first, second) = if is_b { (b, a) } else { (a, b) };
        let copy_len = if is_a | is_b { 0 } else { u32::from(COPY_LEN_BYTES) };
        let copy = pairs[usize::from(first << 4 | d)].copy;
        let fields = pairs[usize::from(second << 4 | d)].fields(Roles::SecondFirst);
        self.put_three((copy, copy_len), (octets ^ u64::from(fields.bits()), 3), (0, 0));
        true
    }
}
