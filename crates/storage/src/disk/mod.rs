//! Files of a store, and the one process that has them.
//!
//! Gives out: [`Directory`] (a store's directory, opened), [`names`] (every file name, once), [`lock`],
//! [`swap`] (one store in the place of another).
//!
//! # Invariants
//! Files are made, removed and synced only in the directory that was opened: one that was moved away, or
//! replaced, is told, and what stands at the path now is not touched. Every file is readable by its owner
//! alone. No file takes the name of one that counted.

pub(crate) mod directory;
pub(crate) mod lock;
pub(crate) mod names;
mod process;
pub(crate) mod swap;

pub(crate) use directory::Directory;
