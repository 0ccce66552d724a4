//! What a host may rely on: opening, refusals, one state per answer, explain's account.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::support::{both, plan};
use filedex_query::{Date, Document, Value};
use filedex_storage::{
    Cancel, Cursor, Durability, ErrorKind, Options, Page, Put, Store, Watch, Window,
};

fn store() -> Store {
    Store::temporary(&Options::default()).unwrap()
}

fn file(id: &str) -> Document {
    Document::new().with("_id", id)
}

fn uploaded(id: u32, room: &str) -> Document {
    file(&format!("f{id:04}"))
        .with("rid", room)
        .with("uploadedAt", Date(i64::from(id)))
        .with("typeGroup", if id.is_multiple_of(2) { "image" } else { "video" })
        .with("size", 100)
}

fn kind(result: filedex_storage::Result<impl Sized>) -> ErrorKind {
    result.err().expect("an error").kind()
}

#[test]
fn handles_are_shared_between_threads() {
    fn is_shared<T: Clone + Send + Sync + 'static>() {}
    fn is_sent<T: Send + 'static>() {}
    is_shared::<Store>();
    is_sent::<Cursor>();
    is_sent::<Page>();
    is_sent::<filedex_storage::Error>();
}

#[test]
fn a_record_is_put_read_replaced_and_removed() {
    let store = store();
    let (first, second) = (file("a").with("rid", "A"), file("a").with("rid", "B"));
    assert_eq!(store.put(&first).unwrap(), Put::Inserted);
    assert_eq!(store.put(&first).unwrap(), Put::Unchanged);
    assert_eq!(store.put(&second).unwrap(), Put::Replaced);
    assert_eq!(store.get("a").unwrap(), Some(second));
    assert!(store.remove("a").unwrap());
    assert!(!store.remove("a").unwrap());
    assert_eq!(store.get("a").unwrap(), None);
}

#[test]
fn an_update_changes_one_record_and_never_its_name() {
    let store = store();
    store.put(&file("a")).unwrap();
    assert_eq!(store.update("a", |record| record.set("size", 1)).unwrap(), Some(Put::Replaced));
    assert_eq!(store.get("a").unwrap(), Some(file("a").with("size", 1)));
    assert_eq!(store.update("none", |_| ()).unwrap(), None);
    let renamed = store.update("a", |record| record.set("_id", "b"));
    assert_eq!(kind(renamed), ErrorKind::InvalidRecord);
}

#[test]
fn a_callback_that_panics_or_writes_leaves_the_store_usable() {
    let store = store();
    store.put(&file("a")).unwrap();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        store.update("a", |_| panic!("the host's own fault"))
    }));
    assert!(panicked.is_err());
    let other = store.clone();
    let writes = |_: &mut Document| assert_eq!(other.put(&file("b")).unwrap(), Put::Inserted);
    store.update("a", writes).unwrap();
    assert!(store.get("b").unwrap().is_some());
}

#[test]
fn long_bodies_are_kept_whole_in_pieces() {
    let store = store();
    for bytes in [1000, 1100, 3500, 7000, 100_000, 3_000_000] {
        let record = file("long").with("rid", "A").with("text", "x".repeat(bytes));
        store.put(&record).unwrap();
        assert_eq!(store.get("long").unwrap(), Some(record));
        assert!(store.verify(&mut |_, _| ()).unwrap().is_clean());
    }
    store.remove("long").unwrap();
    assert!(store.verify(&mut |_, _| ()).unwrap().is_clean());
}

#[test]
fn names_of_any_bytes_that_json_can_carry_are_kept_apart() {
    let store = store();
    let names = ["\0", "\0\0", "a\0", "a", "/", "../x", "\u{10ffff}", "é", " ", "$", "a.b"];
    for name in names {
        store.put(&file(name).with("rid", name).with("userId", name)).unwrap();
    }
    for name in names {
        assert_eq!(store.get(name).unwrap().unwrap().get_str("rid"), Some(name));
        let room = Value::from(Document::new().with("rid", name));
        let text = filedex_query::ejson::to_text(room.view(), filedex_query::ejson::Form::Relaxed);
        let page = store.page(&plan(&text, "{}"), Window::all(), &Watch::default()).unwrap();
        assert_eq!((page.total, page.explain.access_path), (1, "room"), "{name:?}");
    }
    assert!(store.verify(&mut |_, _| ()).unwrap().is_clean());
}

#[test]
fn documents_that_cannot_be_records_are_refused_with_nothing_written_but_what_came_before() {
    let store = store();
    let mut deep = Value::Null;
    for _ in 0..200 {
        deep = Value::from(Document::new().with("a", deep));
    }
    let refused = [
        Document::new(),
        file(""),
        Document::new().with("_id", 5),
        file(&"x".repeat(513)),
        file("a").with("rid", "x".repeat(513)),
        file("a").with("userId", "x".repeat(1 << 20)),
        file("a").with("uploadedAt", "x".repeat(300)),
        file("a").with("size", 1).with("size", 2),
        file("a").with("deep", deep),
        file("a").with("text", "x".repeat(17 << 20)),
    ];
    for record in refused {
        let error = store.put(&record).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRecord, "{error}");
        let many = store.put_many([file("good"), record, file("behind")]);
        assert_eq!(kind(many), ErrorKind::InvalidRecord);
        assert!(store.remove("good").unwrap());
    }
    assert_eq!(store.stats().unwrap().records, 0);
    store.put(&file(&"x".repeat(512)).with("rid", "\0".repeat(512))).unwrap();
    assert!(store.verify(&mut |_, _| ()).unwrap().is_clean());
}

