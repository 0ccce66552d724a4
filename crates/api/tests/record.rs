//! Typed records: what they take, what they keep, how they travel through serde.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use filedex::{Date, Document, ErrorKind, File, Filedex, Value};

#[test]
fn known_fields_of_another_kind_are_refused_by_name() {
    for (json, field) in [
        (r#"{"name":"a"}"#, "_id"),
        (r#"{"_id":""}"#, "_id"),
        (r#"{"_id":1}"#, "_id"),
        (r#"{"_id":"a","size":"1"}"#, "size"),
        (r#"{"_id":"a","name":1}"#, "name"),
        (r#"{"_id":"a","_hidden":1}"#, "_hidden"),
        (r#"{"_id":"a","uploadedAt":1}"#, "uploadedAt"),
        (r#"{"_id":"a","uploadedAt":"yesterday"}"#, "uploadedAt"),
        (r#"{"_id":"a","deletesAt":"2024-13-01T00:00:00Z"}"#, "deletesAt"),
    ] {
        let error = File::from_json(json).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRecord, "{json}");
        assert!(error.to_string().contains(&format!("`{field}`")), "{json}: {error}");
        assert!(serde_json::from_str::<File>(json).is_err(), "{json}");
    }
    assert_eq!(File::from_json("{").unwrap_err().kind(), ErrorKind::Query);
    assert!(serde_json::from_str::<File>("[1]").is_err());
}

#[test]
fn dates_are_dates_however_they_are_written() {
    let moment = Date(1_520_530_569_913);
    for text in [
        r#""2018-03-08T17:36:09.913Z""#,
        r#""2018-03-08T19:36:09.913+02:00""#,
        r#"{"$date":"2018-03-08T17:36:09.913Z"}"#,
        r#"{"$date":1520530569913}"#,
        r#"{"$date":{"$numberLong":"1520530569913"}}"#,
    ] {
        let json = format!(r#"{{"_id":"a","uploadedAt":{text}}}"#);
        assert_eq!(File::from_json(&json).unwrap().uploaded_at(), Some(moment), "{text}");
        let read: File = serde_json::from_str(&json).unwrap();
        assert_eq!(read.uploaded_at(), Some(moment), "{text}");
    }
    let old = File::from_json(r#"{"_id":"a","uploadedAt":"1969-12-31T23:59:59.9999Z"}"#).unwrap();
    assert_eq!(old.uploaded_at(), Some(Date(-1)));
    let none = File::from_json(r#"{"_id":"a","uploadedAt":null}"#).unwrap();
    assert_eq!(none.uploaded_at(), None);
}

#[test]
fn everything_survives_serde_in_its_order() {
    let json = r#"{"zebra":1,"_id":"a","nested":{"b":[1,2.5,null,{"$oid":"666fdecb4ac1a8e6404ededd"}],"a":true},"seen":{"$date":"2020-01-01T00:00:00.000Z"},"uploadedAt":"2018-03-08T17:36:09.913Z","price":{"$numberDecimal":"1.10"},"big":9007199254740993}"#;
    let file: File = serde_json::from_str(json).unwrap();
    assert_eq!(serde_json::to_string(&file).unwrap(), json);
    assert_eq!(file, File::from_json(json).unwrap());
    let value = serde_json::to_value(&file).unwrap();
    assert_eq!(serde_json::from_value::<File>(value).unwrap().get("big"), file.get("big"));
}

#[test]
fn getters_and_setters_speak_the_wire_names() {
    let mut file = File::new("a").unwrap().with_media_type("text/plain").with_size(1 << 40);
    file.set("uploadedAt", "2018-03-08T17:36:09.913Z").unwrap();
    assert_eq!(file.get("uploadedAt"), Some(&Value::Date(Date(1_520_530_569_913))));
    assert_eq!(file.size(), Some(1 << 40));
    assert_eq!((file.media_type(), file.type_group()), (Some("text/plain"), Some("text")));
    assert!(file.set("size", "large").is_err());
    assert!(file.set("_id", "").is_err());
    assert_eq!(file.id(), "a");
    let empty = File::new("a").unwrap().with_media_type("");
    assert_eq!(empty.type_group(), None);
}

#[test]
fn a_record_comes_back_as_it_went_in() {
    let index = Filedex::temporary().unwrap();
    let file = File::from_json(
        r#"{"extra":{"deep":[1,{"x":null}]},"_id":"a","rid":"R","size":5,"uploadedAt":"2024-01-01T00:00:00Z"}"#,
    )
    .unwrap();
    index.put(&file).unwrap();
    assert_eq!(index.get("a").unwrap(), Some(file.clone()));
    assert_eq!(index.get_document("a").unwrap().as_ref(), Some(file.as_document()));
    assert_eq!(index.get("b").unwrap(), None);
    let odd = Document::new().with("_id", "odd").with("size", "large");
    index.put(&odd).unwrap();
    assert_eq!(index.get("odd").unwrap_err().kind(), ErrorKind::InvalidRecord);
    assert_eq!(index.get_document("odd").unwrap(), Some(odd));
}
