//! The documentation as a whole: operators are found by search, and examples name one crate.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn sources(crates: &[&str]) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    for package in crates {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(package).join("src");
        let mut folders = vec![root];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => folders.push(path),
                    false => files.push((path.clone(), std::fs::read_to_string(path).unwrap())),
                }
            }
        }
    }
    files
}

#[test]
fn every_operator_of_the_guide_is_found_by_a_search_of_the_documentation() {
    let guide = include_str!("../docs/query.md");
    let language = include_str!("../src/language.rs");
    let rows = guide.lines().filter(|line| line.starts_with("| "));
    let firsts = rows.filter_map(|row| row.split('|').nth(1));
    let operators: BTreeSet<&str> = firsts
        .flat_map(|cell| cell.split('`'))
        .filter_map(|code| code.strip_prefix('$').map(|_| code))
        .filter(|code| code.bytes().skip(1).all(|byte| byte.is_ascii_alphabetic()))
        .filter(|code| code.len() > 1)
        .collect();
    assert!(operators.len() > 180, "{}", operators.len());
    let missing: Vec<_> =
        operators.iter().filter(|name| !language.contains(&format!("\"{name}\""))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn no_example_shows_another_crate_than_the_one_that_hosts_link() {
    let mut shown = Vec::new();
    for (path, text) in sources(&["query", "storage", "api"]) {
        let mut within = false;
        for (number, line) in text.lines().enumerate() {
            let line = line.trim_start();
            let Some(doc) = line.strip_prefix("///").or_else(|| line.strip_prefix("//!")) else {
                within = false;
                continue;
            };
            let doc = doc.trim_start();
            if doc.starts_with("```") {
                within = !within;
            }
            let named = ["filedex_query", "filedex_storage"].iter().any(|name| doc.contains(name));
            if within && named && !doc.starts_with("# ") {
                shown.push(format!("{}:{}: {doc}", path.display(), number + 1));
            }
        }
    }
    assert!(shown.is_empty(), "{}", shown.join("\n"));
}
