//! No sequence of host calls yields a Ref, a right or a badge that was not given.
//!
//! Random scripts run on probes that call each other and pass capabilities on; a model says who holds what, and
//! what each step of the outermost script answers. After each event every slot of every Instance in the state is
//! compared with the model. Beside it, and without the model: rights to an Instance only shrink, and badges come
//! from those who may manage it.

mod chain;

use chain::script::{SCRATCH, Script};
use chain::{CHAIN_ID, TestChain, event, probe};
use nub::error::Abort;
use nub::host_call::{
    BUSY, GONE, NO_CAPABILITY, NO_RIGHT, NONE, PASSED, RIGHT_CALL, RIGHT_GRANT, RIGHT_MANAGE, TOO_HIGH,
};
use nub::{BackendKind, Badge, Blobs, Event, Genesis, Hash, InstanceId, Nub, Params, SharedBlobs, Status};
use nub_state::{Handle, Image, Link, Loader, Ref, StateError};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

/// Where the first probe has an Image from the start.
const IMAGE_SLOT: u8 = 0;

/// The probes of the shared genesis: two public ones and one that is not.
fn genesis() -> Genesis {
    let mut genesis = chain::genesis(Params::default());
    genesis.instances.truncate(3);
    genesis
}

/// What a slot holds.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Held {
    Ref(Ref),
    Image,
    Data,
    CNode(BTreeMap<u8, Held>),
}

/// The height of the highest CNode in a slot: the Instance's own is one higher.
const SLOT_HEIGHT_MAX: u32 = 15;

impl Held {
    /// How many CNodes are in each other; 0 for what is none.
    fn height(&self) -> u32 {
        match self {
            Self::CNode(entries) => 1 + entries.values().map(Self::height).max().unwrap_or(0),
            _ => 0,
        }
    }

    /// The Refs that it is or holds.
    fn refs(&self) -> Vec<&Ref> {
        match self {
            Self::Ref(reference) => vec![reference],
            Self::CNode(entries) => entries.values().flat_map(Self::refs).collect(),
            _ => vec![],
        }
    }
}

/// A step of a script.
#[derive(Clone, Debug)]
enum Step {
    Copy { from: u16, to: u8 },
    Move { from: u8, to: u8 },
    Drop { slot: u8 },
    Mint { from: u16, to: u8, rights: u8, badge: Option<u8> },
    NewData { slot: u8 },
    NewCNode { slot: u8 },
    Get { from: u16, key: u8, to: u8 },
    Put { slot: u8, key: u8, from: u16 },
    Remove { slot: u8, key: u8 },
    Create { image: u8, to: u8, public: bool, badge: u8 },
    Clone { from: u16, to: u8, badge: u8 },
    Upgrade { from: u16, image: u8 },
    Destroy { from: u16 },
    Call { target: u16, passed: Vec<u16>, steps: Vec<Step>, fails: bool },
}

/// An event: whom it is for and whom it names, by index among all that ever were.
#[derive(Clone, Debug)]
struct Sent {
    target: usize,
    refs: Vec<usize>,
    origin: u8,
    steps: Vec<Step>,
    fails: bool,
}

fn slot() -> impl Strategy<Value = u8> + Clone {
    0u8..6
}

/// Slots, and capabilities passed.
fn selector() -> impl Strategy<Value = u16> + Clone {
    prop_oneof![4 => 0u16..6, 2 => 256u16..259]
}

