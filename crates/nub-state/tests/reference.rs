//! The reference program, which shares no code with ours, comes to the same roots and verdicts.

mod common;

use common::states::{State, cases, states};
use common::{Store, hex};
use nub_abi::{Hash, InstanceId};
use nub_state::*;
use parity_scale_codec::Encode;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::TestRunner;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};

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

/// A file for one test's octets.
fn file(name: &str, octets: &[u8]) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    std::fs::write(&path, octets).unwrap();
    path
}

/// What the program printed, or why it refused.
fn run(arguments: &[&str]) -> Result<String, String> {
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/spec/reference/nub_state.py");
    let output = Command::new("python3").arg(program).args(arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    match output.status.success() {
        true => Ok(text(&output.stdout)),
        false => Err(text(&output.stderr)),
    }
}

fn export(root: Hash, store: &mut Store) -> Vec<u8> {
    Export::new(root).next_chunk(store, usize::MAX).unwrap()
}

fn recompute(name: &str, export: &[u8]) -> Result<String, String> {
    let path = file(name, export);
    let result = run(&[path.to_str().unwrap()]);
    std::fs::remove_file(path).unwrap();
    result
}

fn check(name: &str, root: Hash, claim: &str, proof: &Proof) -> Result<String, String> {
    let path = file(name, &proof.encode());
    let root = root.to_string();
    let result = run(&["--proof", path.to_str().unwrap(), "--root", &root, "--claim", claim]);
    std::fs::remove_file(path).unwrap();
    result
}

fn refuses(result: &Result<String, String>) -> bool {
    result.as_ref().is_err_and(|message| message.starts_with("refused: "))
}

#[test]
fn the_reference_recomputes_the_root_of_an_export() {
    if !python_runs() {
        return;
    }
    let property = |(state, at, bit): (State, Index, u8)| {
        let (root, mut store) = state.build();
        let mut whole = export(root, &mut store);
        prop_assert_eq!(recompute("root", &whole), Ok(root.to_string()));
        let at = at.index(whole.len());
        whole[at] ^= 1 << bit;
        let corrupted = recompute("corrupted", &whole);
        prop_assert!(refuses(&corrupted), "{:?}", corrupted);
        Ok(())
    };
    TestRunner::new(cases(6)).run(&(states(), any::<Index>(), 0u8..8), property).unwrap();
}

#[test]
fn the_reference_checks_proofs() {
    if !python_runs() {
        return;
    }
    let property = |(state, which, other): (State, Index, Index)| {
        let (root, mut store) = state.build();
        let claims = claims(&state);
        let (claim, words) = which.get(&claims);
        let proof = prove(&root, claim, &state.receipts, &mut store).unwrap();
        let expected = match verify(&root, claim, &proof).unwrap() {
            Verdict::Absent => "absent".to_owned(),
            Verdict::Present(encoding) => format!("present 0x{}", hex(&encoding)),
        };
        prop_assert_eq!(check("proof", root, words, &proof), Ok(expected));
        // One that is wrong for both: without an object, or for another claim.
        let mut short = proof.clone();
        short.objects.remove(which.index(proof.objects.len()));
        prop_assert!(refuses(&check("short", root, words, &short)));
        let (claim, words) = other.get(&claims);
        let (ours, theirs) = (verify(&root, claim, &proof), check("other", root, words, &proof));
        prop_assert_eq!(ours.is_ok(), theirs.is_ok(), "{:?} {:?}", ours, theirs);
        Ok(())
    };
    TestRunner::new(cases(5)).run(&(states(), any::<Index>(), any::<Index>()), property).unwrap();
}

/// Claims about a state, in our words and the program's.
fn claims(state: &State) -> Vec<(Claim, String)> {
    let receipt = |index| (Claim::StateReceipt { index }, format!("state-receipt:{index}"));
    let mut claims: Vec<_> = (0..=state.receipts.len() as u32).map(receipt).collect();
    for id in state.actors.keys().copied().chain([[0x5a; 32]]) {
        let instance = InstanceId(id);
        let id = hex(&id);
        claims.push((Claim::Instance { id: instance }, format!("instance:{id}")));
        let actor = state.actors.get(&instance.0);
        let keys = actor.iter().flat_map(|actor| actor.entries.keys().cloned()).chain([vec![0x5a]]);
        claims.extend(
            keys.map(|k| {
                (Claim::Entry { instance, key: common::key(&k) }, format!("entry:{id}:{}", hex(&k)))
            }),
        );
        let pages = actor.iter().flat_map(|actor| actor.pages.keys().copied()).chain([77]);
        claims.extend(pages.map(|page| (Claim::MemoryPage { instance, page }, format!("page:{id}:{page}"))));
    }
    claims
}

#[test]
fn the_reference_checks_a_receipt_against_a_receipts_root() {
    if !python_runs() {
        return;
    }
    let receipt = nub_abi::Receipt {
        status: nub_abi::Status::Reverted,
        gas_used: 5,
        output: vec![1, 2],
        logs: vec![],
        growth: nub_abi::Growth::default(),
    };
    let receipts = [receipt];
    let root = receipts_root(&receipts);
    let present = check("receipt", root, "receipt:0", &prove_receipt(&receipts, 0)).unwrap();
    let encoding = Object::from(receipts[0].clone());
    assert_eq!(present, format!("present 0x{}", hex(&common::encode(encoding))));
    assert_eq!(check("receipt", root, "receipt:1", &prove_receipt(&receipts, 1)), Ok("absent".into()));
    assert_eq!(check("receipt", Hash::ZERO, "receipt:0", &Proof::default()), Ok("absent".into()));
}

/// What only the reference looks for: entries that are well-formed but not where they may be.
#[test]
fn the_reference_refuses_tries_with_the_wrong_keys_and_heights() {
    if !python_runs() {
        return;
    }
    let empty = State { actors: BTreeMap::new(), receipts: vec![], next_params: false };
    let (root, mut store) = empty.build();
    let system = store.objects[&root].clone();
    assert!(system.ends_with(&common::unhex("00 0c 05 00 00")), "an embedded CNode without entries");
    let mut refused = |cnode: CNode| {
        let encoding = common::encode(Object::CNode(cnode));
        let mut system = system[..system.len() - 5].to_vec();
        system.extend(common::reference::child(&encoding));
        let root = nub_abi::blake2b_256(&system);
        store.objects.insert(root, system);
        let whole = export(root, &mut store);
        assert_eq!(import(&whole, &mut |_, _| {}), Ok(root), "good, as far as a reader must look");
        recompute("refused", &whole).unwrap_err()
    };
    let mut cnode = CNode::new();
    cnode.insert(&common::key(&[1; 32]), common::bytes(b"no Instance"), &mut NoLoader).unwrap().unwrap();
    assert!(refused(cnode).contains("a Bytes stands where it may not"));
    let mut cnode = CNode::new();
    cnode.insert(&common::key(&[1; 32]), Link::new(CNode::new()), &mut NoLoader).unwrap().unwrap();
    assert!(refused(cnode).contains("instances has child heights"));
    // A DataCap of an Instance with a key of one octet.
    let mut pages = Trie::new();
    let mut page = Page::zeroed();
    page.bytes_mut()[0] = 1;
    pages.insert(&Key::slot(3), Link::new(std::sync::Arc::new(page)), &mut NoLoader).unwrap();
    let memory = [&[6][..], &[0; 8], &[1], &common::reference::child(&leaf_of(&pages))].concat();
    let Object::DataCap(memory) = Object::decode(&memory).unwrap() else { panic!() };
    let instance = Instance {
        image: Link::new(Image::default()),
        cnode: Link::new(CNode::new()),
        memory: Link::new(memory),
        public: false,
        creations: 0,
    };
    let mut cnode = CNode::new();
    cnode.insert_instance(&InstanceId([1; 32]), instance, &mut NoLoader).unwrap();
    assert!(refused(cnode).contains("a key has a wrong length"));
}

fn leaf_of(trie: &Trie) -> Vec<u8> {
    let handle = trie.root().unwrap().resolve(&mut NoLoader).unwrap();
    common::encode(handle.object().clone())
}
