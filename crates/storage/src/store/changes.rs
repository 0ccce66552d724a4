//! Following what is written: of each write the records of a plan that it changed.
//!
//! A write is told as a whole, after it shows, in the order of writes. What cannot be told any more is
//! never passed over in silence.

use std::fmt;
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use filedex_query::{Account, Plan};

use super::handle::Store;
use super::history::{History, Next, Written};
use crate::error::Result;
use crate::format::record::document;

/// What was written, seen from a plan: a stream that waits.
///
/// It does not keep the store open: once the last handle is gone, the stream ends.
pub struct Changes {
    history: Arc<History>,
    plan: Plan,
    /// The number of the last write that was told, or passed over because it changed nothing of the plan's.
    seen: u64,
}

/// What a [`Changes`] tells.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum News {
    /// A write changed records of the plan.
    Commit(Commit),
    /// Writes came that can't be told any more; those after this number follow. Look at everything anew.
    Lagged(u64),
}

/// One write, as far as it concerns a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Commit {
    /// The number of the write: greater than those before it, also from one open to the next. Whoever goes
    /// on behind it misses nothing of this write.
    pub number: u64,
    /// What became of records, each once.
    pub changes: Vec<Changed>,
}

/// What a write made of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Changed {
    /// The record's `_id`.
    pub id: String,
    /// What became of it.
    pub what: What,
}

/// What became of a record, seen from a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum What {
    /// It belongs to the plan's answer, and did not before.
    Added,
    /// It belongs to the plan's answer as it did before, and is another.
    Replaced,
    /// It belongs to the plan's answer no longer.
    Removed,
}

impl Commit {
    /// The write of that number, for whoever follows records that lie elsewhere.
    pub fn new(number: u64, changes: Vec<Changed>) -> Commit {
        Commit { number, changes }
    }
}

impl Changed {
    /// What became of the record of that id.
    pub fn new(id: impl Into<String>, what: What) -> Changed {
        Changed { id: id.into(), what }
    }
}

impl Store {
    /// Follows what is written to records of the plan, from now on or behind the write of a number. Writes
    /// are kept for it within some 16 MiB, from the first call of this function on; one that asks for
    /// what is not kept is told so.
    ///
    /// ```
    /// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; pub mod store { pub use filedex_storage::*; } }
    /// use std::time::Duration;
    /// use filedex::language::{Projection, Sort};
    /// use filedex::{Document, Environment, Filter, Plan};
    /// use filedex::store::{News, Options, Store, What};
    /// # let environment = Environment::default();
    /// # let (all, everything) = (Filter::all(), Projection::everything());
    /// # let plan = Plan::compile(all, everything, Sort::none(), &environment)?;
    /// let store = Store::temporary(&Options::default())?;
    /// let mut changes = store.changes(&plan, None)?;
    /// store.put(&Document::new().with("_id", "a"))?;
    /// let Some(News::Commit(commit)) = changes.wait(Duration::from_secs(1))? else { panic!() };
    /// assert_eq!((&*commit.changes[0].id, commit.changes[0].what), ("a", What::Added));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// `Unsupported` within [`Store::write`].
    pub fn changes(&self, plan: &Plan, behind: Option<u64>) -> Result<Changes> {
        let last = self.shared().begin_history()?;
        let history = self.shared().history.clone();
        Ok(Changes { history, plan: plan.clone(), seen: behind.unwrap_or(last) })
    }
}

impl Changes {
    /// The next that is to be told. Waits for it no longer than that; `None` if nothing came.
    ///
    /// # Errors
    /// `Query` where a condition of the plan fails on a record, such as a division by a text. The
    /// write that it was of is passed over.
    pub fn wait(&mut self, time: Duration) -> Result<Option<News>> {
        let now = Instant::now();
        // A time past all clocks is as good as a day: who waits longer asks again.
        let until = now.checked_add(time).unwrap_or(now + Duration::from_secs(86_400));
        self.next_of(|history, seen| history.after(seen, until))
    }

    /// The next that is to be told, if there is one by now. Else the task is woken once there may be one, or
    /// the store is closed.
    ///
    /// # Errors
    /// As [`Changes::wait`].
    pub fn poll(&mut self, waker: &Waker) -> Result<Option<News>> {
        self.next_of(|history, seen| history.after_or_wake(seen, waker))
    }

    fn next_of(&mut self, next: impl Fn(&History, u64) -> Next) -> Result<Option<News>> {
        loop {
            match next(&self.history, self.seen) {
                Next::Nothing | Next::End => return Ok(None),
                Next::Gap(last) => {
                    self.seen = last;
                    return Ok(Some(News::Lagged(last)));
                }
                Next::Write(write) => {
                    self.seen = write.number;
                    let changes = self.seen_by_plan(&write)?;
                    if !changes.is_empty() {
                        return Ok(Some(News::Commit(Commit::new(write.number, changes))));
                    }
                }
            }
        }
    }

    /// The number of the last write that was looked at: to go on behind it later, or elsewhere.
    pub fn number(&self) -> u64 {
        self.seen
    }

    /// Whether the store was closed. What was written before can still be asked for.
    pub fn has_ended(&self) -> bool {
        self.history.has_ended()
    }

    fn seen_by_plan(&self, write: &Written) -> Result<Vec<Changed>> {
        let mut changes = Vec::new();
        for fate in &write.fates {
            let what =
                match (self.takes(fate.before.as_deref())?, self.takes(fate.after.as_deref())?) {
                    (false, false) => continue,
                    (false, true) => What::Added,
                    (true, true) => What::Replaced,
                    (true, false) => What::Removed,
                };
            changes.push(Changed::new(&*fate.id, what));
        }
        Ok(changes)
    }

    fn takes(&self, body: Option<&[u8]>) -> Result<bool> {
        let Some(body) = body else { return Ok(false) };
        let account = Account::new(self.plan.limits());
        Ok(self.plan.matcher().matches_within(document(body), &account)?)
    }
}

impl fmt::Debug for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Changes").field("seen", &self.seen).finish_non_exhaustive()
    }
}
