//! The examples do what they are there to show: each ends by itself, and checks what it says.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::path::PathBuf;
use std::process::Command;

/// Where cargo puts examples, which it builds with the tests: beside them.
fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent().unwrap().parent().unwrap().join("examples").join(name)
}

fn runs(name: &str) -> String {
    let path = example(name);
    assert!(path.exists(), "tests alone build no examples: `cargo build -p filedex --examples`");
    let output = Command::new(path).output().unwrap();
    let (out, errors) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{name}: {out}{errors}");
    out.into_owned()
}

#[test]
fn the_bot_greets_every_upload() {
    assert!(runs("bot").contains("greeted 3 uploads"));
}

#[test]
fn the_administrator_does_his_chores() {
    let out = runs("admin");
    for said in ["100 files expired", "files of bob's are ada's", " gone", "records in"] {
        assert!(out.contains(said), "{said}: {out}");
    }
}

#[test]
fn the_importer_tells_of_each_record_that_is_none() {
    let out = runs("importer");
    assert!(out.contains("2 in, 1 not") && out.contains("line 2: b"), "{out}");
}
