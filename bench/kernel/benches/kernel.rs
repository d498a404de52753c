//! `cargo xtask bench kernel`: copies and clones of 4 KiB and 1 GiB, and a call that stores to one page of 1 MiB
//! and 256 MiB of memory. Ends with the ratios, and fails if one is above its bound.

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

fn invoke(criterion: &mut Criterion, name: &str, chain: &mut Chain, event: &Event) {
    criterion.bench_function(name, |bencher| bencher.iter(|| black_box(chain.invoke(event))));
}

fn apply(chain: &mut Chain, block: &[u8]) -> Duration {
    let start = Instant::now();
    black_box(chain.try_block(block));
    start.elapsed()
}

/// The median time of the second for the first's, both measured in turns.
fn ratio(mut small: impl FnMut() -> Duration, mut large: impl FnMut() -> Duration) -> f64 {
    let mut times = [vec![], vec![]];
    for _ in 0..ROUNDS {
        times[0].push(small());
        times[1].push(large());
    }
    let [small, large] = times.map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2].as_secs_f64()
    });
    large / small
}

fn report(name: &str, ratio: f64) {
    println!("{name}: ratio {ratio:.3}, at most {RATIO_MAX}");
    assert!(ratio <= RATIO_MAX, "{name}: {ratio:.3}");
}

fn timed(chain: &mut Chain, event: &Event) -> Duration {
    let start = Instant::now();
    black_box(chain.invoke(event));
    start.elapsed()
}

fn capabilities(criterion: &mut Criterion) {
    let (mut small, mut large) = (with_data(4 << 10), with_data(1 << 30));
    for (name, event) in [("60 capability_copy", copies(60)), ("60 instance_clone", clones(60))] {
        invoke(criterion, &format!("{name}, 4 KiB"), &mut small, &event);
        invoke(criterion, &format!("{name}, 1 GiB"), &mut large, &event);
        report(name, ratio(|| timed(&mut small, &event), || timed(&mut large, &event)));
    }
}

fn memory(criterion: &mut Criterion) {
    let (mut small, mut large) = (with_memory(0), with_memory(65_536));
    let blocks = [&small, &large].map(|chain| chain.block(vec![one_page(9)]));
    criterion.bench_function("a block that stores to one page of 1 MiB", |bencher| {
        bencher.iter(|| black_box(small.try_block(&blocks[0])));
    });
    criterion.bench_function("a block that stores to one page of 257 MiB", |bencher| {
        bencher.iter(|| black_box(large.try_block(&blocks[1])));
    });
    let ratio = ratio(|| apply(&mut small, &blocks[0]), || apply(&mut large, &blocks[1]));
    report("a block that stores to one page, 257 MiB to 1 MiB", ratio);
}

criterion_group!(benches, capabilities, memory);

fn main() {
    benches();
    Criterion::default().configure_from_args().final_summary();
}
