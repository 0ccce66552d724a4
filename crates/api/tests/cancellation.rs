//! A flag that is raised, and time that is over, end work wherever it is: within a search, a sort, a field, a
//! walk, a column, a reply.
//!
//! The figures of an idle machine: `cargo test --release -p filedex --test cancellation -- --nocapture
//! --test-threads 1`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use std::fs;
use std::path::Path;
use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

use filedex::{Cancel, Document, Error, ErrorKind, Filedex, Limits, Lookup, Value};
use filedex_storage::{Options, Store};
use tempfile::TempDir;

/// Longer than work may go on, on a busy machine and without optimisation.
const SOON: Duration = Duration::from_millis(500);

/// How often each kind of work is ended in each way.
const TIMES: usize = if cfg!(debug_assertions) { 3 } else { 20 };

/// Limits that leave one search and one field as long as they want: nothing but the watch ends them.
fn unlimited() -> Limits {
    Limits::default()
        .with_pattern_backtracks(1 << 50)
        .with_pattern_search_bytes(1 << 50)
        .with_expression_steps(1 << 50)
        .with_expression_bytes(1 << 50)
        .with_request_bytes(1 << 50)
        .with_sort_bytes(1 << 50)
        .with_reply_bytes(1 << 50)
}

/// Letters that look random; the same in every run.
fn letters(length: usize) -> String {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        if state & (1 << 40) == 0 { 'a' } else { 'b' }
    };
    (0..length).map(|_| next()).collect()
}

/// A record with a text of some MiB.
fn long() -> Document {
    let length = if cfg!(debug_assertions) { 2 << 20 } else { 12 << 20 };
    Document::new().with("_id", "long").with("rid", "long").with("text", letters(length))
}

/// One room with one long text, one with many records that have long arrays.
static INDEX: LazyLock<Filedex> = LazyLock::new(|| {
    let index = Filedex::options().limits(unlimited()).temporary().unwrap();
    index.put(&long().with("as", "a".repeat(60))).unwrap();
    let records = if cfg!(debug_assertions) { 1500 } else { 5000 };
    let records = (0..records).map(|n| {
        let tags = (0..400).map(|tag| Value::Int((n * 7919 + tag * 104_729) % 1_000_003));
        let record = Document::new().with("_id", format!("f{n:05}")).with("rid", "many");
        record.with("size", n).with("tags", tags.collect::<Vec<Value>>())
    });
    index.put_many(records).unwrap();
    index
});

/// How long the work went on once it was told to stop; nothing if it was done before that. It is the time that
/// the processor spent on it where the system tells that: a busy machine has others to serve meanwhile.
type Ended = Option<Duration>;

type Ask<'a> = &'a dyn Fn(Lookup) -> Result<(), Error>;

/// Runs the work; after that time another thread does something, at which moment the measuring begins.
fn measured(
    after: Duration,
    work: impl FnOnce() -> Result<(), Error>,
    then: impl FnOnce() + Send + 'static,
) -> (Result<(), Error>, Duration) {
    let worker = fs::read_link("/proc/thread-self").ok();
    let spent = move || worker.as_ref().and_then(|worker| spent_by(worker));
    let spent_until = spent.clone();
    let other = thread::spawn(move || {
        thread::sleep(after);
        let begun = (Instant::now(), spent_until());
        then();
        begun
    });
    let outcome = work();
    let (ended, spent_in_all) = (Instant::now(), spent());
    let (begun, spent_until) = other.join().unwrap();
    let spent = spent_in_all.zip(spent_until).map(|(all, until)| all.saturating_sub(until));
    (outcome, spent.unwrap_or(ended.saturating_duration_since(begun)))
}

