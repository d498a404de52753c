//! A trace: the calls that an event made, what each asked of the kernel, and the gas it had left.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use javm_interpreter::{Exit, Machine};
use javm_isa::{HALT_ADDRESS, Program};
use nub_abi::host_call::{HostCall, NONE};
use nub_arch_local::LocalMemory;
use nub_types::{describe, hex};

use crate::Contract;
use crate::watch::{Watched, Watcher, peek};

/// The most lines of a trace; what comes after is counted.
const LINES_MAX: usize = 2000;

/// A frame on the call stack, as far as it can be seen from below.
struct Frame {
    program: Arc<Program>,
    /// Where it goes on after the exit it made.
    resumes_at: u32,
    name: String,
    /// The line that waits for the answer to its last host call.
    asked: Option<usize>,
}

/// A contract, its program, and its endpoints as numbers and pcs.
type Known = (Rc<Contract>, Vec<u8>, Vec<(u16, u32)>);

/// Writes down what programs do.
pub struct Tracer {
    contracts: Vec<Known>,
    recording: bool,
    frames: Vec<Frame>,
    lines: Vec<String>,
    dropped: usize,
    read: BTreeSet<String>,
    written: BTreeSet<String>,
}

impl Tracer {
    /// With names for the programs of these contracts.
    pub fn new(contracts: &[Rc<Contract>]) -> Tracer {
        let known = contracts.iter().filter_map(|contract| {
            let image = contract.decoded()?;
            Some((contract.clone(), image.program, image.endpoints))
        });
        Tracer {
            contracts: known.collect(),
            recording: false,
            frames: Vec::new(),
            lines: Vec::new(),
            dropped: 0,
            read: BTreeSet::new(),
            written: BTreeSet::new(),
        }
    }

    /// Begins to write.
    pub fn begin(&mut self) {
        self.recording = true;
    }

    /// The lines, and the storage that was touched.
    pub fn text(&self) -> String {
        let mut text = String::from("trace:\n");
        self.lines.iter().for_each(|line| text += &format!("  {line}\n"));
        if self.dropped > 0 {
            text += &format!("  … {} more lines\n", self.dropped);
        }
        for (what, keys) in [("read", &self.read), ("written", &self.written)] {
            if !keys.is_empty() {
                text += &format!("  {what}: {}\n", keys.iter().cloned().collect::<Vec<_>>().join(", "));
            }
        }
        text
    }

    fn line(&mut self, line: &str) -> Option<usize> {
        if self.lines.len() >= LINES_MAX {
            self.dropped += 1;
            return None;
        }
        self.lines.push(format!("{}{line}", "  ".repeat(self.frames.len())));
        Some(self.lines.len() - 1)
    }

    /// Finds the frame that runs: one that waits at this place, else a new one.
    fn enter(&mut self, program: &Watched, machine: &Machine, memory: &LocalMemory) {
        let waits =
            |frame: &Frame| Arc::ptr_eq(&frame.program, program.program()) && frame.resumes_at == machine.pc;
        let is_entry =
            machine.registers[0] == u64::from(HALT_ADDRESS) && self.endpoint(program, machine.pc).is_some();
        if let Some(index) =
            self.frames.iter().rposition(waits).filter(|_| !is_entry || !self.frames.is_empty())
        {
            // What was above it has ended.
            self.frames.truncate(index + 1);
            if let Some(line) = self.frames[index].asked.take() {
                let answer = answer(machine.registers[7]);
                self.lines[line] += &answer;
            }
            return;
        }
        let name = self.describe_entry(program, machine, memory);
        self.line(&format!("{name}  [{} gas]", machine.meter.gas_left));
        self.frames.push(Frame {
            program: program.program().clone(),
            resumes_at: machine.pc,
            name,
            asked: None,
        });
    }

    fn endpoint(&self, program: &Watched, pc: u32) -> Option<(Rc<Contract>, u16)> {
        let matches = |octets: &[u8]| {
            Program::parse(octets).is_ok_and(|known| known.code() == program.program().code())
        };
        let (contract, _, endpoints) = self.contracts.iter().find(|(_, octets, _)| matches(octets))?;
        let (number, _) = endpoints.iter().find(|(_, start)| *start == pc)?;
        Some((contract.clone(), *number))
    }

