//! Records change by MongoDB's update language, wholly or not at all.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use filedex::{Change, Document, ErrorKind, File, Filedex, Put, Value};

fn index() -> Filedex {
    let index = Filedex::temporary().unwrap();
    index.put(&File::new("a").unwrap().with_room("GENERAL").with_size(7)).unwrap();
    index
}

#[test]
fn an_update_moves_a_record_between_lists_and_counts() {
    let index = index();
    let moved = index.update_with("a", r#"{"$set": {"rid": "OTHER"}}"#).unwrap();
    assert_eq!(moved, Some(Put::Replaced));
    assert_eq!(index.room("GENERAL").page().unwrap().total, 0);
    assert_eq!(index.room("OTHER").page().unwrap().total, 1);
    assert_eq!(index.update_with("a", r#"{"$max": {"size": 1}}"#).unwrap(), Some(Put::Unchanged));
}

#[test]
fn an_update_that_fails_leaves_the_record_as_it_was() {
    let index = index();
    let before = index.get_document("a").unwrap();
    for (update, code) in [
        (r#"{"$set": {"name": "x"}, "$inc": {"rid": 1}}"#, 14),
        (r#"{"$set": {"_id": "b"}}"#, 66),
        (r#"{"_id": "b"}"#, 66),
        (r#"{"$set": {"size.w": 1}}"#, 28),
        (r#"{"$set": {"tags.$": 1}}"#, 2),
        (r#"{"$nope": {"a": 1}}"#, 9),
        (r#"[{"$match": {}}]"#, 72),
        ("{", 9),
    ] {
        let error = index.update_with("a", update).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Query, "{update}");
        assert_eq!(error.query().unwrap().code().0, code, "{update}");
        assert_eq!(index.get_document("a").unwrap(), before);
    }
    let mistyped = index.update_with("a", r#"{"$set": {"size": "large"}}"#).unwrap_err();
    assert_eq!(mistyped.kind(), ErrorKind::InvalidRecord);
    assert_eq!(index.get_document("a").unwrap(), before);
}

#[test]
fn an_upsert_makes_a_record_once() {
    let index = index();
    let count = Change::new(r#"{"$inc": {"n": 1}, "$setOnInsert": {"size": 3}}"#);
    assert_eq!(index.update_with("b", &count).unwrap(), None);
    assert_eq!(index.get_document("b").unwrap(), None);
    let count = count.upsert();
    assert_eq!(index.update_with("b", &count).unwrap(), Some(Put::Inserted));
    assert_eq!(index.update_with("b", &count).unwrap(), Some(Put::Replaced));
    let record = index.get_document("b").unwrap().unwrap();
    assert_eq!((record.get_str("_id"), record.get("n")), (Some("b"), Some(&Value::Int(2))));
    let other = Change::new(r#"{"_id": "x", "n": 1}"#).upsert();
    assert_eq!(index.update_with("c", &other).unwrap_err().query().unwrap().code().0, 66);
    assert_eq!(index.get_document("c").unwrap(), None);
}

#[test]
fn a_replacement_and_a_pipeline_keep_the_id() {
    let index = index();
    index.update_with("a", r#"{"size": 9, "rid": "GENERAL"}"#).unwrap();
    let double = r#"[{"$replaceWith": {"size": {"$multiply": ["$size", 2]}}}]"#;
    index.update_with("a", double).unwrap();
    let record = index.get_document("a").unwrap().unwrap();
    let names: Vec<&str> = record.iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["_id", "size"]);
    assert_eq!(record.get("_id"), Document::new().with("_id", "a").get("_id"));
    assert_eq!(index.all().query(r#"{"size": 18}"#).unwrap().page().unwrap().total, 1);
}
