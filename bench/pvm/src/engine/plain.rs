//! The kernel as plain Rust.

use std::hint::black_box;
use std::time::Instant;

use super::{Engine, EngineError, Kind, Turn};
use crate::workload::Workload;

/// No engine at all.
pub struct Plain;

impl Engine for Plain {
    fn name(&self) -> &'static str {
        "plain Rust"
    }

    fn kind(&self) -> Kind {
        Kind::Plain
    }

    fn turn(&mut self, workload: &Workload) -> Result<Turn, EngineError> {
        let Some(kernel) = workload.plain else {
            return Err(EngineError::refused("nothing to compare"));
        };
        let run = || {
            let start = Instant::now();
            let result = black_box(kernel(black_box(workload.rounds)));
            (start.elapsed(), result)
        };
        let ((first, _), (time, result)) = (run(), run());
        Ok(Turn { ready: None, first, run: Some(time), result: Some(result), gas: 0, code_len_bytes: None })
    }
}
