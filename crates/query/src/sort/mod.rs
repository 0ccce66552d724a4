//! Sorts: from JSON to keys whose byte order is the order of the documents.
//!
//! `parse` reads the specification, `key` draws a document's key, [`Position`] is
//! a place among them, [`TopK`] keeps the first few. The
//! law: comparing the keys of two documents byte by byte equals comparing their tuples of values
//! (MongoDB manual, "Sort Consistency" and "Comparison/Sort Order"). Nothing here knows stores.

mod key;
mod narrowed;
mod parse;
mod position;
mod top_k;

pub use parse::{Sort, SortKeySpec};
pub use position::Position;
pub use top_k::TopK;
