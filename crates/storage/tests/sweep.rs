//! Removing and changing all records of a plan: what a model says, each record once, in whole steps.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::support::{filter, plan, record};
use filedex_query::{Date, Document, Environment, Matcher, Value};
use filedex_storage::{Cancel, Error, ErrorKind, Options, Store, Watch};
use proptest::prelude::*;

fn small_store() -> Store {
    let mut options = Options::default();
    options.write_buffer_bytes = 64 << 10;
    Store::temporary(&options).unwrap()
}

/// A store of these records, in its memtable or all in blocks.
fn store_of(records: &[Document], settled: bool) -> Store {
    let store = small_store();
    store.put_many(records.iter().cloned()).unwrap();
    if settled {
        store.checkpoint().unwrap();
    }
    store
}

fn model_of(records: &[Document]) -> BTreeMap<String, Document> {
    records
        .iter()
        .map(|record| (record.get_str("_id").unwrap().to_owned(), record.clone()))
        .collect()
}

fn all(store: &Store) -> BTreeMap<String, Document> {
    let records = store.cursor(&plan("{}", "{}"), &Watch::default()).unwrap();
    model_of(&records.map(Result::unwrap).collect::<Vec<_>>())
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 200, ..ProptestConfig::with_cases(60) })]

    #[test]
    fn all_that_match_are_removed_and_nothing_else(
        records in proptest::collection::vec(record(), 0..120),
        filter in filter(),
        settled in any::<bool>(),
    ) {
        let store = store_of(&records, settled);
        let mut model = model_of(&records);
        let plan = plan(&filter, "{}");
        let matcher = Matcher::compile(plan.filter(), &Environment::default()).unwrap();
        let before = model.len();
        model.retain(|_, record| !matcher.matches(record.view()).unwrap());
        let sweep = store.remove_all(&plan, &Watch::default(), &mut |_| ()).unwrap();
        prop_assert_eq!(sweep.changed, (before - model.len()) as u64);
        prop_assert_eq!(sweep.matched, sweep.changed);
        prop_assert_eq!(all(&store), model);
        let report = store.verify(&mut |_, _| ()).unwrap();
        prop_assert!(report.is_clean(), "{:?}", report.problems);
    }

    #[test]
    fn all_that_match_are_changed_once_also_where_that_moves_them_on_the_way(
        records in proptest::collection::vec(record(), 0..120),
        filter in filter(),
        later in any::<bool>(),
        settled in any::<bool>(),
    ) {
        let store = store_of(&records, settled);
        let mut model = model_of(&records);
        let plan = plan(&filter, "{}");
        let matcher = Matcher::compile(plan.filter(), &Environment::default()).unwrap();
        let change = |mut record: Document| {
            let moved = match record.get("uploadedAt") {
                Some(Value::Date(date)) => date.0 + if later { 100 } else { -100 },
                _ => 0,
            };
            record.set("uploadedAt", Date(moved));
            record.set("rid", if later { "A" } else { "Z" });
            let changes = match record.get("changes") { Some(Value::Int(changes)) => *changes, _ => 0 };
            record.set("changes", changes + 1);
            record
        };
        let mut matched = 0;
        for record in model.values_mut() {
            if matcher.matches(record.view()).unwrap() {
                *record = change(record.clone());
                matched += 1;
            }
        }
        let sweep = store.change_all::<Error>(
            &plan, &Watch::default(), &mut |record, _| Ok(change(record)), &mut |_| (),
        ).unwrap();
        prop_assert_eq!((sweep.matched, sweep.changed), (matched, matched));
        prop_assert_eq!(all(&store), model);
        let report = store.verify(&mut |_, _| ()).unwrap();
        prop_assert!(report.is_clean(), "{:?}", report.problems);
    }
}

/// So many records of room `r`.
fn filled(records: u32) -> Store {
    let store = small_store();
    let record = |number: u32| {
        let record = Document::new().with("_id", format!("{number:06}")).with("rid", "r");
        record.with("uploadedAt", Date(i64::from(number))).with("count", 0)
    };
    store.put_many((0..records).map(record)).unwrap();
    store.put(&Document::new().with("_id", "other").with("rid", "s")).unwrap();
    store
}