fn steps(depth: u32) -> BoxedStrategy<Vec<Step>> {
    let simple = prop_oneof![
        4 => (selector(), slot()).prop_map(|(from, to)| Step::Copy { from, to }),
        2 => (slot(), slot()).prop_map(|(from, to)| Step::Move { from, to }),
        1 => slot().prop_map(|slot| Step::Drop { slot }),
        5 => (selector(), slot(), 1u8..8, prop::option::of(0u8..4))
            .prop_map(|(from, to, rights, badge)| Step::Mint { from, to, rights, badge }),
        1 => slot().prop_map(|slot| Step::NewData { slot }),
        2 => slot().prop_map(|slot| Step::NewCNode { slot }),
        3 => (selector(), 0u8..2, slot()).prop_map(|(from, key, to)| Step::Get { from, key, to }),
        5 => (slot(), 0u8..2, selector()).prop_map(|(slot, key, from)| Step::Put { slot, key, from }),
        1 => (slot(), 0u8..2).prop_map(|(slot, key)| Step::Remove { slot, key }),
        2 => (prop_oneof![3 => Just(IMAGE_SLOT), 1 => slot()], slot(), any::<bool>(), 0u8..4)
            .prop_map(|(image, to, public, badge)| Step::Create { image, to, public, badge }),
        2 => (selector(), slot(), 0u8..4).prop_map(|(from, to, badge)| Step::Clone { from, to, badge }),
        1 => (selector(), prop_oneof![3 => Just(IMAGE_SLOT), 1 => slot()])
            .prop_map(|(from, image)| Step::Upgrade { from, image }),
        1 => selector().prop_map(|from| Step::Destroy { from }),
    ];
    let step = if depth == 0 {
        simple.boxed()
    } else {
        let passed = prop::collection::vec(selector(), 0..3);
        let call = (selector(), passed, steps(depth - 1), prop::bool::weighted(0.2))
            .prop_map(|(target, passed, steps, fails)| Step::Call { target, passed, steps, fails });
        prop_oneof![3 => simple, 2 => call].boxed()
    };
    prop::collection::vec(step, 1..6).boxed()
}

fn sent() -> impl Strategy<Value = Sent> {
    let refs = prop::collection::vec(0usize..6, 0..3);
    (prop_oneof![4 => 0usize..2, 1 => 0usize..8], refs, 0u8..4, steps(2), prop::bool::weighted(0.15))
        .prop_map(|(target, refs, origin, steps, fails)| Sent { target, refs, origin, steps, fails })
}

/// A badge of those that scripts and events use.
fn badge(number: u8) -> Badge {
    Badge([number + 1; 32])
}

/// The same steps as a script of the probe.
fn script(steps: &[Step]) -> Script {
    let mut script = Script::new();
    for step in steps {
        match step {
            Step::Copy { from, to } => script.step(16, &[(*from).into(), (*to).into()]),
            Step::Move { from, to } => script.step(17, &[(*from).into(), (*to).into()]),
            Step::Drop { slot } => script.step(18, &[(*slot).into()]),
            Step::Mint { from, to, rights, badge: number } => {
                let address = script.data(&badge(number.unwrap_or(0)).0);
                let with_badge = number.is_some().into();
                script.step(19, &[(*from).into(), (*to).into(), (*rights).into(), with_badge, address])
            }
            Step::NewData { slot } => script.step(20, &[(*slot).into(), 1]),
            Step::NewCNode { slot } => script.step(33, &[(*slot).into()]),
            Step::Get { from, key, to } => {
                let key = script.data(&[*key]);
                script.step(34, &[(*from).into(), key, 1, (*to).into()])
            }
            Step::Put { slot, key, from } => {
                let key = script.data(&[*key]);
                script.step(35, &[(*slot).into(), key, 1, (*from).into()])
            }
            Step::Remove { slot, key } => {
                let key = script.data(&[*key]);
                script.step(36, &[(*slot).into(), key, 1])
            }
            Step::Create { image, to, public, badge: number } => {
                let address = script.data(&badge(*number).0);
                script.step(13, &[(*image).into(), (*to).into(), (*public).into(), address, SCRATCH])
            }
            Step::Clone { from, to, badge: number } => {
                let address = script.data(&badge(*number).0);
                script.step(29, &[(*from).into(), (*to).into(), address, SCRATCH])
            }
            Step::Upgrade { from, image } => script.step(30, &[(*from).into(), (*image).into()]),
            Step::Destroy { from } => script.step(31, &[(*from).into()]),
            Step::Call { target, passed, steps, fails } => {
                let args = self::script(steps).args();
                script.call((*target).into(), endpoint(*fails), &args, passed)
            }
        };
    }
    script
}

