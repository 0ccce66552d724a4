//! `filedex find --input` runs the language over any documents: every conformance case goes through
//! the program.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

use super::program::{Run, run_with};
use filedex_query::ejson::{self, Form};
use filedex_query::{Document, Limits, Value};
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Case<'a> {
    id: String,
    #[serde(borrow)]
    docs: Vec<&'a RawValue>,
    #[serde(borrow)]
    query: &'a RawValue,
    #[serde(borrow)]
    projection: Option<&'a RawValue>,
    #[serde(borrow)]
    sort: Option<&'a RawValue>,
    #[serde(borrow)]
    collation: Option<&'a RawValue>,
    #[serde(default)]
    skip: u64,
    #[serde(default)]
    limit: u64,
    #[serde(borrow)]
    want: Option<Want<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Want<'a> {
    #[serde(borrow)]
    Ids(Vec<&'a RawValue>),
    #[serde(borrow)]
    Order(Vec<&'a RawValue>),
    #[serde(borrow)]
    Docs(Vec<&'a RawValue>),
    #[serde(borrow)]
    Error(&'a RawValue),
}

impl Case<'_> {
    fn find(&self) -> Run {
        let (skip, limit) = (self.skip.to_string(), self.limit.to_string());
        let mut arguments = vec!["find", "--input", "-", "--format", "lines"];
        arguments.extend(["--query", self.query.get(), "--offset", &skip, "--count", &limit]);
        let (fields, sort) = (("--fields", self.projection), ("--sort", self.sort));
        for (option, json) in [fields, sort, ("--collation", self.collation)] {
            if let Some(json) = json {
                arguments.extend([option, json.get()]);
            }
        }
        let lines: Vec<&str> = self.docs.iter().map(|document| document.get()).collect();
        run_with(&arguments, lines.join("\n").as_bytes())
    }

    /// What is wrong with the answer, if anything.
    fn fault(&self) -> Option<String> {
        let found = self.find();
        let lines: Vec<&str> = found.lines();
        let (expected, got) = match self.want.as_ref()? {
            Want::Ids(ids) => (sorted(texts(ids)), sorted(ids_of(&lines))),
            Want::Order(ids) => (texts(ids), ids_of(&lines)),
            Want::Docs(documents) => {
                (texts(documents), lines.iter().map(|line| line.to_string()).collect())
            }
            Want::Error(code) => {
                let first = found.err.lines().next().unwrap_or_default();
                let error: serde_json::Value = serde_json::from_str(first).unwrap_or_default();
                let fits =
                    code.get() == "true" || error["code"].as_u64() == code.get().parse().ok();
                return (found.status != 2 || !fits)
                    .then(|| format!("wants {}: {found:?}", code.get()));
            }
        };
        (found.status != 0 || expected != got).then(|| format!("wants {expected:?}: {found:?}"))
    }
}

/// Relaxed Extended JSON, as the program prints lines.
fn texts(values: &[&RawValue]) -> Vec<String> {
    let read = |value: &&RawValue| ejson::read(value.get(), &Limits::default()).unwrap();
    values.iter().map(|value| ejson::to_text(read(value).view(), Form::Relaxed)).collect()
}

fn ids_of(lines: &[&str]) -> Vec<String> {
    let id = |line: &&str| {
        let document: Document = ejson::read_document(line, &Limits::default()).unwrap();
        ejson::to_text(document.get("_id").unwrap_or(&Value::Null).view(), Form::Relaxed)
    };
    lines.iter().map(id).collect()
}

fn sorted(mut texts: Vec<String>) -> Vec<String> {
    texts.sort();
    texts
}

#[test]
fn every_conformance_case_holds_through_the_program() {
    hold("mongo.jsonl", 250);
}

#[test]
fn what_people_reported_holds_through_the_program() {
    hold("reports.jsonl", 250);
}

#[test]
fn texts_compare_by_the_rules_of_languages_through_the_program() {
    hold("collation.jsonl", 600);
}

fn hold(file: &str, at_least: u32) {
    let path = format!("{}/../../testdata/{file}", env!("CARGO_MANIFEST_DIR"));
    let cases = std::fs::read_to_string(path).unwrap();
    let mut faults = Vec::new();
    let mut checked = 0;
    // There is no `distinct` yet.
    for line in cases.lines().filter(|line| !line.contains("\"op\": \"distinct\"")) {
        let case: Case<'_> = serde_json::from_str(line).unwrap();
        checked += u32::from(case.want.is_some());
        faults.extend(case.fault().map(|fault| format!("{}: {fault}", case.id)));
    }
    assert!(checked > at_least, "only {checked} cases claim anything");
    assert!(faults.is_empty(), "{} of {checked}:\n{}", faults.len(), faults.join("\n"));
}
