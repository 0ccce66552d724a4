//! The compiled update and the naive one agree on random documents and updates.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use super::naive_update;
use super::random_update;

use std::cell::Cell;

use filedex_query::{Document, Environment, Error, Filter, Found, Update, Value};
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use naive_update::{Outcome, Question};
use random_update::Change;

/// What the library makes of it, in the words of the naive evaluator.
fn compiled(change: &Change) -> Result<(Document, bool), Error> {
    let filters: Vec<Value> = change.filters.iter().cloned().map(Value::Document).collect();
    let source = Value::Document(change.update.clone());
    let update = Update::parse(&source, &filters, &Environment::default())?;
    if change.is_insert {
        let fields = change.document.iter().map(|(name, value)| Filter::eq(name, value.clone()));
        let filter = Filter::and(fields.collect::<Result<_, _>>()?);
        return update.insert(&filter, || Value::MaxKey).map(|document| (document, true));
    }
    let updated = update.apply(change.document.clone(), Found { array_index: change.position })?;
    Ok((updated.document, updated.is_changed))
}

fn agree_on(change: &Change, done: &Cell<u32>) -> Result<(), TestCaseError> {
    let Change { document, update, filters, position, is_insert } = change;
    let position = if *is_insert { None } else { *position };
    let question = Question { update, filters, position, is_insert: *is_insert };
    let wanted: Outcome = match is_insert {
        true => naive_update::insert(&question, document),
        false => naive_update::apply(&question, document),
    };
    let got = compiled(change).map_err(|error| error.code().0);
    let agree = match (&wanted, &got) {
        (Ok((_, wanted)), Ok((_, got))) if wanted != got => false,
        (Ok((wanted, _)), Ok((got, _))) => {
            done.set(done.get() + 1);
            wanted == got
        }
        (Err(codes), Err(code)) => codes.contains(code),
        _ => false,
    };
    if agree { Ok(()) } else { Err(TestCaseError::fail(format!("{wanted:?}\n{got:?}"))) }
}

#[test]
fn the_compiled_update_agrees_with_the_naive_one() {
    let cases = std::env::var("FILEDEX_CASES").ok().and_then(|cases| cases.parse().ok());
    let cases = cases.unwrap_or(10_000);
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let done = Cell::new(0);
    let outcome =
        TestRunner::new(config).run(&random_update::change(), |change| agree_on(&change, &done));
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    println!("{} of {cases} changed a document or left it as it was", done.get());
    assert!(done.get() > cases / 8, "too few updates went through: {}", done.get());
}
