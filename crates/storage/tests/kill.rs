//! A process killed while it writes leaves a store that opens, verifies and holds every
//! acknowledged write.
//!
//! The test runs itself again as the process to be killed: a child puts batches and writes the
//! number of each one that returned to its standard output; the parent kills it at a random moment.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use filedex_query::{Date, Document, Value};
use filedex_storage::{Options, Store};

const CHILD: &str = "FILEDEX_KILL_TEST_DIRECTORY";
const BATCH: u64 = 30;

/// The records of one batch: some replace those of earlier batches and move to other rooms.
fn batch(number: u64) -> Vec<Document> {
    let record = |place: u64| {
        let key = (number * BATCH + place) * 7 % 1000;
        Document::new()
            .with("_id", format!("f{key}"))
            .with("rid", format!("room{}", (number + key) % 5))
            .with("userId", format!("user{}", key % 3))
            .with("uploadedAt", Value::from(Date((number * 1000 + place).cast_signed())))
            .with("typeGroup", if key.is_multiple_of(2) { "image" } else { "video" })
            .with("batch", number.cast_signed())
            .with("name", "x".repeat(usize::try_from(key * 3 % 1500).unwrap()))
    };
    (0..BATCH).map(record).collect()
}

/// Not a test of its own: what the killed process does.
#[test]
fn write_until_killed() {
    let Ok(directory) = std::env::var(CHILD) else {
        return;
    };
    let mut options = Options::default();
    // With little memory there are many checkpoints to be killed in.
    options.cache_bytes = 256 << 10;
    let store = Store::open(Path::new(&directory), &options).unwrap();
    let mut out = std::io::stdout();
    let start = store.get("last").unwrap().map_or(0, |last| match last.get("batch") {
        Some(Value::Long(number)) => number.cast_unsigned() + 1,
        _ => 0,
    });
    for number in start.. {
        store.put_many(batch(number)).unwrap();
        let last = Document::new().with("_id", "last").with("batch", number.cast_signed());
        store.put(&last).unwrap();
        writeln!(out, "acknowledged {number}").unwrap();
        out.flush().unwrap();
    }
}

/// Runs a child for that long, kills it, and gives the last batch that it acknowledged.
fn kill_after(directory: &Path, patience: Duration) -> Option<u64> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "write_until_killed", "--nocapture"])
        .env(CHILD, directory)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap());
    let reader = std::thread::spawn(move || {
        let lines = lines.lines().map_while(Result::ok);
        lines.filter_map(|line| line.split_once("acknowledged ")?.1.parse().ok()).last()
    });
    std::thread::sleep(patience);
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap()
}

fn survive(rounds: u32) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    let (mut acknowledged, mut seed, mut writes) = (None, 0x9e37_79b9_u64, 0);
    for round in 0..rounds {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let patience = Duration::from_millis(5 + (seed >> 33) % 120);
        if let Some(last) = kill_after(&path, patience) {
            acknowledged = Some(last);
            writes += 1;
        }
        check(&path, acknowledged, round);
    }
    assert!(writes > rounds / 4, "too few children came to write: {writes} of {rounds}");
}

fn check(path: &Path, acknowledged: Option<u64>, round: u32) {
    let started = Instant::now();
    let store = match Store::open(path, &Options::default()) {
        Ok(store) => store,
        Err(error) => panic!("round {round}: the store does not open: {error}"),
    };
    let report = store.verify(&mut |_, _| ()).unwrap();
    assert!(report.is_clean(), "round {round}: {:?}", report.problems);
    let Some(acknowledged) = acknowledged else {
        return;
    };
    let number = |id: &str| match store.get(id).unwrap().and_then(|it| it.get("batch").cloned()) {
        Some(Value::Long(number)) => number.cast_unsigned(),
        other => panic!("round {round}: `{id}` is gone: {other:?}"),
    };
    assert!(number("last") >= acknowledged, "round {round}: an acknowledged put is lost");
    for record in batch(acknowledged) {
        let id = record.get_str("_id").unwrap();
        assert!(number(id) >= acknowledged, "round {round}: record `{id}` of the batch is lost");
    }
    // A batch is one write: of the one that was under way all records are there, or none.
    let next = batch(number("last") + 1);
    let newer = next.iter().filter(|record| number_of(&store, record) > number("last")).count();
    assert!(newer == 0 || newer == next.len(), "round {round}: half a batch is there");
    assert!(started.elapsed() < Duration::from_secs(60));
}

fn number_of(store: &Store, record: &Document) -> u64 {
    let stored = store.get(record.get_str("_id").unwrap()).unwrap();
    match stored.and_then(|stored| stored.get("batch").cloned()) {
        Some(Value::Long(number)) => number.cast_unsigned(),
        _ => 0,
    }
}

#[test]
fn fifty_kills_lose_nothing_that_was_acknowledged() {
    survive(50);
}

#[test]
#[ignore = "slow: about three minutes"]
fn a_thousand_kills_lose_nothing_that_was_acknowledged() {
    survive(1000);
}
