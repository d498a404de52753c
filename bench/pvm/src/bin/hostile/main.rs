//! `cargo xtask bench hostile`: what it costs to compile hostile programs, against their size.
//!
//! Twice the program must cost twice the time and memory. Time is this thread's own on the processor, the least of
//! several rounds; memory is the most that was allocated meanwhile. Only the compiler runs here, no program does.
//! The system's allocator keeps what it was given back, of any size: else lists of more than 32 MiB, and only these, would
//! be fetched anew from the system each time, whose page faults take as long as all else.
#![forbid(unsafe_code)]

#[path = "../../machine.rs"]
mod machine;
mod shapes;

use std::process::{Command, ExitCode};
use std::time::Duration;

use clap::Parser;
use javm_isa::{OpcodeTable, Program};
use javm_recompiler_x86::{CompileError, Features, compile};
use peak_alloc::PeakAlloc;
use rustix::time::{ClockId, clock_gettime};
use shapes::{ALL, Shape};

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// Octets of code: each twice the one before, all long enough for four octets of length in a blob.
const SIZES: [usize; 4] = [0x20_0000, 0x40_0000, 0x80_0000, 0x100_0000];
/// The most instructions that the compiler takes.
const INSTRUCTIONS_MAX: usize = 1 << 23;
/// How much more an octet of the largest program may cost than one of the smallest: what caches make of it.
const BEND_MAX: f64 = 1.5;
/// Has the GNU C library keep memory.
const TUNABLES: (&str, &str) =
    ("GLIBC_TUNABLES", "glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=8000000000");
/// Widest bar of the plot.
const BAR_LEN: f64 = 40.0;

/// Measures the compilation of hostile programs of several sizes, and fails if time or memory is not linear.
#[derive(Parser)]
#[command(name = "cargo xtask bench hostile")]
struct Arguments {
    /// Compilations of each program; the least time counts.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Two compilations of each, and of two sizes only.
    #[arg(long)]
    quick: bool,
    /// Prints a Markdown table.
    #[arg(long)]
    markdown: bool,
}

/// What one program cost.
struct Cost {
    code_len_bytes: usize,
    /// Parsing and validation.
    checks: Duration,
    compilation: Duration,
    native_len_bytes: usize,
    peak_len_bytes: usize,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if std::env::var_os(TUNABLES.0).is_none() {
        return again();
    }
    let mut is_linear = true;
    let shared = if machine::is_busy(machine::load()) { "; a busy, shared machine" } else { "" };
    println!("{}{shared}\n", machine::machine());
    if arguments.markdown {
        println!(
            "| program | MiB of code | check | compile | ns an octet | machine code | memory an octet |"
        );
        println!("|---|---|---|---|---|---|---|");
    }
    for shape in &ALL {
        match costs(shape, &arguments) {
            Ok(costs) if arguments.markdown => is_linear &= markdown(shape, &costs),
            Ok(costs) => is_linear &= plot(shape, &costs),
            Err(error) => {
                eprintln!("error: {}: {error}", shape.name);
                return ExitCode::FAILURE;
            }
        }
    }
    if is_linear { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs this program with memory kept.
fn again() -> ExitCode {
    let itself = std::env::current_exe();
    let run = itself
        .and_then(|path| Command::new(path).args(std::env::args_os().skip(1)).envs([TUNABLES]).status());
    match run {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: this program cannot be run again: {error}");
            ExitCode::FAILURE
        }
    }
}

fn costs(shape: &Shape, arguments: &Arguments) -> Result<Vec<Cost>, Box<dyn std::error::Error>> {
    let mut costs = vec![];
    let sizes = if arguments.quick { &[SIZES[0], SIZES[2]][..] } else { &SIZES };
    for &len_bytes in sizes {
        let blob = shape.blob(len_bytes);
        let program = Program::parse(&blob)?;
        if program.instruction_starts().count() <= INSTRUCTIONS_MAX {
            costs.push(cost(&blob, shape.features, if arguments.quick { 2 } else { arguments.rounds })?);
        } else if !matches!(
            compile(&program, OpcodeTable::JamV1, shape.features),
            Err(CompileError::TooManyInstructions { .. })
        ) {
            return Err("a program with more instructions than there may be was compiled".into());
        }
    }
    Ok(costs)
}

fn cost(blob: &[u8], features: Features, rounds: u32) -> Result<Cost, Box<dyn std::error::Error>> {
    let mut cost = Cost {
        code_len_bytes: 0,
        checks: Duration::MAX,
        compilation: Duration::MAX,
        native_len_bytes: 0,
        peak_len_bytes: 0,
    };
    for _ in 0..rounds {
        let start = processor_time();
        let program = Program::parse(blob)?;
        program.validate(OpcodeTable::JamV1)?;
        let checked = processor_time();
        let held_len_bytes = PeakAlloc.current_usage();
        PeakAlloc.reset_peak_usage();
        let compiled = compile(&program, OpcodeTable::JamV1, features)?;
        cost.compilation = cost.compilation.min(processor_time().saturating_sub(checked));
        cost.checks = cost.checks.min(checked.saturating_sub(start));
        cost.peak_len_bytes = PeakAlloc.peak_usage().saturating_sub(held_len_bytes);
        cost.native_len_bytes = compiled.code().len();
        cost.code_len_bytes = program.code().len();
    }
    Ok(cost)
}

/// What this thread has used of the processor.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

impl Cost {
    fn ns_per_octet(&self) -> f64 {
        (self.checks + self.compilation).as_nanos() as f64 / self.code_len_bytes as f64
    }

