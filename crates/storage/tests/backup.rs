//! A backup is one state and the whole of it; a restore gives every record back to the byte, or
//! nothing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::support::strange;
use filedex_query::packed::pack;
use filedex_query::{Date, Document, Environment, Filter, Plan, Projection, Sort};
use filedex_storage::{Backup, Cancel, ErrorKind, Options, Result, Store, Watch, Window};

fn file(number: i64) -> Document {
    Document::new()
        .with("_id", format!("f{number}"))
        .with("rid", format!("room{}", number % 3))
        .with("uploadedAt", Date(number))
        .with("size", number)
}

/// Every record's bytes, in the order of the store.
fn content(store: &Store) -> Vec<Vec<u8>> {
    let environment = Environment::default();
    let everything = Projection::everything();
    let plan = Plan::compile(Filter::all(), everything, Sort::none(), &environment).unwrap();
    let page = store.page(&plan, Window::all(), &Watch::default()).unwrap();
    page.documents.iter().map(pack).collect()
}

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

    fn backup(&self, store: &Store) -> Backup {
        store.backup(self.path("backup"), &mut |_, _| ()).unwrap()
    }

    fn restore(&self, name: &str) -> Result<Store> {
        restore(&self.path("backup"), &self.path(name), &mut |_, _| ())?;
        Store::open(self.path(name), &Options::default())
    }
}

fn restore(from: &Path, to: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<Backup> {
    Store::restore(from, to, &Options::default(), progress)
}

#[test]
fn every_value_comes_back_to_the_byte() {
    let (site, store) = (Site::new(), Store::temporary(&Options::default()).unwrap());
    store.put_many(strange()).unwrap();
    store.put(&Document::new().with("_id", "long").with("text", "x".repeat(3 << 20))).unwrap();
    store.put_many((0..500).map(file)).unwrap();
    let backup = site.backup(&store);
    assert_eq!(backup.records, 501 + strange().len() as u64);

    let restored = site.restore("restored").unwrap();
    assert_eq!(content(&restored), content(&store));
    assert!(restored.verify(&mut |_, _| ()).unwrap().is_clean());
    assert_eq!(restored.stats().unwrap().type_groups, store.stats().unwrap().type_groups);
    // A backup of the same is the same.
    let again = restored.backup(site.path("again"), &mut |_, _| ()).unwrap();
    assert_eq!(again, backup);
    assert_eq!(fs::read(site.path("again")).unwrap(), fs::read(site.path("backup")).unwrap());
}

#[test]
fn an_empty_store_is_backed_up_and_restored() {
    let (site, store) = (Site::new(), Store::temporary(&Options::default()).unwrap());
    assert_eq!(site.backup(&store).records, 0);
    assert_eq!(site.restore("restored").unwrap().stats().unwrap().records, 0);
}

#[test]
fn a_backup_beside_a_writer_is_one_state() {
    let (site, store) = (Site::new(), Store::temporary(&Options::default()).unwrap());
    let rounds = |round: i64| {
        (0..100).map(move |number| {
            let mut record = file(number).with("round", round);
            record.set("rid", format!("r{}", round % 7));
            record
        })
    };
    store.put_many(rounds(0)).unwrap();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for round in 1.. {
                store.put_many(rounds(round)).unwrap();
                if stop.load(Ordering::Acquire) {
                    return;
                }
            }
        });
        for _ in 0..20 {
            site.backup(&store);
            let text = fs::read_to_string(site.path("backup")).unwrap();
            let found: std::collections::BTreeSet<&str> = text
                .lines()
                .filter_map(|line| line.split_once("\"round\":")?.1.split('}').next())
                .collect();
            assert_eq!((text.lines().count(), found.len()), (101, 1), "{found:?}");
        }
        stop.store(true, Ordering::Release);
    });
}

#[test]
fn a_backup_that_is_not_whole_makes_nothing() {
    let (site, store) = (Site::new(), Store::temporary(&Options::default()).unwrap());
    store.put_many((0..50).map(file)).unwrap();
    site.backup(&store);
    let whole = fs::read(site.path("backup")).unwrap();
    let refuse = |bytes: &[u8], what: &str| {
        fs::write(site.path("bad"), bytes).unwrap();
        let error = restore(&site.path("bad"), &site.path("made"), &mut |_, _| ()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Damaged, "{what}: {error}");
        assert_eq!(fs::read_dir(site.directory.path()).unwrap().count(), 2, "{what}");
    };
    for length in (0..whole.len()).step_by(37) {
        refuse(&whole[..length], &format!("cut to {length}"));
    }
    for at in (0..whole.len() - 1).step_by(53) {
        let mut flipped = whole.clone();
        flipped[at] ^= 1;
        refuse(&flipped, &format!("flipped at {at}"));
    }
    let doubled = [whole.as_slice(), whole.as_slice()].concat();
    refuse(&doubled, "two in a row");
}

