//! Documents in BSON: what is written reads back the same, and no bytes do any harm.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use super::strategies;

use filedex_query::{Document, Value, bson};
use proptest::prelude::*;

proptest! {
    #[test]
    fn what_is_written_as_bson_reads_back_the_same(document in strategies::document()) {
        let mut bytes = Vec::new();
        bson::write_document(&document, &mut bytes).unwrap();
        prop_assert_eq!(bson::read_document(&bytes, 100).unwrap(), document);
    }

    #[test]
    fn no_bytes_do_any_harm(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = bson::read_document(&bytes, 100);
    }

    #[test]
    fn a_document_that_is_cut_or_changed_is_refused_or_read(
        document in strategies::document(),
        at in any::<proptest::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut bytes = Vec::new();
        bson::write_document(&document, &mut bytes).unwrap();
        let at = at.index(bytes.len());
        prop_assert!(bson::read_document(&bytes[..at], 100).is_err());
        bytes[at] = byte;
        let _ = bson::read_document(&bytes, 100);
    }
}

#[test]
fn what_bson_cannot_say_is_refused() {
    let mut bytes = Vec::new();
    let zero = Document::new().with("a\0b", 1);
    assert!(bson::write_document(&zero, &mut bytes).is_err());
    let mut deep = Document::new();
    for _ in 0..10 {
        deep = Document::new().with("a", Value::Document(deep));
    }
    bytes.clear();
    bson::write_document(&deep, &mut bytes).unwrap();
    assert!(bson::read_document(&bytes, 10).is_err());
    assert!(bson::read_document(&bytes, 11).is_ok());
}
