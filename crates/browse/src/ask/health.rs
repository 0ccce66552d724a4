//! Whether an index is what it should be.

use filedex::{Filedex, Result, Stats};

/// What is known without reading the records.
#[derive(Clone, Debug)]
pub(crate) struct Health {
    pub(crate) stats: Stats,
    /// What opening put right.
    pub(crate) recoveries: Vec<String>,
}

impl Health {
    pub(crate) fn of(index: &Filedex) -> Result<Health> {
        Ok(Health { stats: index.stats()?, recoveries: index.recoveries().to_vec() })
    }
}
