//! The laws of the store: a plan equals a full scan, counts equal a recount, pages equal the whole.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeMap;

use super::support::{by_full_scan, filter, plan, record, sort, window};
use filedex_query::ejson::{self, Form};
use filedex_query::{Document, Value, ValueRef, key};
use filedex_storage::{Holder, Options, Store, Watch, Window};
use proptest::prelude::*;

/// One change of a store.
#[derive(Clone, Debug)]
enum Change {
    Put(Document),
    PutMany(Vec<Document>),
    Update(Document),
    Remove(String),
    RemoveMany(Vec<String>),
    /// Everything goes into block files, in the middle of it all.
    Checkpoint,
}

fn change() -> impl Strategy<Value = Change> {
    let id = || (0..60u32).prop_map(|id| format!("f{id}"));
    prop_oneof![
        4 => record().prop_map(Change::Put),
        3 => proptest::collection::vec(record(), 0..40).prop_map(Change::PutMany),
        2 => record().prop_map(Change::Update),
        2 => id().prop_map(Change::Remove),
        1 => proptest::collection::vec(id(), 0..20).prop_map(Change::RemoveMany),
        2 => Just(Change::Checkpoint),
    ]
}

fn id_of(record: &Document) -> String {
    record.get_str("_id").unwrap().to_owned()
}

/// Applies the change to the store and to the model.
fn apply(store: &Store, model: &mut BTreeMap<String, Document>, change: Change) {
    match change {
        Change::Put(record) => {
            store.put(&record).unwrap();
            model.insert(id_of(&record), record);
        }
        Change::PutMany(records) => {
            store.put_many(records.clone()).unwrap();
            model.extend(records.into_iter().map(|record| (id_of(&record), record)));
        }
        Change::Update(after) => {
            let id = id_of(&after);
            let put = store.update(&id, |record| *record = after.clone()).unwrap();
            assert_eq!(put.is_some(), model.contains_key(&id));
            if put.is_some() {
                model.insert(id, after);
            }
        }
        Change::Remove(id) => {
            assert_eq!(store.remove(&id).unwrap(), model.remove(&id).is_some());
        }
        Change::RemoveMany(ids) => {
            let mut removed = 0;
            for id in &ids {
                removed += u64::from(model.remove(id).is_some());
            }
            assert_eq!(store.remove_many(ids).unwrap(), removed);
        }
        Change::Checkpoint => store.checkpoint().unwrap(),
    }
}

/// A record of the room that deep offsets are asked of.
fn small(id: u32, version: u32) -> Document {
    Document::new()
        .with("_id", format!("f{id}"))
        .with("rid", "A")
        .with("uploadedAt", filedex_query::Date(i64::from(id * 7 % 97 + version * 50)))
        .with("typeGroup", if (id + version).is_multiple_of(3) { "image" } else { "text" })
        .with("name", "x".repeat(id as usize % 60))
}

