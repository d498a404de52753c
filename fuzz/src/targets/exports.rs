//! Importing: what is accepted is a whole state, whose export is accepted too.

use super::Session;
use super::examples::Example;
use super::graph::Graph;
use crate::random::Random;
use crate::store::Store;
use nub_abi::Hash;
use nub_state::{Export, import};

/// An export to start from.
pub struct Exports {
    whole: Vec<Vec<u8>>,
    graph: Graph,
}

impl Exports {
    /// That of the example.
    pub fn new() -> Self {
        let Example { root, objects, .. } = Example::new();
        Self { whole: vec![file(root, &objects)], graph: Graph::new(objects) }
    }
}

fn file(root: Hash, objects: &[Vec<u8>]) -> Vec<u8> {
    let mut file = [&b"nubstate"[..], &[1, 0, 0, 0], &root.0].concat();
    for object in objects {
        file.extend((object.len() as u32).to_le_bytes());
        file.extend(object);
    }
    file
}

impl Session for Exports {
    fn input(&mut self, random: &mut Random) -> Vec<u8> {
        if random.one_in(2) {
            return random.mutated(&self.whole);
        }
        let objects = self.graph.mutated(random);
        let root = objects.last().map_or(Hash::ZERO, |bytes| nub_abi::blake2b_256(bytes));
        file(root, &objects)
    }

    fn run(&mut self, input: &[u8]) {
        let mut store = Store::default();
        let result = import(input, &mut |hash, bytes| assert_eq!(store.insert(bytes.to_vec()), hash));
        let Ok(root) = result else { return };
        let mut export = Export::new(root);
        let again = export.next_chunk(&mut store, usize::MAX).expect("it is whole");
        assert_eq!(again.len(), input.len(), "the same objects, if not in the same order");
        assert_eq!(import(&again, &mut |_, _| {}), Ok(root));
    }
}