#[test]
fn a_path_that_is_no_store_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let open = |path: &std::path::Path| Store::open(path, &Options::default());
    std::fs::write(path.join("file"), "text").unwrap();
    assert_eq!(kind(open(&path.join("file"))), ErrorKind::NotAStore);
    assert_eq!(kind(open(path)), ErrorKind::NotAStore);
    assert_eq!(kind(open(&path.join("file").join("below"))), ErrorKind::Io);
    std::fs::create_dir(path.join("foreign")).unwrap();
    std::fs::write(path.join("foreign").join("filedex"), "something else\n").unwrap();
    assert_eq!(kind(open(&path.join("foreign"))), ErrorKind::NotAStore);
    assert_eq!(std::fs::read_dir(path).unwrap().count(), 2);
}

#[test]
fn a_store_is_made_only_where_the_options_allow_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("deep").join("store");
    let mut options = Options::default();
    options.create = false;
    assert_eq!(kind(Store::open(&path, &options)), ErrorKind::Missing);
    assert!(!path.exists());
    drop(Store::open(&path, &Options::default()).unwrap());
    assert!(Store::open(&path, &options).is_ok());
    let empty = directory.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    assert!(Store::open(&empty, &Options::default()).is_ok());
}

#[test]
fn a_store_opened_twice_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    let first = Store::open(&path, &Options::default()).unwrap();
    let error = Store::open(&path, &Options::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyOpen);
    assert!(error.to_string().contains("close"), "{error}");
    drop(first);
    assert!(Store::open(&path, &Options::default()).is_ok());
}

#[test]
fn every_durability_keeps_what_it_wrote_over_a_close() {
    for durability in [Durability::Durable, Durability::Interval, Durability::Relaxed] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("store");
        let store = Store::open(&path, &Options::default()).unwrap();
        store.put_with(&file("a"), durability).unwrap();
        store.close().unwrap();
        let store = Store::open(&path, &Options::default()).unwrap();
        assert!(store.get("a").unwrap().is_some(), "{durability:?}");
    }
}

