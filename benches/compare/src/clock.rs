//! CPU time: of the calling thread, and of all threads, in which other work of the machine doesn't count; and how
//! long something takes.

use rustix::time::{ClockId, clock_gettime};
use std::time::{Duration, Instant};

/// CPU time that the calling thread has used.
pub(crate) fn thread() -> Duration {
    read(ClockId::ThreadCPUTime)
}

/// CPU time that all threads of the process have used.
pub(crate) fn process() -> Duration {
    read(ClockId::ProcessCPUTime)
}

fn read(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// What all threads take for it, in nanoseconds.
pub(crate) fn process_time<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let begun = process();
    let done = work();
    (done, (process() - begun).as_nanos() as f64)
}

/// How long it takes, in nanoseconds.
pub(crate) fn wall_time<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let begun = Instant::now();
    let done = work();
    (done, begun.elapsed().as_nanos() as f64)
}

/// The one at that share of all, such as 0.999, once they are sorted. Zero if there are none.
pub(crate) fn quantile(figures: &mut [f64], share: f64) -> f64 {
    figures.sort_by(f64::total_cmp);
    let place = (figures.len() as f64 * share) as usize;
    figures.get(place.min(figures.len().saturating_sub(1))).copied().unwrap_or_default()
}

/// The middle one, or the mean of the middle two. Zero if there are none.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    let at = |position: usize| figures.get(position).copied().unwrap_or_default();
    let middle = figures.len() / 2;
    if figures.len() % 2 == 1 {
        at(middle)
    } else {
        (at(middle.saturating_sub(1)) + at(middle)) / 2.0
    }
}