    fn describe_entry(&self, program: &Watched, machine: &Machine, memory: &LocalMemory) -> String {
        let args = peek(memory, machine.registers[7], machine.registers[8]);
        let octets = || args.as_deref().map_or_else(|| "…".to_owned(), short);
        let Some((contract, number)) = self.endpoint(program, machine.pc) else {
            return format!("a program at {} ({})", machine.pc, octets());
        };
        let Some(endpoint) = contract.endpoint(&number.to_string()) else {
            return format!("{}.{number}({})", contract.name, octets());
        };
        let decoded = args.as_deref().and_then(|args| describe::arguments_of(endpoint, args));
        let args = decoded.map_or_else(octets, |args| {
            let each =
                args.iter().map(|(name, value)| format!("{name}: {}", value.to_string().trim_matches('"')));
            each.collect::<Vec<_>>().join(", ")
        });
        format!("{}.{}({args})", contract.name, endpoint.name)
    }

    fn note(&mut self, number: u64, machine: &Machine, memory: &LocalMemory, next: u32) {
        let r = &machine.registers;
        let show =
            |at: usize| peek(memory, r[at], r[at + 1]).as_deref().map_or_else(|| "…".to_owned(), short);
        let call = HostCall::from_number(number);
        let line = match call {
            Some(HostCall::Return) => format!("returns {}  [{} gas]", show(7), machine.meter.gas_left),
            Some(HostCall::Revert) => {
                let message = peek(memory, r[7], r[8]).unwrap_or_default();
                format!("reverts {:?}  [{} gas]", String::from_utf8_lossy(&message), machine.meter.gas_left)
            }
            Some(HostCall::StorageGet) => {
                self.read.insert(show(7));
                format!("storage_get {}", show(7))
            }
            Some(HostCall::StoragePut) => {
                self.written.insert(show(7));
                format!("storage_put {} = {}", show(7), show(9))
            }
            Some(HostCall::StorageRemove) => {
                self.written.insert(show(7));
                format!("storage_remove {}", show(7))
            }
            Some(HostCall::StorageNext) => format!("storage_next after {}", show(7)),
            Some(HostCall::Call) => format!("call selector {} endpoint {} with {} gas", r[7], r[8], r[11]),
            Some(HostCall::Emit) => {
                let topic = peek(memory, r[7], 32);
                format!("emit {} {}", topic.as_deref().map_or_else(|| "…".to_owned(), short), show(8))
            }
            Some(call) => format!("{call:?}"),
            None => format!("host call {number}"),
        };
        let asked = self.line(&line);
        if let Some(frame) = self.frames.last_mut() {
            frame.resumes_at = next;
            let ends = matches!(call, Some(HostCall::Return | HostCall::Revert));
            frame.asked = asked.filter(|_| !ends);
        }
    }
}

impl Watcher for Tracer {
    fn run(&mut self, program: &Watched, machine: &mut Machine, memory: &mut LocalMemory) -> Exit {
        if !self.recording {
            return javm_interpreter::run(program.code(), machine, memory);
        }
        self.enter(program, machine, memory);
        let exit = javm_interpreter::run(program.code(), machine, memory);
        match exit {
            Exit::HostCall(number) => {
                let next = program.program().next_position(machine.pc);
                self.note(number, machine, memory, next);
            }
            Exit::PageFault { .. } => {
                if let Some(frame) = self.frames.last_mut() {
                    frame.resumes_at = machine.pc;
                }
            }
            other => {
                let gas = machine.meter.gas_left;
                let name = self.frames.last().map_or("", |frame| frame.name.as_str());
                let line = format!("{other:?} at {} of {name}  [{gas} gas]", machine.pc);
                self.line(&line);
            }
        }
        exit
    }
}

/// A host call's answer.
fn answer(r7: u64) -> String {
    match r7 {
        0 => String::new(),
        NONE => " → none".to_owned(),
        code if code > u64::MAX - 16 => format!(" → code −{}", u64::MAX - code),
        number => format!(" → {number}"),
    }
}

/// Octets, as text if they are a name, else in hexadecimal and not too many.
fn short(octets: &[u8]) -> String {
    let text = octets.split(|&octet| octet == 0).next().unwrap_or_default();
    let is_name = text.len() >= 2 && text.iter().all(|octet| octet.is_ascii_graphic() || *octet == b' ');
    if is_name && octets[text.len()..].iter().all(|&octet| octet == 0) {
        return String::from_utf8_lossy(text).into_owned();
    }
    match octets.len() {
        0..=40 => hex::to_text(octets),
        len => format!("{}… ({len})", hex::to_text(&octets[..32])),
    }
}
