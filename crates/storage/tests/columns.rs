//! Laws of scans by columns: they answer as records do, whatever was written meanwhile, and say what they
//! read.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeMap;
use std::fs;

use super::support::{by_full_scan, change, plan, plan_under};
use filedex_query::{Date, Document, Plan, Value};
use filedex_storage::{Durability, Options, Start, Store, Watch, Window};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

const FILTERS: &[&str] = &[
    r#"{"identify.size.width":{"$gte":30}}"#,
    r#"{"identify.size.width":{"$gte":30},"extension":"png"}"#,
    r#"{"identify.size.width":null}"#,
    r#"{"identify.size.width":{"$exists":true},"identify.size":{"$type":"array"}}"#,
    r#"{"rid":"A","name":{"$regex":"LOGO","$options":"i"},"size":{"$gt":20}}"#,
    r#"{"rid":"A","size":{"$gt":20,"$lt":60}}"#,
    r#"{"rid":"A","size":{"$gt":20},"$or":[{"extension":"png"},{"name":{"$regex":"^photo"}}]}"#,
    r#"{"rid":"A","size":{"$gt":20},"$expr":{"$lt":["$size",70]}}"#,
    r#"{"rid":"A","uploadedAt":{"$gt":{"$date":{"$numberLong":"300"}}},"extension":{"$ne":"png"}}"#,
    r#"{"rid":{"$in":["A","room3"]},"typeGroup":"image","size":{"$mod":[3,0]}}"#,
    r#"{"typeGroup":{"$ne":"image"},"extension":{"$in":["jpg",null]}}"#,
    r#"{"userId":"u1","size":{"$gt":50}}"#,
    r#"{"note":{"$exists":true},"size":{"$gt":20}}"#,
    r#"{"rid":"A","note":{"$regex":"x$"},"name":{"$regex":"^Logo"}}"#,
    "{}",
    r#"{"rid":"A"}"#,
    r#"{"rid":"A","typeGroup":"image"}"#,
    r#"{"typeGroup":{"$ne":"image"}}"#,
    r#"{"$or":[{"size":{"$gt":80}},{"extension":"jpg"},{"identify.size.width":3}]}"#,
    r#"{"$nor":[{"size":{"$gt":20}},{"$and":[{"extension":"jpg"},{"note":{"$exists":false}}]}]}"#,
    r#"{"$expr":{"$gt":["$size","$identify.size.width"]}}"#,
    r#"{"rid":"A","$expr":{"$eq":["$extension","png"]},"size":{"$lt":50}}"#,
    r#"{"$expr":{"$or":[{"$lt":["$identify.size.width",9]},{"$gt":["$identify.size.height",900]}]}}"#,
    r#"{"$expr":{"$or":[{"$eq":["$identify.format","png"]},{"$isArray":"$identify.size"}]}}"#,
    r#"{"rid":"A","uploadedAt":{"$lt":{"$date":{"$numberLong":"600"}}}}"#,
];

const SORTS: &[&str] = &[
    r#"{"uploadedAt":-1}"#,
    r#"{"uploadedAt":1}"#,
    r#"{"name":1}"#,
    r#"{"size":-1,"name":1}"#,
    r#"{"identify.size.width":1}"#,
    r#"{"name":-1}"#,
    r#"{"typeGroup":1,"size":1}"#,
    r#"{"extension":-1}"#,
    r#"{"note":1}"#,
    r#"{"name":1,"_id":-1}"#,
    r#"{"size":-1,"_id":-1}"#,
    r#"{"size":1,"_id":1,"name":1}"#,
    r#"{"uploadedAt":1,"_id":-1}"#,
    r#"{"_id":-1,"size":1}"#,
];

