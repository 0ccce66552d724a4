//! Stores of every format there was open, and answer what they answered when they were written; what
//! comes later is refused by name; and a backup moves a store from one format to the next.
//!
//! `fixtures/format-<n>/` holds one state, written by the Filedex of that format in three ways:
//!
//! ```text
//! closed/         a store that was closed
//! left/           one whose last writes are in its log only, as a kill leaves it
//! backup.jsonl    a backup
//! answers.jsonl   what all three answer: a line for each question, then one for each record
//! ```
//!
//! Files are kept without the zeros at their end, which sled reserves; `lengths` says how long they
//! were. `cargo test -p filedex-storage --test format -- --ignored` writes the fixtures of a format that
//! has none yet.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

mod support;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use filedex_query::ejson::{self, Form};
use filedex_query::packed::pack;
use filedex_query::{Date, Document, Value, ValueRef};
use filedex_storage::{Durability, ErrorKind, Options, Put, Store, Watch, Window};
use serde_json::json;
use support::{plan, strange};

/// The format that this version writes.
const FORMAT: u32 = 1;

/// Filter, sort, offset, count.
type Question = (&'static str, &'static str, u64, Option<u64>);

/// Every access path, every way to a total, both ends of every order.
const QUESTIONS: &[Question] = &[
    ("{}", "{}", 190, None),
    ("{}", r#"{"uploadedAt":-1}"#, 30, Some(7)),
    ("{}", r#"{"_id":1}"#, 0, Some(20)),
    (r#"{"_id":"f7"}"#, "{}", 0, None),
    (r#"{"_id":{"$in":["f1","f150","none"]}}"#, "{}", 0, None),
    (r#"{"rid":"A"}"#, r#"{"uploadedAt":-1}"#, 0, Some(5)),
    (r#"{"rid":"A"}"#, r#"{"uploadedAt":1}"#, 60, Some(5)),
    (r#"{"rid":"A","typeGroup":"image"}"#, r#"{"uploadedAt":-1}"#, 9, Some(4)),
    (r#"{"rid":"B","_hidden":{"$ne":true}}"#, r#"{"uploadedAt":-1}"#, 0, Some(3)),
    (r#"{"rid":{"$in":["A","B","nobody"]}}"#, r#"{"size":1}"#, 3, Some(5)),
    (r#"{"rid":null}"#, "{}", 0, None),
    (r#"{"rid":"strange"}"#, "{}", 0, None),
    (r#"{"userId":"u1"}"#, r#"{"uploadedAt":-1}"#, 2, Some(6)),
    (r#"{"userId":{"$in":["u0","u2"]},"size":{"$gt":90}}"#, r#"{"name":1}"#, 1, Some(9)),
    (r#"{"typeGroup":"video"}"#, r#"{"size":-1}"#, 0, Some(4)),
    (r#"{"expiresAt":{"$exists":true}}"#, "{}", 0, None),
    (r#"{"uploadedAt":{"$gte":{"$date":{"$numberLong":"150000"}}}}"#, "{}", 0, Some(9)),
    (r#"{"name":{"$regex":"^Long"}}"#, r#"{"_id":-1}"#, 0, None),
    (r#"{"identify.size.width":{"$gt":100}}"#, r#"{"identify.size.width":1}"#, 0, Some(6)),
    (r#"{"rid":{"$type":"array"}}"#, "{}", 0, None),
];

fn file(number: i32) -> Document {
    // Some bodies lie in a piece of their own, one in two.
    let name = match number {
        40 => "Long".repeat(1_000),
        number if number % 40 == 0 => "Long".repeat(300),
        number => format!("n{number}.png"),
    };
    let mut file = Document::new()
        .with("_id", format!("f{number}"))
        .with("rid", if number % 3 == 0 { "B" } else { "A" })
        .with("name", name)
        .with("size", number * 7 % 200)
        .with("uploadedAt", Date(i64::from(number) * 1000))
        .with("identify", Document::new().with("size", Document::new().with("width", number)));
    if number % 5 != 0 {
        file.set("userId", format!("u{}", number % 4));
    }
    let group = ["image", "video", "thumb", "font", "audio"][number as usize % 5];
    file.set("typeGroup", group);
    match number % 11 {
        0 => file.set("_hidden", true),
        1 => file.set("_hidden", false),
        2 => file.set("expiresAt", Date(1)),
        3 => file.set("rid", Value::Array(vec![Value::from("A"), Value::from("B")])),
        _ => {}
    }
    file
}

/// What lay in the place of a file before.
fn older(number: i32) -> Document {
    let mut file = file(number + 1);
    file.set("_id", format!("f{number}"));
    file
}

/// Makes the one state, a past behind it; in the middle `pause` may close the store.
fn write(path: &Path, pause: impl FnOnce(Store) -> Store) -> Store {
    let store = Store::open(path, &Options::default()).unwrap();
    store.put_many((0..200).map(older)).unwrap();
    store.put_many(strange()).unwrap();
    let store = pause(store);
    store.put_many((0..180).map(file)).unwrap();
    store.remove_many((180..195).map(|number| format!("f{number}"))).unwrap();
    for number in 195..200 {
        store.put_with(&file(number), Durability::Durable).unwrap();
    }
    assert!(store.update("f7", |file| file.set("size", 12)).unwrap() == Some(Put::Replaced));
    store.flush().unwrap();
    store
}

/// What the store answers, as lines of JSON.
fn answers(store: &Store) -> String {
    let mut lines = String::new();
    for (filter, sort, offset, count) in QUESTIONS {
        let window = Window { offset: *offset, count: *count };
        let page = store.page(&plan(filter, sort), window, &Watch::default()).unwrap();
        let texts = page
            .documents
            .iter()
            .map(|document| ejson::to_text(ValueRef::Document(document.view()), Form::Canonical));
        // A text that JSON cannot carry to the byte is in the records below.
        let line = json!({"filter": filter, "sort": sort, "offset": offset, "count": count,
            "total": page.total, "documents": texts.collect::<Vec<_>>()});
        writeln!(lines, "{line}").unwrap();
    }
    let all = store.page(&plan("{}", r#"{"_id":1}"#), Window::all(), &Watch::default()).unwrap();
    for record in &all.documents {
        let line = json!({"_id": record.get_str("_id"), "packed": HEXLOWER.encode(&pack(record))});
        writeln!(lines, "{line}").unwrap();
    }
    lines
}

fn fixtures(format: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/format-{format}"))
}

/// Lays a store out as it was.
fn lay_out(fixture: &Path, to: &Path) {
    for line in fs::read_to_string(fixture.join("lengths")).unwrap().lines() {
        let (length, name) = line.split_once(' ').unwrap();
        let path = to.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::copy(fixture.join(name), &path).unwrap();
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.set_len(length.parse().unwrap()).unwrap();
    }
}

/// Keeps a store, to be laid out later.
fn keep(store: &Path, fixture: &Path) {
    let mut lengths = String::new();
    for directory in ["", "tree"] {
        fs::create_dir_all(fixture.join(directory)).unwrap();
        let mut entries: Vec<PathBuf> = fs::read_dir(store.join(directory))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        entries.sort();
        for path in entries.iter().filter(|path| path.is_file()) {
            let (name, bytes) = (path.strip_prefix(store).unwrap(), fs::read(path).unwrap());
            let zeros = bytes.iter().rev().take_while(|byte| **byte == 0).count();
            fs::write(fixture.join(name), &bytes[..bytes.len() - zeros]).unwrap();
            writeln!(lengths, "{} {}", bytes.len(), name.display()).unwrap();
        }
    }
    fs::write(fixture.join("lengths"), lengths).unwrap();
}

/// Opens the store, finds nothing wrong with it, and compares what it answers.
fn assert_answers(path: &Path, expected: &str) {
    let store = Store::open(path, &Options::default()).unwrap();
    let report = store.verify(&mut |_, _| ()).unwrap();
    assert!(report.is_clean(), "{:?}", report.problems);
    for (found, expected) in answers(&store).lines().zip(expected.lines()) {
        assert_eq!(found, expected, "{}", path.display());
    }
    assert_eq!(answers(&store), expected);
    // And it is written to as any other.
    assert_eq!(store.put(&file(500)).unwrap(), Put::Inserted);
    assert!(store.remove("f500").unwrap());
    store.close().unwrap();
}

#[test]
fn stores_of_every_format_answer_what_they_answered() {
    for format in 1..=FORMAT {
        let fixtures = fixtures(format);
        let expected = fs::read_to_string(fixtures.join("answers.jsonl")).unwrap();
        assert!(expected.lines().count() > QUESTIONS.len() + 100);
        for kind in ["closed", "left"] {
            let site = tempfile::tempdir().unwrap();
            lay_out(&fixtures.join(kind), &site.path().join(kind));
            assert_answers(&site.path().join(kind), &expected);
            assert_answers(&site.path().join(kind), &expected);
        }
    }
}

#[test]
fn the_writes_of_the_store_that_was_left_are_in_its_log_only() {
    let left = fixtures(FORMAT).join("left");
    let lengths = fs::read_to_string(left.join("lengths")).unwrap();
    let log = lengths.lines().find(|line| line.contains("log.")).unwrap();
    let length: u64 = log.split_once(' ').unwrap().0.parse().unwrap();
    assert!(length > 10_000, "{lengths}");
}

#[test]
fn a_backup_of_every_format_restores_to_the_same_answers() {
    for format in 1..=FORMAT {
        let fixtures = fixtures(format);
        let (site, expected) = (
            tempfile::tempdir().unwrap(),
            fs::read_to_string(fixtures.join("answers.jsonl")).unwrap(),
        );
        let (from, to) = (fixtures.join("backup.jsonl"), site.path().join("store"));
        Store::restore(from, &to, &Options::default(), &mut |_, _| ()).unwrap();
        assert_answers(&to, &expected);
    }
}

/// The way from one format to the next: the old version writes a backup, the new one restores it.
#[test]
fn a_store_moves_to_another_format_through_a_backup() {
    let (site, fixtures) = (tempfile::tempdir().unwrap(), fixtures(FORMAT));
    let (old, new, backup) =
        (site.path().join("old"), site.path().join("new"), site.path().join("backup"));
    lay_out(&fixtures.join("left"), &old);
    let store = Store::open(&old, &Options::default()).unwrap();
    store.backup(&backup, &mut |_, _| ()).unwrap();
    drop(store);
    assert_eq!(fs::read(&backup).unwrap(), fs::read(fixtures.join("backup.jsonl")).unwrap());
    Store::restore(&backup, &new, &Options::default(), &mut |_, _| ()).unwrap();
    assert_answers(&new, &fs::read_to_string(fixtures.join("answers.jsonl")).unwrap());
}

#[test]
fn a_newer_format_is_refused_by_name_and_left_alone() {
    let site = tempfile::tempdir().unwrap();
    let path = site.path().join("store");
    lay_out(&fixtures(FORMAT).join("left"), &path);
    let newer = format!("Filedex store\nformat {}\n", FORMAT + 1);
    fs::write(path.join("filedex"), &newer).unwrap();
    let before = fs::read(path.join("tree/db")).unwrap();
    let error = Store::open(&path, &Options::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NewerFormat);
    let said = error.to_string();
    assert!(said.contains(&format!("format {}", FORMAT + 1)) && said.contains("newer"), "{said}");
    assert_eq!(fs::read_to_string(path.join("filedex")).unwrap(), newer);
    assert_eq!(fs::read(path.join("tree/db")).unwrap(), before);
}

#[test]
#[ignore = "writes the fixtures of a new format"]
fn write_the_fixtures() {
    let (site, fixtures) = (tempfile::tempdir().unwrap(), fixtures(FORMAT));
    assert!(!fixtures.exists(), "{} is there; fixtures never change", fixtures.display());
    let closed = site.path().join("closed");
    let store = write(&closed, |store| store);
    fs::create_dir_all(&fixtures).unwrap();
    fs::write(fixtures.join("answers.jsonl"), answers(&store)).unwrap();
    store.backup(fixtures.join("backup.jsonl"), &mut |_, _| ()).unwrap();
    store.close().unwrap();
    keep(&closed, &fixtures.join("closed"));

    let left = site.path().join("left");
    let store = write(&left, |store| {
        store.close().unwrap();
        Store::open(&left, &Options::default()).unwrap()
    });
    keep(&left, &fixtures.join("left"));
    drop(store);
}
