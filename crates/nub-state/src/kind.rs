//! The kinds of object. A kind's tag is the first byte of an object's encoding (`docs/spec/encoding.md`).

use core::fmt;

/// What an object is. The discriminant is the tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    /// The root of a state.
    System = 0x01,
    /// A program and what it starts from.
    Image = 0x02,
    /// Names and types of endpoints and events.
    TypeDef = 0x03,
    /// A running actor.
    Instance = 0x04,
    /// A map from keys to capabilities and values.
    CNode = 0x05,
    /// Bytes in pages.
    DataCap = 0x06,
    /// A trie node with a value and no children.
    Leaf = 0x07,
    /// A trie node with children.
    Branch = 0x08,
    /// A byte value.
    Bytes = 0x09,
    /// 4 KiB of memory content.
    Page = 0x0a,
    /// The right to call an Instance.
    Ref = 0x0b,
    /// What became of an event.
    Receipt = 0x0c,
}

impl Kind {
    /// All kinds, by tag.
    pub const ALL: [Self; 12] = [
        Self::System,
        Self::Image,
        Self::TypeDef,
        Self::Instance,
        Self::CNode,
        Self::DataCap,
        Self::Leaf,
        Self::Branch,
        Self::Bytes,
        Self::Page,
        Self::Ref,
        Self::Receipt,
    ];

    /// The first byte of an encoding of this kind.
    pub const fn tag(self) -> u8 {
        self as u8
    }

    /// The kind with this tag, if there is one.
    pub fn from_tag(tag: u8) -> Option<Self> {
        usize::from(tag).checked_sub(1).and_then(|index| Self::ALL.get(index).copied())
    }
}

/// A set of kinds: what may stand in a position.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Kinds(u16);

impl Kinds {
    /// A trie node.
    pub const NODE: Self = Self::of(&[Kind::Leaf, Kind::Branch]);

    /// What the trie of some map holds: anything but a trie node and a System.
    pub const VALUE: Self = Self::of(&[
        Kind::Image,
        Kind::TypeDef,
        Kind::Instance,
        Kind::CNode,
        Kind::DataCap,
        Kind::Bytes,
        Kind::Page,
        Kind::Ref,
        Kind::Receipt,
    ]);

    /// What a program may keep in a CNode.
    pub const STORABLE: Self =
        Self::of(&[Kind::Image, Kind::TypeDef, Kind::CNode, Kind::DataCap, Kind::Bytes, Kind::Ref]);

    /// The set of these kinds.
    pub const fn of(kinds: &[Kind]) -> Self {
        let mut bits = 0;
        let mut index = 0;
        while index < kinds.len() {
            bits |= 1 << kinds[index].tag();
            index += 1;
        }
        Self(bits)
    }

    /// Whether the kind is one of the set.
    pub const fn contains(self, kind: Kind) -> bool {
        self.0 & (1 << kind.tag()) != 0
    }
}

impl From<Kind> for Kinds {
    fn from(kind: Kind) -> Self {
        Self::of(&[kind])
    }
}

impl fmt::Display for Kinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for kind in Kind::ALL.into_iter().filter(|kind| self.contains(*kind)) {
            write!(f, "{separator}{kind:?}")?;
            separator = " or ";
        }
        Ok(())
    }
}

impl fmt::Debug for Kinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kinds({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_dense_and_in_order() {
        for (index, kind) in Kind::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(kind.tag()), index + 1);
            assert_eq!(Kind::from_tag(kind.tag()), Some(kind));
        }
        assert_eq!((Kind::from_tag(0), Kind::from_tag(0x0d), Kind::from_tag(0xff)), (None, None, None));
    }
}
