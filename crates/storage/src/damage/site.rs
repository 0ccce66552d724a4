//! A store to be damaged, and what must be there after a repair.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use filedex_query::{Date, Document, Environment, Filter, Plan, Projection, Sort, Value};

use crate::block::Block;
use crate::home::tree_of;
use crate::layout::ALL_ROOMS;
use crate::options::Options;
use crate::page::Window;
use crate::repair::Repair;
use crate::store::Store;
use crate::tree::{Bytes, Changes, Tree};
use crate::watch::Watch;

/// A closed store, and what it held.
pub(super) struct Site {
    directory: tempfile::TempDir,
    pub(super) records: BTreeMap<String, Document>,
}

pub(super) fn record(number: usize) -> Document {
    let mut record = Document::new().with("_id", format!("f{number:03}"));
    match number % 11 {
        0 => record.push("rid", Value::Array(vec!["A".into(), "B".into()])),
        _ => record.push("rid", ["A", "B", "C"][number % 3]),
    }
    if !number.is_multiple_of(7) {
        record.push("userId", ["u", "v"][number % 2]);
    }
    let long = if number.is_multiple_of(13) { 9000 } else { number };
    record
        .with("uploadedAt", Date(number as i64 * 37 % 1000))
        .with("typeGroup", ["image", "video"][number % 2])
        .with("name", "x".repeat(long))
}

impl Site {
    /// A store of some blocks of each kind.
    pub(super) fn new() -> Site {
        let site = Site {
            directory: tempfile::tempdir().unwrap(),
            records: (0..200).map(named).collect(),
        };
        let store = site.open();
        store.put_many(site.records.values().cloned()).unwrap();
        store.close().unwrap();
        site
    }

    /// The same, with its last records in the log only.
    pub(super) fn killed() -> Site {
        let mut site = Site::new();
        let store = site.open();
        for (id, record) in (200..240).map(named) {
            store.put(&record).unwrap();
            store.flush().unwrap();
            site.records.insert(id, record);
        }
        assert!(store.remove("f007").unwrap());
        site.records.remove("f007");
        store.flush().unwrap();
        // What lies there now is what a kill would leave.
        let left = tempfile::tempdir().unwrap();
        copy(&site.path(), &left.path().join("store"));
        drop(store);
        Site { directory: left, records: site.records }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.directory.path().join("store")
    }

    pub(super) fn open(&self) -> Store {
        Store::open(self.path(), &Options::default()).unwrap()
    }

    /// Changes the tree behind the store's back.
    pub(super) fn change(&self, change: impl FnOnce(&Tree) -> Changes) {
        let tree = Tree::open(&tree_of(&self.path()), 1 << 20).unwrap();
        tree.apply(change(&tree)).unwrap();
        tree.sync().unwrap();
        tree.close().unwrap();
    }

    pub(super) fn repair(&self) -> Repair {
        Store::repair(self.path(), &Options::default(), &mut |_, _| ()).unwrap()
    }

    /// Repairs the store; it is whole then, and holds every record but these.
    pub(super) fn loses(&self, lost: &[String]) -> Repair {
        let repair = self.repair();
        let left: Vec<&Document> = self.records.values().collect();
        let left: Vec<&Document> = left
            .into_iter()
            .filter(|record| !lost.iter().any(|id| record.get_str("_id") == Some(id)))
            .collect();
        assert_eq!(repair.records, left.len() as u64, "{repair:?}");
        let store = self.open();
        let report = store.verify(&mut |_, _| ()).unwrap();
        assert!(report.is_clean(), "{report:?}");
        for record in &left {
            let id = record.get_str("_id").unwrap();
            assert_eq!(store.get(id).unwrap().as_ref(), Some(*record));
        }
        for room in ["A", "B", "C"] {
            assert_eq!(total(&store, room), total_of(&left, room));
        }
        store.put(&Document::new().with("_id", "another")).unwrap();
        store.close().unwrap();
        repair
    }

    /// The lines of the file that a repair kept.
    pub(super) fn side_file(&self, repair: &Repair) -> Vec<serde_json::Value> {
        let text = fs::read_to_string(repair.side_file.as_ref().unwrap()).unwrap();
        let lines: Vec<_> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len() as u64, repair.lost);
        lines
    }
}

pub(super) fn named(number: usize) -> (String, Document) {
    (format!("f{number:03}"), record(number))
}

pub(super) fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}

pub(super) fn total(store: &Store, room: &str) -> u64 {
    let environment = Environment::default();
    let filter = Filter::parse(&Document::new().with("rid", room), &environment).unwrap();
    let plan = Plan::compile(filter, Projection::everything(), Sort::none(), &environment).unwrap();
    store.page(&plan, Window::all(), &Watch::default()).unwrap().total
}

pub(super) fn total_of(records: &[&Document], room: &str) -> u64 {
    let is_in = |record: &&&Document| match record.get("rid") {
        Some(Value::String(rid)) => rid == room,
        Some(Value::Array(rooms)) => rooms.contains(&room.into()),
        _ => false,
    };
    records.iter().filter(is_in).count() as u64
}

/// The keys and values that begin with the prefix.
pub(super) fn all(tree: &Tree, prefix: &[u8]) -> Vec<(Bytes, Bytes)> {
    let end = crate::layout::after_prefix(prefix).unwrap();
    let range =
        tree.range(std::ops::Bound::Included(prefix.to_vec()), std::ops::Bound::Excluded(end));
    range.map(Result::unwrap).collect()
}

/// Flips a bit in the value in the middle of those.
pub(super) fn flip_one(tree: &Tree, prefix: &[u8]) -> Changes {
    let values = all(tree, prefix);
    let (key, value) = &values[values.len() / 2];
    let mut bytes = value.to_vec();
    let at = bytes.len() / 2;
    bytes[at] ^= 4;
    let mut changes = Changes::default();
    changes.insert(key, bytes.into());
    changes
}

pub(super) fn remove_one(tree: &Tree, prefix: &[u8]) -> Changes {
    let values = all(tree, prefix);
    let mut changes = Changes::default();
    changes.remove(&values[values.len() / 2].0);
    changes
}

/// The ids of the records that lie in the block in the middle of the rooms' blocks.
pub(super) fn ids_in_the_middle(tree: &Tree) -> Vec<String> {
    let blocks = all(tree, ALL_ROOMS);
    let block = Block::open(blocks[blocks.len() / 2].1.clone()).unwrap();
    let ids = block.read().entries().map(|entry| {
        let body =
            crate::record::assemble(crate::record::Body::read(entry.payload).unwrap(), |key| {
                tree.get(key)
            });
        let body = body.unwrap();
        crate::record::document(&body).to_document().get_str("_id").unwrap().to_owned()
    });
    ids.collect()
}
