//! Which request runs when: short ones at once, long ones in one of a few places.
//!
//! Nobody knows beforehand how long a request takes. So each begins at once with a small allowance;
//! one that needs more is begun anew once it gets a slow place. Places are shared out in turn among
//! callers, so that whoever asks much waits for himself. Who waits holds no lock, no thread and no
//! part of an answer. This file knows callers by a name; it does not know what they ask.

mod lane;
#[cfg(feature = "tokio")]
mod lately;
mod place;
mod reply;
#[cfg(feature = "tokio")]
mod turn;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use parking_lot::Mutex;

use lane::Lane;
pub(crate) use place::{Entering, Place};
use reply::Held;
pub use reply::Reply;
#[cfg(feature = "tokio")]
pub(crate) use turn::Raise;
#[cfg(feature = "tokio")]
pub use turn::{Refused, Turn};

/// How much may run and wait at once. Start from the default and set fields.
///
/// ```
/// let mut options = filedex::AdmissionOptions::default();
/// options.slow = std::num::NonZeroUsize::MIN;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AdmissionOptions {
    /// What a request may take before it waits for a slow place (default: 5 ms).
    pub allowance: Duration,
    /// Requests within their allowance at once (default: four a core).
    pub quick: NonZeroUsize,
    /// Of these, of one caller (default: one less than there are cores, at least one).
    pub quick_of_one: NonZeroUsize,
    /// Requests past their allowance at once (default: one less than there are cores, at least one).
    pub slow: NonZeroUsize,
    /// Requests that wait (default: 256). One more is refused.
    pub waiting: usize,
    /// Requests of one caller that wait (default: 32). One more is refused.
    pub waiting_of_one: usize,
    /// How long a request waits for a place before it is refused (default: 10 s).
    pub patience: Duration,
    /// Bytes of replies that are made and not yet sent (default: 128 MiB). One more is refused, unless
    /// it is the only one.
    pub replies: usize,
    /// Of these, to one caller (default: 64 MiB).
    pub replies_to_one: usize,
    /// Whether `Endpoints::answer` does what is short on the thread that polls it, as long as it is short (default:
    /// no). That saves handing each request over, and takes a directory and an index that wait for nothing but memory
    /// and the disk of this machine, least of all for other tasks.
    pub in_place: bool,
}

impl Default for AdmissionOptions {
    fn default() -> AdmissionOptions {
        let cores = available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let all_but_one = NonZeroUsize::new(cores.get() - 1).unwrap_or(NonZeroUsize::MIN);
        AdmissionOptions {
            allowance: Duration::from_millis(5),
            quick: cores.saturating_mul(NonZeroUsize::MIN.saturating_add(3)),
            quick_of_one: all_but_one,
            slow: all_but_one,
            waiting: 256,
            waiting_of_one: 32,
            patience: Duration::from_secs(10),
            replies: 128 << 20,
            replies_to_one: 64 << 20,
            in_place: false,
        }
    }
}

/// The two kinds of places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    Quick,
    Slow,
}

/// The places of one host, and who waits for them. Clones share them: what a host does beside its
/// endpoints ([`crate::Endpoints::admission`]) takes its turn among their requests.
#[derive(Clone)]
pub struct Admission(Arc<Shared>);

struct Shared {
    options: AdmissionOptions,
    lanes: Mutex<Lanes>,
    held: Mutex<Held>,
    #[cfg(feature = "tokio")]
    lately: lately::Lately,
}

struct Lanes {
    quick: Lane,
    slow: Lane,
}

/// Too many wait already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl Admission {
    /// All places free.
    pub fn new(options: AdmissionOptions) -> Admission {
        let lanes = Lanes {
            quick: Lane::new(options.quick, options.quick_of_one),
            slow: Lane::new(options.slow, options.slow),
        };
        Admission(Arc::new(Shared {
            options,
            lanes: Mutex::new(lanes),
            held: Mutex::default(),
            #[cfg(feature = "tokio")]
            lately: lately::Lately::new(),
        }))
    }

    /// How many places there are.
    pub fn options(&self) -> &AdmissionOptions {
        &self.0.options
    }

    /// Asks for a place; at best it is there at once.
    pub(crate) fn enter(&self, pace: Pace, caller: &str) -> Result<Entering, Full> {
        let mut lanes = self.0.lanes.lock();
        let waiting = lanes.quick.waiting() + lanes.slow.waiting();
        let of_one = lanes.quick.waiting_of(caller) + lanes.slow.waiting_of(caller);
        let AdmissionOptions { waiting: most, waiting_of_one, .. } = self.0.options;
        let may_wait = waiting < most && of_one < waiting_of_one;
        let ticket = lanes.of(pace).enter(caller, may_wait).ok_or(Full)?;
        drop(lanes);
        Ok(Entering::new(self.clone(), pace, caller, ticket))
    }

    /// Counts a reply as made until it is dropped.
    pub(crate) fn hold(&self, caller: &str, body: Vec<u8>) -> Result<Reply, Full> {
        let AdmissionOptions { replies, replies_to_one, .. } = self.0.options;
        if !self.0.held.lock().add(caller, body.len(), replies, replies_to_one) {
            return Err(Full);
        }
        Ok(Reply::held(body, self.clone(), caller))
    }

    /// Does work that is meant to be short: on this thread, where that is wanted and such work has been short lately,
    /// else on one for blocking work. `None` if it panicked, or where the runtime shuts down.
    #[cfg(feature = "tokio")]
    pub(crate) async fn run_short<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let was_short = || !self.0.lately.was_long(std::time::Instant::now());
        match self.0.options.in_place && was_short() {
            true => self.0.lately.run(work),
            false => tokio::task::spawn_blocking(work).await.ok(),
        }
    }

    fn leave(&self, pace: Pace, caller: &str) {
        self.0.lanes.lock().of(pace).leave(caller);
    }

    fn forget(&self, pace: Pace, caller: &str, ticket: &Arc<lane::Ticket>) {
        self.0.lanes.lock().of(pace).forget(caller, ticket);
    }

    fn release(&self, caller: &str, bytes: usize) {
        self.0.held.lock().remove(caller, bytes);
    }
}

impl Lanes {
    fn of(&mut self, pace: Pace) -> &mut Lane {
        match pace {
            Pace::Quick => &mut self.quick,
            Pace::Slow => &mut self.slow,
        }
    }
}

impl std::fmt::Debug for Admission {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Admission").field("options", self.options()).finish_non_exhaustive()
    }
}
