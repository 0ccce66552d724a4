//! The log: every write is appended here before it shows, and read back after a kill.
//!
//! Gives out: [`Log`] (one file being written), [`Replay`] (what one held), [`generations`] (which of them
//! count), [`Operations`] and [`Operation`] (what an entry says).
//!
//! # Invariants
//! What is acknowledged is in a log whose generation the manifest has not passed, or in block files. A log
//! is begun before the memtable that it belongs to takes its first write, and after all of the log before it was
//! handed over, so that a kill leaves no gap before what is acknowledged; it is removed after the checkpoint
//! of that memtable is on the disk. After an error nothing is appended behind half an entry.

mod entry;
mod generations;
mod operation;
mod reader;
mod writer;

pub(crate) use generations::{Logs, generations};
pub(crate) use operation::{Operation, Operations, operations};
pub(crate) use reader::Replay;
pub(crate) use writer::Log;
