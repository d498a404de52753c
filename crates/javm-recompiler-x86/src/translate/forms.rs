//! The commonest instructions, and in which forms they are encoded: a line each. Those of two registers and an immediate go
//! one way, and those of three another: which way an instruction goes a processor foresees well enough, which of them it
//! is it does not.

use javm_isa::{OpcodeTable, Step};

use super::Translator;
use super::recipe::{Recipe, recipe};
use crate::asm::Width::W64;
use crate::asm::{Alu, Form, FormOfThree, Shift};

/// How an octet where an instruction may start is encoded.
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
pub(super) enum Formed {
    /// By its recipe.
    Not,
    /// With two registers that differ, and with the same.
    OfTwo([Form; 2]),
    OfThree(FormOfThree),
}

/// What does not fit its form, a sum with 0 for example, is done by its recipe too.
const fn formed(recipe: Recipe, has_bmi2: bool) -> Formed {
    match recipe {
        Recipe::AccessInd(access) => Formed::OfTwo([Form::access(access); 2]),
        Recipe::AddImm(W64) => Formed::OfTwo([Form::lea(W64), Form::alu_imm(Alu::Add, W64)]),
        Recipe::MoveReg => Formed::OfTwo([Form::mov(), Form::NOTHING]),
        Recipe::ShiftImm(Shift::Ror, W64) if has_bmi2 => {
            Formed::OfTwo([Form::rorx(W64), Form::shift_imm(Shift::Ror, W64)])
        }
        Recipe::ShiftImm(shift, W64) => {
            Formed::OfTwo([Form::shift_imm(shift, W64).after_copy(), Form::shift_imm(shift, W64)])
        }
        Recipe::Add64 => Formed::OfThree(FormOfThree::commutative(Alu::Add).in_place()),
        Recipe::Sub(W64) => Formed::OfThree(FormOfThree::commutative(Alu::Sub).ordered()),
        Recipe::Logic(op) => Formed::OfThree(FormOfThree::commutative(op)),
        _ => Formed::Not,
    }
}

/// Of all octets.
pub(super) type Forms = [Formed; 256];

pub(super) const fn forms(has_bmi2: bool) -> &'static Forms {
    if has_bmi2 { &BMI2 } else { &BASELINE }
}

static BASELINE: Forms = by_octet(false);
static BMI2: Forms = by_octet(true);

/// Of octets that mean the same in both tables.
const fn by_octet(has_bmi2: bool) -> Forms {
    let mut forms = [Formed::Not; 256];
    let mut octet = 0;
    while octet < forms.len() {
        if let (Some(one), Some(other)) =
            (OpcodeTable::Gp07.opcode(octet as u8), OpcodeTable::JamV1.opcode(octet as u8))
            && one as u8 == other as u8
        {
            forms[octet] = formed(recipe(one), has_bmi2);
        }
        octet += 1;
    }
    forms
}

impl Translator<'_> {
    /// Translates a step if it has a form.
    #[inline(always)]
    pub(super) fn form(&mut self, step: &Step<'_>) -> bool {
        let octets = step.octets();
        match &self.forms[usize::from(octets[0])] {
            Formed::Not => false,
            Formed::OfTwo([different, same]) => {
                let pair = self.registers.pair(octets[1]);
                let form = if pair.is_same { same } else { different };
                self.asm.form(form, pair, step.immediate())
            }
            Formed::OfThree(form) => {
                // Above the last register all mean the last.
                let registers = [step.third(), step.low(), step.high()].map(|field| field.min(12));
                self.sum_with_carry(step) || self.asm.form_of_three(form, &self.registers.pairs, registers)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::{vec, vec::Vec};

    use javm_isa::Program;

    use super::*;
    use crate::features::Features;

    /// Each formed octet with all registers, and immediates of all lengths. Instructions are as long as can be.
    fn all_registers_and_immediates() -> Program {
        let immediates: [&[u8]; 12] = [
            &[],
            &[0],
            &[1],
            &[0x7F],
            &[0x80],
            &[31],
            &[32],
            &[63],
            &[64],
            &[0x80, 0],
            &[0, 0, 0x80],
            &[1, 2, 3, 0x84],
        ];
        let (mut code, mut bitmask) = (Vec::new(), vec![0; 1 << 20]);
        let mut put = |instruction: &[&[u8]]| {
            bitmask[code.len() / 8] |= 1 << (code.len() % 8);
            instruction.iter().for_each(|octets| code.extend(*octets));
        };
        for (octet, formed) in (0..=255).zip(forms(true)) {
            for registers in 0..=255 {
                match formed {
                    Formed::Not => {}
                    Formed::OfTwo(_) => immediates.iter().for_each(|x| put(&[&[octet, registers], x])),
                    Formed::OfThree(_) => (0..20).chain([255]).for_each(|d| put(&[&[octet, registers, d]])),
                }
            }
        }
        let len = code.len();
        let header = [0, 0, 0xC0 | (len >> 16) as u8, len as u8, (len >> 8) as u8];
        bitmask.truncate(len.div_ceil(8));
        Program::parse(&[&header[..], &code, &bitmask].concat()).expect("a blob")
    }

    #[test]
    fn forms_give_what_recipes_give() {
        let program = all_registers_and_immediates();
        for (bmi2, free_rsp) in [(false, false), (false, true), (true, false), (true, true)] {
            let features = Features { bmi2, free_rsp, ..Features::BASELINE };
            let mut translator = Translator::new(&program, OpcodeTable::JamV1, features, (0, Vec::new()));
            translator.asm.reserve(64);
            let start = translator.position();
            let mut formed_counts = [0; 256];
            for step in program.steps(OpcodeTable::JamV1) {
                let is_formed = translator.form(&step);
                let formed = translator.asm.since(start).to_vec();
                translator.asm.rewind(start);
                translator.by_recipe(&step);
                if is_formed {
                    let octets = &step.octets()[..1 + step.skip as usize];
                    assert_eq!(formed, translator.asm.since(start), "{octets:?} {features:?}");
                    formed_counts[usize::from(octets[0])] += 1;
                } else {
                    assert_eq!(formed, []);
                }
                translator.asm.rewind(start);
            }
            for (formed, count) in forms(bmi2).iter().zip(formed_counts) {
                assert!(matches!(formed, Formed::Not) || count > 256, "{formed:?} is hardly ever used");
            }
        }
    }
}
