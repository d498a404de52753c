//! With the kernel in ring 0 and programs in ring 3, machine code reaches its own window and code and nothing else,
//! whatever the compiler made of the program. Here it is made by hand, as if the compiler had a bug: each case
//! ends in a typed error and no receipt, leaves the state as it was, and the same block is applied next.
#![cfg(target_arch = "x86_64")]

mod chain;

use chain::{TestChain, call_args, probe};
use javm_isa::{OpcodeTable, Program};
use javm_recompiler_x86::{CONTEXT_LEN_BYTES, Context, Features, compile};
use nub::error::{Abort, ApplyError};
use nub::hyperlight::probe::{Probe, ProbeReply};
use nub::hyperlight::{GuestConfig, Privilege, has_hardware_virtualisation};
use nub::{
    BackendKind, EnginePolicy, Event, Failure, Genesis, GenesisInstance, GenesisRef, InstanceId, Nub, Params,
    Status,
};
use nub_state::Image;
use std::mem::offset_of;

/// Where things are in the guest; `guest/src/layout.rs` says the same.
const WINDOWS: u64 = (2 << 39) + (2 << 30);
const WINDOW_STRIDE: u64 = 8 << 30;
const CODE: u64 = 5 << 39;
const CODE_UNIT: u64 = 2 << 20;
const CONTROL: u64 = 0xffff_fd00_0000_0000;
const KERNEL_STACK_END: u64 = 0xffff_ff00_0000_0000;
/// The end of the linear map, which has all memory: heap, page tables, windows.
const LINEAR_END: u64 = (4 << 39) + 0x10_0000_0000;
const KERNEL_CODE: u64 = 0x5000;

/// How an access of ring 3 fails, by the processor's error code: the page is there, but not for it.
const READ_REFUSED: &str = "error code 0x5,";
const WRITE_REFUSED: &str = "error code 0x7,";
const FETCH_REFUSED: &str = "error code 0x15,";
const GENERAL_PROTECTION: &str = "exception 13";
const INVALID_OPCODE: &str = "exception 6";

/// Machine code and a part of the reason that the error gives.
struct Case {
    name: String,
    code: Vec<u8>,
    reason: &'static str,
    /// Whether another program calls it, whose window and code are there too.
    is_called: bool,
}

fn case(name: &str, code: Vec<u8>, reason: &'static str) -> Case {
    Case { name: name.to_owned(), code, reason, is_called: false }
}

/// mov rax, value
fn rax(value: u64) -> Vec<u8> {
    [&[0x48, 0xb8][..], &value.to_le_bytes()].concat()
}

/// mov rbx, [address]
fn read(address: u64) -> Vec<u8> {
    [rax(address), vec![0x48, 0x8b, 0x18]].concat()
}

/// mov [address], rbx
fn write(address: u64) -> Vec<u8> {
    [rax(address), vec![0x48, 0x89, 0x18]].concat()
}

/// jmp address
fn jump(address: u64) -> Vec<u8> {
    [rax(address), vec![0xff, 0xe0]].concat()
}

/// A field of the context, from the window.
fn field(offset: usize) -> [u8; 4] {
    (offset as i32 - CONTEXT_LEN_BYTES as i32).to_le_bytes()
}

/// mov qword ptr gs:[field], value
fn set(offset: usize, value: i32) -> Vec<u8> {
    [&[0x65, 0x48, 0xc7, 0x04, 0x25][..], &field(offset), &value.to_le_bytes()].concat()
}

/// jmp gs:[exit pointer]
fn exit() -> Vec<u8> {
    [&[0x65, 0xff, 0x24, 0x25][..], &field(offset_of!(Context, exit_pointers))].concat()
}

fn reaching_out() -> Vec<Case> {
    let kernel = [
        ("control block", CONTROL),
        ("kernel stack", KERNEL_STACK_END - 16),
        ("kernel code", KERNEL_CODE),
        ("all memory", LINEAR_END - 4096),
    ];
    let mut cases = Vec::new();
    for (name, address) in kernel {
        cases.push(case(&format!("read of {name}"), read(address), READ_REFUSED));
        cases.push(case(&format!("write to {name}"), write(address), WRITE_REFUSED));
        cases.push(case(&format!("jump to {name}"), jump(address), FETCH_REFUSED));
    }
    cases.push(case("read of nothing", read(0x7777_0000_0000), "error code 0x4,"));
    cases.push(case("read of an address that is none", read(1 << 63), GENERAL_PROTECTION));
    cases.push(case("read behind its window", read(WINDOWS + (4 << 30) + 8), "error code 0x4,"));
    cases.push(case("read before its context", read(WINDOWS - 4097), "error code 0x4,"));
    cases.push(case("push", vec![0x50], "page fault"));
    cases
}

