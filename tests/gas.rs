//! What small programs cost, to the unit: sums written from docs/spec/gas.md, against both backends.
//!
//! Each program ends in one block of code. One that succeeds also runs with its exact cost as limit, and
//! with one unit less, which is too little.

mod chain;

use chain::TestChain;
use nub::{
    Event, GasTable, Genesis, GenesisInstance, GenesisRef, InstanceId, Params, Receipt, Status, Summary,
};
use nub_state::Image;

const LIMIT: u64 = 1_000_000;
/// Read-only data, where there is any.
const RO: u64 = 0x1_0000;
/// Read-write data of an Image without read-only data, and with at most 64 KiB of it.
const RW: u64 = 0x2_0000;
const RW_AFTER_RO: u64 = 0x3_0000;
const PAGE: u64 = 4096;
const STACK_END: u64 = 0xFEFE_0000;
const ARGUMENTS: u64 = 0xFEFF_0000;

/// The register that a host call's first argument is in.
const R7: u8 = 7;
const R8: u8 = 8;

mod op {
    pub const TRAP: u8 = 0;
    pub const ECALLI: u8 = 10;
    pub const LOAD_IMM_64: u8 = 20;
    pub const JUMP: u8 = 40;
    pub const JUMP_IND: u8 = 50;
    pub const LOAD_U8: u8 = 52;
    pub const LOAD_U64: u8 = 58;
    pub const STORE_U8: u8 = 59;
    pub const STORE_U64: u8 = 62;
}

mod call {
    pub const RETURN: u8 = 0;
    pub const REVERT: u8 = 1;
    pub const STORAGE_GET: u8 = 7;
    pub const STORAGE_PUT: u8 = 8;
    pub const STORAGE_REMOVE: u8 = 9;
    pub const CALL: u8 = 10;
    pub const EMIT: u8 = 14;
    pub const BLAKE2B: u8 = 27;
    pub const UNKNOWN: u8 = 99;
}

/// A program in the making: its instructions, one after the other.
#[derive(Clone, Default)]
struct Code(Vec<Vec<u8>>);

impl Code {
    fn then(mut self, instruction: &[u8]) -> Code {
        self.0.push(instruction.to_vec());
        self
    }

    fn set(self, register: u8, value: u64) -> Code {
        self.then(&[&[op::LOAD_IMM_64, register], &value.to_le_bytes()[..]].concat())
    }

    /// A load or store of r2 at an address.
    fn access(self, opcode: u8, address: u64) -> Code {
        self.then(&[&[opcode, 2], &(address as u32).to_le_bytes()[..]].concat())
    }

    fn host_call(self, number: u8, arguments: &[u64]) -> Code {
        let code = (R7..).zip(arguments).fold(self, |code, (register, &value)| code.set(register, value));
        code.then(&[op::ECALLI, number])
    }

    /// Halts, with no output.
    fn halt(self) -> Code {
        self.set(R8, 0).halt_with_output()
    }

    /// Halts; r7 and r8 are the output.
    fn halt_with_output(self) -> Code {
        self.then(&[op::JUMP_IND, 0])
    }

    fn trap(self) -> Code {
        self.then(&[op::TRAP])
    }

    /// What entering its one block costs.
    fn gas(&self) -> u64 {
        self.0.len() as u64
    }

    fn program(&self) -> Vec<u8> {
        let code = self.0.concat();
        let mut bitmask = vec![0u8; code.len().div_ceil(8)];
        let mut position = 0;
        for instruction in &self.0 {
            bitmask[position / 8] |= 1 << (position % 8);
            position += instruction.len();
        }
        assert!((128..0x4000).contains(&code.len()) || code.len() < 128);
        let len = if code.len() < 128 {
            vec![code.len() as u8]
        } else {
            vec![0x80 | (code.len() >> 8) as u8, code.len() as u8]
        };
        [vec![0, 0], len, code, bitmask].concat()
    }
}

/// An Image of the code with two pages of read-write data and one of stack.
fn image(code: &Code) -> Image {
    Image {
        program: code.program(),
        ro_data: vec![],
        rw_data: vec![],
        stack_bytes: PAGE as u32,
        heap_pages: 2,
        endpoints: vec![(0, 0)],
        type_def: None,
    }
}

fn gas() -> GasTable {
    GasTable::default()
}

/// Entering an Image that nothing in the block has touched, without the pages of arguments and stack.
fn entry(image: &Image, args_len: u64) -> u64 {
    gas().call + gas().argument_byte * args_len + touches(image)
}

