//! The tests of the program, in one program so that it is linked once.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

mod backup;
mod browse;
mod commands;
mod copy;
mod demo;
mod documentation;
mod examples;
mod find;
mod hostile;
mod import;
mod language;
mod month;
mod observing;
mod program;
mod rebuild;
mod scan;
mod serve;
mod server;
mod servers;
mod serving;

/// Of this crate and of those beside it whose tests are one program.
#[test]
fn no_file_of_tests_is_left_out() {
    let crates = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for name in ["api", "cli", "query", "storage"] {
        let home = crates.join(name);
        let read = |path: &str| std::fs::read_to_string(home.join(path)).unwrap();
        let (suite, manifest) = (read("tests/suite.rs"), read("Cargo.toml"));
        for entry in std::fs::read_dir(home.join("tests")).unwrap() {
            let path = entry.unwrap().path();
            let stem = path.file_stem().unwrap().to_str().unwrap();
            let is_named = suite.contains(&format!("mod {stem};"))
                || manifest.contains(&format!("name = \"{stem}\""));
            assert!(is_named || path.extension().is_none_or(|kind| kind != "rs"), "{path:?}");
        }
    }
}
