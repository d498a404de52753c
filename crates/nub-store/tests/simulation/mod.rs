//! A store under crashes: random work on a recording device, and after every step that the device was asked
//! for, every kind of crash. What is left is opened, compared with what was acknowledged, walked, and used.
//!
//! One seed is one run, always the same.

#![allow(dead_code)] // Each user of this module uses a part.

use nub_abi::{Hash, blake2b_256};
use nub_store::fault::{Coin, FaultDevice, Loss, Medium, Step};
use nub_store::{
    BlockDevice, CollectError, Layout, MemoryDevice, NotAnObject, OpenError, Options, RootEntry, Store,
    WriteError, reachable,
};

/// Whose store it is.
pub const CHAIN: u64 = 7;
/// Leaves of the simulated state, and how many a middle node has.
const LEAVES: usize = 16;
const FAN_OUT: usize = 4;
/// Former contents of leaves that may come back.
const FORMER: usize = 24;
/// Former states that may come back.
const OLDER: usize = 4;
/// Octets of the leaves that a regular state changes: their records end where sectors do, the first behind the header
/// of its frame.
const REGULAR_BYTES: [usize; 2] = [2 * 512 - 144 - 36 - 1, 2 * 512 - 36 - 1];

/// An object of the simulation: a count of children, their hashes, and octets.
pub fn object(children: &[Hash], octets: &[u8]) -> Vec<u8> {
    let mut bytes = vec![children.len() as u8];
    children.iter().for_each(|child| bytes.extend_from_slice(&child.0));
    bytes.extend_from_slice(octets);
    bytes
}

/// The children of an object of the simulation.
pub fn children(bytes: &[u8], visit: &mut dyn FnMut(Hash)) -> Result<(), NotAnObject> {
    let (count, rest) = bytes.split_first().ok_or(NotAnObject)?;
    let hashes = rest.get(..usize::from(*count) * 32).ok_or(NotAnObject)?;
    hashes.as_chunks::<32>().0.iter().for_each(|hash| visit(Hash(*hash)));
    Ok(())
}

/// Small segments, few roots: everything happens soon.
pub const LAYOUT: Layout = Layout { segment_blocks: 16, retention: 3 };

/// Options under which everything happens soon.
pub fn options() -> Options {
    Options {
        cache_bytes: 0,
        index_bytes: 16 << 10,
        checkpoint_bytes: 160 << 10,
        children: Some(children),
        collect_bytes_min: 256 << 10,
        collect_percent: 140,
        ..Options::default()
    }
}

/// The simulated state: what its leaves hold, and the objects of its last change.
#[derive(Clone)]
pub struct State {
    leaves: Vec<Vec<u8>>,
    /// What leaves held before, the oldest first.
    former: Vec<Vec<u8>>,
    pub height: u64,
    /// Whether every change is of as many leaves of the same length, so that frames and records of other commits lie
    /// where a torn one needs them to be taken for whole.
    is_regular: bool,
}

impl State {
    pub fn new() -> Self {
        Self { leaves: vec![vec![0; 40]; LEAVES], former: Vec::new(), height: 0, is_regular: false }
    }

    fn regular() -> Self {
        Self { is_regular: true, ..Self::new() }
    }

    /// Changes a few leaves, each to something new.
    fn change_regularly(&mut self, coin: &mut Coin) {
        for (leaf, length) in self.leaves.iter_mut().zip(REGULAR_BYTES) {
            let mut octets = Coin::new(coin.next_u64());
            *leaf = (0..length).map(|_| octets.next_u64() as u8).collect();
        }
    }

