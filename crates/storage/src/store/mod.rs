//! The open store: one handle, shared by all threads of a host, and the threads behind it.
//!
//! Gives out: [`Store`] with its calls, [`Activity`] (what it holds in memory), [`Snapshot`] (the same calls on one state), [`Cursor`], [`Batch`] (several
//! changes as one write), [`Changes`] (what was written, for those who follow it), [`Sweep`] (what was made of all
//! matches).
//!
//! # Invariants
//! Writers take turns; what a turn holds is never waited for by a reader. A write is in the log before it
//! shows, and shows as a whole. A checkpoint works on what is frozen and on files of its own: until its
//! commit is on the disk nothing that an earlier state needs is touched, and after an error everything is
//! as it was. What is acknowledged lies in logs until it lies in block files.

mod activity;
mod batch;
mod changes;
mod checkpoint;
mod cursor;
mod expiry;
mod figures;
mod get;
mod handle;
mod history;
mod holders;
mod ids;
mod make;
mod open;
mod page;
mod pressure;
mod put;
mod shared;
mod snapshots;
mod stats;
mod sweep;
mod threads;
mod walker;

pub use activity::{Activity, CacheActivity};
pub use batch::Batch;
pub use changes::{Changed, Changes, Commit, News, What};
pub use cursor::Cursor;
pub use handle::Store;
pub use holders::{Holder, Holders};
pub use page::Page;
pub use snapshots::Snapshot;
pub use stats::Stats;
pub use sweep::Sweep;

pub(crate) use checkpoint::{Audit, Extent};
pub(crate) use make::Home;
