//! The store driven in the micro-VM through the five host calls, beside the same steps in this process.
//!
//! Each has a file, and commits the same objects by turns; in the end both files must be the same to the octet. A step
//! in the guest takes a call of it: what a call takes that does nothing is subtracted, and what reads take besides
//! reading is subtracted on both sides.

#[path = "../../../guest/src/store_run.rs"]
mod store_run;

use crate::table::{Aim, Table};
use nub::hyperlight::probe::{Probe, ProbeReply, StoreStep};
use nub::hyperlight::{GuestConfig, Sandbox, unavailable_reason};
use nub::{SharedDevice, Storage, StoreConfig, open_file};
use nub_store_file::{Caching, FileDevice, device_for_store};
use std::path::Path;
use std::time::{Duration, Instant};
use store_run::StoreRun;

/// Objects a commit.
const BATCH: u32 = 1000;
/// Objects that one `get_many` asks for.
const TOGETHER: u32 = 64;
/// How often the same objects are got, by turns; the shortest time counts.
const GET_ROUNDS: usize = 8;
/// Calls that do nothing, of which the shortest counts.
const IDLE_CALLS: usize = 20;
const CHAIN_ID: u64 = 1;

/// The store in this process, or in the guest.
enum Side {
    Here(Box<StoreRun<FileDevice>>),
    Guest(Box<Sandbox>),
}

/// How long a step took, and how often the guest went out to the host for it.
#[derive(Clone, Copy)]
struct Cost {
    time: Duration,
    exits: u64,
}

impl Side {
    fn step(&mut self, step: StoreStep) -> Cost {
        let before = self.exits();
        let start = Instant::now();
        let done = match self {
            Self::Here(store) => store.step(&step).expect("a step"),
            Self::Guest(sandbox) => match sandbox.probe(&Probe::Store(step)).expect("a guest that lives") {
                ProbeReply::Number(done) => done,
                reply => panic!("{step:?}: {reply:?}"),
            },
        };
        let time = start.elapsed();
        match step {
            StoreStep::Get { count, together } => assert_eq!(done, u64::from(count.min(count * together))),
            StoreStep::Make(_) | StoreStep::Commit => assert_eq!(done, u64::from(BATCH)),
        }
        Cost { time, exits: self.exits() - before }
    }

    /// Host calls so far. The call itself, which each step is, is none.
    fn exits(&self) -> u64 {
        match self {
            Self::Here(_) => 0,
            Self::Guest(sandbox) => {
                let calls = sandbox.exits();
                calls.iter().filter(|(cause, _)| cause.starts_with("host call")).map(|(_, count)| count).sum()
            }
        }
    }

    /// What a call takes that does nothing.
    fn idle(&mut self) -> Duration {
        let Self::Guest(sandbox) = self else { return Duration::ZERO };
        let calls = (0..IDLE_CALLS).map(|_| {
            let start = Instant::now();
            sandbox.probe(&Probe::Nothing).expect("a guest that lives");
            start.elapsed()
        });
        calls.min().unwrap_or_default()
    }
}

/// A table of its own; `None` where no micro-VM can run.
pub fn run(directory: &Path, quick: bool) -> Option<Table> {
    if let Some(reason) = unavailable_reason() {
        eprintln!("no figures of the guest: {reason}");
        return None;
    }
    let (commits, gets) = if quick { (10, 256) } else { (40, 1024) };
    eprintln!("the store in the guest, {commits} commits of {BATCH} objects of 200 bytes, {gets} gets");
    let paths = ["store-here", "store-guest"].map(|name| directory.join(name));
    let config = StoreConfig { chain_id: Some(CHAIN_ID), ..StoreConfig::default() };
    let layout = nub_store::Layout { segment_blocks: config.segment_blocks, retention: config.retention };
    let here = device_for_store(&paths[0], config.chain_id, Caching::System, layout).expect("a file");
    let device: SharedDevice = open_file(&paths[1], &config).expect("a file");
    let sandbox = Sandbox::boot(&GuestConfig::default(), Storage::Device(device, config)).expect("a guest");
    let mut sides =
        [Side::Here(Box::new(StoreRun::open(here).expect("a store"))), Side::Guest(Box::new(sandbox))];

    let mut table = Table::new(["in this process", "in the guest"].into_iter());
    let idle = sides.each_mut().map(Side::idle);
    table.row("a call that does nothing, ms", &idle.map(milliseconds), 2, Aim::None);
    commit(&mut sides, commits, idle, &mut table);
    get(&mut sides, gets, &mut table);
    drop(sides);
    let [here, guest] = paths.map(|path| std::fs::read(path).expect("the file"));
    assert!(here == guest, "the same steps wrote other octets in the guest than here");
    Some(table)
}

fn commit(sides: &mut [Side; 2], commits: usize, idle: [Duration; 2], table: &mut Table) {
    let mut costs = [Vec::new(), Vec::new()];
    for _ in 0..commits {
        for (side, costs) in sides.iter_mut().zip(&mut costs) {
            side.step(StoreStep::Make(BATCH));
            costs.push(side.step(StoreStep::Commit));
        }
    }
    let median = |costs: &Vec<Cost>, idle: Duration| {
        let mut times: Vec<Duration> = costs.iter().map(|cost| cost.time.saturating_sub(idle)).collect();
        times.sort_unstable();
        milliseconds(times[times.len() / 2])
    };
    let medians = [median(&costs[0], idle[0]), median(&costs[1], idle[1])];
    table.row("durable commit of 1,000 objects, p50, ms", &medians, 2, Aim::None);
    let exits = costs.each_ref().map(|costs| costs.iter().map(|cost| cost.exits).sum::<u64>() as f64);
    table.row("… host calls a commit", &exits.map(|exits| exits / commits as f64), 2, Aim::None);
}

fn get(sides: &mut [Side; 2], count: u32, table: &mut Table) {
    // The leaves of the index come into memory.
    for side in sides.iter_mut() {
        side.step(StoreStep::Get { count, together: TOGETHER });
    }
    for (title, together) in [("one by one", 1), ("64 at a time", TOGETHER)] {
        let mut least = [Cost { time: Duration::MAX, exits: u64::MAX }; 2];
        for _ in 0..GET_ROUNDS {
            for (side, least) in sides.iter_mut().zip(&mut least) {
                let besides = side.step(StoreStep::Get { count, together: 0 });
                let cost = side.step(StoreStep::Get { count, together });
                let time = cost.time.saturating_sub(besides.time);
                *least = Cost { time: least.time.min(time), exits: least.exits.min(cost.exits) };
            }
        }
        let each = |amount: f64| amount / f64::from(count);
        let times = least.map(|cost| each(cost.time.as_secs_f64() * 1e6));
        table.row(&format!("get from the device, {title}, least, µs"), &times, 2, Aim::None);
        let exits = least.map(|cost| each(cost.exits as f64));
        table.row("… host calls an object", &exits, 3, Aim::None);
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
