//! The policy: what names a denied field is refused before it runs. That nothing else reaches one is
//! the law of blindness, in `blind.rs`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use filedex::{Document, Limits, Policy, ejson};

fn read(json: &str) -> Document {
    ejson::read_document(json, &Limits::default()).expect(json)
}

#[test]
fn no_query_names_a_denied_field() {
    let policy = Policy::default();
    for query in [
        r#"{"token":1}"#,
        r#"{"token":{"$exists":true}}"#,
        r#"{"token.x":1}"#,
        r#"{"token.0":1}"#,
        r#"{"a.token":1}"#,
        r#"{"$and":[{"size":1},{"token":1}]}"#,
        r#"{"$or":[{"$nor":[{"password":{"$ne":null}}]}]}"#,
        r#"{"a":{"$elemMatch":{"token":1}}}"#,
        r#"{"a":{"$not":{"$elemMatch":{"token":1}}}}"#,
        r#"{"$expr":"$token"}"#,
        r#"{"$expr":{"$eq":["$token","x"]}}"#,
        r#"{"$expr":{"$eq":["$$ROOT.token","x"]}}"#,
        r#"{"$expr":{"$eq":["$$CURRENT.token","x"]}}"#,
        r#"{"$expr":{"$map":{"input":"$a","in":"$$this.token"}}}"#,
        r#"{"$jsonSchema":{"properties":{"token":{"pattern":"^a"}}}}"#,
        r#"{"$jsonSchema":{"dependencies":{"token":["size"]}}}"#,
    ] {
        assert!(policy.check_query(&read(query)).is_err(), "{query}");
        assert!(Policy::open().check_query(&read(query)).is_ok(), "{query}");
    }
    for query in [
        "{}",
        r#"{"name":"token"}"#,
        r#"{"name":{"$regex":"token"}}"#,
        r#"{"tokens":1,"path":"/token"}"#,
        r#"{"$expr":{"$gt":["$size",{"$multiply":[2,"$progress"]}]}}"#,
        r#"{"$expr":{"$eq":[{"$literal":"$token"},"$name"]}}"#,
        r#"{"$expr":{"$getField":"size"}}"#,
        r#"{"$expr":{"$let":{"vars":{"r":"$$ROOT"},"in":"$$r.size"}}}"#,
        r#"{"$jsonSchema":{"required":["size"],"properties":{"size":{"minimum":1}}}}"#,
        r#"{"$comment":"token"}"#,
    ] {
        assert!(policy.check_query(&read(query)).is_ok(), "{query}");
    }
}

#[test]
fn no_sort_and_no_projection_names_a_denied_field() {
    let policy = Policy::default();
    for sort in [r#"{"token":1}"#, r#"{"name":1,"password":-1}"#, r#"{"token.a":1}"#] {
        assert!(policy.check_sort(&read(sort)).is_err(), "{sort}");
    }
    assert!(policy.check_sort(&read(r#"{"name":1}"#)).is_ok());
    for fields in [
        r#"{"token":1}"#,
        r#"{"token":true}"#,
        r#"{"token":{"$slice":1}}"#,
        r#"{"a":{"token":1}}"#,
        r#"{"x":"$token"}"#,
        r#"{"x":{"$substr":["$token",0,1]}}"#,
        r#"{"x":{"y":"$token"}}"#,
        r#"{"a":{"$elemMatch":{"token":1}}}"#,
        r#"{"x":["$token"]}"#,
        r#"{"x":{"$elemMatch":{},"$concat":["$token"]}}"#,
        r#"{"x":{"$concat":["a"],"$elemMatch":{"token":1}}}"#,
    ] {
        assert!(policy.check_fields(&read(fields)).is_err(), "{fields}");
    }
    for fields in ["{}", r#"{"token":0}"#, r#"{"name":1,"x":{"$toUpper":"$name"}}"#] {
        assert!(policy.check_fields(&read(fields)).is_ok(), "{fields}");
    }
}

#[test]
fn denied_operators_are_found_wherever_they_stand() {
    let policy = Policy::open().deny_operator("$regex").deny_operator("$rand");
    for query in [
        r#"{"name":{"$regex":"a"}}"#,
        r#"{"$or":[{"a":{"$not":{"$regex":"a"}}}]}"#,
        r#"{"$expr":{"$lt":[{"$rand":{}},0.5]}}"#,
    ] {
        let denied = policy.check_query(&read(query)).unwrap_err();
        assert!(denied.to_string().contains("operator"), "{query}");
    }
    assert!(policy.check_fields(&read(r#"{"x":{"$rand":{}}}"#)).is_err());
    assert!(policy.check_query(&read(r#"{"token":"$regex"}"#)).is_ok());
}