fn touches(image: &Image) -> u64 {
    gas().instance_touch + gas().image_touch + gas().image_touch_byte * image.to_bytes().len() as u64
}

/// The top stack page, paid at entry.
fn stack_page() -> u64 {
    gas().page_touch + gas().page_store
}

/// Instance 0 has the Image under test, and a Ref to Instance 1 in slot 0 if there is one.
fn genesis(params: Params, images: &[&Image]) -> Genesis {
    let reference = GenesisRef { slot: 0, instance: 1, rights: 7, badge: chain::OTHER_BADGE };
    let instance = |index: usize, image: &&Image| GenesisInstance {
        image: image.to_bytes(),
        public: true,
        storage: vec![],
        refs: if index == 0 && images.len() > 1 { vec![reference.clone()] } else { vec![] },
    };
    let instances = images.iter().enumerate().map(|(index, image)| instance(index, image)).collect();
    Genesis { chain_id: chain::CHAIN_ID, timestamp: chain::GENESIS_TIME, params, instances }
}

fn event(args: &[u8], gas_limit: u64) -> Event {
    Event { target: chain::instance(0), endpoint: 0, args: args.to_vec(), gas_limit, ..Event::default() }
}

/// A block with these events on each backend; the results must agree.
fn block(params: &Params, images: &[&Image], events: &[Event]) -> Summary {
    let genesis = genesis(params.clone(), images);
    let summaries: Vec<Summary> = chain::backends()
        .into_iter()
        .map(|kind| TestChain::start(kind, &genesis, [9; 32]).apply(events.to_vec()))
        .collect();
    assert!(summaries.iter().all(|summary| *summary == summaries[0]), "{summaries:?}");
    summaries.into_iter().next().unwrap()
}

#[track_caller]
fn check_failure(images: &[&Image], args: &[u8], status: Status, expected: u64) -> Receipt {
    let receipt = block(&Params::default(), images, &[event(args, LIMIT)]).receipts.remove(0);
    assert_eq!((receipt.status, receipt.gas_used), (status, expected));
    receipt
}

/// One event with plenty of gas, one with the exact amount, one with a unit less, each in a block of its own.
#[track_caller]
fn check(images: &[&Image], args: &[u8], expected: u64) -> Receipt {
    let genesis = genesis(Params::default(), images);
    let mut receipts = Vec::new();
    for kind in chain::backends() {
        let mut chain = TestChain::start(kind, &genesis, [9; 32]);
        for (limit, status) in
            [(LIMIT, Status::Success), (expected, Status::Success), (expected - 1, Status::OutOfGas)]
        {
            chain.rewind();
            let receipt = chain.run(event(args, limit));
            assert_eq!((receipt.status, receipt.gas_used), (status, expected.min(limit)), "limit {limit}");
            receipts.push(receipt);
        }
    }
    receipts.into_iter().next().unwrap()
}

#[test]
fn entering_pays_for_the_top_stack_page_if_there_is_one() {
    let code = Code::default().halt();
    let with_stack = image(&code);
    check(&[&with_stack], &[], entry(&with_stack, 0) + stack_page() + code.gas());
    let without = Image { stack_bytes: 0, ..image(&code) };
    check(&[&without], &[], entry(&without, 0) + code.gas());
}

#[test]
fn argument_pages_are_touched_at_entry_and_not_again() {
    let code = Code::default().access(op::LOAD_U8, ARGUMENTS).access(op::LOAD_U8, ARGUMENTS + PAGE).halt();
    let image = image(&code);
    let args = [7; PAGE as usize + 1];
    let pages = 2 * gas().page_touch + stack_page();
    check(&[&image], &args, entry(&image, PAGE + 1) + pages + code.gas());
}

#[test]
fn halting_pays_for_its_output_by_the_octet() {
    let code = Code::default().halt_with_output();
    let image = image(&code);
    let args = [7; 100];
    let expected = entry(&image, 100) + gas().page_touch + stack_page() + code.gas();
    let receipt = check(&[&image], &args, expected + 100 * gas().output_byte);
    assert_eq!(receipt.output, args);
}

#[test]
fn a_page_pays_its_first_load_and_its_first_store() {
    let twice = |code: Code, opcode, address| code.access(opcode, address).access(opcode, address + 8);
    let code = twice(Code::default(), op::LOAD_U8, RW);
    let code = twice(code, op::STORE_U8, RW);
    // The next page is stored to at once, and loaded from for nothing.
    let code = twice(code, op::STORE_U8, RW + PAGE);
    let code = twice(code, op::LOAD_U8, RW + PAGE).halt();
    let image = image(&code);
    let pages = 2 * (gas().page_touch + gas().page_store) + stack_page();
    check(&[&image], &[], entry(&image, 0) + pages + code.gas());
}

