//! Chunks in order, for who goes through many: they are read from the tree some at a time, the more the
//! further that goes.

use std::collections::VecDeque;

use super::version::Version;
use super::{Index, Keyed, MOST_AT_ONCE};
use crate::error::Result;

/// Chunks past a key and before another, as one version has them.
pub(crate) struct Following {
    after: Vec<u8>,
    end: Vec<u8>,
    /// What the tree had when it was asked, in order. What has changed since, the version knows.
    stored: VecDeque<Keyed>,
    /// How many it is asked for the next time.
    count: usize,
    has_ended: bool,
}

impl Following {
    pub(crate) fn new(after: &[u8], end: &[u8]) -> Following {
        let (after, end) = (after.to_vec(), end.to_vec());
        Following { after, end, stored: VecDeque::new(), count: 1, has_ended: false }
    }

    /// The next chunk of that version, which must be the same each time.
    pub(crate) fn next(&mut self, index: &Index, version: &Version) -> Result<Option<Keyed>> {
        loop {
            self.ask(index)?;
            let stored = self.stored.front().map(|stored| &*stored.key);
            let Some((key, chunk)) = version.after(&self.after, &self.end, stored) else {
                let Some(chunk) = self.stored.pop_front() else { return Ok(None) };
                index.keep(version, &chunk);
                self.after.clear();
                self.after.extend_from_slice(&chunk.key);
                return Ok(Some(chunk));
            };
            if stored == Some(key.as_slice()) {
                self.stored.pop_front();
            }
            self.after = key;
            // Otherwise it was not there yet in this version.
            if chunk.is_some() {
                return Ok(chunk);
            }
        }
    }

    fn ask(&mut self, index: &Index) -> Result<()> {
        if self.stored.is_empty() && !self.has_ended {
            self.stored = index.tree.after(&self.after, &self.end, self.count)?;
            self.has_ended = self.stored.len() < self.count;
            self.count = (self.count * 2).min(MOST_AT_ONCE);
        }
        Ok(())
    }
}
