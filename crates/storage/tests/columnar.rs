//! Laws of scans of everything by column files as these lie: they answer as a full scan does, whatever lies in which file,
//! whichever of it is in use, and whatever has become of column files.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::columns::record;
use super::support::{by_full_scan, change, plan};
use filedex_query::Document;
use filedex_storage::{Durability, ErrorKind, Options, Snapshot, Store, Watch, Window};
use proptest::prelude::*;

const FILTERS: &[&str] = &[
    r#"{"name":{"$regex":"LOGO","$options":"i"}}"#,
    r#"{"name":{"$not":{"$regex":"o4"}}}"#,
    r#"{"identify.size.width":{"$gte":30},"extension":"png"}"#,
    r#"{"$or":[{"size":{"$gt":80}},{"extension":"jpg"},{"identify.size.width":3}]}"#,
    r#"{"$expr":{"$gt":["$size","$identify.size.width"]}}"#,
    r#"{"typeGroup":{"$ne":"image"},"extension":{"$in":["jpg",null]}}"#,
    r#"{"size":{"$lt":0}}"#,
    r#"{"note":{"$exists":true},"size":{"$gt":20}}"#,
];

const SORTS: &[&str] = &[
    r#"{"uploadedAt":-1}"#,
    r#"{"name":1}"#,
    r#"{"typeGroup":-1}"#,
    r#"{"identify.size.width":1}"#,
    r#"{"size":-1,"name":1}"#,
];

const RECORDS: u32 = 5_000;

#[derive(Clone, Debug)]
enum Step {
    Change(Vec<(u32, u32)>),
    Checkpoint,
    Reopen,
    Compact,
    /// A column file is changed at a place, or gone.
    Damage(prop::sample::Index, prop::sample::Index),
}

fn step() -> impl Strategy<Value = Step> {
    let changes = prop::collection::vec((0..RECORDS + 200, 0..4_u32), 1..40);
    prop_oneof![
        6 => changes.prop_map(Step::Change),
        3 => Just(Step::Checkpoint),
        2 => Just(Step::Reopen),
        1 => Just(Step::Compact),
        1 => any::<(prop::sample::Index, prop::sample::Index)>().prop_map(|(file, at)| Step::Damage(file, at)),
    ]
}

fn options() -> Options {
    let mut options = Options::default();
    options.durability = Durability::Relaxed;
    options
}

/// A store of which some lies in either of two files, and of the first one not all is in use.
fn store(path: &Path) -> (Store, BTreeMap<u32, Document>) {
    let store = Store::open(path, &options()).unwrap();
    let model: BTreeMap<u32, Document> = (0..RECORDS).map(|id| (id, record(id, 0))).collect();
    for part in [0..4_000, 4_000..RECORDS] {
        store.put_many(model.range(part).map(|(_, record)| record.clone())).unwrap();
        store.checkpoint().unwrap();
    }
    (store, model)
}

fn damage(path: &Path, file: &prop::sample::Index, at: &prop::sample::Index) {
    let files = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    let is_of_columns = |path: &std::path::PathBuf| path.file_stem().unwrap() == "columns";
    let files: Vec<_> = files.filter(is_of_columns).collect();
    let file = &files[file.index(files.len())];
    let mut bytes = fs::read(file).unwrap();
    let at = at.index(bytes.len());
    bytes[at] ^= 1 << (at % 8);
    match at % 3 {
        0 => fs::remove_file(file).unwrap(),
        _ => fs::write(file, bytes).unwrap(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 20, ..ProptestConfig::with_cases(12) })]

    #[test]
    fn a_scan_of_everything_equals_a_full_scan_wherever_it_lies(
        steps in prop::collection::vec((step(), 0..FILTERS.len(), 0..SORTS.len(), 0..60_u64), 1..9),
    ) {
        let site = tempfile::tempdir().unwrap();
        let (mut store, mut model) = store(site.path());
        for (step, filter, sort, offset) in steps {
            let then: Vec<Document> = model.values().cloned().collect();
            let mut snapshot: Option<Snapshot> = None;
            match step {
                Step::Change(changes) => {
                    snapshot = Some(store.snapshot());
                    for (id, version) in changes {
                        change(&store, &mut model, id, (version > 0).then(|| record(id, version)));
                    }
                }
                Step::Checkpoint => {
                    snapshot = Some(store.snapshot());
                    store.checkpoint().unwrap();
                }
                Step::Reopen | Step::Compact | Step::Damage(..) => {
                    store.close().unwrap();
                    match &step {
                        Step::Compact => drop(Store::compact(site.path(), &options(), &mut |_, _| ()).unwrap()),
                        Step::Damage(file, at) => damage(site.path(), file, at),
                        _ => {}
                    }
                    store = Store::open(site.path(), &options()).unwrap();
                }
            }
            let now: Vec<Document> = model.values().cloned().collect();
            let window = Window { offset, count: Some(20) };
            // The same filter by another order finds what is known of it.
            for sort in [SORTS[sort], SORTS[0], SORTS[sort]] {
                let plan = plan(FILTERS[filter], sort);
                let page = store.page(&plan, window, &Watch::default()).unwrap();
                let expected = by_full_scan(&now, &plan, window);
                prop_assert_eq!((page.documents, page.total), expected, "{}", page.explain);
                prop_assert_eq!(store.total(&plan, &Watch::default()).unwrap(), page.total);
                if let Some(snapshot) = &snapshot {
                    let page = snapshot.page(&plan, window, &Watch::default()).unwrap();
                    let expected = by_full_scan(&then, &plan, window);
                    prop_assert_eq!((page.documents, page.total), expected, "then {}", page.explain);
                }
            }
        }
        prop_assert_eq!(store.verify(&mut |_, _| ()).unwrap().problems, Vec::<String>::new());
    }
}

