//! Laws of pages whose first records are found by zones: they are those of a full scan, whatever was written meanwhile
//! and whatever became of the files that zones lie in.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::support::{both, by_full_scan, change, plan, plan_showing};
use filedex_query::{Date, Document};
use filedex_storage::{Durability, Explain, Options, Store, Watch, Window};
use proptest::prelude::*;

/// Of each the classes of records tell how many match.
const FILTERS: &[&str] = &[
    "{}",
    r#"{"rid":"A"}"#,
    r#"{"typeGroup":"image"}"#,
    r#"{"rid":"A","typeGroup":{"$ne":"image"}}"#,
];

const SORTS: &[&str] = &[
    r#"{"name":1}"#,
    r#"{"name":-1}"#,
    r#"{"size":-1,"name":1}"#,
    r#"{"size":1}"#,
    r#"{"identify.size.width":-1}"#,
    r#"{"identify.size.width":1}"#,
    r#"{"extension":1,"name":1}"#,
    r#"{"size":-1,"_id":-1}"#,
    r#"{"name":1,"_id":-1}"#,
];

/// One of many records; another one for each version. Few values are alike, some are missing, arrays, or too long.
fn record(id: u32, version: u32) -> Document {
    let mixed = id.wrapping_mul(2_654_435_761).wrapping_add(version * 97) >> 7;
    let room = if mixed.is_multiple_of(2) { "A".to_owned() } else { format!("room{}", mixed % 9) };
    let record = Document::new()
        .with("_id", format!("f{id}"))
        .with("rid", room)
        .with("uploadedAt", Date(i64::from(mixed % 997)))
        .with("typeGroup", if mixed.is_multiple_of(3) { "image" } else { "text" })
        .with("extension", if mixed.is_multiple_of(5) { "jpg" } else { "png" })
        .with("text", "x".repeat((mixed % 700) as usize));
    let record = match mixed % 2003 {
        0 => record.with("name", format!("{}{mixed}", "n".repeat(300))),
        1 => record.with("name", vec![format!("m{mixed}"), "z".to_owned()]),
        2 => record,
        _ => record.with("name", format!("n{:06}", mixed % 999_983)),
    };
    let width = Document::new().with("width", (mixed % 100_003) as i32);
    let record = match mixed % 1501 {
        0 => record.with("size", "large"),
        1 => record.with("size", f64::NAN),
        _ => record.with("size", (mixed % 1_000_003) as i32 - 9),
    };
    record.with("identify", Document::new().with("size", width))
}

fn named(id: u32, name: &str, room: &str) -> Document {
    Document::new().with("_id", format!("f{id}")).with("rid", room).with("name", name)
}

fn options() -> Options {
    let mut options = Options::default();
    options.durability = Durability::Relaxed;
    options
}

fn records(count: u32) -> BTreeMap<u32, Document> {
    (0..count).map(|id| (id, record(id, 0))).collect()
}