/// As clients ask that page by the last record they have seen.
fn bounded(moment: i64, other: &str) -> String {
    let date = format!(r#"{{"$date":{{"$numberLong":"{moment}"}}}}"#);
    let (past, way) = if moment % 2 == 0 { ("$lt", "f500") } else { ("$gt", "f3") };
    format!(
        r#"{{"rid":"A",{other}"$or":[{{"uploadedAt":{{"{past}":{date}}}}},{{"uploadedAt":{date},"_id":{{"{past}":"{way}"}}}}]}}"#
    )
}

/// A write of many records.
#[derive(Clone, Debug)]
enum Large {
    /// Ids, moments and lengths of names.
    Put(Vec<(u32, i64, usize)>),
    Remove(Vec<u32>),
}

/// One of few rooms' records, which move to another place in their lists when they are put anew.
fn moving((id, moment, length): (u32, i64, usize)) -> Document {
    Document::new()
        .with("_id", format!("f{id}"))
        .with("rid", if moment % 9 == 0 { "B" } else { "A" })
        .with("userId", "u")
        .with("uploadedAt", filedex_query::Date(moment))
        .with("name", "x".repeat(length))
}

/// With little memory everything is soon in the tree and nothing in a cache; with much, the other way
/// round.
fn memory() -> impl Strategy<Value = u64> {
    prop_oneof![1 => Just(64 << 10), 1 => Just(512 << 10), 4 => Just(64 << 20)]
}

fn temporary(cache_bytes: u64) -> Store {
    let mut options = Options::default();
    options.cache_bytes = cache_bytes;
    options.write_buffer_bytes = cache_bytes / 4;
    options.durability = filedex_storage::Durability::Relaxed;
    Store::temporary(&options).unwrap()
}

/// The key of a room or user, its records, their bytes.
type Held = (Vec<u8>, u64, u64);

fn key_of(id: Option<&Value>) -> Vec<u8> {
    let mut bytes = Vec::new();
    key::append(&mut bytes, id.map_or(ValueRef::Null, Value::view));
    bytes
}

fn held(holder: &Holder) -> Held {
    assert_eq!(holder.unsummed, 0);
    (key_of(Some(&holder.id)), holder.records, holder.bytes)
}

/// What the rooms or users of the model hold, counted one by one. An array has no single place.
fn recount(model: &BTreeMap<String, Document>, field: &str) -> Vec<Held> {
    let mut counts: BTreeMap<Vec<u8>, (u64, u64)> = BTreeMap::new();
    let is_loose = |record: &Document| {
        let places = ["rid", "userId", "uploadedAt"];
        places.iter().any(|field| matches!(record.get(field), Some(Value::Array(_))))
    };
    // A missing room is null, a missing user nobody.
    let is_held = |record: &Document| {
        field == "rid" || !matches!(record.get(field), None | Some(Value::Null))
    };
    for record in model.values().filter(|record| is_held(record) && !is_loose(record)) {
        let size = match record.get("size") {
            Some(Value::Int(size)) => *size as u64,
            _ => 0,
        };
        let (records, bytes) = counts.entry(key_of(record.get(field))).or_default();
        (*records, *bytes) = (*records + 1, *bytes + size);
    }
    counts.into_iter().map(|(id, (records, bytes))| (id, records, bytes)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 200, ..ProptestConfig::with_cases(60) })]

    #[test]
    fn executing_a_plan_equals_filtering_and_sorting_a_full_scan(
        memory in memory(),
        records in proptest::collection::vec(record(), 0..120),
        queries in proptest::collection::vec((filter(), sort(), window()), 12),
    ) {
        let store = temporary(memory);
        store.put_many(records.clone()).unwrap();
        let model: BTreeMap<String, Document> =
            records.into_iter().map(|record| (id_of(&record), record)).collect();
        let records: Vec<Document> = model.into_values().collect();
        for (filter, sort, window) in queries {
            let plan = plan(&filter, &sort);
            let page = store.page(&plan, window, &Watch::default()).unwrap();
            let (documents, total) = by_full_scan(&records, &plan, window);
            prop_assert_eq!(page.total, total, "{} {}", &filter, &page.explain);
            prop_assert_eq!(page.documents, documents, "{} {} {}", &filter, &sort, &page.explain);
            prop_assert_eq!(store.total(&plan, &Watch::default()).unwrap(), total);
        }
    }

    #[test]
    fn after_any_changes_counts_equal_a_recount_and_the_store_equals_the_model(
        memory in memory(),
        changes in proptest::collection::vec(change(), 0..40),
        queries in proptest::collection::vec((filter(), sort(), window()), 4),
    ) {
        let store = temporary(memory);
        let mut model = BTreeMap::new();
        for change in changes {
            apply(&store, &mut model, change);
            for id in (0..60).map(|id| format!("f{id}")) {
                let text = model.get(&id).map(|record| ejson::to_text(ValueRef::Document(record.view()), Form::Plain));
                prop_assert_eq!(store.get_text(&id).unwrap(), text.map(String::into_bytes));
            }
        }
        let report = store.verify(&mut |_, _| ()).unwrap();
        prop_assert!(report.is_clean(), "{:?}", report.problems);
        prop_assert_eq!(store.stats().unwrap().records, model.len() as u64);
        for (field, holders) in
            [("rid", store.rooms(&Watch::default())), ("userId", store.users(&Watch::default()))]
        {
            let holders: Vec<Held> = holders.map(|holder| held(&holder.unwrap())).collect();
            prop_assert_eq!(holders, recount(&model, field));
        }
        for (id, record) in &model {
            let stored = store.get(id).unwrap();
            prop_assert_eq!(stored.as_ref(), Some(record));
        }
        let records: Vec<Document> = model.into_values().collect();
        for (filter, sort, window) in queries {
            let plan = plan(&filter, &sort);
            let page = store.page(&plan, window, &Watch::default()).unwrap();
            let expected = by_full_scan(&records, &plan, window);
            prop_assert_eq!((page.documents, page.total), expected, "{} {}", &filter, &sort);
        }
    }

    #[test]
    fn pages_of_any_size_concatenated_equal_the_whole(
        memory in memory(),
        records in proptest::collection::vec(record(), 0..80),
        filter in filter(),
        sort in sort(),
        size in 1..20u64,
    ) {
        let store = temporary(memory);
        store.put_many(records).unwrap();
        let plan = plan(&filter, &sort);
        let whole = store.page(&plan, Window::all(), &Watch::default()).unwrap();
        let mut pages = Vec::new();
        while (pages.len() as u64) < whole.total {
            let window = Window { offset: pages.len() as u64, count: Some(size) };
            let page = store.page(&plan, window, &Watch::default()).unwrap();
            prop_assert_eq!(page.total, whole.total);
            prop_assert!(!page.documents.is_empty());
            pages.extend(page.documents);
        }
        prop_assert_eq!(&pages, &whole.documents);
        let streamed: Vec<Document> =
            store.cursor(&plan, &Watch::default()).unwrap().map(|record| record.unwrap()).collect();
        prop_assert_eq!(&streamed, &whole.documents);
    }

    #[test]
    fn deep_offsets_stay_right_while_the_store_changes(
        memory in memory(),
        rounds in proptest::collection::vec(
            (
                proptest::collection::vec((0..900u32, 0..4u8), 1..120),
                256..700u64,
                (any::<bool>(), 0..250i64),
            ),
            1..6,
        ),
    ) {
        let store = temporary(memory);
        let mut model: BTreeMap<String, Document> =
            (0..900).map(|id| small(id, 0)).map(|record| (id_of(&record), record)).collect();
        store.put_many(model.values().cloned()).unwrap();
        for (changes, offset, (forward, bound)) in rounds {
            for (id, change) in changes {
                let record = small(id, u32::from(change));
                match change {
                    3 if id % 16 == 0 => store.checkpoint().unwrap(),
                    0 => drop((store.remove(&id_of(&record)).unwrap(), model.remove(&id_of(&record)))),
                    _ => apply(&store, &mut model, Change::Put(record)),
                }
            }
            let records: Vec<Document> = model.values().cloned().collect();
            let sort = if forward { r#"{"uploadedAt":-1}"# } else { r#"{"uploadedAt":1}"# };
            let bounded = [bounded(bound, ""), bounded(bound, r#""typeGroup":{"$ne":"image"},"#)];
            for filter in [
                r#"{"rid":"A"}"#,
                r#"{"rid":"A","typeGroup":{"$ne":"image"}}"#,
                "{}",
                &bounded[0],
                &bounded[1],
            ] {
                let (plan, window) = (plan(filter, sort), Window { offset, count: Some(20) });
                let page = store.page(&plan, window, &Watch::default()).unwrap();
                let expected = by_full_scan(&records, &plan, window);
                let is_whole = !filter.contains("$or");
                prop_assert!(page.total <= offset || page.explain.blocks_passed > 0 || !is_whole);
                prop_assert_eq!((page.explain.total, page.explain.sort), ("counts", "list"));
                prop_assert_eq!((page.documents, page.total), expected, "{} {}", filter, sort);
            }
        }
    }

    #[test]
    fn reopening_gives_the_same_answers(
        memory in memory(),
        changes in proptest::collection::vec(change(), 0..12),
        filter in filter(),
        sort in sort(),
    ) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("store");
        let mut options = Options::default();
        options.cache_bytes = memory;
        options.write_buffer_bytes = memory / 4;
        let store = Store::open(&path, &options).unwrap();
        let mut model = BTreeMap::new();
        for change in changes {
            apply(&store, &mut model, change);
        }
        let plan = plan(&filter, &sort);
        let before = store.page(&plan, Window::all(), &Watch::default()).unwrap();
        store.close().unwrap();
        let store = Store::open(&path, &Options::default()).unwrap();
        let after = store.page(&plan, Window::all(), &Watch::default()).unwrap();
        prop_assert_eq!(before.documents, after.documents);
        prop_assert!(store.verify(&mut |_, _| ()).unwrap().is_clean());
    }

    #[test]
    fn blocks_stay_whole_through_large_writes_that_move_and_remove(
        memory in memory(),
        writes in proptest::collection::vec(
            prop_oneof![
                3 => proptest::collection::vec((0..150u32, 0..400i64, 0..900usize), 1..150)
                    .prop_map(Large::Put),
                1 => proptest::collection::vec(0..150u32, 1..120).prop_map(Large::Remove),
            ],
            1..8,
        ),
    ) {
        let store = temporary(memory);
        let mut model = BTreeMap::new();
        for write in writes {
            match write {
                Large::Put(records) => {
                    let records: Vec<Document> = records.into_iter().map(moving).collect();
                    store.put_many(records.clone()).unwrap();
                    model.extend(records.into_iter().map(|record| (id_of(&record), record)));
                }
                Large::Remove(ids) => {
                    let ids: Vec<String> = ids.into_iter().map(|id| format!("f{id}")).collect();
                    ids.iter().for_each(|id| drop(model.remove(id)));
                    store.remove_many(ids).unwrap();
                }
            }
            let report = store.verify(&mut |_, _| ()).unwrap();
            prop_assert!(report.is_clean(), "{:?}", report.problems);
        }
        for (id, record) in &model {
            let stored = store.get(id).unwrap();
            prop_assert_eq!(stored.as_ref(), Some(record));
        }
        prop_assert_eq!(store.stats().unwrap().records, model.len() as u64);
    }
}