fn endpoint(fails: bool) -> u16 {
    if fails { probe::SCRIPT_THEN_REVERT } else { probe::SCRIPT }
}

type Slots = BTreeMap<u8, Held>;

/// An Instance of the model.
#[derive(Clone, Debug)]
struct Holder {
    slots: Slots,
    public: bool,
    creations: u64,
}

/// Who holds what.
#[derive(Clone, Debug)]
struct Model {
    holders: BTreeMap<InstanceId, Holder>,
    /// Every id there ever was, in order.
    ids: Vec<InstanceId>,
    stack: Vec<InstanceId>,
}

impl Model {
    fn at_genesis() -> Self {
        let genesis = genesis();
        let ids: Vec<InstanceId> = (0..genesis.instances.len() as u64).map(chain::instance).collect();
        let holders = genesis.instances.iter().zip(&ids).map(|(instance, id)| {
            let held = |reference: &nub::GenesisRef| {
                let nub::GenesisRef { instance, rights, badge, .. } = *reference;
                Held::Ref(Ref { instance: chain::instance(instance.into()), rights, badge })
            };
            let slots = instance.refs.iter().map(|reference| (reference.slot, held(reference))).collect();
            (*id, Holder { slots, public: instance.public, creations: 0 })
        });
        Self { holders: holders.collect(), ids, stack: vec![] }
    }

    /// Runs an event; gives r7 of each step of its script, `None` if it does not start or fails.
    fn run(&mut self, target: InstanceId, refs: &[InstanceId], sent: &Sent) -> Option<Vec<u64>> {
        let is_public = |id: &InstanceId| self.holders.get(id).is_some_and(|holder| holder.public);
        if !is_public(&target) || !refs.iter().all(is_public) {
            return None;
        }
        let minted =
            |id: &InstanceId| Held::Ref(Ref { instance: *id, rights: RIGHT_CALL, badge: badge(sent.origin) });
        let passed: Vec<Held> = refs.iter().map(minted).collect();
        let codes = self.enter(target, &passed, &sent.steps, sent.fails);
        (!sent.fails).then_some(codes)
    }

    /// Runs steps in an Instance; undoes them if it fails in the end.
    fn enter(&mut self, id: InstanceId, passed: &[Held], steps: &[Step], fails: bool) -> Vec<u64> {
        let before = self.holders.clone();
        self.stack.push(id);
        let codes = steps
            .iter()
            .map(|step| match self.step(id, passed, step) {
                Ok(answer) | Err(answer) => answer,
            })
            .collect();
        self.stack.pop();
        if fails {
            self.holders = before;
        }
        codes
    }

