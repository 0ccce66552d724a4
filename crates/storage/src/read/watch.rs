//! What keeps an execution from running on: a deadline, a cancel flag, a number of records.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use filedex_query::{Account, Clock, Code, Error as QueryError, Limits, Result as QueryResult};

use crate::error::Result;

/// Bounds on one execution, tighter than those of the store's options.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    /// Ends the execution when it is set from another thread.
    pub cancel: Option<Cancel>,
    /// Time the execution may take.
    pub time: Option<Duration>,
    /// Records the execution may examine.
    pub documents_examined: Option<u64>,
    /// Time after which the execution ends with [`ErrorKind::Costly`](crate::ErrorKind::Costly): a host
    /// gives short work a place at once, and begins anew what turns out to be long where it has to wait.
    pub allowance: Option<Duration>,
    /// Bytes that the request holds already: its compiled query.
    pub held: usize,
}

impl Watch {
    /// The account of a request that begins now, watched as this says, within the limits.
    pub fn account(&self, limits: &Limits) -> Account {
        Account::holding(limits, self.held).watched_by(Arc::new(self.stops(limits.time)))
    }

    /// Whether work may go on that has taken no time yet.
    pub(crate) fn look(&self, limits: &Limits) -> Result<()> {
        Ok(self.stops(limits.time).look()?)
    }

    /// What ends work that goes through everything and begins now: what queries may take is no limit of its.
    pub(crate) fn whole(&self) -> Stops {
        self.stops(Duration::MAX)
    }

    fn stops(&self, most: Duration) -> Stops {
        Stops {
            cancel: self.cancel.clone(),
            started: Instant::now(),
            time: self.time.unwrap_or(Duration::MAX).min(most),
            allowance: self.allowance,
        }
    }
}

/// A flag that ends an execution. Clones share it.
///
/// ```
/// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; pub mod store { pub use filedex_storage::*; } }
/// let cancel = filedex::store::Cancel::default();
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

/// When the work of a request stops.
pub(crate) struct Stops {
    cancel: Option<Cancel>,
    started: Instant,
    time: Duration,
    allowance: Option<Duration>,
}

impl Clock for Stops {
    fn look(&self) -> QueryResult<()> {
        if self.cancel.as_ref().is_some_and(Cancel::is_cancelled) {
            return Err(QueryError::new(Code::INTERRUPTED, "the execution was cancelled"));
        }
        let elapsed = self.started.elapsed();
        if elapsed > self.time {
            let allowed = format_args!("{} ms", self.time.as_millis());
            let error = QueryError::limit("time", allowed);
            return Err(error.with_code(Code::MAX_TIME_MS_EXPIRED));
        }
        match self.allowance.filter(|allowance| elapsed > *allowance) {
            Some(allowance) => {
                let allowed = format_args!("{} ms", allowance.as_millis());
                Err(QueryError::limit("allowance", allowed))
            }
            None => Ok(()),
        }
    }
}

/// A watch that is running.
pub(crate) struct Running {
    account: Account,
    started: Instant,
    examined: u64,
    most_examined: u64,
}

/// What looking at a record costs, in steps of the account; of reading a block, of a row in a column.
const STEPS_A_RECORD: u64 = 4;
const STEPS_A_BLOCK: u64 = 20;
const ROWS_A_STEP: u64 = 4;

impl Running {
    pub(crate) fn start(watch: &Watch, limits: &Limits) -> Running {
        let most = watch.documents_examined.unwrap_or(u64::MAX).min(limits.documents_examined);
        Running {
            account: watch.account(limits),
            started: Instant::now(),
            examined: 0,
            most_examined: most,
        }
    }

    /// What the execution has used.
    pub(crate) fn account(&self) -> &Account {
        &self.account
    }

    /// Counts one more record examined.
    pub(crate) fn examine(&mut self) -> Result<()> {
        self.count(1)?;
        Ok(self.account.work(STEPS_A_RECORD)?)
    }

    /// Counts so many more records examined, one by one.
    pub(crate) fn examine_each(&mut self, records: u64) -> Result<()> {
        self.count(records)?;
        Ok(self.account.work(STEPS_A_RECORD.saturating_mul(records))?)
    }

    /// Counts so many more records examined, by what is kept of them in memory.
    pub(crate) fn examine_many(&mut self, records: u64) -> Result<()> {
        self.count(records)?;
        Ok(self.account.work(records / ROWS_A_STEP)?)
    }

    fn count(&mut self, records: u64) -> Result<()> {
        self.examined += records;
        if self.examined > self.most_examined {
            return Err(QueryError::limit("documents_examined", self.most_examined).into());
        }
        Ok(())
    }

    /// Counts one more block read.
    pub(crate) fn read_block(&self) -> Result<()> {
        Ok(self.account.work(STEPS_A_BLOCK)?)
    }

    pub(crate) fn examined(&self) -> u64 {
        self.examined
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}
