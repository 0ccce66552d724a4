//! The handle: what threads may do with it, and what it says about wrong use.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use filedex::{Document, Endpoints, ErrorKind, File, Filedex, Lookup, Page, Put};

fn shared<T: Clone + Send + Sync + 'static>() {}
fn sendable<T: Send + 'static>() {}

#[test]
fn handles_cross_threads() {
    shared::<Filedex>();
    shared::<Endpoints>();
    shared::<Lookup>();
    shared::<Page>();
    shared::<File>();
    shared::<filedex::Scope>();
    shared::<filedex::EndpointOptions>();
    sendable::<filedex::Matches>();
    sendable::<filedex::Error>();
    sendable::<filedex::ApiError>();
}

#[test]
fn wrong_use_is_told_by_kind() {
    let folder = tempfile::tempdir().unwrap();
    let kind = |result: filedex::Result<Filedex>| result.unwrap_err().kind();
    let nowhere = folder.path().join("nowhere");
    assert_eq!(kind(Filedex::options().create(false).open(&nowhere)), ErrorKind::Missing);
    let file = folder.path().join("file");
    std::fs::write(&file, "no index").unwrap();
    assert_eq!(kind(Filedex::open(&file)), ErrorKind::NotAStore);
    let path = folder.path().join("index");
    let open = Filedex::open(&path).unwrap();
    assert_eq!(kind(Filedex::open(&path)), ErrorKind::AlreadyOpen);
    let invalid = open.put(&Document::new().with("name", "a")).unwrap_err();
    assert_eq!(invalid.kind(), ErrorKind::InvalidRecord);
    for query in ["{", "[]", r#"{"$nothing":1}"#, r#"{"a":{"$in":1}}"#] {
        assert_eq!(open.all().query(query).unwrap_err().kind(), ErrorKind::Query, "{query}");
    }
    assert_eq!(open.all().sort(r#"{"a":2}"#).unwrap_err().kind(), ErrorKind::Query);
    assert_eq!(open.all().fields(r#"{"a":1,"b":0}"#).unwrap_err().kind(), ErrorKind::Query);
}

#[test]
fn records_come_back_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index");
    let index = Filedex::open(&path).unwrap();
    let file = |n: i64| File::new(format!("f{n}")).unwrap().with_room("R").with_size(n);
    assert_eq!(index.put(&file(1)).unwrap(), Put::Inserted);
    assert_eq!(index.put(&file(1)).unwrap(), Put::Unchanged);
    assert_eq!(index.put(&file(1).with_size(2)).unwrap(), Put::Replaced);
    assert_eq!(index.put_many((2..10).map(file)).unwrap().inserted, 8);
    assert!(index.remove("f2").unwrap());
    assert!(!index.remove("f2").unwrap());
    assert_eq!(index.remove_many(["f3", "f4", "nothing"]).unwrap(), 2);
    index.update("f5", |record| record.set("size", 500)).unwrap();
    assert_eq!(index.update("nothing", |_| {}).unwrap(), None);
    index.flush().unwrap();
    index.close().unwrap();

    let index = Filedex::options().create(false).open(&path).unwrap();
    assert_eq!(index.stats().unwrap().records, 6);
    let page = index.room("R").sort(r#"{"size":-1}"#).unwrap().count(2).page().unwrap();
    let ids: Vec<&str> = page.files.iter().filter_map(|file| file.get_str("_id")).collect();
    assert_eq!((ids, page.total), (vec!["f5", "f9"], 6));
    assert!(index.verify(&mut |_, _| {}).unwrap().is_clean());
}

#[test]
fn lookups_narrow_and_never_widen() {
    let index = Filedex::temporary().unwrap();
    for (id, room, user) in [("a", "R1", "u1"), ("b", "R1", "u2"), ("c", "R2", "u1")] {
        let file = File::new(id).unwrap().with_room(room).with_user(user);
        index.put(&file.with_media_type("image/png")).unwrap();
    }
    let total = |lookup: Lookup| lookup.total().unwrap();
    assert_eq!(total(index.all()), 3);
    assert_eq!(total(index.room("R1")), 2);
    assert_eq!(total(index.room("R1").user("u1")), 1);
    assert_eq!(total(index.user("u1").room("R2").type_group("image")), 1);
    assert_eq!(total(index.room("R1").room("R2")), 0);
    assert_eq!(total(index.room("R1").query(r#"{"rid":"R2"}"#).unwrap()), 0);
    assert_eq!(total(index.room("R1").query(r#"{"$or":[{"rid":"R2"},{}]}"#).unwrap()), 2);
    let ids = |lookup: Lookup| {
        let records = lookup.iter().unwrap().map(|record| record.unwrap());
        let mut ids: Vec<String> =
            records.map(|record| record.get_str("_id").unwrap().to_owned()).collect();
        ids.sort_unstable();
        ids
    };
    assert_eq!(ids(index.user("u1")), ["a", "c"]);
    assert_eq!(ids(index.user("u1").sort(r#"{"name":1}"#).unwrap().offset(1).count(1)), ["a", "c"]);
}

#[test]
fn a_cancelled_lookup_says_so() {
    let index = Filedex::temporary().unwrap();
    let file = |n: i64| File::new(format!("f{n}")).unwrap().with_size(n);
    index.put_many((0..2000).map(file)).unwrap();
    let cancel = filedex::Cancel::default();
    cancel.cancel();
    let lookup = index.all().query(r#"{"name":{"$regex":"x"}}"#).unwrap().cancel(cancel);
    let error = lookup.page().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Cancelled | ErrorKind::Query), "{error:?}");
}
