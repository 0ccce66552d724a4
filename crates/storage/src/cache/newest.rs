//! Which version is the newest: what is kept under keys whose things change from version to version is
//! taken in of that one alone.

use crate::sync::{AtomicU64, Ordering, RwLock};

/// The number of the newest version, from before anything of it can be read.
#[derive(Debug)]
pub(crate) struct Newest {
    number: AtomicU64,
    /// Held for reading while something is taken in, so that nothing old comes in after a change began.
    taking_in: RwLock<()>,
}

impl Newest {
    pub(crate) fn new(number: u64) -> Newest {
        Newest { number: AtomicU64::new(number), taking_in: RwLock::new(()) }
    }

    /// From here on nothing of another version is taken in; what an earlier one left is then forgotten by
    /// the caller.
    pub(crate) fn begin_change(&self, number: u64) {
        let _nobody_takes_in = self.taking_in.write();
        self.number.store(number, Ordering::Release);
    }

    /// Whether that version is the newest.
    pub(crate) fn is(&self, version: u64) -> bool {
        self.number.load(Ordering::Acquire) == version
    }

    /// Keeps something of that version, if it is the newest.
    pub(crate) fn take_in(&self, version: u64, keep: impl FnOnce()) {
        let _no_change_begins = self.taking_in.read();
        if self.number.load(Ordering::Acquire) == version {
            keep();
        }
    }
}
