//! One call of an endpoint, from its beginning to its reply, in steps that a host takes where it likes.
//!
//! A call begins on a thread that may block. What it can answer within its allowance it answers at
//! once; otherwise it waits for a place, holding no thread. This file knows when a call runs; what it
//! answers is [`super::door`]'s.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use http::{Request, Response};

use super::door::{Asked, Read};
use super::error::ApiError;
use super::{Endpoints, reply};
use crate::Cancel;
use crate::admission::{Entering, Pace, Place, Reply};

/// What ends a call before it has an answer: a flag, and a moment.
///
/// ```
/// use std::time::Duration;
/// let call = filedex::Call::default().within(Duration::from_secs(2));
/// call.cancel.cancel(); // from another thread, once nobody waits for the answer
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Call {
    /// Ends the call once it is raised.
    pub cancel: Cancel,
    /// Ends the call from then on.
    pub deadline: Option<Instant>,
}

/// Where a call has come to.
#[derive(Debug)]
pub enum Step {
    /// There is a reply.
    Done(Response<Reply>),
    /// It needs a place. [`Waiting::wait`] waits for it on this thread; an async host awaits it and goes
    /// on with [`Admitted::go_on`] where blocking is allowed.
    Waits(Waiting),
}

/// A call that waits for a place. Dropping it ends the call.
#[must_use]
pub struct Waiting {
    entering: Entering,
    asked: Option<Box<Asked>>,
}

/// A call that has its place.
#[must_use]
pub struct Admitted {
    place: Place,
    asked: Box<Asked>,
}

impl Call {
    /// Ends the call after that time.
    #[must_use]
    pub fn within(mut self, time: Duration) -> Call {
        self.deadline = Instant::now().checked_add(time);
        self
    }

    /// Whether it is over by its deadline.
    pub(super) fn is_late(&self) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }
}

impl Endpoints {
    /// Answers a request. Never panics, whatever the request; bodies of requests are not read. It may wait
    /// for its turn on this thread; an async host takes [`Endpoints::begin`] instead, or with the
    /// feature `tokio` [`Endpoints::answer`].
    pub fn handle(&self, request: Request<impl AsRef<[u8]>>) -> Response<Vec<u8>> {
        self.handle_call(request, &Call::default())
    }

    /// Answers a request, unless the call ends before.
    pub fn handle_call<B>(&self, request: Request<B>, call: &Call) -> Response<Vec<u8>> {
        let mut step = self.begin(request, call);
        loop {
            match step {
                Step::Done(response) => return response.map(Reply::into_vec),
                Step::Waits(waiting) => step = waiting.wait(),
            }
        }
    }

    /// Begins to answer a request, on a thread that may block for as long as the allowance: who asks is found out, and
    /// what can be answered within it is.
    pub fn begin<B>(&self, request: Request<B>, call: &Call) -> Step {
        match self.read(&request, call) {
            Read::Asked(asked) => asked.enter(Pace::Quick),
            Read::Told(response) => Step::Done(response.map(Reply::short)),
        }
    }
}

impl Waiting {
    /// Waits on this thread and goes on. Whoever waits longer than the host has patience is refused.
    pub fn wait(mut self) -> Step {
        let Some(asked) = self.asked.take() else { return Step::Done(reply::gone()) };
        let patience = Instant::now() + self.patience_of(&asked);
        let until = asked.call.deadline.map_or(patience, |deadline| deadline.min(patience));
        match self.entering.wait(until, || !asked.call.cancel.is_cancelled()) {
            Some(place) => Admitted { place, asked }.go_on(),
            None => Step::Done(asked.refuse()),
        }
    }

    /// How long the call may wait.
    pub fn patience(&self) -> Duration {
        self.asked.as_ref().map_or(Duration::ZERO, |asked| self.patience_of(asked))
    }

    /// The reply to a call that has waited long enough: 503, with the header `Retry-After`.
    pub fn refuse(mut self) -> Response<Reply> {
        self.asked.take().map_or_else(reply::gone, |asked| asked.refuse())
    }

    fn patience_of(&self, asked: &Asked) -> Duration {
        let left = |deadline: Instant| deadline.saturating_duration_since(Instant::now());
        let patience = asked.endpoints.admission.options().patience;
        asked.call.deadline.map_or(patience, |deadline| left(deadline).min(patience))
    }
}

impl Future for Waiting {
    type Output = Admitted;

    fn poll(mut self: Pin<&mut Waiting>, context: &mut Context<'_>) -> Poll<Admitted> {
        if self.asked.is_none() {
            // Its place was taken: there is nothing more to come.
            return Poll::Pending;
        }
        let Poll::Ready(place) = Pin::new(&mut self.entering).poll(context) else {
            return Poll::Pending;
        };
        match self.asked.take() {
            Some(asked) => Poll::Ready(Admitted { place, asked }),
            None => Poll::Pending,
        }
    }
}

impl Admitted {
    /// Whether it will take no longer than the allowance: what does waits anew.
    pub fn is_short(&self) -> bool {
        self.place.pace() == Pace::Quick
    }

    /// Goes on, on a thread that may block.
    pub fn go_on(self) -> Step {
        let Admitted { place, asked } = self;
        let pace = place.pace();
        let answer = asked.answer(pace);
        drop(place);
        match answer {
            Err(error) if pace == Pace::Quick && error.is_costly() && !asked.call.is_late() => {
                asked.enter(Pace::Slow)
            }
            answer => Step::Done(asked.finish(answer)),
        }
    }
}

impl Asked {
    fn enter(self: Box<Asked>, pace: Pace) -> Step {
        let Ok(entering) = self.endpoints.admission.enter(pace, self.asker()) else {
            return Step::Done(self.refuse());
        };
        // What is long is gone on with where long work is done, though its place may be free.
        let entered = if pace == Pace::Quick { entering.now() } else { Err(entering) };
        match entered {
            Ok(place) => Admitted { place, asked: self }.go_on(),
            Err(entering) => Step::Waits(Waiting { entering, asked: Some(self) }),
        }
    }

    fn refuse(&self) -> Response<Reply> {
        self.trim(reply::error(&ApiError::busy(self.style()))).map(Reply::short)
    }

    fn finish(&self, answer: Result<Response<Vec<u8>>, ApiError>) -> Response<Reply> {
        let (head, body) =
            self.trim(answer.unwrap_or_else(|error| reply::error(&error))).into_parts();
        match self.endpoints.admission.hold(self.asker(), body) {
            Ok(body) => Response::from_parts(head, body),
            Err(_) => self.refuse(),
        }
    }
}

impl std::fmt::Debug for Waiting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Waiting").field("patience", &self.patience()).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Admitted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Admitted").finish_non_exhaustive()
    }
}
