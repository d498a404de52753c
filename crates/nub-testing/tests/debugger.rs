//! The debugger, by a script; and that stepping changes nothing.

use std::cell::RefCell;
use std::io::{Cursor, Write};
use std::rc::Rc;

use nub_testing::debug::{Target, debug};
use nub_testing::{Badge, Contract};

#[derive(Clone, Default)]
struct Shared(Rc<RefCell<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().write(octets)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What the debugger says of a transfer of 300 out of 1000 under these commands.
fn session(script: &str) -> String {
    let contract = Contract::load(concat!(env!("CARGO_MANIFEST_DIR"), "/../../contracts/token"));
    let target = Target {
        contract,
        endpoint: 2,
        args: [&[2; 32][..], &300u128.to_le_bytes()].concat(),
        origin: Badge([1; 32]),
        gas_limit: 1_000_000,
        storage: vec![(vec![1; 32], 1000u128.to_le_bytes().to_vec())],
    };
    let said = Shared::default();
    debug(target, Cursor::new(script.to_owned()), said.clone()).unwrap();
    let octets = said.0.borrow().clone();
    String::from_utf8(octets).unwrap()
}

fn last_lines(said: &str) -> String {
    said[said.find("Success, ").expect("the receipt")..].to_owned()
}

#[test]
fn stepping_changes_neither_gas_nor_result() {
    let straight = last_lines(&session("q\n"));
    assert!(straight.contains("Transfer"), "{straight}");
    assert_eq!(last_lines(&session("c\n")), straight);
    assert_eq!(last_lines(&session("s 100000\n")), straight);
    assert_eq!(last_lines(&session(&"s\n".repeat(1000))), straight);
    assert_eq!(last_lines(&session("s 7\nc\n")), straight);
    assert_eq!(last_lines(&session("")), straight);
}

#[test]
fn it_shows_registers_memory_and_storage() {
    let said = session("r\nm 0xfeff0000 48\ns 3\n\nl 2\nst\nbt\nbogus\nhelp\nq\n");
    for part in [
        "r0  0x00000000ffff0000",
        "r8  0x0000000000000030",
        "0xfeff0000  02 02 02",
        "0xfeff0020  2c 01 00",
        "=>",
        "0x0101010101010101010101010101010101010101010101010101010101010101 = 0xe8030000000000000000000000000000",
        "transfer\n",
        "no such command",
        "continue, c",
    ] {
        assert!(said.contains(part), "{part} is missing in\n{said}");
    }
}

#[test]
fn it_stops_at_breakpoints_and_names_host_calls() {
    let said = session("b 999999\nb mint\nb\nc\nq\n");
    assert!(said.contains("no instruction starts there") && said.contains("stops at "), "{said}");
    let said = session("c\n");
    for part in
        ["host call StorageGet", "answers 16", "host call StoragePut", "host call Emit", "host call Return"]
    {
        assert!(said.contains(part), "{part} is missing in\n{said}");
    }
    // The instruction after the first host call.
    let line = said.lines().find(|line| line.starts_with("host call StorageGet")).unwrap();
    let at: u32 = line.rsplit(' ').next().unwrap().parse().unwrap();
    let said = session(&format!("b {at}\nc\nr\nc\n"));
    assert!(said.contains(&format!("=> {at:>6}  ecalli")), "{said}");
}
