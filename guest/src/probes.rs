//! Probes: the image's own answers, for measuring and testing what lies below the kernel.

use crate::blobs::HostBlobs;
use crate::control::with_control;
use crate::device::HostDevice;
use crate::layout::{WINDOW_OFFSET, WINDOWS};
use crate::native::{self, NativeProgram};
use crate::single::Single;
use crate::space::HyperlightMemory;
use crate::store_run::StoreRun;
use crate::{features, frames, logger, octets, run_case, script};
use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::alloc::Layout;
use core::arch::asm;
use javm_interpreter::{Memory, Meter, Miss};
use javm_isa::{BlobError, OpcodeTable, Program};
use javm_recompiler_x86::Features;
use nub_abi::Hash;
use nub_abi::error::Abort;
use nub_abi::guest::{
    Death, Figures, Probe, ProbeReply, RunCase, RunEngine, RunOutcome, SpaceScript, StoreStep,
};
use nub_kernel::arch::{AddressSpace, Blobs, SpaceConfig};
use nub_state::Page;

const PAGE_BYTES: u32 = 4096;
/// Pages the fault path fills between two looks of the kernel.
const BATCH_PAGES: u32 = 16;
/// The first page of fault probes: in the middle of a window, and not the first of its page table, so that
/// the page before it brings the table.
const FIRST_PAGE: u32 = 0x8_0100;

/// Answers a probe.
pub fn answer(probe: Probe) -> ProbeReply {
    let number = match probe {
        Probe::Nothing => return ProbeReply::Done,
        Probe::Echo(bytes) => return ProbeReply::Bytes(bytes),
        Probe::Produce(len) => return ProbeReply::Bytes(vec![0; len as usize]),
        Probe::Figures => return ProbeReply::Figures(figures()),
        Probe::Log(level, message) => {
            logger::log_as_asked(level, &message);
            return ProbeReply::Done;
        }
        Probe::LogAndDie(messages) => {
            messages.iter().for_each(|message| log::warn!("{message}"));
            die(Death::Panic)
        }
        Probe::Die(death) => die(death),
        Probe::Space(script) => return or_failed(run_script(&script), ProbeReply::Space),
        Probe::Run { engine, cases } => return or_failed(run_cases(engine, &cases), ProbeReply::Run),
        Probe::Compile { program, is_jam_v1, features } => return compile(&program, is_jam_v1, features),
        Probe::Features => Ok(features::number(features::find()).into()),
        Probe::Store(step) => return run_store(&step),
        Probe::PlantCode(code) => {
            return match native::plant(code) {
                true => ProbeReply::Done,
                false => ProbeReply::Failed("not allowed at boot, or programs are not isolated".into()),
            };
        }
        Probe::HostCallbacks(count) => host_callbacks(count),
        Probe::DemandZeroFaults(count) => demand_zero_faults(count),
        Probe::CopyOnWriteFaults(count) => copy_on_write_faults(count, true),
        Probe::CopyOnWriteSetup(count) => copy_on_write_faults(count, false),
        Probe::Windows(count) => windows(count),
        Probe::AllWindows => Ok(all_windows()),
        Probe::Heap { steps, seed } => Ok(heap(steps, seed)),
        Probe::Fill { size, share_percent } => Ok(fill(size, share_percent)),
        Probe::Octets => Ok(octets::wrong_count()),
        Probe::Shortage(after) => Ok(frames::arm_shortage(after.checked_sub(1))),
    };
    or_failed(number, ProbeReply::Number)
}

fn or_failed<T>(result: Result<T, Abort>, reply: impl Fn(T) -> ProbeReply) -> ProbeReply {
    result.map_or_else(|abort| ProbeReply::Failed(abort.to_string()), reply)
}

/// How the guest's memory is.
pub fn figures() -> Figures {
    let (frames_free, frames_total) = frames::usage();
    let counters = with_control(|control| control.counters);
    Figures {
        frames_free,
        frames_total,
        demand_zero_faults: counters.demand_zero,
        copy_on_write_faults: counters.copy_on_write,
        misses: counters.misses,
        exits: counters.exits,
        gate_calls: counters.gate_calls,
    }
}

fn run_script(script: &SpaceScript) -> Result<nub_abi::guest::SpaceOutcome, Abort> {
    Ok(script::run(&mut HyperlightMemory::new(script::config(script))?, script))
}

fn run_cases(engine: RunEngine, cases: &[RunCase]) -> Result<Vec<RunOutcome>, Abort> {
    let features = match engine {
        RunEngine::Interpreter => None,
        RunEngine::MachineCode => Some(features::find()),
        RunEngine::MachineCodeOfFreeRsp => Some(Features { free_rsp: true, ..Features::BASELINE }),
    };
    cases.iter().map(|case| run_case(features, case)).collect()
}