/// The time that the processor spent on a thread so far, to within a tick of some milliseconds.
fn spent_by(thread: &Path) -> Option<Duration> {
    let text = fs::read_to_string(Path::new("/proc").join(thread).join("schedstat")).ok()?;
    text.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

fn by_flag(lookup: Lookup, after: Duration, ask: Ask<'_>) -> Ended {
    let cancel = Cancel::default();
    let lookup = lookup.cancel(cancel.clone());
    let (outcome, late) = measured(after, || ask(lookup), move || cancel.cancel());
    let error = outcome.err()?;
    assert_eq!(error.kind(), ErrorKind::Cancelled, "{error}");
    Some(late)
}

fn by_time(lookup: Lookup, after: Duration, ask: Ask<'_>) -> Ended {
    let started = Instant::now();
    let (outcome, late) = measured(after, || ask(lookup.time(after)), || ());
    let error = outcome.err()?;
    let limit = error.query().expect("a fault of the query").limit_name();
    assert_eq!(limit, Some("time"), "{error}");
    assert!(started.elapsed() >= after, "sooner than its time");
    Some(late)
}

/// Ends that work again and again, by its flag and by its time, each time somewhere else.
fn ends_soon(name: &str, lookup: impl Fn() -> Lookup, ask: impl Fn(Lookup) -> Result<(), Error>) {
    type End = fn(Lookup, Duration, Ask<'_>) -> Ended;
    let ways: [(&str, End); 2] = [("flag", by_flag), ("time", by_time)];
    for (way, end) in ways {
        let (mut late, mut after) = (Vec::new(), Duration::from_millis(60));
        while late.len() < TIMES {
            // Some work is soon done, here or on another machine: it must be told sooner.
            match end(lookup(), after, &ask) {
                Some(ended) => {
                    late.push(ended);
                    after = after * 9 / 10;
                }
                None => after /= 2,
            }
            if after < Duration::from_millis(1) {
                assert!(!late.is_empty(), "{name}: done before it could be ended by its {way}");
                break;
            }
        }
        late.sort();
        let (median, worst) = (late[late.len() / 2], late[late.len() - 1]);
        println!("{name}, by its {way}: {median:.2?} median, {worst:.2?} worst of {}", late.len());
        assert!(worst < SOON, "{name}, by its {way}: {worst:?}");
    }
}

fn json(lookup: Lookup) -> Result<(), Error> {
    lookup.json().map(drop)
}

fn page(lookup: Lookup) -> Result<(), Error> {
    lookup.page().map(drop)
}

fn walk(lookup: Lookup) -> Result<(), Error> {
    lookup.iter()?.try_for_each(|found| found.map(drop))
}

#[test]
fn a_search_that_never_goes_back_ends_within_one_text() {
    let pattern = r#"{"text":{"$regex":"(?:[ab]{40}|a[ab]{90}b){3}a[ab]{60}c"}}"#;
    ends_soon("linear search", || INDEX.room("long").query(pattern).unwrap(), json);
    let fields = r#"{"x":{"$regexFind":{"input":"$text","regex":"(?:([ab]{40})|a([ab]{90})b){3}a[ab]{60}c"}}}"#;
    ends_soon("linear captures", || INDEX.room("long").fields(fields).unwrap(), json);
}

#[test]
fn a_search_that_goes_back_ends_within_one_text() {
    let pattern = r#"{"as":{"$regex":"^(?:(a|aa)+)+\\1b$"}}"#;
    ends_soon("search going back", || INDEX.room("long").query(pattern).unwrap(), json);
    let called =
        format!(r#"{{"as":{{"$regex":"^(a|aa)(?(DEFINE){})(?:(?1))*b$"}}}}"#, "()".repeat(900));
    ends_soon("search with calls", || INDEX.room("long").query(&called).unwrap(), json);
}

#[test]
fn a_sort_of_many_records_ends_within() {
    let sorted = || INDEX.room("many").sort(r#"{"tags":-1}"#).unwrap();
    ends_soon("sort", sorted, json);
    ends_soon("sort of a page", move || sorted().count(10), page);
    ends_soon("sort of a walk", sorted, walk);
}

#[test]
fn a_computed_field_ends_within_one_record() {
    let inner = r#"{"$size":{"$map":{"input":{"$range":[0,10000]},"in":{"$add":["$$this",1]}}}}"#;
    let map = format!(r#"{{"x":{{"$map":{{"input":{{"$range":[0,10000]}},"in":{inner}}}}}}}"#);
    ends_soon("$map", || INDEX.room("long").fields(&map).unwrap(), json);
    let reduce = format!(
        r#"{{"x":{{"$reduce":{{"input":{{"$range":[0,10000]}},"initialValue":0,"in":{{"$add":["$$value",{inner}]}}}}}}}}"#
    );
    ends_soon("$reduce", || INDEX.room("long").fields(&reduce).unwrap(), page);
    let texts = r#"{"x":{"$reduce":{"input":{"$range":[0,1000]},"initialValue":0,"in":{"$add":["$$value",{"$strLenBytes":{"$toUpper":{"$replaceAll":{"input":"$text","find":"ab","replacement":"ba"}}}}]}}}}"#;
    ends_soon("long texts", || INDEX.room("long").fields(texts).unwrap(), json);
    let arrays = r#"{"x":{"$reduce":{"input":{"$range":[0,1000]},"initialValue":0,"in":{"$add":["$$value",{"$size":{"$setUnion":[{"$range":[0,{"$add":[300000,"$$this"]}]},{"$reverseArray":{"$range":[0,300000]}}]}}]}}}}"#;
    ends_soon("long arrays", || INDEX.room("long").fields(arrays).unwrap(), json);
    let mapped = map.strip_prefix(r#"{"x":"#).and_then(|map| map.strip_suffix('}')).unwrap();
    let expr = format!(r#"{{"$expr":{{"$gt":[{{"$sum":{mapped}}},-1]}}}}"#);
    ends_soon("$expr", || INDEX.room("long").query(&expr).unwrap(), json);
}

#[test]
fn a_walk_over_all_records_ends_within() {
    let fields = r#"{"x":{"$sum":{"$map":{"input":"$tags","in":{"$multiply":["$$this",2]}}}}}"#;
    ends_soon("walk", || INDEX.room("many").fields(fields).unwrap(), walk);
    let slow = |lookup: Lookup| {
        // The host's own time counts, too; records that are ready are not handed over any more.
        lookup.iter()?.try_for_each(|found| {
            thread::sleep(Duration::from_millis(1));
            found.map(drop)
        })
    };
    ends_soon("walk of a slow host", || INDEX.room("many"), slow);
}

#[test]
fn showing_many_records_ends_within() {
    let fields = r#"{"x":{"$sum":{"$map":{"input":"$tags","in":{"$multiply":["$$this",2]}}}}}"#;
    let shown = || INDEX.room("many").fields(fields).unwrap();
    ends_soon("computed fields as JSON", shown, json);
    ends_soon("computed fields as records", shown, page);
    ends_soon("records as they are", || INDEX.room("many"), page);
    let excluded = || INDEX.room("many").fields(r#"{"size":0}"#).unwrap();
    ends_soon("a field left out as JSON", excluded, json);
}

#[test]
fn an_update_of_all_ends_within_one_record() {
    let index = Filedex::options().limits(unlimited()).temporary().unwrap();
    let length = if cfg!(debug_assertions) { 100_000 } else { 800_000 };
    let tags = (0..length).map(|tag: i64| Value::Int((tag * 104_729 % 1_000_003) as i32));
    let record = Document::new().with("_id", "long").with("rid", "long");
    index.put(&record.with("tags", tags.collect::<Vec<Value>>())).unwrap();
    for (name, update) in [
        ("$push with $sort", r#"{"$push":{"tags":{"$each":[],"$sort":-1}}}"#),
        ("$pull", r#"{"$pull":{"tags":{"$lt":-1}}}"#),
        ("$pullAll", r#"{"$pullAll":{"tags":[-1,-2]}}"#),
        ("$[]", r#"{"$max":{"tags.$[]":-1}}"#),
        ("a stage", r#"[{"$set":{"tags":{"$setUnion":["$tags","$tags"]}}},{"$unset":"x"}]"#),
    ] {
        let update_all = |lookup: Lookup| lookup.update_all(update).map(drop);
        ends_soon(name, || index.room("long"), update_all);
    }
}

/// A store with nothing in memory yet, and many records.
fn checkpointed(directory: &TempDir, options: &Options) {
    let store = Store::open(directory.path(), options).unwrap();
    let records = if cfg!(debug_assertions) { 20_000 } else { 150_000 };
    let records = (0..records).map(|n| {
        let record = Document::new().with("_id", format!("f{n:06}")).with("rid", "r");
        let record = record.with("size", n).with("pages", n);
        record.with("name", format!("{n}.png")).with("extension", "png")
    });
    store.put_many(records).unwrap();
    store.checkpoint().unwrap();
    store.close().unwrap();
}

#[test]
fn reading_a_long_record_from_its_block_ends_within() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), &Options::default()).unwrap();
    store.put(&long()).unwrap();
    store.checkpoint().unwrap();
    store.close().unwrap();
    let opened = || {
        let index = Filedex::options().limits(unlimited()).open(directory.path()).unwrap();
        index.room("long")
    };
    ends_soon("a long record", opened, json);
    let searched = || opened().query(r#"{"text":{"$regex":"c$"}}"#).unwrap();
    ends_soon("a long record searched", searched, json);
    let sorted = || opened().sort(r#"{"text":-1}"#).unwrap();
    ends_soon("a long record sorted", sorted, page);
}

#[test]
fn columns_being_made_or_read_end_within() {
    let directory = tempfile::tempdir().unwrap();
    checkpointed(&directory, &Options::default());
    // Of pages no columns lie on the disk.
    for (field, what) in [("pages", "columns made"), ("size", "columns read")] {
        let filter = format!(r#"{{"{field}":{{"$lt":0}},"name":"x","extension":{{"$ne":"x"}}}}"#);
        let opened = || {
            let index = Filedex::open(directory.path()).unwrap();
            index.all().query(&filter).unwrap()
        };
        // It is columns that are looked at here, and records that they are made of.
        let explain = opened().explain().unwrap();
        assert!(explain.records_in_columns > 10_000);
        assert_eq!(explain.records_decoded > 10_000, field == "pages", "{explain}");
        ends_soon(what, opened, |lookup| lookup.total().map(drop));
        ends_soon(&format!("{what} for a page"), opened, page);
    }
}
