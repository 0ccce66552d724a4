//! What the public interface names, as the compiler's own description of it says: no crate that could be
//! exchanged, and nothing that a host of `filedex` alone could not name.
//!
//! The description is rustdoc's JSON, which takes a switch of the compiler: rustdoc alone gets it, so that nothing is
//! built anew for it.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

/// Crates whose types may stand in a signature: Rust's own, ours, and the two whose traits and types hosts
/// meet everywhere.
const ALLOWED: [&str; 9] = [
    "std",
    "core",
    "alloc",
    "filedex",
    "filedex_query",
    "filedex_storage",
    "serde",
    "serde_core",
    "http",
];

/// By feature: `serde_json::Value` is a record and a query, its error says where a directory's file is at fault,
/// jiff's moments are dates.
const BY_NAME: [&str; 4] = [
    "serde_json::value::Value",
    "serde_json::error::Error",
    "jiff::timestamp::Timestamp",
    "jiff::zoned::Zoned",
];

/// Names of external types in the signatures of that package, each with an item that has it.
fn named(package: &str) -> BTreeMap<String, String> {
    let description = description(package);
    let (index, paths) = (&description["index"], &description["paths"]);
    let crates = &description["external_crates"];
    let mut found = BTreeMap::new();
    let items = || index.as_object().unwrap().values();
    // What every type gets by itself is nobody's choice.
    let by_itself: Vec<&Value> = items().filter(|item| is_by_itself(item)).collect();
    let methods = by_itself.iter().filter_map(|item| item["inner"]["impl"]["items"].as_array());
    let methods: BTreeSet<u64> = methods.flatten().filter_map(Value::as_u64).collect();
    for item in items() {
        let inner = &item["inner"];
        if is_by_itself(item) || item["id"].as_u64().is_some_and(|id| methods.contains(&id)) {
            continue;
        }
        let item = item["name"].as_str().unwrap_or("an implementation").to_owned();
        for id in ids(inner) {
            let Some(path) = paths.get(id.to_string()) else { continue };
            let path_text = path["path"].as_array().unwrap().iter();
            let path_text: Vec<&str> = path_text.map(|part| part.as_str().unwrap()).collect();
            let owner = match path["crate_id"].as_u64().unwrap() {
                0 => package.replace('-', "_"),
                number => crates[number.to_string()]["name"].as_str().unwrap().to_owned(),
            };
            found.insert(format!("{owner} {}", path_text.join("::")), item.clone());
        }
    }
    found
}

/// Whether it is an implementation for all types, or one that the compiler makes.
fn is_by_itself(item: &Value) -> bool {
    let implementation = &item["inner"]["impl"];
    implementation["is_synthetic"] == true || !implementation["blanket_impl"].is_null()
}

/// The ids of all paths within a signature.
fn ids(value: &Value) -> BTreeSet<u64> {
    let mut ids = BTreeSet::new();
    match value {
        Value::Object(fields) => {
            if let (Some(id), true) =
                (fields.get("id").and_then(Value::as_u64), fields.contains_key("path"))
            {
                ids.insert(id);
            }
            for (name, value) in fields {
                // Documentation may link to anything.
                if name != "links" {
                    ids.extend(self::ids(value));
                }
            }
        }
        Value::Array(members) => members.iter().for_each(|member| ids.extend(self::ids(member))),
        _ => {}
    }
    ids
}

fn description(package: &str) -> Value {
    let workspace = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let (site, target) = (tempfile::tempdir().unwrap(), target());
    let rustdoc = site.path().join("rustdoc");
    std::fs::write(&rustdoc, "#!/bin/sh\nRUSTC_BOOTSTRAP=1 exec rustdoc \"$@\"\n").unwrap();
    std::fs::set_permissions(&rustdoc, PermissionsExt::from_mode(0o755)).unwrap();
    let output = Command::new(env!("CARGO"))
        .current_dir(&workspace)
        .args(["rustdoc", "--quiet", "--all-features", "--lib", "-p", package, "--"])
        .args(["-Z", "unstable-options", "--output-format", "json", "--cap-lints", "allow"])
        .env("RUSTDOC", &rustdoc)
        .env("CARGO_TARGET_DIR", &target)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let file = format!("doc/{}.json", package.replace('-', "_"));
    serde_json::from_slice(&std::fs::read(target.join(file)).unwrap()).unwrap()
}

/// Where this was built, and where there is most of what the compiler has to know: DIRECTORY/debug/deps/TEST.
fn target() -> PathBuf {
    std::env::current_exe().unwrap().ancestors().nth(3).unwrap().to_owned()
}

#[test]
#[ignore = "has the compiler describe the crates, which takes minutes; .ci/run asks for it"]
fn no_signature_names_a_crate_that_could_be_exchanged() {
    for package in ["filedex-query", "filedex-storage", "filedex"] {
        let named = named(package);
        assert!(named.len() > 20, "{package}: {named:?}");
        for (name, item) in named {
            let (owner, path) = name.split_once(' ').unwrap();
            let allowed = ALLOWED.contains(&owner) || BY_NAME.contains(&path);
            assert!(allowed, "{package}: `{item}` names {path} of {owner}");
        }
    }
}
