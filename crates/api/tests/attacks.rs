//! What strangers tried to stop or to kill a host with, each at the default limits and past the one that
//! catches it first: all of it ends soon, with an error that says why, in the memory that the limits add up to.
//!
//! A test binary of its own: its allocator counts, and one attack runs after the other.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use std::fmt::Debug;
use std::time::{Duration, Instant};

use filedex::{Document, Error, Filedex, Limits, Lookup, Value};
use parking_lot::{Mutex, MutexGuard};
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Held by the attack that runs.
static ALONE: Mutex<()> = Mutex::new(());

/// What may be allocated beside what the account hears of: caches of the store, errors, small buffers.
const SLACK: usize = 8 << 20;

/// Far more than an attack may take, on a busy machine and without optimisation.
const SOON: Duration = Duration::from_secs(if cfg!(debug_assertions) { 20 } else { 5 });

struct Room {
    index: Filedex,
    limits: Limits,
    _alone: MutexGuard<'static, ()>,
}

impl Room {
    /// A room with so many records, one of them with 9,000 numbers.
    fn of(records: usize, change: impl FnOnce(&mut Limits)) -> Room {
        let alone = ALONE.lock();
        let mut limits = Limits::default();
        change(&mut limits);
        let index = Filedex::options().limits(limits.clone()).temporary().unwrap();
        let record = |n| Document::new().with("_id", format!("f{n:05}")).with("rid", "r");
        index.put_many((0..records).map(|n| record(n).with("size", n as i32))).unwrap();
        let numbers: Vec<Value> = (0..9000).map(Value::Int).collect();
        index.put(&record(0).with("numbers", numbers)).unwrap();
        Room { index, limits, _alone: alone }
    }

    /// Attacks, and says what it came to: the error's limit.
    fn attacked<T: Debug>(
        &self,
        name: &str,
        attack: impl FnOnce(Lookup) -> Result<T, Error>,
    ) -> Option<&'static str> {
        let before = MEMORY.current_usage();
        MEMORY.reset_peak_usage();
        let started = Instant::now();
        let outcome = attack(self.index.room("r"));
        let (took, peak) = (started.elapsed(), MEMORY.peak_usage().saturating_sub(before));
        let error = outcome.map(drop).err();
        println!("{name}: {took:.1?}, {} KiB, {error:?}", peak >> 10);
        assert!(took < SOON, "{name}: {took:?}");
        // A reply's text is copied as it grows.
        let allowed = self.limits.request_bytes + 3 * self.limits.reply_bytes + SLACK;
        assert!(peak < allowed, "{name}: {peak} bytes");
        let error = error?;
        error.query().expect("a fault of the query").limit_name()
    }
}

/// An array's text of 2 letters, doubled so many times.
fn doubled(times: usize) -> String {
    format!(
        r#"{{"$reduce":{{"input":{{"$range":[0,{times}]}},"initialValue":"ab","in":{{"$concat":["$$value","$$value"]}}}}}}"#
    )
}

fn calling(groups: usize) -> String {
    format!("(a|b)(?(DEFINE){})(?:(?1))*c", "()".repeat(groups))
}