#[test]
fn explain_says_what_was_read() {
    let store = store();
    store.put_many((0..2000).map(|id| uploaded(id, "A"))).unwrap();
    store.put_many((2000..2100).map(|id| uploaded(id, "B"))).unwrap();
    let ask = |filter: &str, sort: &str, offset| {
        let window = Window { offset, count: Some(50) };
        store.page(&plan(filter, sort), window, &Watch::default()).unwrap().explain
    };
    let newest = r#"{"uploadedAt":-1}"#;

    let first = ask(r#"{"rid":"A","typeGroup":"image"}"#, newest, 0);
    assert_eq!((first.access_path, first.sort, first.total), ("room", "list", "counts"));
    assert_eq!((first.matched, first.returned), (1000, 50));
    assert!(first.records_examined <= 150, "{first}");
    assert_eq!(first.records_decoded, 50);

    let deep = ask(r#"{"rid":"A","typeGroup":"image"}"#, newest, 900);
    assert!(deep.records_examined <= 250, "{deep}");

    let sorted = ask(r#"{"rid":"A"}"#, r#"{"size":1}"#, 0);
    assert_eq!((sorted.sort, sorted.total, sorted.matched), ("heap", "counts", 2000));

    let asked = ask(r#"{"rid":"B","size":{"$gt":10}}"#, newest, 0);
    assert_eq!((asked.total, asked.matched, asked.records_decoded), ("examined", 100, 150));
    assert_eq!(asked.residual.as_deref(), Some(r#"{"size":{"$gt":10}}"#));

    let all = ask("{}", newest, 0);
    assert_eq!((all.access_path, all.matched), ("everything", 2100));

    let range =
        ask(r#"{"rid":"A","uploadedAt":{"$gte":{"$date":{"$numberLong":"1990"}}}}"#, newest, 0);
    assert_eq!((range.matched, range.residual.as_deref()), (10, None));
    assert!(range.records_examined <= 50, "{range:?}");
}

#[test]
fn executions_end_at_their_limits() {
    let store = store();
    store.put_many((0..500).map(|id| uploaded(id, "A"))).unwrap();
    let plan = plan(r#"{"size":{"$gt":1}}"#, "{}");
    let run = |watch: Watch| store.page(&plan, Window::all(), &watch);
    let limit = |watch: Watch| run(watch).unwrap_err().query().and_then(|error| error.limit_name());
    assert_eq!(
        limit(Watch { documents_examined: Some(499), ..Watch::default() }),
        Some("documents_examined")
    );
    assert!(run(Watch { documents_examined: Some(500), ..Watch::default() }).is_ok());
    assert_eq!(limit(Watch { time: Some(Duration::ZERO), ..Watch::default() }), Some("time"));
    let cancel = Cancel::default();
    cancel.cancel();
    assert_eq!(kind(run(Watch { cancel: Some(cancel), ..Watch::default() })), ErrorKind::Cancelled);
}

#[test]
fn a_page_and_its_total_come_from_one_state() {
    let store = store();
    let rooms = ["A", "B"];
    let ids = 0..200;
    store.put_many(ids.clone().map(|id| uploaded(id, "A"))).unwrap();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // Moves all records from one room to the other, a hundred in one write.
            for round in 1..30 {
                let moved = ids.clone().map(|id| uploaded(id, rooms[round % 2]));
                store.put_many(moved).unwrap();
            }
            stop.store(true, Ordering::Release);
        });
        let both = plan(r#"{"rid":{"$in":["A","B"]}}"#, r#"{"_id":1}"#);
        let one = plan(r#"{"rid":"A"}"#, r#"{"uploadedAt":1}"#);
        while !stop.load(Ordering::Acquire) {
            let page = store.page(&both, Window::all(), &Watch::default()).unwrap();
            assert_eq!((page.total, page.documents.len()), (200, 200));
            let page = store.page(&one, Window::all(), &Watch::default()).unwrap();
            assert_eq!(page.total, page.documents.len() as u64);
            assert!(page.total.is_multiple_of(100), "half a write shows: {}", page.total);
        }
    });
}

#[test]
fn blocks_longer_than_what_is_read_ahead_are_read_in_order() {
    let directory = tempfile::tempdir().unwrap();
    let home = directory.path().join("store");
    // Texts that no packing makes short.
    let text = |id: u32| (0..40_000u32).map(move |n| (n ^ id).wrapping_mul(2_654_435_761));
    let long = |id| {
        let text: String = text(id).map(|number| format!("{number:08x}")).collect();
        uploaded(id, "R").with("description", text)
    };
    let store = Store::open(&home, &Options::default()).unwrap();
    store
        .put_many((0..40).map(|id| if id % 8 == 0 { uploaded(id, "R") } else { long(id) }))
        .unwrap();
    store.close().unwrap();

    // Without room for columns everything is read as it lies.
    let mut small = Options::default();
    small.cache_bytes = 64 << 10;
    let store = Store::open(&home, &small).unwrap();
    let plan = plan(r#"{"size":{"$gte":1}}"#, r#"{"size":1,"_id":1}"#);
    let page = store.page(&plan, Window { offset: 0, count: Some(50) }, &Watch::default()).unwrap();
    assert_eq!((page.total, page.documents.len()), (40, 40));
}

#[test]
fn texts_that_lie_together_are_shown_together() {
    let store = store();
    store.put_many((0..100).map(|id| uploaded(id, "A"))).unwrap();
    store.checkpoint().unwrap();
    let (plan, window) =
        (plan("{}", r#"{"uploadedAt":-1}"#), Window { offset: 9, count: Some(50) });
    let mut counts = Vec::new();
    store.texts(&plan, window, &Watch::default(), &mut |_, count| counts.push(count)).unwrap();
    assert_eq!(counts.iter().sum::<u64>(), 50);
    assert!(counts.len() < 10, "{counts:?}");
}

#[test]
fn texts_are_those_of_the_page_whatever_was_shown_before() {
    let store = store();
    let put = |id: u32| {
        let room = if id.is_multiple_of(5) { "B" } else { "A" };
        store.put(&uploaded(id, room).with("userId", "u")).unwrap();
    };
    (0..150).for_each(|id| put(2 * id));
    (0..150_u32).filter(|id| !id.is_multiple_of(4)).for_each(|id| put(2 * id + 1));
    store.checkpoint().unwrap();
    let filters = [
        "{}",
        r#"{"userId":"u"}"#,
        r#"{"rid":"A"}"#,
        r#"{"userId":"u","typeGroup":"video"}"#,
        r#"{"rid":"A","uploadedAt":{"$lt":{"$date":187},"$gte":{"$date":9}}}"#,
        r#"{"userId":"u","uploadedAt":{"$lt":{"$date":187},"$gte":{"$date":9}}}"#,
    ];
    let sorts = [r#"{"uploadedAt":-1}"#, r#"{"uploadedAt":1}"#];
    for has_cells in [false, true] {
        if has_cells {
            (0..9).for_each(|id| put(8 * id + 1));
            (3..6).for_each(|id| assert!(store.remove(&format!("f{:04}", 7 * id)).unwrap()));
        }
        // A few first, then more and others of the same ones.
        for number in 0..60 {
            let (offset, count) = (number * 37 % 70 * (number % 3), number * 17 % 53 + 1);
            let window = Window { offset, count: Some(count) };
            for (filter, sort) in filters.iter().flat_map(|filter| sorts.map(|sort| (filter, sort)))
            {
                let (texts, page) = both(&store, &plan(filter, sort), window);
                assert_eq!(texts, page, "{filter} {sort} {window:?}");
            }
        }
    }
}
