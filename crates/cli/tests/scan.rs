//! `filedex scan`: a directory tree becomes records and stays in step with them.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

use super::program;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use program::{Run, run, text};
use serde_json::Value;

/// A tree to scan and the store it goes into, side by side.
struct Tree {
    directory: tempfile::TempDir,
}

impl Tree {
    fn new() -> Tree {
        let tree = Tree { directory: tempfile::tempdir().unwrap() };
        fs::create_dir(tree.root()).unwrap();
        tree.write("readme.TXT", "hello");
        tree.write("pictures/logo.png", "12345678");
        tree.write("pictures/old/photo.jpeg", "1");
        tree.write("pictures/old/film.mp4", "12");
        tree
    }

    fn root(&self) -> PathBuf {
        self.directory.path().canonicalize().unwrap().join("tree")
    }

    fn db(&self) -> PathBuf {
        self.directory.path().join("files")
    }

    fn write(&self, name: &str, content: &str) {
        let path = self.root().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn scan(&self, path: &Path) -> Run {
        run(&["scan", "--db", text(&self.db()), text(path)])
    }

    /// Scans everything and gives the first words of the answer.
    fn tally(&self) -> String {
        let scan = self.scan(&self.root());
        assert_eq!(scan.status, 0, "{scan:?}");
        scan.out.split(';').next().unwrap().to_owned()
    }

    fn find(&self, query: &str) -> Vec<Value> {
        let db = self.db();
        let found = run(&["find", "--db", text(&db), "--query", query, "--sort", r#"{"path":1}"#]);
        assert_eq!(found.status, 0, "{found:?}");
        found.json()["files"].as_array().unwrap().clone()
    }
}

#[test]
fn a_record_tells_name_room_owner_type_size_and_time() {
    let tree = Tree::new();
    let path = tree.root().join("pictures/logo.png");
    let time = UNIX_EPOCH + Duration::from_millis(1_520_530_569_913);
    fs::File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
    assert_eq!(tree.tally(), "4 inserted, 0 replaced, 0 unchanged, 0 removed");

    let files = tree.find(r#"{"name":"logo.png"}"#);
    let file = &files[0];
    for (field, value) in [
        ("size", Value::from(8)),
        ("type", "image/png".into()),
        ("typeGroup", "image".into()),
        ("rid", text(&tree.root().join("pictures")).into()),
        ("path", text(&path).into()),
        ("extension", "png".into()),
        ("uploadedAt", "2018-03-08T17:36:09.913Z".into()),
    ] {
        assert_eq!(file[field], value, "{field}");
    }
    assert!(!file["userId"].as_str().unwrap().is_empty());
    assert_eq!(file["_id"].as_str().unwrap().len(), 24);

    let groups = tree.find("{}");
    let groups: Vec<&str> = groups.iter().map(|file| file["typeGroup"].as_str().unwrap()).collect();
    assert_eq!(groups, ["image", "video", "image", "text"]);
}

#[test]
fn scanning_again_changes_nothing() {
    let tree = Tree::new();
    tree.tally();
    let before = tree.find("{}");
    assert_eq!(tree.tally(), "0 inserted, 0 replaced, 4 unchanged, 0 removed");
    assert_eq!(tree.find("{}"), before);
}

#[test]
fn scanning_again_updates_what_changed_and_removes_what_is_gone() {
    let tree = Tree::new();
    tree.tally();
    let id = tree.find(r#"{"name":"logo.png"}"#)[0]["_id"].clone();
    tree.write("pictures/logo.png", "longer than before");
    tree.write("new.csv", "a,b");
    fs::remove_dir_all(tree.root().join("pictures/old")).unwrap();
    assert_eq!(tree.tally(), "1 inserted, 1 replaced, 1 unchanged, 2 removed");
    let logo = &tree.find(r#"{"name":"logo.png"}"#)[0];
    assert_eq!((&logo["size"], &logo["_id"]), (&18.into(), &id));
    assert_eq!(tree.find("{}").len(), 3);
}

#[test]
fn scanning_a_part_leaves_the_rest_alone() {
    let tree = Tree::new();
    tree.write("pictures2/logo.png", "1");
    tree.tally();
    fs::remove_file(tree.root().join("readme.TXT")).unwrap();
    fs::remove_file(tree.root().join("pictures/old/film.mp4")).unwrap();
    let scan = tree.scan(&tree.root().join("pictures"));
    assert!(scan.out.starts_with("0 inserted, 0 replaced, 2 unchanged, 1 removed"), "{scan:?}");
    assert_eq!(tree.find("{}").len(), 4);
}

#[test]
fn records_that_no_scan_made_stay() {
    let tree = Tree::new();
    let other = r#"{"_id":"mine","path":"/ufs/mine"}"#;
    let db = tree.db();
    let import = ["import", "--db", text(&db), "-"];
    assert_eq!(program::run_with(&import, other.as_bytes()).status, 0);
    tree.tally();
    assert_eq!(tree.tally(), "0 inserted, 0 replaced, 4 unchanged, 0 removed");
    assert_eq!(tree.find(r#"{"_id":"mine"}"#).len(), 1);
}

#[test]
fn links_are_not_followed_and_special_files_are_left_out() {
    let tree = Tree::new();
    symlink(tree.root(), tree.root().join("loop")).unwrap();
    symlink(tree.root().join("readme.TXT"), tree.root().join("link.txt")).unwrap();
    std::os::unix::net::UnixListener::bind(tree.root().join("socket")).unwrap();
    let scan = tree.scan(&tree.root());
    assert_eq!(scan.status, 0, "{scan:?}");
    assert!(scan.out.contains("2 symbolic links, 1 special files and 0 unreadable"), "{scan:?}");
    assert_eq!(tree.find("{}").len(), 4);
}

#[test]
fn an_unreadable_directory_is_told_and_what_was_known_of_it_stays() {
    let tree = Tree::new();
    tree.tally();
    let hidden = tree.root().join("pictures/old");
    fs::set_permissions(&hidden, fs::Permissions::from_mode(0o0)).unwrap();
    let readable = fs::read_dir(&hidden).is_ok();
    let scan = tree.scan(&tree.root());
    fs::set_permissions(&hidden, fs::Permissions::from_mode(0o755)).unwrap();
    if readable {
        return; // The superuser reads everything.
    }
    assert_eq!(scan.status, 1, "{scan:?}");
    assert!(scan.err.contains(text(&hidden)), "{scan:?}");
    assert!(scan.out.contains("1 unreadable"), "{scan:?}");
    assert_eq!(tree.find("{}").len(), 4);
}

#[test]
fn names_that_are_no_unicode_are_told_apart() {
    let tree = Tree::new();
    for name in [b"caf\xE9.txt", b"caf\xE8.txt"] {
        if fs::write(tree.root().join(OsStr::from_bytes(name)), "x").is_err() {
            return; // Some file systems take no such names.
        }
    }
    assert_eq!(tree.tally(), "6 inserted, 0 replaced, 0 unchanged, 0 removed");
    let names: Vec<Value> = tree
        .find(r#"{"name":{"$regex":"^caf"}}"#)
        .iter()
        .map(|file| file["name"].clone())
        .collect();
    assert_eq!(names, [r"caf\xE8.txt", r"caf\xE9.txt"]);
    assert_eq!(tree.tally(), "0 inserted, 0 replaced, 6 unchanged, 0 removed");
}

#[test]
fn a_store_inside_the_tree_is_not_indexed() {
    let tree = Tree::new();
    let db = tree.root().join("index");
    let scan = || run(&["scan", "--db", text(&db), text(&tree.root())]);
    assert!(scan().out.starts_with("4 inserted"));
    assert!(scan().out.starts_with("0 inserted, 0 replaced, 4 unchanged, 0 removed"));
}

#[test]
fn what_is_no_directory_is_refused_and_makes_no_store() {
    let tree = Tree::new();
    for path in [tree.root().join("readme.TXT"), tree.root().join("nothing")] {
        let scan = tree.scan(&path);
        assert_eq!(scan.status, 1, "{scan:?}");
        assert!(scan.err.contains(text(&path)), "{scan:?}");
        assert!(!tree.db().exists());
    }
}
