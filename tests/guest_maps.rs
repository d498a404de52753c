//! The same blocks give the same roots, receipts and gas in every privilege map.

mod chain;
mod common;

use chain::{TestChain, event, genesis, put_args};
use nub::hyperlight::{GuestConfig, Privilege};
use nub::{BackendKind, Hash, Nub, Params, Receipt, Status};

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

#[test]
fn calls_share_the_flushes_of_their_windows() {
    if !chain::hyperlight_runs() {
        return;
    }
    // What only ring 0 may do is counted where the kernel is not there.
    let config = GuestConfig { privilege: Privilege::Kernel3Programs3, ..GuestConfig::default() };
    let mut nub = Nub::builder().backend(BackendKind::Hyperlight).guest(config).build().unwrap();
    let root = nub.genesis(&genesis(Params::default())).unwrap();
    let mut chain = TestChain { nub, genesis_root: root, root, height: 0 };
    let events = || (0..20).map(|_| event(chain::probe::COUNT, [])).collect::<Vec<_>>();
    chain.apply(events());
    let before = chain.nub.health_check().unwrap();
    for _ in 0..3 {
        let receipts = chain.apply(events()).receipts;
        assert!(receipts.iter().all(|receipt| receipt.status == Status::Success), "{receipts:?}");
    }
    let after = chain.nub.health_check().unwrap();
    // Exits to the host go through the gate too. Each call has a page copied, and that page's translation forgotten.
    let flushes = (after.gate_calls - before.gate_calls) - (after.vm_exits - before.vm_exits);
    assert!((60..=70).contains(&flushes), "{flushes} flushes for 60 calls");
}