    fn memory_per_octet(&self) -> f64 {
        self.peak_len_bytes as f64 / self.code_len_bytes as f64
    }

    fn mib(&self) -> f64 {
        self.code_len_bytes as f64 / f64::from(1 << 20)
    }
}

/// How much more an octet of the last costs than one of the first, in time and memory.
fn bends(costs: &[Cost]) -> Option<[f64; 2]> {
    let (first, last) = (costs.first()?, costs.last()?);
    Some([Cost::ns_per_octet, Cost::memory_per_octet].map(|of| of(last) / of(first)))
}

fn is_straight(costs: &[Cost]) -> bool {
    bends(costs).is_some_and(|bends| bends.iter().all(|bend| *bend <= BEND_MAX))
}

/// A table with bars by time and memory, so that a bend is seen.
fn plot(shape: &Shape, costs: &[Cost]) -> bool {
    println!("{}", shape.name);
    let most = |of: fn(&Cost) -> f64| costs.iter().map(of).fold(0.0, f64::max);
    let time: fn(&Cost) -> f64 = |cost| (cost.checks + cost.compilation).as_secs_f64();
    let memory: fn(&Cost) -> f64 = |cost| cost.peak_len_bytes as f64;
    let (longest, largest) = (most(time), most(memory));
    for cost in costs {
        let bar = |mark: &str, share: f64| mark.repeat((share * BAR_LEN) as usize);
        println!(
            "  {:>5.1} MiB  time   {:>8.1} ms {:>5.1} ns/octet  {}",
            cost.mib(),
            time(cost) * 1e3,
            cost.ns_per_octet(),
            bar("#", time(cost) / longest)
        );
        println!(
            "             memory {:>7.1} MiB {:>5.1} octets/octet {}",
            memory(cost) / f64::from(1 << 20),
            cost.memory_per_octet(),
            bar("=", memory(cost) / largest)
        );
    }
    if let Some([time, memory]) = bends(costs) {
        let verdict = if is_straight(costs) { "linear" } else { "NOT LINEAR" };
        println!("  an octet of the largest costs {time:.2}× the time, {memory:.2}× the memory: {verdict}\n");
    }
    is_straight(costs)
}

fn markdown(shape: &Shape, costs: &[Cost]) -> bool {
    for cost in costs {
        println!(
            "| {} | {:.1} | {:.0} ms | {:.0} ms | {:.1} | {:.1}× | {:.1} B |",
            shape.name,
            cost.mib(),
            cost.checks.as_secs_f64() * 1e3,
            cost.compilation.as_secs_f64() * 1e3,
            cost.ns_per_octet(),
            cost.native_len_bytes as f64 / cost.code_len_bytes as f64,
            cost.memory_per_octet()
        );
    }
    is_straight(costs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_is_a_valid_program_of_its_size() {
        for shape in &ALL {
            let program = Program::parse(&shape.blob(SIZES[0])).unwrap();
            program.validate(OpcodeTable::JamV1).unwrap();
            assert!(program.code().len() - SIZES[0] < 4, "{}", shape.name);
        }
    }

    #[test]
    fn a_bend_is_seen() {
        let cost = |code_len_bytes: usize, ms| Cost {
            code_len_bytes,
            checks: Duration::ZERO,
            compilation: Duration::from_millis(ms),
            native_len_bytes: 0,
            peak_len_bytes: code_len_bytes,
        };
        assert!(is_straight(&[cost(1000, 10), cost(2000, 21)]));
        assert!(!is_straight(&[cost(1000, 10), cost(2000, 40)]));
    }
}
