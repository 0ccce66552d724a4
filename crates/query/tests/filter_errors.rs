//! A bad filter is refused before a document is looked at, with MongoDB's code and the place.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use filedex_query::{ElementMatcher, Environment, Error, Filter, ejson};

fn error(text: &str) -> Error {
    match Filter::parse_text(text, &Environment::default()) {
        Ok(filter) => panic!("{text} is taken as {filter}"),
        Err(error) => error,
    }
}

#[test]
fn the_error_names_the_place_of_the_fault() {
    let places = [
        (r#"{"size": {"$gte": 1, "$foo": 2}}"#, 2, "$.size.$foo"),
        (r#"{"$and": [{"a": 1}, {"b": {"$in": 5}}]}"#, 2, "$.$and.1.b.$in"),
        (r#"{"$or": [{"a": 1}, 5]}"#, 2, "$.$or.1"),
        (r#"{"$nor": []}"#, 2, "$.$nor"),
        (r#"{"a": {"$in": [1, {"$gt": 1}]}}"#, 2, "$.a.$in.1"),
        (
            r#"{"a": {"$all": [{"$elemMatch": {"b": {"$size": -1}}}]}}"#,
            2,
            "$.a.$all.0.$elemMatch.b.$size",
        ),
        (r#"{"a": {"$not": {"$type": "nope"}}}"#, 2, "$.a.$not.$type"),
        (r#"{"a": {"$type": ["int", "Int"]}}"#, 2, "$.a.$type.1"),
        (r#"{"a": {"$mod": [0, 1]}}"#, 2, "$.a.$mod.0"),
        (r#"{"a": {"$bitsAllSet": [1, -1]}}"#, 2, "$.a.$bitsAllSet.1"),
        (r#"{"a": {"$elemMatch": {"$gt": 1, "b": 1}}}"#, 2, "$.a.$elemMatch.b"),
        (r#"{"a": {"$regex": "(", "$options": "i"}}"#, 51091, "$.a.$regex"),
        (r#"{"a": {"$options": "i"}}"#, 2, "$.a.$options"),
        (r#"{"$jsonSchema": 1}"#, 14, "$.$jsonSchema"),
        (r#"{"$where": "1"}"#, 2, "$.$where"),
    ];
    for (text, code, place) in places {
        let error = error(text);
        assert_eq!((error.code().0, error.path().as_str()), (code, place), "{text}: {error}");
    }
}

#[test]
fn a_refused_operator_says_what_to_do_instead() {
    let advice = [
        (r#"{"$where": "this.a > 1"}"#, 2, "$expr"),
        (r#"{"$text": {"$search": "logo"}}"#, 27, "$regex"),
        (r#"{"p": {"$near": [0, 0]}}"#, 291, "geospatial"),
        (r#"{"p": {"$geoWithin": {}}}"#, 2, "$gte"),
        (r#"{"$not": {"a": 1}}"#, 2, "$nor"),
        (r#"{"$gt": 1}"#, 2, "field"),
        (r#"{"a": {"$or": []}}"#, 2, "whole filters"),
        (r#"{"a": {"$type": 0}}"#, 2, "$exists"),
        (r#"{"a": {"$not": 5}}"#, 2, "$ne"),
        (r#"{"a": {"$elemMatch": {"$or": [{"$expr": true}]}}}"#, 2, "whole record"),
    ];
    for (text, code, word) in advice {
        let error = error(text);
        assert_eq!(error.code().0, code, "{text}");
        assert!(error.message().contains(word), "{text}: {error}");
    }
}

#[test]
fn text_that_is_no_json_object_is_refused() {
    for text in ["", "{", "[]", "5", r#"{"a":}"#, "{} {}", "nul"] {
        assert_eq!(error(text).code().0, 9, "{text}");
    }
}

#[test]
fn an_element_matcher_takes_objects_only() {
    let environment = Environment::default();
    for (text, code) in
        [("5", 31274), ("[]", 31274), (r#"{"$foo": 1}"#, 2), (r#"{"a": {"$in": 1}}"#, 2)]
    {
        let argument = ejson::read(text, &environment.limits).unwrap();
        let error = ElementMatcher::parse(&argument, &environment).unwrap_err();
        assert_eq!(error.code().0, code, "{text}");
    }
}

#[test]
fn a_host_cannot_name_a_field_that_no_filter_can() {
    assert_eq!(Filter::eq("$where", 1).unwrap_err().code().0, 2);
    assert_eq!(Filter::eq(&"a.".repeat(200), 1).unwrap_err().code().0, 5_729_100);
    assert!(Filter::eq("$id", 1).is_ok());
}
