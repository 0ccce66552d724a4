//! The tests of the crate `filedex`, with every temporary index standing on a server.
//!
//! They are taken as they are; where an index is made, it is made over the server, and tests of what a
//! server does otherwise carry the reason why they are left out.

use std::fs;
use std::path::{Path, PathBuf};

/// The files, all but those about one machine's own: its directory, its threads, its columns.
const FILES: [&str; 16] = [
    "blind",
    "calls",
    "changes",
    "differences",
    "door",
    "files",
    "hostile",
    "images",
    "limits",
    "lookups",
    "openapi",
    "policy",
    "record",
    "scope",
    "seeds",
    "user_files",
];

/// What they share.
const SHARED: [&str; 4] = ["bare", "blindness", "schema", "world"];

include!("exceptions.rs");

fn main() {
    let from = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("../../api");
    let from = from.canonicalize().unwrap();
    let to = PathBuf::from(std::env::var("OUT_DIR").unwrap()).join("suite");
    let _ = fs::remove_dir_all(&to);
    println!("cargo::rerun-if-changed={}", from.join("tests").display());
    println!("cargo::rerun-if-changed=exceptions.rs");
    println!("cargo::rerun-if-changed=build.rs");
    let mut used = Vec::new();
    copy(&from.join("tests"), &to, &from, &mut used);
    let unused: Vec<_> = EXCEPTIONS.iter().filter(|(name, _)| !used.contains(name)).collect();
    assert!(unused.is_empty(), "exceptions of no test: {unused:?}");
    let modules = FILES.iter().chain(&SHARED).map(|name| {
        let path = to.join(name).with_extension("rs");
        let path = if path.exists() { path } else { to.join(name).join("mod.rs") };
        format!("#[path = {path:?}]\nmod {name};\n")
    });
    fs::write(to.with_extension("rs"), modules.collect::<String>()).unwrap();
}

fn copy(from: &Path, to: &Path, api: &Path, used: &mut Vec<&'static str>) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        match path.is_dir() {
            true => copy(&path, &target, api, used),
            false => fs::write(target, over_server(&fs::read_to_string(&path).unwrap(), api, used))
                .unwrap(),
        }
    }
}

fn over_server(text: &str, api: &Path, used: &mut Vec<&'static str>) -> String {
    let mut text = text
        .replace("Filedex::temporary()", "::filedex_mongo_suite::index(&Filedex::options())")
        .replace("env!(\"CARGO_MANIFEST_DIR\")", &format!("{:?}", api.to_str().unwrap()))
        .replace("include_str!(\"../../../", &format!("include_str!(\"{}/../../", api.display()))
        .replace("use proptest::prelude::*;", "use proptest::prelude::*;\n#[allow(unused_imports)]\nuse ::filedex_mongo_suite::OverServer as _;")
        .replace(".temporary()", ".over_server()");
    if text.contains(".over_server()") && !text.contains("OverServer as _") {
        text = text.replacen(
            "use filedex::",
            "use ::filedex_mongo_suite::OverServer as _;\nuse filedex::",
            1,
        );
    }
    for (name, reason) in EXCEPTIONS {
        // Those of laws stand in a macro, further to the right.
        for margin in ["", "    "] {
            let head = format!("#[test]\n{margin}fn {name}(");
            if text.contains(&head) {
                used.push(name);
                let ignored = format!("#[test]\n#[ignore = {reason:?}]\n{margin}fn {name}(");
                text = text.replace(&head, &ignored);
            }
        }
    }
    text
}