/// Runs a case as machine code with those features, or interpreted.
fn run_case(features: Option<Features>, case: &RunCase) -> Result<RunOutcome, Abort> {
    let mut space = HyperlightMemory::new(run_case::config(case))?;
    let malformed = |error: BlobError| Abort::Store(error.to_string());
    let outcome = match features {
        None => run_case::run(&mut space, case, |code, machine, space| {
            Ok(javm_interpreter::run(code, machine, space))
        }),
        Some(features) => {
            let program = Arc::new(Program::parse(&case.program).map_err(malformed)?);
            let native = NativeProgram::new(&program, run_case::table(case), features, u64::MAX)
                .ok_or(Abort::OutOfFrames)?;
            run_case::run(&mut space, case, |_, machine, space| native.enter(machine, space))
        }
    };
    outcome.map_err(malformed)
}

fn compile(program: &[u8], is_jam_v1: bool, features: u32) -> ProbeReply {
    let table = if is_jam_v1 { OpcodeTable::JamV1 } else { OpcodeTable::Gp07 };
    let hash = Program::parse(program)
        .ok()
        .and_then(|program| native::code_hash(&program, table, features::from_number(features)));
    hash.map_or_else(|| ProbeReply::Failed("not compiled".into()), |hash| ProbeReply::Bytes(hash.0.to_vec()))
}

/// The store that is measured, once it is open.
static STORE: Single<Option<StoreRun<HostDevice>>> = Single::new(None);

fn run_store(step: &StoreStep) -> ProbeReply {
    let done = STORE.with(|store| match store {
        Some(store) => store.step(step),
        None => {
            let device = HostDevice::connect().map_err(|abort| abort.to_string())?;
            store.insert(StoreRun::open(device)?).step(step)
        }
    });
    done.map_or_else(ProbeReply::Failed, ProbeReply::Number)
}

fn host_callbacks(count: u32) -> Result<u64, Abort> {
    let mut found = 0;
    for _ in 0..count {
        found += u64::from(HostBlobs.get(&Hash::ZERO)?.is_some());
    }
    Ok(found)
}

fn space(demand_pages: u32) -> Result<HyperlightMemory, Abort> {
    let demand_zero = FIRST_PAGE..FIRST_PAGE + demand_pages;
    HyperlightMemory::new(SpaceConfig { demand_zero, arguments: 0..0, touch_gas: 1, store_gas: 1 })
}

fn rich() -> Meter {
    Meter { gas_left: u64::MAX / 2, pages_left: u32::MAX }
}

fn missed(_: Miss) -> Abort {
    Abort::OutOfFrames
}

/// Stores to untouched pages. Each batch has a window whose table is made first.
fn demand_zero_faults(count: u32) -> Result<u64, Abort> {
    let before = figures().demand_zero_faults;
    for batch in batches(count) {
        let mut space = space(batch)?;
        space.map_copy_on_write(FIRST_PAGE - 1, None)?;
        for page in FIRST_PAGE..FIRST_PAGE + batch {
            space.store_by_fault(page * PAGE_BYTES, 1, &mut rich()).map_err(missed)?;
        }
    }
    Ok(figures().demand_zero_faults - before)
}

/// Stores to copy-on-write pages, or just maps them.
fn copy_on_write_faults(count: u32, store: bool) -> Result<u64, Abort> {
    let before = figures().copy_on_write_faults;
    let content = Arc::new(Page::zeroed());
    for batch in batches(count) {
        let mut space = space(0)?;
        for page in FIRST_PAGE..FIRST_PAGE + batch {
            space.map_copy_on_write(page, Some(content.clone()))?;
        }
        for page in (FIRST_PAGE..FIRST_PAGE + batch).filter(|_| store) {
            space.store_by_fault(page * PAGE_BYTES, 1, &mut rich()).map_err(missed)?;
        }
    }
    Ok(figures().copy_on_write_faults - before)
}

fn batches(count: u32) -> impl Iterator<Item = u32> {
    (0..count).step_by(BATCH_PAGES as usize).map(move |done| BATCH_PAGES.min(count - done))
}

fn windows(count: u32) -> Result<u64, Abort> {
    let content = Arc::new(Page::zeroed());
    for _ in 0..count {
        let mut space = space(4)?;
        space.map_read_only(16, content.clone())?;
        space.map_copy_on_write(17, Some(content.clone()))?;
        space.map_copy_on_write(FIRST_PAGE + 4, None)?;
        for page in [17, FIRST_PAGE, FIRST_PAGE + 1, FIRST_PAGE + 4] {
            space.store_u8(page * PAGE_BYTES, 1, &mut rich()).map_err(missed)?;
        }
        space.load_u8((FIRST_PAGE + 2) * PAGE_BYTES, &mut rich()).map_err(missed)?;
        drop(space.take_private(0..FIRST_PAGE));
    }
    Ok(u64::from(count))
}

fn all_windows() -> u64 {
    let mut spaces = Vec::new();
    while let Ok(space) = space(0) {
        spaces.push(space);
    }
    spaces.len() as u64
}

