//! A compiled program, and what entering and leaving it takes.

use alloc::vec::Vec;

use crate::context::{Context, ExitKind};
use crate::error::CorruptContext;
use crate::positions::{Position, Positions};
use crate::registers::RegisterMap;

/// Why a run ended, faults apart. The same as the interpreter's exits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// A dynamic jump went to the halting address.
    Halt,
    /// A trap or a bad jump.
    Panic,
    /// The gas left does not pay for the block at the pc. Nothing of it ran, the gas is unchanged.
    OutOfGas,
    /// An `ecalli` with this sign-extended immediate; the pc is the `ecalli`'s.
    HostCall(u64),
}

/// Machine code of one program, and the tables that go with it.
///
/// It takes 2 octets for each instruction, 8 for each second entry (two for three instructions at the most), one for
/// each four of the program's code, 4 for each entry of the jump table, and the code, whose bound is [`MAX_INSTRUCTION_LEN_BYTES`](crate::MAX_INSTRUCTION_LEN_BYTES) an instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompiledCode {
    pub(crate) code: Vec<u8>,
    pub(crate) jump_table: Vec<u32>,
    pub(crate) positions: Positions,
    /// Where the code of the instructions begins and ends; before it is the prologue, after it are second
    /// entries and rare paths.
    pub(crate) body: (u32, u32),
    pub(crate) register_map: RegisterMap,
}

impl CompiledCode {
    /// The machine code: position-independent, entered at its first octet, only ever read and executed.
    pub fn code(&self) -> &[u8] {
        &self.code
    }

    /// Takes the machine code out, for whoever has loaded it elsewhere: [`code`](Self::code) is empty then, all else
    /// goes on as before.
    pub fn take_code(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.code)
    }

    /// The jump table, never empty: positions in the code. Whoever loads the code writes them, each plus
    /// the code's address and as 8 octets, to where [`Context::jump_table`] points.
    pub fn jump_table(&self) -> &[u32] {
        &self.jump_table
    }

    /// Every instruction, in order.
    pub fn positions(&self) -> impl Iterator<Item = Position> {
        self.positions.iter()
    }

    /// Which part of the code the instructions take, as start and end: the rest never faults.
    pub fn body(&self) -> (u32, u32) {
        self.body
    }

    /// Where registers and gas are while it runs.
    pub fn register_map(&self) -> RegisterMap {
        self.register_map
    }

    /// How many octets of memory this takes, its own fields apart.
    pub fn memory_len_bytes(&self) -> usize {
        self.code.capacity()
            + self.jump_table.capacity() * size_of::<u32>()
            + self.positions.memory_len_bytes()
    }

    /// Readies `context` to run at `context.pc`: charges for the block unless `is_charged`, and sets
    /// `resume`. `code_address` is where the code lies.
    ///
    /// # Errors
    /// The exit, if nothing can run: out of gas, or a panic where no instruction is. As with the
    /// interpreter the panic is charged 1, and `is_charged` holds of every exit but out-of-gas.
    pub fn enter(&self, context: &mut Context, code_address: u64, is_charged: bool) -> Result<(), Exit> {
        let position = self.position(context.pc);
        if !is_charged {
            let cost = position.map_or(1, |position| position.cost);
            context.gas = context.gas.checked_sub(cost.into()).ok_or(Exit::OutOfGas)?;
        }
        let position = position.ok_or(Exit::Panic)?;
        context.resume = code_address.wrapping_add(position.offset.into());
        Ok(())
    }

    /// The exit through which code was left, the gas put right.
    ///
    /// # Errors
    /// [`CorruptContext`] if there is no such exit.
    pub fn leave(&self, context: &mut Context) -> Result<Exit, CorruptContext> {
        let exit_kind = context.exit_kind;
        Ok(match ExitKind::from_number(exit_kind).ok_or(CorruptContext { exit_kind })? {
            ExitKind::Halt => Exit::Halt,
            ExitKind::Panic => Exit::Panic,
            ExitKind::OutOfGas => {
                let cost = self.position(context.pc).map_or(1, |position| position.cost);
                context.gas = context.gas.wrapping_add(cost.into());
                Exit::OutOfGas
            }
            ExitKind::HostCall => Exit::HostCall(i64::from(context.host_call) as u64),
        })
    }

    /// The pc of the instruction whose code is at `offset`, a position in the machine code. `None` where
    /// no instruction's code is, and so none can fault.
    pub fn fault_pc(&self, offset: u32) -> Option<u32> {
        let (start, end) = self.body;
        if !(start..end).contains(&offset) {
            return None;
        }
        self.positions.pc_at_offset(offset)
    }

    /// Where execution goes on after the instruction at `pc`; `pc` itself if there is none.
    pub fn next_pc(&self, pc: u32) -> u32 {
        self.positions.pc_after(pc).unwrap_or(pc)
    }

    /// The instruction at `pc`.
    pub fn position(&self, pc: u32) -> Option<Position> {
        self.positions.at_pc(pc)
    }
}