#[test]
fn stack_pages_below_the_top_pay_as_other_pages() {
    let (top, below, lowest) = (STACK_END - PAGE, STACK_END - 2 * PAGE, STACK_END - 3 * PAGE);
    let code = Code::default()
        .access(op::STORE_U8, top)
        .access(op::LOAD_U8, below)
        .access(op::STORE_U8, lowest)
        .access(op::LOAD_U8, lowest)
        .access(op::STORE_U8, below)
        .halt();
    let image = Image { stack_bytes: 3 * PAGE as u32, ..image(&code) };
    check(&[&image], &[], entry(&image, 0) + 3 * stack_page() + code.gas());
}

#[test]
fn read_only_pages_pay_their_first_load() {
    let code = Code::default().access(op::LOAD_U8, RO).access(op::LOAD_U64, RO + 8).halt();
    let image = Image { ro_data: vec![1; 16], ..image(&code) };
    check(&[&image], &[], entry(&image, 0) + stack_page() + gas().page_touch + code.gas());
}

#[test]
fn an_access_over_two_pages_pays_for_both() {
    for (opcode, page) in
        [(op::LOAD_U64, gas().page_touch), (op::STORE_U64, gas().page_touch + gas().page_store)]
    {
        let code = Code::default().access(opcode, RW + PAGE - 4).halt();
        let image = image(&code);
        let before = entry(&image, 0) + stack_page() + code.gas();
        check(&[&image], &[], before + 2 * page);
        // Enough for the lower page alone: all of the limit is used.
        let limit = before + page;
        let receipt = block(&Params::default(), &[&image], &[event(&[], limit)]).receipts.remove(0);
        assert_eq!((receipt.status, receipt.gas_used), (Status::OutOfGas, limit));
    }
}

#[test]
fn the_lower_page_of_an_access_pays_all_before_the_upper_pays_any() {
    // One page may be live: the lower one pays touch and store, the upper its touch, and then is one too many.
    let code = Code::default().access(op::STORE_U64, RW + PAGE - 4).halt();
    let image = Image { stack_bytes: 0, ..image(&code) };
    let mut params = Params::default();
    params.limits.live_pages = 1;
    let receipt = block(&params, &[&image], &[event(&[], LIMIT)]).receipts.remove(0);
    let expected = entry(&image, 0) + code.gas() + 2 * gas().page_touch + gas().page_store;
    assert_eq!((receipt.status, receipt.gas_used), (Status::LimitExceeded, expected));
}

#[test]
fn a_faulting_access_pays_for_no_page() {
    let end = RW + 2 * PAGE;
    for (opcode, address, status) in [
        (op::LOAD_U64, end - 4, Status::Faulted),
        (op::STORE_U64, end - 4, Status::Faulted),
        (op::LOAD_U8, end, Status::Faulted),
        (op::LOAD_U8, 0, Status::Panicked),
        (op::STORE_U64, 0xFFFE, Status::Panicked),
    ] {
        let code = Code::default().access(opcode, address).halt();
        let image = image(&code);
        check_failure(&[&image], &[], status, entry(&image, 0) + stack_page() + code.gas());
    }
    // A store to read-only data is a fault, loaded from before or not.
    let code = Code::default().access(op::LOAD_U8, RO).access(op::STORE_U8, RO).halt();
    let image = Image { ro_data: vec![1], ..image(&code) };
    let expected = entry(&image, 0) + stack_page() + gas().page_touch + code.gas();
    check_failure(&[&image], &[], Status::Faulted, expected);
}

#[test]
fn a_trap_pays_what_was_charged() {
    let code = Code::default().access(op::LOAD_U8, RW).trap();
    let image = image(&code);
    let expected = entry(&image, 0) + stack_page() + gas().page_touch + code.gas();
    check_failure(&[&image], &[], Status::Panicked, expected);
}

#[test]
fn every_host_call_pays_also_an_unknown_one() {
    let code = Code::default().host_call(call::UNKNOWN, &[]).host_call(call::UNKNOWN, &[]).halt();
    let image = image(&code);
    check(&[&image], &[], entry(&image, 0) + stack_page() + code.gas() + 2 * gas().host_call);
}

#[test]
fn a_host_call_with_a_bad_range_pays_its_charges_and_for_no_page() {
    // The range begins in the last page of read-write data and ends behind it.
    let code = Code::default().host_call(call::BLAKE2B, &[RW + 2 * PAGE - 4, 8, RW]).halt();
    let image = image(&code);
    let hash = gas().host_call + gas().hash + 8 * gas().hash_byte;
    check_failure(&[&image], &[], Status::Faulted, entry(&image, 0) + stack_page() + code.gas() + hash);
}

