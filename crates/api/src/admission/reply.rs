//! Replies that are made and not yet sent: their bytes are counted, so that clients that read nothing
//! hold no more than a bound.

use std::collections::HashMap;
use std::sync::Arc;

use super::Admission;

/// The body of a reply. Its bytes count as held until it is dropped: a host hands it on as it is, and
/// drops it once it is sent.
pub struct Reply {
    body: Vec<u8>,
    held: Option<(Admission, Arc<str>)>,
}

/// The bytes of all replies, and of those to each caller.
#[derive(Default)]
pub(super) struct Held {
    all: usize,
    callers: HashMap<Arc<str>, usize>,
}

impl Reply {
    /// A reply that is too short to be counted.
    pub(crate) fn short(body: Vec<u8>) -> Reply {
        Reply { body, held: None }
    }

    pub(super) fn held(body: Vec<u8>, admission: Admission, caller: &str) -> Reply {
        Reply { body, held: Some((admission, caller.into())) }
    }

    /// The bytes, no longer counted.
    pub fn into_vec(mut self) -> Vec<u8> {
        self.let_go();
        std::mem::take(&mut self.body)
    }

    fn let_go(&mut self) {
        if let Some((admission, caller)) = self.held.take() {
            admission.release(&caller, self.body.len());
        }
    }
}

impl AsRef<[u8]> for Reply {
    fn as_ref(&self) -> &[u8] {
        &self.body
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        self.let_go();
    }
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reply").field("bytes", &self.body.len()).finish_non_exhaustive()
    }
}

impl Held {
    /// Adds a reply, if it is the only one or fits beside the others.
    pub(super) fn add(&mut self, caller: &str, bytes: usize, most: usize, to_one: usize) -> bool {
        let own = self.callers.get(caller).copied().unwrap_or(0);
        let fits = |held: usize, most| held == 0 || held.saturating_add(bytes) <= most;
        if !fits(self.all, most) || !fits(own, to_one) {
            return false;
        }
        self.all += bytes;
        *self.callers.entry(caller.into()).or_default() += bytes;
        true
    }

    pub(super) fn remove(&mut self, caller: &str, bytes: usize) {
        self.all -= bytes;
        if let Some(own) = self.callers.get_mut(caller) {
            *own -= bytes;
            if *own == 0 {
                self.callers.remove(caller);
            }
        }
    }
}
