//! What the memtables say of a part of the keys, over the index: the active one before the frozen one.

use super::state::State;
use crate::memtable::{Cell, Cells, Direction, Memtable};
use std::cmp::Ordering;
use std::iter::Peekable;

/// A walk over the cells of both memtables.
#[derive(Debug)]
pub(crate) struct Overlay<'s> {
    active: Peekable<Cells<'s>>,
    frozen: Peekable<Cells<'s>>,
    direction: Direction,
}

impl<'s> Overlay<'s> {
    /// From that key on.
    pub(crate) fn from(state: &'s State, key: &[u8]) -> Overlay<'s> {
        Overlay::since(state, key, 0)
    }

    /// From that key on, of the cells that were written after that stamp.
    pub(crate) fn since(state: &'s State, key: &[u8], stamp: u64) -> Overlay<'s> {
        let of = |memtable: &'s Memtable| memtable.cells_since(key, stamp);
        let (active, frozen) = (of(&state.active), of(&state.frozen));
        let direction = Direction::Forward;
        Overlay { active: active.peekable(), frozen: frozen.peekable(), direction }
    }

    /// Before that key, the last one first.
    pub(crate) fn before(state: &'s State, key: &[u8]) -> Overlay<'s> {
        let (active, frozen) = (state.active.cells_before(key), state.frozen.cells_before(key));
        let direction = Direction::Backward;
        Overlay { active: active.peekable(), frozen: frozen.peekable(), direction }
    }

    /// The next cell, which stays the next.
    pub(crate) fn peek(&mut self) -> Option<&'s Cell> {
        match self.order()? {
            Ordering::Greater => self.frozen.peek().copied(),
            _ => self.active.peek().copied(),
        }
    }

    /// Which memtable has the next cell.
    fn order(&mut self) -> Option<Ordering> {
        match (self.active.peek(), self.frozen.peek()) {
            (None, None) => None,
            (Some(_), None) => Some(Ordering::Less),
            (None, Some(_)) => Some(Ordering::Greater),
            (Some(active), Some(frozen)) => {
                let order = active.key().cmp(frozen.key());
                Some(if self.direction == Direction::Forward { order } else { order.reverse() })
            }
        }
    }
}

impl<'s> Iterator for Overlay<'s> {
    type Item = &'s Cell;

    fn next(&mut self) -> Option<&'s Cell> {
        match self.order()? {
            Ordering::Less => self.active.next(),
            Ordering::Greater => self.frozen.next(),
            Ordering::Equal => {
                self.frozen.next();
                self.active.next()
            }
        }
    }
}
