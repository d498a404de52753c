//! Answering messages: the same kernel behind a byte boundary.

use crate::arch::Arch;
use crate::kernel::Kernel;
use nub_abi::rpc::{Reply, Request};

impl<A: Arch> Kernel<A> {
    /// Answers one request. `Boot` comes before there is a kernel, so here it is a [`Reply::BadRequest`].
    pub fn handle(&mut self, request: &Request) -> Reply {
        match request {
            Request::Boot(_) => Reply::BadRequest("the kernel has booted already".into()),
            Request::Genesis(genesis) => Reply::Genesis(self.genesis(genesis)),
            Request::Open(root) => Reply::Open(self.open(*root)),
            Request::OpenStore(config) => Reply::OpenStore(self.open_store(config)),
            Request::ApplyBlock { prior_root, block } => {
                Reply::ApplyBlock(self.apply_block(*prior_root, block))
            }
            Request::Commit(root) => Reply::Commit(self.commit(*root)),
            Request::Rollback => Reply::Rollback(self.rollback()),
            Request::Query(query) => Reply::Query(self.query(query)),
            Request::Invoke { root, event } => Reply::Invoke(self.invoke(root, event)),
            Request::Witness { prior_root, block } => Reply::Witness(self.witness_begin(*prior_root, block)),
            Request::WitnessNext => Reply::Witness(self.witness_next()),
            Request::GiveWitness { first, witness } => Reply::GiveWitness(self.give_witness(*first, witness)),
            Request::ExecuteWitness { prior_root, block, witness } => {
                Reply::ExecuteWitness(self.execute_witness(*prior_root, block, witness))
            }
            Request::Prove { root, claim } => Reply::Prove(self.prove(root, claim)),
            Request::ExportBegin(root) => Reply::Export(self.export_begin(*root)),
            Request::ExportNext => Reply::Export(self.export_next()),
            Request::ImportBegin(root) => Reply::Import(self.import_begin(*root).map(|()| None)),
            Request::ImportNext(octets) => Reply::Import(self.import_next(octets)),
            Request::StateRoot => Reply::StateRoot(self.state_root()),
            Request::HealthCheck => Reply::HealthCheck(self.health_check()),
        }
    }
}
