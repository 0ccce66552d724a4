//! The timer of a connection, which every request sets anew and hardly any lets run out.
//!
//! To set and to take back a timer of the runtime costs a call of the system where a thread sleeps until an earlier
//! one. So each connection keeps one that rings too early, and is set on only then. This file does not know what is
//! waited for.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hyper::rt::{Sleep, Timer};
use parking_lot::Mutex;

/// A connection's timer.
pub(super) struct Alarm(Arc<Mutex<Pin<Box<tokio::time::Sleep>>>>);

/// Somebody who waits until a moment.
struct Wait {
    alarm: Arc<Mutex<Pin<Box<tokio::time::Sleep>>>>,
    until: Instant,
}

impl Alarm {
    pub(super) fn new() -> Alarm {
        Alarm(Arc::new(Mutex::new(Box::pin(tokio::time::sleep(Duration::ZERO)))))
    }
}

impl Timer for Alarm {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(Instant::now() + duration)
    }

    fn sleep_until(&self, until: Instant) -> Pin<Box<dyn Sleep>> {
        Box::pin(Wait { alarm: Arc::clone(&self.0), until })
    }
}

impl Sleep for Wait {}

impl Future for Wait {
    type Output = ();

    fn poll(self: Pin<&mut Wait>, context: &mut Context<'_>) -> Poll<()> {
        let (mut alarm, until) = (self.alarm.lock(), self.until.into());
        loop {
            if alarm.deadline() > until {
                alarm.as_mut().reset(until);
            }
            match alarm.as_mut().poll(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(()) if alarm.deadline() >= until => return Poll::Ready(()),
                // It was set for somebody who waited before.
                Poll::Ready(()) => alarm.as_mut().reset(until),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_waits_waits_until_his_own_moment_whoever_waited_before() {
        let (alarm, start) = (Alarm::new(), Instant::now());
        let after = |millis| Duration::from_millis(millis);
        let given_up = |wait| tokio::time::timeout(after(1), wait);
        let waited = |wait| tokio::time::timeout(after(60_000), wait);
        // It is set for much later, then for earlier, then again for later.
        assert!(given_up(alarm.sleep(after(3_600_000))).await.is_err());
        assert!(waited(alarm.sleep_until(start + after(50))).await.is_ok());
        assert!(start.elapsed() >= after(50));
        assert!(given_up(alarm.sleep(after(30))).await.is_err());
        let until = Instant::now() + after(80);
        assert!(waited(alarm.sleep_until(until)).await.is_ok());
        assert!(Instant::now() >= until);
    }
}