    /// Changes a few leaves; sometimes back to what they were, sometimes all, sometimes to a long one.
    pub fn change(&mut self, coin: &mut Coin) {
        self.height += 1;
        if self.is_regular {
            return self.change_regularly(coin);
        }
        let count = if coin.below(12) == 0 { LEAVES } else { 1 + coin.below(5) as usize };
        for _ in 0..count {
            let leaf = coin.below(LEAVES as u64) as usize;
            if coin.below(4) == 0 && !self.former.is_empty() {
                // Most likely under no root any more, and not collected yet.
                let former = self.former[coin.below(self.former.len() as u64) as usize].clone();
                self.replace(leaf, former);
                continue;
            }
            let length = match coin.below(10) {
                0 => 3000 + coin.below(9_000),
                _ => 40 + coin.below(400),
            };
            let variety = if coin.below(4) == 0 { 3 } else { u64::MAX };
            let mut octets = Coin::new(coin.below(variety));
            let length = if variety == 3 { 200 } else { length };
            self.replace(leaf, (0..length).map(|_| octets.next_u64() as u8).collect());
        }
    }

    fn replace(&mut self, leaf: usize, octets: Vec<u8>) {
        let before = core::mem::replace(&mut self.leaves[leaf], octets);
        self.former.push(before);
        let surplus = self.former.len().saturating_sub(FORMER);
        self.former.drain(..surplus);
    }

    /// All objects of the state and its root. The store drops those it has.
    pub fn objects(&self) -> (Hash, Vec<(Hash, Vec<u8>)>) {
        let mut objects = Vec::new();
        let mut add = |bytes: Vec<u8>| {
            let hash = blake2b_256(&bytes);
            objects.push((hash, bytes));
            hash
        };
        let mut middle = Vec::new();
        for leaves in self.leaves.chunks(FAN_OUT) {
            let hashes: Vec<Hash> = leaves.iter().map(|leaf| add(object(&[], leaf))).collect();
            middle.push(add(object(&hashes, b"middle")));
        }
        let root = add(object(&middle, &self.height.to_le_bytes()));
        (root, objects)
    }
}

/// What a run came to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Report {
    /// Steps after which it crashed.
    pub crash_points: u64,
    /// Images that were opened.
    pub images: u64,
    pub commits: u64,
    pub checkpoints: u64,
    pub collections: u64,
    /// Devices that failed.
    pub failures: u64,
    /// Commits without room.
    pub full: u64,
    /// Runs that went on from what a power loss left.
    pub restarts: u64,
    /// Processes that died while the system lived: the next one was opened on what the cache showed, and then the
    /// power was lost.
    pub deaths: u64,
}

impl Report {
    pub fn add(&mut self, other: &Self) {
        self.crash_points += other.crash_points;
        self.images += other.images;
        self.commits += other.commits;
        self.checkpoints += other.checkpoints;
        self.collections += other.collections;
        self.failures += other.failures;
        self.full += other.full;
        self.restarts += other.restarts;
        self.deaths += other.deaths;
    }
}

/// A run.
struct Simulation {
    coin: Coin,
    store: Store<FaultDevice>,
    medium: Medium,
    state: State,
    /// Acknowledged roots that must be retained, oldest first, and the states they are of.
    acknowledged: Vec<(RootEntry, State)>,
    /// States of commits before those, the oldest first.
    older: Vec<State>,
    /// The commit under way.
    in_flight: Option<(RootEntry, State)>,
    /// Whether a crash loses in every way there is, or in one by the coin.
    every_loss: bool,
    report: Report,
}

/// Runs the simulation of a seed. After each step of the device it crashes in every way there is, or in one.
///
/// # Panics
/// If the store breaks its promise.
pub fn run(seed: u64, operations: u64, every_loss: bool) -> Report {
    let coin = Coin::new(seed);
    let store = Store::create(FaultDevice::default(), CHAIN, LAYOUT, options()).expect("a blank device");
    let mut simulation = Simulation {
        coin,
        medium: Medium::default(),
        store,
        state: if seed.is_multiple_of(4) { State::regular() } else { State::new() },
        acknowledged: Vec::new(),
        older: Vec::new(),
        in_flight: None,
        every_loss,
        report: Report::default(),
    };
    simulation.crash_while_created();
    for _ in 0..operations {
        simulation.operate();
    }
    simulation.report
}

