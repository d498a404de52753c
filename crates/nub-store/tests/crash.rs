//! Every crash point of a few runs; `cargo xtask crash --seconds N` tries many more.

mod simulation;

#[test]
fn after_a_crash_anywhere_the_last_acknowledged_root_is_whole() {
    let runs = std::env::var("NUB_CRASH_RUNS").map_or(2, |runs| runs.parse().expect("a number"));
    let mut total = simulation::Report::default();
    for seed in 0..runs {
        total.add(&simulation::run(seed, 120, true));
    }
    println!("{total:?}");
    assert!(total.crash_points > 100 && total.collections > 0 && total.restarts > 0, "{total:?}");
}

/// A commit that was cut off left a frame after the tail; the next one did not fit there and went on in the next
/// segment, where recovery did not look.
#[test]
fn a_commit_that_was_cut_off_does_not_hide_the_one_after_it() {
    assert!(simulation::run(2_000_126, 150, false).commits > 70);
}
