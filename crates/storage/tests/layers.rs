//! The folders of the sources stand on floors: each uses only what lies below it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "tests"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The floors, the lowest first. What stands on one floor knows nothing of its neighbours.
const FLOORS: &[&[&str]] = &[
    &["error", "options", "sync"],
    &["disk", "format"],
    &["columns"],
    &["cache", "log", "memtable", "blocks"],
    &["index"],
    &["snapshot"],
    &["read", "write"],
    &["store"],
    &["maintenance"],
];

fn floor_of(module: &str) -> usize {
    let floor = FLOORS.iter().position(|floor| floor.contains(&module));
    floor.unwrap_or_else(|| panic!("`{module}` stands on no floor"))
}

/// The module of each source file at the top of the crate, and its text.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = Vec::new();
    for entry in fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        let module = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            for file in fs::read_dir(&path).unwrap() {
                collect(&module, &file.unwrap().path(), &mut sources);
            }
        } else if module != "lib" {
            sources.push((module, fs::read_to_string(&path).unwrap()));
        }
    }
    sources
}

fn collect(module: &str, path: &Path, sources: &mut Vec<(String, String)>) {
    if path.is_dir() {
        fs::read_dir(path)
            .unwrap()
            .for_each(|file| collect(module, &file.unwrap().path(), sources));
    } else {
        sources.push((module.to_owned(), fs::read_to_string(path).unwrap()));
    }
}

/// The modules that a file names behind `crate::`, comments left aside, and what its lists in braces name.
fn used(text: &str) -> BTreeSet<String> {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let code: String = lines.collect::<Vec<_>>().join("\n");
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let mut used = BTreeSet::new();
    for (at, found) in code.match_indices("crate::") {
        let behind = &code[at + found.len()..];
        let list = behind.strip_prefix('{').and_then(|list| list.split_once("};"));
        let names = list.map_or(vec![behind], |(list, _)| top_level(list));
        for name in names {
            let name: String = name.trim().chars().take_while(|letter| is_name(*letter)).collect();
            used.insert(name);
        }
    }
    used
}

/// The parts of a list in braces, those of lists within it left aside.
fn top_level(list: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0, 0, Vec::new());
    for (at, letter) in list.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&list[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&list[start..]);
    parts.retain(|part| !part.trim().is_empty());
    parts
}

#[test]
fn folders_use_only_what_lies_below_them() {
    let mut arrows = BTreeSet::new();
    for (module, text) in sources() {
        for target in used(&text).into_iter().filter(|target| *target != module) {
            if floor_of(&target) >= floor_of(&module) {
                arrows.insert(format!("{module} -> {target}"));
            }
        }
    }
    assert!(arrows.is_empty(), "upwards or sideways: {arrows:?}");
}

#[test]
fn every_folder_stands_on_a_floor_and_every_floor_has_its_folders() {
    let there: BTreeSet<String> = sources().into_iter().map(|(module, _)| module).collect();
    let planned: BTreeSet<String> = FLOORS.concat().into_iter().map(str::to_owned).collect();
    assert_eq!(there, planned);
}

#[test]
fn sled_is_named_in_the_index_alone() {
    for (module, text) in sources() {
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        let names = code.filter(|line| line.contains("sled::")).count();
        assert!(names == 0 || module == "index", "{module}");
    }
}

#[test]
fn names_behind_crate_are_read_wherever_they_stand() {
    let text =
        "use crate::{a::B, c::{d, e}};\n// crate::comment\nfn f() -> crate::g::H { crate::i::j() }";
    let found: Vec<String> = used(text).into_iter().collect();
    assert_eq!(found, ["a", "c", "g", "i"]);
}
