//! The pages: what they link to is there.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

use std::fs;
use std::path::{Path, PathBuf};

/// The pages at the top and in docs/.
fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let in_directory =
        |directory: PathBuf| fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let all = [root.clone(), root.join("docs"), root.join("docs/decisions")];
    let pages = all.into_iter().flat_map(in_directory);
    pages.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect()
}

/// The targets of a page's links, without what stands behind `#`.
fn links(text: &str) -> Vec<&str> {
    let behind = text.split("](").skip(1);
    behind
        .filter_map(|rest| rest.split([')', '#']).next())
        .filter(|link| !link.is_empty())
        .collect()
}

#[test]
fn every_link_of_the_pages_leads_somewhere() {
    let mut followed = 0;
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        for link in links(&text) {
            let is_elsewhere = link.contains("://");
            let target = page.parent().unwrap().join(link);
            assert!(is_elsewhere || target.exists(), "{}: {link}", page.display());
            followed += usize::from(!is_elsewhere);
        }
    }
    assert!(followed > 20, "{followed}");
}

#[test]
fn the_front_fits_on_a_screen_and_a_half_and_names_the_two_commands() {
    let front = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let front = fs::read_to_string(front).unwrap();
    assert!(front.lines().count() <= 100, "{}", front.lines().count());
    assert!(front.contains("cargo run --release -- demo\ncargo test --workspace\n"));
}
