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

/// A part of a run.
pub(crate) enum Piece<'r> {
    /// Entries of the block that no cell lies between, by their numbers there.
    Block(Range<usize>),
    Cell(&'r Cell, Entry<'r>),
}

/// The entries of a run that memtables change, in one direction.
pub(crate) struct Entries<'r> {
    block: Option<&'r Block>,
    /// The numbers of those that are left.
    left: Range<usize>,
    /// Of the piece that is gone through.
    here: Range<usize>,
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
        let left = place(&bounds.from)..place(&bounds.to);
        Entries { block, left, here: 0..0, overlay, bounds, direction }
    }

    /// The next entries of the block up to a cell, or the next cell that stands for a record.
    pub(crate) fn piece(&mut self) -> Option<Piece<'r>> {
        loop {
            let cell = self.cell();
            let own = cell.map(|cell| self.place_of(cell));
            let free = self.take_free(own.clone());
            if !free.is_empty() {
                return Some(Piece::Block(free));
            }
            let cell = cell?;
            self.overlay.next();
            if let Some(own) = own {
                self.pass(own);
            }
            // What was removed is passed over, with the entry that it stands for.
            if let Some(entry) = cell.entry() {
                return Some(Piece::Cell(cell, entry));
            }
        }
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

    /// The entry of the block that the cell stands for; none, where it would lie, if there is no such entry.
    fn place_of(&self, cell: &Cell) -> Range<usize> {
        let Some(block) = self.block else { return 0..0 };
        let at = match cell.list().cmp(block.list()) {
            Ordering::Less => 0,
            Ordering::Equal => self.place_in(block, cell.order()),
            Ordering::Greater => block.len(),
        };
        let is_there = block.list() == cell.list()
            && block.entry(at).is_some_and(|entry| entry.key == cell.order());
        at..at + usize::from(is_there)
    }

    /// How many entries of the block lie before that key. Most of what is new lies before all that are left.
    fn place_in(&self, block: &Block, order: &[u8]) -> usize {
        let start = self.left.start;
        let is_first = block.entry(start).is_some_and(|first| order <= first.key);
        match self.direction {
            Direction::Forward if is_first => start,
            Direction::Forward => block.position_from(start, order),
            Direction::Backward => block.position(order),
        }
    }

    /// Takes the entries before that one, or all that are left.
    fn take_free(&mut self, own: Option<Range<usize>>) -> Range<usize> {
        let Range { start, end } = self.left.clone();
        let middle = own.map(|own| match self.direction {
            Direction::Forward => own.start.max(start).min(end),
            Direction::Backward => own.end.max(start).min(end),
        });
        let free = match self.direction {
            Direction::Forward => start..middle.unwrap_or(end),
            Direction::Backward => middle.unwrap_or(start)..end,
        };
        self.pass(free.clone());
        free
    }

    /// Passes over entries that are the next.
    fn pass(&mut self, passed: Range<usize>) {
        match self.direction {
            Direction::Forward => self.left.start = self.left.start.max(passed.end),
            Direction::Backward => self.left.end = self.left.end.min(passed.start),
        }
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
            let next = match self.direction {
                Direction::Forward => self.here.next(),
                Direction::Backward => self.here.next_back(),
            };
            if let Some(at) = next {
                return Some(Lying::InBlock(at, self.block?.entry(at)?));
            }
            match self.piece()? {
                Piece::Block(entries) => self.here = entries,
                Piece::Cell(cell, entry) => return Some(Lying::InCell(cell, entry)),
            }
        }
    }
}
