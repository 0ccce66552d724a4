//! Everything at once, and the host's own faults in between: answers stay of one state, and nobody
//! waits for ever.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use filedex_query::{Date, Document, Environment, Filter, Plan, Projection, Sort, Value};
use filedex_storage::{Cancel, Durability, ErrorKind, Options, Store, Watch, Window};

/// Runs the work on a thread of its own, which must come to an end.
fn ends(work: impl FnOnce() + Send + 'static) {
    let (sender, receiver) = channel();
    let thread = thread::spawn(move || {
        let ended = catch_unwind(AssertUnwindSafe(work));
        let _ = sender.send(());
        ended
    });
    assert!(receiver.recv_timeout(Duration::from_secs(60)).is_ok(), "somebody waits for ever");
    if let Ok(Err(fault)) = thread.join() {
        std::panic::resume_unwind(fault);
    }
}

fn plan(filter: &str, sort: &str) -> Plan {
    let environment = Environment::default();
    let filter = Filter::parse_text(filter, &environment).unwrap();
    let sort = Sort::parse_text(sort, &environment).unwrap();
    Plan::compile(filter, Projection::everything(), sort, &environment).unwrap()
}

fn file(number: i64) -> Document {
    Document::new()
        .with("_id", format!("f{number}"))
        .with("rid", format!("r{}", number % 5))
        .with("userId", format!("u{}", number % 3))
        .with("uploadedAt", Date(number))
        .with("name", "x".repeat((number % 40) as usize * 50))
}

/// A store with little memory, so that it moves its content about often.
fn small() -> Options {
    let mut options = Options::default();
    options.cache_bytes = 256 << 10;
    options.write_buffer_bytes = 64 << 10;
    options
}

/// The two halves of a pair, which are always written together.
fn pair(number: i64, round: i64) -> [Document; 2] {
    ["left", "right"].map(|side| {
        Document::new()
            .with("_id", format!("p{number}-{side}"))
            .with("rid", format!("pairs{}", round % 2))
            .with("userId", "pairs")
            .with("uploadedAt", Date(number))
            .with("pair", number)
            .with("round", round)
    })
}

/// All pairs, or the fault that would be seen.
fn assert_whole(documents: &[Document], total: u64) {
    assert_eq!((documents.len(), total), (40, 40));
    let mut rounds: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for document in documents {
        let pair = format!("{:?}", document.get("pair").unwrap());
        rounds.entry(pair).or_default().push(document.get("round").unwrap().clone());
    }
    let torn = rounds.iter().find(|(_, rounds)| rounds[0] != rounds[1]);
    assert!(torn.is_none(), "a torn pair: {torn:?}");
}

