//! Sums, counts by value, distinct values and ranks are those of a full scan; where lists know them, no record
//! is read, however many there are.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use super::support::{by_full_scan, filter, plan, record, sort};
use filedex_query::{
    Account, Collation, Date, Document, Environment, Limits, Path, Plan, Sum, Value, Values, order,
};
use filedex_storage::{Options, Start, Store, Watch, Window};
use proptest::prelude::*;

fn path(text: &str) -> Path {
    Path::parse(text, &Limits::default()).unwrap()
}

/// A record with something to add up.
fn sized() -> impl Strategy<Value = Document> {
    let size = prop_oneof![
        6 => (0..1000i32).prop_map(Value::Int),
        2 => (0..1i64 << 40).prop_map(Value::Long),
        1 => (0..100u32).prop_map(|size| Value::Double(f64::from(size) / 4.0)),
        1 => Just(Value::from("big")),
        1 => Just(Value::Array(vec![Value::Int(7)])),
        1 => Just(Value::Int(-3)),
    ];
    let tags = proptest::collection::vec(
        prop_oneof![
            4 => proptest::sample::select(&["a", "b", "B", "c"][..]).prop_map(Value::from),
            1 => (0..3i32).prop_map(Value::Int),
            1 => (0..3u32).prop_map(|number| Value::Double(f64::from(number))),
            1 => Just(Value::Null),
            1 => Just(Value::Array(vec![Value::from("a")])),
        ],
        0..4,
    );
    let tags = prop_oneof![
        3 => tags.prop_map(|tags| Some(Value::Array(tags))),
        1 => Just(Some(Value::from("a"))),
        1 => Just(None),
    ];
    (record(), size, tags).prop_map(|(mut record, size, tags)| {
        record.set("size", size);
        tags.into_iter().for_each(|tags| record.set("tags", tags));
        record
    })
}

fn store_of(records: &[Document], settled: bool) -> (Store, Vec<Document>) {
    let mut options = Options::default();
    options.write_buffer_bytes = 64 << 10;
    let store = Store::temporary(&options).unwrap();
    store.put_many(records.to_vec()).unwrap();
    if settled {
        store.checkpoint().unwrap();
    }
    let by_id = records.iter().map(|record| (record.get_str("_id").unwrap(), record.clone()));
    (store, by_id.collect::<BTreeMap<_, _>>().into_values().collect())
}

