//! Columns: of consecutive records what conditions and sorts look at, value by value, in memory and in files.
//!
//! Gives out: [`RowsBuilder`] (columns of some records) and [`Marks`], [`Values`] (one column), [`ColumnWriter`],
//! [`ColumnFile`], [`Group`], [`Groups`] and [`ZoneReader`] (the columns of a block file's records in a file beside it, and
//! how the least keys of its blocks begin), [`Columnar`] (what records are judged by).
//!
//! # Invariants
//! A column file is derived: it says what its block file says, and where it is missing, damaged or cannot be read,
//! that one is read. So nothing waits for it to be on the disk, and nothing fails with it.

mod building;
mod bytes;
mod file;
mod groups;
mod head;
mod leaders;
mod numbers;
mod rows;
mod values;
mod writer;
mod zones;

pub(crate) use bytes::MOST_VALUE_BYTES;
pub(crate) use file::{ColumnFile, Memory};
pub(crate) use groups::{Group, Groups, Run};
pub(crate) use leaders::LEADERS;
pub(crate) use rows::{Columnar, Marks, RowsBuilder};
pub(crate) use values::Values;
pub(crate) use writer::ColumnWriter;
pub(crate) use zones::{Zone, ZoneReader, Zoned};
