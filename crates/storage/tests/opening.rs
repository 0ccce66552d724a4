//! Opening always answers: with the store, put right where that is safe and said so; or with an error
//! of a kind that tells what to do, after which everything lies where it lay.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use filedex_query::{Date, Document};
use filedex_storage::{Durability, Error, ErrorKind, Options, Store};

/// A directory for one store.
struct Site(tempfile::TempDir);

impl Site {
    fn new() -> Site {
        Site(tempfile::tempdir().unwrap())
    }

    /// A store of so many records, closed.
    fn closed(records: i64) -> Site {
        let site = Site::new();
        let store = site.open().unwrap();
        store.put_many((0..records).map(file)).unwrap();
        store.close().unwrap();
        site
    }

    /// A store whose last five writes are in its log, as a kill leaves it.
    fn left() -> Site {
        let (first, site) = (Site::closed(20), Site::new());
        let store = first.open().unwrap();
        for number in 20..25 {
            store.put_with(&file(number), Durability::Durable).unwrap();
        }
        copy(&first.path(), &site.path());
        site
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("store")
    }

    fn tree(&self) -> PathBuf {
        self.path().join("tree")
    }

    fn open(&self) -> Result<Store, Error> {
        Store::open(self.path(), &Options::default())
    }

    /// The name of the only snapshot.
    fn snapshot(&self) -> String {
        let snapshots = names(&self.tree()).into_iter().filter(|name| name.starts_with("snap."));
        let snapshots: Vec<String> = snapshots.collect();
        assert_eq!(snapshots.len(), 1, "{snapshots:?}");
        snapshots[0].clone()
    }

    /// The only log of ours.
    fn log(&self) -> PathBuf {
        let names = names(&self.path());
        let log = names.iter().find(|name| name.starts_with("log.")).unwrap();
        self.path().join(log)
    }

    /// Opens the store, which holds what it held; gives what was put right.
    fn opens_whole(&self, records: i64) -> Vec<String> {
        let store = self.open().unwrap();
        let recoveries = store.recoveries().to_vec();
        assert!(store.verify(&mut |_, _| ()).unwrap().is_clean());
        assert_eq!(store.stats().unwrap().records, records as u64);
        for number in 0..records {
            assert_eq!(store.get(&format!("f{number}")).unwrap(), Some(file(number)));
        }
        store.close().unwrap();
        assert!(self.open().unwrap().recoveries().is_empty(), "it is put right once");
        recoveries
    }

    /// Refuses the store and changes no file of ours; gives what was said.
    fn refuses(&self, kind: ErrorKind) -> String {
        let before = content(&self.path());
        let error = self.open().unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(content(&self.path()), before, "{error}");
        error.to_string()
    }
}

fn file(number: i64) -> Document {
    Document::new()
        .with("_id", format!("f{number}"))
        .with("rid", format!("room{}", number % 3))
        .with("uploadedAt", Date(number))
        .with("text", "x".repeat(100 * (number % 9) as usize))
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for name in names(from) {
        let (from, to) = (from.join(&name), to.join(&name));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            fs::copy(from, to).unwrap();
        }
    }
}

