//! The program that stands still, and those that called it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, Write};
use std::sync::Arc;

use javm_interpreter::{Exit, Machine};
use javm_isa::Program;
use nub_abi::host_call::HostCall;
use nub_arch_local::LocalMemory;
use nub_link::listing::instruction;
use nub_types::hex;

use super::Target;
use super::commands::{Command, HELP, number};
use super::step::{Stepper, Stretch};
use crate::watch::{Watched, Watcher, peek};

/// What a person sees and says.
pub(super) struct Session {
    input: Box<dyn BufRead>,
    output: Box<dyn Write>,
    /// Endpoints by name.
    entries: BTreeMap<String, u32>,
    breaks: BTreeSet<u32>,
    program: Option<(Arc<Program>, Stepper)>,
    storage: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    calls: Vec<String>,
    last: String,
    /// Instructions to run before asking again; none: until a breakpoint.
    pace: Pace,
    asked: Option<u64>,
}

/// How far to run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pace {
    Steps(u64),
    ToBreak,
    ToEnd,
}

impl Session {
    pub(super) fn new(target: &Target, input: Box<dyn BufRead>, output: Box<dyn Write>) -> Session {
        let image = target.contract.decoded().unwrap_or_default();
        let name = |number: u16| {
            let known = target.contract.endpoint(&number.to_string());
            known.map_or_else(|| number.to_string(), |endpoint| endpoint.name.clone())
        };
        let storage = target.storage.iter().cloned().map(|(key, value)| (key, Some(value)));
        Session {
            input,
            output,
            entries: image.endpoints.iter().map(|&(number, pc)| (name(number), pc)).collect(),
            breaks: BTreeSet::new(),
            program: None,
            storage: storage.collect(),
            calls: vec![name(target.endpoint)],
            last: String::new(),
            pace: Pace::Steps(0),
            asked: None,
        }
    }

    /// Writes text.
    pub(super) fn print(&mut self, text: &str) -> std::io::Result<()> {
        self.output.write_all(text.as_bytes())?;
        self.output.flush()
    }

    fn say(&mut self, text: &str) {
        // Nobody listens any more; the program runs on.
        if self.print(text).is_err() {
            self.pace = Pace::ToEnd;
        }
    }

    /// Asks until something is to be run.
    fn ask(&mut self, machine: &Machine, memory: &LocalMemory) {
        while self.pace == Pace::Steps(0) {
            let mut line = String::new();
            match self.input.read_line(&mut line) {
                Ok(0) | Err(_) => self.pace = Pace::ToEnd,
                Ok(_) => {
                    if line.trim().is_empty() {
                        line = self.last.clone();
                    }
                    self.last = line.clone();
                    self.obey(&line, machine, memory);
                }
            }
        }
    }

    fn obey(&mut self, line: &str, machine: &Machine, memory: &LocalMemory) {
        let Some(command) = Command::parse(line) else {
            return if line.trim().is_empty() {
                self.say("")
            } else {
                self.say("no such command; `help` lists them\n")
            };
        };
        match command {
            Command::Step(count) => self.pace = Pace::Steps(count),
            Command::Continue => self.pace = Pace::ToBreak,
            Command::Quit => self.pace = Pace::ToEnd,
            Command::Help => self.say(HELP),
            Command::Registers => self.say(&registers(machine)),
            Command::List(count) => {
                let text = self.listing(machine.pc, count);
                self.say(&text);
            }
            Command::Calls => {
                let text = self.calls.iter().rev().map(|call| format!("{call}\n")).collect::<String>();
                self.say(&text);
            }
            Command::Memory(at, count) => {
                let text = match peek(memory, at, count.min(4096)) {
                    Some(octets) => dump(at, &octets),
                    None => "not mapped: never touched, or not the program's\n".to_owned(),
                };
                self.say(&text);
            }
            Command::Storage => {
                let lines = self.storage.iter().map(|(key, value)| {
                    let value = value.as_deref().map_or_else(|| "nothing".to_owned(), hex::to_text);
                    format!("{} = {value}\n", hex::to_text(key))
                });
                let text = lines.collect::<String>();
                self.say(&text);
            }
            Command::Break(None) => {
                let text = self.breaks.iter().map(|at| format!("{at}\n")).collect::<String>();
                self.say(&text);
            }
            Command::Break(Some(place)) => self.add_break(&place),
            Command::Delete(at) => {
                self.breaks.remove(&at);
            }
        }
    }

    fn add_break(&mut self, place: &str) {
        let entry = self.entries.get(place).copied();
        let at =
            entry.or_else(|| number(place.trim_start_matches('@')).and_then(|at| u32::try_from(at).ok()));
        let starts =
            |at: &u32| self.program.as_ref().is_some_and(|(program, _)| program.is_instruction_start(*at));
        match at.filter(starts) {
            Some(at) => {
                self.breaks.insert(at);
                self.say(&format!("stops at {at}\n"));
            }
            None => self.say("no instruction starts there\n"),
        }
    }

