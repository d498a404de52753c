//! The same blocks give the same roots, receipts and gas in every privilege map.

mod chain;
mod common;

use chain::{TestChain, event, genesis, put_args};
use nub::hyperlight::GuestConfig;
use nub::{BackendKind, Hash, Nub, Params, Receipt};

fn outcome(nub: Nub) -> (Vec<Hash>, Vec<Receipt>) {
    let mut nub = nub;
    let root = nub.genesis(&genesis(Params::default())).unwrap();
    let mut chain = TestChain { nub, genesis_root: root, root, height: 0 };
    let (mut roots, mut receipts) = (vec![root], Vec::new());
    for events in [
        vec![event(chain::probe::COUNT, []), event(chain::probe::PANIC, [])],
        vec![event(chain::probe::STORAGE_PUT, put_args(b"colour", b"blue"))],
        vec![event(chain::probe::STORE_PAGES, [0, 0, 0, 0, 4, 0, 0, 0, 7])],
    ] {
        receipts.extend(chain.apply(events).receipts);
        chain.nub.commit(chain.root).unwrap();
        roots.push(chain.root);
    }
    (roots, receipts)
}

#[test]
fn every_map_gives_what_the_local_backend_gives() {
    if !chain::hyperlight_runs() {
        return;
    }
    let local = outcome(Nub::builder().backend(BackendKind::Local).build().unwrap());
    for privilege in common::MAPS {
        let config = GuestConfig { privilege, ..GuestConfig::default() };
        let nub = Nub::builder().backend(BackendKind::Hyperlight).guest(config).build().unwrap();
        assert!(outcome(nub) == local, "{privilege:?} differs from the local backend");
    }
}

#[test]
fn a_health_check_costs_one_exit() {
    if !chain::hyperlight_runs() {
        return;
    }
    let mut nub = Nub::builder().backend(BackendKind::Hyperlight).build().unwrap();
    let before = nub.health_check().unwrap();
    let after = nub.health_check().unwrap();
    assert_eq!(after.vm_exits - before.vm_exits, 1);
    assert!(after.gate_calls - before.gate_calls <= 1);
}