#[test]
fn return_and_revert_pay_for_output_and_its_pages() {
    let (address, len) = (RW + PAGE - 10, 20);
    let output = gas().host_call + len * gas().output_byte + 2 * gas().page_touch;
    let code = Code::default().host_call(call::RETURN, &[address, len]).trap();
    let returns = image(&code);
    check(&[&returns], &[], entry(&returns, 0) + stack_page() + code.gas() + output);
    let code = Code::default().host_call(call::REVERT, &[address, len]).trap();
    let reverts = image(&code);
    let expected = entry(&reverts, 0) + stack_page() + code.gas() + output;
    let receipt = check_failure(&[&reverts], &[], Status::Reverted, expected);
    assert_eq!(receipt.output, [0; 20]);
}

#[test]
fn hashing_and_logs_pay_by_the_octet() {
    let code = Code::default()
        .host_call(call::BLAKE2B, &[ARGUMENTS, 100, RW])
        .host_call(call::EMIT, &[RW, ARGUMENTS, 100])
        .halt();
    let image = image(&code);
    let pages = gas().page_touch + stack_page() + gas().page_touch + gas().page_store;
    let hash = gas().host_call + gas().hash + 100 * gas().hash_byte;
    let emit = gas().host_call + gas().event + (32 + 100) * gas().event_byte;
    let receipt = check(&[&image], &[1; 100], entry(&image, 100) + pages + code.gas() + hash + emit);
    assert_eq!(receipt.logs.len(), 1);
}

/// Keys and values of the storage test, in read-only data: two octets each, then a value of 50.
const RO_DATA: &[u8] = b"aaabzz";
const AA: u64 = RO;
const AB: u64 = RO + 2;
const ZZ: u64 = RO + 4;
const VALUE: u64 = RO;

#[test]
fn storage_pays_for_nodes_and_octets() {
    let (aa_len, ab_len) = (6, 3);
    // What each does to the trie: (call, arguments, nodes on the key's path before, octets of key and value).
    let out = RW_AFTER_RO;
    let steps: [(u8, Vec<u64>, u64, u64); 9] = [
        (call::STORAGE_GET, vec![AA, 2, out, 50], 0, 2),
        (call::STORAGE_PUT, vec![AA, 2, VALUE, aa_len], 0, 2 + aa_len),
        // A lone leaf.
        (call::STORAGE_PUT, vec![AB, 2, VALUE, ab_len], 1, 2 + ab_len),
        // A branch over two leaves; the value counts as a whole, whatever fits the buffer.
        (call::STORAGE_GET, vec![AA, 2, out, 1], 2, 2 + aa_len),
        // Its path is 6-1-6: a key that leaves it sees one node.
        (call::STORAGE_GET, vec![ZZ, 2, out, 50], 1, 2),
        (call::STORAGE_REMOVE, vec![ZZ, 2], 1, 2),
        // What a put replaces is not paid.
        (call::STORAGE_PUT, vec![AA, 2, VALUE, 1], 2, 2 + 1),
        (call::STORAGE_REMOVE, vec![AB, 2], 2, 2 + ab_len),
        // The branch is a leaf again.
        (call::STORAGE_GET, vec![AA, 2, out, 50], 1, 2 + 1),
    ];
    let (mut code, mut expected) = (Code::default(), 0);
    for (number, arguments, nodes, octets) in &steps {
        code = code.host_call(*number, arguments);
        expected +=
            gas().host_call + gas().storage + nodes * gas().storage_node + octets * gas().storage_byte;
    }
    // A key that is too short costs the operation alone, wherever it lies.
    code = code.host_call(call::STORAGE_GET, &[0, 1, out, 50]).halt();
    expected += gas().host_call + gas().storage;
    let image = Image { ro_data: RO_DATA.to_vec(), ..image(&code) };
    // Keys and values are in one page of read-only data; the results go to one of read-write data.
    let pages = gas().page_touch + gas().page_touch + gas().page_store + stack_page();
    let receipt = check(&[&image], &[], entry(&image, 0) + pages + code.gas() + expected);
    assert_eq!((receipt.growth.keys, receipt.growth.bytes), (1, 1));
}

/// A call of the Ref in slot 0, a lone leaf, without arguments. Tests end with another host call, so that
/// what a callee leaves over or does not matters to the caller.
fn call_gas() -> u64 {
    gas().host_call + gas().call + gas().storage + gas().storage_node
}

