//! What keeps an execution from running on: a deadline, a cancel flag, a number of records.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use filedex_query::{Code, Error as QueryError, Limits};

use crate::error::{Error, ErrorKind, Result};

/// Bounds on one execution, tighter than those of the store's options.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    /// Ends the execution when it is set from another thread.
    pub cancel: Option<Cancel>,
    /// Time the execution may take.
    pub time: Option<Duration>,
    /// Records the execution may examine.
    pub documents_examined: Option<u64>,
}

/// A flag that ends an execution. Clones share it.
///
/// ```
/// let cancel = filedex_storage::Cancel::default();
/// let other = cancel.clone();
/// other.cancel();
/// assert!(cancel.is_cancelled());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Asks every execution that watches this flag to end.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the flag is set.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A watch that is running.
pub(crate) struct Running {
    cancel: Option<Cancel>,
    started: Instant,
    time: Duration,
    examined: u64,
    most_examined: u64,
}

/// The clock is looked at once in so many records.
const RECORDS_PER_LOOK: u64 = 64;

impl Running {
    pub(crate) fn start(watch: &Watch, limits: &Limits) -> Running {
        let most = watch.documents_examined.unwrap_or(u64::MAX).min(limits.documents_examined);
        Running {
            cancel: watch.cancel.clone(),
            started: Instant::now(),
            time: watch.time.unwrap_or(Duration::MAX).min(limits.time),
            examined: 0,
            most_examined: most,
        }
    }

    /// Counts one more record examined.
    pub(crate) fn examine(&mut self) -> Result<()> {
        self.count(1)?;
        if self.examined.is_multiple_of(RECORDS_PER_LOOK) { self.look() } else { Ok(()) }
    }

    /// Counts so many more records examined.
    pub(crate) fn examine_many(&mut self, records: u64) -> Result<()> {
        self.count(records)?;
        self.look()
    }

    fn count(&mut self, records: u64) -> Result<()> {
        self.examined += records;
        if self.examined > self.most_examined {
            return Err(QueryError::limit("documents_examined", self.most_examined).into());
        }
        Ok(())
    }

    /// Ends the execution if it is cancelled or its time is over.
    pub(crate) fn look(&self) -> Result<()> {
        if self.cancel.as_ref().is_some_and(Cancel::is_cancelled) {
            return Err(Error::new(ErrorKind::Cancelled, "the execution was cancelled"));
        }
        if self.started.elapsed() > self.time {
            let allowed = format!("{} ms", self.time.as_millis());
            let error = QueryError::limit("time", allowed).with_code(Code::MAX_TIME_MS_EXPIRED);
            return Err(error.into());
        }
        Ok(())
    }

    pub(crate) fn examined(&self) -> u64 {
        self.examined
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}
