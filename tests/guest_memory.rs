//! The guest's memory: address spaces behave as in software, windows, frames and heap come back.

extern crate alloc;

mod common;
#[path = "../guest/src/script.rs"]
mod script;

use common::{boot, boot_as, count, figures, number};
use nub::hyperlight::probe::{Probe, ProbeReply, SpaceOperation, SpaceScript};
use nub::hyperlight::{GuestConfig, Privilege, Sandbox};
use nub_arch_local::LocalMemory;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// Windows in the guest: one for each live call frame.
const WINDOWS: u64 = 128;

/// A page near others that the script uses: few, so that operations meet, in three page tables and at
/// both ends of the address space.
fn page() -> impl Strategy<Value = u32> {
    prop_oneof![0u32..4, 510u32..514, 0xf_fffdu32..=0xf_ffff]
}

fn address() -> impl Strategy<Value = u32> {
    let offset = prop_oneof![Just(0u32), Just(8), 4088u32..4096, 0u32..4096];
    (page(), offset).prop_map(|(page, offset)| (page << 12) + offset)
}

fn operation() -> impl Strategy<Value = SpaceOperation> {
    prop_oneof![
        1 => (page(), any::<u8>()).prop_map(|(page, content)| SpaceOperation::MapReadOnly(page, content)),
        3 => (page(), 0u8..3).prop_map(|(page, content)| SpaceOperation::MapCopyOnWrite(page, content)),
        1 => page().prop_map(SpaceOperation::MakePrivate),
        2 => (page(), 0u16..4100).prop_map(|(page, len)| SpaceOperation::MapOctets(page, len)),
        2 => page().prop_map(SpaceOperation::MapZeros),
        4 => (address(), 0u8..4).prop_map(|(address, size)| SpaceOperation::Load(address, size)),
        6 => (address(), 0u8..4, any::<u64>())
            .prop_map(|(address, size, value)| SpaceOperation::Store(address, size, value)),
        1 => (address(), 0u16..9000).prop_map(|(address, len)| SpaceOperation::Read(address, len)),
        1 => (address(), 0u16..9000, any::<u8>())
            .prop_map(|(address, len, content)| SpaceOperation::Write(address, len, content)),
        1 => (page(), page()).prop_map(|(first, end)| SpaceOperation::TakePrivate(first, end)),
    ]
}

fn space_script() -> impl Strategy<Value = SpaceScript> {
    let operations = prop::collection::vec(operation(), 1..60);
    (page(), 0u32..6, 0u64..5, 0u64..5, 0u64..200, 0u32..20, operations).prop_map(
        |(demand_first, demand_len, touch_gas, store_gas, gas, pages, operations)| SpaceScript {
            demand_first,
            demand_end: demand_first + demand_len,
            touch_gas,
            store_gas,
            gas,
            pages,
            operations,
        },
    )
}

fn agree(guest: &mut Sandbox, script: &SpaceScript) {
    let software = script::run(&mut LocalMemory::new(script::config(script)), script);
    let hardware = match guest.probe(&Probe::Space(script.clone())).unwrap() {
        ProbeReply::Space(outcome) => outcome,
        reply => panic!("{reply:?}"),
    };
    for (index, (left, right)) in hardware.steps.iter().zip(&software.steps).enumerate() {
        assert_eq!(left, right, "guest and software differ at step {index}: {:?}", script.operations[index]);
    }
    assert_eq!(hardware.steps.len(), software.steps.len());
}

#[test]
fn random_scripts_give_what_software_gives() {
    let Some(mut guest) = boot() else { return };
    let cases = count("NUB_PROPTEST_HYPERLIGHT_CASES", 24);
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let guest = std::cell::RefCell::new(&mut guest);
    runner
        .run(&space_script(), |script| {
            agree(&mut guest.borrow_mut(), &script);
            Ok(())
        })
        .unwrap();
    let figures = figures(&mut guest.borrow_mut());
    assert!(figures.demand_zero_faults > 0 && figures.copy_on_write_faults > 0 && figures.misses > 0);
}

