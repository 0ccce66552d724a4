//! The program over MongoDB's servers; run by `.ci/mongo`, in the suite of `crates/mongo`.
#![cfg(feature = "mongodb")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

use std::time::Duration;

use super::program::{copy_through_kills, fill, run, text};

/// A database of its own.
fn database(name: &str) -> String {
    let servers = std::env::var("FILEDEX_MONGODB").expect("FILEDEX_MONGODB: run `.ci/mongo`");
    let server = servers.split_whitespace().next().expect("an address");
    format!("{server}/cli{}_{name}", std::process::id())
}

#[test]
fn a_store_is_moved_to_servers_and_back() {
    let site = tempfile::tempdir().unwrap();
    let [one, other] = ["one", "other"].map(|name| site.path().join(name));
    fill(&one, 2_000);
    let servers = database("moved");
    let copied = run(&["copy", text(&one), &servers]);
    assert_eq!(copied.out, "2000 copied: 2000 inserted, 0 replaced, 0 unchanged\n", "{copied:?}");
    assert_eq!(run(&["compare", text(&one), &servers]).status, 0);
    assert_eq!(run(&["copy", &servers, text(&other)]).status, 0);
    assert_eq!(run(&["compare", text(&one), text(&other)]).status, 0);
    let find = |place: &[&str]| {
        let asked = ["--query", r#"{"size":{"$gt":1000}}"#, "--sort", r#"{"size":-1}"#];
        run(&[&["find"], place, &asked].concat())
    };
    let (here, there) = (find(&["--db", text(&one)]), find(&["--mongodb", &servers]));
    assert_eq!((here.status, here.out), (there.status, there.out));
}

#[test]
fn a_copy_to_servers_that_is_killed_at_any_moment_goes_on_and_ends_equal() {
    let site = tempfile::tempdir().unwrap();
    let [one, state] = ["one", "state"].map(|name| site.path().join(name));
    fill(&one, 3_000);
    let life = |round| Duration::from_millis(100 + round * 350 + round * 31 % 70);
    let place = |number| database(&format!("killed{number}"));
    let servers = copy_through_kills(2, text(&one), place, &state, life);
    assert_eq!(run(&["compare", text(&one), &servers]).status, 0);
}

#[test]
fn servers_that_are_not_there_are_told_in_time() {
    let away = "mongodb://127.0.0.1:1/x?serverSelectionTimeoutMS=300";
    let found = run(&["find", "--mongodb", away]);
    assert_eq!(found.status, 1, "{found:?}");
    assert!(found.err.contains("no server can be reached"), "{found:?}");
}
