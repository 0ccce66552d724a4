//! What `$jsonSchema` accepts, from `testdata/schema.jsonl`; its limits and its printing.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use filedex_query::{
    Code, Document, Environment, Error, Filter, Limits, Matcher, Schema, Value, ejson,
};
use std::fmt::Write;

fn read(text: &str) -> Document {
    ejson::read_document(text, &Limits::default()).unwrap()
}

fn schema(text: &str) -> Result<Schema, Error> {
    Schema::parse(&read(text), &Environment::default())
}

/// The ids that match, or the code of the error.
fn outcome(case: &Document) -> Result<Vec<String>, u32> {
    let environment = Environment::default();
    let query = case.get("query").and_then(Value::as_document).unwrap();
    let code = |error: Error| error.code().0;
    let filter = Filter::parse(query, &environment).map_err(code)?;
    let matcher = Matcher::compile(&filter, &environment).map_err(code)?;
    let documents = case.get("docs").and_then(Value::as_array).unwrap();
    let documents = documents.iter().map(|document| document.as_document().unwrap());
    let found = documents.filter(|document| matcher.matches(document.view()).unwrap());
    Ok(found.map(|document| format!("{:?}", document.get("_id").unwrap())).collect())
}

#[test]
fn every_case_of_the_table_answers_as_stated() {
    let table = include_str!("../../../testdata/schema.jsonl");
    let mut wrong = String::new();
    for line in table.lines() {
        let case = read(line);
        let want = case.get("want").and_then(Value::as_document).unwrap();
        let wanted = match (want.get("ids"), want.get("error")) {
            (Some(Value::Array(ids)), _) => Ok(ids.iter().map(|id| format!("{id:?}")).collect()),
            (_, Some(Value::Int(code))) => Err(u32::try_from(*code).unwrap()),
            other => panic!("{other:?}"),
        };
        let found = outcome(&case);
        if found != wanted {
            writeln!(wrong, "{line}\n    {found:?}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(table.lines().count() >= 60);
}

#[test]
fn an_error_says_where() {
    for (text, path) in [
        (r#"{"properties": {"a": {"items": [{}, {"foo": 1}]}}}"#, "$.properties.a.items.1.foo"),
        (r#"{"anyOf": [{}, {"minimum": "x"}]}"#, "$.anyOf.1.minimum"),
        (r#"{"patternProperties": {"(": {}}}"#, "$.patternProperties.("),
        (
            r#"{"properties": {}, "additionalProperties": {"x": 1}}"#,
            "$.properties.additionalProperties.x",
        ),
        (r#"{"dependencies": {"a": {"type": 1}}}"#, "$.dependencies.a.type"),
    ] {
        assert_eq!(schema(text).unwrap_err().path(), path, "{text}");
    }
}

#[test]
fn a_keyword_that_stands_twice_is_refused() {
    assert_eq!(schema(r#"{"minimum": 1, "minimum": 2}"#).unwrap_err().code(), Code(9));
}

#[test]
fn depth_and_size_are_limited() {
    let nested = |depth: usize| r#"{"not":"#.repeat(depth) + "{}" + &"}".repeat(depth);
    let limits = Limits::default();
    assert!(schema(&nested(limits.filter_depth - 1)).is_ok());
    let error = schema(&nested(limits.filter_depth)).unwrap_err();
    assert_eq!(error.limit_name(), Some("filter_depth"));

    let wide = |count: usize| {
        let schemas = vec!["{}"; count].join(",");
        schema(&format!(r#"{{"anyOf":[{schemas}]}}"#))
    };
    assert!(wide(limits.filter_nodes - 2).is_ok());
    assert_eq!(wide(limits.filter_nodes).unwrap_err().limit_name(), Some("filter_nodes"));
}

#[test]
fn printing_gives_the_schema_back() {
    let text =
        r#"{"required":["a"],"properties":{"a":{"bsonType":"int","enum":[1,{"y":2,"x":1}]}}}"#;
    let first = schema(text).unwrap();
    let again = Schema::parse(&first.to_document(), &Environment::default()).unwrap();
    assert_eq!(first, again);
    assert_eq!(first.to_document(), read(text));
}