fn matching(records: &[Document], plan: &Plan) -> Vec<Document> {
    by_full_scan(records, plan, Window::all()).0
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 200, ..ProptestConfig::with_cases(80) })]

    #[test]
    fn a_sum_is_that_of_a_full_scan(
        records in proptest::collection::vec(prop_oneof![1 => sized(), 1 => record()], 0..120),
        filters in proptest::collection::vec(filter(), 8),
        settled in any::<bool>(),
    ) {
        let (store, records) = store_of(&records, settled);
        for filter in filters {
            let plan = plan(&filter, "{}");
            let mut expected = Sum::new(path("size"));
            for record in matching(&records, &plan) {
                expected.add(record.view(), &Account::default()).unwrap();
            }
            let (sum, explain) = store.sum(&plan, &path("size"), &Watch::default()).unwrap();
            prop_assert_eq!(sum, expected.value(), "{} {}", &filter, explain);
        }
    }

    #[test]
    fn each_value_is_counted_as_often_as_a_filter_finds_it(
        records in proptest::collection::vec(sized(), 0..100),
        filter in filter(),
        field in proptest::sample::select(&["typeGroup", "tags", "size", "rid", "_hidden"][..]),
        settled in any::<bool>(),
    ) {
        let (store, records) = store_of(&records, settled);
        let plan = plan(&filter, "{}");
        let simple = Collation::simple();
        let (values, _) =
            store.values(&plan, &path(field), &simple, &Watch::default()).unwrap();
        let (distinct, counts) = (values.clone().distinct(), values.counts());
        let mut expected = Values::new(path(field), Collation::simple());
        for record in matching(&records, &plan) {
            expected.add(record.view(), &Account::default()).unwrap();
        }
        prop_assert_eq!(&counts, &expected.clone().counts());
        prop_assert_eq!(&distinct, &expected.distinct());
        // A filter for an array finds the whole array, too.
        for (value, count) in counts.iter().filter(|(value, _)| value.as_array().is_none()) {
            let one = Document::new().with(field, Document::new().with("$eq", value.clone()));
            let one = filedex_query::Filter::parse(&one, &Environment::default()).unwrap();
            let both = filedex_query::Filter::and(vec![plan.filter().clone(), one]);
            let both = support_plan(both);
            prop_assert_eq!(store.total(&both, &Watch::default()).unwrap(), *count, "{:?}", value);
            let is_distinct = distinct.iter().any(|one| order::equal(one.view(), value.view()));
            prop_assert!(is_distinct || *value == Value::Null);
        }
    }

    #[test]
    fn a_page_behind_or_before_a_record_is_what_lies_next_to_it(
        records in proptest::collection::vec(record(), 1..100),
        filter in filter(),
        sort in sort(),
        (at, count, offset) in (any::<prop::sample::Index>(), 0..20u64, prop_oneof![3 => Just(0), 1 => 0..5u64]),
        settled in any::<bool>(),
    ) {
        let (store, records) = store_of(&records, settled);
        let plan = plan(&filter, &sort);
        let whole = matching(&records, &plan);
        // A place may be that of a record that does not match, or of none any more.
        let mut place = at.get(&records).clone();
        if at.index(3) == 0 {
            place.set("_id", "f3x");
        }
        let key = |record: &Document| plan.sort().key_with_id(record.view()).unwrap();
        let window = Window { offset, count: Some(count) };
        let position = plan.sort().position(place.view()).unwrap();
        let (skip, take) = (usize::try_from(offset).unwrap(), usize::try_from(count).unwrap());

        let page = store.page_at(&plan, &Start::After(position.clone()), window, &Watch::default()).unwrap();
        let behind = whole.iter().filter(|record| key(record) > key(&place)).skip(skip).take(take);
        prop_assert_eq!(&page.documents, &behind.cloned().collect::<Vec<_>>(), "{} {} {}", &filter, &sort, &page.explain);
        prop_assert_eq!(page.total, whole.len() as u64);

        let page = store.page_at(&plan, &Start::Before(position), window, &Watch::default()).unwrap();
        let before = whole.iter().rev().filter(|record| key(record) < key(&place)).skip(skip).take(take);
        let mut before: Vec<Document> = before.cloned().collect();
        before.reverse();
        prop_assert_eq!(&page.documents, &before, "{} {} {}", &filter, &sort, &page.explain);
        prop_assert_eq!(page.total, whole.len() as u64);
        if let (Some((first, last)), Some(one), Some(other)) = (&page.ends, before.first(), before.last()) {
            prop_assert_eq!(first, &plan.sort().position(one.view()).unwrap());
            prop_assert_eq!(last, &plan.sort().position(other.view()).unwrap());
        }
    }

    #[test]
    fn a_rank_is_the_number_of_records_before(
        records in proptest::collection::vec(record(), 1..100),
        filter in filter(),
        sort in sort(),
        settled in any::<bool>(),
    ) {
        let (store, records) = store_of(&records, settled);
        let plan = plan(&filter, &sort);
        let whole = matching(&records, &plan);
        for record in &records {
            let id = record.get_str("_id").unwrap();
            let rank = store.rank(&plan, id, &Watch::default()).unwrap().map(|(rank, _)| rank);
            let place = whole.iter().position(|one| one == record).map(|place| place as u64);
            prop_assert_eq!(rank, place, "{} {} {}", id, &filter, &sort);
        }
        prop_assert!(store.rank(&plan, "nobody", &Watch::default()).unwrap().is_none());
    }
}

fn support_plan(filter: filedex_query::Filter) -> Plan {
    let (all, none) = (filedex_query::Projection::everything(), filedex_query::Sort::none());
    Plan::compile(filter, all, none, &Environment::default()).unwrap()
}

/// A store of so many records, mostly of one room and one user.
fn of_size(records: u32) -> Store {
    let store = Store::temporary(&Options::default()).unwrap();
    store
        .put_many((0..records).map(|number| {
            let record = Document::new().with("_id", format!("{number:07}"));
            let groups = ["image", "video", "text"];
            record
                .with("rid", if number % 10 == 0 { "s" } else { "r" })
                .with("userId", "u")
                .with("uploadedAt", Date(i64::from(number)))
                .with("typeGroup", *groups.get(number as usize % 3).unwrap())
                .with("size", 7)
        }))
        .unwrap();
    store.checkpoint().unwrap();
    // A few are in memory.
    for number in 0..50 {
        store.update(&format!("{:07}", number * 3), |record| record.set("size", 8)).unwrap();
    }
    store
}