    fn step(&mut self, id: InstanceId, passed: &[Held], step: &Step) -> Result<u64, u64> {
        let slots = self.holders[&id].slots.clone();
        let held = |selector: u16| match u64::from(selector).checked_sub(PASSED) {
            Some(index) => passed.get(index as usize).cloned().ok_or(NO_CAPABILITY),
            None => slots.get(&(selector as u8)).cloned().ok_or(NO_CAPABILITY),
        };
        let may_go = |held: &Held| match held {
            Held::Ref(reference) if !reference.allows(RIGHT_GRANT) => Err(NO_RIGHT),
            _ => Ok(()),
        };
        let kept = |selector: u16| -> Result<Held, u64> {
            let held = held(selector)?;
            if u64::from(selector) >= PASSED {
                may_go(&held)?;
            }
            Ok(held)
        };
        let entries = |held: Held| match held {
            Held::CNode(entries) => Ok(entries),
            _ => Err(NO_CAPABILITY),
        };
        let reference = |held: Held| match held {
            Held::Ref(reference) => Ok(reference),
            _ => Err(NO_CAPABILITY),
        };
        let with_right = |selector: u16, right: u8| {
            let reference = reference(held(selector)?)?;
            if reference.allows(right) { Ok(reference.instance) } else { Err(NO_RIGHT) }
        };
        let image_in = |slot: &u8| match slots.get(slot) {
            Some(Held::Image) => Ok(()),
            _ => Err(NO_CAPABILITY),
        };
        match step {
            Step::Copy { from, to } => {
                let held = kept(*from)?;
                self.put(id, *to, held);
            }
            Step::Move { from, to } => {
                let held = held((*from).into())?;
                self.take(id, *from);
                self.put(id, *to, held);
            }
            Step::Drop { slot } => return Ok(u64::from(self.take(id, *slot))),
            Step::Mint { from, to, rights, badge: number } => {
                let source = reference(kept(*from)?)?;
                if !source.allows(*rights) || (number.is_some() && !source.allows(RIGHT_MANAGE)) {
                    return Err(NO_RIGHT);
                }
                let badge = number.map_or(source.badge, badge);
                self.put(id, *to, Held::Ref(Ref { rights: *rights, badge, ..source }));
            }
            Step::NewData { slot } => self.put(id, *slot, Held::Data),
            Step::NewCNode { slot } => self.put(id, *slot, Held::CNode(BTreeMap::new())),
            Step::Get { from, key, to } => {
                let held = entries(held(*from)?)?.remove(key).ok_or(NONE)?;
                self.put(id, *to, held);
            }
            Step::Put { slot, key, from } => {
                let mut entries = entries(held((*slot).into())?)?;
                let inner = held(*from)?;
                may_go(&inner)?;
                entries.insert(*key, inner);
                let outer = Held::CNode(entries);
                if outer.height() > SLOT_HEIGHT_MAX {
                    return Err(TOO_HIGH);
                }
                self.put(id, *slot, outer);
            }
            Step::Remove { slot, key } => {
                let mut entries = entries(held((*slot).into())?)?;
                let was_there = entries.remove(key).is_some();
                self.put(id, *slot, Held::CNode(entries));
                return Ok(was_there.into());
            }
            Step::Create { image, to, public, badge: number } => {
                image_in(image)?;
                self.make(id, *to, badge(*number), Slots::new(), *public);
            }
            Step::Clone { from, to, badge: number } => {
                let source = self.idle(with_right(*from, RIGHT_MANAGE)?)?.clone();
                self.make(id, *to, badge(*number), source.slots, source.public);
            }
            Step::Upgrade { from, image } => {
                let target = with_right(*from, RIGHT_MANAGE)?;
                image_in(image)?;
                if !self.stack.contains(&target) && !self.holders.contains_key(&target) {
                    return Err(GONE);
                }
            }
            Step::Destroy { from } => {
                let target = with_right(*from, RIGHT_MANAGE)?;
                self.idle(target)?;
                self.holders.remove(&target);
            }
            Step::Call { target, passed: list, steps, fails } => {
                let target = with_right(*target, RIGHT_CALL)?;
                let mut handed = vec![];
                for selector in list {
                    let held = held(*selector)?;
                    may_go(&held)?;
                    handed.push(held);
                }
                if self.stack.contains(&target) {
                    return Err(Status::Busy as u64);
                }
                if !self.holders.contains_key(&target) {
                    return Err(GONE);
                }
                self.enter(target, &handed, steps, *fails);
                return Ok(if *fails { Status::Reverted } else { Status::Success } as u64);
            }
        }
        Ok(0)
    }

    fn idle(&self, id: InstanceId) -> Result<&Holder, u64> {
        if self.stack.contains(&id) { Err(BUSY) } else { self.holders.get(&id).ok_or(GONE) }
    }

