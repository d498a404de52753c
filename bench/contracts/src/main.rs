//! `cargo xtask bench contracts`: token transfers, on each backend and engine, and an ERC-20's on revm.
//!
//! Every side has the same accounts in a ring, each with a balance, and each paying the next once a block. Rounds take
//! turns; a side's figures are the median of its rounds, and the best of them. What a block takes on Nub is everything from its octets to its
//! state root: decoding, execution, receipts, hashing. revm executes transactions that are decoded and whose state is
//! in plain maps, and computes no root. Neither side checks signatures.

mod engines;
mod erc20;
mod peer;
mod table;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

/// Measures token transfers a second, and gas and bytes of each.
#[derive(Parser)]
#[command(name = "cargo xtask bench contracts")]
struct Arguments {
    /// Transfers in a block.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(2..=2_000))]
    transfers: u32,
    /// Blocks on each side.
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Leaves out sides whose names do not contain this.
    #[arg(long, default_value = "")]
    only: String,
    /// Says beside the figures what a block of each micro-VM took of what costs much there.
    #[arg(long)]
    counters: bool,
    /// Prints figures for machines.
    #[arg(long, conflicts_with = "markdown")]
    json: bool,
    /// Prints a Markdown table.
    #[arg(long)]
    markdown: bool,
}

/// Something that executes blocks of transfers.
trait Side {
    /// What it is called.
    fn name(&self) -> &str;
    /// Executes the block on the state as it was at first.
    fn round(&mut self) -> Result<Round, Failure>;
    /// What it counts of what costs much, if it counts anything: names, and counts since it was made.
    fn counters(&mut self) -> Vec<(&'static str, u64)> {
        Vec::new()
    }
}

/// What a block took.
struct Round {
    time: Duration,
    /// Gas of all transfers, by this side's own measure.
    gas: u64,
    /// Octets of a transfer as it arrives.
    input_bytes: u64,
    /// Octets of its receipt, if it has one that is encoded.
    receipt_bytes: Option<u64>,
}

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match measure(&arguments) {
        Ok(rows) if arguments.json => match serde_json::to_string_pretty(&rows) {
            Ok(text) => {
                println!("{text}");
                ExitCode::SUCCESS
            }
            Err(error) => fail(&error),
        },
        Ok(rows) => {
            let print = if arguments.markdown { table::markdown } else { table::print };
            print(&rows, arguments.transfers, arguments.rounds);
            ExitCode::SUCCESS
        }
        Err(error) => fail(error.as_ref()),
    }
}

fn fail(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("error: {error}");
    ExitCode::FAILURE
}

fn measure(arguments: &Arguments) -> Result<Vec<table::Row>, Failure> {
    let (mut sides, skipped) = engines::all(arguments.transfers)?;
    if let Some(skipped) = skipped {
        // Beside the figures, which may be for machines.
        eprintln!("{skipped}");
    }
    sides.push(Box::new(peer::Revm::new(arguments.transfers)));
    sides.retain(|side| side.name().contains(&arguments.only));
    let mut rows: Vec<table::Row> = sides.iter().map(|side| table::Row::of(side.name())).collect();
    // One round that does not count: caches fill, code is compiled.
    for side in &mut sides {
        side.round()?;
    }
    for _ in 0..arguments.rounds {
        for (side, row) in sides.iter_mut().zip(&mut rows) {
            row.push(&side.round()?, arguments.transfers);
        }
    }
    if arguments.counters {
        sides.iter_mut().try_for_each(|side| print_counters(side.as_mut()))?;
    }
    Ok(rows)
}

/// Beside the figures: what one more block takes.
fn print_counters(side: &mut dyn Side) -> Result<(), Failure> {
    let before = side.counters();
    side.round()?;
    for ((name, after), (_, before)) in side.counters().into_iter().zip(before) {
        eprintln!("{}: {} {name} in a block", side.name(), after - before);
    }
    Ok(())
}
