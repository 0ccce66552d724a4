//! Plain sled by hand: records as JSON text by `_id`, a tree with an empty value per entry for each
//! kind of list, kept totals. Or clustered: the JSON text in the room list itself, and no more.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::File;
use std::path::Path;

use serde::Deserialize;
use sled::transaction::{
    ConflictableTransactionError, TransactionError, Transactional, TransactionalTree,
};
use sled::{Batch, Db, IVec, Tree};

use crate::data::Record;
use crate::error::{Error, Result};
use crate::newest::Newest;
use crate::page::{COUNT, PageText};
use crate::peer::{Peer, Setting};
use crate::question::{EXTENSION, LARGER_THAN, Question, TYPE_GROUP, WIDTH, fits_name};

/// An open database with its trees.
pub(crate) struct Sled {
    layout: Layout,
    /// By `_id`; empty where clustered.
    records: Tree,
    rooms: Tree,
    room_types: Tree,
    users: Tree,
    /// By the prefix of a list.
    totals: Tree,
    database: Db,
    /// `flush` of sled asks the system for no real sync: this file is synced by hand.
    log: File,
}

/// Where the JSON text of a record lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// In a tree of its own.
    Plain,
    /// In the room's list, the only list.
    Clustered,
}

/// The fields that filters and sorts ask for.
#[derive(Deserialize)]
struct Asked<'a> {
    #[serde(borrow, rename = "_id")]
    id: Cow<'a, str>,
    #[serde(borrow)]
    name: Cow<'a, str>,
    size: i64,
    #[serde(borrow)]
    extension: Cow<'a, str>,
    /// Texts of one form: their order is that of the times.
    #[serde(borrow, rename = "uploadedAt")]
    uploaded: Cow<'a, str>,
    identify: Option<Identify>,
}

#[derive(Deserialize)]
struct Identify {
    size: Pixels,
}

#[derive(Deserialize)]
struct Pixels {
    width: i64,
}

impl Sled {
    pub(crate) fn open(directory: &Path, setting: Setting, layout: Layout) -> Result<Sled> {
        let mut config = sled::Config::new().path(directory);
        if let Some(bytes) = setting.cache {
            config = config.cache_capacity(bytes.into());
        }
        let database = config.open()?;
        Ok(Sled {
            layout,
            records: database.open_tree("records")?,
            rooms: database.open_tree("rooms")?,
            room_types: database.open_tree("room types")?,
            users: database.open_tree("users")?,
            totals: database.open_tree("totals")?,
            database,
            log: File::open(directory.join("db"))?,
        })
    }

    /// The lists that a record stands in: tree, prefix.
    fn lists(&self, record: &Record) -> Vec<(&Tree, Vec<u8>)> {
        let room = (&self.rooms, prefix(&[&record.room]));
        if self.layout == Layout::Clustered {
            return vec![room];
        }
        let room_type = prefix(&[&record.room, &record.type_group]);
        vec![room, (&self.room_types, room_type), (&self.users, prefix(&[&record.user]))]
    }

    /// What a list's entry holds.
    fn entry_value<'a>(&self, record: &'a Record) -> &'a [u8] {
        if self.layout == Layout::Clustered { record.json.as_bytes() } else { &[] }
    }

    fn window(&self, tree: &Tree, prefix: &[u8], offset: u64) -> Result<Vec<u8>> {
        let mut page = PageText::new();
        for entry in tree.scan_prefix(prefix).skip(usize::try_from(offset)?).take(COUNT) {
            let (key, value) = entry?;
            page.add(&self.text(&key, value, prefix)?);
        }
        page.finish(offset, self.total(prefix)?)
    }

    fn named(&self, room: &str) -> Result<Vec<u8>> {
        let prefix = prefix(&[room]);
        let mut found = Vec::new();
        for entry in self.rooms.scan_prefix(&prefix) {
            let (key, value) = entry?;
            let text = self.text(&key, value, &prefix)?;
            let asked: Asked<'_> = serde_json::from_slice(&text)?;
            if asked.size > LARGER_THAN && fits_name(asked.name.as_bytes()) {
                found.push((asked.name.into_owned(), asked.id.into_owned(), text.clone()));
            }
        }
        found.sort_unstable();
        let mut page = PageText::new();
        found.iter().take(COUNT).for_each(|(_, _, text)| page.add(text));
        page.finish(0, found.len() as u64)
    }

    fn wide(&self) -> Result<Vec<u8>> {
        let mut newest = Newest::new();
        let mut total = 0;
        for entry in &self.records {
            let (_, text) = entry?;
            let asked: Asked<'_> = serde_json::from_slice(&text)?;
            let width = asked.identify.as_ref().map(|identify| identify.size.width);
            if asked.extension == EXTENSION && width >= Some(WIDTH) {
                total += 1;
                newest.push((asked.uploaded.into_owned(), asked.id.into_owned(), text.clone()));
            }
        }
        let mut page = PageText::new();
        newest.into_sorted().for_each(|(_, _, text)| page.add(&text));
        page.finish(0, total)
    }

    /// The JSON text behind a list's entry.
    fn text(&self, key: &[u8], value: IVec, prefix: &[u8]) -> Result<IVec> {
        if self.layout == Layout::Clustered {
            return Ok(value);
        }
        let inverted = key.get(prefix.len() + size_of::<u64>()..).unwrap_or_default();
        let id: Vec<u8> = inverted.iter().map(|byte| !byte).collect();
        self.records.get(id)?.ok_or_else(|| Error::from("a list names a record that is not there"))
    }

    fn total(&self, prefix: &[u8]) -> Result<u64> {
        Ok(self.totals.get(prefix)?.map_or(0, |value| count(&value)))
    }
}