/// All files that are ours, with what they hold; sled writes its own where it opens them.
fn content(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = names(directory).into_iter().map(|name| (directory.join(&name), name));
    let files = files.filter(|(path, _)| path.is_file());
    files.map(|(path, name)| (name, fs::read(path).unwrap())).collect()
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 0x10;
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_clean_store_needs_nothing_put_right() {
    assert!(Site::closed(50).opens_whole(50).is_empty());
    assert!(Site::left().opens_whole(25).is_empty(), "reading the log back is no repair");
}

#[test]
fn a_snapshot_that_was_never_finished_is_removed() {
    let site = Site::closed(50);
    let leftover = site.tree().join("snap.00000000FFFFFFFF.generating");
    fs::write(&leftover, "half a snap").unwrap();
    let recoveries = site.opens_whole(50);
    assert!(recoveries.len() == 1 && recoveries[0].contains("generating"), "{recoveries:?}");
    assert!(!leftover.exists());
}

#[test]
fn a_damaged_snapshot_is_set_aside_and_nothing_lost() {
    let damages: [fn(&mut Vec<u8>); 5] = [
        |bytes| bytes[0] ^= 1,
        |bytes| *bytes.last_mut().unwrap() ^= 1,
        |bytes| bytes.truncate(bytes.len() / 2),
        |bytes| bytes.truncate(7),
        Vec::clear,
    ];
    for damage in damages {
        let site = Site::closed(300);
        // sled writes one when it opens a log that has grown.
        drop(site.open().unwrap());
        let snapshot = site.snapshot();
        let mut bytes = fs::read(site.tree().join(&snapshot)).unwrap();
        damage(&mut bytes);
        fs::write(site.tree().join(&snapshot), &bytes).unwrap();
        let recoveries = site.opens_whole(300);
        assert!(recoveries.len() == 1 && recoveries[0].contains(&snapshot), "{recoveries:?}");
        let aside = site.tree().join(format!("damaged.{snapshot}"));
        assert_eq!(fs::read(aside).unwrap(), bytes);
    }
}

#[test]
fn a_torn_end_of_the_log_is_passed_over_and_told() {
    let torn: [fn(&mut Vec<u8>); 4] = [
        |log| log.extend([0xab; 100]),
        |log| log.extend([0; 4096]),
        |log| log.extend(b"\x20\0\0\0half an entry"),
        |log| log.extend([0xff; 3]),
    ];
    for tear in torn {
        let site = Site::left();
        let mut log = fs::read(site.log()).unwrap();
        tear(&mut log);
        fs::write(site.log(), log).unwrap();
        let recoveries = site.opens_whole(25);
        assert!(recoveries.len() == 1 && recoveries[0].contains("torn"), "{recoveries:?}");
    }
}

#[test]
fn a_log_cut_short_gives_what_was_written_before() {
    let site = Site::left();
    let log = fs::read(site.log()).unwrap();
    fs::write(site.log(), &log[..log.len() - 5]).unwrap();
    // Who was promised the last write finds it gone: there is no telling this from a write that the
    // kill tore, so it is told, and the rest is there.
    assert!(site.opens_whole(24)[0].contains("torn"));
}

#[test]
fn a_log_damaged_before_its_end_is_damage() {
    let site = Site::left();
    flip(&site.log(), 60);
    assert!(site.refuses(ErrorKind::Damaged).contains("restore a backup"));
}

#[test]
fn an_unfinished_checkpoint_is_removed_and_told() {
    for leftover in ["", "filedex checkpoint\n", "something else"] {
        let site = Site::left();
        fs::write(site.path().join("checkpoint"), leftover).unwrap();
        let recoveries = site.opens_whole(25);
        assert!(recoveries.len() == 1 && recoveries[0].contains("checkpoint"), "{recoveries:?}");
    }
}

#[test]
fn an_emptied_or_missing_file_is_never_taken_for_a_new_store() {
    let files = |site: &Site| {
        let ours = names(&site.path()).into_iter().filter(|name| name != "tree");
        let sleds = names(&site.tree()).into_iter().filter(|name| site.tree().join(name).is_file());
        ours.chain(sleds.map(|name| format!("tree/{name}"))).collect::<Vec<_>>()
    };
    let reference = Site::closed(100);
    drop(reference.open().unwrap());
    for name in files(&reference) {
        for empty in [true, false] {
            let site = Site::new();
            copy(&reference.path(), &site.path());
            let path = site.path().join(&name);
            let done = if empty { fs::write(path, "") } else { fs::remove_file(path) };
            done.unwrap();
            match site.open() {
                // A cache, or what sled makes anew as it was.
                Ok(store) => {
                    drop(store);
                    assert!(name.contains("snap.") || name.ends_with("conf"), "{name}");
                    site.opens_whole(100);
                }
                Err(error) => {
                    let kinds = [ErrorKind::Damaged, ErrorKind::NotAStore];
                    assert!(kinds.contains(&error.kind()), "{name}: {error}");
                }
            }
        }
    }
}

#[test]
fn a_store_that_lost_its_tree_is_damaged() {
    let site = Site::closed(20);
    fs::remove_dir_all(site.tree()).unwrap();
    assert!(site.refuses(ErrorKind::Damaged).contains("restore a backup"));
    fs::create_dir(site.tree()).unwrap();
    assert!(site.refuses(ErrorKind::Damaged).contains("restore a backup"));
    assert!(names(&site.tree()).is_empty());
}

#[test]
fn a_store_that_lost_its_log_is_damaged() {
    for site in [Site::closed(20), Site::left()] {
        let log = site.log();
        fs::remove_file(&log).unwrap();
        let said = site.refuses(ErrorKind::Damaged);
        assert!(said.contains(log.file_name().unwrap().to_str().unwrap()), "{said}");
    }
}

#[test]
fn a_tree_without_its_marker_is_no_store() {
    let site = Site::closed(20);
    fs::remove_file(site.path().join("filedex")).unwrap();
    assert!(site.refuses(ErrorKind::NotAStore).contains("run a repair"));
}

#[test]
fn a_marker_of_another_kind_is_told_from_a_newer_format() {
    let site = Site::closed(20);
    let with = |text: &str, kind| {
        fs::write(site.path().join("filedex"), text).unwrap();
        site.refuses(kind)
    };
    assert!(with("Filedex store\nformat 2\n", ErrorKind::NewerFormat).contains("format 2"));
    assert!(with("Filedex store\nformat 4294967295\n", ErrorKind::NewerFormat).contains("newer"));
    let damaged = ["Filedex store\nformat 0\n", "Filedex store\nformat x\n", "Filedex store\n", ""];
    for text in damaged {
        assert!(with(text, ErrorKind::Damaged).contains("run a repair"));
    }
    for text in ["#!/bin/sh\n", "filedex store\nformat 1\n", "\u{0}"] {
        assert!(with(text, ErrorKind::NotAStore).contains("name a store"));
    }
    fs::write(site.path().join("filedex"), "Filedex store\nformat 1\n").unwrap();
    site.opens_whole(20);
}

#[test]
fn a_tree_that_sled_panics_over_is_damaged_and_the_host_lives() {
    let site = Site::closed(4_000);
    let log = site.tree().join("db");
    let mut bytes = fs::read(&log).unwrap();
    let segment = 512 << 10;
    assert!(bytes.len() > 2 * segment, "{}", bytes.len());
    // Two segments that say they are the same.
    bytes.copy_within(..segment, segment);
    fs::write(&log, bytes).unwrap();
    for snapshot in names(&site.tree()).iter().filter(|name| name.starts_with("snap.")) {
        fs::remove_file(site.tree().join(snapshot)).unwrap();
    }
    assert!(site.refuses(ErrorKind::Damaged).contains("restore a backup"));
    // Nothing stays locked by it.
    site.refuses(ErrorKind::Damaged);
}

/// Set where this program was started again to open the store at that path.
const STORE: &str = "FILEDEX_TEST_STORE";

/// Opens a store for a test that needs another process or another user; else nothing.
#[test]
fn in_another_process() {
    let Ok(path) = std::env::var(STORE) else { return };
    match Store::open(path, &Options::default()) {
        Ok(store) => println!("\nOPENED {}", store.stats().unwrap().records),
        Err(error) => println!("\nREFUSED {error:?}"),
    }
}

/// What opening the store says in another process; `None` where it cannot be started as asked.
fn elsewhere(store: &Path, with: impl FnOnce(&mut Command) -> &mut Command) -> Option<String> {
    let mut process = Command::new(std::env::current_exe().unwrap());
    process.args(["--exact", "in_another_process", "--nocapture"]).env(STORE, store);
    process.current_dir("/").stdin(Stdio::null());
    with(&mut process);
    let output = String::from_utf8(process.output().ok()?.stdout).unwrap();
    let said =
        output.lines().find(|line| line.starts_with("OPENED") || line.starts_with("REFUSED"));
    Some(said.unwrap_or_else(|| panic!("{output}")).to_owned())
}

#[test]
fn a_second_process_is_told_that_the_store_is_open() {
    let site = Site::closed(20);
    let store = site.open().unwrap();
    let said = elsewhere(&site.path(), |process| process).unwrap();
    assert!(said.starts_with("REFUSED AlreadyOpen") && said.contains("close"), "{said}");
    drop(store);
    assert_eq!(elsewhere(&site.path(), |process| process).unwrap(), "OPENED 20");
    site.opens_whole(20);
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::process::CommandExt as _;

    use super::*;

    /// A user who is nobody.
    const NOBODY: u32 = 65_534;

    fn allow(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_missing_permission_is_told_and_nothing_touched() {
        let site = Site::closed(20);
        allow(site.0.path(), 0o755);
        allow(&site.path(), 0o755);
        let before = content(&site.path());
        // Who may do everything asks as somebody who may not, if that one finds this program.
        let mut said = elsewhere(&site.path(), |process| process.uid(NOBODY));
        if said.is_none() {
            let files = [site.tree().join("db"), site.log()];
            files.iter().for_each(|path| allow(path, 0o444));
            if fs::File::options().append(true).open(&files[0]).is_ok() {
                eprintln!(
                    "skipped: this user may do everything, and nobody does not find the program"
                );
                return;
            }
            said = elsewhere(&site.path(), |process| process);
            files.iter().for_each(|path| allow(path, 0o644));
        }
        let said = said.unwrap();
        assert!(said.starts_with("REFUSED Io") && said.contains("let this user"), "{said}");
        assert_eq!(content(&site.path()), before);
        site.opens_whole(20);
    }

    /// Mounts a small file system, where this user may.
    fn mount(path: &Path, options: &str) -> bool {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", options, "filedex-test"]).arg(path);
        mount.stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    }

    #[test]
    fn a_medium_that_cannot_be_written_is_told() {
        let site = Site::new();
        if !mount(site.0.path(), "size=16m") {
            eprintln!("skipped: a file system cannot be mounted here");
            return;
        }
        let store = site.open().unwrap();
        store.put_many((0..20).map(file)).unwrap();
        store.close().unwrap();
        assert!(mount(site.0.path(), "remount,ro"));
        let said = site.refuses(ErrorKind::Io);
        let made = Store::open(site.0.path().join("other"), &Options::default()).unwrap_err();
        assert!(mount(site.0.path(), "remount,rw"));
        site.opens_whole(20);
        let freed = Command::new("umount").arg("-l").arg(site.0.path()).status();
        assert!(freed.unwrap().success());
        for said in [said, made.to_string()] {
            assert!(said.contains("where it can be written"), "{said}");
        }
        assert_eq!(made.kind(), ErrorKind::Io);
    }
}
