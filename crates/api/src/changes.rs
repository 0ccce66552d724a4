//! Following what is written to the records of a scope.

use std::fmt;
use std::task::{Poll, Waker};
use std::time::Duration;

use filedex_storage::News;

use crate::backend::Follow;
use crate::{Filedex, Result, Scope};

/// What was written to the records of a scope, told as it comes. It does not keep the index open: once that is
/// closed, it ends.
///
/// ```
/// use std::time::Duration;
/// use filedex::{File, Filedex, News, Scope, What};
/// let index = Filedex::temporary()?;
/// let mut changes = index.watch(Scope::everything().room("GENERAL"))?;
/// index.put(&File::new("a")?.with_room("GENERAL"))?;
/// index.put(&File::new("b")?.with_room("random"))?;
/// index.update_with("a", r#"{"$set": {"rid": "random"}}"#)?;
///
/// let mut told = Vec::new();
/// while let Some(news) = changes.wait(Duration::ZERO)? {
///     match news {
///         News::Commit(commit) => {
///             told.extend(commit.changes.into_iter().map(|change| (change.id, change.what)));
///         }
///         News::Lagged(_) => unreachable!("three writes are kept"),
///         _ => {}
///     }
/// }
/// assert_eq!(told, [("a".to_owned(), What::Added), ("a".to_owned(), What::Removed)]);
///
/// // Who was away goes on where he was.
/// let number = changes.number();
/// index.put(&File::new("c")?.with_room("GENERAL"))?;
/// let mut again = index.watch_from(Scope::everything(), number)?;
/// assert!(matches!(again.next(), Some(Ok(News::Commit(_)))));
/// # Ok::<(), filedex::Error>(())
/// ```
pub struct Changes(Box<dyn Follow>);

impl Filedex {
    /// Follows what is written to the records of a scope from now on: each write once, as a whole, after it
    /// shows, in the order of writes. What was written lately is kept for it, some 16 MiB from the first call
    /// on; who falls behind that is told [`News::Lagged`], and loses nothing without being told.
    ///
    /// # Errors
    /// `Query` for a scope that is no filter; `Unsupported`, also within [`Filedex::write`].
    pub fn watch(&self, scope: Scope) -> Result<Changes> {
        self.follow(scope, None)
    }

    /// Follows on behind the write of that number: one of [`Changes::number`] or
    /// [`Commit::number`](crate::Commit::number), also from before the index was last opened. If what came
    /// since is not kept, the first that is told is [`News::Lagged`].
    ///
    /// # Errors
    /// As [`Filedex::watch`].
    pub fn watch_from(&self, scope: Scope, number: u64) -> Result<Changes> {
        self.follow(scope, Some(number))
    }

    fn follow(&self, scope: Scope, behind: Option<u64>) -> Result<Changes> {
        let plan = self.lookup(scope).plan()?;
        Ok(Changes(self.backend().follow(&plan, behind)?))
    }
}

impl Changes {
    /// The next that is to be told. Waits for it no longer than that; `None` if nothing came.
    ///
    /// # Errors
    /// `Query` where a condition of the scope fails on a record, which is passed over.
    pub fn wait(&mut self, time: Duration) -> Result<Option<News>> {
        self.0.wait(time)
    }

    /// The next that is to be told, for tasks of an async runtime: ready with it, ready with nothing once the
    /// index is closed, and else to be asked again when the task is woken.
    pub fn poll(&mut self, waker: &Waker) -> Poll<Option<Result<News>>> {
        loop {
            // Asked before, so that what came until the end is still told.
            let is_over = self.has_ended();
            match self.0.poll(waker).transpose() {
                None if is_over => return Poll::Ready(None),
                None if !self.has_ended() => return Poll::Pending,
                None => {}
                news => return Poll::Ready(news),
            }
        }
    }

    /// The number of the last write that was looked at, also where it did not concern the scope.
    pub fn number(&self) -> u64 {
        self.0.number()
    }

    /// Whether the index was closed, so that nothing more will be written.
    pub fn has_ended(&self) -> bool {
        self.0.has_ended()
    }
}

/// Waits without end, until the index is closed.
impl Iterator for Changes {
    type Item = Result<News>;

    fn next(&mut self) -> Option<Result<News>> {
        loop {
            match self.wait(Duration::from_secs(3600)).transpose() {
                None if self.has_ended() => return self.wait(Duration::ZERO).transpose(),
                None => {}
                news => return news,
            }
        }
    }
}

impl fmt::Debug for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Changes").field("number", &self.number()).finish_non_exhaustive()
    }
}