/// The first page of an order is that of a full scan; gives how it was come by.
fn first_page(
    store: &Store,
    all: &BTreeMap<u32, Document>,
    filter: &str,
    sort: &str,
    count: u64,
) -> Explain {
    let (plan, window) = (plan(filter, sort), Window { offset: 0, count: Some(count) });
    let page = store.page(&plan, window, &Watch::default()).unwrap();
    let all: Vec<Document> = all.values().cloned().collect();
    let expected = by_full_scan(&all, &plan, window);
    assert_eq!((page.documents, page.total), expected, "{filter} {sort}: {}", page.explain);
    let some_fields = plan_showing(filter, r#"{"text":0,"size":0}"#, sort);
    for (plan, offset) in [(&plan, 0), (&plan, 0), (&plan, 1), (&some_fields, 0)] {
        let window = Window { offset, count: Some(count - offset) };
        let (texts, records) = both(store, plan, window);
        assert_eq!(texts, records, "{filter} {sort}");
    }
    page.explain
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 4, ..ProptestConfig::with_cases(6) })]

    #[test]
    fn pages_by_zones_equal_a_full_scan_while_the_store_changes(
        rounds in proptest::collection::vec(
            (
                proptest::collection::vec((0..2600u32, 0..5u32), 0..30),
                (0..FILTERS.len(), 0..SORTS.len()),
                (0..8u64, 0..8u64),
            ),
            1..6,
        ),
    ) {
        let store = Store::temporary(&options()).unwrap();
        let mut model = records(2000);
        store.put_many(model.values().cloned()).unwrap();
        store.checkpoint().unwrap();
        for (changes, (filter, sort), (offset, count)) in rounds {
            let (plan, window) = (plan(FILTERS[filter], SORTS[sort]), Window { offset, count: Some(count) });
            let snapshot = store.snapshot();
            let before: Vec<Document> = model.values().cloned().collect();
            for (id, version) in changes {
                match version {
                    0 => change(&store, &mut model, id, None),
                    4 if id % 5 == 0 => store.checkpoint().unwrap(),
                    _ => change(&store, &mut model, id, Some(record(id, version))),
                }
            }
            let after: Vec<Document> = model.values().cloned().collect();
            let page = store.page(&plan, window, &Watch::default()).unwrap();
            prop_assert_eq!((page.documents, page.total), by_full_scan(&after, &plan, window), "{}", page.explain);
            for _ in 0..2 {
                let (texts, records) = both(&store, &plan, window);
                prop_assert_eq!(texts, records);
            }
            let page = snapshot.page(&plan, window, &Watch::default()).unwrap();
            prop_assert_eq!((page.documents, page.total), by_full_scan(&before, &plan, window), "then {}", page.explain);
        }
    }
}

#[test]
fn the_first_page_of_an_order_reads_few_blocks() {
    let store = Store::temporary(&options()).unwrap();
    let mut all = records(4000);
    store.put_many(all.values().cloned()).unwrap();
    store.checkpoint().unwrap();
    for filter in FILTERS {
        for sort in SORTS.iter().take(6) {
            let explain = first_page(&store, &all, filter, sort, 8);
            assert_eq!(
                (explain.sort, explain.total),
                ("zones", "counts"),
                "{filter} {sort}: {explain}"
            );
            assert!(explain.blocks_read <= 60, "{filter} {sort}: {explain}");
            assert!(!explain.columns.is_empty(), "{explain}");
        }
        // All blocks begin alike.
        assert_ne!(first_page(&store, &all, filter, SORTS[6], 8).sort, "zones");
    }
    // What memtables say, in blocks and in a room that has none.
    for id in [7, 8, 9, 4001] {
        all.insert(id, named(id, "a first one", "A"));
        store.put(&all[&id]).unwrap();
    }
    all.insert(5000, named(5000, "another", "0 before all others"));
    store.put(&all[&5000]).unwrap();
    all.remove(&17);
    store.remove("f17").unwrap();
    for filter in FILTERS {
        assert_eq!(first_page(&store, &all, filter, SORTS[0], 8).sort, "zones");
    }
    // More of the first ones are gone than were kept beside those of the page.
    let last = record(20, 1).get_str("name").unwrap().replace('n', "z");
    let (order, window) = (plan("{}", SORTS[0]), Window { offset: 0, count: Some(30) });
    for gone in store.page(&order, window, &Watch::default()).unwrap().documents {
        let id = gone.get_str("_id").unwrap()[1..].parse().unwrap();
        all.insert(id, named(id, &last, gone.get_str("rid").unwrap()));
        store.put(&all[&id]).unwrap();
    }
    for filter in FILTERS {
        first_page(&store, &all, filter, SORTS[0], 8);
        first_page(&store, &all, filter, SORTS[1], 8);
    }
    // Blocks that others took the place of are passed over.
    store.checkpoint().unwrap();
    for (filter, sort) in
        FILTERS.iter().flat_map(|filter| SORTS.iter().map(move |sort| (filter, sort)))
    {
        first_page(&store, &all, filter, sort, 8);
    }
}

