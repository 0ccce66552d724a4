//! Stores of this format open, and answer what they answered when they were written; those of others are
//! refused by name, with what to do; and a backup moves a store from one format to the next.
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
//! were. `cargo test -p filedex-storage --test suite format:: -- --ignored` writes the fixtures of a format that
//! has none yet.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::support::{plan, strange};
use data_encoding::{HEXLOWER, HEXUPPER};
use filedex_query::ejson::{self, Form};
use filedex_query::packed::pack;
use filedex_query::{Date, Document, Limits, Value, ValueRef};
use filedex_storage::{Durability, ErrorKind, Options, Put, Store, Watch, Window};
use serde_json::json;

/// The format that this version writes.
const FORMAT: u32 = 2;

/// The oldest format whose stores this version reads. Backups of all are.
const OLDEST: u32 = 2;

/// Filter, sort, offset, count.
type Question = (&'static str, &'static str, u64, Option<u64>);

/// Every access path, every way to a total, both ends of every order.
const QUESTIONS: &[Question] = &[
    ("{}", r#"{"_id":-1}"#, 190, None),
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
    // Some records are long.
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
fn stores_of_every_format_that_is_read_answer_what_they_answered() {
    for format in OLDEST..=FORMAT {
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
fn stores_of_older_formats_are_refused_with_what_to_do_and_left_alone() {
    for format in 1..OLDEST {
        for kind in ["closed", "left"] {
            let site = tempfile::tempdir().unwrap();
            let path = site.path().join(kind);
            lay_out(&fixtures(format).join(kind), &path);
            let before = content(&path);
            for _ in 0..2 {
                let refused = [
                    Store::open(&path, &Options::default()).unwrap_err(),
                    Store::repair(&path, &Options::default(), &mut |_, _| ()).unwrap_err(),
                    Store::compact(&path, &Options::default(), &mut |_, _| ()).unwrap_err(),
                ];
                for error in refused {
                    assert_eq!(error.kind(), ErrorKind::OlderFormat);
                    let said = error.to_string();
                    assert!(said.contains(&format!("format {format}")), "{said}");
                    assert!(
                        said.contains("write a backup with the version that wrote it"),
                        "{said}"
                    );
                }
            }
            assert!(content(&path) == before);
        }
    }
}

/// All files, with what they hold.
fn content(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut content = BTreeMap::new();
    for path in fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            content.extend(self::content(&path));
        } else {
            content.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    content
}

#[test]
fn the_writes_of_the_store_that_was_left_are_in_its_log_only() {
    let left = fixtures(FORMAT).join("left");
    let lengths = fs::read_to_string(left.join("lengths")).unwrap();
    let logs = lengths.lines().filter(|line| line.contains(" log."));
    let longest = logs.map(|log| log.split_once(' ').unwrap().0.parse::<u64>().unwrap()).max();
    assert!(longest > Some(10_000), "{lengths}");
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
    let before = content(&path);
    let error = Store::open(&path, &Options::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NewerFormat);
    let said = error.to_string();
    assert!(said.contains(&format!("format {}", FORMAT + 1)) && said.contains("newer"), "{said}");
    assert!(content(&path) == before);
}

/// What the example of docs/format.md holds.
const RECORDS: [&str; 2] = [
    r#"{"_id":"a1","rid":"GENERAL","userId":"u7","typeGroup":"image","uploadedAt":{"$date":"2018-03-08T15:36:09.913Z"},"size":9778}"#,
    r#"{"_id":"b2","rid":"GENERAL","size":1.5}"#,
];

/// Reads bytes from the front.
struct Bytes<'b>(&'b [u8]);

impl<'b> Bytes<'b> {
    fn take(&mut self, count: usize) -> &'b [u8] {
        let (taken, rest) = self.0.split_at(count);
        self.0 = rest;
        taken
    }

    fn fixed(&mut self, bytes: usize) -> usize {
        self.take(bytes).iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte))
    }

    /// A number of variable length.
    fn number(&mut self) -> usize {
        match self.fixed(1) {
            251 => self.fixed(2),
            252 => self.fixed(4),
            253 => self.fixed(8),
            number => number,
        }
    }
}