    fn put(&mut self, id: InstanceId, slot: u8, held: Held) {
        self.holders.get_mut(&id).unwrap().slots.insert(slot, held);
    }

    fn take(&mut self, id: InstanceId, slot: u8) -> bool {
        self.holders.get_mut(&id).unwrap().slots.remove(&slot).is_some()
    }

    fn make(&mut self, creator: InstanceId, to: u8, badge: Badge, slots: Slots, public: bool) {
        let holder = self.holders.get_mut(&creator).unwrap();
        let instance = InstanceId::derive(CHAIN_ID, creator, holder.creations);
        holder.creations += 1;
        self.holders.insert(instance, Holder { slots, public, creations: 0 });
        if !self.ids.contains(&instance) {
            self.ids.push(instance);
        }
        self.put(creator, to, Held::Ref(Ref { instance, rights: Ref::ALL_RIGHTS, badge }));
    }

    fn slots(&self) -> BTreeMap<InstanceId, Slots> {
        self.holders.iter().map(|(id, holder)| (*id, holder.slots.clone())).collect()
    }
}

/// Reads committed objects.
struct Reader(SharedBlobs);

#[derive(Debug)]
struct Unreadable;

impl From<StateError> for Unreadable {
    fn from(_: StateError) -> Self {
        Self
    }
}

impl From<Abort> for Unreadable {
    fn from(_: Abort) -> Self {
        Self
    }
}

impl Loader for Reader {
    type Error = Unreadable;

    fn load(&mut self, hash: &Hash) -> Result<Handle, Unreadable> {
        let bytes = self.0.get(hash)?.ok_or(Unreadable)?;
        Handle::load(hash, &bytes).map_err(|_| Unreadable)
    }
}

impl Reader {
    /// Every slot of every Instance under a root.
    fn slots(&mut self, root: &Hash) -> Result<BTreeMap<InstanceId, Slots>, Unreadable> {
        let instances = self.load(root)?.as_system()?.instances.clone().resolve(self)?;
        let mut entries = instances.as_cnode()?.entries().iter();
        let mut all = BTreeMap::new();
        while let Some((key, link)) = entries.next(self)? {
            let instance = link.resolve(self)?.as_instance()?.clone();
            let slots = self.slots_of(&instance.cnode)?;
            all.insert(InstanceId(key.as_bytes().try_into().map_err(|_| Unreadable)?), slots);
        }
        Ok(all)
    }

    fn slots_of(&mut self, cnode: &Link) -> Result<Slots, Unreadable> {
        let cnode = cnode.resolve(self)?;
        let mut entries = cnode.as_cnode()?.entries().iter();
        let mut slots = Slots::new();
        while let Some((key, link)) = entries.next(self)? {
            if let [slot] = key.as_bytes() {
                let object = link.resolve(self)?;
                let held = match (object.as_ref(), object.as_image(), object.as_cnode()) {
                    (Ok(reference), ..) => Held::Ref(reference.clone()),
                    (_, Ok(Image { .. }), _) => Held::Image,
                    (_, _, Ok(_)) => Held::CNode(self.slots_of(&link)?),
                    _ => object.as_data_cap().map(|_| Held::Data)?,
                };
                slots.insert(*slot, held);
            }
        }
        Ok(slots)
    }
}

/// All Refs in slots, and in CNodes in slots.
fn refs(slots: &BTreeMap<InstanceId, Slots>) -> impl Iterator<Item = &Ref> {
    slots.values().flat_map(BTreeMap::values).flat_map(Held::refs)
}

