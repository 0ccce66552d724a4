//! What the benchmarks share: how many records, and an index that holds them.
//!
//! The records come from [`filedex_dataset`]. `FILEDEX_RECORDS` sets their number; the default keeps
//! `cargo bench` quick.

use filedex::{Filedex, Result};
use filedex_dataset::Dataset;

/// Records to measure over: `FILEDEX_RECORDS`, else 10,000.
pub fn records() -> usize {
    std::env::var("FILEDEX_RECORDS").ok().and_then(|text| text.parse().ok()).unwrap_or(10_000)
}

/// A temporary index of those records.
///
/// # Errors
/// When the temporary directory cannot be written.
pub fn index(dataset: &Dataset) -> Result<Filedex> {
    let index = Filedex::temporary()?;
    index.put_many(dataset.records())?;
    Ok(index)
}
