//! The whole store, gone through: checked, written out, read back, mended, made small.
//!
//! Gives out: what `Store::verify` ([`Report`]), `backup` and `restore` ([`Backup`]), `compact`
//! ([`Compaction`]) and `repair` ([`Repair`], [`Quarantined`]) answer.
//!
//! # Invariants
//! What reads works on a snapshot, beside writers. What changes a store has it alone, and changes nothing
//! that stands before the new one is whole.

mod backup;
mod compact;
#[cfg(test)]
mod damage;
mod quarantine;
mod rebuild;
mod repair;
mod restore;
mod rooms;
mod salvage;
mod spans;
mod verify;

pub use backup::Backup;
pub use compact::Compaction;
pub use quarantine::Quarantined;
pub use repair::Repair;
pub use verify::Report;