fn its_own() -> Vec<Case> {
    vec![
        // mov [rip + 0], eax
        case("write to its own code", vec![0x89, 0x05, 0, 0, 0, 0], WRITE_REFUSED),
        case("jump into its context", jump(WINDOWS - 8), FETCH_REFUSED),
        case("read of its window, where no instruction reads", read(WINDOWS + 0x2_0000), "page fault"),
        case("jump behind its code", jump(CODE + 7 * CODE_UNIT + 0x10_0000), "page fault"),
        // mov eax, 2; mov edx, 101; mov edi, 0x4141_4101; int3: the gate that would write to a port
        case(
            "the kernel's gate",
            vec![0xb8, 2, 0, 0, 0, 0xba, 101, 0, 0, 0, 0xbf, 1, 0x41, 0x41, 0x41, 0xcc],
            "no kind of exit",
        ),
        case("the gate with no exit", vec![0xcc], "no kind of exit"),
        case("the gate by its other name", vec![0xcd, 0x03], "no kind of exit"),
        case(
            "an exit of no kind",
            [set(offset_of!(Context, exit_kind), 77), exit()].concat(),
            "77 is no kind of exit",
        ),
        case(
            "an exit with more gas",
            [set(offset_of!(Context, exit_kind), 0), set(offset_of!(Context, gas), i32::MAX), exit()]
                .concat(),
            "gas left",
        ),
        // wrgsbase rax: the kernel finds the context all the same.
        case(
            "another window as its own",
            [rax(WINDOWS + WINDOW_STRIDE), vec![0xf3, 0x48, 0x0f, 0xae, 0xd8, 0xcc]].concat(),
            "no kind of exit",
        ),
        // std; int3: the kernel's flags are its own.
        case("the direction flag", vec![0xfd, 0xcc], "no kind of exit"),
        // xor ecx, ecx; div ecx
        case("division by zero", vec![0x31, 0xc9, 0xf7, 0xf1], "exception 0"),
    ]
}

