//! `filedex copy` and `compare`: all records from one place into another, whatever happens on the way,
//! and whether they are the same then.
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
use std::path::PathBuf;
use std::time::Duration;

use super::program::{copy_through_kills, fill, run, run_with, text};

/// Places to copy between; those of a server where one is there.
struct Site {
    directory: tempfile::TempDir,
}

impl Site {
    fn new() -> Site {
        Site { directory: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
}

fn compare(a: &str, b: &str) -> (i32, serde_json::Value) {
    let compared = run(&["compare", a, b]);
    assert!(compared.status == 0 || compared.status == 1, "{compared:?}");
    (compared.status, compared.json())
}

/// How long a copy lives: each round a little longer than the one before, and no two alike.
fn life(round: u64) -> Duration {
    Duration::from_millis(5 + round * 7 + round * 31 % 23)
}

#[test]
fn a_copy_from_place_to_place_is_the_same_to_the_byte() {
    let site = Site::new();
    let [one, file, other] = ["one", "all.jsonl", "other"].map(|name| site.path(name));
    fill(&one, 1_500);
    for (from, to) in [(&one, &file), (&file, &other)] {
        let copied = run(&["copy", text(from), text(to)]);
        assert_eq!(copied.status, 0, "{copied:?}");
        assert_eq!(copied.out, "1500 copied: 1500 inserted, 0 replaced, 0 unchanged\n");
    }
    let again = run(&["copy", text(&one), text(&other)]);
    assert_eq!(again.out, "1500 copied: 0 inserted, 0 replaced, 1500 unchanged\n");
    for (a, b) in [(&one, &other), (&one, &file), (&file, &other)] {
        let (status, found) = compare(text(a), text(b));
        assert_eq!((status, &found["equal"]), (0, &true.into()), "{found}");
        assert_eq!((&found["a"]["records"], &found["a"]), (&1500.into(), &found["b"]));
        assert_eq!(found["pages"], 7);
    }
}

#[test]
fn a_copy_that_is_killed_at_any_moment_goes_on_and_ends_equal() {
    let site = Site::new();
    let [one, state] = ["one", "state"].map(|name| site.path(name));
    fill(&one, 5_000);
    let place = |name: String| text(&site.path(&name)).to_owned();
    let other = |number| place(format!("other{number}"));
    let other = copy_through_kills(2, text(&one), other, &state, life);
    assert!(!state.exists());
    assert_eq!(compare(text(&one), &other).0, 0);
    let file = |number| place(format!("all{number}.jsonl"));
    let file = copy_through_kills(1, text(&one), file, &state, life);
    assert_eq!(fs::read_to_string(&file).unwrap().lines().count(), 5_000);
    assert_eq!(compare(text(&one), &file).0, 0);
}

#[test]
fn one_changed_byte_says_which_record() {
    let site = Site::new();
    let [one, file] = ["one", "all.jsonl"].map(|name| site.path(name));
    fill(&one, 300);
    assert_eq!(run(&["copy", text(&one), text(&file)]).status, 0);
    let whole = fs::read_to_string(&file).unwrap();
    let line = whole.lines().nth(150).unwrap();
    let record: serde_json::Value = serde_json::from_str(line).unwrap();
    let size = record["size"]["$numberInt"].as_str().unwrap();
    let changed = line.replacen(&format!("\"{size}\""), "\"1000000\"", 1);
    assert_ne!(line, changed);
    fs::write(&file, whole.replace(line, &changed)).unwrap();
    let (status, found) = compare(text(&one), text(&file));
    assert_eq!((status, &found["differing"]), (1, &1.into()), "{found}");
    let told = format!("{}: not the same", record["_id"].as_str().unwrap());
    assert_eq!(found["differences"][0], told);
    assert_ne!(found["a"]["hash"], found["b"]["hash"]);

    let without: String =
        whole.lines().filter(|other| *other != line).map(|line| format!("{line}\n")).collect();
    fs::write(&file, without).unwrap();
    let (status, found) = compare(text(&one), text(&file));
    let told = format!("{}: only in A", record["_id"].as_str().unwrap());
    assert_eq!((status, &found["differences"][0]), (1, &told.into()), "{found}");
}

#[test]
fn a_copy_says_what_it_can_not_do() {
    let site = Site::new();
    let [one, other, state] = ["one", "other", "state"].map(|name| site.path(name));
    fill(&one, 10);
    let same = run(&["copy", text(&one), text(&one)]);
    assert!(same.status == 1 && same.err.contains("same place"), "{same:?}");
    let missing = run(&["copy", text(&site.path("nowhere")), text(&other)]);
    assert_eq!(missing.status, 3, "{missing:?}");
    fs::write(&state, r#"{"from":"x","to":"y","after":"a","copied":1,"bytes":0}"#).unwrap();
    let foreign = run(&["copy", "--state", text(&state), text(&one), text(&other)]);
    assert!(foreign.status == 1 && foreign.err.contains("other places"), "{foreign:?}");
    fs::write(&state, "half of it").unwrap();
    let torn = run(&["copy", "--state", text(&state), text(&one), text(&other)]);
    assert!(torn.status == 1 && torn.err.contains("no state of a copy"), "{torn:?}");
    let bad = run_with(&["copy", "-", text(&other)], b"{\"_id\":\"a\"}\nwhat\n");
    assert_eq!(bad.status, 1, "{bad:?}");
    if cfg!(not(feature = "mongodb")) {
        let none = run(&["copy", text(&one), "mongodb://127.0.0.1/x"]);
        assert!(none.status == 1 && none.err.contains("without MongoDB"), "{none:?}");
    }
}
