//! Anonymous memory of this process: what the system must keep, unlike pages mapped from files.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// How often memory is looked at while something is done.
const EVERY: Duration = Duration::from_millis(5);

/// Bytes, as Linux counts them; `None` elsewhere.
pub(crate) fn bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// Bytes above those before.
pub(crate) fn above(before: Option<u64>) -> Option<u64> {
    Some(bytes()?.saturating_sub(before?))
}

/// The most bytes while something is done, looked at by a thread beside it.
pub(crate) fn most<T>(work: impl FnOnce() -> T) -> (T, Option<u64>) {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let looking = scope.spawn(|| {
            let mut most = bytes();
            while !done.load(Ordering::Relaxed) {
                most = most.max(bytes());
                thread::sleep(EVERY);
            }
            most
        });
        let worked = work();
        done.store(true, Ordering::Relaxed);
        (worked, looking.join().unwrap_or_default())
    })
}
