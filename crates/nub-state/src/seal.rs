//! Sealing: encoding and hashing what is new, children first.

use crate::handle::{Handle, Sealed};
use crate::link::{EMBEDDED_BYTES_MAX, Link};
use crate::object::Object;
use crate::system::System;
use alloc::vec::Vec;
use nub_abi::{Hash, blake2b_256};

/// What sealing a graph gave.
#[derive(Clone, Debug)]
pub struct Sealing {
    /// The same object in clean form: a hash, or an embedded object whose links are.
    pub link: Link,
    /// Objects hashed: those given to the sink.
    pub objects_hashed: u64,
}

/// A sealed state.
#[derive(Clone, Debug)]
pub struct Root {
    /// The state root.
    pub hash: Hash,
    /// The System, in clean form.
    pub handle: Handle,
    /// Objects hashed: those given to the sink, the System included.
    pub objects_hashed: u64,
    /// The graph that was sealed, for whoever will not wait until it is freed: see [`DropQueue`](crate::DropQueue).
    pub dirty: Link,
}

/// Receives a new object's hash, its encoding, and a handle in clean form: the same that
/// [`Handle::load`] would make of these bytes, so it keeps no other object alive. Once per object.
pub type Sink<'a> = dyn FnMut(Hash, Vec<u8>, Handle) + 'a;

/// Encodes every new object under `link` and hands those longer than 128 bytes to `sink`, children
/// before parents; shorter ones are embedded in their parents.
///
/// An object is handed out by the first seal that meets it and never again. Whoever throws away what a
/// sink received must not use the handles that were sealed with it.
pub fn seal(link: &Link, sink: &mut Sink<'_>) -> Sealing {
    let mut objects_hashed = 0;
    let mut todo = Vec::new();
    if let Link::Resident(handle) = link {
        todo.push((handle.clone(), Step::Children));
    }
    while let Some((handle, step)) = todo.pop() {
        match step {
            _ if handle.is_sealed() => {}
            Step::Children => {
                todo.push((handle.clone(), Step::Itself));
                let first_child = todo.len();
                handle.object().for_each_link(&mut |link| {
                    if let Link::Resident(child) = link
                        && !child.is_sealed()
                    {
                        todo.push((child.clone(), Step::Children));
                    }
                });
                todo[first_child..].reverse();
            }
            Step::Itself => objects_hashed += u64::from(seal_one(&handle, sink)),
        }
    }
    let Some(link) = link.clean() else { unreachable!("everything under the link was sealed") };
    Sealing { link, objects_hashed }
}

/// Seals a state. Its root is always named by hash: a System is longer than 128 bytes.
pub fn seal_root(system: System, sink: &mut Sink<'_>) -> Root {
    let link = Link::new(system);
    let mut root = None;
    let sealing = seal(&link, &mut |hash, encoding, handle| {
        root = Some((hash, handle.clone()));
        sink(hash, encoding, handle);
    });
    let Some((hash, handle)) = root else { unreachable!("a System is longer than 128 bytes") };
    Root { hash, handle, objects_hashed: sealing.objects_hashed, dirty: link }
}

enum Step {
    Children,
    Itself,
}

/// Seals an object whose children are sealed. Returns whether it was hashed.
fn seal_one(handle: &Handle, sink: &mut Sink<'_>) -> bool {
    let encoding = handle.object().encode();
    let clean = clean(handle.object());
    if encoding.len() <= EMBEDDED_BYTES_MAX {
        let clean = clean.map(|object| {
            Handle::with_seal(object, Sealed::Embedded { encoding: encoding.clone(), clean: None })
        });
        handle.set_sealed(Sealed::Embedded { encoding, clean });
        return false;
    }
    let hash = blake2b_256(&encoding);
    handle.set_sealed(Sealed::Hashed(hash));
    let clean = clean.map(|object| Handle::with_seal(object, Sealed::Hashed(hash)));
    sink(hash, encoding, clean.unwrap_or_else(|| handle.clone()));
    true
}

/// The object with its links in clean form; `None` if they all are.
fn clean(object: &Object) -> Option<Object> {
    let mut is_clean = true;
    object.for_each_link(&mut |link| is_clean &= link.clean().is_some_and(|clean| clean.is(link)));
    if is_clean {
        return None;
    }
    let mut object = object.clone();
    object.for_each_link_mut(&mut |link| {
        if let Some(clean) = link.clean() {
            *link = clean;
        }
    });
    Some(object)
}
