//! Engines taking turns.
//!
//! Criterion measures one function to its end before the next, so a slow minute of a shared machine falls on one
//! engine alone. Here every round runs every engine once, in an order that rotates, and what is compared lies
//! seconds apart at most. That is worth more than confidence intervals, so the loop is our own.

use crate::engine::{Engine, Kind};
use crate::stats::Samples;
use crate::workload::Workload;

/// What one engine did on one workload.
#[derive(Clone, Debug)]
pub struct Row {
    /// The engine.
    pub engine: &'static str,
    /// What it is.
    pub kind: Kind,
    /// From octets to something that can run.
    pub ready: Samples,
    /// A run, everything being warm.
    pub run: Samples,
    /// From octets to the first result.
    pub total: Samples,
    /// What a run cost in the engine's gas.
    pub gas: u64,
    /// Octets of machine code.
    pub code_len_bytes: Option<usize>,
    /// Why there is nothing.
    pub error: Option<String>,
}

/// What all engines did on one workload.
#[derive(Clone, Debug)]
pub struct Table {
    /// The workload.
    pub workload: &'static str,
    /// Octets of the program's code.
    pub code_len_bytes: u32,
    /// Its instructions.
    pub instruction_count: usize,
    /// By engine.
    pub rows: Vec<Row>,
}

/// Runs every engine on the workload, `rounds` times and once before that.
pub fn measure(workload: &Workload, engines: &mut [Box<dyn Engine>], rounds: usize) -> Table {
    let mut rows: Vec<Row> = engines.iter().map(|engine| Row::new(&**engine)).collect();
    for round in 0..=rounds {
        for turn in 0..engines.len() {
            let index = (turn + round) % engines.len();
            rows[index].turn(&mut *engines[index], workload, round > 0);
        }
    }
    Table {
        workload: workload.name,
        code_len_bytes: workload.program.code_len_bytes(),
        instruction_count: workload.program.instruction_starts().count(),
        rows,
    }
}

impl Table {
    /// What the engine of that name did.
    pub fn row(&self, engine: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.engine == engine && row.error.is_none())
    }
}

impl Row {
    fn new(engine: &dyn Engine) -> Row {
        Row {
            engine: engine.name(),
            kind: engine.kind(),
            ready: Samples::default(),
            run: Samples::default(),
            total: Samples::default(),
            gas: 0,
            code_len_bytes: None,
            error: None,
        }
    }

    fn turn(&mut self, engine: &mut dyn Engine, workload: &Workload, counts: bool) {
        if self.error.is_some() {
            return;
        }
        let turn = match engine.turn(workload) {
            Ok(turn) => turn,
            Err(error) => return self.error = Some(error.to_string()),
        };
        if turn.result != workload.want {
            return self.error =
                Some(format!("gives {:x?} where {:x?} is right", turn.result, workload.want));
        }
        (self.gas, self.code_len_bytes) = (turn.gas, turn.code_len_bytes);
        if counts {
            turn.run.into_iter().for_each(|time| self.run.push(time));
            if let Some(ready) = turn.ready {
                self.ready.push(ready);
                self.total.push(ready + turn.first);
            }
        }
    }
}
