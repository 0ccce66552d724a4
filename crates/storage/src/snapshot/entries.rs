//! The entries of a run: those of its block, and what memtables put in their places and between them.

use super::found::Found;
use super::overlay::Overlay;
use super::state::Snapshot;
use super::walk::{Bounds, Run};
use crate::error::Result;
use crate::format::{Block, Entry};
use crate::memtable::{Cell, Direction};
use std::cmp::Ordering;
use std::ops::Range;

/// An entry where it lies.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lying<'r> {
    InBlock(usize, Entry<'r>),
    InCell(&'r Cell, Entry<'r>),
}

/// The entries of a run that memtables change, in one direction.
pub(crate) struct Entries<'r> {
    block: Option<&'r Block>,
    /// The numbers of those that are left.
    left: Range<usize>,
    overlay: Overlay<'r>,
    bounds: &'r Bounds,
    direction: Direction,
}

impl<'r> Lying<'r> {
    pub(crate) fn entry(&self) -> &Entry<'r> {
        match self {
            Lying::InBlock(_, entry) | Lying::InCell(_, entry) => entry,
        }
    }

    /// The entry, with what it lies in; `block` is that of its run.
    pub(crate) fn found(&self, block: Option<&Block>) -> Option<Found> {
        match self {
            Lying::InBlock(at, _) => Some(Found::InBlock(block?.clone(), *at)),
            Lying::InCell(cell, _) => Some(Found::InCell((*cell).clone())),
        }
    }
}

impl Run {
    /// Shows the entries, each with the key of its list; `block` is that of the run.
    pub(crate) fn each_entry(
        &self,
        snapshot: Snapshot<'_>,
        block: Option<&Block>,
        show: &mut dyn FnMut(&[u8], &Entry<'_>) -> Result<()>,
    ) -> Result<()> {
        let of_block = block.map_or(&[][..], Block::list);
        let Some(bounds) = &self.cells else {
            let mut entries = block.into_iter().flat_map(Block::all);
            return entries.try_for_each(|(_, entry)| show(of_block, &entry));
        };
        let mut entries = Entries::new(snapshot, block, bounds, Direction::Forward);
        entries.try_for_each(|lying| match &lying {
            Lying::InBlock(_, entry) => show(of_block, entry),
            Lying::InCell(cell, entry) => show(cell.list(), entry),
        })
    }
}

impl<'r> Entries<'r> {
    pub(crate) fn new(
        snapshot: Snapshot<'r>,
        block: Option<&'r Block>,
        bounds: &'r Bounds,
        direction: Direction,
    ) -> Entries<'r> {
        let overlay = match direction {
            Direction::Forward => Overlay::from(snapshot.state, &bounds.from),
            Direction::Backward => Overlay::before(snapshot.state, &bounds.to),
        };
        let place = |key: &[u8]| block.map_or(0, |block| place(block, key));
        Entries { block, left: place(&bounds.from)..place(&bounds.to), overlay, bounds, direction }
    }

    /// The next cell in the run.
    fn cell(&mut self) -> Option<&'r Cell> {
        let (cell, bounds) = (self.overlay.peek()?, self.bounds);
        let is_here = match self.direction {
            Direction::Forward => cell.key() < bounds.to.as_slice(),
            Direction::Backward => cell.key() >= bounds.from.as_slice(),
        };
        is_here.then_some(cell)
    }

    /// The next entry of the block.
    fn entry(&self) -> Option<(usize, Entry<'r>)> {
        let at = match self.direction {
            Direction::Forward => self.left.start,
            Direction::Backward => self.left.end.checked_sub(1)?,
        };
        let entry = self.block.filter(|_| !self.left.is_empty())?.entry(at)?;
        Some((at, entry))
    }

    fn pass_entry(&mut self) {
        match self.direction {
            Direction::Forward => self.left.start += 1,
            Direction::Backward => self.left.end -= 1,
        }
    }

    /// Which of the two comes first.
    fn order(&self, entry: &Entry<'_>, cell: &Cell) -> Ordering {
        let list = self.block.map_or(&[][..], Block::list);
        let order = (list, entry.key).cmp(&(cell.list(), cell.order()));
        if self.direction == Direction::Forward { order } else { order.reverse() }
    }
}

/// How many entries of the block lie before that key among all keys.
fn place(block: &Block, key: &[u8]) -> usize {
    match key.strip_prefix(block.list()) {
        Some(order) => block.position(order),
        None if key < block.list() => 0,
        None => block.len(),
    }
}

impl<'r> Iterator for Entries<'r> {
    type Item = Lying<'r>;

    fn next(&mut self) -> Option<Lying<'r>> {
        loop {
            let (entry, cell) = (self.entry(), self.cell());
            let order = match (&entry, cell) {
                (None, None) => return None,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some((_, entry)), Some(cell)) => self.order(entry, cell),
            };
            if order.is_le() {
                self.pass_entry();
            }
            if order.is_lt() {
                return entry.map(|(at, entry)| Lying::InBlock(at, entry));
            }
            self.overlay.next();
            // What was removed is passed over, with the entry that it stands for.
            if let Some((cell, entry)) = cell.and_then(|cell| Some((cell, cell.entry()?))) {
                return Some(Lying::InCell(cell, entry));
            }
        }
    }
}
