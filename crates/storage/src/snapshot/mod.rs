//! One state of the store: what its memtables and a version of its index say together.
//!
//! Gives out: [`State`] (the state, cheap to take), [`Snapshot`] (reading it), [`Found`] (an entry, wherever
//! it lies), [`Walk`] and [`Run`] (entries in order, block by block),
//! [`Patches`] (what memtables change of a view), [`Work`] (what reading has cost).
//!
//! # Invariants
//! A state never changes, and no lock is held to read it. Of one key, the active memtable says more than the
//! frozen one, and both more than the index. A record whose entry in one list is not overridden is not
//! overridden in any.

mod added;
mod entries;
mod found;
mod locate;
mod overlay;
mod patches;
mod state;
mod texts;
mod walk;
mod work;

pub(crate) use added::Added;
pub(crate) use entries::{Entries, Lying, Piece};
pub(crate) use found::{Found, Stored};
pub(crate) use locate::unlisted;
pub(crate) use overlay::Overlay;
pub(crate) use patches::{KeptPatches, Later, Patches};
pub(crate) use state::{Mark, Pool, Snapshot, State};
pub(crate) use texts::{STRETCH, Source, stretch_from};
pub(crate) use walk::{Bounds, Run, Walk};
pub(crate) use work::Counters;
pub use work::Work;
