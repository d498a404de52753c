//! Deploys a token built from Rust and uses it in real blocks, on every backend there is, comparing roots.

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use nub::{Event, Hash, InstanceId, Query, Status};
use nub_demo::backends::{Backends, Guest};
use nub_demo::chain;
use nub_demo::exit::CommandError;
use serde::Serialize;
use std::process::ExitCode;

/// Deploys a token and transfers it in blocks, on the local backend and in a micro-VM, and compares.
#[derive(Parser)]
#[command(name = "demo", bin_name = "cargo xtask demo")]
struct Options {
    /// Blocks of transfers, after the one that deploys.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(..=1_000_000))]
    blocks: u64,
    /// Transfers a block.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(..=100))]
    transfers: u64,
    /// Print one JSON object instead of a table.
    #[arg(long)]
    json: bool,
}

/// What the demo found.
#[derive(Serialize)]
struct Report {
    blocks: Vec<Row>,
    calls: u64,
    root: String,
    /// Accounts and their balances at the end.
    balances: Vec<(String, u128)>,
    /// Whether a micro-VM ran the same blocks with the same results.
    hyperlight: bool,
    /// Why it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    hyperlight_absent: Option<String>,
}

/// One block.
#[derive(Serialize)]
struct Row {
    height: u64,
    calls: u64,
    gas: u64,
    root: String,
    /// Whether the backends agree; absent where there is one only.
    equal: Option<bool>,
}

const SUPPLY: u128 = 1_000_000_000;
const QUERY_GAS: u64 = 1_000_000;

fn main() -> ExitCode {
    let options = Options::parse();
    match run(&options).and_then(|report| print(&options, &report)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("demo failed: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<Report, CommandError> {
    let progress = progress(options.blocks + 1);
    progress.set_message("booting");
    let mut demo = Demo::start()?;
    progress.set_message("deploying");
    let applied = demo.apply(vec![chain::deploy_token(SUPPLY)])?;
    let token = created_instance(&applied)?;
    progress.inc(1);
    progress.set_message("transferring");
    for block in 0..options.blocks {
        let first = block * options.transfers;
        demo.apply(
            (first..first + options.transfers).map(|number| chain::transfer(token, number)).collect(),
        )?;
        progress.inc(1);
    }
    progress.finish_and_clear();
    demo.report(token)
}

/// A chain in progress.
struct Demo {
    backends: Backends,
    root: Hash,
    rows: Vec<Row>,
}

impl Demo {
    fn start() -> Result<Self, CommandError> {
        let mut backends = Backends::start()?;
        let root = backends.genesis(&chain::genesis())?;
        Ok(Self { backends, root, rows: Vec::new() })
    }

    /// Applies the next block; gives the output of its last event.
    fn apply(&mut self, events: Vec<Event>) -> Result<Vec<u8>, CommandError> {
        let height = self.rows.len() as u64 + 1;
        let applied = self.backends.apply(&chain::block(self.root, height, events))?;
        self.root = applied.root;
        self.rows.push(Row {
            height,
            calls: applied.summary.receipts.len() as u64,
            gas: applied.summary.gas_used,
            root: applied.root.to_string(),
            equal: self.guest_runs().then_some(true),
        });
        Ok(applied.summary.receipts.into_iter().next_back().map(|receipt| receipt.output).unwrap_or_default())
    }

    fn report(mut self, token: InstanceId) -> Result<Report, CommandError> {
        let mut balances = Vec::new();
        for account in chain::accounts() {
            let query = Query {
                root: self.root,
                instance: token,
                endpoint: chain::token::BALANCE_OF,
                args: account.0.to_vec(),
                gas_limit: QUERY_GAS,
            };
            let receipt = self.backends.query(&query)?;
            let balance = receipt.output.as_slice().try_into().map(u128::from_le_bytes);
            match balance {
                Ok(balance) if receipt.status == Status::Success => {
                    balances.push((account.to_string(), balance))
                }
                _ => {
                    return Err(CommandError::Unexpected {
                        what: "a balance",
                        found: format!("{receipt:?}"),
                    });
                }
            }
        }
        let total: u128 = balances.iter().map(|(_, balance)| balance).sum();
        if total != SUPPLY {
            return Err(CommandError::Unexpected {
                what: "the sum of all balances",
                found: total.to_string(),
            });
        }
        let hyperlight_absent = match &self.backends.hyperlight {
            Guest::Running(_) => None,
            Guest::Absent { reason } => Some(reason.clone()),
        };
        Ok(Report {
            calls: self.rows.iter().map(|row| row.calls).sum(),
            blocks: self.rows,
            root: self.root.to_string(),
            balances,
            hyperlight: hyperlight_absent.is_none(),
            hyperlight_absent,
        })
    }

    fn guest_runs(&self) -> bool {
        matches!(self.backends.hyperlight, Guest::Running(_))
    }
}

/// The id that the deployer gave.
fn created_instance(output: &[u8]) -> Result<InstanceId, CommandError> {
    let unexpected =
        |_| CommandError::Unexpected { what: "the deployer's output", found: format!("{output:?}") };
    output.try_into().map(InstanceId).map_err(unexpected)
}

/// A bar on standard error, drawn on terminals only.
fn progress(steps: u64) -> ProgressBar {
    let bar = ProgressBar::new(steps);
    if let Ok(style) = ProgressStyle::with_template("{msg:12} [{bar:40}] {pos}/{len} blocks, {elapsed}") {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.enable_steady_tick(std::time::Duration::from_millis(200));
    bar
}

fn print(options: &Options, report: &Report) -> Result<(), CommandError> {
    if options.json {
        println!("{}", serde_json::to_string_pretty(report)?);
        return Ok(());
    }
    println!("{:>6}  {:>5}  {:>12}  {:66}  equal?", "block", "calls", "gas", "root");
    for row in &report.blocks {
        let equal = if row.equal.is_some() { "yes" } else { "local only" };
        println!("{:>6}  {:>5}  {:>12}  {:66}  {equal}", row.height, row.calls, row.gas, row.root);
    }
    println!();
    for (account, balance) in &report.balances {
        println!("account {}…  balance {balance}", &account[..10]);
    }
    println!();
    let (blocks, calls, root) = (report.blocks.len(), report.calls, &report.root);
    match &report.hyperlight_absent {
        None => println!("demo ok: {blocks} blocks, {calls} calls, root {root}, local = hyperlight"),
        Some(reason) => {
            println!("no micro-VM here: {reason}");
            println!("demo ok: {blocks} blocks, {calls} calls, root {root}, local only");
        }
    }
    Ok(())
}