impl Peer for Sled {
    fn load(&mut self, records: &mut [Record]) -> Result<()> {
        let mut texts = Batch::default();
        let mut entries: HashMap<IVec, (&Tree, Batch)> = HashMap::new();
        let mut totals: HashMap<Vec<u8>, u64> = HashMap::new();
        for record in records.iter() {
            if self.layout == Layout::Plain {
                texts.insert(record.id.as_bytes(), record.json.as_bytes());
            }
            for (tree, prefix) in self.lists(record) {
                let (_, batch) = entries.entry(tree.name()).or_insert((tree, Batch::default()));
                batch.insert(entry(&prefix, record), self.entry_value(record));
                *totals.entry(prefix).or_default() += 1;
            }
        }
        self.records.apply_batch(texts)?;
        for (tree, batch) in entries.into_values() {
            tree.apply_batch(batch)?;
        }
        let mut counted = Batch::default();
        for (prefix, added) in totals {
            counted.insert(prefix.as_slice(), &(self.total(&prefix)? + added).to_be_bytes());
        }
        Ok(self.totals.apply_batch(counted)?)
    }

    fn flush(&mut self) -> Result<()> {
        self.database.flush()?;
        Ok(())
    }

    fn answer(&mut self, question: &Question) -> Result<Option<Vec<u8>>> {
        let offset = question.offset();
        match (question, self.layout) {
            (Question::Room { room, .. }, _) => {
                self.window(&self.rooms, &prefix(&[room]), offset).map(Some)
            }
            (Question::Named { room }, _) => self.named(room).map(Some),
            (_, Layout::Clustered) => Ok(None),
            (Question::RoomType { room }, _) => {
                self.window(&self.room_types, &prefix(&[room, TYPE_GROUP]), offset).map(Some)
            }
            (Question::User { user }, _) => {
                self.window(&self.users, &prefix(&[user]), offset).map(Some)
            }
            (Question::Wide, _) => self.wide().map(Some),
            (Question::One { id }, _) => Ok(self.records.get(id)?.map(|text| text.to_vec())),
            _ => Ok(None),
        }
    }

    /// A transaction over all trees, sled's flush, and the sync that it leaves out.
    fn put(&mut self, record: &Record) -> Result<bool> {
        if self.layout == Layout::Clustered {
            return Ok(false);
        }
        let lists = [&self.rooms, &self.room_types, &self.users];
        let [rooms, room_types, users] = lists;
        let prefixes: Vec<Vec<u8>> = self.lists(record).into_iter().map(|list| list.1).collect();
        (&self.records, rooms, room_types, users, &self.totals)
            .transaction(|(records, rooms, room_types, users, totals)| {
                records.insert(record.id.as_bytes(), record.json.as_bytes())?;
                for (tree, prefix) in [rooms, room_types, users].into_iter().zip(&prefixes) {
                    tree.insert(entry(prefix, record), &[])?;
                    add_one(totals, prefix)?;
                }
                Ok::<(), ConflictableTransactionError<Error>>(())
            })
            .map_err(|error| match error {
                TransactionError::Abort(error) => error,
                TransactionError::Storage(error) => error.into(),
            })?;
        self.database.flush()?;
        self.log.sync_data()?;
        Ok(true)
    }
}

fn add_one(
    totals: &TransactionalTree,
    prefix: &[u8],
) -> Result<(), ConflictableTransactionError<Error>> {
    let total = totals.get(prefix)?.map_or(0, |value| count(&value));
    totals.insert(prefix, &(total + 1).to_be_bytes())?;
    Ok(())
}

/// The texts, each with a zero behind it.
fn prefix(texts: &[&str]) -> Vec<u8> {
    let mut prefix = Vec::with_capacity(80);
    for text in texts {
        prefix.extend_from_slice(text.as_bytes());
        prefix.push(0);
    }
    prefix
}

/// The key of a record in a list. Time and id are inverted: the newest comes first.
fn entry(prefix: &[u8], record: &Record) -> Vec<u8> {
    let mut key = prefix.to_vec();
    key.extend_from_slice(&(!record.uploaded.cast_unsigned()).to_be_bytes());
    key.extend(record.id.bytes().map(|byte| !byte));
    key
}

fn count(value: &[u8]) -> u64 {
    value.try_into().map(u64::from_be_bytes).unwrap_or_default()
}
