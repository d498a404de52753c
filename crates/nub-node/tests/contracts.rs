//! `nub decode`, `nub prove-receipt`, `nub verify-receipt` and `nub debug` as a person runs them.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nub_abi::{Growth, Hash, InstanceId, Log, Receipt, Status, Summary};
use parity_scale_codec::Encode;

fn contract(file: &str) -> PathBuf {
    nub_build::repository_root().join("contracts/token").join(file)
}

/// What it says, on standard output and standard error, and whether it succeeded.
fn nub(arguments: &[&str], input: &str) -> (bool, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nub"));
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |octets| String::from_utf8(octets).unwrap();
    (output.status.success(), text(output.stdout), text(output.stderr))
}

fn transfer() -> Receipt {
    let mut topic = [0; 32];
    topic[..14].copy_from_slice(b"token.transfer");
    let data = [&[1; 32][..], &[2; 32], &300u128.to_le_bytes()].concat();
    let log = Log { instance: InstanceId([9; 32]), topic, data };
    Receipt {
        status: Status::Success,
        gas_used: 77,
        output: vec![],
        logs: vec![log],
        growth: Growth::default(),
    }
}

fn failed() -> Receipt {
    let output = b"token: insufficient balance".to_vec();
    Receipt { status: Status::Reverted, gas_used: 5, output, logs: vec![], growth: Growth::default() }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn receipts_are_shown_by_type() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("receipt");
    std::fs::write(&file, transfer().encode()).unwrap();
    let types = contract("token.types");
    let (_, plain, _) = nub(&["decode", "receipt", text(&file), "--types", text(&types)], "");
    assert!(plain.contains("Success, 77 gas") && plain.contains("Transfer {\"from\":\"0x0101"), "{plain}");
    let (_, json, _) = nub(&["decode", "receipt", text(&file), "--types", text(&types), "--json"], "");
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["logs"][0]["event"], "Transfer");
    assert_eq!(json["logs"][0]["fields"]["amount"], "300");
    assert_eq!(json["logs"][0]["contract"], format!("0x{}", "09".repeat(32)));
    let (_, bare, _) = nub(&["decode", "receipt", text(&file)], "");
    assert!(bare.contains("topic 0x746f6b656e") && !bare.contains("Transfer"), "{bare}");
    let (_, listed, _) = nub(&["decode", "types", text(&types)], "");
    assert!(listed.contains("balance_of(account: [u8;32]) -> u128"), "{listed}");
}

#[test]
fn a_receipt_is_proved_and_verified() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let receipts = vec![transfer(), failed()];
    let summary = Summary {
        height: 3,
        block_hash: Hash([4; 32]),
        receipts_root: nub_state::receipts_root(&receipts),
        receipts,
        gas_used: 82,
        objects_hashed: 0,
    };
    let root = nub_types::hex::to_text(&summary.receipts_root.0);
    std::fs::write(path("summary"), summary.encode()).unwrap();
    let (proof, whole) = (path("proof"), path("summary"));
    let (done, said, error) = nub(&["prove-receipt", text(&whole), "--index", "1", "-o", text(&proof)], "");
    assert!(done && said.trim() == root, "{said}{error}");
    let verify = |root: &str, index: &str| {
        nub(&["verify-receipt", text(&proof), "--root", root, "--index", index], "")
    };
    let (done, said, _) = verify(&root, "1");
    assert!(done && said.contains("token: insufficient balance"), "{said}");
    for (root, index) in [(&root[..], "0"), (&"00".repeat(32), "1"), ("xyz", "1")] {
        let (done, said, error) = verify(root, index);
        assert!(!done && said.is_empty() && error.starts_with("error: "), "{said}{error}");
    }
    let (done, _, error) = nub(&["prove-receipt", text(&whole), "--index", "2", "-o", text(&proof)], "");
    assert!(!done && error.contains("2 receipts"), "{error}");
    let (done, said, _) = nub(&["decode", "summary", text(&whole), "--json"], "");
    assert!(done && said.contains("\"message\": \"token: insufficient balance\""), "{said}");
}

#[test]
fn the_debugger_takes_a_script() {
    let image = contract("token.image");
    let account = format!("0x{}", "01".repeat(32));
    let stored = format!("{account}=0x{}", "e8030000000000000000000000000000");
    let arguments = ["debug", text(&image), "balance_of", &account, "--storage", &stored];
    let (done, said, error) = nub(&arguments, "s 5\nr\nc\n");
    assert!(done && said.contains("host call StorageGet") && said.contains("value    1000"), "{said}{error}");
    let (done, _, error) = nub(&["debug", text(&image), "balance_of"], "");
    assert!(!done && error.contains("0 arguments where 1 are wanted: account: [u8;32]"), "{error}");
    let (done, _, error) = nub(&["debug", text(&image), "no_such"], "");
    assert!(!done && error.contains("no endpoint `no_such`"), "{error}");
}