/// One of many records; another one for each version.
pub(crate) fn record(id: u32, version: u32) -> Document {
    let mixed = id.wrapping_mul(2_654_435_761).wrapping_add(version * 97) >> 7;
    let room = if mixed.is_multiple_of(2) { "A".to_owned() } else { format!("room{}", mixed % 30) };
    let record = Document::new()
        .with("_id", format!("f{id}"))
        .with("rid", room)
        .with("userId", format!("u{}", mixed % 5))
        .with("uploadedAt", Date(i64::from(mixed % 997)))
        .with("typeGroup", if mixed.is_multiple_of(3) { "image" } else { "text" })
        .with(
            "name",
            format!("{}{}", if mixed.is_multiple_of(4) { "Logo" } else { "photo" }, mixed % 71),
        )
        .with("size", (mixed % 90) as i32);
    let size = Document::new().with("width", (mixed % 61) as i32).with("height", id as i32);
    match mixed % 11 {
        0 => record,
        1 => record.with("identify", Value::Null).with("extension", "png"),
        2 => record.with("identify", Document::new().with("size", Value::Array(vec![size.into()]))),
        3 => record.with("extension", "png").with("note", "x".repeat(1500)),
        rest => record
            .with("identify", Document::new().with("format", "png").with("size", size))
            .with("extension", if rest > 6 { "png" } else { "jpg" }),
    }
}

fn options(cache_bytes: u64, columns: &[&str]) -> Options {
    let mut options = Options::default();
    options.cache_bytes = cache_bytes;
    options.durability = Durability::Relaxed;
    options.columns = columns.iter().map(|path| (*path).to_owned()).collect();
    options
}

pub(crate) fn store(cache_bytes: u64, columns: &[&str]) -> Store {
    Store::temporary(&options(cache_bytes, columns)).unwrap()
}

pub(crate) fn records(count: u32) -> BTreeMap<u32, Document> {
    (0..count).map(|id| (id, record(id, 0))).collect()
}

/// The pages next to a record and its rank are those of a full scan.
pub(crate) fn lies_as_by_full_scan(
    store: &Store,
    all: &[Document],
    (plan, place): (&Plan, &Document),
    window: Window,
) -> TestCaseResult {
    let (whole, total) = by_full_scan(all, plan, Window::all());
    let key = |record: &Document| plan.sort().key_with_id(record.view()).unwrap();
    let position = plan.sort().position(place.view()).unwrap();
    let skip = usize::try_from(window.offset).unwrap();
    let take = window.count.map_or(usize::MAX, |count| usize::try_from(count).unwrap());

    let page = store.page_at(plan, &Start::After(position.clone()), window, &Watch::default());
    let page = page.unwrap();
    let behind = whole.iter().filter(|record| key(record) > key(place)).skip(skip).take(take);
    prop_assert_eq!(&page.documents, &behind.cloned().collect::<Vec<_>>(), "{}", page.explain);
    prop_assert_eq!(page.total, total);

    let page = store.page_at(plan, &Start::Before(position), window, &Watch::default()).unwrap();
    let before = whole.iter().rev().filter(|record| key(record) < key(place)).skip(skip).take(take);
    let mut before: Vec<Document> = before.cloned().collect();
    before.reverse();
    prop_assert_eq!(&page.documents, &before, "{}", page.explain);
    prop_assert_eq!(page.total, total);

    let id = place.get_str("_id").unwrap();
    let rank = store.rank(plan, id, &Watch::default()).unwrap();
    let expected = whole.iter().position(|record| record.get_str("_id") == Some(id));
    let expected = expected.map(|rank| rank as u64);
    prop_assert_eq!(rank.map(|(rank, _)| rank), expected);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 10, ..ProptestConfig::with_cases(8) })]

    #[test]
    fn scans_by_columns_equal_a_full_scan_while_the_store_changes(
        cache_bytes in prop_oneof![1 => Just(120 << 10), 4 => Just(64 << 20)],
        declared in any::<bool>(),
        rounds in proptest::collection::vec(
            (
                proptest::collection::vec((0..1600u32, 0..4u32), 0..6),
                (0..FILTERS.len(), 0..SORTS.len(), 1..6u32, any::<bool>()),
                (
                    prop_oneof![2 => 0..60u64, 1 => 300..1300u64],
                    proptest::option::of(0..50u64),
                    any::<prop::sample::Index>(),
                ),
            ),
            1..10,
        ),
    ) {
        let columns: &[&str] = if declared { &["extension", "identify.size.width"] } else { &[] };
        let store = store(cache_bytes, columns);
        let mut model = records(1200);
        store.put_many(model.values().cloned()).unwrap();
        store.checkpoint().unwrap();
        for (changes, (filter, sort, times, collates), (offset, count, place)) in rounds {
            let collation = collates.then_some(r#"{"locale":"en","strength":1}"#);
            let plan = plan_under(FILTERS[filter], SORTS[sort], collation);
            let window = Window { offset, count };
            let before: Vec<Document> = model.values().cloned().collect();
            let snapshot = store.snapshot();
            for _ in 0..times {
                let page = store.page(&plan, window, &Watch::default()).unwrap();
                let expected = by_full_scan(&before, &plan, window);
                prop_assert_eq!((page.documents, page.total), expected, "{}", page.explain);
            }
            for (id, version) in changes {
                match version {
                    0 => change(&store, &mut model, id, None),
                    3 if id % 3 == 0 => store.checkpoint().unwrap(),
                    _ => change(&store, &mut model, id, Some(record(id, version))),
                }
            }
            let after: Vec<Document> = model.values().cloned().collect();
            let page = store.page(&plan, window, &Watch::default()).unwrap();
            let expected = by_full_scan(&after, &plan, window);
            prop_assert_eq!((page.documents, page.total), expected, "{}", page.explain);
            // A record that may be gone, or another by now, or match no longer.
            let placed = (&plan, place.get(&before));
            lies_as_by_full_scan(&store, &after, placed, Window { offset: offset % 7, count })?;
            let page = snapshot.page(&plan, window, &Watch::default()).unwrap();
            let expected = by_full_scan(&before, &plan, window);
            prop_assert_eq!((page.documents, page.total), expected, "then {}", page.explain);
            let page = store.page(&plan, Window { offset: 0, count: Some(0) }, &Watch::default()).unwrap();
            prop_assert_eq!(store.total(&plan, &Watch::default()).unwrap(), page.total);
        }
    }
}

