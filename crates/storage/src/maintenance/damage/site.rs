//! A store to be damaged, and what must be there after a repair.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use filedex_query::{Date, Document, Environment, Filter, Plan, Projection, Sort, Value};

use crate::blocks::{BlockWriter, FileUse};
use crate::disk::Directory;
use crate::disk::names::Numbered;
use crate::format::lists::ALL_ROOMS;
use crate::format::record::document;
use crate::format::{Block, BlockBuilder, Chunk, ChunkBuilder, Entry, List, Place, Record};
use crate::index::{Edit, Manifest};
use crate::maintenance::Repair;
use crate::options::Options;
use crate::read::{Watch, Window};
use crate::store::Store;

/// A closed store, and what it held.
pub(super) struct Site {
    directory: tempfile::TempDir,
    pub(super) records: BTreeMap<String, Document>,
}

/// A block, by what lists it.
pub(super) struct Listed {
    pub(super) list: Vec<u8>,
    pub(super) place: Place,
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
    // Texts of which little can be left out.
    let long = if number.is_multiple_of(13) { 9000 } else { 20 * number };
    let digits: String =
        (number..).map(|number| (number * number).to_string()).take(long / 4).collect();
    record
        .with("uploadedAt", Date(number as i64 * 37 % 1000))
        .with("typeGroup", ["image", "video"][number % 2])
        .with("name", digits)
}

pub(super) fn named(number: usize) -> (String, Document) {
    (format!("f{number:03}"), record(number))
}

impl Site {
    /// A store of some blocks of each kind, which has seen two checkpoints.
    pub(super) fn new() -> Site {
        let site = Site {
            directory: tempfile::tempdir().unwrap(),
            records: (0..200).map(named).collect(),
        };
        let store = site.open();
        store.put_many((0..200).map(|number| record(number).with("age", "old"))).unwrap();
        store.put_many((900..950).map(record)).unwrap();
        store.close().unwrap();
        let store = site.open();
        store.put_many(site.records.values().cloned()).unwrap();
        store.remove_many((900..950).map(|number| named(number).0)).unwrap();
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

    pub(super) fn directory(&self) -> Arc<Directory> {
        Arc::new(Directory::open(&self.path()).unwrap())
    }

    pub(super) fn open(&self) -> Store {
        Store::open(self.path(), &Options::default()).unwrap()
    }

    /// The paths of all files of that kind, the first first.
    pub(super) fn files(&self, kind: Numbered) -> Vec<PathBuf> {
        let numbers = self.directory().numbers(kind).unwrap();
        numbers.into_iter().map(|number| self.path().join(kind.name(number))).collect()
    }

    /// The chunks that the manifest says.
    pub(super) fn chunks(&self) -> BTreeMap<Vec<u8>, Chunk> {
        let (manifest, _) = Manifest::open(&self.directory()).unwrap();
        let mut chunks = BTreeMap::new();
        let replayed = manifest.replay(None, &mut |changes, _, _| {
            for (key, chunk) in changes {
                match chunk {
                    Some(chunk) => {
                        drop(chunks.insert(key.to_vec(), Chunk::open((*chunk).into()).unwrap()))
                    }
                    None => drop(chunks.remove(*key)),
                }
            }
            Ok(())
        });
        replayed.unwrap();
        chunks
    }

    /// The blocks of the lists with that prefix.
    pub(super) fn blocks(&self, prefix: &[u8]) -> Vec<Listed> {
        let mut blocks = Vec::new();
        for (key, chunk) in self.chunks() {
            let list = key[..chunk.list_length()].to_vec();
            if list.starts_with(prefix) {
                let places = chunk.items().map(|item| item.place);
                blocks.extend(places.map(|place| Listed { list: list.clone(), place }));
            }
        }
        blocks
    }

    /// The block in the middle of those.
    pub(super) fn middle(&self, prefix: &[u8]) -> Listed {
        let mut blocks = self.blocks(prefix);
        blocks.swap_remove(blocks.len() / 2)
    }

    pub(super) fn read(&self, listed: &Listed) -> Block {
        let path = self.path().join(Numbered::Blocks.name(listed.place.file));
        let (start, length) = (listed.place.offset as usize, listed.place.length as usize);
        Block::open(&fs::read(path).unwrap()[start..start + length]).unwrap()
    }

    /// Does something to the bytes of a block.
    pub(super) fn damage(&self, listed: &Listed, damage: impl FnOnce(&mut [u8])) {
        let path = self.path().join(Numbered::Blocks.name(listed.place.file));
        let mut bytes = fs::read(&path).unwrap();
        let (start, length) = (listed.place.offset as usize, listed.place.length as usize);
        damage(&mut bytes[start..start + length]);
        fs::write(path, bytes).unwrap();
    }

    /// Lists a block more, behind the store's back: a list of its own, of one record.
    pub(super) fn list_one_more(&self, list: &List, stale: &Document) {
        let directory = self.directory();
        let (mut manifest, _) = Manifest::open(&directory).unwrap();
        let mut commit = manifest.commit().clone();
        let stale = Record::new(stale, 100).unwrap();
        let (standing, mut builder) = (&stale.standing, BlockBuilder::default());
        let (class, size) = (standing.class, standing.size);
        builder.push(&Entry { key: &standing.order, class, size, payload: &stale.body });
        let mut writer = BlockWriter::create(&directory, commit.next_file, &[].into()).unwrap();
        let (place, tally) = writer.block(list.bytes(), &mut builder).unwrap();
        let file = BlockWriter::finish(vec![writer]).unwrap().remove(0);
        let mut chunk = ChunkBuilder::default();
        chunk.push(&[], place, &tally);
        let mut edit = Edit::default();
        edit.set(list.bytes(), None, chunk.finish(list.bytes().len(), Some((&tally, 1))));
        let live = u64::from(place.length);
        let usage = FileUse { length: file.length(), live, freed: None };
        commit.usage.insert(file.number(), usage);
        commit.number += 1;
        commit.next_file += 1;
        manifest.append(&edit, &commit).unwrap();
    }

    pub(super) fn repair(&self) -> Repair {
        Store::repair(self.path(), &Options::default(), &mut |_, _| ()).unwrap()
    }

    /// Repairs the store; it is whole then, and holds every record but these.
    pub(super) fn loses(&self, lost: &[String]) -> Repair {
        let repair = self.repair();
        let left = self.records.values();
        let left: Vec<&Document> = left
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

    /// The ids of the records in a block of a room.
    pub(super) fn ids_in(&self, listed: &Listed) -> Vec<String> {
        assert!(listed.list.starts_with(ALL_ROOMS));
        let block = self.read(listed);
        let ids = block.all().map(|(_, entry)| {
            document(entry.payload).to_document().get_str("_id").unwrap().to_owned()
        });
        ids.collect()
    }
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

fn total(store: &Store, room: &str) -> u64 {
    let environment = Environment::default();
    let filter = Filter::parse(&Document::new().with("rid", room), &environment).unwrap();
    let plan = Plan::compile(filter, Projection::everything(), Sort::none(), &environment).unwrap();
    store.page(&plan, Window::all(), &Watch::default()).unwrap().total
}

fn total_of(records: &[&Document], room: &str) -> u64 {
    let is_in = |record: &&&Document| match record.get("rid") {
        Some(Value::String(rid)) => rid == room,
        Some(Value::Array(rooms)) => rooms.contains(&room.into()),
        _ => false,
    };
    records.iter().filter(is_in).count() as u64
}
