//! Several changes as one write: it reads itself, shows as a whole or not at all, and no other writer comes
//! between.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::thread;

use super::support::{by_full_scan, filter, plan, record, sort, window};
use filedex_query::{Document, Value};
use filedex_storage::{Error, ErrorKind, Options, Put, Store, Watch, Window};
use proptest::prelude::*;

/// One step of a write.
#[derive(Clone, Debug)]
enum Step {
    Put(Document),
    Update(String, i32),
    Remove(String),
    Ask(String, String, Window),
}

fn step() -> impl Strategy<Value = Step> {
    let id = || (0..60u32).prop_map(|id| format!("f{id}"));
    prop_oneof![
        4 => record().prop_map(Step::Put),
        2 => (id(), 0..5i32).prop_map(|(id, size)| Step::Update(id, size)),
        2 => id().prop_map(Step::Remove),
        1 => (filter(), sort(), window()).prop_map(|(filter, sort, window)| Step::Ask(filter, sort, window)),
    ]
}

type Model = BTreeMap<String, Document>;

fn put(model: &mut Model, record: &Document) -> Put {
    let id = record.get_str("_id").unwrap().to_owned();
    match model.insert(id, record.clone()) {
        None => Put::Inserted,
        Some(before) if before == *record => Put::Unchanged,
        Some(_) => Put::Replaced,
    }
}

/// Writes the steps, comparing what the write says of itself with the model.
fn write(store: &Store, model: &Model, steps: &[Step], fails: bool) -> Result<Model, Error> {
    store.write(|batch| {
        let mut model = model.clone();
        for step in steps {
            match step {
                Step::Put(record) => assert_eq!(batch.put(record)?, put(&mut model, record)),
                Step::Update(id, size) => {
                    let done = batch.update(id, |record| record.set("size", *size))?;
                    let after = model.get(id).cloned().map(|mut record| {
                        record.set("size", *size);
                        record
                    });
                    assert_eq!(done, after.map(|after| put(&mut model, &after)));
                }
                Step::Remove(id) => assert_eq!(batch.remove(id)?, model.remove(id).is_some()),
                Step::Ask(filter, sort, window) => {
                    let plan = plan(filter, sort);
                    let page = batch.snapshot().page(&plan, *window, &Watch::default())?;
                    let records: Vec<Document> = model.values().cloned().collect();
                    let expected = by_full_scan(&records, &plan, *window);
                    assert_eq!((page.documents, page.total), expected, "{filter} {sort}");
                }
            }
            let id = "f7";
            assert_eq!(batch.get(id)?.as_ref(), model.get(id));
        }
        // An error of the host's, of any kind.
        if fails { batch.put(&Document::new()).map(|_| model) } else { Ok(model) }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 200, ..ProptestConfig::with_cases(40) })]

    #[test]
    fn a_write_reads_itself_and_shows_as_a_whole_or_not_at_all(
        writes in proptest::collection::vec(
            (proptest::collection::vec(step(), 0..20), any::<bool>(), any::<bool>()),
            1..8,
        ),
        (filter, sort) in (filter(), sort()),
    ) {
        let mut options = Options::default();
        options.write_buffer_bytes = 64 << 10;
        let store = Store::temporary(&options).unwrap();
        let mut model = Model::new();
        for (steps, fails, checkpoints) in writes {
            match write(&store, &model, &steps, fails) {
                Ok(after) => model = after,
                Err(error) => prop_assert_eq!(error.kind(), ErrorKind::InvalidRecord),
            }
            if checkpoints {
                store.checkpoint().unwrap();
            }
            let plan = plan(&filter, &sort);
            let page = store.page(&plan, Window::all(), &Watch::default()).unwrap();
            let records: Vec<Document> = model.values().cloned().collect();
            let expected = by_full_scan(&records, &plan, Window::all());
            prop_assert_eq!((page.documents, page.total), expected);
            for id in (0..60).map(|id| format!("f{id}")) {
                let stored = store.get(&id).unwrap();
                prop_assert_eq!(stored.as_ref(), model.get(&id));
            }
        }
        let report = store.verify(&mut |_, _| ()).unwrap();
        prop_assert!(report.is_clean(), "{:?}", report.problems);
    }
}

