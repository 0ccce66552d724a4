//! Places on tokio's threads for blocking work, so many at a time.
//!
//! This file knows no index.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::{JoinError, spawn_blocking};

use crate::{Cancel, Error, Result};

/// So many calls at a time. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct Places(Arc<Semaphore>);

impl Places {
    pub(super) fn new(number: usize) -> Places {
        Places(Arc::new(Semaphore::new(number.clamp(1, Semaphore::MAX_PERMITS))))
    }

    /// Does the work once there is a place, which it holds until it is done, whoever waits for it. Work whose
    /// future is dropped before it begins does not begin.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let place = Arc::clone(&self.0).acquire_owned().await.map_err(|_| Error::cancelled())?;
        let waited_for = Raise::default();
        let dropped = waited_for.0.clone();
        let done = spawn_blocking(move || {
            let _held_until_done = place;
            if dropped.is_cancelled() { Err(Error::cancelled()) } else { work() }
        });
        done.await.unwrap_or_else(|error| gone(error))
    }

    /// The same for work that ends when the flag is raised: dropping the future raises it.
    pub(super) async fn run_watched<T: Send + 'static>(
        &self,
        work: impl FnOnce(Cancel) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let raise = Raise::default();
        let cancel = raise.0.clone();
        self.run(move || work(cancel)).await
    }
}

/// A runtime that shuts down drops what did not begin. What panics, panics where it is waited for.
fn gone<T>(error: JoinError) -> Result<T> {
    match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(_) => Err(Error::cancelled()),
    }
}

/// Raises its flag when it goes; work that is done does not mind.
#[derive(Default)]
pub(super) struct Raise(pub(super) Cancel);

impl Drop for Raise {
    fn drop(&mut self) {
        self.0.cancel();
    }
}
