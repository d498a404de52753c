//! PVM programs: parsing, validating and running whatever octets, under a meter.

use super::Session;
use crate::random::Random;
use javm_interpreter::{Code, Exit, Machine, Memory, Meter, Miss, run};
use javm_isa::{AccessKind, OpcodeTable, Program};
use nub_state::Image;

/// Gas of a run.
const GAS: u64 = 20_000;
/// Runs go on after so many host calls.
const HOST_CALLS: u32 = 64;

/// Programs to start from.
pub struct Programs(Vec<Vec<u8>>);

impl Programs {
    /// Those of sample contracts, shortened, and small ones.
    pub fn new() -> Self {
        let image = Image::from_bytes(include_bytes!("../../../contracts/token/token.image"));
        let image = image.expect("a sample's Image is valid");
        // No jump table, code of 8 octets, one bit a position.
        let small = |code: [u8; 8], starts: u8| [&[0, 0, 8][..], &code, &[starts]].concat();
        let programs = [
            image.program,
            small([0; 8], 0xff),
            small([40, 0, 0, 0, 0, 0, 0, 0], 1),
            small([51, 1, 7, 149, 0x11, 1, 10, 3], 0b0100_1001),
        ];
        Self(programs.to_vec())
    }
}

impl Session for Programs {
    fn input(&mut self, random: &mut Random) -> Vec<u8> {
        match random.below(4) {
            0 => random.mutated(&self.0),
            _ => {
                // Random code with a random bitmask, so that most of it runs.
                let code: Vec<u8> = (0..8 * (1 + random.below(16))).map(|_| random.number() as u8).collect();
                let mask: Vec<u8> = (0..code.len() / 8).map(|_| random.u64() as u8).collect();
                [&[0, 0], &compact(code.len())[..], &code, &mask].concat()
            }
        }
    }

    fn run(&mut self, input: &[u8]) {
        let Ok(program) = Program::parse(input) else { return };
        let _either_way = program.validate(OpcodeTable::JamV1);
        let code = Code::new(&program, OpcodeTable::JamV1);
        assert!(code.memory_len_bytes() <= 32 * input.len() + 1024, "memory is bounded by the input");
        let first = play(&code);
        assert_eq!(first, play(&code), "the same twice");
    }
}

/// The natural number's encoding in a container's header, below 2¹⁴.
fn compact(number: usize) -> Vec<u8> {
    match number {
        0..0x80 => vec![number as u8],
        _ => vec![0x80 | (number >> 8) as u8, number as u8],
    }
}

/// Runs it to the end; gives what is left.
fn play(code: &Code) -> ([u64; 13], u32, u64) {
    let mut memory = Window([0x55; WINDOW_BYTES]);
    let registers = core::array::from_fn(|n| [0x1_0000, 7, u64::MAX, 0x1_0ff8][n % 4]);
    let mut machine = Machine::new(registers, 0, Meter { gas_left: GAS, pages_left: 4 });
    for _ in 0..HOST_CALLS {
        match run(code, &mut machine, &mut memory) {
            Exit::HostCall(_) => machine.complete_host_call(code),
            _ => break,
        }
    }
    assert!(machine.meter.gas_left <= GAS);
    (machine.registers, machine.pc, machine.meter.gas_left)
}

const WINDOW_BYTES: usize = 4096;
const WINDOW_START: u32 = 0x1_0000;

/// One writable page at 64 KiB, and nothing else.
struct Window([u8; WINDOW_BYTES]);

impl Window {
    fn at(&mut self, address: u32, len_bytes: usize) -> Result<&mut [u8], Miss> {
        let start = address.checked_sub(WINDOW_START).ok_or(Miss)? as usize;
        self.0.get_mut(start..start + len_bytes).ok_or(Miss)
    }
}

macro_rules! access {
    ($($load:ident $store:ident $type:ty;)*) => {$(
        fn $load(&mut self, address: u32, _: &mut Meter) -> Result<$type, Miss> {
            let octets = self.at(address, size_of::<$type>())?;
            Ok(octets.iter().rev().fold(0, |value, octet| value.checked_shl(8).unwrap_or(0) | <$type>::from(*octet)))
        }

        fn $store(&mut self, address: u32, value: $type, _: &mut Meter) -> Result<(), Miss> {
            self.at(address, size_of::<$type>())?.copy_from_slice(&value.to_le_bytes());
            Ok(())
        }
    )*};
}

impl Memory for Window {
    access! {
        load_u8 store_u8 u8;
        load_u16 store_u16 u16;
        load_u32 store_u32 u32;
        load_u64 store_u64 u64;
    }

    fn is_mapped(&self, page: u32, _: AccessKind) -> bool {
        page == WINDOW_START / WINDOW_BYTES as u32
    }
}
