//! One block on every backend, and whether they agree.

use crate::backends::{Backends, Guest};
use crate::exit::CommandError;
use nub::{Block, Hash, Nub, Receipt, Status, Summary};
use std::fmt::Debug;

/// What a block came to, the same on every backend.
pub struct Applied {
    /// The new committed root.
    pub root: Hash,
    /// What applying it reported.
    pub summary: Summary,
}

impl Backends {
    /// Makes the first state on every backend; gives its root.
    pub fn genesis(&mut self, genesis: &nub::Genesis) -> Result<Hash, CommandError> {
        let root = self.local.genesis(genesis)?;
        if let Guest::Running(guest) = &mut self.hyperlight {
            equal("the genesis root", &root, &guest.genesis(genesis)?)?;
        }
        Ok(root)
    }

    /// Applies and commits a block everywhere; every event must succeed, every figure must agree.
    pub fn apply(&mut self, block: &Block) -> Result<Applied, CommandError> {
        let (root, summary) = apply_and_commit(&mut self.local, block)?;
        if let Guest::Running(guest) = &mut self.hyperlight {
            let (guest_root, guest_summary) = apply_and_commit(guest, block)?;
            let height = block.height;
            for (index, (local, guest)) in summary.receipts.iter().zip(&guest_summary.receipts).enumerate() {
                equal(&format!("receipt {index} of block {height}"), local, guest)?;
            }
            equal(&format!("the summary of block {height}"), &summary, &guest_summary)?;
            equal(&format!("the root of block {height}"), &root, &guest_root)?;
        }
        if let Some((index, receipt)) = failed(&summary.receipts) {
            return Err(CommandError::Event {
                block: block.height,
                index,
                status: receipt.status,
                message: String::from_utf8_lossy(&receipt.output).into_owned(),
            });
        }
        Ok(Applied { root, summary })
    }

    /// Runs a query everywhere; gives its output.
    pub fn query(&mut self, query: &nub::Query) -> Result<Receipt, CommandError> {
        let receipt = self.local.query(query)?;
        if let Guest::Running(guest) = &mut self.hyperlight {
            equal("a query's result", &receipt, &guest.query(query)?)?;
        }
        Ok(receipt)
    }
}

fn apply_and_commit(nub: &mut Nub, block: &Block) -> Result<(Hash, Summary), CommandError> {
    let applied = nub.apply_block(block.prior_root, &block.to_bytes())?;
    nub.commit(applied.0)?;
    Ok(applied)
}

fn failed(receipts: &[Receipt]) -> Option<(usize, &Receipt)> {
    receipts.iter().enumerate().find(|(_, receipt)| receipt.status != Status::Success)
}

fn equal<T: PartialEq + Debug>(what: &str, local: &T, hyperlight: &T) -> Result<(), CommandError> {
    if local == hyperlight {
        return Ok(());
    }
    Err(CommandError::Differs {
        what: what.to_owned(),
        local: format!("{local:?}"),
        hyperlight: format!("{hyperlight:?}"),
    })
}
