//! Many blocks on one micro-VM: does its memory stay as it was?

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use nub::hyperlight::{GuestConfig, is_required, unavailable};
use nub_demo::exit::CommandError;
use nub_demo::soak::{Plan, Sample, is_flat, run};
use std::process::ExitCode;

/// Commits many blocks in one micro-VM, and fails if its memory is not flat after the first third.
#[derive(Parser)]
#[command(name = "soak", bin_name = "cargo xtask soak")]
struct Options {
    /// Blocks to commit.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(30..=1_000_000_000))]
    blocks: u64,
    /// Transfers a block.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(..=100))]
    transfers: u64,
    /// Memory of the guest's kernel, in MiB.
    #[arg(long, default_value_t = 128, value_parser = clap::value_parser!(u64).range(16..=15360))]
    arena_mib: u64,
    /// Print samples as one JSON array.
    #[arg(long)]
    json: bool,
}

/// Lines in the table.
const SAMPLES: u64 = 30;

fn main() -> ExitCode {
    let options = Options::parse();
    if let Some(missing) = unavailable() {
        if is_required(&missing) {
            eprintln!("soak failed: {}", CommandError::NoGuest(missing.to_string()));
            return ExitCode::FAILURE;
        }
        println!("SKIPPED: {missing}");
        return ExitCode::SUCCESS;
    }
    match soak(&options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("soak failed: memory is not flat after warm-up");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("soak failed: {error}");
            ExitCode::FAILURE
        }
    }
}

fn soak(options: &Options) -> Result<bool, CommandError> {
    let sample_every = (options.blocks / SAMPLES).max(1);
    let guest = GuestConfig { arena_bytes: options.arena_mib << 20, ..GuestConfig::default() };
    let plan = Plan { blocks: options.blocks, transfers: options.transfers, sample_every, guest };
    let bar = ProgressBar::new(options.blocks);
    if let Ok(style) = ProgressStyle::with_template("[{bar:40}] {pos}/{len} blocks, {elapsed}, {eta} left") {
        bar.set_style(style.progress_chars("=> "));
    }
    if !options.json {
        println!(
            "{:>10}  {:>11}  {:>10}  {:>9}  {:>7}  {:>12}",
            "blocks", "frames free", "used KiB", "cached", "pending", "exits/block"
        );
    }
    let mut previous: Option<Sample> = None;
    let samples = run(&plan, |sample| {
        if !options.json {
            bar.suspend(|| print_line(sample, previous.as_ref()));
        }
        bar.set_position(sample.blocks);
        previous = Some(sample.clone());
    })?;
    bar.finish_and_clear();
    if options.json {
        println!("{}", serde_json::to_string_pretty(&samples)?);
    } else if is_flat(&samples) {
        println!("soak ok: {} blocks, memory is flat", options.blocks);
    }
    Ok(is_flat(&samples))
}

fn print_line(sample: &Sample, previous: Option<&Sample>) {
    let (blocks, exits) = previous.map_or((0, 0), |previous| (previous.blocks, previous.vm_exits));
    let exits_per_block = (sample.vm_exits - exits) as f64 / (sample.blocks - blocks).max(1) as f64;
    println!(
        "{:>10}  {:>11}  {:>10}  {:>9}  {:>7}  {:>12.1}",
        sample.blocks,
        sample.frames_free,
        sample.used_bytes >> 10,
        sample.cached_bytes,
        sample.pending_objects,
        exits_per_block
    );
}
