//! The tests of the language, in one program so that it is linked once. Apart stands the one whose allocator counts.
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

mod bson;
mod cases;
mod conformance;
mod differences;
mod expressions;
mod filter_errors;
mod filter_forms;
mod filter_limits;
mod hostile;
mod long_texts;
mod manual;
mod naive;
mod naive_agrees;
mod naive_update;
mod oracle;
mod patterns;
mod patterns_agree;
mod projections;
mod random;
mod random_update;
mod schemas;
mod shell;
mod sorts;
mod spent;
mod strategies;
mod typed;
mod update_limits;
mod updates;
mod updates_agree;
mod values;
