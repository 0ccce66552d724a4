//! Work of a host's own that takes its turn among the requests of the endpoints.
//!
//! It begins at once with a small allowance; what needs more is begun anew in a slow place. This file
//! knows work by its error alone.

use std::sync::Arc;
use std::time::Duration;

use super::{Admission, Pace, Place};
use crate::{Cancel, ErrorKind, Lookup, Result, Watch};

/// What a piece of work may take, handed to it when it begins.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Turn {
    /// Raised once nobody waits for the work.
    pub cancel: Cancel,
    /// Time after which lookups end with `Costly`, so that the work is begun anew in a slow place.
    pub allowance: Option<Duration>,
}

/// Too many wait already, or it took too long until there was a place. Nothing was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused;

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("too many requests wait for their turn; ask again in a while")
    }
}

impl std::error::Error for Refused {}

impl Turn {
    /// The lookup within what the turn allows.
    pub fn of(&self, lookup: Lookup) -> Lookup {
        lookup.cancel(self.cancel.clone()).allowance(self.allowance)
    }

    /// What ends any other work on the index.
    pub fn watch(&self) -> Watch {
        let (cancel, allowance) = (Some(self.cancel.clone()), self.allowance);
        Watch { cancel, allowance, ..Watch::default() }
    }
}

impl Admission {
    /// Does work on tokio's threads for blocking work when it is the caller's turn: at once and within the
    /// allowance, or, where that ends with `Costly`, from the beginning in a slow place. Dropping the future
    /// raises the turn's flag.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
    /// use filedex::{Admission, AdmissionOptions, Filedex};
    /// let (index, gate) = (Filedex::temporary()?, Admission::new(AdmissionOptions::default()));
    /// let total = gate.run("ada", move |turn| turn.of(index.all()).total()).await??;
    /// assert_eq!(total, 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Refused`]; inside, what the work ended with.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub async fn run<T: Send + 'static>(
        &self,
        caller: &str,
        work: impl Fn(&Turn) -> Result<T> + Send + Sync + 'static,
    ) -> std::result::Result<Result<T>, Refused> {
        let work = Arc::new(work);
        let quick = Turn { allowance: Some(self.options().allowance), ..Turn::default() };
        let begun = Arc::clone(&work);
        let done = self.in_place(Pace::Quick, caller, quick, move |turn| begun(turn)).await?;
        match done {
            Err(error) if error.kind() == ErrorKind::Costly => {
                self.run_long(caller, move |turn| work(turn)).await
            }
            done => Ok(done),
        }
    }

    /// Does work that is known to be long in a slow place, once there is one.
    ///
    /// # Errors
    /// As [`Admission::run`].
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub async fn run_long<T: Send + 'static>(
        &self,
        caller: &str,
        work: impl FnOnce(&Turn) -> T + Send + 'static,
    ) -> std::result::Result<T, Refused> {
        self.in_place(Pace::Slow, caller, Turn::default(), work).await
    }

    async fn in_place<T: Send + 'static>(
        &self,
        pace: Pace,
        caller: &str,
        turn: Turn,
        work: impl FnOnce(&Turn) -> T + Send + 'static,
    ) -> std::result::Result<T, Refused> {
        let _raised_when_dropped = Raise(turn.cancel.clone());
        let place = self.place(pace, caller).await?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work(&turn);
            drop(place);
            done
        });
        // A runtime that shuts down drops what did not begin.
        done.await.map_err(|_| Refused)
    }

    async fn place(&self, pace: Pace, caller: &str) -> std::result::Result<Place, Refused> {
        let entering = self.enter(pace, caller).map_err(|_| Refused)?;
        tokio::time::timeout(self.options().patience, entering).await.map_err(|_| Refused)
    }
}

/// Ends the work of a future that goes. Work that is done does not mind.
pub(crate) struct Raise(pub(crate) Cancel);

impl Drop for Raise {
    fn drop(&mut self) {
        self.0.cancel();
    }
}
