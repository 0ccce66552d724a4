//! The memtable: what was written since the last checkpoint, as entries by list and key.
//!
//! Gives out: [`Cell`] (what becomes of one key), [`CellBuilder`] (the cells of one write) and
//! [`Sorted`] (the same in the order of their keys), [`Memtable`] (all of them in order, with sums), [`Cells`]
//! (a walk over a part of them).
//!
//! # Invariants
//! A memtable is a value: a clone costs nothing, shares everything, and is not changed by what happens to
//! the original. A cell says what its key had beneath, so that a sum over cells is by how much the index
//! beneath is off. A key once here stays here: a removal is a cell, too.

mod cell;
mod cells;
mod slot;
mod tree;

pub(crate) use cell::{Cell, CellBuilder};
pub(crate) use cells::{Cells, Direction};
pub(crate) use slot::Sorted;
pub(crate) use tree::Memtable;