#[test]
fn a_backup_of_a_newer_format_is_refused_by_name() {
    let site = Site::new();
    let trailer = r#"{"$backup":{"format":9,"records":0,"sha256":"-"}}"#;
    fs::write(site.path("backup"), format!("{trailer}\n")).unwrap();
    assert_eq!(site.restore("made").unwrap_err().kind(), ErrorKind::NewerFormat);
}

#[test]
fn a_restore_that_was_interrupted_goes_on() {
    let (site, store) = (Site::new(), Store::temporary(&Options::default()).unwrap());
    store.put_many((0..1000).map(file)).unwrap();
    site.backup(&store);
    let interrupted = catch_unwind(AssertUnwindSafe(|| {
        restore(&site.path("backup"), &site.path("made"), &mut |done, _| {
            assert!(done < 500, "interrupted");
        })
    }));
    assert!(interrupted.is_err());
    let refused = Store::open(site.path("made"), &Options::default()).unwrap_err();
    assert!(refused.kind() == ErrorKind::NotAStore && refused.to_string().contains("restored"));

    let mut first = None;
    restore(&site.path("backup"), &site.path("made"), &mut |done, _| {
        first.get_or_insert(done);
    })
    .unwrap();
    assert!(first > Some(500), "it began anew: {first:?}");
    let made = Store::open(site.path("made"), &Options::default()).unwrap();
    assert_eq!(content(&made), content(&store));
    assert!(!site.path("made/restoring").exists());
}

#[test]
fn what_is_left_of_another_restore_is_not_gone_on_with() {
    let (site, store) = (Site::new(), Store::temporary(&Options::default()).unwrap());
    store.put_many((0..300).map(file)).unwrap();
    store.backup(site.path("other"), &mut |_, _| ()).unwrap();
    let interrupted = catch_unwind(AssertUnwindSafe(|| {
        restore(&site.path("other"), &site.path("made"), &mut |_, _| panic!("interrupted"))
    }));
    assert!(interrupted.is_err());
    store.remove("f0").unwrap();
    site.backup(&store);
    assert_eq!(content(&site.restore("made").unwrap()), content(&store));
}

#[test]
fn a_path_that_is_taken_is_left_alone() {
    let (site, store) = (Site::new(), Store::temporary(&Options::default()).unwrap());
    store.put(&file(1)).unwrap();
    site.backup(&store);
    fs::create_dir(site.path("taken")).unwrap();
    fs::write(site.path("taken/file"), "mine").unwrap();
    assert_eq!(site.restore("taken").unwrap_err().kind(), ErrorKind::Io);
    assert_eq!(fs::read_to_string(site.path("taken/file")).unwrap(), "mine");
    assert_eq!(fs::read_dir(site.path("taken")).unwrap().count(), 1);
}

#[test]
fn a_store_is_restored_to_an_empty_directory() {
    let (site, store) = (Site::new(), Store::temporary(&Options::default()).unwrap());
    store.put_many((0..50).map(file)).unwrap();
    site.backup(&store);
    fs::create_dir(site.path("empty")).unwrap();
    // What a new file system has at its root.
    fs::create_dir(site.path("empty/lost+found")).unwrap();
    assert_eq!(content(&site.restore("empty").unwrap()), content(&store));
}

#[cfg(unix)]
#[test]
fn a_store_is_restored_to_an_empty_mount_point() {
    let (site, store) = (Site::new(), Store::temporary(&Options::default()).unwrap());
    store.put_many((0..50).map(file)).unwrap();
    site.backup(&store);
    let path = site.path("mounted");
    fs::create_dir(&path).unwrap();
    let mut mount = std::process::Command::new("mount");
    mount.args(["-t", "tmpfs", "-o", "size=32m", "filedex-test"]).arg(&path);
    if !mount.stderr(std::process::Stdio::null()).status().is_ok_and(|status| status.success()) {
        eprintln!("skipped: a file system cannot be mounted here");
        return;
    }
    let restored = site.restore("mounted").map(|restored| content(&restored));
    let freed = std::process::Command::new("umount").arg("-l").arg(&path).status();
    assert!(freed.unwrap().success());
    assert_eq!(restored.unwrap(), content(&store));
}

/// Lays out what a restore leaves that ends after so many files of the whole store are moved.
fn interrupted_while_moving(site: &Site, moved: usize) -> usize {
    let path = site.path("made");
    restore(&site.path("backup"), &path, &mut |_, _| ()).unwrap();
    let mut names: Vec<_> =
        fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort_by_key(|name| (name == "filedex", name.clone()));
    fs::create_dir_all(path.join("restoring/whole")).unwrap();
    for name in names.iter().skip(moved) {
        fs::rename(path.join(name), path.join("restoring/whole").join(name)).unwrap();
    }
    let text = fs::read_to_string(site.path("backup")).unwrap();
    let trailer: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    fs::write(path.join("restoring/source"), trailer["$backup"].to_string()).unwrap();
    names.len()
}