#[test]
fn what_faults_charge_and_refuse_is_what_software_does() {
    let Some(mut guest) = boot() else { return };
    let store = |page: u32| SpaceOperation::Store(page << 12, 3, 7);
    let load = |page: u32| SpaceOperation::Load(page << 12, 0);
    let script = |gas, pages, operations| SpaceScript {
        demand_first: 4,
        demand_end: 8,
        touch_gas: 3,
        store_gas: 2,
        gas,
        pages,
        operations,
    };
    let scripts = [
        // The page before the range brings the table; then its first and last pages, and those beside it.
        vec![SpaceOperation::MapCopyOnWrite(1, 0), load(4), store(4), store(7), store(3), load(8)],
        // Without a table every page is the kernel's to map.
        vec![load(5), store(5)],
        // Over the edge of a page, with and without both pages ready.
        vec![
            SpaceOperation::MapCopyOnWrite(4, 9),
            SpaceOperation::Load((5 << 12) - 4, 3),
            store(4),
            SpaceOperation::MapCopyOnWrite(5, 0),
            SpaceOperation::Store((5 << 12) - 4, 3, u64::MAX),
            store(5),
            SpaceOperation::Store((5 << 12) - 4, 3, u64::MAX),
            SpaceOperation::Read(4 << 12, 8192),
        ],
        // The same at the top of memory, where an access wraps.
        vec![
            SpaceOperation::MapCopyOnWrite(0xf_ffff, 1),
            SpaceOperation::MapCopyOnWrite(0, 2),
            SpaceOperation::Load(u32::MAX - 2, 2),
            store(0xf_ffff),
            store(0),
            SpaceOperation::Store(u32::MAX - 2, 3, 0x0123_4567_89ab_cdef),
            SpaceOperation::Load(u32::MAX - 2, 3),
        ],
    ];
    for operations in scripts {
        for (gas, pages) in [(0, 9), (2, 9), (3, 9), (4, 9), (5, 9), (9, 9), (100, 0), (100, 1), (100, 9)] {
            agree(&mut guest, &script(gas, pages, operations.clone()));
        }
    }
}

#[test]
fn all_windows_can_be_held_at_once_and_come_back() {
    let Some(mut guest) = boot() else { return };
    assert_eq!(number(&mut guest, &Probe::AllWindows), WINDOWS);
    figures(&mut guest);
    assert_eq!(number(&mut guest, &Probe::AllWindows), WINDOWS);
    let free = figures(&mut guest).frames_free;
    assert_eq!(number(&mut guest, &Probe::AllWindows), WINDOWS);
    assert_eq!(figures(&mut guest).frames_free, free);
}

#[test]
fn octets_are_copied_moved_and_filled_in_every_length() {
    let Some(mut guest) = boot_in_ring_3() else { return };
    assert_eq!(number(&mut guest, &Probe::Octets), 0);
}

/// For millions of instructions that are the same in each ring: an emulated ring 0 takes minutes for them.
fn boot_in_ring_3() -> Option<Sandbox> {
    let privilege = Privilege::Kernel3Programs3;
    common::runs().then(|| boot_as(&GuestConfig { privilege, ..common::small() }))
}

/// The top page of the stack and the page of arguments stay mapped in a window for the next call; one that does not ask
/// for them does not find them, nor what was in them, and neither is paid for by anybody who does not.
#[test]
fn what_stays_mapped_in_a_window_is_there_for_nobody_who_does_not_ask() {
    let Some(mut guest) = boot() else { return };
    let (stack, arguments) = (513, 514);
    let script = |gas, pages, operations| SpaceScript {
        demand_first: stack - 3,
        demand_end: stack + 1,
        touch_gas: 3,
        store_gas: 2,
        gas,
        pages,
        operations,
    };
    let entered = [SpaceOperation::MapOctets(arguments, 100), SpaceOperation::MapZeros(stack)];
    let used = [
        SpaceOperation::Store(stack << 12, 3, u64::MAX),
        SpaceOperation::Store((stack << 12) + 4088, 3, u64::MAX),
        SpaceOperation::Load(arguments << 12, 3),
        SpaceOperation::Load((arguments << 12) + 96, 3),
    ];
    // The same accesses with nothing, one or both of the two asked for; crossing, by the kernel and by the program.
    let others = [
        SpaceOperation::Load((arguments << 12) - 4, 3),
        SpaceOperation::Read((stack << 12) + 4000, 200),
        SpaceOperation::Write(stack << 12, 16, 7),
        SpaceOperation::Load((stack << 12) + 4088, 3),
        SpaceOperation::Load(arguments << 12, 0),
        SpaceOperation::TakePrivate(0, 1 << 20),
        SpaceOperation::Load((stack << 12) + 8, 3),
    ];
    for asked in [&entered[..], &entered[..1], &entered[1..], &[]] {
        let operations = [&entered[..], &used].concat();
        agree(&mut guest, &script(100, 9, operations));
        for pages in [0, 9] {
            agree(&mut guest, &script(100, pages, [asked, &others].concat()));
            agree(&mut guest, &script(100, pages, [asked, &used].concat()));
            let mapped_otherwise =
                [SpaceOperation::MapReadOnly(stack, 3), SpaceOperation::MapCopyOnWrite(arguments, 4)];
            agree(&mut guest, &script(100, pages, [&mapped_otherwise[..], &others, &used].concat()));
        }
    }
}

