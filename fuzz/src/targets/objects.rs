//! Decoding objects: what is accepted encodes to the same bytes.

use super::Session;
use super::examples::Example;
use crate::random::Random;
use nub_state::{Handle, Link, Object, seal};

/// Objects to start from.
pub struct Objects(Vec<Vec<u8>>);

impl Objects {
    /// Those of the example, and short ones of each kind of leaf.
    pub fn new() -> Self {
        let mut objects = Example::new().objects;
        objects.extend([vec![5, 0, 0], vec![6, 0, 0, 0, 0, 0, 0, 0, 0, 0], vec![9, 4, 1], vec![10, 4, 1]]);
        Self(objects)
    }
}

impl Session for Objects {
    fn input(&mut self, random: &mut Random) -> Vec<u8> {
        random.mutated(&self.0)
    }

    fn run(&mut self, input: &[u8]) {
        let Ok(object) = Object::decode(input) else { return };
        let handle = Handle::new(object);
        seal(&Link::from(handle.clone()), &mut |_, bytes, _| assert_eq!(bytes, input));
        assert_eq!(handle.encoding().as_deref(), Some(input));
        assert!(
            handle.memory_bytes() < (1 << 16) + 64 * input.len() + 32 * 8192,
            "memory is bounded by the input"
        );
    }
}
