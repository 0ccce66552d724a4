//! Runs `testdata/sorts.jsonl`: one case a line, Extended JSON, documents in, their order out.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use filedex_query::ejson::{self, Form};
use filedex_query::{Document, Environment, Limits, Sort, Value};

/// The outcome of a case in the words of the case files: an error's code, or the ids in order.
fn outcome(case: &Document) -> Value {
    match run(case) {
        Ok(ids) => Document::new().with("order", ids).into(),
        Err(error) => Document::new().with("error", error.code().0 as i32).into(),
    }
}

fn run(case: &Document) -> filedex_query::Result<Vec<Value>> {
    let environment = Environment::default();
    let sort = Sort::parse(case.get("sort").unwrap().as_document().unwrap(), &environment)?;
    let mut documents = Vec::new();
    for document in case.get("docs").unwrap().as_array().unwrap() {
        let document = document.as_document().unwrap();
        documents.push((sort.key_with_id(document.view())?, document.get("_id").unwrap().clone()));
    }
    documents.sort_by(|(left, _), (right, _)| left.cmp(right));
    let (skip, limit) = (number(case, "skip"), number(case, "limit"));
    let ids = documents.into_iter().map(|(_, id)| id).skip(skip);
    Ok(ids.take(if limit == 0 { usize::MAX } else { limit }).collect())
}

fn number(case: &Document, name: &str) -> usize {
    match case.get(name) {
        Some(Value::Int(number)) => *number as usize,
        _ => 0,
    }
}

#[test]
fn every_sort_case_has_its_order_or_its_error() {
    let cases = include_str!("../testdata/sorts.jsonl");
    assert!(cases.lines().count() >= 40);
    for line in cases.lines() {
        let case = ejson::read_document(line, &Limits::default()).unwrap();
        let (got, want) = (outcome(&case), case.get("want").unwrap());
        let text = |value: &Value| ejson::to_text(value.view(), Form::Canonical);
        assert_eq!(text(&got), text(want), "{line}");
    }
}
