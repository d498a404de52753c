//! Freeing what nobody needs any more, a few objects at a time.

use crate::handle::Handle;
use crate::instance::Instance;
use crate::link::Link;
use alloc::vec::Vec;

/// Objects given up, to be freed in slices: giving one up takes the same time however much is below it.
///
/// Its own memory is a pointer for each object that waits, and each was paid for when it was made.
#[derive(Debug, Default)]
pub struct DropQueue {
    waiting: Vec<Handle>,
}

impl DropQueue {
    /// Gives up what a link names. It is freed later, if nobody else has it then.
    pub fn push(&mut self, link: Link) {
        if let Link::Resident(handle) = link {
            self.waiting.push(handle);
        }
    }

    /// Gives up an Instance.
    pub fn push_instance(&mut self, instance: Instance) {
        let Instance { image, cnode, memory, .. } = instance;
        [image, cnode, memory].into_iter().for_each(|link| self.push(link));
    }

    /// Frees at most `objects_max` objects; gives how many it looked at.
    pub fn free(&mut self, objects_max: usize) -> usize {
        for looked_at in 0..objects_max {
            let Some(handle) = self.waiting.pop() else { return looked_at };
            handle.take_apart(&mut self.waiting);
        }
        objects_max
    }

    /// How many wait, those below them not counted.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CNode, Key, NoLoader};
    use alloc::vec;

    fn cnode_of(link: &Link, count: u8) -> Link {
        let mut cnode = CNode::new();
        for slot in 0..count {
            assert!(cnode.insert(&Key::slot(slot), link.clone(), &mut NoLoader).unwrap().is_ok());
        }
        Link::new(cnode)
    }

    #[test]
    fn no_slice_frees_more_than_it_may() {
        let inner = cnode_of(&Link::new(vec![1; 9]), 200);
        let mut queue = DropQueue::default();
        queue.push(cnode_of(&inner, 3));
        drop(inner);
        let (mut slices, mut freed) = (0, 0);
        while !queue.is_empty() {
            let count = queue.free(10);
            assert!(count <= 10);
            (slices, freed) = (slices + 1, freed + count);
        }
        // 200 leaves, the branches over them, the value once for each way to it.
        assert!(freed > 400 && slices > 40, "{freed} in {slices}");
        assert_eq!(queue.free(10), 0);
    }

    #[test]
    fn what_somebody_else_has_stays() {
        let kept = cnode_of(&Link::new(vec![1; 9]), 2);
        let mut queue = DropQueue::default();
        queue.push(kept.clone());
        assert_eq!((queue.free(100), queue.len()), (1, 0));
        let handle = kept.resolve(&mut NoLoader).unwrap();
        let entry = handle.as_cnode().unwrap().get(&Key::slot(1), &mut NoLoader).unwrap().value.unwrap();
        assert_eq!(entry.resolve(&mut NoLoader).unwrap().as_bytes().unwrap(), [1; 9]);
    }

    #[test]
    fn a_tower_of_cnodes_is_freed_in_slices() {
        let mut top = Link::new(vec![7; 9]);
        for _ in 0..16 {
            top = cnode_of(&top, 2);
        }
        let mut queue = DropQueue::default();
        queue.push(top);
        while queue.free(1) > 0 {}
        assert!(queue.is_empty());
    }
}