#[test]
fn a_reader_sees_whole_steps_of_a_room_that_goes() {
    let store = filled(6000);
    let (room, done) = (plan(r#"{"rid":"r"}"#, "{}"), AtomicBool::new(false));
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut last = 6000;
            while !done.load(Ordering::Relaxed) {
                let total = store.total(&room, &Watch::default()).unwrap();
                assert_eq!(total % 1000, 0, "half a step shows");
                assert!(total <= last);
                last = total;
            }
        });
        let mut steps = Vec::new();
        store.remove_all(&room, &Watch::default(), &mut |sweep| steps.push(sweep.changed)).unwrap();
        assert_eq!(steps, [1000, 2000, 3000, 4000, 5000, 6000]);
        done.store(true, Ordering::Relaxed);
        reader.join().unwrap();
    });
    assert_eq!(store.stats().unwrap().records, 1);
}

#[test]
fn what_others_write_meanwhile_is_neither_lost_nor_overwritten() {
    let store = filled(4000);
    let (room, done) = (plan(r#"{"rid":"r"}"#, "{}"), AtomicBool::new(false));
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut rounds = 0;
            while !done.load(Ordering::Relaxed) {
                for number in (0..4000).step_by(7) {
                    let add = |record: &mut Document| {
                        let Some(Value::Int(count)) = record.get("count").cloned() else { return };
                        record.set("count", count + 1);
                    };
                    store.update(&format!("{number:06}"), add).unwrap();
                }
                rounds += 1;
            }
            rounds
        });
        let mut add = |mut record: Document, _| {
            let Some(Value::Int(count)) = record.get("count").cloned() else { return Ok(record) };
            record.set("count", count + 10_000);
            Ok::<_, Error>(record)
        };
        for _ in 0..3 {
            let sweep = store.change_all(&room, &Watch::default(), &mut add, &mut |_| ()).unwrap();
            assert_eq!((sweep.matched, sweep.changed), (4000, 4000));
        }
        done.store(true, Ordering::Relaxed);
        let rounds = writer.join().unwrap();
        for number in 0..4000 {
            let record = store.get(&format!("{number:06}")).unwrap().unwrap();
            let expected = 30_000 + if number % 7 == 0 { rounds } else { 0 };
            assert_eq!(record.get("count"), Some(&Value::Int(expected)), "{number}");
        }
    });
    assert!(store.verify(&mut |_, _| ()).unwrap().is_clean());
}

#[test]
fn a_record_that_stops_matching_before_its_turn_stays() {
    let store = filled(2500);
    let room = plan(r#"{"rid":"r"}"#, "{}");
    let mut first = true;
    let mut progress = |_| {
        // Between the steps somebody takes records out of the room: the newest come first.
        if std::mem::replace(&mut first, false) {
            for number in 0..100 {
                store.update(&format!("{number:06}"), |record| record.set("rid", "s")).unwrap();
            }
        }
    };
    let sweep = store.remove_all(&room, &Watch::default(), &mut progress).unwrap();
    assert_eq!(sweep.changed, 2400);
    assert_eq!(store.total(&plan(r#"{"rid":"s"}"#, "{}"), &Watch::default()).unwrap(), 101);
}

#[test]
fn a_sweep_that_is_cancelled_or_refused_leaves_whole_steps() {
    let store = filled(3000);
    let room = plan(r#"{"rid":"r"}"#, "{}");
    let cancel = Cancel::default();
    let watch = Watch { cancel: Some(cancel.clone()), ..Watch::default() };
    let error = store.remove_all(&room, &watch, &mut |_| cancel.cancel()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert_eq!(store.total(&room, &Watch::default()).unwrap(), 2000);

    // The newest come first, so that it is met in the second step.
    let mut change = |record: Document, _| match record.get_str("_id") {
        Some("000500") => Err(store.put(&Document::new()).unwrap_err()),
        _ => Ok(record.with("changed", true)),
    };
    let error = store.change_all(&room, &Watch::default(), &mut change, &mut |_| ()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRecord);
    let changed = plan(r#"{"rid":"r","changed":true}"#, "{}");
    assert_eq!(store.total(&changed, &Watch::default()).unwrap(), 1000);
    let mut renames = |mut record: Document, _| {
        record.set("_id", "another");
        Ok::<_, Error>(record)
    };
    let error = store.change_all(&room, &Watch::default(), &mut renames, &mut |_| ()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRecord);
}
