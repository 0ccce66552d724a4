//! Writes being worked out: records to cells of the memtable, and a memtable to blocks.
//!
//! Gives out: [`Batch`] (one atomic write), [`Put`] and [`Tally`] (what it did), [`Fate`] (what it makes of a
//! record), [`Known`] (which ids the store may hold), [`Merge`] (a memtable, or the blocks of files that are to be
//! cleared, on its way into a new block file).
//!
//! # Invariants
//! Nothing shows before the whole write is worked out. A put enters the record into all of its lists, also
//! where an entry stays what it was: so a block whose entries are not overridden points at records that are
//! not. What is not known to be new is looked for. A merge changes nothing that stands: it writes blocks that nobody refers to, and says by what the
//! index would have to change.

mod batch;
mod chunks;
mod happened;
mod known;
mod merge;
mod refill;

pub(crate) use batch::{Batch, Changes};
pub use batch::{Put, Tally};
pub(crate) use happened::Fate;
pub(crate) use known::{Gathering, Known};
pub(crate) use merge::{Merge, Merged};
