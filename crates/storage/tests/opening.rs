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

use super::support::copy;
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
        let first = Site::closed(20);
        let store = first.open().unwrap();
        for number in 20..25 {
            store.put_with(&file(number), Durability::Durable).unwrap();
        }
        first.left_now()
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

    /// The logs, the first first. The last may be one that was made beforehand.
    fn logs(&self) -> Vec<PathBuf> {
        let mut logs: Vec<PathBuf> = files_in(&self.path());
        logs.retain(|path| path.file_stem().unwrap() == "log");
        logs.sort_by_key(|path| {
            path.extension().unwrap().to_str().unwrap().parse::<u64>().unwrap()
        });
        logs
    }

    /// The log with the most in it.
    fn log(&self) -> PathBuf {
        self.logs().into_iter().max_by_key(|log| log.metadata().unwrap().len()).unwrap()
    }

    /// What a kill would leave of the store now.
    fn left_now(&self) -> Site {
        let left = Site::new();
        copy(&self.path(), &left.path());
        left
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

/// All files that are ours, with what they hold; the index is made anew where that is needed.
fn content(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = names(directory).into_iter().map(|name| (directory.join(&name), name));
    let files = files.filter(|(path, _)| path.is_file());
    files.map(|(path, name)| (name, fs::read(path).unwrap())).collect()
}

fn files_in(directory: &Path) -> Vec<PathBuf> {
    let paths = names(directory).into_iter().map(|name| directory.join(name));
    paths.filter(|path| path.is_file()).collect()
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
fn an_index_that_is_lost_or_damaged_is_made_anew() {
    let damages: [fn(&Path); 4] = [
        |tree| fs::remove_dir_all(tree).unwrap(),
        |tree| files_in(tree).iter().for_each(|path| fs::write(path, "").unwrap()),
        |tree| {
            files_in(tree).iter().for_each(|path| fs::write(path, "not what was written").unwrap())
        },
        |tree| files_in(tree).iter().for_each(|path| fs::remove_file(path).unwrap()),
    ];
    for damage in damages {
        for (site, records) in [(Site::closed(300), 300), (Site::left(), 25)] {
            damage(&site.tree());
            site.opens_whole(records);
        }
    }
}

#[test]
fn a_store_that_is_new_or_was_only_compacted_tells_of_nothing_that_was_put_right() {
    let site = Site::new();
    assert!(site.open().unwrap().recoveries().is_empty(), "a new store");
    assert!(Store::temporary(&Options::default()).unwrap().recoveries().is_empty());
    let site = Site::closed(300);
    Store::compact(site.path(), &Options::default(), &mut |_, _| ()).unwrap();
    assert!(site.open().unwrap().recoveries().is_empty(), "a compacted store");
}

#[test]
fn an_index_that_was_open_when_the_power_went_is_made_anew_and_told() {
    let site = Site::left();
    fs::write(site.path().join("opened"), "another run of the system").unwrap();
    let recoveries = site.opens_whole(25);
    assert!(recoveries.len() == 1 && recoveries[0].contains("index anew"), "{recoveries:?}");
}

#[test]
fn a_bit_that_flips_in_the_index_changes_no_answer() {
    let reference = Site::closed(300);
    let flips = files_in(&reference.tree()).into_iter().flat_map(|path| {
        let bytes = fs::read(&path).unwrap();
        let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        let name = path.strip_prefix(reference.path()).unwrap().to_owned();
        (0..end).step_by((end / 40).max(1)).map(move |at| (name.clone(), at))
    });
    for (name, at) in flips.collect::<Vec<_>>() {
        let site = Site::new();
        copy(&reference.path(), &site.path());
        flip(&site.path().join(&name), at);
        site.opens_whole(300);
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
fn what_is_written_after_a_torn_write_was_passed_over_is_there_after_the_next_kill() {
    let mut site = Site::left();
    let mut log = fs::read(site.log()).unwrap();
    log.extend([0xab; 100]);
    fs::write(site.log(), log).unwrap();
    for records in [25, 30, 35] {
        let store = site.open().unwrap();
        assert_eq!(store.stats().unwrap().records, records);
        for number in records..records + 5 {
            store.put_with(&file(number as i64), Durability::Durable).unwrap();
        }
        let left = site.left_now();
        drop(store);
        site = left;
    }
    site.opens_whole(40);
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
fn what_an_unfinished_checkpoint_left_is_removed_and_told() {
    for leftover in ["", "filedex blocks 2\n", "something else"] {
        for name in ["blocks.999", "manifest.999"] {
            let site = Site::left();
            fs::write(site.path().join(name), leftover).unwrap();
            let recoveries = site.opens_whole(25);
            assert!(recoveries.len() == 1 && recoveries[0].contains(name), "{recoveries:?}");
            assert!(!site.path().join(name).exists());
        }
    }
}

#[test]
fn an_emptied_or_missing_file_is_never_taken_for_a_new_store() {
    let reference = Site::closed(100);
    for path in files_in(&reference.path()) {
        let name = path.file_name().unwrap().to_str().unwrap();
        for empty in [true, false] {
            let site = Site::new();
            copy(&reference.path(), &site.path());
            let path = site.path().join(name);
            let done = if empty { fs::write(path, "") } else { fs::remove_file(path) };
            done.unwrap();
            // A second log was made beforehand, and holds nothing; what columns say, blocks say, too.
            let is_spare = reference.logs().iter().skip(1).any(|log| log.ends_with(name));
            if is_spare || name.starts_with("columns.") {
                site.opens_whole(100);
                continue;
            }
            let error = site.open().unwrap_err();
            let kinds = [ErrorKind::Damaged, ErrorKind::NotAStore];
            assert!(kinds.contains(&error.kind()), "{name}: {error}");
            assert!(error.to_string().contains("repair"), "{name}: {error}");
        }
    }
}

#[test]
fn a_store_that_lost_its_log_is_damaged() {
    for site in [Site::closed(20), Site::left()] {
        let log = site.logs().remove(0);
        site.logs().iter().for_each(|log| fs::remove_file(log).unwrap());
        let said = site.refuses(ErrorKind::Damaged);
        assert!(said.contains(log.file_name().unwrap().to_str().unwrap()), "{said}");
    }
}

#[test]
fn a_store_without_its_marker_is_none() {
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
    assert!(with("Filedex store\nformat 3\n", ErrorKind::NewerFormat).contains("format 3"));
    assert!(with("Filedex store\nformat 1\n", ErrorKind::OlderFormat).contains("write a backup"));
    assert!(with("Filedex store\nformat 4294967295\n", ErrorKind::NewerFormat).contains("newer"));
    let damaged = ["Filedex store\nformat 0\n", "Filedex store\nformat x\n", "Filedex store\n", ""];
    for text in damaged {
        assert!(with(text, ErrorKind::Damaged).contains("run a repair"));
    }
    for text in ["#!/bin/sh\n", "filedex store\nformat 2\n", "\u{0}"] {
        assert!(with(text, ErrorKind::NotAStore).contains("name a store"));
    }
    fs::write(site.path().join("filedex"), "Filedex store\nformat 2\n").unwrap();
    site.opens_whole(20);
}

#[test]
fn a_store_whose_marker_a_power_cut_left_half_written_is_made_again() {
    // A file may have grown before its bytes were on the disk.
    let markers = ["", "\0\0\0\0\0\0\0", "\u{7f}ELF\n+ of chance", "Filed", "Filedex store\nform"];
    for marker in markers {
        let site = Site::closed(0);
        fs::write(site.path().join("filedex"), marker).unwrap();
        let mut options = Options::default();
        options.create = false;
        let refused = Store::open(site.path(), &options).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Missing, "{marker:?}: {refused}");
        site.opens_whole(0);
        let store = site.open().unwrap();
        store.put(&Document::new().with("_id", "a").with("rid", "r")).unwrap();
        store.close().unwrap();
        assert!(site.open().unwrap().get("a").unwrap().is_some());
    }
}

#[test]
fn a_store_of_which_a_power_cut_left_the_first_log_alone_is_made_again() {
    let made = Site::closed(0);
    let log = fs::read(made.path().join("log.1")).unwrap();
    // The name of the marker need not be on the disk before that of the log.
    let left = [vec![], log[..log.len() / 2].to_vec(), vec![7; log.len()], log.clone()];
    for left in left {
        let site = tempfile::tempdir().unwrap();
        fs::write(site.path().join("log.1"), &left).unwrap();
        let mut options = Options::default();
        options.create = false;
        let refused = Store::open(site.path(), &options).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Missing, "{left:?}: {refused}");
        assert!(!site.path().join("filedex").exists());
        let store = Store::open(site.path(), &Options::default()).unwrap();
        store.put(&Document::new().with("_id", "a").with("rid", "r")).unwrap();
        store.close().unwrap();
        let store = Store::open(site.path(), &options).unwrap();
        assert!(store.get("a").unwrap().is_some());
    }
    for (name, bytes) in [("log.1", [log, vec![0]].concat()), ("log.2", vec![]), ("log.10", vec![])]
    {
        let site = tempfile::tempdir().unwrap();
        fs::write(site.path().join(name), &bytes).unwrap();
        let refused = Store::open(site.path(), &Options::default()).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::NotAStore, "{name}: {refused}");
        assert_eq!(fs::read(site.path().join(name)).unwrap(), bytes);
    }
}

#[test]
fn a_file_of_another_program_is_no_marker_that_was_being_written() {
    let alone = tempfile::tempdir().unwrap();
    fs::write(alone.path().join("filedex"), "a configuration\n").unwrap();
    let long = Site::closed(0);
    fs::write(long.path().join("filedex"), "#!/bin/sh\n".repeat(4)).unwrap();
    for path in [alone.path().to_owned(), long.path()] {
        let before = fs::read(path.join("filedex")).unwrap();
        let refused = Store::open(&path, &Options::default()).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::NotAStore, "{refused}");
        assert_eq!(fs::read(path.join("filedex")).unwrap(), before);
    }
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
    process.args(["--exact", "opening::in_another_process", "--nocapture"]).env(STORE, store);
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
            let files = [site.path().join("filedex"), site.log()];
            files.iter().for_each(|path| allow(path, 0o444));
            if fs::File::options().append(true).open(&files[0]).is_ok() {
                eprintln!(
                    "skipped: this user may do everything, and nobody does not find the program"
                );
                return;
            }
            said = elsewhere(&site.path(), |process| process);
            files.iter().for_each(|path| allow(path, 0o600));
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
        // A process that another test is just starting may hold a file of ours open for a moment.
        let again = || std::thread::sleep(std::time::Duration::from_millis(20));
        let is_bound = (0..1_000).any(|_| {
            mount(site.0.path(), "remount,ro") || {
                again();
                false
            }
        });
        assert!(is_bound);
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

#[test]
fn of_processes_that_make_a_store_at_once_one_does_and_the_others_find_it_open() {
    for _ in 0..5 {
        let site = Site::new();
        let opened = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| site.open())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        });
        assert_eq!(opened.iter().filter(|opened| opened.is_ok()).count(), 1);
        for refused in opened.iter().filter_map(|opened| opened.as_ref().err()) {
            assert_eq!(refused.kind(), ErrorKind::AlreadyOpen, "{refused}");
        }
    }
}

#[test]
fn a_store_is_made_in_an_empty_directory() {
    let site = Site::new();
    fs::create_dir_all(site.path().join("lost+found")).unwrap();
    site.open().unwrap().put(&file(0)).unwrap();
    site.opens_whole(1);
}
