//! The interpreter and compiled code, side by side over generated programs.
//!
//! `NUB_PROPTEST_CASES` is the number of programs, `NUB_SEED` the first seed. A difference names its seed:
//! run with that seed and one case to see it again.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use std::io::Write;

use native_harness_for_tests::{
    feature_sets, generator,
    oracle::{Count, Oracle},
};

fn from_env(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn engines_agree_on_generated_programs() {
    let cases = from_env("NUB_PROPTEST_CASES").unwrap_or(4000);
    let first = from_env("NUB_SEED").unwrap_or(1);
    let mut oracle = Oracle::new().expect("the system gives two windows");
    let sets = feature_sets();
    let mut total = Count::default();
    for seed in first..first + cases {
        let case = generator::case(seed);
        let features = sets[(seed % 4) as usize];
        total.add(&oracle.check(&case, features).expect("the system plays along"));
    }
    let [halt, panic, out_of_gas, page_fault, host_call] = total.exits;
    let line = format!(
        "differential: {} programs, {} instructions generated, {} executed; exits: {halt} halt, {panic} panic, \
         {out_of_gas} out of gas, {page_fault} page fault, {host_call} host call",
        total.cases, total.generated, total.executed
    );
    writeln!(std::io::stdout(), "{line}").expect("stdout can be written");
    if cases >= 4000 {
        assert!(total.exits.iter().all(|&exits| exits > cases / 40), "{line}: a kind of exit is missing");
    }
}
