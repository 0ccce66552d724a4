//! What an execution has cost, counted and told however it ended.
//!
//! The sums go to the store's counters; with the feature `tracing` each execution is an event of the target
//! `filedex`, at the level `DEBUG`, or `WARN` if it was slow.

use std::time::Duration;

use super::execution::Execution;
use crate::snapshot::Work;

impl Drop for Execution<'_> {
    fn drop(&mut self) {
        if !self.is_asked {
            return;
        }
        let (time, counters) = (self.running.elapsed(), &self.snapshot.pool.counters);
        let is_slow = counters.is_slow(time);
        counters.add(Work {
            executions: 1,
            slow: u64::from(is_slow),
            blocks_read: self.blocks,
            records_examined: self.running.examined(),
            records_decoded: self.decoded,
            nanoseconds: nanoseconds(time),
        });
        #[cfg(feature = "tracing")]
        self.tell(is_slow);
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(feature = "tracing")]
macro_rules! event {
    ($level:ident, $explain:expr) => {{
        let explain = $explain;
        tracing::event!(
            target: "filedex",
            tracing::Level::$level,
            access_path = explain.access_path,
            lists = explain.lists,
            bounds = ?explain.bounds,
            residual = explain.residual,
            sort = explain.sort,
            total = explain.total,
            blocks_read = explain.blocks_read,
            blocks_passed = explain.blocks_passed,
            records_examined = explain.records_examined,
            records_decoded = explain.records_decoded,
            records_in_columns = explain.records_in_columns,
            matched = explain.matched,
            nanoseconds = explain.nanoseconds,
            "execution"
        );
    }};
}

#[cfg(feature = "tracing")]
impl Execution<'_> {
    /// What it costs to say what was done is spent only where somebody listens.
    fn tell(&self, is_slow: bool) {
        match is_slow {
            true if tracing::enabled!(target: "filedex", tracing::Level::WARN) => {
                event!(WARN, self.explain(0));
            }
            false if tracing::enabled!(target: "filedex", tracing::Level::DEBUG) => {
                event!(DEBUG, self.explain(0));
            }
            _ => {}
        }
    }
}
