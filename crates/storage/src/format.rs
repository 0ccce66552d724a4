//! The bytes on disk are those that docs/format.md shows. A change here is a new format.

use data_encoding::HEXUPPER;
use filedex_query::ejson;
use filedex_query::{Limits, ValueRef};

use crate::checkpoint;
use crate::layout::List;
use crate::options::Options;
use crate::store::Store;
use crate::tree::Tree;

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
