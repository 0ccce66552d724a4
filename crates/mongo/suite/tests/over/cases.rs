//! Every conformance case comes out over a server as it does over documents in memory; those that don't
//! are named, each with what the server does otherwise.

#[path = "../../../../query/tests/cases/mod.rs"]
#[allow(dead_code, reason = "this file runs the cases in its own way")]
mod conformance;

use std::collections::BTreeMap;

use conformance::Case;
use filedex::{Backend, Document, Plan, Records as _, Value, Watch, Window, ejson};
use filedex_mongo::{Mongo, MongoOptions};
use filedex_query::{Environment, Filter, Redaction, Result};

/// Cases name documents by any value; records are named by texts, here in the order of the values.
fn name(id: &Value) -> String {
    match id {
        Value::Int(number) if *number >= 0 => format!("{number:09}"),
        Value::String(text) => text.clone(),
        other => ejson::to_text(other.view(), ejson::Form::Canonical),
    }
}

fn record(document: &Document) -> Document {
    let mut record = document.clone();
    record.set("_id", name(document.get("_id").unwrap()));
    record
}

fn run(case: &Case, servers: &Mongo) -> Result<Vec<Document>> {
    let environment = case.environment(&Environment::default())?;
    let (host, filter) = (Filter::all(), case.filter(&environment)?);
    let (projection, sort) = (case.projection(&environment)?, case.sort(&environment)?);
    let seen = Redaction::default();
    let plan = Plan::compile_redacted(host, filter, projection, sort, &seen, &environment)?;
    let count = (case.limit > 0).then_some(case.limit as u64);
    let window = Window { offset: case.skip as u64, count };
    let names: BTreeMap<String, Value> = case
        .docs
        .iter()
        .map(|one| one.get("_id").unwrap())
        .map(|id| (name(id), id.clone()))
        .collect();
    let restore = |mut document: Document| {
        if let Some(id) = document.get_str("_id").and_then(|id| names.get(id)).cloned() {
            document.set("_id", id);
        }
        document
    };
    match servers.page(&plan, window, &Watch::default()) {
        Ok(found) => Ok(found.documents.into_iter().map(restore).collect()),
        Err(error) => match error.query() {
            Some(query) => Err(query.clone()),
            None => panic!("{}: {error} ({:?})", case.id, std::error::Error::source(&error)),
        },
    }
}

/// Whether the names of the documents are part of what the case asks.
fn asks_for_names(case: &Case) -> bool {
    case.query.iter().flat_map(Document::iter).any(|(name, _)| name.starts_with("_id"))
}

/// Whether the documents can be records, and records that a server keeps as they are.
fn can_be_stored(case: &Case) -> bool {
    case.docs.iter().map(record).all(|record| {
        let first = record.iter().next().is_some_and(|(name, _)| name == "_id");
        first && filedex::check_record(&record, &filedex::Limits::default()).is_ok()
    })
}

/// Runs the cases of that file but for the exceptions, which must be ones.
fn through_a_server(file: &str, at_least: usize, exceptions: &[(&str, &str)]) {
    let servers = MongoOptions::new(filedex_mongo_suite::address()).connect().unwrap();
    let (mut faults, mut ran) = (Vec::new(), 0);
    let mut needless: Vec<&str> = exceptions.iter().map(|(id, _)| *id).collect();
    for case in conformance::read(file) {
        if asks_for_names(&case) || !can_be_stored(&case) {
            continue;
        }
        servers.put_many(&mut case.docs.iter().map(record)).unwrap();
        let fault = case.fault(&run(&case, &servers));
        if exceptions.iter().any(|(id, _)| *id == case.id) {
            needless.retain(|id| *id != case.id || fault.is_none());
        } else {
            faults.extend(fault);
        }
        ran += 1;
        let mut names = case.docs.iter().map(|document| name(document.get("_id").unwrap()));
        servers.remove_many(&mut names).unwrap();
    }
    assert!(ran >= at_least, "only {ran} cases of {file} ran");
    assert!(faults.is_empty(), "{} of {ran} of {file} wrong:\n{}", faults.len(), faults.join("\n"));
    assert!(needless.is_empty(), "exceptions that are none: {needless:?}");
}

/// What the server does otherwise than MongoDB.
const UNDEFINED: &str = "it keeps undefined as null";
const NESTED: &str = "elements that are arrays are no objects to its $elemMatch";
const DECIMAL: &str = "its doubles and decimals compare by their shortest texts";
const REMAINDER: &str = "its $mod takes numbers past 64 bits";
const SORT: &str = "it sorts through arrays by single values, not by whole tuples";
const REFERENCE: &str = "it takes a DBRef for operators";

#[test]
fn the_find_language_means_the_same_over_a_server() {
    let exceptions = [
        ("null-21", NESTED),
        ("null-23", NESTED),
        ("numtype-11", DECIMAL),
        ("numtype-12", DECIMAL),
        ("numtype-13", DECIMAL),
        ("sort-25", SORT),
    ];
    through_a_server("mongo.jsonl", 300, &exceptions);
}

#[test]
fn filters_mean_the_same_over_a_server() {
    let undefined = [1, 2, 3, 4, 10, 11, 14, 15, 16, 17, 18, 20, 39, 40, 47, 48];
    let undefined: Vec<String> = undefined.iter().map(|n| format!("nest-{n:02}")).collect();
    let nested = ["nest-26", "nest-27", "nest-28", "array-30", "array-38", "array-39", "array-40"];
    let nested = nested.into_iter().chain(["array-41", "array-45", "mod-08"]);
    let decimal = ["exact-04", "exact-05", "exact-11", "exact-13"];
    let reference = ["dbref-01", "dbref-04", "dbref-08", "dbref-09", "dbref-10"];
    let exceptions: Vec<(&str, &str)> = undefined
        .iter()
        .map(|id| (id.as_str(), UNDEFINED))
        .chain(nested.map(|id| (id, NESTED)))
        .chain(decimal.map(|id| (id, DECIMAL)))
        .chain(reference.map(|id| (id, REFERENCE)))
        .chain([("mod-07", REMAINDER)])
        .collect();
    through_a_server("filters.jsonl", 350, &exceptions);
}

#[test]
fn sorts_mean_the_same_over_a_server() {
    let exceptions = [("sorts-15", SORT), ("sorts-19", SORT), ("sorts-32", SORT)];
    through_a_server("sorts.jsonl", 50, &exceptions);
}
