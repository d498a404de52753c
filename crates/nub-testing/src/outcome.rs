//! What became of a call, and what a test expects of it.

use std::ops::RangeBounds;

use nub::{Receipt, Status};
use nub_state::type_def::EndpointType;
use nub_types::{Book, describe};
use parity_scale_codec::{DecodeAll, Encode};

use crate::replay::Replay;

/// What became of a call. Expectations give it back, so that they can be told in a row; one that is not met panics with
/// the receipt and a trace.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The receipt.
    pub receipt: Receipt,
    endpoint: Option<EndpointType>,
    replay: Option<Replay>,
}

impl Outcome {
    pub(crate) fn new(receipt: Receipt, endpoint: Option<EndpointType>, replay: Option<Replay>) -> Outcome {
        Outcome { receipt, endpoint, replay }
    }

    /// It succeeded.
    #[track_caller]
    pub fn succeeds(self) -> Self {
        self.ends(Status::Success)
    }

    /// It ended so.
    #[track_caller]
    pub fn ends(self, status: Status) -> Self {
        let holds = self.receipt.status == status;
        self.check(holds, || format!("the call should end with {status:?}"))
    }

    /// It reverted with this message.
    #[track_caller]
    pub fn reverts(self, message: &str) -> Self {
        let same = self.receipt.status == Status::Reverted && self.receipt.output == message.as_bytes();
        self.check(same, || format!("the call should revert with {message:?}"))
    }

    /// It succeeded and returned this value.
    #[track_caller]
    pub fn returns(self, value: impl Encode) -> Self {
        let wanted = value.encode();
        let same = self.receipt.status == Status::Success && self.receipt.output == wanted;
        self.check(same, || format!("the call should return {}", nub_types::hex::to_text(&wanted)))
    }

    /// It used so much gas.
    #[track_caller]
    pub fn gas(self, range: impl RangeBounds<u64> + std::fmt::Debug) -> Self {
        let holds = range.contains(&self.receipt.gas_used);
        self.check(holds, || format!("the call should use {range:?} gas"))
    }

    /// It emitted an event of this name, or under this topic, with these fields.
    #[track_caller]
    pub fn emits(self, event: &str, fields: impl Encode) -> Self {
        let wanted = fields.encode();
        let topic = self.topic(event);
        let found = self.receipt.logs.iter().any(|log| log.topic == topic && log.data == wanted);
        self.check(found, || format!("the call should emit {event} {}", nub_types::hex::to_text(&wanted)))
    }

    /// It emitted no event.
    #[track_caller]
    pub fn emits_nothing(self) -> Self {
        let holds = self.receipt.logs.is_empty();
        self.check(holds, || "the call should emit nothing".to_owned())
    }

    /// What it returned.
    ///
    /// # Panics
    /// If it did not succeed, or returned something else.
    #[track_caller]
    pub fn value<T: DecodeAll>(&self) -> T {
        let value = T::decode_all(&mut &self.receipt.output[..]).ok();
        match value.filter(|_| self.receipt.status == Status::Success) {
            Some(value) => value,
            None => self.fail("the call should return a value of the type asked for"),
        }
    }

    /// The calls it made, their gas, and the storage they touched.
    pub fn trace(&self) -> String {
        self.replay.as_ref().map(Replay::trace).unwrap_or_default()
    }

    /// The receipt as text, with what is known of its octets.
    pub fn describe(&self) -> String {
        let mut book = Book::default();
        for contract in self.replay.iter().flat_map(|replay| &replay.contracts) {
            contract.types.iter().for_each(|types| book.add(types.clone()));
        }
        describe::text(&book.receipt(&self.receipt, self.endpoint.as_ref()))
    }

    fn topic(&self, event: &str) -> [u8; 32] {
        let contracts = self.replay.iter().flat_map(|replay| &replay.contracts);
        let mut events = contracts.flat_map(|contract| &contract.types).flat_map(|types| &types.events);
        let known = events.find(|known| known.name == event).map(|known| known.topic);
        known.unwrap_or_else(|| {
            let mut topic = [0; 32];
            let length = event.len().min(32);
            topic[..length].copy_from_slice(&event.as_bytes()[..length]);
            topic
        })
    }

    #[track_caller]
    fn check(self, holds: bool, expectation: impl FnOnce() -> String) -> Self {
        if !holds {
            self.fail(&expectation());
        }
        self
    }

    #[track_caller]
    fn fail(&self, expectation: &str) -> ! {
        panic!("{expectation}; instead:\n{}\n{}", self.describe(), self.trace())
    }
}