#[test]
fn a_restore_that_ends_while_files_are_moved_is_no_store_until_it_is_ended() {
    let (site, store) = (Site::new(), Store::temporary(&Options::default()).unwrap());
    store.put_many((0..50).map(file)).unwrap();
    site.backup(&store);
    let mut moved = 0;
    loop {
        let files = interrupted_while_moving(&site, moved);
        // How many files there are varies by one: a log may have been made beforehand.
        if moved < files {
            assert!(
                Store::open(site.path("made"), &Options::default()).is_err(),
                "{moved} of {files}"
            );
        }
        assert_eq!(content(&site.restore("made").unwrap()), content(&store), "{moved} of {files}");
        assert!(!site.path("made/restoring").exists());
        fs::remove_dir_all(site.path("made")).unwrap();
        if moved >= files {
            break;
        }
        moved += 1;
    }
}

#[test]
fn what_a_restore_left_that_ended_before_it_had_cleaned_up_goes_when_the_store_is_opened() {
    let (site, store) = (Site::new(), Store::temporary(&Options::default()).unwrap());
    store.put_many((0..50).map(file)).unwrap();
    site.backup(&store);
    interrupted_while_moving(&site, usize::MAX);
    assert!(site.path("made/restoring/source").exists());
    let opened = Store::open(site.path("made"), &Options::default()).unwrap();
    assert_eq!(content(&opened), content(&store));
    assert!(!site.path("made/restoring").exists());
    assert!(opened.recoveries().iter().any(|told| told.contains("restoring")));
}

#[test]
fn writers_go_on_during_a_backup() {
    let (site, store) = (Site::new(), Store::temporary(&Options::default()).unwrap());
    store.put_many((0..2000).map(file)).unwrap();
    let before = content(&store);
    let mut number = 2000;
    let backup = store.backup(site.path("backup"), &mut |_, _| {
        store.put(&file(number)).unwrap();
        store.remove(&format!("f{}", number - 2000)).unwrap();
        number += 1;
    });
    assert!(number > 2001);
    assert_eq!(backup.unwrap().records, 2000);
    assert_eq!(content(&site.restore("restored").unwrap()), before);
}

#[test]
fn work_on_the_whole_store_ends_when_nobody_waits_for_it_and_by_no_limit_of_queries() {
    let mut options = Options::default();
    options.limits.time = std::time::Duration::ZERO;
    let (site, store) = (Site::new(), Store::temporary(&options).unwrap());
    store.put_many((0..5000).map(file)).unwrap();
    store.checkpoint().unwrap();
    assert!(store.verify(&mut |_, _| ()).unwrap().is_clean());
    assert_eq!(store.stats().unwrap().records, 5000);
    assert_eq!(site.backup(&store).records, 5000);

    let (cancel, mut told) = (Cancel::default(), 0);
    let watch = Watch { cancel: Some(cancel.clone()), ..Watch::default() };
    let mut give_up = |done, _| {
        told = done;
        cancel.cancel();
    };
    let ended = store.verify_within(&watch, &mut give_up).unwrap_err();
    assert!(ended.kind() == ErrorKind::Cancelled && (1..2500).contains(&told), "{ended} {told}");
    assert_eq!(store.stats_within(&watch).unwrap_err().kind(), ErrorKind::Cancelled);

    let (cancel, mut told) = (Cancel::default(), 0);
    let watch = Watch { cancel: Some(cancel.clone()), ..Watch::default() };
    let mut give_up = |done, _| {
        told = done;
        cancel.cancel();
    };
    let ended = store.backup_within(site.path("given up"), &watch, &mut give_up).unwrap_err();
    assert!(ended.kind() == ErrorKind::Cancelled && (1..2500).contains(&told), "{ended} {told}");
    assert_eq!(fs::read_dir(site.directory.path()).unwrap().count(), 1, "it leaves no file");

    let watch = Watch { allowance: Some(std::time::Duration::ZERO), ..Watch::default() };
    assert_eq!(store.stats_within(&watch).unwrap_err().kind(), ErrorKind::Costly);
}

#[test]
fn a_store_that_is_written_to_is_verified_as_it_was() {
    let store = Store::temporary(&Options::default()).unwrap();
    store.put_many((0..2000).map(file)).unwrap();
    let mut number = 2000;
    let report = store.verify(&mut |_, _| {
        store.put(&file(number)).unwrap();
        store.remove(&format!("f{}", number - 2000)).unwrap();
        number += 1;
    });
    let report = report.unwrap();
    assert!(report.is_clean() && report.records == 2000, "{report:?}");
    assert!(store.verify(&mut |_, _| ()).unwrap().is_clean());
}
