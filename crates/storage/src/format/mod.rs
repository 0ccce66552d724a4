//! What lies where, and how its bytes look: keys, lists, records, entries, blocks, chunks of the index.
//!
//! Gives out: [`keys`] (orders and bounds), [`List`] and the table of lists, [`Record`] and [`Standing`]
//! (in which lists a record stands), [`Class`], [`Size`] and [`Tally`] (what is counted), [`Block`],
//! [`Frame`] and [`Chunk`] (runs of entries, how they lie in a file, runs of blocks).
//!
//! # Invariants
//! No two keys of a list are equal, and no key of a list is the beginning of another. What is parsed here
//! was verified by a checksum before, or is checked while it is parsed: no bytes make anything panic.
//! docs/format.md draws all of it.

pub(crate) mod block;
pub(crate) mod builder;
pub(crate) mod chunk;
pub(crate) mod class;
pub(crate) mod frame;
pub(crate) mod keys;
pub(crate) mod lists;
pub(crate) mod number;
pub(crate) mod record;
pub(crate) mod size;
mod slice;
pub(crate) mod tally;

pub(crate) use block::{Block, Entry};
pub(crate) use builder::BlockBuilder;
pub(crate) use chunk::{Chunk, ChunkBuilder, Place};
pub(crate) use class::{CLASSES, Class};
pub(crate) use frame::{Frame, Memory};
pub(crate) use lists::List;
pub use record::check_record;
pub(crate) use record::{Record, Standing};
pub(crate) use size::Size;
pub(crate) use slice::Slice;
pub(crate) use tally::Tally;
