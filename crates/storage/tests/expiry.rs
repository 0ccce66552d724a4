//! Records go at their dates, each when it is due and no other; a call costs what is due.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use super::support::plan;
use filedex_query::{Date, Document, Limits, Path, Value};
use filedex_storage::{Options, Store, Watch};
use proptest::prelude::*;

fn expire(store: &Store, now: i64) -> u64 {
    let due = format!(r#"{{"deletesAt":{{"$lte":{{"$date":{{"$numberLong":"{now}"}}}}}}}}"#);
    let path = Path::parse("deletesAt", &Limits::default()).unwrap();
    store.expire(&plan(&due, "{}"), &path, Date(now), &Watch::default()).unwrap()
}

fn record(id: u32, date: Option<i64>) -> Document {
    let record = Document::new().with("_id", format!("{id}")).with("rid", "r");
    match date {
        Some(date) => record.with("deletesAt", Date(date)),
        None => record,
    }
}

/// What happens to a store.
#[derive(Clone, Debug)]
enum Event {
    Put(u32, Option<i64>),
    Remove(u32),
    /// A value that is no date, or several.
    Odd(u32, i64),
    Expire(i64),
    /// So much is written that what is kept of writes does not reach back.
    Flood,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => (0..40u32, proptest::option::of(0..100i64)).prop_map(|(id, date)| Event::Put(id, date)),
        1 => (0..40u32).prop_map(Event::Remove),
        1 => (0..40u32, 0..100i64).prop_map(|(id, date)| Event::Odd(id, date)),
        3 => (0..100i64).prop_map(Event::Expire),
        1 => Just(Event::Flood),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 100, ..ProptestConfig::with_cases(40) })]

    #[test]
    fn what_is_due_goes_and_nothing_else(events in proptest::collection::vec(event(), 0..60)) {
        let store = Store::temporary(&Options::default()).unwrap();
        let mut model: BTreeMap<String, Option<i64>> = BTreeMap::new();
        for event in events {
            match event {
                Event::Put(id, date) => {
                    store.put(&record(id, date)).unwrap();
                    model.insert(id.to_string(), date);
                }
                Event::Remove(id) => {
                    store.remove(&id.to_string()).unwrap();
                    model.remove(&id.to_string());
                }
                Event::Odd(id, date) => {
                    let dates = [Value::from("never"), Date(date + 5).into(), Date(date).into()];
                    let odd = record(id, None).with("deletesAt", Value::Array(dates.to_vec()));
                    store.put(&odd).unwrap();
                    model.insert(id.to_string(), Some(date));
                }
                Event::Expire(now) => {
                    let before = model.len();
                    model.retain(|_, date| date.is_none_or(|date| date > now));
                    prop_assert_eq!(expire(&store, now), (before - model.len()) as u64);
                    prop_assert_eq!(expire(&store, now), 0);
                }
                Event::Flood => {
                    for step in 0..5 {
                        let flood = record(1000, None).with("text", "x".repeat((4 << 20) + step));
                        store.put(&flood).unwrap();
                    }
                    model.insert("1000".to_owned(), None);
                }
            }
            prop_assert_eq!(store.stats().unwrap().records, model.len() as u64);
        }
        prop_assert!(store.verify(&mut |_, _| ()).unwrap().is_clean());
    }
}

#[test]
fn more_records_than_are_known_at_once_go_all_the_same() {
    let store = Store::temporary(&Options::default()).unwrap();
    // Many have one date.
    store.put_many((0..24_000).map(|id| record(id, Some(i64::from(id / 2_000))))).unwrap();
    assert_eq!(expire(&store, -1), 0);
    assert_eq!(expire(&store, 2), 6_000);
    store.put(&record(1, Some(1))).unwrap();
    store.put(&record(2, Some(900))).unwrap();
    assert_eq!(expire(&store, 2), 1);
    assert_eq!(expire(&store, 100), 18_000);
    assert_eq!(expire(&store, 1_000), 1);
    assert_eq!(store.stats().unwrap().records, 0);
}
