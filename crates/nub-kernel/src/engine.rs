//! Which engine runs a frame. No root, receipt or gas depends on it, nor on what is kept.
//!
//! A machine that stopped can go on in the other engine, so a frame may change engines at any exit. Under
//! [`EnginePolicy::Auto`] a program is interpreted until what was spent on that would have paid for its
//! compilation, even if that is in the middle of a call: the interpreter then stops at the next block, as if
//! the gas were used up.

use crate::arch::{Arch, NativeCode};
use crate::code_cache::{CodeCache, CodeKey};
use crate::frame::Frame;
use crate::program::{LoadedImage, TABLE};
use crate::runtime::Runtime;
use alloc::sync::Arc;
use javm_interpreter::Exit;
use nub_abi::error::Abort;
use nub_abi::rpc::{BootConfig, EnginePolicy, Health};

/// Gas interpreted for each octet of a program's code before it is worth compiling: compiling an octet takes
/// about as long as the interpreter takes for so many instructions more than machine code does.
const GAS_PER_CODE_BYTE: u64 = 4;

/// The policy, and what was compiled.
pub(crate) struct Engines<N> {
    policy: EnginePolicy,
    cache: CodeCache<N>,
    compilations: u64,
    hits: u64,
}

impl<N: NativeCode> Engines<N> {
    pub(crate) fn new(config: &BootConfig) -> Self {
        Self { policy: config.engine, cache: CodeCache::new(config.code_bytes), compilations: 0, hits: 0 }
    }

    /// Adds its figures.
    pub(crate) fn report(&self, health: &mut Health) {
        health.compiled_programs = self.cache.codes().count() as u64;
        health.compiled_bytes = self.cache.codes().map(NativeCode::code_bytes).sum();
        health.compilations = self.compilations;
        health.compiled_hits = self.hits;
    }

    /// Drops the code that no call in progress holds.
    pub(crate) fn drop_code(&mut self) {
        self.cache.make_room(self.cache.budget_bytes());
    }

    /// Memory that kept machine code takes.
    pub(crate) fn code_memory_bytes(&self) -> u64 {
        self.cache.bytes()
    }

    /// Gas to interpret a program for before it is worth having machine code of it; 0: now.
    fn patience(&self, key: &CodeKey, image: &LoadedImage) -> u64 {
        match self.policy {
            _ if !image.is_compilable() => u64::MAX,
            EnginePolicy::Interpreter => u64::MAX,
            EnginePolicy::Recompiler => 0,
            EnginePolicy::Auto if self.cache.contains(key) => 0,
            EnginePolicy::Auto => {
                let worth = GAS_PER_CODE_BYTE * u64::from(image.program().code_len_bytes());
                worth.saturating_sub(image.interpreted_gas())
            }
        }
    }
}

impl<A: Arch> Runtime<A> {
    fn code_key(&mut self, image: &LoadedImage) -> CodeKey {
        CodeKey::new(image.hash(), TABLE, self.arch.native_features())
    }

    /// The machine code of an Image, kept or made. `None` if there can be none; the Image is marked then.
    fn native(&mut self, key: CodeKey, image: &LoadedImage) -> Option<Arc<A::Native>> {
        let engines = &mut self.engines;
        if let Some(code) = engines.cache.get(&key) {
            engines.hits += 1;
            return Some(code);
        }
        // Code is only worth memory that is free.
        let free_bytes = self.arch.free_bytes().map_or(u64::MAX, |bytes| bytes / 2);
        let bytes_max = engines.cache.budget_bytes().min(free_bytes);
        let Some(code) = self.arch.compile(image.program(), TABLE, bytes_max) else {
            image.never_compile();
            return None;
        };
        engines.compilations += 1;
        let (bytes, code) = (code.memory_bytes(), Arc::new(code));
        if bytes > engines.cache.budget_bytes() {
            image.never_compile();
            return None;
        }
        // Where calls in progress hold all of the budget, this call has its code to itself.
        engines.cache.insert(key, code.clone(), bytes);
        Some(code)
    }

    /// Has a program interpreted from now on.
    fn distrust(&mut self, image: &LoadedImage) {
        let key = self.code_key(image);
        self.engines.cache.remove(&key);
        image.never_compile();
    }
}

impl<A: Arch> Frame<A> {
    /// Runs to the next exit.
    pub(crate) fn run(&mut self, runtime: &mut Runtime<A>) -> Result<Exit, Abort> {
        if runtime.engines.policy == EnginePolicy::Interpreter {
            return Ok(javm_interpreter::run(self.image.code(), &mut self.machine, &mut self.space));
        }
        while self.native.is_none() {
            let key = runtime.code_key(&self.image);
            let patience_gas = runtime.engines.patience(&key, &self.image);
            if patience_gas > 0 {
                match self.interpret(patience_gas) {
                    Some(exit) => return Ok(exit),
                    None => continue,
                }
            }
            self.native = runtime.native(key, &self.image);
        }
        self.run_native(runtime)
    }

    fn run_native(&mut self, runtime: &mut Runtime<A>) -> Result<Exit, Abort> {
        let Some(native) = &self.native else { return Ok(Exit::Panic) };
        let result = runtime.arch.enter_native(native, &mut self.machine, &mut self.space);
        result.map_err(|abort| match abort {
            Abort::Engine { reason, .. } => {
                runtime.distrust(&self.image);
                Abort::Engine { image: self.image.hash(), reason }
            }
            abort => abort,
        })
    }

    /// Interprets to the next exit. `None` if it has used up its patience first.
    fn interpret(&mut self, patience_gas: u64) -> Option<Exit> {
        let limit = self.machine.meter.gas_left;
        let held_back = limit.saturating_sub(patience_gas);
        self.machine.meter.gas_left -= held_back;
        let exit = javm_interpreter::run(self.image.code(), &mut self.machine, &mut self.space);
        self.machine.meter.gas_left += held_back;
        self.image.note_interpreted(limit - self.machine.meter.gas_left);
        if exit == Exit::OutOfGas && held_back > 0 {
            // The block ahead may cost more than was left of the patience.
            self.image.note_interpreted(patience_gas);
            return None;
        }
        Some(exit)
    }
}
