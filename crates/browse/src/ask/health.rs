//! Whether an index is what it should be.

use filedex::{Activity, Filedex, Result, Stats, Turn};

/// What is known without reading the records.
#[derive(Clone, Debug)]
pub(crate) struct Health {
    pub(crate) stats: Stats,
    /// What is held in memory, and how caches have done.
    pub(crate) activity: Activity,
    /// What opening put right.
    pub(crate) recoveries: Vec<String>,
}

impl Health {
    pub(crate) fn of(index: &Filedex, turn: &Turn) -> Result<Health> {
        let (stats, recoveries) = (index.stats_within(&turn.watch())?, index.recoveries().to_vec());
        Ok(Health { stats, activity: index.activity(), recoveries })
    }
}