/// A field that searches 32 kB of text for that pattern.
fn searching(groups: usize) -> String {
    let (text, pattern) = (doubled(14), calling(groups));
    format!(r#"{{"x":{{"$regexMatch":{{"input":{text},"regex":"{pattern}"}}}}}}"#)
}

/// A field that keeps what each group found in each of 9,000 numbers.
fn mapping(groups: usize) -> String {
    let pattern = format!("^{}", "()".repeat(groups));
    let find =
        format!(r#"{{"$regexFind":{{"input":{{"$toString":"$$this"}},"regex":"{pattern}"}}}}"#);
    format!(r#"{{"x":{{"$map":{{"input":"$numbers","in":{find}}}}}}}"#)
}

#[test]
fn a_pattern_with_15000_groups_and_a_call_is_refused_for_its_groups() {
    let room = Room::of(3, |_| ());
    let limit = room.attacked("15,000 groups", |lookup| lookup.fields(searching(15_000))?.json());
    assert_eq!(limit, Some("pattern_groups"));
    let filter = format!(r#"{{"name":{{"$regex":"{}"}}}}"#, calling(15_000));
    let limit = room.attacked("in a filter", |lookup| lookup.query(&filter)?.json());
    assert_eq!(limit, Some("pattern_groups"));
}

#[test]
fn a_pattern_with_as_many_groups_as_there_may_be_and_a_call_ends_soon() {
    let room = Room::of(3, |_| ());
    let limit = room.attacked("990 groups", |lookup| lookup.fields(searching(990))?.json());
    let bounds = ["pattern_search_bytes", "pattern_backtracks", "expression_steps"];
    assert!(bounds.contains(&limit.expect("an error")), "{limit:?}");
}

#[test]
fn a_pattern_with_15000_groups_and_a_call_ends_soon_also_where_groups_are_not_bounded() {
    let room = Room::of(3, |limits| {
        limits.pattern_groups = usize::MAX;
        limits.pattern_compiled_bytes = 64 << 20;
    });
    let limit = room.attacked("unbounded", |lookup| lookup.fields(searching(15_000))?.json());
    let bounds = ["pattern_search_bytes", "pattern_backtracks", "expression_steps"];
    assert!(bounds.contains(&limit.expect("an error")), "{limit:?}");
}

#[test]
fn all_records_with_a_text_doubled_twenty_times_end_at_the_size_of_a_reply() {
    let room = Room::of(3000, |_| ());
    let fields = format!(r#"{{"x":{}}}"#, doubled(20));
    let limit = room.attacked("as JSON", |lookup| lookup.fields(&fields)?.count(0).json());
    assert_eq!(limit, Some("reply_bytes"));
    let limit = room.attacked("as records", |lookup| {
        lookup.fields(&fields)?.count(0).page().map(|page| page.total)
    });
    assert_eq!(limit, Some("reply_bytes"));
    let limit = room.attacked("one by one", |lookup| {
        lookup
            .fields(&fields)?
            .iter()?
            .take(300)
            .try_fold(0, |sum, found| found.map(|found| sum + found.len()))
    });
    assert!([None, Some("request_bytes")].contains(&limit), "{limit:?}");
}

#[test]
fn a_map_that_searches_9000_numbers_is_refused_for_its_groups() {
    let room = Room::of(3, |_| ());
    let limit = room.attacked("map", |lookup| lookup.fields(mapping(15_000))?.json());
    assert_eq!(limit, Some("pattern_groups"));
}

#[test]
fn a_map_that_searches_9000_numbers_pays_before_it_builds() {
    let bounds = ["expression_bytes", "expression_steps", "request_bytes", "pattern_backtracks"];
    let room = Room::of(3, |_| ());
    let limit = room.attacked("map of 990", |lookup| lookup.fields(mapping(990))?.json());
    assert!(bounds.contains(&limit.expect("an error")), "{limit:?}");
    drop(room);
    let room = Room::of(3, |limits| {
        limits.pattern_groups = usize::MAX;
        limits.pattern_compiled_bytes = 64 << 20;
        limits.expression_steps = usize::MAX;
    });
    let limit = room.attacked("map of 15,000", |lookup| lookup.fields(mapping(15_000))?.json());
    assert!(bounds.contains(&limit.expect("an error")), "{limit:?}");
}

#[test]
fn a_costly_field_over_a_room_ends_with_its_time() {
    let room = Room::of(20_000, |_| ());
    let fields = r#"{"x":{"$size":{"$filter":{"input":{"$range":[0,15000]},"cond":{"$gt":["$$this","$size"]}}}}}"#;
    let second = Duration::from_secs(1);
    // All of it takes minutes; a machine that does something else for some seconds is no fault.
    let late = if cfg!(debug_assertions) { SOON / 2 } else { Duration::from_millis(100) };
    type Ask = fn(Lookup) -> Result<usize, Error>;
    let asks: [(&str, Ask); 3] = [
        ("as JSON", |lookup| lookup.json().map(|text| text.len())),
        ("as records", |lookup| lookup.page().map(|page| page.files.len())),
        ("one by one", |lookup| lookup.iter()?.try_fold(0, |sum, found| found.map(|_| sum + 1))),
    ];
    for (name, ask) in asks {
        let started = Instant::now();
        let limit = room.attacked(name, |lookup| ask(lookup.fields(fields)?.time(second)));
        let took = started.elapsed();
        assert_eq!(limit, Some("time"), "{name}");
        assert!(took >= second && took < second + late, "{name}: {took:?}");
    }
}