#[test]
fn sums_and_counts_read_no_record_however_many_there_are() {
    for records in [1_000, 30_000] {
        let store = of_size(records);
        for filter in [
            r#"{"rid":"r"}"#,
            r#"{"userId":"u"}"#,
            r#"{"rid":"r","typeGroup":"image"}"#,
            r#"{"userId":"u","_hidden":{"$ne":true}}"#,
            "{}",
        ] {
            let plan = plan(filter, "{}");
            let (_, explain) = store.sum(&plan, &path("size"), &Watch::default()).unwrap();
            let read = (explain.records_examined, explain.blocks_read, explain.blocks_passed);
            assert_eq!((read, explain.total), ((0, 0, 0), "counts"), "{filter} {records}");
            let (values, explain) = store
                .values(&plan, &path("typeGroup"), &Collation::simple(), &Watch::default())
                .unwrap();
            let read = (explain.records_examined, explain.blocks_read, explain.blocks_passed);
            assert_eq!((read, explain.total), ((0, 0, 0), "counts"), "{filter} {records}");
            let total = store.total(&plan, &Watch::default()).unwrap();
            assert_eq!(values.counts().iter().map(|(_, count)| count).sum::<u64>(), total);
        }
    }
}

#[test]
fn a_total_between_two_dates_over_everything_reads_no_record_however_many_there_are() {
    for records in [1_000, 30_000] {
        let store = of_size(records);
        for (conditions, matching) in [
            (r#""uploadedAt":{"$lt":{"$date":{"$numberLong":"400"}}}"#, 400),
            (
                r#""uploadedAt":{"$gte":{"$date":{"$numberLong":"100"}},"$lt":{"$date":{"$numberLong":"400"}}}"#,
                300,
            ),
            (
                r#""typeGroup":"image","uploadedAt":{"$gte":{"$date":{"$numberLong":"100"}},"$lt":{"$date":{"$numberLong":"400"}}}"#,
                100,
            ),
            (r#""uploadedAt":{"$date":{"$numberLong":"7"}}"#, 1),
        ] {
            let plan = plan(&format!("{{{conditions}}}"), "{}");
            let none = Window { offset: 0, count: Some(0) };
            let page = store.page(&plan, none, &Watch::default()).unwrap();
            let read = (page.explain.total, page.explain.records_examined);
            assert_eq!((page.total, read), (matching, ("counts", 0)), "{conditions} {records}");
            assert_eq!(store.total(&plan, &Watch::default()).unwrap(), matching, "{conditions}");
            let few = Window { offset: 0, count: Some(5) };
            let page = store.page(&plan, few, &Watch::default()).unwrap();
            assert_eq!(page.total, matching, "{conditions} {records}");
            assert_eq!(page.documents.len() as u64, matching.min(5), "{conditions} {records}");
        }
    }
}

#[test]
fn a_rare_type_group_costs_the_blocks_that_it_is_in() {
    let store = of_size(30_000);
    store.update("0000001", |record| record.set("typeGroup", "font")).unwrap();
    let room = plan(r#"{"rid":"r"}"#, "{}");
    let (values, explain) =
        store.values(&room, &path("typeGroup"), &Collation::simple(), &Watch::default()).unwrap();
    assert_eq!(values.distinct().len(), 4);
    assert!(explain.records_examined < 200, "{explain}");
}

#[test]
fn a_page_behind_a_record_and_a_rank_cost_the_same_at_any_depth() {
    for (sort, first) in [(r#"{"uploadedAt":-1}"#, 29_999u32), (r#"{"uploadedAt":1}"#, 1)] {
        let store = of_size(30_000);
        let plan = plan(r#"{"rid":"r"}"#, sort);
        let window = Window { offset: 0, count: Some(50) };
        let mut costs = Vec::new();
        for depth in [0u32, 1_000, 15_000, 29_000] {
            let number = if first == 1 { first + depth } else { first - depth };
            // Numbers divisible by ten are of the other room.
            let number = if number.is_multiple_of(10) { number + 1 } else { number };
            let id = format!("{number:07}");
            let record = store.get(&id).unwrap().unwrap();
            let start = Start::After(plan.sort().position(record.view()).unwrap());
            let page = store.page_at(&plan, &start, window, &Watch::default()).unwrap();
            assert_eq!((page.documents.len(), page.total), (50, 27_000));
            assert_eq!(page.explain.total, "counts");
            costs.push(page.explain.records_examined);
            let (rank, explain) = store.rank(&plan, &id, &Watch::default()).unwrap().unwrap();
            assert_eq!(rank, u64::from(number.abs_diff(first)) - rooms_between(number, first));
            assert!(explain.records_examined < 600, "{explain}");
        }
        assert!(costs.iter().all(|cost| *cost < 200), "{costs:?}");
    }
}

/// How many records of the other room lie between two numbers.
fn rooms_between(one: u32, other: u32) -> u64 {
    let (low, high) = (one.min(other), one.max(other));
    (low..=high).filter(|number| number.is_multiple_of(10)).count() as u64
}
