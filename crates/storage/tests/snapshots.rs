//! Snapshots that a host keeps: what they answer never changes, and what they keep is bounded.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "these are tests")]

use std::collections::BTreeMap;

use super::support::{by_full_scan, plan, record};
use filedex_query::Document;
use filedex_storage::{Durability, ErrorKind, Options, Snapshot, Store, Watch, Window};
use proptest::prelude::*;

/// Something that happens to a store while snapshots of it are kept.
#[derive(Clone, Debug)]
enum Event {
    Put(Document),
    PutMany(Vec<Document>),
    Remove(u32),
    Checkpoint,
    Snapshot,
    Forget(usize),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => record().prop_map(Event::Put),
        2 => proptest::collection::vec(record(), 1..40).prop_map(Event::PutMany),
        2 => (0..60u32).prop_map(Event::Remove),
        2 => Just(Event::Checkpoint),
        3 => Just(Event::Snapshot),
        1 => (0..4usize).prop_map(Event::Forget),
    ]
}

type Model = BTreeMap<String, Document>;

fn id_of(record: &Document) -> String {
    record.get_str("_id").unwrap().to_owned()
}

const QUESTIONS: [(&str, &str); 6] = [
    ("{}", "{}"),
    ("{}", r#"{"uploadedAt":-1}"#),
    (r#"{"rid":"A"}"#, r#"{"uploadedAt":-1}"#),
    (r#"{"rid":"A"}"#, r#"{"uploadedAt":1}"#),
    (r#"{"userId":"u"}"#, r#"{"uploadedAt":-1}"#),
    (r#"{"typeGroup":"image"}"#, r#"{"_id":1}"#),
];

/// What a state answers is what a full scan of its records does.
fn check(snapshot: &Snapshot, model: &Model) {
    let records: Vec<Document> = model.values().cloned().collect();
    for (filter, sort) in QUESTIONS {
        let plan = plan(filter, sort);
        for window in [Window { offset: 0, count: Some(7) }, Window { offset: 5, count: None }] {
            let page = snapshot.page(&plan, window, &Watch::default()).unwrap();
            let (documents, total) = by_full_scan(&records, &plan, window);
            assert_eq!(page.total, total, "{filter} {sort}");
            if sort != "{}" {
                assert_eq!(page.documents, documents, "{filter} {sort}");
            }
        }
        assert_eq!(snapshot.total(&plan, &Watch::default()).unwrap() as usize, {
            by_full_scan(&records, &plan, Window::all()).1 as usize
        });
        let walked = snapshot.cursor(&plan, &Watch::default()).unwrap().count();
        assert_eq!(walked as u64, by_full_scan(&records, &plan, Window::all()).1);
    }
    for id in 0..60 {
        let id = format!("f{id}");
        assert_eq!(snapshot.get(&id).unwrap().as_ref(), model.get(&id));
    }
}

fn happen(store: &Store, model: &mut Model, kept: &mut Vec<(Snapshot, Model)>, event: Event) {
    match event {
        Event::Put(record) => {
            store.put(&record).unwrap();
            model.insert(id_of(&record), record);
        }
        Event::PutMany(records) => {
            store.put_many(records.clone()).unwrap();
            model.extend(records.into_iter().map(|record| (id_of(&record), record)));
        }
        Event::Remove(id) => {
            let id = format!("f{id}");
            assert_eq!(store.remove(&id).unwrap(), model.remove(&id).is_some());
        }
        Event::Checkpoint => store.checkpoint().unwrap(),
        Event::Snapshot => kept.push((store.snapshot(), model.clone())),
        Event::Forget(at) => {
            if at < kept.len() {
                kept.remove(at);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 200, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn what_a_snapshot_answers_never_changes(
        events in proptest::collection::vec(event(), 1..40),
        small in any::<bool>(),
    ) {
        let mut options = Options::default();
        options.durability = Durability::Relaxed;
        if small {
            // Checkpoints come of themselves, and nothing stays in memory for long.
            (options.cache_bytes, options.write_buffer_bytes) = (64 << 10, 16 << 10);
        }
        let store = Store::temporary(&options).unwrap();
        let (mut model, mut kept) = (Model::new(), Vec::new());
        for event in events {
            happen(&store, &mut model, &mut kept, event);
        }
        for (snapshot, model) in &kept {
            check(snapshot, model);
        }
        check(&store.snapshot(), &model);
    }
}

#[test]
fn snapshots_that_keep_more_than_they_may_end_oldest_first_and_say_so() {
    let mut options = Options::default();
    options.snapshot_bytes = 10 << 10;
    options.write_buffer_bytes = 100 << 10;
    let store = Store::temporary(&options).unwrap();
    let put = |round: u32| {
        let records = (0..200).map(|id| {
            let text = format!("{round} {}", "x".repeat(200));
            Document::new().with("_id", format!("f{id}")).with("text", text)
        });
        store.put_many(records).unwrap();
    };
    put(0);
    let oldest = store.snapshot();
    for round in 1..40 {
        put(round);
    }
    store.checkpoint().unwrap();
    let newest = store.snapshot();
    let patience = std::time::Instant::now();
    while oldest.get("f1").is_ok() && patience.elapsed().as_secs() < 60 {
        put(40);
        store.checkpoint().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(oldest.get("f1").unwrap_err().kind(), ErrorKind::SnapshotEnded);
    assert!(store.get("f1").unwrap().is_some());
    drop(newest);
}

#[test]
fn files_go_when_the_last_snapshot_that_needs_them_goes() {
    let site = tempfile::tempdir().unwrap();
    let path = site.path().join("store");
    let store = Store::open(&path, &Options::default()).unwrap();
    let put = |round: u32| {
        let record =
            |id| Document::new().with("_id", format!("f{id}")).with("round", i64::from(round));
        store.put_many((0..500).map(record)).unwrap();
        store.checkpoint().unwrap();
    };
    let files = || {
        let names = std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().file_name());
        names.filter(|name| name.to_string_lossy().starts_with("blocks.")).count()
    };
    put(0);
    let snapshot = store.snapshot();
    (1..6).for_each(put);
    assert_eq!(files(), 2, "that of the snapshot, and the newest");
    assert_eq!(snapshot.get("f7").unwrap().unwrap().get("round"), Some(&0_i64.into()));
    drop(snapshot);
    put(6);
    assert_eq!(files(), 1);
}

#[test]
fn a_snapshot_gives_the_text_of_a_record_as_it_was_however_often_newer_ones_are_asked_for() {
    let store = Store::temporary(&Options::default()).unwrap();
    let record = |size: i32| Document::new().with("_id", "a").with("rid", "A").with("size", size);
    store.put(&record(1)).unwrap();
    store.checkpoint().unwrap();
    let snapshot = store.snapshot();
    let before = snapshot.get_text("a").unwrap();
    store.put(&record(2)).unwrap();
    store.checkpoint().unwrap();
    assert_ne!(store.get_text("a").unwrap(), before);
    assert_eq!(snapshot.get_text("a").unwrap(), before);
}
