//! The tests of the store, in one program so that it is linked once. Apart stands the model of its protocol.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

mod backup;
mod batch;
mod changes;
mod columnar;
mod columns;
mod concurrency;
mod conformance;
mod durability;
mod expiry;
mod figures;
mod format;
mod hostile;
mod laws;
mod layers;
mod opening;
mod snapshots;
mod store;
mod support;
mod surroundings;
mod sweep;
mod views;
mod zones;