impl Simulation {
    /// A store that was not complete was never acknowledged: it may be blank or damaged, never wrong.
    fn crash_while_created(&mut self) {
        for step in self.store.device_mut().take_steps() {
            self.medium.apply(&step, &mut self.coin);
            for loss in Loss::ALL {
                let image = self.medium.crash(loss, &mut self.coin);
                match Store::open(MemoryDevice::from_image(&image), Some(CHAIN), options()) {
                    Ok(store) => assert_eq!(store.committed(), None),
                    Err(OpenError::Blank | OpenError::DamagedSuperblock | OpenError::Foreign) => {}
                    Err(error) => panic!("a store half made: {error}"),
                }
            }
        }
    }

    fn operate(&mut self) {
        if self.coin.below(40) == 0 {
            let steps = self.coin.below(6);
            self.store.device_mut().fail_after(steps);
        }
        if self.coin.below(25) == 0 {
            let length = self.store.device().length_bytes();
            self.store.device_mut().set_capacity(length);
        }
        let result = match self.coin.below(20) {
            0 => self.store.checkpoint().map_err(CollectError::Write),
            1..=7 => self.collect(),
            8 => self.read(),
            _ => self.commit(),
        };
        let has_failed = match result {
            Ok(()) => false,
            Err(CollectError::Write(WriteError::Failed(_))) => true,
            Err(CollectError::Write(WriteError::Full { .. })) => {
                self.report.full += 1;
                self.recover_room();
                false
            }
            Err(error) => panic!("{error}"),
        };
        self.crash_after_each_step();
        if has_failed {
            self.report.failures += 1;
            self.refuses_to_write();
        }
        if !has_failed {
            // What returned is there whatever else is lost.
            self.in_flight = None;
            let image = self.medium.crash(Loss::Everything, &mut self.coin);
            self.check_image(&image, false);
        }
        if has_failed || self.coin.below(15) == 0 {
            self.restart();
        }
        self.in_flight = None;
    }

    fn commit(&mut self) -> Result<(), CollectError> {
        let mut state = self.state.clone();
        if self.coin.below(12) == 0 && !self.older.is_empty() {
            // As a whole, its root included, it may be there and not be collected yet.
            state = self.older.swap_remove(self.coin.below(self.older.len() as u64) as usize);
        } else {
            state.change(&mut self.coin);
        }
        let (root, objects) = state.objects();
        let entry = RootEntry { root, height: state.height };
        self.in_flight = Some((entry, state.clone()));
        let before = self.store.committed();
        let staged = if self.coin.below(6) == 0 { self.coin.below(objects.len() as u64) as usize } else { 0 };
        let result = self
            .store
            .stage(&objects[..staged])
            .and_then(|()| self.store.commit(root, state.height, &objects[staged..]));
        match result {
            Ok(()) => {
                assert_eq!(self.store.committed(), Some(entry));
                self.report.commits += 1;
                self.state = state.clone();
                // Its steps are still to be crashed after; it counts from the next operation on.
                self.acknowledged.push((entry, state));
                let surplus = self.acknowledged.len().saturating_sub(LAYOUT.retention as usize + 1);
                self.older.extend(self.acknowledged.drain(..surplus).map(|(_, state)| state));
                let surplus = self.older.len().saturating_sub(OLDER);
                self.older.drain(..surplus);
                self.walk_live();
            }
            Err(_) => assert_eq!(self.store.committed(), before),
        }
        result.map_err(CollectError::Write)
    }

    fn collect(&mut self) -> Result<(), CollectError> {
        let before = self.store.stats().written;
        let result = match self.coin.below(4) {
            // So little that commits come between any two steps of it.
            0 => self.store.collect(1),
            1 => self.store.collect(50),
            _ => self.store.maintain(120),
        };
        let after = self.store.stats().written;
        self.report.collections += after.collections - before.collections;
        self.report.checkpoints += after.checkpoints - before.checkpoints;
        match result {
            // The commit that followed was refused.
            Err(CollectError::Staged) => self.store.give_up_staged().map_err(CollectError::Write),
            result => result.map(|_| ()),
        }
    }

