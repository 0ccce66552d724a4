//! The bytes on disk are those that docs/format.md shows. A change here is a new format.

use data_encoding::HEXUPPER;
use filedex_query::ejson;
use filedex_query::{Limits, ValueRef};

use crate::checkpoint;
use crate::error::ErrorKind;
use crate::layout::{List, VERSION_KEY};
use crate::options::Options;
use crate::store::Store;
use crate::tree::{Changes, Tree};

/// What the example of docs/format.md holds.
const RECORDS: [&str; 2] = [
    r#"{"_id":"a1","rid":"GENERAL","userId":"u7","typeGroup":"image","uploadedAt":{"$date":"2018-03-08T15:36:09.913Z"},"size":9778}"#,
    r#"{"_id":"b2","rid":"GENERAL","size":1.5}"#,
];

/// The tree of a closed store with these records.
fn tree(home: &std::path::Path) -> Tree {
    let store = Store::open(home, &Options::default()).unwrap();
    for record in RECORDS {
        store.put(&ejson::read_document(record, &Limits::default()).unwrap()).unwrap();
    }
    store.close().unwrap();
    Tree::open(&home.join("tree"), 1 << 20).unwrap()
}

#[test]
fn the_example_of_the_format_is_what_is_written() {
    let home = tempfile::tempdir().unwrap();
    let tree = tree(&home.path().join("store"));
    let value = |key: &[u8]| HEXUPPER.encode(&tree.get(key).unwrap().unwrap());
    let (room, user) =
        (List::room(ValueRef::String("GENERAL")), List::user(ValueRef::String("u7")));
    assert_eq!(HEXUPPER.encode(room.bytes()), "035047454E4552414C0000");
    let manual = include_str!("../../../docs/format.md");
    let example = manual.split("## A store, byte by byte").nth(1).unwrap();
    let shown: String = example.split_whitespace().collect();
    for list in [&room, &user, &List::ids()] {
        let block = value(&list.block_key(&[]));
        assert!(
            shown.contains(&format!("`{block}`")),
            "{} is {block}",
            HEXUPPER.encode(list.bytes())
        );
        let counts = value(&list.counts_key());
        assert!(shown.contains(&format!("`{counts}`")), "counts are {counts}");
    }
    assert_eq!(checkpoint::generation(&tree).unwrap(), 2);
}

#[test]
fn a_tree_of_another_version_than_its_marker_says_is_refused() {
    for version in [&2u32.to_le_bytes()[..], &0u32.to_le_bytes(), b"1", b""] {
        let site = tempfile::tempdir().unwrap();
        let home = site.path().join("store");
        let tree = tree(&home);
        let mut changes = Changes::default();
        changes.insert(VERSION_KEY, version.to_vec().into());
        tree.apply(changes).unwrap();
        tree.sync().unwrap();
        drop(tree);
        let error = Store::open(&home, &Options::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Damaged);
        assert!(error.to_string().contains("version"), "{error}");
    }
}
