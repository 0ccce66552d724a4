//! Block files: blocks of entries, written once by one checkpoint and never changed.
//!
//! Gives out: [`BlockFile`] (one file, read by place), [`Ahead`] (many blocks, read in order), [`BlockWriter`] (one being written), [`Usage`] (how
//! much of each file is in use, and which are worth clearing).
//!
//! # Invariants
//! A file is on the disk, name and all, before anything refers to it. A block's place is its name for ever:
//! what lies there never changes. A file goes when nothing refers to it and the last reader that could see
//! it has ended.

mod ahead;
mod file;
mod usage;
mod writer;

pub(crate) use ahead::Ahead;
pub(crate) use file::{BlockFile, HEADER};
pub(crate) use usage::{FileUse, Usage};
pub(crate) use writer::BlockWriter;