#[test]
fn a_filter_over_many_records_makes_columns_and_then_reads_few_blocks() {
    // Of the greater number some are made columns of by a second thread, where there is one.
    for count in [3_000, 9_000] {
        let store = store(64 << 20, &[]);
        store.put_many(records(count).into_values()).unwrap();
        store.checkpoint().unwrap();
        // Of one of these fields no columns lie on the disk.
        let plan = plan(r#"{"note":{"$exists":true},"extension":"png"}"#, SORTS[0]);
        let window = Window { offset: 0, count: Some(10) };
        let explain = || store.explain(&plan, window, &Watch::default()).unwrap();
        let (first, second) = (explain(), explain());
        let count = u64::from(count);
        assert_eq!((first.records_in_columns, first.records_examined), (count, count));
        assert!(first.records_decoded >= count + second.records_decoded, "{first}");
        assert_eq!(first.columns, ["uploadedAt", "note", "extension"]);
        assert!(second.records_decoded < 400, "{second}");
        assert_eq!(first.matched, second.matched);
    }
}

#[test]
fn fields_of_which_columns_lie_on_the_disk_are_judged_the_first_time_as_ever_after() {
    for cache_bytes in [64 << 20, 120 << 10] {
        let (site, plan) = (tempfile::tempdir().unwrap(), plan(FILTERS[1], SORTS[0]));
        let options = options(cache_bytes, &[]);
        let store = Store::open(site.path(), &options).unwrap();
        store.put_many(records(3000).into_values()).unwrap();
        store.close().unwrap();

        let store = Store::open(site.path(), &options).unwrap();
        let window = Window { offset: 0, count: Some(10) };
        let explain = || store.explain(&plan, window, &Watch::default()).unwrap();
        let (first, second) = (explain(), explain());
        for explain in [&first, &second] {
            assert_eq!((explain.records_in_columns, explain.records_examined), (3000, 3000));
            assert_eq!(explain.columns, ["uploadedAt", "identify.size.width", "extension"]);
            assert_eq!(explain.blocks_read, explain.records_decoded - explain.returned);
            assert!(explain.records_decoded < 200, "{explain}");
        }
        assert_eq!(first.matched, second.matched);
    }
}

#[test]
fn columns_on_the_disk_that_are_damaged_or_gone_change_no_answer() {
    let site = tempfile::tempdir().unwrap();
    let options = options(8 << 20, &[]);
    let all: Vec<Document> = records(2000).into_values().collect();
    let store = Store::open(site.path(), &options).unwrap();
    store.put_many(all.iter().cloned()).unwrap();
    store.close().unwrap();

    let path = site.path().join("columns.1");
    let whole = fs::read(&path).unwrap();
    let mut damaged: Vec<Option<Vec<u8>>> = vec![None, Some(Vec::new())];
    for at in (0..whole.len()).step_by(whole.len() / 9).chain(whole.len() - 3..whole.len()) {
        let mut changed = whole.clone();
        changed[at] ^= 1 << (at % 8);
        damaged.extend([Some(changed), Some(whole[..at].to_vec())]);
        let mut zeroed = whole.clone();
        zeroed[at / 2..at].fill(0);
        damaged.push(Some(zeroed));
    }
    for bytes in damaged {
        fs::remove_file(&path).ok();
        bytes.iter().for_each(|bytes| fs::write(&path, bytes).unwrap());
        let store = Store::open(site.path(), &options).unwrap();
        for (filter, sort) in [(FILTERS[1], SORTS[0]), (FILTERS[5], SORTS[3]), ("{}", SORTS[2])] {
            let (plan, window) = (plan(filter, sort), Window { offset: 20, count: Some(30) });
            let page = store.page(&plan, window, &Watch::default()).unwrap();
            assert_eq!((page.documents, page.total), by_full_scan(&all, &plan, window));
        }
        assert!(store.verify(&mut |_, _| ()).unwrap().is_clean());
        store.close().unwrap();
    }
}

#[test]
fn columns_of_a_store_that_took_the_place_of_this_one_are_not_read() {
    let site = tempfile::tempdir().unwrap();
    let path = |name: &str| site.path().join(name);
    let made = |name: &str, version: u32| {
        let all: Vec<Document> = (0..2000).map(|id| record(id, version)).collect();
        let store = Store::open(path(name), &options(8 << 20, &[])).unwrap();
        store.put_many(all.iter().cloned()).unwrap();
        store.close().unwrap();
        all
    };
    let (all, _others) = (made("one", 0), made("other", 1));
    let store = Store::open(path("one"), &options(8 << 20, &[])).unwrap();
    fs::rename(path("one"), path("moved")).unwrap();
    fs::rename(path("other"), path("one")).unwrap();
    let (plan, window) = (plan(FILTERS[1], SORTS[3]), Window { offset: 0, count: Some(30) });
    let page = store.page(&plan, window, &Watch::default()).unwrap();
    assert_eq!((page.documents, page.total), by_full_scan(&all, &plan, window));
}

#[test]
fn a_room_that_is_gone_leaves_nothing_in_what_is_known_of_those_beside_it() {
    let store = store(64 << 20, &[]);
    let file = |id: u32| {
        let mut file = record(id, 0);
        file.set("rid", ["A", "B", "C"][id as usize / 300]);
        file.set("size", id as i32);
        file
    };
    store.put_many((0..900).map(file)).unwrap();
    store.checkpoint().unwrap();
    let plan = plan(r#"{"size":{"$gte":7}}"#, r#"{"uploadedAt":-1}"#);
    let page = || store.page(&plan, Window { offset: 0, count: Some(30) }, &Watch::default());
    assert_eq!(page().unwrap().total, 893);
    for id in 300..600 {
        store.remove(&format!("f{id}")).unwrap();
    }
    store.checkpoint().unwrap();
    let left: Vec<Document> = (0..300).chain(600..900).map(file).collect();
    let page = page().unwrap();
    assert!(page.explain.records_in_columns > 0, "{}", page.explain);
    let window = Window { offset: 0, count: Some(30) };
    assert_eq!((page.documents, page.total), by_full_scan(&left, &plan, window));
}

#[test]
fn an_order_that_is_asked_for_again_is_read_from_a_view_at_any_offset() {
    let store = store(64 << 20, &[]);
    store.put_many(records(3000).into_values()).unwrap();
    store.checkpoint().unwrap();
    for filter in ["{}", r#"{"rid":"A"}"#, r#"{"size":{"$gt":20}}"#, r#"{"typeGroup":"image"}"#] {
        let plan = plan(filter, r#"{"name":1}"#);
        let explain = |offset| {
            store.explain(&plan, Window { offset, count: Some(10) }, &Watch::default()).unwrap()
        };
        // Further in than zones lead.
        let first = explain(300);
        let sorts: Vec<&str> = (0..5).map(|_| explain(300).sort).collect();
        assert!(first.sort != "view" || filter != "{}", "{first}");
        assert_eq!(sorts.last(), Some(&"view"), "{filter}");
        let deep = explain(first.matched / 2);
        assert_eq!((deep.sort, deep.returned), ("view", 10), "{deep}");
        assert!(deep.blocks_read <= 20, "{deep}");
        // What a write changes is put in between.
        store.put(&record(1, 7)).unwrap();
        assert_eq!(explain(300).sort, "view");
    }
}

#[test]
fn a_page_behind_a_record_and_its_rank_cost_the_same_at_any_depth_of_a_view() {
    let store = store(64 << 20, &[]);
    store.put_many(records(6000).into_values()).unwrap();
    store.checkpoint().unwrap();
    let (all, window) =
        (records(6000).into_values().collect::<Vec<_>>(), Window { offset: 0, count: Some(10) });
    for filter in ["{}", r#"{"rid":"A"}"#, r#"{"typeGroup":"image"}"#] {
        let plan = plan(filter, r#"{"name":1}"#);
        let further = Window { offset: 300, ..window };
        for _ in 0..4 {
            store.page(&plan, further, &Watch::default()).unwrap();
        }
        let first = store.explain(&plan, further, &Watch::default()).unwrap();
        let (whole, total) = by_full_scan(&all, &plan, Window::all());
        for depth in [0, 1, 700, whole.len() / 2, whole.len() - 30] {
            let record = &whole[depth];
            let position = plan.sort().position(record.view()).unwrap();
            for start in [Start::After(position.clone()), Start::Before(position)] {
                let page = store.page_at(&plan, &start, window, &Watch::default()).unwrap();
                let explain = page.explain;
                assert_eq!((explain.sort, explain.total, page.total), ("view", "counts", total));
                // The place is looked for among keys, of which many are alike.
                assert!(explain.blocks_read <= first.blocks_read + 15, "{depth}: {explain}");
                assert!(explain.records_examined <= first.records_examined, "{depth}: {explain}");
            }
            let id = record.get_str("_id").unwrap();
            let (rank, explain) = store.rank(&plan, id, &Watch::default()).unwrap().unwrap();
            assert_eq!((rank, explain.sort), (depth as u64, "view"));
            assert!(
                explain.blocks_read <= 15 && explain.records_examined == 0,
                "{depth}: {explain}"
            );
        }
    }
}

#[test]
fn an_order_that_is_too_large_for_the_memory_is_sorted_as_before() {
    let store = store(20 << 10, &[]);
    store.put_many(records(3000).into_values()).unwrap();
    store.checkpoint().unwrap();
    let all: Vec<Document> = records(3000).into_values().collect();
    let (plan, window) = (plan("{}", r#"{"name":1}"#), Window { offset: 5, count: Some(10) });
    for _ in 0..3 {
        let page = store.page(&plan, window, &Watch::default()).unwrap();
        assert_ne!(page.explain.sort, "view");
        assert_eq!((page.documents, page.total), by_full_scan(&all, &plan, window));
    }
}

#[test]
fn an_order_far_into_which_a_page_lies_needs_no_room_beside_columns_of_other_questions() {
    let store = store(450 << 10, &[]);
    store.put_many(records(6000).into_values()).unwrap();
    store.checkpoint().unwrap();
    let all: Vec<Document> = records(6000).into_values().collect();
    let window = |offset| Window { offset, count: Some(10) };
    for filter in [FILTERS[0], FILTERS[1], FILTERS[4]] {
        let page = store.page(&plan(filter, SORTS[2]), window(0), &Watch::default()).unwrap();
        assert_eq!(page.total, by_full_scan(&all, &plan(filter, SORTS[2]), window(0)).1);
    }
    let deep = plan("{}", r#"{"size":-1}"#);
    for _ in 0..2 {
        let page = store.page(&deep, window(5500), &Watch::default()).unwrap();
        assert_eq!(page.explain.sort, "view", "{}", page.explain);
        assert_eq!((page.documents, page.total), by_full_scan(&all, &deep, window(5500)));
    }
}

#[test]
fn what_conditions_hold_for_stays_known_where_their_columns_have_no_room() {
    let store = store(1100 << 10, &[]);
    let remark = |id: u32| format!("{id:0200}");
    let all = (0..6000).map(|id| record(id, 0).with("remark", remark(id)));
    let all: Vec<Document> = all.collect();
    store.put_many(all.iter().cloned()).unwrap();
    store.checkpoint().unwrap();
    let (first, second) = (r#"{"remark":{"$regex":"77"}}"#, r#"{"remark":{"$regex":"88"}}"#);
    let window = Window { offset: 0, count: Some(10) };
    let blocks_read = |filter| {
        let plan = plan(filter, SORTS[0]);
        let page = store.page(&plan, window, &Watch::default()).unwrap();
        assert_eq!((page.documents, page.total), by_full_scan(&all, &plan, window));
        page.explain.blocks_read
    };
    let read = [first, second, first, second, first].map(blocks_read);
    assert!(read[0] > 300 && read[1] > 300, "{read:?}");
    assert!(read[2..].iter().all(|blocks| *blocks < 100), "{read:?}");
}

#[test]
fn an_id_at_the_end_of_a_sort_takes_no_column() {
    let store = store(64 << 20, &[]);
    store.put_many(records(3000).into_values()).unwrap();
    store.checkpoint().unwrap();
    let plan = plan(r#"{"size":{"$gt":80}}"#, r#"{"uploadedAt":-1,"_id":-1}"#);
    let explain =
        store.explain(&plan, Window { offset: 0, count: Some(10) }, &Watch::default()).unwrap();
    assert_eq!(explain.columns, ["uploadedAt", "size"], "{explain}");
    assert!(explain.records_in_columns == 3000 && explain.blocks_read <= 80, "{explain}");
}

#[test]
fn declared_columns_serve_from_the_first_time() {
    let store = store(64 << 20, &["extension", "identify.size.width"]);
    store.put_many(records(3000).into_values()).unwrap();
    store.checkpoint().unwrap();
    let total = |filter| {
        let plan = plan(filter, SORTS[0]);
        store.explain(&plan, Window { offset: 0, count: Some(10) }, &Watch::default()).unwrap()
    };
    assert_eq!(total(FILTERS[0]).records_in_columns, 3000);
    // Columns of both were made at once.
    assert!(total(FILTERS[1]).blocks_read < 200);
}

#[test]
fn a_declared_column_must_be_a_path() {
    let mut options = Options::default();
    options.columns = vec![vec!["a"; 300].join(".")];
    assert_eq!(Store::temporary(&options).unwrap_err().kind(), filedex_storage::ErrorKind::Query);
}

#[test]
fn a_scan_by_columns_ends_at_its_limits() {
    let store = store(64 << 20, &["size"]);
    store.put_many(records(3000).into_values()).unwrap();
    store.checkpoint().unwrap();
    let plan = plan(r#"{"size":{"$gt":1}}"#, SORTS[0]);
    assert!(store.total(&plan, &Watch::default()).unwrap() > 2000);
    let watch = Watch { documents_examined: Some(1000), ..Watch::default() };
    let error = store.total(&plan, &watch).unwrap_err();
    assert!(error.to_string().contains("documents_examined"), "{error}");
}

#[test]
fn scans_that_make_and_drop_columns_beside_each_other_stay_exact() {
    for cache_bytes in [200 << 10, 64 << 20] {
        let store = store(cache_bytes, &[]);
        let records: Vec<Document> = records(3000).into_values().collect();
        store.put_many(records.iter().cloned()).unwrap();
        // What the writer changes is of no filter's concern.
        let notes = |id: u32, round: u32| record(id, 0).with("seen", round as i32);
        let filters = &FILTERS[..9];
        std::thread::scope(|scope| {
            for reader in 0..3 {
                let (store, records) = (&store, &records);
                scope.spawn(move || {
                    for round in 0..30 {
                        let plan = plan(filters[(reader * 4 + round) % filters.len()], SORTS[0]);
                        let window = Window { offset: 0, count: Some(0) };
                        let (_, expected) = by_full_scan(records, &plan, window);
                        assert_eq!(store.total(&plan, &Watch::default()).unwrap(), expected);
                    }
                });
            }
            scope.spawn(|| {
                for round in 0..200 {
                    store.put(&notes(round * 17 % 3000, round)).unwrap();
                }
            });
        });
    }
}

#[test]
fn a_filter_over_many_records_answers_as_a_full_scan_does_whatever_was_written_since() {
    let store = Store::temporary(&Options::default()).unwrap();
    let records = 6_000;
    store.put_many((0..records).map(|id| record(id, 0))).unwrap();
    store.checkpoint().unwrap();
    for id in (0..records).step_by(97) {
        store.put(&record(id, 1)).unwrap();
        store.remove(&format!("f{}", id + 1)).unwrap();
        store.put(&record(records + id, 0)).unwrap();
    }
    let model = (0..2 * records).filter_map(|id| store.get(&format!("f{id}")).unwrap());
    let model: Vec<Document> = model.collect();
    let window = Window { offset: 3, count: Some(40) };
    for filter in FILTERS {
        let plan = plan(filter, r#"{"uploadedAt":-1}"#);
        // The first time that a filter is asked reads the records.
        let page = store.page(&plan, window, &Watch::default()).unwrap();
        assert_eq!((page.documents, page.total), by_full_scan(&model, &plan, window), "{filter}");
    }
}

#[test]
fn an_order_of_many_records_is_that_of_a_full_scan_from_the_first_time_on() {
    let store = Store::temporary(&Options::default()).unwrap();
    let records = 10_000;
    store.put_many((0..records).map(|id| record(id, 0))).unwrap();
    store.checkpoint().unwrap();
    let ask = |model: &[Document], filter: &str, sort: &str, offset: u64| {
        let (plan, window) = (plan(filter, sort), Window { offset, count: Some(40) });
        let page = store.page(&plan, window, &Watch::default()).unwrap();
        assert_eq!((page.documents, page.total), by_full_scan(model, &plan, window), "{sort}");
    };
    let model = |ids: u32| -> Vec<Document> {
        (0..ids).filter_map(|id| store.get(&format!("f{id}")).unwrap()).collect()
    };
    // Half of the records are in one room: both parts are long enough for a second thread.
    for filter in ["{}", r#"{"rid":"A"}"#] {
        let before = model(2 * records);
        for sort in [r#"{"name":1}"#, r#"{"size":-1,"name":1}"#] {
            for offset in [0, 3, 2_000, 0] {
                ask(&before, filter, sort, offset);
            }
        }
        for id in (0..records).step_by(501) {
            store.put(&record(id, 1)).unwrap();
            store.put(&record(records + id, 0)).unwrap();
        }
        let after = model(2 * records);
        ask(&after, filter, r#"{"name":1}"#, 5);
        store.checkpoint().unwrap();
        ask(&after, filter, r#"{"name":1}"#, 5);
        ask(&after, filter, r#"{"size":-1,"name":1}"#, 2_000);
    }
}
