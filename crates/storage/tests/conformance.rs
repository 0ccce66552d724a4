//! Every case of `testdata/` comes out of a store as it does over documents in memory: through
//! everything, through a room that holds the documents of the case beside other records, and in an order of a
//! room that is kept in memory.
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
use filedex_storage::{Durability, ErrorKind, Explain, Options, Store, Watch, Window};

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
    fn restore(&self, mut document: Document, prefix: &str) -> Document {
        let name = document.get_str("_id").and_then(|id| id.strip_prefix(prefix));
        if let Some(id) = name.and_then(|id| self.0.get(id)).cloned() {
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
    let host = match room {
        Some(room) => Filter::eq("rid", room)?,
        None => Filter::all(),
    };
    let (documents, explain) = ask(case, store, host, &Names::of(&case.docs), "")?;
    Ok((documents, explain.access_path))
}

/// Runs the case over what the host's filter leaves of the store, whose names of the documents begin with `prefix`.
fn ask(
    case: &Case,
    store: &Store,
    host: Filter,
    names: &Names,
    prefix: &str,
) -> Result<(Vec<Document>, Explain)> {
    let environment = case.environment(&Environment::default())?;
    let filter = case.filter(&environment)?;
    let (projection, sort) = (case.projection(&environment)?, case.sort(&environment)?);
    let seen = Redaction::default();
    let plan = Plan::compile_redacted(host, filter, projection, sort, &seen, &environment)?;
    let window =
        Window { offset: case.skip as u64, count: (case.limit > 0).then_some(case.limit as u64) };
    match store.page(&plan, window, &Watch::default()) {
        Ok(page) => {
            let restored =
                page.documents.into_iter().map(|document| names.restore(document, prefix));
            Ok((restored.collect(), page.explain))
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

/// Records of a room from which on orders of it are kept: documents of so many cases share one.
const RECORDS_A_ROOM: usize = 256;

/// Which case a record belongs to, by a number: collations say nothing of numbers.
const OF_CASE: &str = "of case";

/// Each case is asked until the order of its whole room is kept, which takes up to four times. What asks for no order
/// is given one.
fn in_kept_orders(file: &str, at_least: usize) {
    let takes_part = |case: &Case| !asks_for_names(case) && !cannot_be_stored(case);
    let mut cases: Vec<Case> = cases::read(file).into_iter().filter(takes_part).collect();
    cases.iter_mut().for_each(give_order);
    let (store, mut faults, mut kept) = (store(), Vec::new(), 0);
    for (number, cases) in by_rooms(&cases).into_iter().enumerate() {
        let room = format!("room {number}");
        let prefix = |at: usize| format!("{number}-{at:03}-");
        for (at, case) in cases.iter().enumerate() {
            let records = case.docs.iter().map(|document| {
                let name = prefix(at) + &Names::text(document.get("_id").unwrap());
                let mut record = document.clone().with("rid", &*room).with(OF_CASE, at as i32);
                record.set("_id", name);
                record
            });
            store.put_many(records).unwrap();
        }
        // Columns are of blocks.
        store.checkpoint().unwrap();
        for (at, case) in cases.iter().enumerate() {
            let ask = || {
                let of =
                    [Filter::eq("rid", &*room).unwrap(), Filter::eq(OF_CASE, at as i32).unwrap()];
                ask(case, &store, Filter::and(of.into()), &Names::of(&case.docs), &prefix(at))
            };
            let is_kept = |answer: &Result<(_, Explain)>| {
                answer.as_ref().is_ok_and(|(_, explain)| explain.sort == "view")
            };
            let mut answer = ask();
            for _ in 1..4 {
                if answer.is_err() || is_kept(&answer) {
                    break;
                }
                answer = ask();
            }
            kept += usize::from(is_kept(&answer));
            faults.extend(case.fault(&answer.map(|(documents, _)| documents)));
        }
    }
    assert!(kept >= at_least, "only {kept} cases of {file} were answered by kept orders");
    assert!(faults.is_empty(), "{} of {file} wrong:\n{}", faults.len(), faults.join("\n"));
}

/// The cases, divided so that each part has documents enough for a room.
fn by_rooms(cases: &[Case]) -> Vec<&[Case]> {
    let (mut starts, mut records) = (vec![0], 0);
    for (at, case) in cases.iter().enumerate() {
        if records >= RECORDS_A_ROOM {
            starts.push(at);
            records = 0;
        }
        records += case.docs.len();
    }
    // What is left over belongs to the last one.
    let lasts = starts.len() - usize::from(records < RECORDS_A_ROOM);
    starts.truncate(lasts.max(1));
    let ends = starts.iter().skip(1).copied().chain([cases.len()]);
    starts.iter().zip(ends).map(|(start, end)| &cases[*start..end]).collect()
}

/// Has a case that wants records in any order ask for them by the first field that it asks about, or by that of most.
fn give_order(case: &mut Case) {
    if case.sort.is_some() {
        return;
    }
    let asked = case.query.as_ref().ok().and_then(|query| query.iter().next());
    let field = asked.map(|(name, _)| name).filter(|name| !name.starts_with('$'));
    case.sort = Some(Ok(Document::new().with(field.unwrap_or("s"), 1)));
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

#[test]
fn cases_come_in_the_same_order_where_it_is_kept() {
    in_kept_orders("collation.jsonl", 580);
}
