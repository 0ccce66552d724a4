//! A host's own types and values: in, out, and asked for.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::error::Error as _;
use std::time::{Duration, UNIX_EPOCH};

use filedex::{
    AsIs, Clause, Date, Document, ErrorKind, File, Filedex, ObjectId, QueryError, Value, doc, field,
};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Upload {
    #[serde(rename = "_id")]
    id: String,
    rid: String,
    size: u64,
    uploaded_at: Date,
    expires_at: Option<Date>,
    tags: Vec<String>,
    #[serde(flatten)]
    rest: Document,
}

fn uploads() -> impl Strategy<Value = Upload> {
    let texts = ("[a-z]{1,6}", "[ab]", proptest::collection::vec("[a-c]{1,2}", 0..3));
    let numbers = (0..=i64::MAX as u64, any::<i64>(), proptest::option::of(any::<i64>()));
    (texts, numbers, any::<[u8; 12]>(), any::<bool>()).prop_map(
        |((id, rid, tags), (size, at, until), by, done)| Upload {
            id,
            rid,
            size,
            uploaded_at: Date(at),
            expires_at: until.map(Date),
            tags,
            rest: doc! { "by": ObjectId(by), "complete": done, "seen": [Date(at), null] },
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_a_host_puts_in_as_its_own_type_it_gets_back(uploads in proptest::collection::vec(uploads(), 1..12)) {
        let index = Filedex::temporary().unwrap();
        index.put_many(&uploads).unwrap();
        let mut last = std::collections::BTreeMap::new();
        for upload in &uploads {
            last.insert(upload.id.clone(), upload.clone());
        }
        for (id, upload) in &last {
            let kept = index.get_as::<Upload>(id).unwrap();
            prop_assert_eq!(kept.as_ref(), Some(upload));
        }
        let kept: Vec<Upload> = last.into_values().collect();
        let sorted = index.all().sort(doc! { "_id": 1 }).unwrap();
        let page = sorted.page_as::<Upload>().unwrap();
        prop_assert_eq!((&page.files, page.total), (&kept, kept.len() as u64));
        let walked: Vec<Upload> = sorted.iter_as().unwrap().collect::<Result<_, _>>().unwrap();
        prop_assert_eq!(walked, kept);
    }

    #[test]
    fn a_clause_asks_what_its_json_asks(size in 0..9i64, name in "[ab]{0,2}", at in any::<i64>()) {
        let index = Filedex::temporary().unwrap();
        for (place, tags) in [vec!["a"], vec!["b", "a"], vec![]].into_iter().enumerate() {
            index.put(&doc! {
                "_id": place.to_string(), "size": place * 4, "name": "ab", "tags": tags, "uploadedAt": Date(at),
            }).unwrap();
        }
        let clauses = [
            field("size").eq(size) | field("size").gt(size),
            field("name").matches(&name) & !field("tags").one_of(["a"]),
            field("tags").all(["a", "b"]) | field("tags").length(0),
            (field("size").lte(size) | field("size").ne(8)) & field("uploadedAt").gte(Date(at)),
            field("size").bits_any_set([2, 3]) & field("size").modulo(4, 0) & field("size").is_a("number"),
            field("tags").none_of(["b"]) & field("nothing").exists(false) & field("size").lt(u64::MAX),
            Clause::from(doc! { "$or": [{ "size": 4 }], "name": "ab" }).or(field("size").eq(8)),
            Clause::expr(doc! { "$gt": ["$size", size] }) | field("size").bits_all_clear([0]),
        ];
        for clause in clauses {
            let asked = index.all().query(&clause).unwrap().page().unwrap();
            let written = index.all().query(clause.to_string()).unwrap().page().unwrap();
            prop_assert_eq!(asked, written, "{}", clause);
        }
    }
}

#[test]
fn joining_a_clause_that_says_more_than_one_thing_joins_all_of_it() {
    let index = Filedex::temporary().unwrap();
    index.put(&doc! { "_id": "a", "size": 8, "name": "b" }).unwrap();
    let both = Clause::from(doc! { "$or": [{ "size": 4 }], "name": "ab" });
    assert_eq!(
        index.all().query(both.clone().or(field("size").eq(8))).unwrap().total().unwrap(),
        1
    );
    assert_eq!(index.all().query(both | field("size").eq(9)).unwrap().total().unwrap(), 0);
}

#[test]
fn a_value_is_asked_for_literally() {
    let index = Filedex::temporary().unwrap();
    let odd = doc! { "$gt": 5 };
    index.put(&AsIs(doc! { "_id": "a", "odd": odd.clone() })).unwrap();
    assert_eq!(index.all().query(field("odd").eq(odd)).unwrap().total().unwrap(), 1);
    let error = index.all().query(field("size").matches("(")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Query);
}

#[test]
fn json_values_are_records_and_queries() {
    let index = Filedex::temporary().unwrap();
    index.put(&json!({"_id": "a", "size": 7, "uploadedAt": "2018-03-08T17:36:09.913Z"})).unwrap();
    index
        .put(&json!({"_id": {"$oid": "666fdecb4ac1a8e6404ededd"}, "at": {"$date": true}}))
        .unwrap_err();
    index.put(&json!({"_id": {"$oid": "666fdecb4ac1a8e6404ededd"}})).unwrap();
    let found =
        index.all().query(json!({"uploadedAt": {"$date": "2018-03-08T17:36:09.913Z"}})).unwrap();
    assert_eq!(found.total().unwrap(), 1);
    index.update_with("a", json!({"$inc": {"size": 1}})).unwrap();
    index.update_with("a", doc! { "$set": { "seen": Date(1) } }).unwrap();
    let kept = index.get_document("a").unwrap().unwrap();
    assert_eq!((kept.get_i64("size"), kept.get_date("seen")), (Some(8), Some(Date(1))));
    let error = index.all().query(json!({"a": {"$date": "soon"}})).unwrap_err();
    assert_eq!(error.query().map(QueryError::path), Some("$.a".to_owned()));
}

#[test]
fn what_is_no_record_says_why() {
    let index = Filedex::temporary().unwrap();
    let message = |record: &serde_json::Value| {
        let error = index.put(record).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRecord, "{error}");
        error.to_string()
    };
    assert_eq!(
        message(&json!({"_id": "a", "size": "big"})),
        "record `a`: `size` must be a number of at most 64 bits, not \"big\""
    );
    assert_eq!(message(&json!("text")), "a document is made of a struct or a map, not of \"text\"");
    assert!(message(&json!({"_id": "a", "at": {"$date": "soon"}})).starts_with("`at`: $date"));
    let many = [json!({"_id": "a"}), json!({"_id": "b", "at": {"$oid": 1}})];
    let error = index.put_many(many).unwrap_err().to_string();
    assert!(error.contains("`at`: $oid"), "{error}");
}

#[test]
fn a_record_that_is_not_of_the_hosts_shape_is_named_and_the_others_are_there() {
    let index = Filedex::temporary().unwrap();
    for id in ["a", "b", "c"] {
        index.put(&doc! { "_id": id, "size": 1 }).unwrap();
    }
    index.put(&AsIs(doc! { "_id": "b", "size": "big" })).unwrap();
    #[derive(Deserialize)]
    struct Sized {
        size: u64,
    }
    let sorted = index.all().sort(r#"{"_id": 1}"#).unwrap();
    let message = "record `b`: `size`: invalid type: string \"big\", expected u64";
    assert_eq!(sorted.page_as::<Sized>().map(|_| ()).unwrap_err().to_string(), message);
    assert_eq!(index.get_as::<Sized>("b").map(|_| ()).unwrap_err().to_string(), message);
    let sizes = |result: filedex::Result<Sized>| result.map(|sized| sized.size).ok();
    let walked: Vec<_> = sorted.iter_as::<Sized>().unwrap().map(sizes).collect();
    assert_eq!(walked, [Some(1), None, Some(1)]);
    let page = sorted.clone().fields(doc! { "_id": 0, "size": 1 }).unwrap().page().unwrap();
    assert_eq!(page.each_as::<Sized>().map(sizes).collect::<Vec<_>>(), walked);
    let unnamed = page.files_as::<Sized>().map(|_| ()).unwrap_err().to_string();
    assert!(unnamed.starts_with("record 2 of the answer: `size`"), "{unnamed}");
    let file = sorted.page().unwrap().to_files().unwrap_err().to_string();
    assert!(file.starts_with("record `b`: `size` must be a number"), "{file}");
}

#[test]
fn known_dates_come_as_the_hosts_type_has_them() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Times {
        #[serde(rename = "_id")]
        id: String,
        uploaded_at: std::time::SystemTime,
        modified_at: String,
        expires_at: i64,
    }
    let times = Times {
        id: "a".to_owned(),
        uploaded_at: UNIX_EPOCH + Duration::from_millis(1_520_530_569_913),
        modified_at: "2018-03-08T17:36:09.913Z".to_owned(),
        expires_at: 1_520_530_569_913,
    };
    let index = Filedex::temporary().unwrap();
    index.put(&times).unwrap();
    let date = Value::from(Date(1_520_530_569_913));
    let kept = index.get_document("a").unwrap().unwrap();
    for field in ["uploadedAt", "modifiedAt", "expiresAt"] {
        assert_eq!(kept.get(field), Some(&date), "{field}");
    }
    assert_eq!(index.get_as::<Times>("a").unwrap(), Some(times));
    assert_eq!(index.get_as::<File>("a").unwrap(), index.get("a").unwrap());
}

#[test]
fn no_error_says_twice_what_it_says() {
    let site = tempfile::tempdir().unwrap();
    let path = site.path().join("uploads.filedex");
    let open = Filedex::open(&path).unwrap();
    open.put(&doc! { "_id": "a", "size": 1 }).unwrap();
    std::fs::write(site.path().join("file"), "text").unwrap();
    let errors = [
        Filedex::open(&path).unwrap_err(),
        Filedex::open(site.path().join("file/below")).unwrap_err(),
        Filedex::options().create(false).open(site.path().join("none")).unwrap_err(),
        open.all().query("{").unwrap_err(),
        open.all()
            .query(r#"{"$expr": {"$divide": [1, {"$subtract": ["$size", "$size"]}]}}"#)
            .unwrap()
            .page()
            .unwrap_err(),
        open.put(&doc! { "size": 1 }).unwrap_err(),
        open.backup(site.path().join("none/below/backup"), &mut |_, _| ()).unwrap_err(),
        Filedex::restore(site.path().join("none"), site.path().join("new"), &mut |_, _| ())
            .unwrap_err(),
    ];
    for error in &errors {
        let mut said = error.to_string();
        let mut cause = error.source();
        while let Some(behind) = cause {
            assert!(!said.contains(&behind.to_string()), "{said}: {behind}");
            said = behind.to_string();
            cause = behind.source();
        }
        assert!((400..600).contains(&error.http_status()), "{error}");
    }
    let statuses: Vec<u16> = errors.iter().map(filedex::Error::http_status).collect();
    assert_eq!(statuses, [500, 500, 500, 400, 400, 422, 500, 500]);
    let absent = errors[6].io_error().map(std::io::Error::kind);
    assert_eq!(absent, Some(std::io::ErrorKind::NotFound));
}

#[test]
fn handles_and_answers_pass_between_threads() {
    fn is_shared<T: Send + Sync + 'static>() {}
    fn is_sent<T: Send + 'static>() {}
    is_shared::<Filedex>();
    is_shared::<filedex::OpenOptions>();
    is_shared::<filedex::Lookup>();
    is_shared::<filedex::Page>();
    is_shared::<filedex::Error>();
    is_shared::<QueryError>();
    is_shared::<Document>();
    is_shared::<Clause>();
    is_shared::<filedex::Filter>();
    is_shared::<filedex::Plan>();
    is_shared::<filedex::Scope>();
    is_shared::<filedex::Policy>();
    is_shared::<filedex::Cancel>();
    is_shared::<filedex::Change>();
    is_sent::<filedex::Matches>();
    #[cfg(feature = "endpoints")]
    is_shared::<filedex::Endpoints>();
    #[cfg(feature = "endpoints")]
    is_shared::<filedex::ApiError>();
}