fn privileged() -> Vec<Case> {
    // KVM without hardware runs ring 3 under its own CR4: the clock can be read there, whatever the guest's says.
    let clock = if has_hardware_virtualisation() { GENERAL_PROTECTION } else { "" };
    // And under its own CR0: vectors can be used there.
    let vectors = if has_hardware_virtualisation() { INVALID_OPCODE } else { "" };
    let x87 = if has_hardware_virtualisation() { "exception 7" } else { "" };
    let instructions: [(&str, &[u8], &'static str); 23] = [
        ("movups xmm0, xmm1", &[0x0f, 0x10, 0xc1], vectors),
        ("fld1", &[0xd9, 0xe8], x87),
        ("rdtsc", &[0x0f, 0x31], clock),
        ("out", &[0xe6, 0x80], GENERAL_PROTECTION),
        ("out dx", &[0xef], GENERAL_PROTECTION),
        ("in", &[0xec], GENERAL_PROTECTION),
        ("cli", &[0xfa], GENERAL_PROTECTION),
        ("sti", &[0xfb], GENERAL_PROTECTION),
        ("hlt", &[0xf4], GENERAL_PROTECTION),
        ("mov cr3, rax", &[0x0f, 0x22, 0xd8], GENERAL_PROTECTION),
        ("mov cr4, rax", &[0x0f, 0x22, 0xe0], GENERAL_PROTECTION),
        ("mov rax, cr0", &[0x0f, 0x20, 0xc0], GENERAL_PROTECTION),
        ("rdmsr", &[0x0f, 0x32], GENERAL_PROTECTION),
        ("wrmsr", &[0x0f, 0x30], GENERAL_PROTECTION),
        ("lgdt", &[0x0f, 0x01, 0x10], GENERAL_PROTECTION),
        ("lidt", &[0x0f, 0x01, 0x18], GENERAL_PROTECTION),
        ("invlpg", &[0x0f, 0x01, 0x38], GENERAL_PROTECTION),
        ("swapgs", &[0x0f, 0x01, 0xf8], GENERAL_PROTECTION),
        ("wbinvd", &[0x0f, 0x09], GENERAL_PROTECTION),
        ("ud2", &[0x0f, 0x0b], INVALID_OPCODE),
        ("syscall", &[0x0f, 0x05], ""),
        ("sysenter", &[0x0f, 0x34], ""),
        ("iretq", &[0x48, 0xcf], "page fault"),
    ];
    let mut cases: Vec<Case> =
        instructions.iter().map(|(name, code, reason)| case(name, code.to_vec(), reason)).collect();
    for vector in [0u8, 1, 2, 8, 13, 14, 32, 128, 255] {
        // Emulators of ring 0 report software interrupts as invalid opcodes.
        cases.push(case(&format!("int {vector}"), vec![0xcd, vector], "exception"));
    }
    cases
}

/// In window 1, with the caller in window 0 and its code in the first unit for programs.
fn called() -> Vec<Case> {
    let caller_code = CODE + CODE_UNIT;
    let cases = vec![
        case("read of the caller's context", read(WINDOWS - 8), READ_REFUSED),
        case("write to the caller's context", write(WINDOWS - 8), WRITE_REFUSED),
        case("read of the caller's code", read(caller_code), READ_REFUSED),
        case("jump to the caller's code", jump(caller_code), FETCH_REFUSED),
    ];
    cases.into_iter().map(|case| Case { is_called: true, ..case }).collect()
}

/// Code where the compiler's code for the program's one access is, which reads elsewhere in the window.
fn in_place_of_an_access() -> Case {
    let program = Program::parse(&program(LOAD)).unwrap();
    let body = compile(&program, OpcodeTable::JamV1, Features::BASELINE).unwrap().body();
    let code = [vec![0x90; body.0 as usize], read(WINDOWS + 0x5_0000)].concat();
    case("read of another page than the instruction's", code, "page fault")
}

/// jump_ind r0: halts with its arguments as output.
const HALT: &[u8] = &[50, 0];
/// load_u64 r2 = [0x10000], of the read-only data; then the same.
const LOAD: &[u8] = &[58, 2, 0, 0, 1];

fn program(first: &[u8]) -> Vec<u8> {
    let code = [first, if first == HALT { &[] } else { HALT }].concat();
    let starts = if first == HALT { 1 } else { 1 | 1 << first.len() };
    [&[0, 1, code.len() as u8][..], &code, &[starts]].concat()
}

fn image(index: usize, program: Vec<u8>) -> Vec<u8> {
    let image = Image {
        program,
        // No two are the same, so each is compiled.
        ro_data: index.to_le_bytes().to_vec(),
        rw_data: vec![],
        stack_bytes: 4096,
        heap_pages: 0,
        endpoints: vec![(0, 0)],
        type_def: None,
    };
    image.to_bytes()
}

fn target(index: usize) -> InstanceId {
    chain::instance(1 + index as u64)
}

/// A probe, and an Instance for each case.
fn genesis(cases: &[Case]) -> Genesis {
    let instance = |image: Vec<u8>, refs: Vec<GenesisRef>| GenesisInstance {
        image,
        public: true,
        storage: vec![],
        refs,
    };
    let mut instances = vec![instance(chain::PROBE_IMAGE.to_vec(), vec![])];
    for (index, case) in cases.iter().enumerate() {
        let first = if case.name == in_place_of_an_access().name { LOAD } else { HALT };
        instances.push(instance(image(index, program(first)), vec![]));
    }
    Genesis { instances, ..chain::genesis(Params::default()) }
}

fn call(index: usize, case: &Case) -> Event {
    let gas_limit = 1_000_000;
    let direct = Event { target: target(index), gas_limit, ..chain::event(0, b"hello".to_vec()) };
    match case.is_called {
        false => direct,
        true => Event {
            refs: vec![target(index)],
            gas_limit,
            ..chain::event(probe::CALL, call_args(256, 0, 100_000, &[], b"hello"))
        },
    }
}

fn start(kind: BackendKind, genesis: &Genesis) -> TestChain {
    let config = GuestConfig {
        privilege: Privilege::Kernel0Programs3,
        may_plant_code: true,
        ..GuestConfig::default()
    };
    let builder = Nub::builder().backend(kind).guest(config).engine(EnginePolicy::Recompiler);
    let mut nub = builder.build().unwrap();
    let root = nub.genesis(genesis).unwrap();
    TestChain { nub, genesis_root: root, root, height: 0 }
}

fn plant(guest: &mut TestChain, code: &[u8]) -> ProbeReply {
    guest.nub.guest().unwrap().probe(&Probe::PlantCode(code.to_vec())).unwrap()
}

#[test]
fn machine_code_reaches_nothing_but_its_own_and_its_gate_only_exits() {
    if !chain::hyperlight_runs() || std::env::var_os("NUB_ENGINE").is_some() {
        return;
    }
    let mut cases = Vec::new();
    [reaching_out(), its_own(), privileged(), called()].into_iter().for_each(|more| cases.extend(more));
    cases.push(in_place_of_an_access());
    let genesis = genesis(&cases);
    let mut local = start(BackendKind::Local, &genesis);
    let mut guest = start(BackendKind::Hyperlight, &genesis);
    // The caller's code is made and kept before any other.
    guest.ok(probe::ECHO, b"warm".to_vec());
    local.ok(probe::ECHO, b"warm".to_vec());
    for (index, case) in cases.iter().enumerate() {
        assert_eq!(plant(&mut guest, &case.code), ProbeReply::Done);
        let block = guest.block(vec![call(index, case)]).to_bytes();
        match guest.nub.apply_block(guest.root, &block) {
            Err(Failure::Kernel(ApplyError::Abort(Abort::Engine { reason, .. }))) => {
                println!("{}: {reason}", case.name);
                assert!(reason.contains(case.reason), "{}: {reason}", case.name);
            }
            other => panic!("{}: {other:?}", case.name),
        }
        assert_eq!(guest.nub.state_root().unwrap(), Some(guest.genesis_root), "{}", case.name);
    }
    // The same events again, in one block; the programs are interpreted now.
    let events: Vec<Event> = cases.iter().enumerate().map(|(index, case)| call(index, case)).collect();
    let summary = guest.apply(events.clone());
    assert_eq!(summary, local.apply(events));
    assert_eq!(guest.root, local.root);
    assert!(summary.receipts.iter().all(|receipt| receipt.status == Status::Success), "{summary:?}");
}

/// The top page of the stack, which is mapped at entry, where it is in the guest.
const DUMP: u64 = WINDOWS + 0xfefd_f000;
/// Octets of the dump: sixteen registers, six segments with two bases, and what the context page holds below the context.
const REGISTERS_BYTES: usize = 16 * 8;
const SEGMENTS_BYTES: usize = 8 * 8;
const PAGE_REST_BYTES: usize = 2048;

/// Ends the run as a halt does, with octets of the dump as output.
fn halt_with_dump(len_bytes: usize) -> Vec<u8> {
    let register = |index: usize| offset_of!(Context, registers) + 8 * index;
    [
        // mov eax, address; mov gs:[r7], rax: zero-extended
        vec![0xb8],
        (DUMP as u32).wrapping_sub(WINDOWS as u32).to_le_bytes().to_vec(),
        [&[0x65, 0x48, 0x89, 0x04, 0x25][..], &field(register(7))].concat(),
        set(register(8), len_bytes as i32),
        set(offset_of!(Context, exit_kind), 0),
        exit(),
    ]
    .concat()
}

/// Writes every register to the dump, rax first.
fn dump_registers() -> Vec<u8> {
    // mov [address], rax; mov rax, address
    let mut code = [&[0x48, 0xa3][..], &DUMP.to_le_bytes(), &rax(DUMP)].concat();
    for register in 1..16u8 {
        // mov [rax + 8 * register], register
        code.extend([0x48 | (register >> 3) << 2, 0x89, 0x40 | (register & 7) << 3, 8 * register]);
    }
    code
}

/// Writes the segments, es to gs, and the bases of fs and gs behind the registers. rax has the dump.
fn dump_segments() -> Vec<u8> {
    let mut code = Vec::new();
    for segment in 0..6u8 {
        // mov ecx, segment; mov [rax + …], rcx
        code.extend([0x8c, 0xc1 | segment << 3, 0x48, 0x89, 0x88]);
        code.extend((REGISTERS_BYTES as u32 + 8 * u32::from(segment)).to_le_bytes());
    }
    for (index, base) in [(6, 0xc1), (7, 0xc9)] {
        // rdfsbase rcx or rdgsbase rcx; mov [rax + …], rcx
        code.extend([0xf3, 0x48, 0x0f, 0xae, base, 0x48, 0x89, 0x88]);
        code.extend((REGISTERS_BYTES as u32 + 8 * index).to_le_bytes());
    }
    code
}

/// Copies the first octets of the context page behind those.
fn dump_context_page() -> Vec<u8> {
    [
        // mov rsi, page; mov rdi, dump; mov ecx, count; rep movsb
        &[0x48, 0xbe][..],
        &(WINDOWS - 4096).to_le_bytes(),
        &[0x48, 0xbf],
        &(DUMP + (REGISTERS_BYTES + SEGMENTS_BYTES) as u64).to_le_bytes(),
        &[0xb9],
        &(PAGE_REST_BYTES as u32).to_le_bytes(),
        &[0xf3, 0xa4],
    ]
    .concat()
}

/// Leaves traces wherever ring 3 can: segments, the base of fs, the context page.
fn leave_traces() -> Vec<u8> {
    [
        // mov ecx, 0x2b or 0; mov es, ds, fs, gs, ecx
        vec![0xb9, 0, 0, 0, 0, 0x8e, 0xc1, 0x8e, 0xd9, 0x8e, 0xe1],
        // mov rax, secret; wrfsbase rax
        rax(SECRET),
        vec![0xf3, 0x48, 0x0f, 0xae, 0xd0],
        // mov rdi, page; mov ecx, count; rep stosq
        vec![0x48, 0xbf],
        (WINDOWS - 4096).to_le_bytes().to_vec(),
        vec![0xb9],
        (PAGE_REST_BYTES as u32 / 8).to_le_bytes().to_vec(),
        vec![0xf3, 0x48, 0xab],
        halt_with_dump(0),
    ]
    .concat()
}

/// An address, as a base of a segment must be.
const SECRET: u64 = 0x1122_3344_5566;

/// Runs planted code by a call of an Instance that was not called before.
fn run_planted(guest: &mut TestChain, index: usize, code: &[u8]) -> Vec<u8> {
    assert_eq!(plant(guest, code), ProbeReply::Done);
    let event = Event { target: target(index), gas_limit: 1_000_000, ..chain::event(0, b"hello".to_vec()) };
    let summary = guest.apply(vec![event]);
    assert_eq!(summary.receipts[0].status, Status::Success);
    summary.receipts[0].output.clone()
}

fn plain_cases(count: usize) -> Vec<Case> {
    (0..count).map(|index| case(&format!("plain {index}"), vec![], "")).collect()
}

#[test]
fn code_finds_nothing_in_registers_segments_or_context_that_kernel_or_programs_left() {
    if !chain::hyperlight_runs() || std::env::var_os("NUB_ENGINE").is_some() {
        return;
    }
    let mut guest = start(BackendKind::Hyperlight, &genesis(&plain_cases(3)));
    let len_bytes = REGISTERS_BYTES + SEGMENTS_BYTES + PAGE_REST_BYTES;
    let dump = [dump_registers(), dump_segments(), dump_context_page(), halt_with_dump(len_bytes)].concat();
    let fresh = run_planted(&mut guest, 0, &dump);
    assert_eq!(fresh.len(), len_bytes);
    assert_eq!(run_planted(&mut guest, 1, &leave_traces()), b"");
    let after = run_planted(&mut guest, 2, &dump);
    assert_eq!(fresh, after);
    for dump in [&fresh, &after] {
        let words: Vec<u64> =
            dump.chunks(8).map(|word| u64::from_le_bytes(word.try_into().unwrap())).collect();
        assert_eq!(words[..16], [0; 16], "registers");
        // es, cs, ss, ds, fs, gs: ring 3's own, or none where KVM without hardware enters ring 3.
        assert!(
            words[16..22].iter().all(|selector| [0, 0x2b, 0x33].contains(selector)),
            "{:x?}",
            &words[16..22]
        );
        // Its own window is all that a program learns from the bases of fs and gs.
        assert_eq!(words[22..24], [0, WINDOWS], "bases");
        assert!(words[24..].iter().all(|&word| word == 0), "context page: {:x?}", &words[24..40]);
    }
}

#[test]
fn a_guest_that_was_not_booted_for_it_runs_no_planted_code() {
    if !chain::hyperlight_runs() {
        return;
    }
    for privilege in [Privilege::Kernel0Programs0, Privilege::Kernel0Programs3, Privilege::Kernel3Programs3] {
        // Where programs are isolated it takes the host's word; elsewhere that is not enough.
        let may_plant_code = privilege != Privilege::Kernel0Programs3;
        let config = GuestConfig { privilege, may_plant_code, ..GuestConfig::default() };
        let builder = Nub::builder().backend(BackendKind::Hyperlight).guest(config);
        let mut nub = builder.engine(EnginePolicy::Recompiler).build().unwrap();
        let root = nub.genesis(&genesis(&plain_cases(1))).unwrap();
        let mut guest = TestChain { nub, genesis_root: root, root, height: 0 };
        assert!(matches!(plant(&mut guest, &[0xcc]), ProbeReply::Failed(_)), "{privilege:?}");
        let event = Event { target: target(0), gas_limit: 1_000_000, ..chain::event(0, b"hello".to_vec()) };
        let summary = guest.apply(vec![event]);
        assert_eq!(
            (summary.receipts[0].status, &*summary.receipts[0].output),
            (Status::Success, &b"hello"[..])
        );
    }
}