    fn listing(&self, at: u32, count: u64) -> String {
        let Some((program, _)) = &self.program else { return String::new() };
        let mut text = String::new();
        let starts = program.instruction_starts().skip_while(|&position| position < at);
        for position in starts.take(count.min(1000) as usize) {
            let entry = self.entries.iter().find(|(_, pc)| **pc == position);
            if let Some((name, _)) = entry {
                text += &format!("<{name}>:\n");
            }
            let mark = if position == at { "=>" } else { "  " };
            text += &format!("{mark} {position:>6}  {}\n", instruction(program, position).trim_end());
        }
        text
    }

    /// Has the program changed?
    fn attend(&mut self, watched: &Watched) {
        let same = self.program.as_ref().is_some_and(|(program, _)| Arc::ptr_eq(program, watched.program()));
        if !same {
            let stepper = Stepper::new(watched.program()).ok();
            self.program = stepper.map(|stepper| (watched.program().clone(), stepper));
        }
    }

    /// Runs as far as was said.
    fn stretch(&mut self, machine: &mut Machine, memory: &mut LocalMemory) -> Stretch {
        let Some((_, stepper)) = &mut self.program else { return Stretch::Left(Exit::Panic) };
        match self.pace {
            Pace::Steps(count) => {
                let stretch = stepper.step(machine, memory);
                // What a page fault interrupts is run again; it does not count.
                if !matches!(stretch, Stretch::Left(Exit::PageFault { .. })) {
                    self.pace = Pace::Steps(count.saturating_sub(1));
                }
                stretch
            }
            Pace::ToBreak => {
                let stretch = stepper.run_to(&self.breaks, machine, memory);
                if stretch == Stretch::Stands {
                    self.pace = Pace::Steps(0);
                }
                stretch
            }
            Pace::ToEnd => Stretch::Left(Exit::OutOfGas),
        }
    }

    /// What the program asks of the kernel.
    fn note(&mut self, host_call: u64, machine: &Machine, memory: &LocalMemory) {
        let r = &machine.registers;
        let call = HostCall::from_number(host_call);
        let name = call.map_or_else(|| host_call.to_string(), |call| format!("{call:?}"));
        match call {
            Some(HostCall::StoragePut) => {
                if let (Some(key), Some(value)) = (peek(memory, r[7], r[8]), peek(memory, r[9], r[10])) {
                    self.storage.insert(key, Some(value));
                }
            }
            Some(HostCall::StorageRemove) => {
                if let Some(key) = peek(memory, r[7], r[8]) {
                    self.storage.insert(key, None);
                }
            }
            Some(HostCall::Call) => self.calls.push(format!("selector {} endpoint {}", r[7], r[8])),
            _ => {}
        }
        self.say(&format!("host call {name} at {}\n", machine.pc));
        self.asked = Some(host_call);
    }
}

impl Watcher for Session {
    fn run(&mut self, watched: &Watched, machine: &mut Machine, memory: &mut LocalMemory) -> Exit {
        self.attend(watched);
        if self.asked.take().is_some() {
            self.say(&format!("  answers {}\n", machine.registers[7] as i64));
        }
        loop {
            if self.pace == Pace::Steps(0) {
                let text = self.listing(machine.pc, 1);
                self.say(&text);
                self.ask(machine, memory);
            }
            if self.pace == Pace::ToEnd {
                let exit = javm_interpreter::run(watched.code(), machine, memory);
                if let Exit::HostCall(_) = exit {
                    self.asked = None;
                }
                return exit;
            }
            match self.stretch(machine, memory) {
                Stretch::Stands => {}
                Stretch::Left(exit) => {
                    match exit {
                        Exit::HostCall(number) => self.note(number, machine, memory),
                        Exit::PageFault { .. } => {}
                        other => self.say(&format!("{other:?} at {}\n", machine.pc)),
                    }
                    return exit;
                }
            }
        }
    }
}

fn registers(machine: &Machine) -> String {
    let lines = machine.registers.chunks(4).enumerate().map(|(row, chunk)| {
        let each =
            chunk.iter().enumerate().map(|(index, value)| format!("r{:<3}{value:#018x}", row * 4 + index));
        each.collect::<Vec<_>>().join("  ") + "\n"
    });
    let text = lines.collect::<String>();
    format!("{text}pc  {}  gas {}\n", machine.pc, machine.meter.gas_left)
}

fn dump(at: u64, octets: &[u8]) -> String {
    let lines = octets.chunks(16).enumerate().map(|(row, chunk)| {
        let digits = chunk.iter().map(|octet| format!("{octet:02x}")).collect::<Vec<_>>().join(" ");
        let text = chunk.iter().map(|&octet| if octet.is_ascii_graphic() { char::from(octet) } else { '.' });
        format!("{:#010x}  {digits:<48} {}\n", at + 16 * row as u64, text.collect::<String>())
    });
    lines.collect()
}
