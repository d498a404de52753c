//! The reference program (`docs/spec/reference/`) comes to the roots of states that programs made by host calls:
//! CNodes in slots, in CNodes, copied and changed, with capabilities, values and nothing in them.

mod chain;
mod stored;

use chain::script::Script;
use chain::{TestChain, probe};
use nub::{BackendKind, Hash, Nub, Params, SharedBlobs};
use nub_state::{Key, Kind, Link};
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use std::cell::Cell;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use stored::Stored;

/// Whether there is a Python to run it with; says so in one line if not.
fn python_runs() -> bool {
    let mut command = Command::new("python3");
    command.args(["-c", "import hashlib; hashlib.blake2b"]).stdout(Stdio::null()).stderr(Stdio::null());
    let runs = command.status().is_ok_and(|status| status.success());
    if !runs {
        println!("SKIPPED: no python3 for the reference program");
    }
    runs
}

/// What the program makes of an export: a root, or why it refuses.
fn recompute(export: &[u8]) -> Result<String, String> {
    let name = format!("made-by-programs-{}", std::process::id());
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, export).unwrap();
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/spec/reference/nub_state.py");
    let output = Command::new("python3").arg(program).arg(&path).output().unwrap();
    std::fs::remove_file(path).unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

/// Slots that scripts work on, beside 1, which has a Ref that may be handed on.
const SLOTS: std::ops::Range<u64> = 20..24;
/// Octets that keys and values are taken from.
const POOL_BYTES: u64 = 300;

/// A host call: its number; two slots, the first of the pool's octets and how many for the key, and for the value.
#[derive(Clone, Debug)]
struct Step {
    number: u8,
    slots: (u64, u64),
    key: (u64, u64),
    value: (u64, u64),
}

fn steps() -> impl Strategy<Value = Step> {
    // Everything about CNodes, often what makes and nests them; copies, moves, drops and DataCaps among them.
    let numbers = prop_oneof![
        3 => Just(33u8), 2 => Just(34), 8 => Just(35), 2 => Just(36), 1 => Just(37), 1 => Just(38), 8 => Just(39),
        2 => Just(16), 1 => Just(17), 1 => Just(18), 2 => Just(20), 2 => Just(23),
    ];
    let slot = || prop_oneof![8 => SLOTS, 1 => Just(1u64)];
    let key = (0..4u64, prop_oneof![4 => 1..4u64, 1 => 1..=32u64]);
    let value = (0..100u64, prop_oneof![4 => 0..40u64, 1 => 100..200u64]);
    (numbers, (SLOTS, slot()), key, value).prop_map(|(number, slots, key, value)| Step {
        number,
        slots,
        key,
        value,
    })
}

fn script(steps: &[Step]) -> Script {
    let mut script = Script::new();
    let pool = script.data(&(0..POOL_BYTES).map(|n| (n * n / 3) as u8).collect::<Vec<_>>());
    for Step { number, slots: (slot, other), key, value } in steps {
        let (key, key_len) = (pool + key.0, key.1);
        let (value, value_len) = (pool + value.0, value.1);
        match number {
            33 | 18 => script.step(*number, &[*slot]),
            34 | 35 => script.step(*number, &[*slot, key, key_len, *other]),
            36 => script.step(36, &[*slot, key, key_len]),
            37 | 38 => script.step(*number, &[*slot, key, key_len, chain::script::SCRATCH, 64]),
            39 => script.step(39, &[*slot, key, key_len, value, value_len]),
            20 => script.step(20, &[*slot, 3 * value_len]),
            23 => script.step(23, &[*slot, value_len / 2, value, value_len]),
            _ => script.step(*number, &[*other, *slot]),
        };
    }
    script
}

/// How high the highest CNode in a slot is.
fn height_in_slots(stored: &mut Stored, root: &Hash) -> u32 {
    let cnode = stored.instance(root, &chain::probe()).cnode.resolve(stored).unwrap();
    let mut highest = 0;
    for slot in SLOTS {
        let held = cnode.as_cnode().unwrap().get(&Key::slot(slot as u8), stored).unwrap().value;
        highest = highest.max(held.map_or(0, |link| height(&link, stored)));
    }
    highest
}

fn height(link: &Link, stored: &mut Stored) -> u32 {
    let handle = link.resolve(stored).unwrap();
    if handle.kind() != Kind::CNode {
        return 0;
    }
    let mut entries = handle.as_cnode().unwrap().entries().iter();
    let mut below = 0;
    while let Some((_, value)) = entries.next(stored).unwrap() {
        below = below.max(height(&value, stored));
    }
    1 + below
}

#[test]
fn the_reference_recomputes_the_roots_of_states_with_cnodes_that_programs_made() {
    if !python_runs() {
        return;
    }
    let cases = std::env::var("NUB_PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(8);
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let highest = Cell::new(0);
    let property = |blocks: Vec<Vec<Step>>| {
        let blobs = SharedBlobs::in_memory();
        let builder = Nub::builder().backend(BackendKind::Local).blobs(blobs.clone());
        let mut nub = builder.build().unwrap();
        let root = nub.genesis(&chain::genesis(Params::default())).unwrap();
        let mut chain = TestChain { nub, genesis_root: root, root, height: 0 };
        for steps in &blocks {
            // Made high first, so that random steps find something.
            let mut made = vec![Step { number: 33, slots: (20, 20), key: (0, 1), value: (0, 0) }];
            made.push(Step { number: 35, slots: (20, 1), key: (3, 3), value: (0, 0) });
            made.push(Step { number: 35, slots: (20, 20), ..made[0].clone() });
            made.extend(steps.iter().cloned());
            chain.play(&script(&made));
        }
        chain.nub.commit(chain.root).unwrap();
        let mut export = Vec::new();
        chain.nub.export(chain.root, &mut export).unwrap();
        prop_assert_eq!(recompute(&export), Ok(chain.root.to_string()));
        highest.set(highest.get().max(height_in_slots(&mut Stored(blobs.clone()), &chain.root)));
        // The state is one that a program goes on with.
        chain.ok(probe::COUNT, []);
        Ok(())
    };
    let blocks = prop::collection::vec(prop::collection::vec(steps(), 10..60), 1..4);
    // Always the same programs, so that there surely are CNodes in CNodes.
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    TestRunner::new_with_rng(config, rng).run(&blocks, property).unwrap();
    assert!(highest.get() >= 3, "no CNodes in CNodes: {}", highest.get());
}
