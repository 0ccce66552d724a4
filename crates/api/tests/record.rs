//! Typed records: what they take, what they keep, how they travel through serde.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use filedex::{AsIs, Date, Document, ErrorKind, File, Filedex, Value, ejson};

#[test]
fn known_fields_of_another_kind_are_refused_by_name() {
    for (json, field) in [
        (r#"{"name":"a"}"#, "_id"),
        (r#"{"_id":""}"#, "_id"),
        (r#"{"_id":1}"#, "_id"),
        (r#"{"_id":"a","size":"1 kB"}"#, "size"),
        (r#"{"_id":"a","size":9223372036854775808}"#, "size"),
        (r#"{"_id":"a","rid":7}"#, "rid"),
        (r#"{"_id":"a","userId":["u"]}"#, "userId"),
        (r#"{"_id":"a","name":1}"#, "name"),
        (r#"{"_id":"a","_hidden":1}"#, "_hidden"),
        (r#"{"_id":"a","uploadedAt":true}"#, "uploadedAt"),
        (r#"{"_id":"a","uploadedAt":""}"#, "uploadedAt"),
        (r#"{"_id":"a","uploadedAt":"0000-00-00 00:00:00"}"#, "uploadedAt"),
        (r#"{"_id":"a","name":"x","name":"y"}"#, "name"),
        (r#"{"_id":"a","uploadedAt":"yesterday"}"#, "uploadedAt"),
        (r#"{"_id":"a","deletesAt":"2024-13-01T00:00:00Z"}"#, "deletesAt"),
    ] {
        let error = File::from_json(json).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRecord, "{json}");
        assert!(error.to_string().contains(&format!("`{field}`")), "{json}: {error}");
        // Through serde a number past 63 bits comes as it is, and is kept as a decimal.
        let is_exact = json.contains("9223372036854775808");
        assert_eq!(serde_json::from_str::<File>(json).is_ok(), is_exact, "{json}");
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
        r#""2018-03-08 17:36:09.913""#,
        r#""2018-03-08T18:36:09.913456+0100""#,
        "1520530569913",
        "1520530569.913",
        r#""1520530569913""#,
    ] {
        let json = format!(r#"{{"_id":"a","uploadedAt":{text}}}"#);
        assert_eq!(File::from_json(&json).unwrap().uploaded_at(), Some(moment), "{text}");
        let read: File = serde_json::from_str(&json).unwrap();
        assert_eq!(read.uploaded_at(), Some(moment), "{text}");
    }
    let old = File::from_json(r#"{"_id":"a","uploadedAt":"1969-12-31T23:59:59.9999Z"}"#).unwrap();
    assert_eq!(old.uploaded_at(), Some(Date(-1)));
    let mail =
        File::from_json(r#"{"_id":"a","deletesAt":"Thu, 08 Mar 2018 17:36:09 GMT"}"#).unwrap();
    assert_eq!(mail.deletes_at(), Some(Date(1_520_530_569_000)));
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
    let odd = AsIs(Document::new().with("_id", "odd").with("size", "large"));
    index.put(&odd).unwrap();
    assert_eq!(index.get("odd").unwrap_err().kind(), ErrorKind::InvalidRecord);
    assert_eq!(index.get_document("odd").unwrap(), Some(odd.0));
}

const HEX: &str = "5a9f1b2c3d4e5f6071829304";

fn object_id() -> Value {
    ejson::read(&format!(r#"{{"$oid":"{HEX}"}}"#), &Default::default()).unwrap()
}

#[test]
fn known_fields_of_documents_take_their_types_on_every_way_in() {
    let index = Filedex::temporary().unwrap();
    let came = Document::new()
        .with("_id", object_id())
        .with("rid", object_id())
        .with("size", "9007199254740993")
        .with("uploadedAt", "2018-03-08 17:36:09.913")
        .with("complete", "true")
        .with("other", object_id())
        .with("user", Document::new().with("_id", "u1").with("username", "ada"));
    let kept = Document::new()
        .with("_id", HEX)
        .with("rid", HEX)
        .with("size", 9_007_199_254_740_993_i64)
        .with("uploadedAt", Date(1_520_530_569_913))
        .with("complete", true)
        .with("other", object_id())
        .with("userId", "u1");
    index.put(&came).unwrap();
    assert_eq!(index.get_document(HEX).unwrap(), Some(kept.clone()));
    index.remove(HEX).unwrap();
    index.put_many([came]).unwrap();
    assert_eq!(index.get_document(HEX).unwrap(), Some(kept));
    index.update(HEX, |record| record.set("_updatedAt", "2018-03-08")).unwrap();
    let updated = index.get(HEX).unwrap().unwrap().updated_at();
    assert_eq!(updated, Some(Date(1_520_467_200_000)));
}

#[test]
fn a_record_with_a_field_of_another_kind_is_refused_with_its_id_and_stays_as_it_was() {
    let index = Filedex::temporary().unwrap();
    let good = Document::new().with("_id", "a").with("size", 1);
    let bad = Document::new().with("_id", "b").with("size", "big");
    let error = index.put_many([good.clone(), bad.clone()]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRecord);
    assert!(error.to_string().contains("`b`") && error.to_string().contains("`size`"), "{error}");
    assert_eq!(index.get_document("a").unwrap(), Some(good.clone()));
    let error = index.update("a", |record| record.set("size", "big")).unwrap_err();
    assert!(error.to_string().contains("`size`"), "{error}");
    assert_eq!(index.get_document("a").unwrap(), Some(good));
    // What was kept as it is may be changed elsewhere.
    index.put(&AsIs(bad)).unwrap();
    index.update("b", |record| record.set("name", "x")).unwrap();
    assert_eq!(index.get_document("b").unwrap().unwrap().get_str("name"), Some("x"));
}

#[test]
fn an_object_id_in_a_query_asks_for_the_digits_that_id_fields_hold() {
    let index = Filedex::temporary().unwrap();
    let record = Document::new().with("_id", object_id()).with("rid", object_id());
    index.put(&record.with("other", object_id())).unwrap();
    let oid = format!(r#"{{"$oid":"{HEX}"}}"#);
    for query in [
        format!(r#"{{"_id":{oid}}}"#),
        format!(r#"{{"_id":"{HEX}"}}"#),
        format!(r#"{{"rid":{{"$in":[{oid},"x"]}}}}"#),
        format!(r#"{{"rid":{{"$not":{{"$ne":{oid}}}}}}}"#),
        format!(r#"{{"$or":[{{"$and":[{{"_id":{{"$eq":{oid}}}}}]}},{{"rid":"x"}}]}}"#),
        // Where no rule makes a text of it, an object id is one.
        format!(r#"{{"other":{oid}}}"#),
    ] {
        assert_eq!(index.all().query(&query).unwrap().total().unwrap(), 1, "{query}");
    }
    assert_eq!(index.room(HEX).total().unwrap(), 1);
}
