//! A place, and the way to one: a future of no runtime, which a thread can wait for as well.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

use super::lane::Ticket;
use super::{Admission, Pace};

/// A place that somebody has. It is free again when this goes.
pub(crate) struct Place {
    admission: Admission,
    pace: Pace,
    caller: Arc<str>,
}

/// A place that somebody asked for. When this goes, nobody waits for it any more.
pub(crate) struct Entering {
    ticket: Arc<Ticket>,
    /// What will be his; it is there from the beginning, and given away when the ticket is.
    admission: Admission,
    pace: Pace,
    caller: Arc<str>,
    is_taken: bool,
}

impl Place {
    pub(crate) fn pace(&self) -> Pace {
        self.pace
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.admission.leave(self.pace, &self.caller);
    }
}

/// How often who waits looks whether he still should.
const LOOK: Duration = Duration::from_millis(5);

impl Entering {
    pub(super) fn new(
        admission: Admission,
        pace: Pace,
        caller: &str,
        ticket: Arc<Ticket>,
    ) -> Entering {
        Entering { ticket, admission, pace, caller: caller.into(), is_taken: false }
    }

    /// The place, if it is there.
    pub(crate) fn now(mut self) -> Result<Place, Entering> {
        if self.ticket.is_admitted() { Ok(self.take()) } else { Err(self) }
    }

    /// Waits on this thread, until then, and as long as `goes_on` says so.
    pub(crate) fn wait(mut self, until: Instant, goes_on: impl Fn() -> bool) -> Option<Place> {
        let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
        while !self.ticket.poll(&waker) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || !goes_on() {
                return None;
            }
            std::thread::park_timeout(left.min(LOOK));
        }
        Some(self.take())
    }

    fn take(&mut self) -> Place {
        self.is_taken = true;
        let caller = Arc::clone(&self.caller);
        Place { admission: self.admission.clone(), pace: self.pace, caller }
    }
}

impl Future for Entering {
    type Output = Place;

    fn poll(mut self: Pin<&mut Entering>, context: &mut Context<'_>) -> Poll<Place> {
        match self.ticket.poll(context.waker()) {
            true => Poll::Ready(self.take()),
            false => Poll::Pending,
        }
    }
}

impl Drop for Entering {
    fn drop(&mut self) {
        if !self.is_taken {
            self.admission.forget(self.pace, &self.caller, &self.ticket);
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Unpark>) {
        self.0.unpark();
    }
}
