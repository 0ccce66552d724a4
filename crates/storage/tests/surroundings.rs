//! What is around a store while it is open, made or read back: other stores at its path, a disk that is full,
//! a mount point, others who make it too, a log that somebody has thought about.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::support::copy;
use filedex_query::{Binary, Date, Document, Environment, Filter, Plan, Projection, Sort, Value};
use filedex_storage::{Durability, ErrorKind, Options, Store, Watch, Window};

/// Options of a store that makes a checkpoint every few writes.
fn busy() -> Options {
    let mut options = Options::default();
    options.cache_bytes = 256 << 10;
    options.write_buffer_bytes = 16 << 10;
    options
}

fn file(name: &str, number: i64) -> Document {
    Document::new()
        .with("_id", format!("{name}{number}"))
        .with("rid", format!("room{}", number % 3))
        .with("userId", format!("user{}", number % 2))
        .with("uploadedAt", Date(number))
        .with("typeGroup", if number % 4 == 0 { "image" } else { "video" })
        .with("text", "x".repeat(300))
}

fn put(store: &Store, name: &str, numbers: Range<i64>) {
    for number in numbers {
        store.put(&file(name, number)).unwrap();
    }
}

/// That the store holds so many files of that name and nothing else.
fn assert_holds(path: &Path, name: &str, files: i64) {
    let store = Store::open(path, &busy()).unwrap();
    assert!(store.verify(&mut |_, _| ()).unwrap().is_clean());
    for number in 0..files {
        assert_eq!(store.get(&format!("{name}{number}")).unwrap(), Some(file(name, number)));
    }
    assert_eq!(store.stats().unwrap().records, files as u64);
}

/// Everything in a directory and below, by path.
fn all(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { all(&path) } else { vec![path] }).collect()
}

/// Mounts a small file system, where this user may; gone when it is dropped.
struct Mount(PathBuf);