/// Fills, resizes and frees blocks, and looks whether they keep their content.
fn heap(steps: u32, mut seed: u64) -> u64 {
    let mut blocks: Vec<Vec<u8>> = Vec::new();
    let mut wrong = 0;
    for _ in 0..steps {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let size = 1usize << (seed >> 33 & 15);
        let size = size + (seed >> 40) as usize % size;
        match seed >> 60 {
            0..8 => blocks.push(vec![size as u8; size]),
            8..11 if !blocks.is_empty() => {
                let index = (seed >> 20) as usize % blocks.len();
                let block = &mut blocks[index];
                let mark = block[0];
                block.resize(size, mark);
                block.shrink_to_fit();
            }
            _ if !blocks.is_empty() => {
                let block = blocks.swap_remove((seed >> 20) as usize % blocks.len());
                wrong +=
                    u64::from([0, block.len() / 2, block.len() - 1].iter().any(|&at| block[at] != block[0]));
            }
            _ => {}
        }
    }
    wrong + blocks.iter().filter(|block| block[block.len() - 1] != block[0]).count() as u64 + misaligned()
}

/// Grows and shrinks blocks that are aligned to more than a page; gives how often one lost its alignment or content.
fn misaligned() -> u64 {
    let mut wrong = 0;
    for align in [1usize << 13, 1 << 14, 1 << 16, 1 << 18] {
        let mut layout = Layout::from_size_align(100, align).expect("a power of two");
        // Beside others of small classes, so that no slot is aligned by chance.
        let _beside: Vec<Vec<u8>> = (0..3).map(|_| vec![1; 2 * PAGE_BYTES as usize]).collect();
        // SAFETY: the block is reallocated and freed with the layout that it has, and read within it.
        unsafe {
            let mut block = alloc::alloc::alloc(layout);
            for size in [5000, 9000, 70_000, 300_000, 20_000, 4097, 10] {
                if block.is_null() {
                    return wrong + 1;
                }
                block.write(align.trailing_zeros() as u8);
                block = alloc::alloc::realloc(block, layout, size);
                layout = Layout::from_size_align_unchecked(size, align);
                let is_right = block.align_offset(align) == 0 && block.read() == align.trailing_zeros() as u8;
                wrong += u64::from(!is_right);
            }
            alloc::alloc::dealloc(block, layout);
        }
    }
    wrong
}

/// Fills memory with blocks of one size and frees them out of order.
fn fill(size: u64, share_percent: u64) -> u64 {
    // A slot of a run may be twice its length, and blocks need a list.
    let budget = frames::free_bytes() * share_percent / 100;
    let mut bytes = 0;
    let mut blocks: Vec<Option<Vec<u8>>> = Vec::new();
    while bytes + size + (blocks.capacity() as u64 + 1) * 48 < budget && frames::free_bytes() > 2 * size {
        let mut block = Vec::with_capacity(size as usize);
        block.push(1);
        blocks.push(Some(block));
        bytes += size;
    }
    blocks.iter_mut().step_by(2).for_each(|block| *block = None);
    bytes
}

/// Dies. What happens is wrong on purpose; the host must get an epitaph.
fn die(death: Death) -> ! {
    match death {
        Death::Panic => panic!("asked to die by a panic"),
        Death::StackOverflow => {
            recurse(0);
        }
        Death::OutOfMemory => {
            let mut blocks = Vec::new();
            loop {
                blocks.push(vec![1u8; 1 << 20]);
            }
        }
        Death::Endless => loop {
            core::hint::spin_loop();
        },
        // SAFETY: none. Each of these traps, and the trap ends the guest.
        Death::WildRead => unsafe { asm!("mov {0}, [{0}]", inout(reg) 0x7777_0000_0000u64 => _) },
        // SAFETY: as above; the image's code is not writable.
        Death::WildWrite => unsafe { asm!("mov [{0}], {0}", in(reg) die as *const () as u64) },
        // SAFETY: as above.
        Death::WildJump => unsafe { asm!("jmp {0}", in(reg) 0x7777_0000_0000u64) },
        // SAFETY: as above.
        Death::WindowRead => unsafe { asm!("mov {0}, [{0}]", inout(reg) WINDOWS + WINDOW_OFFSET => _) },
        // SAFETY: as above.
        Death::DivideByZero => unsafe {
            asm!("xor edx, edx", "xor ecx, ecx", "div ecx", out("rdx") _, out("rcx") _, out("rax") _);
        },
        // SAFETY: as above.
        Death::InvalidOpcode => unsafe { asm!("ud2") },
        // SAFETY: as above.
        Death::NonCanonical => unsafe { asm!("mov {0}, [{0}]", inout(reg) 0x8000_0000_0000_0000u64 => _) },
    }
    panic!("survived {death:?}")
}

/// Recurses until the stack is used up.
fn recurse(depth: u64) -> u64 {
    let kept = core::hint::black_box([depth; 64]);
    if core::hint::black_box(depth) == u64::MAX {
        return 0;
    }
    recurse(depth + 1) + core::hint::black_box(&kept)[depth as usize % 64]
}
