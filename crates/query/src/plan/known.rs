//! What a store may know of records it has not read.
//!
//! A store counts its records by a few fields. Where those decide a condition, a total needs no
//! record to be read, and whole blocks are passed over.

use crate::Document;

/// The fields that stores may count their records by.
pub const COUNTED_FIELDS: [&str; 3] = ["typeGroup", "_hidden", "expiresAt"];

/// What is known of some records: for each of [`COUNTED_FIELDS`] its value, or that it is missing, or
/// nothing.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The fields known to be there.
    pub present: Document,
    /// The fields of which nothing is known. All others are known to be missing.
    pub unknown: Vec<&'static str>,
}
