//! The law of the account: whatever is asked of whatever record, what is allocated stays under what the
//! limits add up to, and the clock is looked at all the time.
//!
//! A test binary of its own: its allocator counts, and nothing else may run beside it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

mod costly;

use std::time::{Duration, Instant};

use costly::Draw;
use costly::law::{allowed, ask};
use filedex_query::packed;
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Bytes that look random; the same in every run.
fn bytes(seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..256).map(|_| next()).collect()
}

/// How many cases, from which on: `FILEDEX_CASES=100000 FILEDEX_FROM=5000` for a long run.
fn from_environment(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

#[test]
fn what_is_allocated_stays_under_what_the_limits_add_up_to() {
    let (from, cases) =
        (from_environment("FILEDEX_FROM", 0), from_environment("FILEDEX_CASES", 3000));
    let shows = std::env::var_os("FILEDEX_TIMES").is_some();
    let allowed = allowed();
    // Longer than any look may be apart on an idle machine; a build without optimisation on a busy one is
    // many times slower. The figures of an idle one are shown with FILEDEX_TIMES.
    let soon = Duration::from_millis(if cfg!(debug_assertions) { 3000 } else { 500 });
    let (mut worst, mut largest, mut ended) = (Duration::ZERO, 0, 0);
    let stop = Instant::now() + Duration::from_secs(from_environment("FILEDEX_SECONDS", 15));
    let mut ran = 0;
    for seed in from..from + cases {
        if ran >= 300 && Instant::now() > stop {
            break;
        }
        ran += 1;
        let bytes = bytes(seed);
        let mut draw = Draw(&bytes);
        let record = packed::pack(&draw.record());
        let request = draw.request();
        // Most run until a limit ends them, some are told to stop at some look.
        let most_looks = if seed % 4 == 0 { seed / 4 % 50 } else { 3000 };
        let outcome = ask(&request, &record, most_looks, soon);
        (worst, largest) = (worst.max(outcome.longest), largest.max(outcome.peak));
        ended += u64::from(outcome.error.is_some());
        if shows && (outcome.longest > Duration::from_millis(10) || outcome.peak > allowed) {
            println!(
                "{seed}: {:?} between looks, {} KiB of {} held, {} KiB record, {:?} {request:?}",
                outcome.longest,
                outcome.peak >> 10,
                outcome.held >> 10,
                record.len() >> 10,
                outcome.error,
            );
            continue;
        }
        assert!(outcome.peak <= allowed, "case {seed}: {} bytes for {request:?}", outcome.peak);
        assert!(outcome.longest < soon, "case {seed}: {:?} for {request:?}", outcome.longest);
    }
    println!(
        "{ran} cases, {ended} ended by an error, {worst:?} at most between looks, {largest} bytes"
    );
    assert!(ended > ran / 20 && ended < ran, "{ran} {ended}");
}
