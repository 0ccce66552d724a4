//! Every case of `testdata/` comes out of a store as it does over documents in memory: through
//! everything, and through a room that holds the documents of the case beside other records.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

#[path = "../../query/tests/cases/mod.rs"]
#[allow(dead_code, reason = "this file runs the cases in its own way")]
mod cases;

use std::collections::BTreeMap;

use cases::Case;
use filedex_query::ejson::{self, Form};
use filedex_query::packed;
use filedex_query::{Document, Environment, Filter, Plan, Redaction, Result, Value};
use filedex_storage::{Durability, ErrorKind, Options, Store, Watch, Window};

/// Cases name documents by any value; records are named by texts, here in the order of the values.
struct Names(BTreeMap<String, Value>);

impl Names {
    fn text(id: &Value) -> String {
        match id {
            Value::Int(number) if *number >= 0 => format!("{number:09}"),
            Value::String(text) => text.clone(),
            other => ejson::to_text(other.view(), Form::Canonical),
        }
    }

    fn of(documents: &[Document]) -> Names {
        let ids = documents.iter().filter_map(|document| document.get("_id"));
        Names(ids.map(|id| (Names::text(id), id.clone())).collect())
    }

    /// The document as the case names it.
    fn restore(&self, mut document: Document) -> Document {
        if let Some(id) = document.get_str("_id").and_then(|id| self.0.get(id)).cloned() {
            document.set("_id", id);
        }
        document
    }
}

fn store() -> Store {
    let mut options = Options::default();
    options.durability = Durability::Relaxed;
    Store::temporary(&options).unwrap()
}

fn record(document: &Document) -> Document {
    let mut record = document.clone();
    record.set("_id", Names::text(document.get("_id").unwrap()));
    record
}

/// Compiles the case and runs it over what is in the store; `room` narrows it to that room.
fn run(case: &Case, store: &Store, room: Option<&str>) -> Result<(Vec<Document>, &'static str)> {
    let environment = case.environment(&Environment::default())?;
    let filter = case.filter(&environment)?;
    let host = match room {
        Some(room) => Filter::eq("rid", room)?,
        None => Filter::all(),
    };
    let (projection, sort) = (case.projection(&environment)?, case.sort(&environment)?);
    let seen = Redaction::default();
    let plan = Plan::compile_redacted(host, filter, projection, sort, &seen, &environment)?;
    let window =
        Window { offset: case.skip as u64, count: (case.limit > 0).then_some(case.limit as u64) };
    match store.page(&plan, window, &Watch::default()) {
        Ok(page) => {
            let names = Names::of(&case.docs);
            let documents = page.documents.into_iter().map(|document| names.restore(document));
            Ok((documents.collect(), page.explain.access_path))
        }
        Err(error) if error.kind() == ErrorKind::Query => Err(error.query().unwrap().clone()),
        Err(error) => panic!("{}: {error}", case.id),
    }
}

/// Whether the names of the documents are part of what the case asks.
fn asks_for_names(case: &Case) -> bool {
    case.query.iter().flat_map(Document::iter).any(|(name, _)| name.starts_with("_id"))
}

/// Documents that a store refuses, because one name stands twice in them.
fn cannot_be_stored(case: &Case) -> bool {
    case.docs.iter().any(|document| packed::pack_into(&mut Vec::new(), document).is_some())
}

fn through_everything(file: &str, at_least: usize) {
    let (mut faults, mut ran) = (Vec::new(), 0);
    let store = store();
    for case in cases::read(file) {
        if asks_for_names(&case) || cannot_be_stored(&case) {
            continue;
        }
        store.put_many(case.docs.iter().map(record)).unwrap();
        let answer = run(&case, &store, None).map(|(documents, _)| documents);
        faults.extend(case.fault(&answer));
        ran += 1;
        let names = case.docs.iter().map(|document| Names::text(document.get("_id").unwrap()));
        store.remove_many(names).unwrap();
    }
    assert!(ran >= at_least, "only {ran} cases of {file} ran");
    assert!(faults.is_empty(), "{} of {file} wrong:\n{}", faults.len(), faults.join("\n"));
}

fn through_a_room(file: &str) {
    let mut faults = Vec::new();
    let store = store();
    for case in cases::read(file) {
        let held = case.docs.iter().any(|document| document.contains("rid"));
        if asks_for_names(&case) || cannot_be_stored(&case) || case.projection.is_some() || held {
            continue;
        }
        // Each case has a room of its own in one store, beside the rooms of all the others.
        let documents = case.docs.iter().enumerate().map(|(at, document)| {
            let name = format!("{}-{at}", case.id);
            let mut record = document.clone().with("rid", case.id.clone());
            record.set("_id", name);
            record
        });
        store.put_many(documents).unwrap();
        let expected = case.run(&Environment::default());
        match (expected, run(&case, &store, Some(&case.id))) {
            (Ok(expected), Ok((documents, path))) => {
                // A filter that nothing satisfies is told by its own path.
                let empty = path == "id" && documents.is_empty();
                assert!(path == "room" || empty, "{}: {path}", case.id);
                if expected.len() != documents.len() {
                    faults.push(format!("{}: {documents:?}", case.id));
                }
            }
            (Err(expected), Err(error)) if expected.code() == error.code() => {}
            (expected, got) => faults.push(format!("{}: {got:?} for {expected:?}", case.id)),
        }
    }
    assert!(faults.is_empty(), "{} of {file} wrong:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn the_find_language_means_the_same_through_a_store() {
    through_everything("mongo.jsonl", 300);
}

#[test]
fn filters_mean_the_same_through_a_store() {
    through_everything("filters.jsonl", 150);
}

#[test]
fn what_people_reported_means_the_same_through_a_store() {
    through_everything("reports.jsonl", 250);
}

#[test]
fn texts_compare_by_the_rules_of_languages_through_a_store() {
    through_everything("collation.jsonl", 500);
}

#[test]
fn cases_mean_the_same_in_a_room_among_others() {
    through_a_room("mongo.jsonl");
    through_a_room("filters.jsonl");
    through_a_room("reports.jsonl");
    through_a_room("collation.jsonl");
}