    fn read(&mut self) -> Result<(), CollectError> {
        self.walk_live();
        assert_eq!(self.store.get(&Hash([9; 32])).expect("an answer"), None);
        Ok(())
    }

    /// Everything that is retained is there, whatever was collected.
    fn walk_live(&mut self) {
        let roots: Vec<Hash> = self.store.roots().iter().map(|entry| entry.root).collect();
        reachable(&mut self.store, &roots, children, |_, _| {}).expect("all of it");
    }

    /// A store without room keeps what it has, and goes on once there is room.
    fn recover_room(&mut self) {
        self.walk_live();
        self.store.device_mut().set_capacity(u64::MAX);
    }

    fn crash_after_each_step(&mut self) {
        for step in self.store.device_mut().take_steps() {
            self.medium.apply(&step, &mut self.coin);
            self.report.crash_points += 1;
            let one = Loss::ALL[self.coin.below(5) as usize];
            let every_loss = self.every_loss;
            for loss in Loss::ALL.into_iter().filter(|loss| every_loss || *loss == one) {
                let image = self.medium.crash(loss, &mut self.coin);
                self.report.images += 1;
                // A commit of several frames can leave a later one without the first.
                let goes_on = self.coin.below(if self.medium.pending_writes() > 1 { 2 } else { 8 }) == 0;
                self.check_image(&image, goes_on);
            }
            self.die();
        }
    }

    /// The process dies here, the next one opens what the cache shows, and then the power is lost.
    fn die(&mut self) {
        self.report.deaths += 1;
        let mut medium = self.medium.clone();
        let mut device = FaultDevice::from_image(&medium.die(&mut self.coin));
        self.open_with_failures(&mut device, &mut medium);
        let mut store = Store::open(device, Some(CHAIN), options()).expect("a store");
        self.lose_power(&mut store, &mut medium);
        // What a process saw is what it tells others.
        let mut found = store.roots().to_vec();
        let mut state = self.state_of(&found);
        if self.coin.below(8) == 0 {
            state.change(&mut self.coin);
            let (root, objects) = state.objects();
            store.commit(root, state.height, &objects).expect("room");
            store.device_mut().take_steps().iter().for_each(|step| medium.apply(step, &mut self.coin));
            found = store.roots().to_vec();
        }
        let image = medium.crash(Loss::Everything, &mut self.coin);
        let mut store =
            Store::open(MemoryDevice::from_image(&image), Some(CHAIN), options()).expect("a store");
        assert_eq!(store.roots(), found, "what was seen after the process died, or committed then");
        let roots: Vec<Hash> = found.iter().map(|entry| entry.root).collect();
        reachable(&mut store, &roots, children, |_, _| {}).expect("everything under the roots");
    }

    /// Sometimes the device goes on failing while it is opened.
    fn open_with_failures(&mut self, device: &mut FaultDevice, medium: &mut Medium) {
        if self.coin.below(4) > 0 {
            return;
        }
        device.fail_after(self.coin.below(3));
        let failed = Store::open(&mut *device, Some(CHAIN), options()).map(|_| ());
        assert!(
            matches!(failed, Err(OpenError::Device(_))),
            "opening writes, flushes and writes: {failed:?}"
        );
        device.take_steps().iter().for_each(|step| medium.apply(step, &mut self.coin));
        *device = FaultDevice::from_image(&medium.die(&mut self.coin));
    }

    /// Loses power after some steps of opening.
    fn lose_power(&mut self, store: &mut Store<FaultDevice>, medium: &mut Medium) {
        let steps = store.device_mut().take_steps();
        assert_eq!(steps.iter().filter(|step| **step == Step::Flush).count(), 1, "opening flushes");
        for step in steps {
            medium.apply(&step, &mut self.coin);
            if self.coin.below(4) > 0 {
                continue;
            }
            let loss = Loss::ALL[self.coin.below(5) as usize];
            let image = medium.crash(loss, &mut self.coin);
            self.report.images += 1;
            self.check_image(&image, false);
        }
    }

