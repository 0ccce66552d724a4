//! What must hold of whatever is drawn: what is allocated stays under what the limits add up to, and the
//! clock is looked at all the time.
//!
//! This file asks and measures; whose allocator counts, and how much is too much time, is said by who calls.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use filedex_query::ejson::{Form, write_document_within};
use filedex_query::packed::PackedDocument;
use filedex_query::{
    Account, Clock, Code, DocumentRef, Environment, Error, Filter, Found, Limits, Plan, Projection,
    Result, Sort, Update,
};
use peak_alloc::PeakAlloc;

use super::Request;

/// What may be allocated beside what the account hears of: errors, small buffers, the engine's start.
const SLACK: usize = 2 << 20;

/// What a case came to.
pub(crate) struct Outcome {
    pub(crate) peak: usize,
    pub(crate) longest: Duration,
    pub(crate) error: Option<Error>,
    pub(crate) held: usize,
}

/// Asks of a stored record, and stops at that look; a few times where looks were further apart than is soon, as the
/// machine may have been busy with something else. The counting allocator must be that of the process.
pub(crate) fn ask(request: &Request, record: &[u8], most_looks: u64, soon: Duration) -> Outcome {
    let once = || ask_once(request, record, most_looks);
    (0..4).fold(once(), |outcome, _| if outcome.longest < soon { outcome } else { once() })
}

fn ask_once(request: &Request, record: &[u8], most_looks: u64) -> Outcome {
    let limits = limits();
    let watched = Watched::new(most_looks);
    let account = Account::new(&limits).watched_by(watched.clone());
    let environment = Environment { limits, account: Arc::new(account), ..Environment::default() };
    let before = PeakAlloc.current_usage();
    PeakAlloc.reset_peak_usage();
    let outcome = run(request, PackedDocument::new(record).into(), &environment);
    let longest = watched.longest();
    let peak = PeakAlloc.peak_usage().saturating_sub(before);
    Outcome { peak, longest, error: outcome.err(), held: environment.account.most_held() }
}

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
    if let Some((update, filters)) = &request.update {
        return change((update, filters.as_deref()), record, environment);
    }
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

/// What becomes of a record, up to its being stored.
fn change(
    (update, filters): (&str, Option<&str>),
    record: DocumentRef<'_>,
    environment: &Environment,
) -> Result<usize> {
    let (account, everything) = (&*environment.account, Projection::everything());
    let update = Update::parse_text(update, filters, environment)?;
    let before = everything.apply_within(record, None, account)?;
    let after = update.apply_within(before, Found { array_index: Some(0) }, account)?;
    Ok(after.document.len())
}

/// What a request may make the process hold: the text of its reply is copied as it grows.
pub(crate) fn allowed() -> usize {
    limits().request_bytes + 3 * limits().reply_bytes + SLACK
}

fn limits() -> Limits {
    Limits::default().with_request_bytes(24 << 20).with_reply_bytes(4 << 20)
}
