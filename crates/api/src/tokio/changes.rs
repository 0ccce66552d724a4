//! Following what is written, as a future.

use std::future::poll_fn;

use filedex_storage::News;

use super::Filedex;
use crate::{Result, Scope};

/// What was written to the records of a scope, told as it comes: [`crate::Changes`], waited for without a thread.
///
/// ```
/// use filedex::tokio::Filedex;
/// use filedex::{News, Scope, doc};
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), filedex::Error> {
/// let index = Filedex::new(filedex::Filedex::temporary()?);
/// let mut changes = index.watch(Scope::everything().room("GENERAL")).await?;
/// let writer = index.clone();
/// tokio::spawn(async move { writer.put(&doc! { "_id": "a", "rid": "GENERAL" }).await });
/// let Some(News::Commit(commit)) = changes.next().await.transpose()? else { panic!() };
/// assert_eq!(commit.changes[0].id, "a");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Changes(crate::Changes);

impl Filedex {
    /// Follows what is written to the records of a scope from now on.
    ///
    /// # Errors
    /// As [`crate::Filedex::watch`].
    pub async fn watch(&self, scope: Scope) -> Result<Changes> {
        self.run(|index| index.watch(scope)).await.map(Changes)
    }

    /// Follows on behind the write of that number.
    ///
    /// # Errors
    /// As [`crate::Filedex::watch_from`].
    pub async fn watch_from(&self, scope: Scope, number: u64) -> Result<Changes> {
        self.run(move |index| index.watch_from(scope, number)).await.map(Changes)
    }
}

impl Changes {
    /// The next that is to be told; nothing once the index is closed. A future of it that is dropped has taken
    /// none.
    pub async fn next(&mut self) -> Option<Result<News>> {
        poll_fn(|context| self.0.poll(context.waker())).await
    }

    /// The number of the last write that was looked at.
    pub fn number(&self) -> u64 {
        self.0.number()
    }
}
