//! How long work takes: the processor's time of the thread, where the system tells it, as a busy machine has others to
//! serve meanwhile.

use std::time::{Duration, Instant};

/// A clock that runs while this thread does.
pub(crate) struct Spent {
    began: Instant,
    before: Option<Duration>,
}

impl Spent {
    pub(crate) fn begin() -> Spent {
        Spent { began: Instant::now(), before: of_thread() }
    }

    pub(crate) fn so_far(&self) -> Duration {
        let spent = of_thread().zip(self.before).map(|(now, before)| now.saturating_sub(before));
        spent.unwrap_or_else(|| self.began.elapsed())
    }
}

fn of_thread() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}
