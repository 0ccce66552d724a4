//! `filedex demo` prints the pages of the endpoints' documents.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

use super::program::{page_text, run};

#[test]
fn the_documents_pages_come_out_of_the_index_field_for_field_and_key_for_key() {
    let demo = run(&["demo"]);
    assert_eq!(demo.status, 0, "{demo:?}");
    for name in ["im.files", "groups.files", "rooms.images", "user.files"] {
        let page = page_text(name);
        assert!(demo.out.contains(&page), "{name} is not printed as documented:\n{}", demo.out);
    }
}

#[test]
fn three_lookups_follow_with_what_they_cost() {
    let demo = run(&["demo"]);
    for line in ["3 of ", "query {", "sort {", "fields {", "access path", "time "] {
        let found = demo.lines().into_iter().filter(|printed| printed.starts_with(line));
        assert_eq!(found.count(), 3, "{line:?} in {}", demo.out);
    }
}
