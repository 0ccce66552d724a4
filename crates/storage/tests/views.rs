//! Laws of views while the store is written to: what memtables say between two askings is in the answer, in its place.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::columns::{lies_as_by_full_scan, record, records, store};
use super::support::{by_full_scan, change, plan, plan_under};
use filedex_query::{Document, Environment, Filter, Plan, Projection, Redaction, Sort};
use filedex_storage::{ErrorKind, Page, Snapshot, Store, Watch, Window};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::TestCaseResult;

/// Questions that have a view once they were asked some times.
const ASKED: &[(&str, &str)] = &[
    ("{}", r#"{"size":-1,"name":1}"#),
    ("{}", r#"{"name":1}"#),
    (r#"{"rid":"A"}"#, r#"{"name":-1}"#),
    (r#"{"size":{"$gt":20}}"#, r#"{"name":1}"#),
    (r#"{"typeGroup":"image"}"#, r#"{"size":-1,"name":1}"#),
];

/// What happens between two askings.
#[derive(Clone, Debug)]
enum Step {
    Put(u32, u32),
    /// Of a record that stays where it stands in the lists.
    Resize(u32, i32),
    Remove(u32),
    /// A write that asks for what it has written, and fails.
    Fail(u32, usize),
    Keep,
    Checkpoint,
}

fn step() -> impl Strategy<Value = Step> {
    let id = prop_oneof![0..OFTEN, 0..RECORDS + 100];
    prop_oneof![
        12 => (id.clone(), 0..90).prop_map(|(id, size)| Step::Resize(id, size)),
        8 => (id.clone(), 0..4u32).prop_map(|(id, version)| Step::Put(id, version)),
        2 => id.clone().prop_map(Step::Remove),
        2 => (id, 0..ASKED.len()).prop_map(|(id, asked)| Step::Fail(id, asked)),
        2 => Just(Step::Keep),
        1 => Just(Step::Checkpoint),
    ]
}

/// More than are counted together.
const RECORDS: u32 = 1_500;

/// Records that are changed again and again.
const OFTEN: u32 = 8;

type Model = BTreeMap<u32, Document>;

fn all(model: &Model) -> Vec<Document> {
    model.values().cloned().collect()
}

fn window() -> impl Strategy<Value = Window> {
    let offset = prop_oneof![3 => 0..30u64, 3 => 300..1_600u64];
    (offset, 0..40u64).prop_map(|(offset, count)| Window { offset, count: Some(count) })
}

fn asked(number: usize) -> Plan {
    plan(ASKED[number].0, ASKED[number].1)
}

fn take(store: &Store, model: &mut Model, kept: &mut Vec<(Snapshot, Model)>, step: Step) {
    match step {
        Step::Put(id, version) => change(store, model, id, Some(record(id, version))),
        Step::Resize(id, size) => {
            if let Some(mut resized) = model.get(&id).cloned() {
                resized.set("size", size);
                change(store, model, id, Some(resized));
            }
        }
        Step::Remove(id) => change(store, model, id, None),
        Step::Fail(id, number) => {
            let failed = store.write(|batch| {
                batch.put(&record(id, 9))?;
                let window = Window { offset: 0, count: Some(5) };
                batch.snapshot().page(&asked(number), window, &Watch::default())?;
                batch.put(&Document::new()).map(drop)
            });
            assert_eq!(failed.unwrap_err().kind(), ErrorKind::InvalidRecord);
        }
        Step::Keep => kept.push((store.snapshot(), model.clone())),
        Step::Checkpoint => store.checkpoint().unwrap(),
    }
}

fn answers_as_a_full_scan(
    (store, kept): (&Store, &[(Snapshot, Model)]),
    (model, has_room): (&Model, bool),
    (plan, window): (&Plan, Window),
    place: Index,
) -> TestCaseResult {
    let records = all(model);
    let page = store.page(plan, window, &Watch::default()).unwrap();
    // The first of all may lie ready.
    let is_deep = window.offset >= 300 && window.count != Some(0);
    prop_assert!(!has_room || !is_deep || page.explain.sort == "view", "{}", page.explain);
    let expected = by_full_scan(&records, plan, window);
    prop_assert_eq!((page.documents, page.total), expected, "{}", page.explain);
    let beside = Window { offset: window.offset % 7, ..window };
    let often: Vec<Document> = model.range(..OFTEN).map(|(_, record)| record.clone()).collect();
    let often = (!often.is_empty()).then(|| place.get(&often));
    for place in [place.get(&records)].into_iter().chain(often) {
        lies_as_by_full_scan(store, &records, (plan, place), beside)?;
    }
    for (snapshot, then) in kept {
        let page = snapshot.page(plan, window, &Watch::default()).unwrap();
        let expected = by_full_scan(&all(then), plan, window);
        prop_assert_eq!((page.documents, page.total), expected, "then {}", page.explain);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 40, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn what_is_written_between_two_askings_lies_in_its_place(
        has_room in any::<bool>(),
        rounds in proptest::collection::vec(
            (proptest::collection::vec(step(), 0..12), 0..ASKED.len(), window(), any::<Index>()),
            1..14,
        ),
    ) {
        // Without room every asking finds out anew what each cell comes to.
        let store = store(if has_room { 64 << 20 } else { 1200 << 10 }, &[]);
        let (mut model, mut kept) = (records(RECORDS), Vec::new());
        store.put_many(model.values().cloned()).unwrap();
        store.checkpoint().unwrap();
        for number in 0..ASKED.len() {
            for _ in 0..5 {
                let window = Window { offset: 300, count: Some(1) };
                store.page(&asked(number), window, &Watch::default()).unwrap();
            }
        }
        for (steps, number, window, place) in rounds {
            for step in steps {
                take(&store, &mut model, &mut kept, step);
            }
            kept.drain(..kept.len().saturating_sub(2));
            let asking = (&asked(number), window);
            answers_as_a_full_scan((&store, &kept), (&model, has_room), asking, place)?;
        }
    }
}

#[test]
fn who_asks_again_looks_at_what_was_written_since_alone() {
    let store = store(64 << 20, &[]);
    store.put_many(records(RECORDS).into_values()).unwrap();
    store.checkpoint().unwrap();
    for (filter, sort) in ASKED {
        let plan = plan(filter, sort);
        let ask = |offset| {
            let window = Window { offset, count: Some(10) };
            store.explain(&plan, window, &Watch::default()).unwrap()
        };
        (0..5).for_each(|_| drop(ask(300)));
        let before = ask(300).records_examined;
        for id in 0..400 {
            store.put(&record(id * 3, 5)).unwrap();
        }
        let first = ask(300);
        assert_eq!(first.sort, "view");
        let again = ask(300);
        assert!(again.records_examined <= before, "{filter} {first} {again}");
        store.put(&record(1, 5)).unwrap();
        assert!(ask(300).records_examined <= before + 2, "{filter}");
        store.checkpoint().unwrap();
    }
}

/// Asks until there is a view, which a thread of the store makes meanwhile.
fn ask_until_there_is_a_view(store: &Store, plan: &Plan, window: Window) -> Page {
    let started = Instant::now();
    loop {
        let page = store.page(plan, window, &Watch::default()).unwrap();
        if page.explain.sort == "view" {
            return page;
        }
        assert!(started.elapsed() < Duration::from_secs(60), "{}", page.explain);
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn ids(records: &[Document]) -> Vec<&str> {
    records.iter().map(|record| record.get_str("_id").unwrap()).collect()
}

#[test]
fn long_views_that_are_made_meanwhile_have_the_order_that_was_asked_for() {
    let store = store(64 << 20, &[]);
    let mut model = records(36_000);
    store.put_many(model.clone().into_values()).unwrap();
    store.checkpoint().unwrap();
    let environment = Environment::default();
    let part = |text| Filter::parse_text(text, &environment).unwrap();
    let hidden = Plan::compile_redacted(
        Filter::all(),
        part(r#"{"extension":"png"}"#),
        Projection::everything(),
        Sort::parse_text(r#"{"size":-1,"name":1}"#, &environment).unwrap(),
        &Redaction::default().hiding("size"),
        &environment,
    );
    let plans = [
        plan(r#"{"rid":"A","size":{"$gt":20}}"#, r#"{"name":-1}"#),
        plan_under(
            r#"{"size":{"$gt":20}}"#,
            r#"{"name":1}"#,
            Some(r#"{"locale":"en","strength":1}"#),
        ),
        hidden.unwrap(),
    ];
    let window = Window { offset: 40, count: Some(20) };
    for version in 1..3 {
        let all: Vec<Document> = model.values().cloned().collect();
        for plan in &plans {
            let first = store.page(plan, window, &Watch::default()).unwrap();
            let page = ask_until_there_is_a_view(&store, plan, window);
            let (expected, total) = by_full_scan(&all, plan, window);
            for page in [first, page] {
                assert_eq!(ids(&page.documents), ids(&expected), "{}", page.explain);
                assert_eq!(page.total, total);
            }
        }
        for id in (0..36_000).step_by(37) {
            model.insert(id, record(id, version));
        }
        store.put_many((0..36_000).step_by(37).map(|id| record(id, version))).unwrap();
        store.checkpoint().unwrap();
    }
}
