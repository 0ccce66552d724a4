//! What a killed process leaves is what docs/durability.md says, mode by mode.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use filedex_query::Document;
use filedex_storage::{Durability, Options, Store};

/// Set where this program was started again to write to the store at that path.
const STORE: &str = "FILEDEX_TEST_DURABILITY_STORE";
const MODE: &str = "FILEDEX_TEST_DURABILITY";

/// Writes of one process.
const WRITES: usize = 200;

fn file(number: usize) -> Document {
    Document::new()
        .with("_id", format!("f{number:04}"))
        .with("rid", "A")
        .with("number", number as i64)
}

/// Writes for a test that kills it; else nothing.
#[test]
fn a_process_that_writes_until_it_is_killed() {
    let Ok(path) = std::env::var(STORE) else { return };
    let durability = match std::env::var(MODE).unwrap().as_str() {
        "Durable" => Durability::Durable,
        "Interval" => Durability::Interval,
        _ => Durability::Relaxed,
    };
    let store = Store::open(path, &Options::default()).unwrap();
    for number in 0..WRITES {
        store.put_with(&file(number), durability).unwrap();
    }
    println!("\nWRITTEN");
    thread::sleep(Duration::from_secs(600));
}

/// A process of its own that has done its writes.
fn writer(store: &Path, mode: Durability) -> Child {
    let mut process = Command::new(std::env::current_exe().unwrap());
    process.args([
        "--exact",
        "durability::a_process_that_writes_until_it_is_killed",
        "--nocapture",
    ]);
    process.env(STORE, store).env(MODE, format!("{mode:?}"));
    let mut child = process.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "WRITTEN"));
    child
}

/// How many of the writes are there, which must be the first ones.
fn left(store: &Path) -> usize {
    let store = Store::open(store, &Options::default()).unwrap();
    assert!(store.verify(&mut |_, _| ()).unwrap().is_clean());
    let there = |number: usize| store.get(&format!("f{number:04}")).unwrap();
    let left = (0..WRITES).take_while(|number| there(*number).is_some()).count();
    assert!((left..WRITES).all(|number| there(number).is_none()), "a hole before the end");
    assert!((0..left).all(|number| there(number) == Some(file(number))));
    left
}

fn kill(mut writer: Child) {
    writer.kill().unwrap();
    writer.wait().unwrap();
}

#[test]
fn a_kill_right_after_the_call_loses_nothing() {
    for mode in [Durability::Durable, Durability::Interval] {
        let site = tempfile::tempdir().unwrap();
        let path = site.path().join("store");
        kill(writer(&path, mode));
        assert_eq!(left(&path), WRITES, "{mode:?}");
    }
}

#[test]
fn a_kill_loses_no_relaxed_write_older_than_the_interval() {
    let site = tempfile::tempdir().unwrap();
    let at_once = site.path().join("at once");
    // What is lost at once is an end, perhaps all of it.
    kill(writer(&at_once, Durability::Relaxed));
    left(&at_once);
    // Four times the interval; longer where the machine had other things to do.
    let is_all_left = |seconds: u64| {
        let later = site.path().join(format!("{seconds} s later"));
        let writer = writer(&later, Durability::Relaxed);
        thread::sleep(Duration::from_secs(seconds));
        kill(writer);
        left(&later) == WRITES
    };
    assert!([1, 4, 16].into_iter().any(is_all_left));
}
