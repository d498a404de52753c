//! What is printed.

use serde::Serialize;

use crate::Round;

/// The figures of a side.
#[derive(Serialize)]
pub struct Row {
    name: String,
    /// Of each round.
    transfers_per_second: Vec<f64>,
    gas_per_transfer: f64,
    input_bytes_per_transfer: u64,
    receipt_bytes_per_transfer: Option<u64>,
}

impl Row {
    /// Of a side of that name, without rounds.
    pub fn of(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            transfers_per_second: Vec::new(),
            gas_per_transfer: 0.0,
            input_bytes_per_transfer: 0,
            receipt_bytes_per_transfer: None,
        }
    }

    /// Adds a round of so many transfers.
    pub fn push(&mut self, round: &Round, transfers: u32) {
        self.transfers_per_second.push(f64::from(transfers) / round.time.as_secs_f64());
        self.gas_per_transfer = round.gas as f64 / f64::from(transfers);
        self.input_bytes_per_transfer = round.input_bytes;
        self.receipt_bytes_per_transfer = round.receipt_bytes;
    }

    fn median(&self) -> f64 {
        let mut sorted = self.transfers_per_second.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
    }
}

/// What the figures mean.
const NOTE: &str = "Nub: from a block's octets to its state root. revm: execution alone, no root, its state in plain maps. \
     Gas of different machines is not the same thing. No side checks signatures.";

impl Row {
    fn best(&self) -> f64 {
        self.transfers_per_second.iter().copied().fold(0.0, f64::max)
    }

    fn receipt(&self) -> String {
        self.receipt_bytes_per_transfer.map_or("–".to_owned(), |bytes| bytes.to_string())
    }
}

/// Prints the rows as a Markdown table.
pub fn markdown(rows: &[Row], transfers: u32, rounds: u32) {
    println!(
        "| {transfers} transfers a block, {rounds} blocks | transfers/s, median | best | gas | bytes in | receipt |"
    );
    println!("|---|---|---|---|---|---|");
    for row in rows {
        let Row { name, gas_per_transfer, input_bytes_per_transfer, .. } = row;
        let (median, best, receipt) = (row.median(), row.best(), row.receipt());
        println!(
            "| {name} | {median:.0} | {best:.0} | {gas_per_transfer:.0} | {input_bytes_per_transfer} | {receipt} |"
        );
    }
    println!("\n{NOTE}");
}

/// Prints the rows.
pub fn print(rows: &[Row], transfers: u32, rounds: u32) {
    println!("{transfers} transfers a block, {rounds} blocks by turns: median and best\n");
    println!(
        "{:<28} {:>12} {:>12} {:>12} {:>14} {:>12} {:>12}",
        "", "transfers/s", "best", "us/transfer", "gas/transfer", "bytes in", "receipt"
    );
    for row in rows {
        println!(
            "{:<28} {:>12.0} {:>12.0} {:>12.2} {:>14.0} {:>12} {:>12}",
            row.name,
            row.median(),
            row.best(),
            1e6 / row.median(),
            row.gas_per_transfer,
            row.input_bytes_per_transfer,
            row.receipt()
        );
    }
    println!("\n{NOTE}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_row_has_the_median() {
        let mut row = Row::of("x");
        for millis in [1, 100, 10] {
            let time = Duration::from_millis(millis);
            row.push(&Round { time, gas: 5, input_bytes: 6, receipt_bytes: None }, 10);
        }
        assert!((row.median() - 1_000.0).abs() < 1e-6);
    }
}
