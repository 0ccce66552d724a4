//! Cells as they stand in order: each with the beginning of its key at hand, those of one write sorted.
//!
//! This file knows how two cells compare, and not what they are put into.

use std::cmp::Ordering;
use std::iter::Peekable;
use std::vec;

use super::cell::Cell;
use crate::format::keys::first_bytes;

/// A cell, with the first bytes of its key at hand: most keys are told apart by these, without a look at
/// what lies elsewhere in memory.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    head: u128,
    pub(super) cell: Cell,
}

/// A key that is looked for.
#[derive(Clone, Copy)]
pub(super) struct Sought<'k> {
    head: u128,
    key: &'k [u8],
}

/// The cells of one write in the order of their keys, one of each key.
#[derive(Debug)]
pub(crate) struct Sorted {
    slots: Vec<Slot>,
    memory: usize,
    /// The latest of their stamps.
    newest: u64,
}

/// Those of them that have not found their place yet.
pub(super) struct Slots {
    slots: Peekable<vec::IntoIter<Slot>>,
    /// The latest stamp of all.
    pub(super) newest: u64,
}

impl Slot {
    pub(super) fn order(&self, sought: Sought<'_>) -> Ordering {
        self.head.cmp(&sought.head).then_with(|| self.key().cmp(sought.key))
    }

    pub(super) fn is_before(&self, other: &Slot) -> bool {
        self.order(other.sought()).is_lt()
    }

    pub(super) fn key(&self) -> &[u8] {
        self.cell.key()
    }

    pub(super) fn sought(&self) -> Sought<'_> {
        Sought { head: self.head, key: self.key() }
    }

    /// The first byte of the key, which tells what kind of list it is of.
    fn kind(&self) -> u8 {
        (self.head >> 120) as u8
    }
}

impl<'k> Sought<'k> {
    pub(super) fn new(key: &'k [u8]) -> Sought<'k> {
        Sought { head: first_bytes(key), key }
    }
}

impl Sorted {
    /// The cells of a write, in the order in which they were made: of one key the last one counts.
    pub(crate) fn new(cells: Vec<Cell>) -> Sorted {
        let memory = cells.iter().map(Cell::memory).sum();
        let newest = cells.iter().map(Cell::stamp).max().unwrap_or_default();
        let slot = |cell: Cell| Slot { head: first_bytes(cell.key()), cell };
        let mut slots: Vec<Slot> = cells.into_iter().map(slot).collect();
        // Records often come in the order of some of their lists: without those of other lists between them
        // the cells there are in order as they are.
        slots.sort_by_key(Slot::kind);
        for kind in slots.chunk_by_mut(|one, next| one.kind() == next.kind()) {
            kind.sort_by(|one, other| one.order(other.sought()));
        }
        slots.dedup_by(|later, earlier| {
            let is_same = later.order(earlier.sought()).is_eq();
            if is_same {
                later.cell.replace(&earlier.cell);
                std::mem::swap(later, earlier);
            }
            is_same
        });
        Sorted { slots, memory, newest }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Bytes of memory that were taken for all cells, also for those that do not count any more.
    pub(super) fn memory(&self) -> usize {
        self.memory
    }

    pub(super) fn into_slots(self) -> Slots {
        Slots { slots: self.slots.into_iter().peekable(), newest: self.newest }
    }
}

impl Slots {
    pub(super) fn peek(&mut self) -> Option<&Slot> {
        self.slots.peek()
    }

    pub(super) fn next(&mut self) -> Option<Slot> {
        self.slots.next()
    }

    /// The next one, if it comes before that one.
    pub(super) fn next_before(&mut self, end: Option<&Slot>) -> Option<Slot> {
        self.slots.next_if(|slot| end.is_none_or(|end| slot.is_before(end)))
    }

    pub(super) fn peek_before(&mut self, end: Option<&Slot>) -> Option<&Slot> {
        self.slots.peek().filter(|slot| end.is_none_or(|end| slot.is_before(end)))
    }
}
