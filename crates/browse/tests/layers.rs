//! The folders stand on floors: each uses what lies below it, and only the door knows HTTP.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};

/// The lowest first.
const FLOORS: [&str; 4] = ["figure", "ask", "show", "door"];

fn sources(at: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(at).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { sources(&path, found) } else { found.push(path) }
    }
}

#[test]
fn no_arrow_goes_upwards() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut seen = 0;
    for file in files {
        let name = file.strip_prefix(&root).unwrap().to_str().unwrap().replace(".rs", "");
        let Some(floor) = FLOORS.iter().position(|floor| name.split('/').next() == Some(floor))
        else {
            continue;
        };
        let text = fs::read_to_string(&file).unwrap();
        seen += 1;
        for above in FLOORS.iter().skip(floor + 1) {
            assert!(!text.contains(&format!("crate::{above}")), "{name} uses {above}");
        }
        if floor < FLOORS.len() - 1 {
            for web in ["axum", "use http", "StatusCode", "tokio"] {
                assert!(!text.contains(web), "{name} knows {web}");
            }
        }
    }
    assert!(seen > 25, "{seen}");
}