impl Mount {
    fn new(path: &Path, options: &str) -> Option<Mount> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", options, "filedex-test"]).arg(path);
        let mounted = mount.stderr(Stdio::null()).status();
        if !mounted.is_ok_and(|status| status.success()) {
            eprintln!("skipped: a file system cannot be mounted here");
            return None;
        }
        Some(Mount(path.to_owned()))
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Whose directory is moved away, and another store comes to its path.
#[test]
fn a_handle_never_touches_the_store_that_took_its_place() {
    let site = tempfile::tempdir().unwrap();
    let (path, moved) = (site.path().join("store"), site.path().join("moved"));
    let first = Store::open(&path, &busy()).unwrap();
    put(&first, "a", 0..50);
    fs::rename(&path, &moved).unwrap();
    let second = Store::open(&path, &busy()).unwrap();
    let (mut of_first, mut refused) = (50, false);
    for number in 0..400 {
        second.put_with(&file("b", number), Durability::Durable).unwrap();
        // Whether a store goes on that was moved is its own matter; what it acknowledges is there.
        if !refused {
            match first.put_with(&file("a", of_first), Durability::Durable) {
                Ok(_) => of_first += 1,
                Err(_) => refused = true,
            }
        }
    }
    drop(first);
    drop(second);
    assert_holds(&path, "b", 400);
    let held = Store::open(&moved, &busy()).unwrap();
    assert!(held.verify(&mut |_, _| ()).unwrap().is_clean());
    for number in 0..of_first {
        assert_eq!(held.get(&format!("a{number}")).unwrap(), Some(file("a", number)));
    }
}

/// Whose files are replaced under it by those of another store, such as a copy that is put back.
#[test]
fn a_handle_never_touches_a_copy_that_was_put_in_its_place() {
    let site = tempfile::tempdir().unwrap();
    let (path, copy) = (site.path().join("store"), site.path().join("copy"));
    let other = Store::open(&copy, &busy()).unwrap();
    put(&other, "b", 0..100);
    drop(other);
    let store = Store::open(&path, &busy()).unwrap();
    put(&store, "a", 0..50);
    // Aside first: the handle may be making files there.
    let gone = site.path().join("gone");
    fs::rename(&path, &gone).unwrap();
    fs::rename(&copy, &path).unwrap();
    let _what_the_handle_makes_there = fs::remove_dir_all(&gone);
    for number in 50..400 {
        let _its_own_matter = store.put(&file("a", number));
    }
    let _its_own_matter = store.close();
    assert_holds(&path, "b", 100);
}

/// On a disk with room for a log, but not for what waits to be written: a checkpoint that fails is tried
/// again and again.
#[test]
fn a_checkpoint_that_fails_leaves_no_file_and_space_helps_at_once() {
    let site = tempfile::tempdir().unwrap();
    let Some(mount) = Mount::new(site.path(), "size=24m") else { return };
    let (path, ballast) = (mount.0.join("store"), mount.0.join("ballast"));
    let mut options = busy();
    options.write_buffer_bytes = 1 << 20;
    let store = Store::open(&path, &options).unwrap();
    let mut kept: i64 = 0;
    while kept < 2_000 {
        store.put(&file("a", kept)).unwrap();
        kept += 1;
    }
    fill(&ballast, 600 << 10);
    let (mut tries, mut at_first) = (0, 0);
    while tries < 300 {
        match store.put(&file("a", kept)) {
            Ok(_) => kept += 1,
            Err(error) => {
                assert!(matches!(error.kind(), ErrorKind::Io | ErrorKind::Poisoned), "{error}");
                tries += 1;
                at_first = if tries == 1 { all(&path).len() } else { at_first };
            }
        }
        assert!(kept < 100_000, "the disk is never full");
    }
    // Those of a checkpoint that succeeded meanwhile, or was under way, and no log a try.
    let files = all(&path).len();
    assert!(files <= at_first + 8, "{files} files after {tries} tries, {at_first} after the first");
    fs::remove_file(&ballast).unwrap();
    put(&store, "a", kept..kept + 100);
    drop(store);
    let store = Store::open(&path, &options).unwrap();
    assert!(store.verify(&mut |_, _| ()).unwrap().is_clean());
    for number in 0..kept + 100 {
        assert_eq!(store.get(&format!("a{number}")).unwrap(), Some(file("a", number)));
    }
}

/// Fills a disk with one file until only so many bytes are left.
fn fill(path: &Path, left: u64) {
    let mut file = fs::File::create(path).unwrap();
    while file.write_all(&[7; 4096]).is_ok() {}
    let length = file.metadata().unwrap().len();
    file.set_len(length - left).unwrap();
}

/// Bytes that look like the head of an entry at every place, as whoever sends records may choose them.
fn crafted(bytes: usize, last: u64) -> Vec<u8> {
    let mut crafted = Vec::with_capacity(bytes + 24);
    let mut number = last + 1;
    while crafted.len() < bytes {
        // An entry as long as half of all this, with a number that could be the next.
        crafted.extend_from_slice(&u32::try_from(bytes / 2).unwrap().to_le_bytes());
        crafted.extend_from_slice(&[0x5a; 4]);
        crafted.extend_from_slice(&number.to_le_bytes());
        number += 1;
    }
    crafted
}

/// The fastest of some openings of a store whose log ends in a torn entry of that many crafted bytes.
fn torn_opening(bytes: usize) -> Duration {
    let site = tempfile::tempdir().unwrap();
    let (path, left) = (site.path().join("store"), site.path().join("left"));
    let store = Store::open(&path, &Options::default()).unwrap();
    store.put_with(&file("a", 0), Durability::Durable).unwrap();
    let content = Binary { subtype: 0, bytes: crafted(bytes, 1) };
    let record = Document::new().with("_id", "crafted").with("content", Value::Binary(content));
    store.put_with(&record, Durability::Interval).unwrap();
    let open = |_| {
        copy(&path, &left);
        let log = all(&left).into_iter().filter(|path| path.to_string_lossy().contains("/log."));
        let log = log.max_by_key(|path| path.metadata().unwrap().len()).unwrap();
        let length = log.metadata().unwrap().len();
        fs::File::options().write(true).open(&log).unwrap().set_len(length - 1).unwrap();
        let started = Instant::now();
        let opened = Store::open(&left, &Options::default()).unwrap();
        let taken = started.elapsed();
        assert_eq!(opened.stats().unwrap().records, 1);
        assert!(!opened.recoveries().is_empty());
        drop(opened);
        fs::remove_dir_all(&left).unwrap();
        taken
    };
    (0..2).map(open).min().unwrap()
}

/// Eight times the bytes take some eight times the time, where they took 64 times.
#[test]
fn a_torn_log_of_crafted_content_opens_in_linear_time() {
    let (small, large) = (torn_opening(512 << 10), torn_opening(4 << 20));
    let least = small.max(Duration::from_millis(20));
    assert!(large < 24 * least, "{small:?} for 512 KiB, {large:?} for 4 MiB");
}

#[test]
fn a_store_is_made_and_restored_at_an_empty_mount_point() {
    let site = tempfile::tempdir().unwrap();
    let (made, restored) = (site.path().join("made"), site.path().join("restored"));
    fs::create_dir(&made).unwrap();
    fs::create_dir(&restored).unwrap();
    let Some(_first) = Mount::new(&made, "size=32m") else { return };
    let Some(_second) = Mount::new(&restored, "size=32m") else { return };
    let store = Store::open(&made, &busy()).unwrap();
    put(&store, "a", 0..20);
    let backup = site.path().join("backup");
    store.backup(&backup, &mut |_, _| ()).unwrap();
    drop(store);
    assert_holds(&made, "a", 20);
    Store::restore(&backup, &restored, &busy(), &mut |_, _| ()).unwrap();
    assert_holds(&restored, "a", 20);
}

/// Makes the same store with many handles at once; what each was told.
fn make_at_once(path: &Path) -> Vec<Result<(), String>> {
    const MAKERS: usize = 8;
    let (begin, end) = (Barrier::new(MAKERS), Barrier::new(MAKERS));
    thread::scope(|scope| {
        let make = || {
            begin.wait();
            let store = Store::open(path, &busy());
            // Nobody lets go before everybody has tried.
            end.wait();
            match store {
                Ok(_) => Ok(()),
                Err(error) if error.kind() == ErrorKind::AlreadyOpen => {
                    Err("AlreadyOpen".to_owned())
                }
                Err(error) => Err(format!("{error:?}")),
            }
        };
        let makers: Vec<_> = (0..MAKERS).map(|_| scope.spawn(make)).collect();
        makers.into_iter().map(|maker| maker.join().unwrap()).collect()
    })
}

#[test]
fn of_many_that_make_a_store_at_once_one_does_and_the_others_are_told() {
    for is_there in [false, true] {
        for _ in 0..10 {
            let site = tempfile::tempdir().unwrap();
            let path = site.path().join("store");
            if is_there {
                fs::create_dir(&path).unwrap();
            }
            let told = make_at_once(&path);
            let told_as =
                |what: &Result<(), String>| told.iter().filter(|told| *told == what).count();
            assert_eq!(told_as(&Ok(())), 1, "{told:?}");
            assert_eq!(told_as(&Err("AlreadyOpen".to_owned())), told.len() - 1, "{told:?}");
            assert_holds(&path, "a", 0);
            let left = fs::read_dir(site.path()).unwrap().count();
            assert_eq!(left, 1, "something is left beside the store");
        }
    }
}

/// How many match, as the store says it.
fn total(store: &Store, filter: &str) -> u64 {
    let environment = Environment::default();
    let filter = Filter::parse_text(filter, &environment).unwrap();
    let plan = Plan::compile(filter, Projection::everything(), Sort::none(), &environment).unwrap();
    store.page(&plan, Window { offset: 0, count: Some(0) }, &Watch::default()).unwrap().total
}

/// Every list's totals by a recount of the model.
fn assert_counted(store: &Store, model: &BTreeMap<i64, Document>, at: &str) {
    let count =
        |fits: &dyn Fn(&Document) -> bool| model.values().filter(|file| fits(file)).count() as u64;
    let is = |file: &Document, name: &str, value: &str| file.get_str(name) == Some(value);
    for room in ["room0", "room1", "room2"] {
        let of_room = format!(r#"{{"rid":"{room}"}}"#);
        assert_eq!(total(store, &of_room), count(&|file| is(file, "rid", room)), "{room} {at}");
        let images = format!(r#"{{"rid":"{room}","typeGroup":"image"}}"#);
        let counted = count(&|file| is(file, "rid", room) && is(file, "typeGroup", "image"));
        assert_eq!(total(store, &images), counted, "images of {room} {at}");
    }
    for user in ["user0", "user1"] {
        let of_user = format!(r#"{{"userId":"{user}"}}"#);
        assert_eq!(total(store, &of_user), count(&|file| is(file, "userId", user)), "{user} {at}");
    }
    assert_eq!(total(store, "{}"), model.len() as u64, "everything {at}");
    let images = count(&|file| is(file, "typeGroup", "image"));
    assert_eq!(total(store, r#"{"typeGroup":"image"}"#), images, "images {at}");
    assert_eq!(store.stats().unwrap().records, model.len() as u64, "stats {at}");
}

#[test]
fn removing_and_moving_change_every_total_before_and_after_a_checkpoint() {
    let site = tempfile::tempdir().unwrap();
    let path = site.path().join("store");
    let mut store = Store::open(&path, &busy()).unwrap();
    let mut model: BTreeMap<i64, Document> = (0..60).map(|n| (n, file("a", n))).collect();
    store.put_many(model.values().cloned().collect::<Vec<Document>>()).unwrap();
    assert_counted(&store, &model, "at first");
    for step in 0..60 {
        match step % 3 {
            0 => {
                assert!(store.remove(&format!("a{step}")).unwrap());
                model.remove(&step);
            }
            1 => {
                let there = file("a", step + 1).with("_id", format!("a{step}"));
                let mut moved = file("a", step);
                ["rid", "userId", "typeGroup"].iter().for_each(|name| {
                    moved.set(name, there.get_str(name).unwrap_or_default());
                });
                store.put(&moved).unwrap();
                model.insert(step, moved);
            }
            _ if step % 2 == 0 => {
                let ids: Vec<String> = (step..step + 2).map(|n| format!("a{n}")).collect();
                store.remove_many(ids).unwrap();
                (step..step + 2).for_each(|n| drop(model.remove(&n)));
                // Put back what the next step removes.
                store.put(&file("a", step + 1)).unwrap();
                model.insert(step + 1, file("a", step + 1));
            }
            _ => {}
        }
        assert_counted(&store, &model, &format!("after step {step}"));
        if step % 20 == 19 {
            store.close().unwrap();
            store = Store::open(&path, &busy()).unwrap();
            assert_counted(&store, &model, &format!("opened after step {step}"));
        }
    }
}

#[test]
fn figures_are_told_while_directories_come_and_go() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    let store = Store::open(&path, &Options::default()).unwrap();
    let (inner, is_over) = (path.join("inner"), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                fs::create_dir(&inner).unwrap();
                fs::remove_dir(&inner).unwrap();
            }
        });
        let failed = (0..20_000).find_map(|_| store.stats().err());
        is_over.store(true, Ordering::Relaxed);
        assert!(failed.is_none(), "{failed:?}");
    });
}
