//! Every example of `docs/query.md` is run, and every limit there has the default it has in code.
//!
//! An example is the last cell of a table row: JSON between backticks, words between the JSON. Which
//! words there are is said at the top of the page.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use std::cmp::Ordering;

use filedex_query::{
    Collation, Document, Environment, Error, Expression, Filter, Found, Limits, Matcher,
    Projection, Sort, Update, Value, ejson,
};

const MANUAL: &str = include_str!("../../../docs/query.md");

fn value(text: &str) -> Value {
    ejson::read(text, &Limits::default()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn document(text: &str) -> Document {
    ejson::read_document(text, &Limits::default()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// What the filter finds in the document.
fn find(text: &str, query: &str) -> Result<Option<Found>, Error> {
    let environment = Environment::default();
    let filter = Filter::parse(&document(query), &environment)?;
    Matcher::compile(&filter, &environment)?.find(document(text).view())
}

fn project(text: &str, projection: &str, found: Option<Found>) -> Result<Document, Error> {
    let projection = Projection::parse(&document(projection), &Environment::default())?;
    projection.apply(document(text).view(), found)
}

fn evaluate(expression: &str, text: &str) -> Result<Option<Value>, Error> {
    let environment = Environment::default();
    Expression::parse(&value(expression), &environment)?.evaluate(document(text).view())
}

/// What the update makes of the document, which the filter has found.
fn change(text: &str, query: &str, update: &str, filters: Option<&str>) -> Result<Document, Error> {
    let update = Update::parse_text(update, filters, &Environment::default())?;
    let found = find(text, query)?.unwrap_or_default();
    Ok(update.apply(document(text), found)?.document)
}

fn upsert(query: &str, update: &str) -> Result<Document, Error> {
    let environment = Environment::default();
    let filter = Filter::parse_text(query, &environment)?;
    Update::parse_text(update, None, &environment)?.insert(&filter, || Value::Null)
}

/// Whether the sort puts the documents into the order they stand in.
fn orders(sort: &str, documents: &[&str]) -> Result<bool, Error> {
    let sort = Sort::parse(&document(sort), &Environment::default())?;
    let keys: Result<Vec<_>, _> =
        documents.iter().map(|text| sort.key_with_id(document(text).view())).collect();
    Ok(keys?.is_sorted())
}

/// Whether the collation finds the texts equal, or in the order they stand in, no two of them equal.
fn collates(collation: &str, texts: &[&str], equal: bool) -> Result<bool, Error> {
    let collation = Collation::parse(&document(collation))?;
    let wanted = if equal { Ordering::Equal } else { Ordering::Less };
    let texts: Vec<Value> = texts.iter().map(|text| value(text)).collect();
    let order = |pair: &[Value]| {
        collation.compare(pair[0].as_str().unwrap(), pair[1].as_str().unwrap()) == wanted
    };
    Ok(texts.windows(2).all(order))
}

/// Reads what should fail, as the section it stands in reads it.
fn failure(section: &str, text: &str) -> Option<u32> {
    let environment = Environment::default();
    let outcome = match section {
        "Projections" => Projection::parse(&document(text), &environment).map(drop),
        "Sorts" => Sort::parse(&document(text), &environment).map(drop),
        "Collations" => Collation::parse(&document(text)).map(drop),
        "Expressions" => Expression::parse(&value(text), &environment).map(drop),
        "Updates" => Update::parse_text(text, None, &environment).map(drop),
        _ => Filter::parse(&document(text), &environment).map(drop),
    };
    outcome.err().map(|error| error.code().0)
}

/// Runs an example and says what is wrong with it.
fn check(section: &str, example: &str) -> Result<(), String> {
    let pieces: Vec<&str> = example.split('`').collect();
    let code: Vec<&str> = pieces.iter().skip(1).step_by(2).copied().collect();
    let words: Vec<&str> = pieces.iter().step_by(2).map(|words| words.trim()).collect();
    let say = |error: Error| format!("{error:?}");
    let holds = match (words.as_slice(), code.as_slice()) {
        (["", "matches", ""], [text, query]) => find(text, query).map_err(say)?.is_some(),
        (["", "misses", ""], [text, query]) => find(text, query).map_err(say)?.is_none(),
        (["", "under", "shows", ""], [text, projection, shown]) => {
            let found = project(text, projection, None).map_err(say)?;
            return same(&Value::Document(found), &value(shown));
        }
        (["", "found by", "under", "shows", ""], [text, query, projection, shown]) => {
            let position = find(text, query).map_err(say)?;
            let found = project(text, projection, position).map_err(say)?;
            return same(&Value::Document(found), &value(shown));
        }
        (["", "is", ""], [expression, wanted]) => {
            let found = evaluate(expression, "{}").map_err(say)?;
            return same(&found.unwrap_or(Value::Undefined), &value(wanted));
        }
        (["", "over", "is", ""], [expression, text, wanted]) => {
            let found = evaluate(expression, text).map_err(say)?;
            return same(&found.unwrap_or(Value::Undefined), &value(wanted));
        }
        (["", "after", "becomes", ""], [text, update, wanted]) => {
            let changed = change(text, "{}", update, None).map_err(say)?;
            return same(&Value::Document(changed), &value(wanted));
        }
        (["", "after", "with", "becomes", ""], [text, update, filters, wanted]) => {
            let changed = change(text, "{}", update, Some(filters)).map_err(say)?;
            return same(&Value::Document(changed), &value(wanted));
        }
        (["", "found by", "after", "becomes", ""], [text, query, update, wanted]) => {
            let changed = change(text, query, update, None).map_err(say)?;
            return same(&Value::Document(changed), &value(wanted));
        }
        (["", "upserts", "as", ""], [query, update, wanted]) => {
            let made = upsert(query, update).map_err(say)?;
            return same(&Value::Document(made), &value(wanted));
        }
        (["", "after", fails], [text, update]) => {
            let outcome = change(text, "{}", update, None);
            return fails_as(fails, outcome.err().map(|error| error.code().0));
        }
        (["", "reads as", ""], [typed, json]) => {
            let read = filedex_query::shell::read(typed, &Environment::default()).map_err(say)?;
            return same(&read, &value(json));
        }
        (["", "equates", ..] | ["", "orders", ..], [collation, texts @ ..])
            if section == "Collations" =>
        {
            collates(collation, texts, words[1] == "equates").map_err(say)?
        }
        (["", "orders", ..], [sort, documents @ ..]) => orders(sort, documents).map_err(say)?,
        (["", fails], [text]) => return fails_as(fails, failure(section, text)),
        _ => return Err("not in one of the forms of an example".to_owned()),
    };
    if holds { Ok(()) } else { Err("does not hold".to_owned()) }
}

fn fails_as(words: &str, found: Option<u32>) -> Result<(), String> {
    match words.strip_prefix("fails with ").map(|wanted| wanted.parse().unwrap()) {
        Some(wanted) if found == Some(wanted) => Ok(()),
        Some(_) => Err(format!("fails with {found:?}")),
        None => Err("not in one of the forms of an example".to_owned()),
    }
}

fn same(found: &Value, wanted: &Value) -> Result<(), String> {
    if found == wanted { Ok(()) } else { Err(format!("it is {found:?}")) }
}

/// The rows of all tables: the section, the first cell, the last cell.
fn rows() -> Vec<(&'static str, String, String)> {
    let mut section = "";
    let mut rows = Vec::new();
    for line in MANUAL.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            section = title;
        }
        let Some(row) = line.strip_prefix("| ").and_then(|row| row.strip_suffix(" |")) else {
            continue;
        };
        let row = row.replace("\\|", "\u{1}");
        let cells: Vec<&str> = row.split(" | ").collect();
        let [name, _, example] = cells.as_slice() else { panic!("not three cells: {line}") };
        if !matches!(*example, "example" | "default") {
            rows.push((section, name.to_string(), example.replace('\u{1}', "|")));
        }
    }
    rows
}

#[test]
fn every_example_holds() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for (section, name, example) in rows() {
        if section == "Limits" || section == "Collations" && !cfg!(feature = "collation") {
            continue;
        }
        count += 1;
        if let Err(how) = check(section, &example) {
            wrong.push(format!("{name}: {example}\n    {how}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 300, "{count}");
}

#[test]
fn every_limit_is_listed_with_its_default() {
    let listed: Vec<String> = rows()
        .into_iter()
        .filter(|(section, ..)| *section == "Limits")
        .map(|(_, name, default)| format!("{}: {default}", name.trim_matches('`')))
        .collect();
    assert_eq!(format!("{:?}", Limits::default()), format!("Limits {{ {} }}", listed.join(", ")));
}
