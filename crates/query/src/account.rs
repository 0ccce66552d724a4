//! What one request has used: steps of work and bytes held, watched by a clock and a flag.
//!
//! Everything that runs for a request is handed the same account: parsing, the compilation of patterns
//! and their searches, expressions, schemas, sorts, projections, the writing of a reply. Whoever is about
//! to work or to allocate in proportion to its input says so here first. Time and flag come in from
//! outside, through [`Clock`]; this file knows no operator and no store.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::{Error, Limits, Result};

/// What tells a request to stop: the time that is over, a flag that somebody raised.
pub trait Clock: Send + Sync {
    /// Whether the work may go on. It is asked at least once in [`Account::STEPS_A_LOOK`] steps.
    ///
    /// # Errors
    /// What the request ends with.
    fn look(&self) -> Result<()>;
}

/// The account of one request. One thread at a time writes to it; others may read it.
///
/// ```
/// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; }
/// use filedex::language::Account;
/// use filedex::Limits;
/// let account = Account::new(&Limits::default().with_request_bytes(1000));
/// account.hold(600)?;
/// assert_eq!(account.hold(600).unwrap_err().limit_name(), Some("request_bytes"));
/// account.release(600);
/// account.hold(600)?;
/// account.work(7)?;
/// assert!(account.steps() >= 7);
/// # Ok::<(), filedex_query::Error>(())
/// ```
pub struct Account {
    steps: AtomicU64,
    /// The number of steps at which the clock is looked at again.
    next_look: AtomicU64,
    looks: AtomicU64,
    held: AtomicUsize,
    most_held: AtomicUsize,
    allowed_bytes: usize,
    /// The limit that an error tells of.
    limit: usize,
    /// Steps after which the request ends, to be begun anew where there is room for long ones.
    allowance: u64,
    clock: Option<Arc<dyn Clock>>,
}

/// Bytes that are written anew for the price of one step.
const BYTES_A_STEP: usize = 512;

impl Account {
    /// Steps after which the clock is looked at again. A step is some 100 ns of work, 200 at most: a look
    /// comes about every 0.1 ms.
    pub const STEPS_A_LOOK: u64 = 1000;

    /// The account of a request that no clock watches, bounded by [`Limits::request_bytes`].
    pub fn new(limits: &Limits) -> Account {
        Account {
            steps: AtomicU64::new(0),
            next_look: AtomicU64::new(Account::STEPS_A_LOOK),
            looks: AtomicU64::new(0),
            held: AtomicUsize::new(0),
            most_held: AtomicUsize::new(0),
            allowed_bytes: limits.request_bytes,
            limit: limits.request_bytes,
            allowance: u64::MAX,
            clock: None,
        }
    }

    /// The same, of a request that holds so much already. That counts towards the limit, and is none of
    /// [`Account::held`].
    pub fn holding(limits: &Limits, held: usize) -> Account {
        let mut account = Account::new(limits);
        account.allowed_bytes = account.allowed_bytes.saturating_sub(held);
        account
    }

    /// The same account, with the clock looked at.
    #[must_use]
    pub fn watched_by(mut self, clock: Arc<dyn Clock>) -> Account {
        self.clock = Some(clock);
        self
    }

    /// The same account, which ends the request with an error that names `allowance` once it took so many
    /// steps: a host that answers short requests at once then begins it anew where long ones wait.
    #[must_use]
    pub fn with_allowance(mut self, steps: u64) -> Account {
        self.allowance = steps;
        *self.next_look.get_mut() = Account::STEPS_A_LOOK.min(steps);
        self
    }

    /// Pays for work about to be done.
    ///
    /// # Errors
    /// What the clock says; past the allowance an error that names it.
    #[inline]
    pub fn work(&self, steps: u64) -> Result<()> {
        let done = self.steps.load(Ordering::Relaxed).saturating_add(steps);
        self.steps.store(done, Ordering::Relaxed);
        if done < self.next_look.load(Ordering::Relaxed) { Ok(()) } else { self.look() }
    }

    /// Pays for bytes about to be allocated, which are held until they are released.
    ///
    /// # Errors
    /// The limit `request_bytes`; those of [`Account::work`].
    pub fn hold(&self, bytes: usize) -> Result<()> {
        let before = self.held();
        let held = before.saturating_add(bytes);
        if held > self.allowed_bytes {
            return Err(Error::limit("request_bytes", self.limit));
        }
        self.held.store(held, Ordering::Relaxed);
        if held > self.most_held() {
            self.most_held.store(held, Ordering::Relaxed);
        }
        // What is held in many small parts costs as much as what is held at once.
        self.work((held / BYTES_A_STEP - before / BYTES_A_STEP) as u64)
    }

    /// Gives bytes back.
    pub fn release(&self, bytes: usize) {
        self.held.store(self.held().saturating_sub(bytes), Ordering::Relaxed);
    }

    /// Gives back what was held since so much was.
    pub fn release_to(&self, held: usize) {
        self.held.store(self.held().min(held), Ordering::Relaxed);
    }

    /// Looks at the clock now.
    ///
    /// # Errors
    /// As [`Account::work`].
    #[cold]
    pub fn look(&self) -> Result<()> {
        let done = self.steps();
        if done >= self.allowance {
            return Err(Error::limit("allowance", format_args!("{} steps", self.allowance)));
        }
        let next = done.saturating_add(Account::STEPS_A_LOOK).min(self.allowance);
        self.next_look.store(next, Ordering::Relaxed);
        self.looks.store(self.looks().saturating_add(1), Ordering::Relaxed);
        self.clock.as_ref().map_or(Ok(()), |clock| clock.look())
    }

    /// The work done so far.
    pub fn steps(&self) -> u64 {
        self.steps.load(Ordering::Relaxed)
    }

    /// How often the clock was looked at.
    pub fn looks(&self) -> u64 {
        self.looks.load(Ordering::Relaxed)
    }

    /// The bytes held now.
    pub fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// The most bytes that were held at once.
    pub fn most_held(&self) -> usize {
        self.most_held.load(Ordering::Relaxed)
    }
}

/// The account of a request under the default limits, which no clock watches.
impl Default for Account {
    fn default() -> Account {
        Account::new(&Limits::default())
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("steps", &self.steps())
            .field("held", &self.held())
            .finish_non_exhaustive()
    }
}
