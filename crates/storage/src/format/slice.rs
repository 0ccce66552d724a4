//! Bytes that are a part of others, shared and not copied.

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

/// A part of some bytes, all of which stay as long as it does.
#[derive(Clone)]
pub(crate) struct Slice {
    whole: Arc<[u8]>,
    start: usize,
    end: usize,
}

impl Slice {
    /// That part of the bytes; nothing where they have no such part.
    pub(crate) fn of(whole: &Arc<[u8]>, part: Range<usize>) -> Slice {
        Slice { whole: whole.clone(), start: part.start, end: part.end }
    }

    /// Bytes of memory that are there for its sake alone.
    pub(crate) fn memory(&self) -> usize {
        if self.len() == self.whole.len() { self.len() } else { 0 }
    }
}

impl Deref for Slice {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.whole.get(self.start..self.end).unwrap_or_default()
    }
}

impl From<Arc<[u8]>> for Slice {
    fn from(whole: Arc<[u8]>) -> Slice {
        let end = whole.len();
        Slice { whole, start: 0, end }
    }
}

impl From<&[u8]> for Slice {
    fn from(bytes: &[u8]) -> Slice {
        Slice::from(Arc::<[u8]>::from(bytes))
    }
}

impl From<Vec<u8>> for Slice {
    fn from(bytes: Vec<u8>) -> Slice {
        Slice::from(Arc::<[u8]>::from(bytes))
    }
}

impl fmt::Debug for Slice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
