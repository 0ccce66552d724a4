//! What was written lately, kept for those who watch: write by write, within so many bytes.
//!
//! It begins with the first who watches, and costs nothing before. What of it concerns whom is asked by
//! [`super::changes`].

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Waker;
use std::time::Instant;

use parking_lot::{Condvar, Mutex};

use crate::write::Fate;

/// Bytes that are kept; the newest write is kept whatever it takes.
const MOST_BYTES: usize = 16 << 20;

/// The last writes of an open store.
#[derive(Debug, Default)]
pub(crate) struct History {
    is_watched: AtomicBool,
    kept: Mutex<Kept>,
    added: Condvar,
}

#[derive(Debug, Default)]
struct Kept {
    writes: VecDeque<Arc<Written>>,
    bytes: usize,
    /// The number of the write before all that are kept: those after it are there without a gap.
    before: u64,
    /// The number of the last write that was kept or came before.
    last: u64,
    has_ended: bool,
    /// Tasks that wait for the next write.
    wakers: Vec<Waker>,
}

/// One write: its number, and what became of the records that it changed.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) number: u64,
    pub(super) fates: Vec<Fate>,
    bytes: usize,
}

/// What came after a number.
#[derive(Debug)]
pub(super) enum Next {
    Write(Arc<Written>),
    /// What came next is not kept any more, or was never; it goes on behind this number.
    Gap(u64),
    /// Nothing, until the time that was given.
    Nothing,
    /// Nothing, and nothing will: the store is closed.
    End,
}

impl History {
    pub(super) fn is_watched(&self) -> bool {
        self.is_watched.load(Ordering::Acquire)
    }

    /// Begins to keep writes, unless it has; the last one was that of the number. The caller keeps
    /// writers from writing.
    pub(super) fn begin(&self, last: u64) {
        if !self.is_watched.swap(true, Ordering::AcqRel) {
            let mut kept = self.kept.lock();
            (kept.before, kept.last) = (last, last);
        }
    }

    /// Adds a write; writers take turns.
    pub(super) fn add(&self, number: u64, fates: Vec<Fate>) {
        let bytes = fates.iter().map(Fate::memory).sum();
        let mut kept = self.kept.lock();
        kept.bytes += bytes;
        kept.last = number;
        kept.writes.push_back(Arc::new(Written { number, fates, bytes }));
        while kept.bytes > MOST_BYTES && kept.writes.len() > 1 {
            kept.forget_oldest();
        }
        let wakers = std::mem::take(&mut kept.wakers);
        drop(kept);
        self.added.notify_all();
        wakers.into_iter().for_each(Waker::wake);
    }

    /// The write after that number. Waits for one until then.
    pub(super) fn after(&self, number: u64, until: Instant) -> Next {
        let mut kept = self.kept.lock();
        loop {
            match kept.after(number) {
                Next::Nothing if !self.added.wait_until(&mut kept, until).timed_out() => {}
                next => return next,
            }
        }
    }

    /// The write after that number, if there is one by now; else the task is woken once there is, or will be none.
    pub(super) fn after_or_wake(&self, number: u64, waker: &Waker) -> Next {
        let mut kept = self.kept.lock();
        let next = kept.after(number);
        if matches!(next, Next::Nothing) && !kept.wakers.iter().any(|other| other.will_wake(waker))
        {
            kept.wakers.push(waker.clone());
        }
        next
    }

    /// Lets all who wait go.
    pub(super) fn end(&self) {
        let mut kept = self.kept.lock();
        kept.has_ended = true;
        let wakers = std::mem::take(&mut kept.wakers);
        drop(kept);
        self.added.notify_all();
        wakers.into_iter().for_each(Waker::wake);
    }

    pub(super) fn has_ended(&self) -> bool {
        self.kept.lock().has_ended
    }
}

impl Kept {
    fn forget_oldest(&mut self) {
        if let Some(oldest) = self.writes.pop_front() {
            self.before = oldest.number;
            self.bytes -= oldest.bytes;
        }
    }

    fn after(&self, number: u64) -> Next {
        if number < self.before {
            return Next::Gap(self.before);
        }
        // A number that no write has had yet is another store's.
        if number > self.last {
            return Next::Gap(self.last);
        }
        let at = self.writes.partition_point(|write| write.number <= number);
        match self.writes.get(at) {
            Some(write) => Next::Write(write.clone()),
            None if self.has_ended => Next::End,
            None => Next::Nothing,
        }
    }
}