fn calling(code: Code, gas_asked: u64) -> Code {
    code.host_call(call::CALL, &[0, 0, 0, 0, gas_asked, 0])
}

#[test]
fn a_callee_pays_its_entry_pages_from_its_own_gas() {
    let callee_code = Code::default().access(op::LOAD_U8, RW).halt();
    let callee = image(&callee_code);
    let callee_gas = stack_page() + gas().page_touch + callee_code.gas();
    // The second call finds Instance and Image touched.
    let code = calling(calling(Code::default(), callee_gas), callee_gas);
    let code = code.host_call(call::UNKNOWN, &[]).halt();
    let caller = image(&code);
    let expected = entry(&caller, 0) + stack_page() + code.gas() + 2 * (call_gas() + callee_gas);
    check(&[&caller, &callee], &[], expected + touches(&callee) + gas().host_call);
}

#[test]
fn a_callee_out_of_gas_uses_what_it_was_given_and_the_caller_goes_on() {
    let callee_code = Code::default().access(op::LOAD_U8, RW).halt();
    let callee = image(&callee_code);
    let callee_gas = stack_page() + gas().page_touch + callee_code.gas();
    // One unit short; not even enough for its stack page; nothing at all.
    for asked in [callee_gas - 1, stack_page() - 1, 0] {
        let code = calling(Code::default(), asked).host_call(call::UNKNOWN, &[]).halt();
        let caller = image(&code);
        let expected = entry(&caller, 0) + stack_page() + code.gas() + call_gas() + touches(&callee);
        check(&[&caller, &callee], &[], expected + asked + gas().host_call);
    }
}

#[test]
fn a_callee_gets_no_more_than_is_left() {
    let endless = image(&Code::default().then(&[op::JUMP, 0]));
    let code = calling(Code::default(), u64::MAX).halt();
    let caller = image(&code);
    // The callee uses all; the caller's block is paid, so it halts, with nothing left.
    let limit = 50_000;
    let receipt = block(&Params::default(), &[&caller, &endless], &[event(&[], limit)]).receipts.remove(0);
    assert_eq!((receipt.status, receipt.gas_used), (Status::Success, limit));
}

#[test]
fn a_failing_callee_uses_what_was_charged() {
    let callee_code = Code::default().access(op::LOAD_U8, RW).access(op::LOAD_U8, 0).halt();
    let callee = image(&callee_code);
    let callee_gas = stack_page() + gas().page_touch + callee_code.gas();
    let code = calling(Code::default(), LIMIT).host_call(call::UNKNOWN, &[]).halt();
    let caller = image(&code);
    let expected = entry(&caller, 0) + stack_page() + code.gas() + call_gas() + touches(&callee);
    check(&[&caller, &callee], &[], expected + callee_gas + gas().host_call);
}

#[test]
fn first_touches_are_paid_once_a_block() {
    let code = Code::default().halt();
    let image = image(&code);
    let summary = block(&Params::default(), &[&image], &[event(&[], LIMIT), event(&[], LIMIT)]);
    let again = gas().call + stack_page() + code.gas();
    let used: Vec<u64> = summary.receipts.iter().map(|receipt| receipt.gas_used).collect();
    assert_eq!(used, [again + touches(&image), again]);
    assert_eq!(summary.gas_used, 2 * again + touches(&image));
}

#[test]
fn a_touch_that_is_not_paid_does_not_count() {
    // The first event pays for the Instance and not for the Image.
    let code = Code::default().halt();
    let image = image(&code);
    let short = gas().call + touches(&image) - 1;
    let summary = block(&Params::default(), &[&image], &[event(&[], short), event(&[], LIMIT)]);
    let used: Vec<u64> = summary.receipts.iter().map(|receipt| receipt.gas_used).collect();
    let expected = entry(&image, 0) - gas().instance_touch + stack_page() + code.gas();
    assert_eq!(used, [short, expected]);
}

#[test]
fn refs_of_an_event_pay_as_passed_capabilities() {
    let code = Code::default().halt();
    let (target, other) = (image(&code), image(&code.clone().trap()));
    let refs: Vec<InstanceId> = vec![chain::instance(0), chain::instance(1)];
    let event = Event { refs, ..event(&[], LIMIT) };
    let receipt = block(&Params::default(), &[&target, &other], &[event]).receipts.remove(0);
    let expected = entry(&target, 0) + 2 * gas().capability + stack_page() + code.gas();
    assert_eq!((receipt.status, receipt.gas_used), (Status::Success, expected));
}
