//! `filedex repair` and `compact`: the same store again, whole and small.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

use std::fs;
use std::path::Path;

use super::program::{fill, run, text};

fn exported(db: &Path) -> String {
    run(&["export", "--canonical", "--db", text(db)]).out
}

#[test]
fn a_store_is_the_same_after_a_repair_and_a_compaction() {
    let site = tempfile::tempdir().unwrap();
    let db = site.path().join("store");
    fill(&db, 500);
    let before = exported(&db);
    let repair = run(&["repair", text(&db)]);
    assert_eq!(repair.status, 0, "{repair:?}");
    assert_eq!((&repair.json()["records"], &repair.json()["lost"]), (&500.into(), &0.into()));
    assert_eq!(exported(&db), before);
    let compact = run(&["compact", text(&db)]);
    assert!(compact.status == 0 && compact.out.starts_with("500 records, "), "{compact:?}");
    assert_eq!(exported(&db), before);
    assert_eq!(run(&["verify", "--db", text(&db)]).status, 0);
}

#[test]
fn what_a_repair_loses_is_told_and_what_only_a_backup_helps_too() {
    let site = tempfile::tempdir().unwrap();
    let db = site.path().join("store");
    fill(&db, 50);
    // The oldest: those behind it hold nothing yet.
    let logs = fs::read_dir(&db).unwrap().map(|entry| entry.unwrap().path());
    let log = logs.filter(|path| text(path).contains("/log.")).min().unwrap();
    fs::remove_file(log).unwrap();
    assert_eq!(run(&["verify", "--db", text(&db)]).status, 3);
    assert_eq!(run(&["compact", text(&db)]).status, 3);
    let repair = run(&["repair", text(&db)]);
    assert_eq!((repair.status, &repair.json()["records"]), (1, &50.into()), "{repair:?}");
    assert!(Path::new(repair.json()["sideFile"].as_str().unwrap()).is_file());
    assert_eq!(run(&["verify", "--db", text(&db)]).status, 0);

    // What nothing is made of but what is no longer there.
    for entry in fs::read_dir(&db).unwrap().map(|entry| entry.unwrap().path()) {
        if ["/log.", "/blocks.", "/manifest."].iter().any(|name| text(&entry).contains(name)) {
            fs::remove_file(entry).unwrap();
        }
    }
    let repair = run(&["repair", text(&db)]);
    assert!(repair.status == 3 && repair.err.contains("restore a backup"), "{repair:?}");
    assert_eq!(run(&["repair", text(&site.path().join("none"))]).status, 3);
}
