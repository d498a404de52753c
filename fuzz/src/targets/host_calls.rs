//! Host calls with any registers, by a contract that makes those it is told to: two kernels, of which one
//! keeps nothing in memory, agree on every root and receipt, and nothing aborts.

use super::Session;
use crate::random::Random;
use crate::store::Store;
use nub_abi::rpc::{BootConfig, EnginePolicy};
use nub_abi::{
    Badge, Block, Event, Genesis, GenesisInstance, GenesisRef, Hash, InstanceId, PROTOCOL_VERSION, Params,
};
use nub_arch_local::LocalArch;
use nub_kernel::Kernel;
use parity_scale_codec::Encode;

const CHAIN_ID: u64 = 3;
const PROBE_IMAGE: &[u8] = include_bytes!("../../../contracts/probe/probe.image");
/// The probe's endpoints that make host calls as told: `contracts/probe/README.md`, 32 and 33.
const SCRIPTS: [u16; 4] = [32, 32, 32, 33];
/// Where the script's data is.
const DATA: u64 = 0xfeff_0004;
/// Blocks before everything starts anew.
const BLOCKS: u64 = 200;

/// The kernels and where they are.
pub struct HostCalls {
    kernels: [Kernel<LocalArch<Store>>; 2],
    root: Hash,
    height: u64,
}

impl HostCalls {
    /// At a genesis of four probes that can call each other.
    pub fn new() -> Self {
        let mut kernels = [64 << 20, 0].map(|cache_bytes| {
            let config = BootConfig {
                seed: [cache_bytes as u8; 32],
                candidates_max: 4,
                candidate_bytes: u64::MAX,
                cache_bytes,
                engine: EnginePolicy::Interpreter,
                code_bytes: 0,
            };
            Kernel::new(LocalArch::new(Store::default()), &config)
        });
        let roots =
            kernels.each_mut().map(|kernel| kernel.genesis(&genesis().encode()).expect("it is valid"));
        Self { kernels, root: roots[0], height: 0 }
    }
}

fn genesis() -> Genesis {
    let probe = |n: u32| GenesisInstance {
        image: PROBE_IMAGE.to_vec(),
        public: n != 3,
        storage: vec![(b"key".to_vec(), vec![n as u8; 300])],
        refs: (0..4)
            .map(|to| GenesisRef {
                slot: to as u8,
                instance: to,
                rights: 7 >> (to % 3),
                badge: Badge([to as u8; 32]),
            })
            .collect(),
    };
    Genesis {
        chain_id: CHAIN_ID,
        timestamp: 0,
        params: Params::default(),
        instances: (0..4).map(probe).collect(),
    }
}

impl Session for HostCalls {
    /// An encoded block without its header: events.
    fn input(&mut self, random: &mut Random) -> Vec<u8> {
        (0..=random.below(3)).map(|_| event(random)).collect::<Vec<_>>().encode()
    }

    fn run(&mut self, input: &[u8]) {
        let events = parity_scale_codec::Decode::decode(&mut &*input).expect("it was just encoded");
        if self.height >= BLOCKS {
            *self = Self::new();
        }
        let block = Block {
            version: PROTOCOL_VERSION,
            chain_id: CHAIN_ID,
            prior_root: self.root,
            height: self.height + 1,
            timestamp: self.height,
            randomness: [self.height as u8; 32],
            events,
        };
        let prior = self.root;
        let [first, second] = self.kernels.each_mut().map(|kernel| {
            let (root, summary) = kernel.apply_block(prior, &block.to_bytes()).expect("nothing aborts");
            kernel.commit(root).expect("memory does not fail");
            (root, summary)
        });
        assert_eq!(first, second);
        (self.root, self.height) = (first.0, self.height + 1);
    }
}

fn event(random: &mut Random) -> Event {
    let instance =
        |random: &mut Random| InstanceId::derive(CHAIN_ID, InstanceId::ZERO, random.below(4) as u64);
    Event {
        target: instance(random),
        endpoint: *random.pick(&SCRIPTS),
        args: script(random, 2),
        gas_limit: if random.one_in(4) { random.u64() % 100_000 } else { 3_000_000 },
        refs: (0..random.below(3)).map(|_| instance(random)).collect(),
        origin: Badge([random.u64() as u8; 32]),
        authentication: vec![],
    }
}

/// Arguments of a script: data, what to read back, steps. Data of a script may be another script, to call.
fn script(random: &mut Random, depth: u32) -> Vec<u8> {
    let data = match random.below(4) {
        0 if depth > 0 => script(random, depth - 1),
        1 => PROBE_IMAGE.to_vec(),
        _ => random.bytes(300),
    };
    let mut args = (data.len() as u32).to_le_bytes().to_vec();
    args.extend(&data);
    args.extend(DATA.to_le_bytes());
    args.extend((random.below(300) as u64).to_le_bytes());
    for _ in 0..random.below(12) {
        args.push(if random.one_in(20) { random.u64() as u8 } else { random.below(40) as u8 });
        for _ in 0..6 {
            args.extend(register(random, data.len()).to_le_bytes());
        }
    }
    args
}

/// What a register may well hold: a slot, a length, an endpoint, an address.
fn register(random: &mut Random, data_len_bytes: usize) -> u64 {
    match random.below(9) {
        0..3 => random.below(12) as u64,
        3 => 256 + random.below(3) as u64,
        4 => data_len_bytes as u64,
        5 => 32,
        6 => DATA + random.below(data_len_bytes + 1) as u64,
        7 => 0x3_0000 + random.below(0x10_0000) as u64,
        _ => random.number(),
    }
}
