//! Keys and values of one state, in order: what is pending over what the tree holds.

use std::iter::Peekable;
use std::ops::Bound;

use crate::block::Block;
use crate::error::Result;
use crate::pending::{Change, Pending};
use crate::tree::{Bytes, Tree};

/// From which end a walk goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Forward,
    Backward,
}

/// What lies under a key.
pub(crate) enum Lying {
    Stored(Bytes),
    Block(Block),
}

impl Lying {
    /// The block that lies there; verified if it comes from the tree.
    pub(crate) fn block(self) -> Result<Block> {
        match self {
            Lying::Stored(bytes) => Block::open(bytes),
            Lying::Block(block) => Ok(block),
        }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Lying::Stored(bytes) => bytes,
            Lying::Block(block) => block.bytes(),
        }
    }
}

/// A walk over the keys between two bounds.
pub(crate) struct Merged<'p> {
    stored: Peekable<Entries<'p, Result<(Bytes, Bytes)>>>,
    pending: Peekable<Entries<'p, (&'p [u8], &'p Change)>>,
    direction: Direction,
}

/// Entries in the direction of the walk.
type Entries<'p, E> = Box<dyn Iterator<Item = E> + 'p>;

impl<'p> Merged<'p> {
    pub(crate) fn new(
        tree: &Tree,
        pending: &'p Pending,
        lower: Bound<&[u8]>,
        upper: Bound<&[u8]>,
        direction: Direction,
    ) -> Merged<'p> {
        let stored = tree.range(lower.map(<[u8]>::to_vec), upper.map(<[u8]>::to_vec));
        // A map's range of bounds that cross has no answer; it is empty here.
        let crossed = match (lower, upper) {
            (Bound::Included(lower), Bound::Included(upper)) => lower > upper,
            (Bound::Included(lower) | Bound::Excluded(lower), Bound::Excluded(upper))
            | (Bound::Excluded(lower), Bound::Included(upper)) => lower >= upper,
            _ => false,
        };
        let pending = (!crossed).then(|| pending.range(lower, upper)).into_iter().flatten();
        let (stored, pending): (Entries<'_, _>, Entries<'_, _>) = match direction {
            Direction::Forward => (Box::new(stored), Box::new(pending)),
            Direction::Backward => (Box::new(stored.rev()), Box::new(pending.rev())),
        };
        Merged { stored: stored.peekable(), pending: pending.peekable(), direction }
    }

    /// Whether the next key is a pending one; the tree's value of the same key is passed over.
    fn pending_is_next(&mut self) -> bool {
        let Some((pending, _)) = self.pending.peek() else { return false };
        let stored = match self.stored.peek() {
            None => return true,
            Some(Err(_)) => return false,
            Some(Ok((stored, _))) => stored,
        };
        let order = match self.direction {
            Direction::Forward => (**pending).cmp(stored),
            Direction::Backward => (**stored).cmp(pending),
        };
        if order.is_eq() {
            self.stored.next();
        }
        order.is_le()
    }
}

impl Iterator for Merged<'_> {
    type Item = Result<(Bytes, Lying)>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.pending_is_next() {
            let (key, change) = self.pending.next()?;
            let lying = match change {
                Change::Block(draft) => Lying::Block(Block::Draft(draft.clone())),
                Change::Value(value) => Lying::Stored(value.clone()),
                Change::Removed => continue,
            };
            return Some(Ok((Bytes::copy(key), lying)));
        }
        Some(self.stored.next()?.map(|(key, value)| (key, Lying::Stored(value))))
    }
}
