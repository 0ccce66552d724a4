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

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use costly::{Draw, Request};
use filedex_query::ejson::{Form, write_document_within};
use filedex_query::packed::{self, PackedDocument};
use filedex_query::{
    Account, Clock, Code, DocumentRef, Environment, Error, Filter, Limits, Plan, Projection,
    Result, Sort,
};
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// What may be allocated beside what the account hears of: errors, small buffers, the engine's start.
const SLACK: usize = 2 << 20;

/// Looks that come before the end of a request, and how far they were apart.
struct Watched {
    last: Mutex<(Instant, Duration)>,
    looks: AtomicU64,
    most: u64,
}

impl Clock for Watched {
    fn look(&self) -> Result<()> {
        let mut last = self.last.lock().unwrap();
        let (now, gap) = (Instant::now(), last.0.elapsed());
        *last = (now, last.1.max(gap));
        match self.looks.fetch_add(1, Ordering::Relaxed) < self.most {
            true => Ok(()),
            false => Err(Error::new(Code::INTERRUPTED, "the flag is raised")),
        }
    }
}

impl Watched {
    fn new(most: u64) -> Arc<Watched> {
        let last = Mutex::new((Instant::now(), Duration::ZERO));
        Arc::new(Watched { last, looks: AtomicU64::new(0), most })
    }

    /// The longest time between two looks, the start and the end included.
    fn longest(&self) -> Duration {
        let last = self.last.lock().unwrap();
        last.1.max(last.0.elapsed())
    }
}

/// All of a request on a record, as a store would do it.
fn run(request: &Request, record: DocumentRef<'_>, environment: &Environment) -> Result<usize> {
    let filter = Filter::parse_text(&request.filter, environment)?;
    let projection = Projection::parse_text(&request.fields, environment)?;
    let sort = Sort::parse_text(&request.sort, environment)?;
    let plan = Plan::compile(filter, projection, sort, environment)?;
    let account = &*environment.account;
    plan.matcher().matches_within(record, account)?;
    let held = account.held();
    drop(plan.sort().key_with_id_within(record, account)?);
    account.release_to(held);
    let shown = plan.projection().apply_within(record, None, account)?;
    let mut text = Vec::new();
    let most = environment.limits.reply_bytes;
    write_document_within(shown.view(), Form::Plain, &mut text, most, account)?;
    Ok(text.len())
}

fn limits() -> Limits {
    Limits { request_bytes: 24 << 20, reply_bytes: 4 << 20, ..Limits::default() }
}

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

/// What a case came to.
struct Outcome {
    peak: usize,
    longest: Duration,
    error: Option<Error>,
    held: usize,
}

fn ask(request: &Request, record: &[u8], most_looks: u64) -> Outcome {
    let limits = limits();
    let watched = Watched::new(most_looks);
    let account = Account::new(&limits).watched_by(watched.clone());
    let environment = Environment { limits, account: Arc::new(account), ..Environment::default() };
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let outcome = run(request, PackedDocument::new(record).into(), &environment);
    let longest = watched.longest();
    let peak = MEMORY.peak_usage().saturating_sub(before);
    Outcome { peak, longest, error: outcome.err(), held: environment.account.most_held() }
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
    let allowed = limits().request_bytes + 3 * limits().reply_bytes + SLACK;
    // Longer than any look may be apart on an idle machine; a build without optimisation on a busy one is
    // many times slower. The figures of an idle one are shown with FILEDEX_TIMES.
    let soon = Duration::from_millis(if cfg!(debug_assertions) { 3000 } else { 500 });
    let (mut worst, mut largest, mut ended) = (Duration::ZERO, 0, 0);
    let stop = Instant::now() + Duration::from_secs(from_environment("FILEDEX_SECONDS", 40));
    let mut ran = 0;
    for seed in from..from + cases {
        if Instant::now() > stop {
            break;
        }
        ran += 1;
        let bytes = bytes(seed);
        let mut draw = Draw(&bytes);
        let record = packed::pack(&draw.record());
        let request = draw.request();
        // Most run until a limit ends them, some are told to stop at some look.
        let most_looks = if seed % 4 == 0 { seed / 4 % 50 } else { 3000 };
        let outcome = ask(&request, &record, most_looks);
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
    assert!(ran >= cases.min(300) && ended > ran / 20 && ended < ran, "{ran} {ended}");
}