#[test]
fn a_scan_of_everything_keeps_nothing_but_what_it_found_out() {
    let site = tempfile::tempdir().unwrap();
    let (store, model) = store(site.path());
    let all: Vec<Document> = model.into_values().collect();
    let plan = plan(FILTERS[0], SORTS[0]);
    let window = Window { offset: 0, count: Some(10) };
    let held = || {
        let caches = store.activity().caches;
        caches.iter().find(|cache| cache.name == "columns").unwrap().bytes
    };
    for _ in 0..2 {
        let page = store.page(&plan, window, &Watch::default()).unwrap();
        let explain = page.explain;
        assert_eq!((page.documents, page.total), by_full_scan(&all, &plan, window));
        assert_eq!(explain.columns, ["uploadedAt", "name"]);
        assert_eq!(explain.records_in_columns, u64::from(RECORDS));
        // Of records of the same date the last one's `_id` is not known.
        assert!(explain.blocks_read <= 30, "{explain}");
        assert!((1..=4_000).contains(&held()), "{}", held());
    }
}

#[test]
fn column_files_damaged_anywhere_change_no_page_of_records_that_are_alike() {
    let site = tempfile::tempdir().unwrap();
    let (store, model) = store(site.path());
    store.close().unwrap();
    let all: Vec<Document> = model.into_values().collect();
    // So many begin alike that some are read before all groups were taken up.
    let plan = plan(FILTERS[5], r#"{"typeGroup":-1}"#);
    let window = Window { offset: 0, count: Some(10) };
    let expected = by_full_scan(&all, &plan, window);
    let path = site.path().join("columns.1");
    let whole = fs::read(&path).unwrap();
    for at in (1..24).map(|part| whole.len() / 24 * part) {
        let mut damaged = whole.clone();
        damaged[at..at + 40].iter_mut().for_each(|byte| *byte ^= 0x55);
        fs::write(&path, damaged).unwrap();
        let store = Store::open(site.path(), &options()).unwrap();
        let page = store.page(&plan, window, &Watch::default()).unwrap();
        assert_eq!((page.documents, page.total), expected, "{at}: {}", page.explain);
        store.close().unwrap();
    }
}

#[test]
fn a_condition_fails_on_a_record_that_is_there_and_on_no_other() {
    let site = tempfile::tempdir().unwrap();
    let store = Store::open(site.path(), &options()).unwrap();
    let sized = |id: u32, size: i32| {
        Document::new().with("_id", format!("f{id}")).with("rid", "A").with("size", size)
    };
    store.put_many((0..RECORDS).map(|id| sized(id, (id % 90) as i32 + 1))).unwrap();
    store.put(&sized(17, 0)).unwrap();
    store.checkpoint().unwrap();
    let plan = plan(r#"{"$expr":{"$gt":[{"$divide":[100,"$size"]},50]}}"#, SORTS[0]);
    let total = || store.total(&plan, &Watch::default());
    let fewer = (0..RECORDS).filter(|id| id % 90 == 0).count() as u64;
    assert_eq!(total().unwrap_err().kind(), ErrorKind::Query);
    store.put(&sized(17, 60)).unwrap();
    assert_eq!(total().unwrap(), fewer);
    store.checkpoint().unwrap();
    assert_eq!(total().unwrap(), fewer);
}