/// To an Instance that was there before: no right that nobody had, and no badge that no Ref had, unless
/// somebody could manage it.
fn check_confined(before: &BTreeMap<InstanceId, Slots>, after: &BTreeMap<InstanceId, Slots>) {
    let in_cnodes = after.values().flat_map(BTreeMap::values).filter(|held| held.height() > 0);
    for reference in in_cnodes.flat_map(Held::refs) {
        assert!(reference.allows(RIGHT_GRANT), "it cannot be handed on, but its CNode can: {reference:?}");
    }
    let mut rights = BTreeMap::<InstanceId, u8>::new();
    let mut badges = BTreeSet::new();
    for reference in refs(before) {
        *rights.entry(reference.instance).or_default() |= reference.rights;
        badges.insert((reference.instance, reference.badge));
    }
    for reference in refs(after).filter(|reference| before.contains_key(&reference.instance)) {
        let had = rights.get(&reference.instance).copied().unwrap_or(0);
        assert_eq!(reference.rights & !had, 0, "a right nobody had: {reference:?}");
        let known = badges.contains(&(reference.instance, reference.badge));
        assert!(known || had & RIGHT_MANAGE != 0, "a badge nobody could give: {reference:?}");
    }
}

/// A committed chain whose first probe has an Image in its slot, the model of it, and the reader of its state.
fn furnished(kind: BackendKind) -> (TestChain, Model, Reader) {
    let blobs = SharedBlobs::in_memory();
    let mut nub = Nub::builder().backend(kind).blobs(blobs.clone()).seed([4; 32]).build().unwrap();
    let root = nub.genesis(&genesis()).unwrap();
    let mut chain = TestChain { nub, genesis_root: root, root, height: 0 };
    let mut script = Script::new();
    script.image(IMAGE_SLOT.into(), chain::PROBE_IMAGE);
    assert_eq!(chain.play(&script).codes(), [0]);
    chain.nub.commit(chain.root).unwrap();
    let mut model = Model::at_genesis();
    model.put(chain::probe(), IMAGE_SLOT, Held::Image);
    (chain, model, Reader(blobs))
}

/// Runs events, and compares with the model after each. Gives how many started and succeeded.
fn run_against_model(kind: BackendKind, events: &[Sent]) -> u32 {
    let (mut chain, mut model, mut reader) = furnished(kind);
    let mut before = model.slots();
    let mut succeeded = 0;
    for sent in events {
        let id = |index: usize| model.ids[index % model.ids.len()];
        let target = id(sent.target);
        let refs: Vec<InstanceId> = sent.refs.iter().map(|index| id(*index)).collect();
        let script = script(&sent.steps);
        let codes = model.run(target, &refs, sent);
        let receipt = chain.run(Event {
            target,
            refs,
            origin: badge(sent.origin),
            ..event(endpoint(sent.fails), script.args())
        });
        let played = (receipt.status == Status::Success).then(|| script.played(&receipt.output).codes());
        assert_eq!(played, codes, "{:?}", receipt.status);
        chain.nub.commit(chain.root).unwrap();
        let after = reader.slots(&chain.root).unwrap();
        assert_eq!(after, model.slots());
        check_confined(&before, &after);
        before = after;
        succeeded += u32::from(codes.is_some());
    }
    succeeded
}

fn check(kind: BackendKind, default_cases: u32) {
    let cases = std::env::var("NUB_PROPTEST_CASES").ok().and_then(|text| text.parse().ok());
    let cases = if kind == BackendKind::Local { cases.unwrap_or(default_cases) } else { default_cases };
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let succeeded = Cell::new(0);
    let result = TestRunner::new(config).run(&prop::collection::vec(sent(), 4..8), |events| {
        succeeded.set(succeeded.get() + run_against_model(kind, &events));
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    let succeeded = succeeded.get();
    assert!(succeeded >= cases, "only {succeeded} events of {cases} sequences did anything");
}

#[test]
fn capabilities_are_where_the_model_has_them_local() {
    check(BackendKind::Local, 200);
}

#[test]
fn capabilities_are_where_the_model_has_them_hyperlight() {
    if chain::hyperlight_runs() {
        check(BackendKind::Hyperlight, 2);
    }
}
