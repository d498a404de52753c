//! Images and geneses that are refused, and what a running program sees of them.

mod chain;

use chain::{TestChain, event, on_both};
use nub::error::{BoundedParam, GenesisError, ParamsError};
use nub::params::{BLOCK_GAS_MAX, LIMIT_BYTES_MAX};
use nub::{BackendKind, Badge, Failure, Genesis, GenesisInstance, GenesisRef, Nub, Params, Status};
use nub_state::{DecodeError, Image};

/// An Image of this code: one octet an instruction start where `starts` says so.
fn image(code: &[u8], starts: &[usize], jump_table: &[u8]) -> Image {
    let mut program = vec![jump_table.len() as u8, 1, code.len() as u8];
    program.extend(jump_table);
    program.extend(code);
    let mut bitmask = vec![0u8; code.len().div_ceil(8)];
    starts.iter().for_each(|&start| bitmask[start / 8] |= 1 << (start % 8));
    program.extend(bitmask);
    Image {
        program,
        ro_data: vec![],
        rw_data: vec![],
        stack_bytes: 4096,
        heap_pages: 0,
        endpoints: vec![(0, 0)],
        type_def: None,
    }
}

/// `trap`, the shortest valid program.
fn trap() -> Image {
    image(&[0], &[0], &[])
}

fn genesis_of(image: Vec<u8>) -> Genesis {
    let instance = GenesisInstance { image, public: true, storage: vec![], refs: vec![] };
    Genesis { instances: vec![instance], ..chain::genesis(Params::default()) }
}

/// A handle without a state, on each backend: a refused genesis leaves none.
fn refused(genesis: &Genesis) -> GenesisError {
    let mut errors = chain::backends().into_iter().map(|kind| refused_by(kind, genesis));
    let first = errors.next().unwrap();
    assert!(errors.all(|error| error == first));
    first
}

fn refused_by(kind: BackendKind, genesis: &Genesis) -> GenesisError {
    let mut nub = empty(kind);
    let error = match nub.genesis(genesis) {
        Err(Failure::Kernel(error)) => error,
        other => panic!("expected a refusal, got {other:?}"),
    };
    assert_eq!(nub.state_root().unwrap(), None);
    error
}

/// One handle without a state per backend, shared, for a refused genesis leaves it as it was.
fn empty(kind: BackendKind) -> std::sync::MutexGuard<'static, Nub> {
    use std::sync::{Mutex, OnceLock, PoisonError};
    static LOCAL: OnceLock<Mutex<Nub>> = OnceLock::new();
    static HYPERLIGHT: OnceLock<Mutex<Nub>> = OnceLock::new();
    let cell = if kind == BackendKind::Local { &LOCAL } else { &HYPERLIGHT };
    let handle = cell.get_or_init(|| Mutex::new(Nub::builder().backend(kind).build().unwrap()));
    handle.lock().unwrap_or_else(PoisonError::into_inner)
}

#[track_caller]
fn refused_image(image: Vec<u8>, expected: &str) {
    match refused(&genesis_of(image)) {
        GenesisError::BadImage { index: 0, reason } => assert!(reason.contains(expected), "{reason}"),
        other => panic!("{other}"),
    }
}

#[test]
fn malformed_image_bytes() {
    let good = trap().to_bytes();
    refused_image(vec![], &DecodeError::Empty.to_string());
    refused_image(good[..good.len() - 1].to_vec(), "malformed");
    refused_image([&good[..], &[0]].concat(), "follow");
    let mut wrong_kind = good.clone();
    wrong_kind[0] = 0x05;
    refused_image(wrong_kind, "expected Image, found CNode");
    let mut unknown_kind = good;
    unknown_kind[0] = 0xee;
    refused_image(unknown_kind, "0xee");
}

#[test]
fn malformed_programs() {
    let with = |change: fn(&mut Image)| {
        let mut image = trap();
        change(&mut image);
        image.to_bytes()
    };
    refused_image(with(|image| image.program = vec![]), "container");
    refused_image(with(|image| image.program.push(0)), "container");
    refused_image(with(|image| image.program = vec![0xff; 9]), "container");
    // A jump table of 2^60 entries.
    refused_image(
        with(|image| image.program = [&[0xff][..], &(1u64 << 60).to_le_bytes(), &[1, 1, 0, 1]].concat()),
        "container",
    );
    refused_image(image(&[], &[], &[]).to_bytes(), "code is invalid");
    refused_image(image(&[255], &[0], &[]).to_bytes(), "code is invalid"); // undefined opcode
    refused_image(image(&[0], &[], &[]).to_bytes(), "code is invalid"); // no instruction at 0
}

#[test]
fn endpoints_must_start_blocks() {
    // load_imm r7 = 1; trap: position 3 starts an instruction, not a block.
    let code = [51, 0x07, 1, 0];
    let mut image = image(&code, &[0, 3], &[]);
    image.endpoints = vec![(0, 0), (5, 3)];
    refused_image(image.to_bytes(), "endpoint 5 is at 3");
    image.endpoints = vec![(0, 1)];
    refused_image(image.to_bytes(), "endpoint 0 is at 1");
    image.endpoints = vec![(0, 4000)];
    refused_image(image.to_bytes(), "endpoint 0 is at 4000");
    image.endpoints = vec![];
    refused_image(image.to_bytes(), "no endpoint");
}

