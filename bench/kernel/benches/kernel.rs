//! `cargo xtask bench kernel`: copies and clones of 4 KiB and 1 GiB, and a call that stores to one page of 1 MiB
//! and 256 MiB of memory. Ends with the ratios, and fails if one is above its bound. `--markdown` prints a table of
//! the comparisons alone.

use criterion::{Criterion, criterion_group};
use nub_abi::Event;
use nub_bench_kernel::Chain;
use nub_bench_kernel::scenes::{clones, copies, one_page, with_data, with_memory};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// The most that the larger may take, the smaller being 1.
const RATIO_MAX: f64 = 1.5;
/// Rounds of a comparison; the two take turns.
const ROUNDS: usize = 200;

/// Measures by itself, for figures that are not compared.
fn invoke(criterion: Option<&mut Criterion>, name: &str, chain: &mut Chain, event: &Event) {
    if let Some(criterion) = criterion {
        criterion.bench_function(name, |bencher| bencher.iter(|| black_box(chain.invoke(event))));
    }
}

fn apply(chain: &mut Chain, block: &[u8]) -> Duration {
    let start = Instant::now();
    black_box(chain.try_block(block));
    start.elapsed()
}

/// Medians of the first and the second, in nanoseconds, both measured in turns.
fn compare(mut small: impl FnMut() -> Duration, mut large: impl FnMut() -> Duration) -> [f64; 2] {
    let mut times = [vec![], vec![]];
    for _ in 0..ROUNDS {
        times[0].push(small());
        times[1].push(large());
    }
    times.map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2].as_nanos() as f64
    })
}

fn report(name: &str, [small, large]: [f64; 2]) {
    let ratio = large / small;
    if is_markdown() {
        println!("| {name} | {:.1} µs | {:.1} µs | {ratio:.3} |", small / 1e3, large / 1e3);
    } else {
        println!("{name}: ratio {ratio:.3}, at most {RATIO_MAX}");
    }
    assert!(ratio <= RATIO_MAX, "{name}: {ratio:.3}");
}

fn is_markdown() -> bool {
    std::env::args().any(|argument| argument == "--markdown")
}

fn timed(chain: &mut Chain, event: &Event) -> Duration {
    let start = Instant::now();
    black_box(chain.invoke(event));
    start.elapsed()
}

fn try_block(criterion: Option<&mut Criterion>, name: &str, chain: &mut Chain, block: &[u8]) {
    if let Some(criterion) = criterion {
        criterion.bench_function(name, |bencher| bencher.iter(|| black_box(chain.try_block(block))));
    }
}

fn capabilities(mut criterion: Option<&mut Criterion>) {
    let (mut small, mut large) = (with_data(4 << 10), with_data(1 << 30));
    for (name, event) in [("60 capability_copy", copies(60)), ("60 instance_clone", clones(60))] {
        invoke(criterion.as_deref_mut(), &format!("{name}, 4 KiB"), &mut small, &event);
        invoke(criterion.as_deref_mut(), &format!("{name}, 1 GiB"), &mut large, &event);
        let times = compare(|| timed(&mut small, &event), || timed(&mut large, &event));
        report(&format!("{name} of 4 KiB and of 1 GiB"), times);
    }
}

fn memory(mut criterion: Option<&mut Criterion>) {
    let (mut small, mut large) = (with_memory(0), with_memory(65_536));
    let blocks = [&small, &large].map(|chain| chain.block(vec![one_page(9)]));
    let name = "a block that stores to one page";
    try_block(criterion.as_deref_mut(), &format!("{name} of 1 MiB"), &mut small, &blocks[0]);
    try_block(criterion, &format!("{name} of 257 MiB"), &mut large, &blocks[1]);
    let times = compare(|| apply(&mut small, &blocks[0]), || apply(&mut large, &blocks[1]));
    report(&format!("{name} of 1 MiB and of 257 MiB"), times);
}

fn benches(criterion: &mut Criterion) {
    capabilities(Some(criterion));
    memory(Some(criterion));
}

criterion_group!(all, benches);

fn main() {
    if is_markdown() {
        println!("| medians of {ROUNDS}, by turns | small | large | large ÷ small |\n|---|---|---|---|");
        capabilities(None);
        memory(None);
        return;
    }
    all();
    Criterion::default().configure_from_args().final_summary();
}
