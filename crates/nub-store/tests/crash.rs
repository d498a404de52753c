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
    assert!(
        total.crash_points > 100 && total.collections > 0 && total.restarts > 0 && total.deaths > 0,
        "{total:?}"
    );
}