#[test]
fn readers_writers_scans_and_removes_do_not_meet() {
    ends(|| {
        let store = Store::temporary(&small()).unwrap();
        store.put_many((0..2_000).map(file)).unwrap();
        store.put_many((0..20).flat_map(|number| pair(number, 0))).unwrap();
        let stop = AtomicBool::new(false);
        let going = || !stop.load(Ordering::Relaxed);
        let (store, going) = (&store, &going);
        thread::scope(|scope| {
            scope.spawn(move || {
                for round in (1..).take_while(|_| going()) {
                    store.put_many((0..20).flat_map(|number| pair(number, round))).unwrap();
                }
            });
            for writer in 0..2 {
                scope.spawn(move || {
                    for number in (writer..).step_by(2).take_while(|_| going()) {
                        let number = number * 7 % 2_000;
                        store.put(&file(number).with("again", true)).unwrap();
                        store.remove(&format!("f{}", (number + 900) % 2_000)).unwrap();
                        let id = format!("f{number}");
                        store.update(&id, |record| record.set("rid", "r1")).unwrap();
                    }
                });
            }
            scope.spawn(move || {
                while going() {
                    store.remove_many((0..200).map(|number| format!("f{number}"))).unwrap();
                    store.put_many((0..200).map(file)).unwrap();
                }
            });
            for reader in 0..4 {
                let (filter, sort) = [
                    (r#"{"userId":"pairs"}"#, "{}"),
                    (r#"{"rid":{"$in":["pairs0","pairs1"]}}"#, r#"{"uploadedAt":1}"#),
                    (r#"{"pair":{"$gte":0}}"#, r#"{"round":1}"#),
                    (r#"{"userId":"pairs","round":{"$gte":0}}"#, r#"{"uploadedAt":-1}"#),
                ][reader];
                scope.spawn(move || {
                    let plan = plan(filter, sort);
                    while going() {
                        let page = store.page(&plan, Window::all(), &Watch::default()).unwrap();
                        assert_whole(&page.documents, page.total);
                    }
                });
            }
            scope.spawn(move || {
                while going() {
                    let ids = store.cursor(&plan("{}", "{}"), &Watch::default()).unwrap();
                    assert!(ids.map(Result::unwrap).count() > 40);
                    let report = store.verify(&mut |_, _| ()).unwrap();
                    assert!(report.is_clean(), "{:?}", report.problems);
                    store.stats().unwrap();
                    store.flush().unwrap();
                }
            });
            thread::sleep(Duration::from_secs(3));
            stop.store(true, Ordering::Relaxed);
        });
        assert!(store.verify(&mut |_, _| ()).unwrap().is_clean());
    });
}

#[test]
fn a_callback_that_panics_leaves_everything_usable() {
    ends(|| {
        let site = tempfile::tempdir().unwrap();
        let store = Store::open(site.path().join("store"), &Options::default()).unwrap();
        store.put_many((0..500).map(file)).unwrap();
        let panics = |work: &dyn Fn()| {
            assert!(
                catch_unwind(AssertUnwindSafe(work)).is_err(),
                "the host's fault was swallowed"
            );
            // Reading and writing go on.
            assert_eq!(store.get("f7").unwrap(), Some(file(7)));
            store.put(&file(7).with("again", 1)).unwrap();
            store.put(&file(7)).unwrap();
        };
        panics(&|| drop(store.update("f1", |_| panic!("in an update"))));
        panics(&|| drop(store.verify(&mut |_, _| panic!("in verify's progress"))));
        panics(&|| {
            drop(store.backup(site.path().join("b"), &mut |_, _| panic!("in backup's progress")));
        });
        panics(&|| {
            let records = (500..2_000).map(|number| match number {
                1_777 => panic!("in the records"),
                number => file(number),
            });
            drop(store.put_many(records));
        });
        panics(&|| drop(store.remove_many((0..9).map(|_| panic!("in the ids")))));
        panics(&|| {
            let all = plan("{}", "{}");
            let visitor = &mut |_: &[u8], _| panic!("in a visitor");
            drop(store.texts(&all, Window::all(), &Watch::default(), visitor));
        });
        assert!(!site.path().join("b").exists());
        // What came before the panic went in by whole writes.
        assert_eq!(store.stats().unwrap().records, 1_500);
        assert!(store.verify(&mut |_, _| ()).unwrap().is_clean());
    });
}

#[test]
fn a_callback_reads_the_store_that_calls_it_and_writes_to_it() {
    ends(|| {
        let site = tempfile::tempdir().unwrap();
        let [store, other] = [small(), small()].map(|options| Store::temporary(&options).unwrap());
        store.put_many((0..3_000).map(file)).unwrap();
        let (stop, store, other) = (AtomicBool::new(false), &store, &other);
        let callback = || {
            // While somebody waits to write.
            assert_eq!(store.get("f7").unwrap(), Some(file(7)));
            let page = store.page(&plan("{}", "{}"), Window::all(), &Watch::default()).unwrap();
            assert!((2_999..=3_000).contains(&page.total));
            store.flush().unwrap();
            // Nobody waits for who reads, so that who reads may write.
            store.put(&file(2).with("called", true)).unwrap();
            store.remove("f3").unwrap();
            store.put(&file(3)).unwrap();
            store.backup(site.path().join("c"), &mut |_, _| ()).unwrap();
            other.put(&file(1)).unwrap();
        };
        thread::scope(|scope| {
            scope.spawn(|| {
                for number in (0..).take_while(|_| !stop.load(Ordering::Relaxed)) {
                    store.put(&file(100).with("round", number)).unwrap();
                }
            });
            let mut calls = 0;
            for _ in 0..3 {
                let mut some = || {
                    calls += 1;
                    if calls % 800 == 0 {
                        callback();
                    }
                };
                store.verify(&mut |_, _| some()).unwrap();
                store.backup(site.path().join("b"), &mut |_, _| some()).unwrap();
                let all = plan("{}", "{}");
                let window = Window { offset: 0, count: Some(200) };
                store.marked(&all, window, &Watch::default(), &mut |_| some()).unwrap();
            }
            assert!(calls > 200, "{calls}");
            stop.store(true, Ordering::Relaxed);
        });
        store.put(&file(1)).unwrap();
    });
}

#[test]
fn records_that_ask_the_store_they_go_into_do_not_wait_for_it() {
    ends(|| {
        let store = Store::temporary(&Options::default()).unwrap();
        store.put_many((0..300).map(file)).unwrap();
        let others = (0..300).map(|number| {
            let record = store.get(&format!("f{number}")).unwrap().unwrap();
            store.put(&file(1_000 + number)).unwrap();
            record.with("copied", true)
        });
        store.put_many(others).unwrap();
        assert_eq!(store.stats().unwrap().records, 600);
        let ids = store.cursor(&plan("{}", "{}"), &Watch::default()).unwrap().map(|record| {
            let id = record.unwrap().get_str("_id").unwrap().to_owned();
            store.remove(&id).unwrap();
            id
        });
        store.remove_many(ids).unwrap();
        assert_eq!(store.stats().unwrap().records, 0);
    });
}

#[test]
fn errors_under_way_keep_nobody_waiting() {
    ends(|| {
        let store = Store::temporary(&small()).unwrap();
        store.put_many((0..500).map(file)).unwrap();
        let store = &store;
        thread::scope(|scope| {
            for writer in 0..3_i64 {
                scope.spawn(move || {
                    for round in 0..50 {
                        let bad = Document::new().with("_id", "");
                        let records = [file(round), bad, file(round + 1)];
                        let error = store.put_many(records).unwrap_err();
                        assert_eq!(error.kind(), ErrorKind::InvalidRecord);
                        store.put_with(&file(round * 3 + writer), Durability::Durable).unwrap();
                    }
                });
            }
            for _ in 0..2 {
                scope.spawn(move || {
                    let slow = plan(r#"{"name":{"$regex":"(x+)+y"}}"#, r#"{"name":1}"#);
                    for _ in 0..50 {
                        let cancel = Cancel::default();
                        cancel.cancel();
                        let watch = Watch { cancel: Some(cancel), ..Watch::default() };
                        let error = store.page(&slow, Window::all(), &watch).unwrap_err();
                        assert_eq!(error.kind(), ErrorKind::Cancelled);
                        let watch = Watch { documents_examined: Some(10), ..Watch::default() };
                        let error = store.page(&slow, Window::all(), &watch).unwrap_err();
                        assert_eq!(error.kind(), ErrorKind::Query);
                    }
                });
            }
        });
        assert!(store.verify(&mut |_, _| ()).unwrap().is_clean());
    });
}

#[test]
fn a_store_closes_with_its_last_handle_wherever_that_is_dropped() {
    ends(|| {
        let site = tempfile::tempdir().unwrap();
        let path = site.path().join("store");
        for round in 0..20_i64 {
            let store = Store::open(&path, &small()).unwrap();
            assert_eq!(store.stats().unwrap().records, round as u64 * 10);
            let handles = (0..10).map(|number| (store.clone(), number));
            let threads: Vec<_> = handles
                .map(|(store, number)| {
                    thread::spawn(move || {
                        store.put(&file(round * 10 + number)).unwrap();
                        // Some are dropped while they read.
                        let mut records =
                            store.cursor(&plan("{}", "{}"), &Watch::default()).unwrap();
                        drop(store);
                        records.next().unwrap().unwrap();
                    })
                })
                .collect();
            drop(store);
            threads.into_iter().for_each(|thread| thread.join().unwrap());
        }
    });
}

#[test]
fn a_cursor_keeps_its_store_open() {
    ends(|| {
        let site = tempfile::tempdir().unwrap();
        let path = site.path().join("store");
        let store = Store::open(&path, &Options::default()).unwrap();
        store.put_many((0..1_000).map(file)).unwrap();
        let mut records = store.cursor(&plan("{}", "{}"), &Watch::default()).unwrap();
        records.next().unwrap().unwrap();
        drop(store);
        let error = Store::open(&path, &Options::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyOpen);
        assert_eq!(records.by_ref().map(Result::unwrap).count(), 999);
        drop(records);
        let store = Store::open(&path, &Options::default()).unwrap();
        assert_eq!(store.stats().unwrap().records, 1_000);
    });
}