#[test]
fn windows_leave_no_frame_behind() {
    let Some(mut guest) = boot() else { return };
    for _ in 0..2 {
        number(&mut guest, &Probe::Windows(40));
        // A first reply of a kind may take a frame for the heap.
        figures(&mut guest);
    }
    let before = figures(&mut guest);
    number(&mut guest, &Probe::Windows(40));
    let after = figures(&mut guest);
    assert_eq!(after.frames_free, before.frames_free);
    assert_eq!(after.frames_total, before.frames_total);
    assert_eq!(after.copy_on_write_faults - before.copy_on_write_faults, 80);
    assert_eq!(after.demand_zero_faults - before.demand_zero_faults, 120);
}

#[test]
fn the_heap_keeps_what_is_in_it_and_does_not_grow() {
    let Some(mut guest) = boot() else { return };
    assert_eq!(number(&mut guest, &Probe::Heap { steps: 1000, seed: 1 }), 0);
    let free = figures(&mut guest).frames_free;
    for seed in [1, 2, 3] {
        assert_eq!(number(&mut guest, &Probe::Heap { steps: 1000, seed }), 0);
    }
    // All blocks are freed: other sequences have other peaks, and only tables for their addresses stay.
    let lost = free.saturating_sub(figures(&mut guest).frames_free);
    assert!(lost <= 32, "{lost} frames lost of {free}");
}

#[test]
fn memory_that_one_size_freed_serves_every_other() {
    let Some(mut guest) = boot_in_ring_3() else { return };
    // Nearly all memory in blocks of one size, of which every second is freed first.
    let fill = |guest: &mut Sandbox, size| number(guest, &Probe::Fill { size, share_percent: 90 });
    fill(&mut guest, 5000);
    let free = figures(&mut guest).frames_free;
    for size in [24, 1000, 4096, 9000, 3 << 20, 100, 70_000, 2048, 8000] {
        let bytes = fill(&mut guest, size);
        // A block needs 24 bytes or more in a list beside itself.
        assert!(
            bytes > free * 4096 / 2 * size / (size + 48),
            "{bytes} bytes in blocks of {size} of {free} frames"
        );
    }
    let lost = free.saturating_sub(figures(&mut guest).frames_free);
    assert!(lost <= 200, "{lost} frames lost of {free}");
}

#[test]
fn probes_fault_as_often_as_they_say() {
    let Some(mut guest) = boot() else { return };
    assert_eq!(number(&mut guest, &Probe::DemandZeroFaults(40)), 40);
    assert_eq!(number(&mut guest, &Probe::CopyOnWriteFaults(40)), 40);
    assert_eq!(number(&mut guest, &Probe::CopyOnWriteSetup(40)), 0);
    assert_eq!(number(&mut guest, &Probe::HostCallbacks(3)), 0);
}

#[test]
fn more_demand_zero_pages_than_the_reserve_has_frames() {
    let Some(mut guest) = boot() else { return };
    let operations = (0..100).map(|index| SpaceOperation::Store((513 + index) << 12, 2, 1));
    let mut operations: Vec<_> = operations.collect();
    operations.push(SpaceOperation::TakePrivate(0, 1 << 20));
    let (gas, pages) = (1 << 30, 1 << 20);
    let script = SpaceScript {
        demand_first: 513,
        demand_end: 900,
        touch_gas: 10,
        store_gas: 7,
        gas,
        pages,
        operations,
    };
    agree(&mut guest, &script);
}
