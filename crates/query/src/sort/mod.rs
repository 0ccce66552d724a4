//! Sorts: from JSON to keys whose byte order is the order of the documents.
//!
//! `parse` reads the specification, `key` draws a document's key, [`TopK`] keeps the first few. The
//! law: comparing the keys of two documents byte by byte equals comparing their tuples of values
//! (MongoDB manual, "Sort Consistency" and "Comparison/Sort Order"). Nothing here knows stores.

mod key;
mod narrowed;
mod parse;
mod top_k;

pub use parse::{Sort, SortKeySpec};
pub use top_k::TopK;
