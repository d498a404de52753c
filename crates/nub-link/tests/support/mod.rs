//! Runs an Image's endpoint on the interpreter, with the few host calls that these tests need.

use std::collections::BTreeMap;

use javm_interpreter::{Code, Exit, Machine, Memory, Meter, Miss, run};
use javm_isa::{AccessKind, Layout, OpcodeTable, PageRange, Program};
use nub_abi::host_call::{BlockContext, HostCall, NONE, UNKNOWN};
use nub_state::Image;

pub const PAGE: usize = 4096;

/// The checked-in Image of a contract.
pub fn checked_in(name: &str) -> Vec<u8> {
    let path = nub_build::repository_root().join("contracts").join(name).join(format!("{name}.image"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    Returned(Vec<u8>),
    Reverted(Vec<u8>),
    Panicked,
    /// A page fault, or a host call with a range the program may not access.
    Faulted,
    OutOfGas,
}

impl Ended {
    /// The message of a revert.
    pub fn message(&self) -> String {
        match self {
            Ended::Reverted(message) => String::from_utf8(message.clone()).unwrap(),
            other => panic!("not a revert: {other:?}"),
        }
    }

    /// The output of a success.
    pub fn output(self) -> Vec<u8> {
        match self {
            Ended::Returned(output) => output,
            other => panic!("not a success: {other:?}"),
        }
    }
}

/// An Instance and its surroundings.
pub struct World {
    image: Image,
    code: Code,
    /// What persists between calls.
    rw_data: Vec<u8>,
    pub storage: BTreeMap<Vec<u8>, Vec<u8>>,
    pub badge: [u8; 32],
    pub logs: Vec<([u8; 32], Vec<u8>)>,
    /// What `image_create` was given, and its answer.
    pub created: Vec<(u64, Vec<u8>)>,
    pub image_create_answer: u64,
    /// What `ref_mint` was given: from, to, rights, badge.
    pub minted: Vec<(u64, u64, u64, [u8; 32])>,
    /// What `call` was given, and its answer.
    pub calls: Vec<(u64, u64, Vec<u8>)>,
    pub call_answer: (u64, Vec<u8>),
    /// Gas the last call used: instructions, with their blocks.
    pub instructions: u64,
}

impl World {
    pub fn new(name: &str) -> World {
        let image = Image::from_bytes(&checked_in(name)).unwrap();
        let program = Program::parse(&image.program).unwrap();
        let mut rw_data = image.rw_data.clone();
        rw_data.resize(rw_data.len().next_multiple_of(PAGE) + image.heap_pages as usize * PAGE, 0);
        World {
            code: Code::new(&program, OpcodeTable::JamV1),
            image,
            rw_data,
            storage: BTreeMap::new(),
            badge: [0; 32],
            logs: Vec::new(),
            created: Vec::new(),
            image_create_answer: 0,
            minted: Vec::new(),
            calls: Vec::new(),
            call_answer: (0, Vec::new()),
            instructions: 0,
        }
    }

    /// Calls an endpoint with plenty of gas.
    pub fn call(&mut self, endpoint: u16, args: &[u8]) -> Ended {
        const GAS: u64 = 10_000_000;
        let layout = Layout::new(
            self.image.ro_data.len() as u32,
            self.image.rw_data.len() as u32,
            self.image.heap_pages,
            self.image.stack_bytes,
            args.len() as u32,
        )
        .unwrap();
        let mut memory = Regions::new(&layout, &self.image.ro_data, &self.rw_data, args);
        let pc = self.image.endpoint(endpoint).expect("the endpoint is there");
        let meter = Meter { gas_left: GAS, pages_left: u32::MAX };
        let mut machine = Machine::new(layout.entry_registers(), pc, meter);
        let ended = loop {
            match run(&self.code, &mut machine, &mut memory) {
                Exit::Halt => {
                    let (r7, r8) = (machine.registers[7], machine.registers[8]);
                    break memory.read(r7, r8).map_or(Ended::Faulted, Ended::Returned);
                }
                Exit::Panic => break Ended::Panicked,
                Exit::OutOfGas => break Ended::OutOfGas,
                Exit::PageFault { .. } => break Ended::Faulted,
                Exit::HostCall(number) => {
                    if let Some(ended) = self.host_call(number, &mut machine, &mut memory) {
                        break ended;
                    }
                    machine.complete_host_call(&self.code);
                }
            }
        };
        self.instructions = GAS - machine.meter.gas_left;
        if matches!(ended, Ended::Returned(_)) {
            self.rw_data = memory.octets(layout.read_write_data);
        }
        ended
    }

    fn host_call(&mut self, number: u64, machine: &mut Machine, memory: &mut Regions) -> Option<Ended> {
        let r = machine.registers;
        match self.answer(number, &r, memory) {
            Ok((r7, r8)) => {
                machine.registers[7] = r7;
                machine.registers[8] = r8.unwrap_or(r[8]);
                None
            }
            Err(ended) => Some(ended),
        }
    }

    fn answer(
        &mut self,
        number: u64,
        r: &[u64; 13],
        memory: &mut Regions,
    ) -> Result<(u64, Option<u64>), Ended> {
        let answer = match HostCall::from_number(number) {
            None => UNKNOWN,
            Some(HostCall::Return) => return Err(Ended::Returned(memory.read(r[7], r[8])?)),
            Some(HostCall::Revert) => return Err(Ended::Reverted(memory.read(r[7], r[8])?)),
            Some(HostCall::Badge) => memory.write(r[7], &self.badge).map(|()| 0)?,
            Some(HostCall::Caller | HostCall::SelfId) => memory.write(r[7], &[0; 32]).map(|()| 0)?,
            Some(HostCall::BlockContext) => {
                memory.write(r[7], &BlockContext::default().to_bytes()).map(|()| 0)?
            }
            Some(HostCall::StorageGet) => match self.storage.get(&memory.read(r[7], r[8])?) {
                Some(value) => {
                    memory.write(r[9], &value[..value.len().min(r[10] as usize)])?;
                    value.len() as u64
                }
                None => NONE,
            },
            Some(HostCall::StoragePut) => {
                self.storage.insert(memory.read(r[7], r[8])?, memory.read(r[9], r[10])?);
                0
            }
            Some(HostCall::StorageRemove) => self.storage.remove(&memory.read(r[7], r[8])?).is_some().into(),
            Some(HostCall::Call) => {
                self.calls.push((r[7], r[8], memory.read(r[9], r[10])?));
                return Ok((self.call_answer.0, Some(self.call_answer.1.len() as u64)));
            }
            Some(HostCall::OutputRead) => {
                let from = self.call_answer.1.get(r[8] as usize..).unwrap_or(&[]);
                let copied = &from[..from.len().min(r[9] as usize)];
                memory.write(r[7], copied)?;
                copied.len() as u64
            }
            Some(HostCall::ImageCreate) => {
                self.created.push((r[9], memory.read(r[7], r[8])?));
                self.image_create_answer
            }
            Some(HostCall::InstanceCreate) => {
                memory.read(r[10], 32)?;
                memory.write(r[11], &[7; 32]).map(|()| 0)?
            }
            Some(HostCall::RefMint) => {
                let badge = memory.read(r[11], 32)?.try_into().unwrap();
                self.minted.push((r[7], r[8], r[9], badge));
                0
            }
            Some(HostCall::Blake2b) => {
                let hash = nub_abi::blake2b_256(&memory.read(r[7], r[8])?);
                memory.write(r[9], &hash.0).map(|()| 0)?
            }
            Some(HostCall::Emit) => {
                self.logs.push((memory.read(r[7], 32)?.try_into().unwrap(), memory.read(r[8], r[9])?));
                0
            }
            Some(HostCall::GasLeft | HostCall::PassedCount) => 0,
            Some(call) => panic!("this stand-in for the kernel knows no {call:?}"),
        };
        Ok((answer, None))
    }
}

/// A program's memory: page number to octets and whether it may be written.
struct Regions(BTreeMap<u32, (Box<[u8; PAGE]>, bool)>);

impl Regions {
    fn new(layout: &Layout, ro_data: &[u8], rw_data: &[u8], args: &[u8]) -> Regions {
        let mut regions = Regions(BTreeMap::new());
        regions.map(layout.read_only_data, ro_data, false);
        regions.map(layout.read_write_data, rw_data, true);
        regions.map(layout.stack, &[], true);
        regions.map(layout.arguments, args, false);
        regions
    }

    fn map(&mut self, range: PageRange, octets: &[u8], writable: bool) {
        for index in 0..range.count {
            let mut page = Box::new([0; PAGE]);
            let rest = octets.get(index as usize * PAGE..).unwrap_or(&[]);
            let len = rest.len().min(PAGE);
            page[..len].copy_from_slice(&rest[..len]);
            self.0.insert(range.first + index, (page, writable));
        }
    }

    fn octets(&self, range: PageRange) -> Vec<u8> {
        (range.first..range.end()).flat_map(|page| *self.0[&page].0).collect()
    }

    fn read(&self, address: u64, len: u64) -> Result<Vec<u8>, Ended> {
        let (address, len) = (address as u32, len as u32);
        let octets = (0..len).map(|offset| self.octet(address.wrapping_add(offset)).ok_or(Ended::Faulted));
        octets.collect()
    }

    fn write(&mut self, address: u64, octets: &[u8]) -> Result<(), Ended> {
        octets
            .iter()
            .zip(address as u32..)
            .try_for_each(|(&octet, address)| self.set_octet(address, octet).ok_or(Ended::Faulted))
    }

    fn octet(&self, address: u32) -> Option<u8> {
        Some(self.0.get(&(address / PAGE as u32))?.0[address as usize % PAGE])
    }

    fn set_octet(&mut self, address: u32, value: u8) -> Option<()> {
        let (page, writable) = self.0.get_mut(&(address / PAGE as u32))?;
        page[address as usize % PAGE] = value;
        writable.then_some(())
    }

    fn load<const N: usize>(&self, address: u32) -> Result<[u8; N], Miss> {
        let mut value = [0; N];
        for (octet, offset) in value.iter_mut().zip(0..) {
            *octet = self.octet(address.wrapping_add(offset)).ok_or(Miss)?;
        }
        Ok(value)
    }

    fn store(&mut self, address: u32, value: &[u8]) -> Result<(), Miss> {
        let writable = |page: u32| self.0.get(&page).is_some_and(|page| page.1);
        if !(0..value.len() as u32).all(|offset| writable(address.wrapping_add(offset) / PAGE as u32)) {
            return Err(Miss);
        }
        for (&octet, offset) in value.iter().zip(0..) {
            self.set_octet(address.wrapping_add(offset), octet).ok_or(Miss)?;
        }
        Ok(())
    }
}

impl Memory for Regions {
    fn load_u8(&mut self, address: u32, _: &mut Meter) -> Result<u8, Miss> {
        self.load(address).map(u8::from_le_bytes)
    }
    fn load_u16(&mut self, address: u32, _: &mut Meter) -> Result<u16, Miss> {
        self.load(address).map(u16::from_le_bytes)
    }
    fn load_u32(&mut self, address: u32, _: &mut Meter) -> Result<u32, Miss> {
        self.load(address).map(u32::from_le_bytes)
    }
    fn load_u64(&mut self, address: u32, _: &mut Meter) -> Result<u64, Miss> {
        self.load(address).map(u64::from_le_bytes)
    }
    fn store_u8(&mut self, address: u32, value: u8, _: &mut Meter) -> Result<(), Miss> {
        self.store(address, &value.to_le_bytes())
    }
    fn store_u16(&mut self, address: u32, value: u16, _: &mut Meter) -> Result<(), Miss> {
        self.store(address, &value.to_le_bytes())
    }
    fn store_u32(&mut self, address: u32, value: u32, _: &mut Meter) -> Result<(), Miss> {
        self.store(address, &value.to_le_bytes())
    }
    fn store_u64(&mut self, address: u32, value: u64, _: &mut Meter) -> Result<(), Miss> {
        self.store(address, &value.to_le_bytes())
    }
    fn is_mapped(&self, page: u32, kind: AccessKind) -> bool {
        self.0.get(&page).is_some_and(|page| page.1 || kind == AccessKind::Load)
    }
}