/// An entry as the manual draws it: class, size, key, payload.
type Entry<'b> = (usize, usize, &'b [u8], &'b [u8]);

/// The lists and the entries of a block file, read as the manual says and by nothing else.
fn blocks_of(file: &[u8]) -> Vec<(&[u8], Vec<Entry<'_>>)> {
    let mut rest = Bytes(file);
    assert_eq!(rest.take(17), b"filedex blocks 2\n");
    rest.take(12);
    let mut blocks = Vec::new();
    while !rest.0.is_empty() {
        let mut frame = Bytes(rest.0);
        let (checksum, covered) = (frame.fixed(4), frame.0);
        let (length, block_end) = (frame.fixed(4), frame.fixed(4));
        let end = if block_end == 0 { length } else { block_end };
        assert_eq!(crc32fast::hash(&covered[..end - 4]) as usize, checksum);
        let mut bodies = Bytes(&rest.take(length)[end..]);
        let list_length = frame.fixed(2);
        let list = frame.take(list_length);
        let count = frame.fixed(4);
        let ends: Vec<usize> = (0..count).map(|_| frame.fixed(4)).collect();
        let (mut start, mut body_start) = (0, 0);
        let entries = ends.into_iter().map(|end| {
            let mut entry = Bytes(frame.take(end - start));
            start = end;
            let (class, size, key) = (entry.fixed(1), entry.number(), entry.number());
            let key = entry.take(key);
            if block_end == 0 {
                return (class, size, key, entry.0);
            }
            let (body_end, whole, checksum) = (entry.number(), entry.number(), entry.fixed(4));
            let body = bodies.take(body_end - body_start);
            body_start = body_end;
            assert_eq!(crc32fast::hash(body) as usize, checksum);
            assert_eq!(body.len(), whole, "the example is not packed");
            (class, size, key, body)
        });
        blocks.push((list, entries.collect()));
        assert!(bodies.0.is_empty());
    }
    blocks
}

#[test]
fn the_example_of_the_manual_is_what_is_written_and_reads_as_it_says() {
    let site = tempfile::tempdir().unwrap();
    let store = Store::open(site.path().join("store"), &Options::default()).unwrap();
    let records = RECORDS.map(|record| ejson::read_document(record, &Limits::default()).unwrap());
    for record in &records {
        store.put(record).unwrap();
    }
    store.close().unwrap();
    let manual = include_str!("../../../docs/format.md");
    let example = manual.split("## A store, byte by byte").nth(1).unwrap_or_default();
    let shown: String = example.split_whitespace().collect();
    let read = |name: &str| fs::read(site.path().join("store").join(name)).unwrap();
    for name in ["blocks.1", "manifest.1"] {
        let bytes = HEXUPPER.encode(&read(name));
        assert!(shown.contains(&format!("`{bytes}`")), "{name} is {bytes}");
    }
    let file = read("blocks.1");
    let blocks = blocks_of(&file);
    let lists: Vec<String> = blocks.iter().map(|(list, _)| HEXUPPER.encode(list)).collect();
    assert_eq!(lists, ["02", "035047454E4552414C0000", "045075370000", "05"]);
    let counts: Vec<usize> = blocks.iter().map(|(_, entries)| entries.len()).collect();
    assert_eq!(counts, [2, 2, 1, 2]);
    for ((class, size, _, payload), (record, expected)) in
        blocks[1].1.iter().zip(records.iter().zip([(1, 9780), (0, 1)]))
    {
        assert_eq!((*class, *size), expected);
        assert_eq!(*payload, pack(record));
    }
    let room = blocks[1].0;
    assert!(
        blocks[3]
            .1
            .iter()
            .zip(&blocks[1].1)
            .all(|(there, here)| there.2 == here.2 && there.3 == room)
    );
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
    // As on another machine.
    let opened = "another run of the system";
    fs::write(fixtures.join("left/opened"), opened).unwrap();
    let lengths = fs::read_to_string(fixtures.join("left/lengths")).unwrap();
    let lengths = lengths.lines().map(|line| match line.ends_with(" opened") {
        true => format!("{} opened\n", opened.len()),
        false => format!("{line}\n"),
    });
    fs::write(fixtures.join("left/lengths"), lengths.collect::<String>()).unwrap();
}