#[test]
fn memory_must_fit() {
    let changes: [fn(&mut Image); 2] =
        [|image| image.heap_pages = u32::MAX, |image| image.stack_bytes = u32::MAX];
    for change in changes {
        let mut image = trap();
        change(&mut image);
        refused_image(image.to_bytes(), "fit");
    }
    let mut large = trap();
    large.ro_data = vec![0; 1 << 20];
    refused_image(large.to_bytes(), "image_bytes");
}

#[test]
fn storage_and_refs_of_a_genesis_are_checked() {
    let with = |storage: Vec<(&[u8], usize)>, refs: Vec<(u8, u32, u8)>| {
        let mut genesis = genesis_of(trap().to_bytes());
        let instance = &mut genesis.instances[0];
        instance.storage = storage.into_iter().map(|(key, length)| (key.to_vec(), vec![1; length])).collect();
        let badge = Badge::default();
        instance.refs = refs
            .into_iter()
            .map(|(slot, instance, rights)| GenesisRef { slot, instance, rights, badge })
            .collect();
        refused(&genesis)
    };
    let storage = |entry| GenesisError::BadStorage { index: 0, entry };
    assert_eq!(with(vec![(b"k", 1)], vec![]), storage(0));
    assert_eq!(with(vec![(&[1; 33], 1)], vec![]), storage(0));
    assert_eq!(with(vec![(b"aa", 1), (b"bb", 4097)], vec![]), storage(1));
    assert_eq!(with(vec![(b"bb", 1), (b"aa", 1)], vec![]), storage(1));
    assert_eq!(with(vec![(b"aa", 1), (b"aa", 1)], vec![]), storage(1));
    let refs = |entry| GenesisError::BadRef { index: 0, entry };
    assert_eq!(with(vec![], vec![(0, 1, 1)]), refs(0));
    assert_eq!(with(vec![], vec![(0, 0, 0)]), refs(0));
    assert_eq!(with(vec![], vec![(0, 0, 8)]), refs(0));
    assert_eq!(with(vec![], vec![(3, 0, 1), (3, 0, 1)]), refs(1));
}

#[test]
fn params_are_checked() {
    let with = |change: fn(&mut Params)| {
        let mut genesis = genesis_of(trap().to_bytes());
        change(&mut genesis.params);
        refused(&genesis)
    };
    let bad = GenesisError::BadParams;
    assert_eq!(with(|params| params.limits.call_depth = 0), bad(ParamsError::ZeroCallDepth));
    let above = |param, max| bad(ParamsError::Above { param, max });
    assert_eq!(with(|params| params.limits.call_depth = 65), above(BoundedParam::CallDepth, 64));
    let bytes_max = u64::from(LIMIT_BYTES_MAX);
    let argument_bytes = with(|params| params.limits.argument_bytes = LIMIT_BYTES_MAX + 1);
    assert_eq!(argument_bytes, above(BoundedParam::ArgumentBytes, bytes_max));
    let block_bytes = with(|params| params.limits.block_bytes = LIMIT_BYTES_MAX + 1);
    assert_eq!(block_bytes, above(BoundedParam::BlockBytes, bytes_max));
    assert_eq!(with(|params| params.block_gas = u64::MAX), above(BoundedParam::BlockGas, BLOCK_GAS_MAX));
    let before_gas = with(|params| params.before_gas = BLOCK_GAS_MAX + 1);
    assert_eq!(before_gas, above(BoundedParam::BeforeGas, BLOCK_GAS_MAX));
    let after_gas = with(|params| params.after_gas = BLOCK_GAS_MAX + 1);
    assert_eq!(after_gas, above(BoundedParam::AfterGas, BLOCK_GAS_MAX));
    assert_eq!(with(|params| params.chain = Some(nub::InstanceId([9; 32]))), bad(ParamsError::ChainUnknown));
}

on_both! {
    a_second_genesis_is_refused => |chain| {
        let again = chain.nub.genesis(&chain::genesis(Params::default()));
        match again {
            Err(Failure::Kernel(GenesisError::AlreadyInitialised(root))) => assert_eq!(root, chain.genesis_root),
            other => panic!("{other:?}"),
        }
    };
}

/// Runs endpoint 0 of an Image on both backends; the receipts must agree.
fn run(image: &Image, gas_limit: u64) -> (Status, u64) {
    let results: Vec<(Status, u64)> = chain::backends()
        .into_iter()
        .map(|kind| {
            let mut chain = TestChain::start(kind, &genesis_of(image.to_bytes()), [4; 32]);
            let mut event = event(0, vec![]);
            event.gas_limit = gas_limit;
            let receipt = chain.run(event);
            (receipt.status, receipt.gas_used)
        })
        .collect();
    assert!(results.iter().all(|result| *result == results[0]), "{results:?}");
    results[0]
}

#[test]
fn a_block_is_charged_whole_on_entry() {
    let (status, gas) = run(&trap(), 1_000_000);
    assert_eq!(status, Status::Panicked);
    assert_eq!(run(&trap(), gas), (Status::Panicked, gas));
    assert_eq!(run(&trap(), gas - 1), (Status::OutOfGas, gas - 1));
}

#[test]
fn the_empty_genesis_is_a_state() {
    for kind in chain::backends() {
        let genesis = Genesis { instances: vec![], ..chain::genesis(Params::default()) };
        let mut chain = TestChain::start(kind, &genesis, [5; 32]);
        let receipt = chain.run(event(0, vec![]));
        assert_eq!(receipt.status, Status::NoTarget);
    }
}
