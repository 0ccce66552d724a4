//! Walks over the cells of a memtable, in their order or the other way round.

use std::slice;

use super::cell::Cell;
use super::slot::{Slot, Sought};
use super::tree::{Child, Node, before, place};

/// From which end a walk goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Forward,
    Backward,
}

/// A walk over cells, in one direction, without an end of its own.
#[derive(Debug)]
pub(crate) struct Cells<'m> {
    /// What is left of the inner nodes above.
    path: Vec<slice::Iter<'m, Child>>,
    leaf: slice::Iter<'m, Slot>,
    direction: Direction,
    /// The stamp after which cells are looked for; all of them, if it is 0.
    since: u64,
}

impl<'m> Cells<'m> {
    pub(super) fn new(direction: Direction, since: u64) -> Cells<'m> {
        Cells { path: Vec::new(), leaf: [].iter(), direction, since }
    }

    pub(super) fn seek(&mut self, mut child: &'m Child, from: &[u8]) {
        loop {
            match &*child.node {
                Node::Leaf(cells) => {
                    let start = before(cells, Sought::new(from));
                    self.leaf = cells.get(start..).unwrap_or_default().iter();
                    return;
                }
                Node::Inner(children) => {
                    let mut rest = children
                        .get(place(children, Sought::new(from))..)
                        .unwrap_or_default()
                        .iter();
                    let Some(next) = rest.next() else { return };
                    self.path.push(rest);
                    child = next;
                }
            }
        }
    }

    pub(super) fn seek_back(&mut self, mut child: &'m Child, to: &[u8]) {
        loop {
            match &*child.node {
                Node::Leaf(cells) => {
                    let end = before(cells, Sought::new(to));
                    self.leaf = cells.get(..end).unwrap_or_default().iter();
                    return;
                }
                Node::Inner(children) => {
                    let sought = Sought::new(to);
                    let end = children.partition_point(|child| child.first.order(sought).is_lt());
                    let mut rest = children.get(..end).unwrap_or_default().iter();
                    let Some(next) = rest.next_back() else { return };
                    self.path.push(rest);
                    child = next;
                }
            }
        }
    }

    /// Goes on with what is in a node, if some of that is late enough.
    fn enter(&mut self, child: &'m Child) {
        if self.since > 0 && child.newest <= self.since {
            return;
        }
        match &*child.node {
            Node::Leaf(cells) => self.leaf = cells.iter(),
            Node::Inner(children) => self.path.push(children.iter()),
        }
    }

    /// Whether a cell is late enough. Nothing is read of it where all are.
    fn is_late(&self, slot: &Slot) -> bool {
        self.since == 0 || slot.cell.stamp() > self.since
    }
}

fn step<'m, T>(items: &mut slice::Iter<'m, T>, direction: Direction) -> Option<&'m T> {
    match direction {
        Direction::Forward => items.next(),
        Direction::Backward => items.next_back(),
    }
}

impl<'m> Iterator for Cells<'m> {
    type Item = &'m Cell;

    fn next(&mut self) -> Option<&'m Cell> {
        loop {
            while let Some(slot) = step(&mut self.leaf, self.direction) {
                if self.is_late(slot) {
                    return Some(&slot.cell);
                }
            }
            match step(self.path.last_mut()?, self.direction) {
                Some(child) => self.enter(child),
                None => drop(self.path.pop()),
            }
        }
    }
}