#[test]
fn the_first_page_of_everything_is_found_whatever_became_of_the_blocks_that_lead() {
    let store = Store::temporary(&options()).unwrap();
    // Few of them fit into a block, and of so many blocks some lead. The file is too long to be cleared at once.
    let letter = |mixed: &u32| char::from(b'a' + (mixed >> 27) as u8 % 26);
    let next = |mixed: &u32| Some(mixed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
    let letters = |id| std::iter::successors(Some(id), next).map(|mixed| letter(&mixed));
    let long = |id| record(id, 0).with("more", letters(id).take(3000).collect::<String>());
    let mut all: BTreeMap<u32, Document> = (0..3000).map(|id| (id, long(id))).collect();
    store.put_many(all.values().cloned()).unwrap();
    store.checkpoint().unwrap();
    for (sort, count) in [(SORTS[0], 8), (SORTS[1], 100), (SORTS[2], 190)] {
        assert_eq!(first_page(&store, &all, "{}", sort, count).sort, "zones");
    }
    // First some of these give way to others, then all.
    for sort in [Some("zones"), None, None, None] {
        let (order, window) = (plan("{}", SORTS[0]), Window { offset: 0, count: Some(200) });
        for first in store.page(&order, window, &Watch::default()).unwrap().documents {
            let id: u32 = first.get_str("_id").unwrap()[1..].parse().unwrap();
            all.insert(id, named(id, &format!("z{id}"), first.get_str("rid").unwrap()));
            store.put(&all[&id]).unwrap();
        }
        store.checkpoint().unwrap();
        let explain = first_page(&store, &all, "{}", SORTS[0], 100);
        assert!(sort.is_none_or(|sort| explain.sort == sort), "{explain}");
        first_page(&store, &all, "{}", SORTS[1], 8);
    }
}

#[test]
fn what_comes_first_in_its_block_hides_none_of_those_that_come_first_of_their_class() {
    let store = Store::temporary(&options()).unwrap();
    // One or two of a block begin it, and are not asked for; the first that are lie in the blocks that begin last.
    let file = |id: u32| {
        // In some blocks nothing begins as it does elsewhere.
        let is_elsewhere = (id / 40).is_multiple_of(5);
        let is_asked_for = !id.is_multiple_of(6) || is_elsewhere;
        let name = match is_asked_for {
            _ if is_elsewhere => format!("z{id:06}"),
            true => format!("o{:06}", 9000 - id),
            false => format!("n{id:06}"),
        };
        let file = named(id, &name, "A").with("uploadedAt", Date(i64::from(id)));
        let file = file.with("text", format!("{id:x}").repeat(200));
        file.with("typeGroup", if is_asked_for { "image" } else { "text" })
    };
    let all: BTreeMap<u32, Document> = (0..4000).map(|id| (id, file(id))).collect();
    store.put_many(all.values().cloned()).unwrap();
    store.checkpoint().unwrap();
    for filter in [FILTERS[2], r#"{"rid":"A","typeGroup":"image"}"#] {
        for count in [1, 2, 3, 8] {
            first_page(&store, &all, filter, SORTS[0], count);
        }
    }
}

#[test]
fn without_zones_or_with_damaged_ones_the_same_page_is_found() {
    let site = tempfile::tempdir().unwrap();
    let (path, all) = (site.path().join("store"), records(2000));
    let store = Store::open(&path, &options()).unwrap();
    store.put_many(all.values().cloned()).unwrap();
    store.close().unwrap();
    let files = |path: &Path| {
        let files = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
        let files = files.filter(|file| file.file_stem().unwrap() == "columns");
        files.filter(|file| file.metadata().unwrap().len() > 1000).collect::<Vec<_>>()
    };
    let asks = |sort| {
        let store = Store::open(&path, &options()).unwrap();
        first_page(&store, &all, "{}", sort, 5).sort
    };
    assert_eq!(asks(SORTS[0]), "zones");
    for file in files(&path) {
        let whole = fs::read(&file).unwrap();
        // The zones lie behind the columns.
        for at in (whole.len() / 4 * 3..whole.len()).step_by(whole.len() / 97) {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x10;
            fs::write(&file, &damaged).unwrap();
            asks(SORTS[at % 6]);
        }
        fs::remove_file(&file).unwrap();
        assert_ne!(asks(SORTS[0]), "zones");
        fs::write(&file, &whole).unwrap();
    }
    assert_eq!(asks(SORTS[0]), "zones");
}