#[test]
fn no_other_writer_comes_between_what_a_write_reads_and_what_it_writes() {
    let store = Store::temporary(&Options::default()).unwrap();
    store.put(&Document::new().with("_id", "a").with("count", 0)).unwrap();
    thread::scope(|scope| {
        for writer in 0..8 {
            let store = &store;
            scope.spawn(move || {
                for round in 0..100 {
                    let added = store.write(|batch| {
                        let Some(Value::Int(count)) =
                            batch.get("a")?.unwrap().get("count").cloned()
                        else {
                            panic!("the count has gone");
                        };
                        batch.update("a", |record| record.set("count", count + 1))?;
                        batch.put(&Document::new().with("_id", format!("{writer}-{round}")))
                    });
                    assert_eq!(added.unwrap(), Put::Inserted);
                    store.put(&Document::new().with("_id", format!("beside-{writer}"))).unwrap();
                }
            });
        }
    });
    assert_eq!(store.get("a").unwrap().unwrap().get("count"), Some(&Value::Int(800)));
    assert!(store.verify(&mut |_, _| ()).unwrap().is_clean());
}

#[test]
fn what_would_wait_for_its_own_write_ends_with_an_error() {
    let store = Store::temporary(&Options::default()).unwrap();
    let record = Document::new().with("_id", "a");
    store
        .write(|batch| {
            batch.put(&record)?;
            for error in [
                store.put(&record).unwrap_err(),
                store.write(|batch| batch.put(&record)).unwrap_err(),
                store.checkpoint().unwrap_err(),
                store.changes(&plan("{}", "{}"), None).unwrap_err(),
            ] {
                assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
            }
            // Reading waits for nothing, and sees what was.
            assert!(store.get("a")?.is_none());
            Ok::<(), Error>(())
        })
        .unwrap();
    store.put(&Document::new().with("_id", "b")).unwrap();
    assert_eq!(store.stats().unwrap().records, 2);
}

#[test]
fn a_write_that_panics_leaves_the_store_as_it_was() {
    let store = Store::temporary(&Options::default()).unwrap();
    let panics = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        store.write(|batch| {
            batch.put(&Document::new().with("_id", "a"))?;
            if batch.get("a")?.is_some() {
                panic!("the host's own");
            }
            Ok::<(), Error>(())
        })
    }));
    assert!(panics.is_err());
    assert!(store.get("a").unwrap().is_none());
    store.put(&Document::new().with("_id", "b")).unwrap();
    assert!(store.verify(&mut |_, _| ()).unwrap().is_clean());
}

#[test]
fn a_write_that_grows_too_large_says_so_and_changes_nothing() {
    let store = Store::temporary(&Options::default()).unwrap();
    let write = |records: u32| {
        store.write(|batch| {
            for number in 0..records {
                let record = Document::new().with("_id", format!("{number}"));
                batch.put(&record.with("name", "x".repeat(1 << 20)))?;
            }
            Ok::<(), Error>(())
        })
    };
    assert_eq!(write(32).unwrap_err().kind(), ErrorKind::TooLarge);
    assert_eq!(store.stats().unwrap().records, 0);
    write(31).unwrap();
    assert_eq!(store.stats().unwrap().records, 31);
}

#[test]
fn what_a_write_showed_before_it_failed_is_never_taken_for_what_came_after() {
    let store = Store::temporary(&Options::default()).unwrap();
    let record = |name: &str| Document::new().with("_id", "a").with("rid", "r").with("name", name);
    store.put(&record("first")).unwrap();
    let mut seen = None;
    let failed = store.write(|batch| {
        batch.put(&record("never"))?;
        let snapshot = batch.snapshot();
        // Read by id, so that caches have had it.
        assert!(snapshot.get_text("a")?.unwrap().ends_with(br#""never"}"#));
        seen = Some(snapshot);
        batch.put(&Document::new()).map(drop)
    });
    assert_eq!(failed.unwrap_err().kind(), ErrorKind::InvalidRecord);
    store.put(&record("second")).unwrap();
    assert!(store.get_text("a").unwrap().unwrap().ends_with(br#""second"}"#));
    assert!(seen.unwrap().get_text("a").unwrap().unwrap().ends_with(br#""never"}"#));
}
