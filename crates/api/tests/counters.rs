//! What executions have cost is counted, whatever they end with.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use filedex::{Filedex, Limits, doc};

#[test]
fn stats_have_the_cost_of_every_execution() {
    let index = Filedex::temporary().unwrap();
    index.put_many((0..50).map(|n| doc! { "_id": n.to_string(), "rid": "r", "size": n })).unwrap();
    let before = index.stats().unwrap().work;
    let lookup = index.room("r").query(doc! { "size": { "$gte": 10 } }).unwrap();
    let cost = lookup.explain().unwrap();
    assert_eq!(lookup.total().unwrap(), 40);
    let after = index.stats().unwrap().work;
    assert_eq!(after.executions - before.executions, 2);
    assert!(after.records_examined - before.records_examined >= cost.records_examined);
    assert!(after.nanoseconds > before.nanoseconds);
    assert_eq!(after.slow, before.slow);
}

#[test]
fn an_execution_that_ends_with_an_error_counts_as_well() {
    let limits = Limits::default().with_documents_examined(10);
    let index = Filedex::options().limits(limits).slow(Duration::ZERO).temporary().unwrap();
    index.put_many((0..50).map(|n| doc! { "_id": n.to_string(), "size": n })).unwrap();
    let before = index.stats().unwrap().work;
    index.all().query(doc! { "size": { "$gte": 10 } }).unwrap().total().unwrap_err();
    let after = index.stats().unwrap().work;
    assert_eq!((after.executions - before.executions, after.slow - before.slow), (1, 1));
}
