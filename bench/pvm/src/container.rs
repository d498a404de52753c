//! Programs taken apart and put together again, for peers that want them otherwise.

use javm_isa::Program;

/// A program's parts.
pub struct Parts {
    /// Instructions.
    pub code: Vec<u8>,
    /// Does an instruction start there? One for each octet of code.
    pub starts: Vec<bool>,
    /// Where dynamic jumps lead.
    pub jumps: Vec<u32>,
}

impl Parts {
    /// Takes a program apart.
    pub fn of(program: &Program) -> Parts {
        let starts = (0..program.code_len_bytes()).map(|position| program.is_instruction_start(position));
        let jumps = (0..program.jump_table_entry_count()).map(|index| {
            program.jump_table_entry(index).and_then(|target| target.try_into().ok()).unwrap_or(u32::MAX)
        });
        Parts { code: program.code().to_vec(), starts: starts.collect(), jumps: jumps.collect() }
    }

    /// Puts it together: counts, jump table, code, bitmask.
    pub fn blob(&self) -> Vec<u8> {
        let mut blob = natural(self.jumps.len());
        blob.push(4);
        blob.extend(natural(self.code.len()));
        blob.extend(self.jumps.iter().flat_map(|target| target.to_le_bytes()));
        blob.extend(&self.code);
        let eight =
            |starts: &[bool]| starts.iter().rev().fold(0, |octet, &start| octet << 1 | u8::from(start));
        blob.extend(self.starts.chunks(8).map(eight));
        blob
    }
}

/// The container's natural numbers, below 2²⁸.
///
/// # Panics
/// If the number is not below 2²⁸; no program here is that long.
fn natural(number: usize) -> Vec<u8> {
    let [low, second, third, high] = (number as u32).to_le_bytes();
    match number {
        0..0x80 => vec![low],
        0x80..0x4000 => vec![0x80 | second, low],
        0x4000..0x20_0000 => vec![0xC0 | third, low, second],
        0x20_0000..0x1000_0000 => vec![0xE0 | high, low, second, third],
        _ => panic!("{number} octets are no program of ours"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_survives_being_taken_apart() {
        let program = native_harness_for_tests::generator::large(3, 20_000);
        let again = Program::parse(&Parts::of(&program).blob()).unwrap();
        assert_eq!(program.code(), again.code());
        assert!(
            (0..program.code_len_bytes())
                .all(|at| program.is_instruction_start(at) == again.is_instruction_start(at))
        );
    }
}
