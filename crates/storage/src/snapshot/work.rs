//! What executions have cost since the store was opened, added up.
//!
//! This file knows no plan; what is slow the host says.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What executions have cost, added up since the store was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Work {
    /// Executions: one for each page, total or reply, and one for each few hundred records of an iterator.
    pub executions: u64,
    /// Those that took as long as [`Options::slow`](crate::Options::slow) says.
    pub slow: u64,
    /// Blocks that were read, at least their counts.
    pub blocks_read: u64,
    /// Records, or their entries, that were looked at one by one.
    pub records_examined: u64,
    /// Records that were decoded, for their fields to be asked or shown.
    pub records_decoded: u64,
    /// Time, in nanoseconds.
    pub nanoseconds: u64,
}

/// The sums, added to by all threads.
#[derive(Debug)]
pub(crate) struct Counters {
    slow_from: Duration,
    executions: AtomicU64,
    slow: AtomicU64,
    blocks_read: AtomicU64,
    records_examined: AtomicU64,
    records_decoded: AtomicU64,
    nanoseconds: AtomicU64,
}

impl Counters {
    pub(crate) fn new(slow_from: Duration) -> Counters {
        Counters {
            slow_from,
            executions: AtomicU64::new(0),
            slow: AtomicU64::new(0),
            blocks_read: AtomicU64::new(0),
            records_examined: AtomicU64::new(0),
            records_decoded: AtomicU64::new(0),
            nanoseconds: AtomicU64::new(0),
        }
    }

    /// Whether an execution of that length is a slow one.
    pub(crate) fn is_slow(&self, time: Duration) -> bool {
        time >= self.slow_from
    }

    pub(crate) fn add(&self, work: Work) {
        let sums = [
            (&self.executions, work.executions),
            (&self.slow, work.slow),
            (&self.blocks_read, work.blocks_read),
            (&self.records_examined, work.records_examined),
            (&self.records_decoded, work.records_decoded),
            (&self.nanoseconds, work.nanoseconds),
        ];
        for (sum, more) in sums.into_iter().filter(|(_, more)| *more > 0) {
            sum.fetch_add(more, Ordering::Relaxed);
        }
    }

    pub(crate) fn sums(&self) -> Work {
        let sum = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Work {
            executions: sum(&self.executions),
            slow: sum(&self.slow),
            blocks_read: sum(&self.blocks_read),
            records_examined: sum(&self.records_examined),
            records_decoded: sum(&self.records_decoded),
            nanoseconds: sum(&self.nanoseconds),
        }
    }
}
