//! `filedex backup` and `restore`: out and in again, whole or not at all.
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
use std::process::Stdio;
use std::time::Duration;

use super::program::{command, fill, run, run_with, text};

/// Everything a store answers.
fn answers(db: &Path) -> Vec<String> {
    let ask = |arguments: &[&str]| run(&[arguments, &["--db", text(db)]].concat()).out;
    vec![
        ask(&["export", "--canonical"]),
        ask(&["find", "--sort", r#"{"size":1}"#, "--count", "50"]),
        ask(&["find", "--query", r#"{"rid":"r3"}"#, "--offset", "10", "--count", "5"]),
    ]
}

#[test]
fn a_restored_store_answers_as_the_first_to_the_byte() {
    let site = tempfile::tempdir().unwrap();
    let [one, other, file] = ["one", "other", "file"].map(|name| site.path().join(name));
    fill(&one, 500);
    let backup = run(&["backup", text(&one), text(&file)]);
    assert_eq!(backup.status, 0, "{backup:?}");
    assert!(backup.out.starts_with("500 records, sha256 "), "{}", backup.out);
    let restore = run(&["restore", text(&file), text(&other)]);
    assert_eq!((restore.status, restore.out.as_str()), (0, "500 records\n"), "{restore:?}");
    assert_eq!(answers(&other), answers(&one));
    assert_eq!(run(&["verify", "--db", text(&other)]).status, 0);
    // What stands there is not overwritten.
    assert_eq!(run(&["restore", text(&file), text(&other)]).status, 1);
}

#[test]
fn a_backup_that_was_cut_short_is_told_and_makes_nothing() {
    let site = tempfile::tempdir().unwrap();
    let [one, other, file] = ["one", "other", "file"].map(|name| site.path().join(name));
    fill(&one, 50);
    assert_eq!(run(&["backup", text(&one), text(&file)]).status, 0);
    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    let restore = run(&["restore", text(&file), text(&other)]);
    assert_eq!(restore.status, 3, "{restore:?}");
    assert!(restore.err.contains("no whole backup"), "{}", restore.err);
    assert!(!other.exists());
    assert_eq!(fs::read_dir(site.path()).unwrap().count(), 2);
}

#[test]
fn a_store_that_is_missing_is_not_made_by_a_backup() {
    let site = tempfile::tempdir().unwrap();
    let [one, file] = ["one", "file"].map(|name| site.path().join(name));
    assert_eq!(run(&["backup", text(&one), text(&file)]).status, 3);
    assert_eq!(fs::read_dir(site.path()).unwrap().count(), 0);
}

/// Restores, killing the program again and again until it is done; says how often it was killed.
fn kills_of_restore(file: &Path, to: &Path) -> u64 {
    for round in 0_u64.. {
        let mut restore = command(&["restore", text(file), text(to)])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(40 + 10 * round * round));
        restore.kill().unwrap();
        match restore.wait().unwrap().code() {
            None => {}
            Some(0) => return round,
            // The last one was done when it was killed: the place is taken.
            Some(code) => {
                assert!(round > 0 && to.exists(), "{code}");
                return round;
            }
        }
    }
    unreachable!("rounds without end")
}

#[test]
fn a_restore_that_is_killed_again_and_again_ends_whole() {
    let site = tempfile::tempdir().unwrap();
    let [one, file] = ["one", "file"].map(|name| site.path().join(name));
    fill(&one, 5_000);
    assert_eq!(run(&["backup", text(&one), text(&file)]).status, 0);
    // Another place where nothing was killed, as a busy machine may be late.
    let mut others = (0..10).map(|number| site.path().join(format!("other{number}")));
    let other = others.find(|other| kills_of_restore(&file, other) > 0).expect("a kill");
    assert!(other.exists());
    assert_eq!(run(&["verify", "--db", text(&other)]).status, 0);
    assert_eq!(
        run(&["export", "--db", text(&other)]).out,
        run(&["export", "--db", text(&one)]).out
    );
}

#[test]
fn an_import_of_a_backup_tells_whether_records_are_missing() {
    let site = tempfile::tempdir().unwrap();
    let [one, other, file] = ["one", "other", "file"].map(|name| site.path().join(name));
    fill(&one, 250);
    assert_eq!(run(&["backup", text(&one), text(&file)]).status, 0);
    let whole = run(&["import", "--db", text(&other), text(&file)]);
    assert_eq!(whole.out, "250 inserted, 0 replaced, 0 unchanged, 0 bad\n", "{whole:?}");
    let lines = fs::read_to_string(&file).unwrap();
    let missing = lines.split_inclusive('\n').skip(1).collect::<String>();
    let import = run_with(&["import", "--db", text(&other), "-"], missing.as_bytes());
    assert_eq!((import.status, import.err.contains("not whole")), (1, true), "{import:?}");
}
