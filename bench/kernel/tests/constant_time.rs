//! Copying a capability and cloning an Instance do the same work whatever is below them: the same allocations,
//! and no hash of any content.

use nub_abi::Event;
use nub_abi::hash::hashes_computed;
use nub_bench_kernel::Chain;
use nub_bench_kernel::scenes::{clones, copies, with_data};

/// What an event allocates and hashes, with everything it reads in memory.
fn work(chain: &mut Chain, event: &Event) -> (u64, u64, u64) {
    chain.invoke(event);
    let before = hashes_computed();
    let allocated = allocation_counter::measure(|| drop(chain.invoke(event)));
    (allocated.count_total, allocated.bytes_total, hashes_computed() - before)
}

#[test]
fn a_copy_and_a_clone_do_the_same_work_for_4_kib_and_1_gib() {
    let mut small = with_data(4 << 10);
    let mut large = with_data(1 << 30);
    for count in [1, 2, 60] {
        let copied = work(&mut small, &copies(count));
        assert_eq!(copied, work(&mut large, &copies(count)), "{count} copies");
        assert_eq!(copied.2, 0, "a copy hashes nothing");
        let cloned = work(&mut small, &clones(count));
        assert_eq!(cloned, work(&mut large, &clones(count)), "{count} clones");
        assert_eq!(cloned.2, count, "a clone's id, and nothing else");
    }
    // And it is work that is counted.
    let [one, more] = [1, 60].map(|count| work(&mut large, &copies(count)));
    assert!(more.0 > one.0 + 60, "{one:?} {more:?}");
}
