//! The tests of the library, in one program so that it is linked once. Apart stand those whose allocator counts, that
//! measure, or that take a feature or the compiler.
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

mod admission;
mod backend;
mod bare;
mod blind;
mod blindness;
mod calls;
mod changes;
mod counters;
mod differences;
mod directory;
mod door;
mod examples;
mod files;
mod guide;
mod handle;
mod hosted;
mod hostile;
mod images;
mod imports;
mod limits;
mod lookups;
mod openapi;
mod policy;
mod record;
mod schema;
mod scope;
mod seeds;
mod sharded;
mod shards;
mod shown;
mod turns;
mod typed;
mod user_files;
mod world;