    /// The retained roots that an image may have.
    fn check_image(&mut self, image: &[u8], goes_on: bool) {
        let mut store =
            Store::open(MemoryDevice::from_image(image), Some(CHAIN), options()).expect("a store");
        let state = self.state_of(store.roots());
        let roots: Vec<Hash> = store.roots().iter().map(|entry| entry.root).collect();
        reachable(&mut store, &roots, children, |_, _| {}).expect("everything under the roots");
        if goes_on {
            self.goes_on(store, state);
        }
    }

    /// The state of the last of the roots, which are those acknowledged, with or without the one in flight.
    fn state_of(&self, found: &[RootEntry]) -> State {
        let tail = |known: &[(RootEntry, State)]| -> Vec<RootEntry> {
            let surplus = known.len().saturating_sub(LAYOUT.retention as usize);
            known[surplus..].iter().map(|(entry, _)| *entry).collect()
        };
        let mut known = self.acknowledged.clone();
        // The commit under way is the last acknowledged by now, or not acknowledged at all.
        if let Some((entry, state)) = &self.in_flight {
            if known.last().is_none_or(|(last, _)| last != entry) {
                known.push((*entry, state.clone()));
            }
            if found == tail(&known) {
                return state.clone();
            }
            known.pop();
        }
        assert_eq!(found, tail(&known), "the roots acknowledged last");
        let blank = State { is_regular: self.state.is_regular, ..State::new() };
        known.last().map_or(blank, |(_, state)| state.clone())
    }

    /// What was opened can be used: commits, collection, a checkpoint, and it is opened again after each.
    fn goes_on(&mut self, mut store: Store<MemoryDevice>, mut state: State) {
        for _ in 0..3 {
            state.change(&mut self.coin);
            let (root, objects) = state.objects();
            store.commit(root, state.height, &objects).expect("room");
            opens_as_it_is(&store);
            store.collect(400).expect("a whole store");
        }
        opens_as_it_is(&store);
    }

    fn refuses_to_write(&mut self) {
        let (root, objects) = self.state.objects();
        let refused = self.store.commit(root, 1, &objects);
        assert!(matches!(refused, Err(WriteError::Failed(_))), "{refused:?}");
        assert!(matches!(self.store.checkpoint(), Err(WriteError::Failed(_))));
        assert!(self.store.device_mut().take_steps().is_empty(), "nothing is asked of a failed device");
        self.walk_live();
    }

    /// The run goes on from what a power loss leaves, or from what the cache shows after the process died.
    fn restart(&mut self) {
        if self.coin.flip() {
            let loss = Loss::ALL[self.coin.below(5) as usize];
            self.medium = Medium::new(self.medium.crash(loss, &mut self.coin));
            self.report.restarts += 1;
        } else {
            self.report.deaths += 1;
        }
        let image = self.medium.die(&mut self.coin);
        let mut store =
            Store::open(FaultDevice::from_image(&image), Some(CHAIN), options()).expect("a store");
        let mut medium = self.medium.clone();
        self.lose_power(&mut store, &mut medium);
        self.store = store;
        self.medium = medium;
        self.state = self.state_of(self.store.roots());
        let states: Vec<_> = self.acknowledged.iter().chain(&self.in_flight).cloned().collect();
        let state_of = |root: &RootEntry| states.iter().find(|(entry, _)| entry == root).cloned();
        self.acknowledged = self.store.roots().iter().filter_map(state_of).collect();
        self.in_flight = None;
    }
}

/// Opened again, a store has the roots it had, and everything under them.
fn opens_as_it_is(store: &Store<MemoryDevice>) {
    let mut again = Store::open(store.device().clone(), Some(CHAIN), options()).expect("a store");
    assert_eq!(again.roots(), store.roots());
    let roots: Vec<Hash> = store.roots().iter().map(|entry| entry.root).collect();
    reachable(&mut again, &roots, children, |_, _| {}).expect("everything under the roots");
}
