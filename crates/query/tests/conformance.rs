//! Every case comes out as it claims, over documents in memory and in the packed form of a store.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use super::cases;

use filedex_query::Environment;

fn run(file: &str, at_least: usize) {
    let environment = Environment::default();
    let cases = cases::read(file);
    assert!(cases.len() >= at_least, "{file} holds {} cases", cases.len());
    let answers = cases
        .iter()
        .flat_map(|case| [(case, case.run(&environment)), (case, case.run_packed(&environment))]);
    let faults: Vec<String> = answers.filter_map(|(case, answer)| case.fault(&answer)).collect();
    assert!(faults.is_empty(), "{} of {file} wrong:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn the_find_language_means_what_mongodb_means() {
    run("mongo.jsonl", 320);
}

#[test]
fn filters_mean_what_mongodb_means() {
    run("filters.jsonl", 390);
}

#[test]
fn projections_mean_what_mongodb_means() {
    run("projections.jsonl", 120);
}

#[test]
fn sorts_mean_what_mongodb_means() {
    run("sorts.jsonl", 59);
}

#[test]
fn expressions_mean_what_mongodb_means() {
    run("expressions.jsonl", 800);
}

#[test]
#[cfg(feature = "collation")]
fn texts_compare_by_the_rules_of_languages() {
    run("collation.jsonl", 635);
}

#[test]
fn what_people_reported_of_other_servers_holds_here() {
    run("reports.jsonl", 275);
}
