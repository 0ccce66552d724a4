//! A backup: every record of one state of the store, as text that any tool can read, with an account
//! at its end.
//!
//! ```text
//! backup  := line* trailer
//! line    := a record as canonical Extended JSON "\n"
//!          | {"$packed":{"$binary":{"base64":"..","subType":"80"}}} "\n"
//! trailer := {"$backup":{"format":1,"records":N,"sha256":".."}} "\n"
//! ```
//!
//! The checksum covers everything before the trailer. A record that its own text would not give back
//! (a field named as a wrapper of Extended JSON is, say) is written in its stored form. How a backup
//! becomes a store again is [`super::restore`]'s.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use data_encoding::HEXLOWER;
use filedex_query::ejson::{self, Form};
use filedex_query::packed::{self, PackedDocument};
use filedex_query::{Binary, Clock as _, Document, DocumentRef, Limits, Value, ValueRef};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::rooms;
use crate::disk::directory;
use crate::error::{Error, ErrorKind, Result};
use crate::format::List;
use crate::format::record::document;
use crate::read::Watch;
use crate::snapshot::Snapshot;
use crate::store::Store;

/// The format that this version writes, and the newest that it reads.
pub(super) const FORMAT: u32 = 1;

/// The field of a line that holds a record in its stored form.
pub(super) const PACKED: &str = "$packed";

/// Levels that wrappers of Extended JSON add to those of a record.
const WRAPPER_LEVELS: usize = 4;

/// What a backup says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Backup {
    /// The format of the lines.
    pub format: u32,
    /// How many records there are.
    pub records: u64,
    /// The SHA-256 of everything before the trailer, as hexadecimal digits.
    pub sha256: String,
}

/// The last line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Trailer {
    #[serde(rename = "$backup")]
    pub(super) backup: Backup,
}

impl Store {
    /// Writes every record to a file, all from one state; readers and writers go on meanwhile. The file is
    /// made whole or not at all; one that stands there is replaced. `progress` is told how many of how many
    /// records are written.
    ///
    /// ```
    /// # use filedex_query::Document;
    /// # use filedex_storage::{Options, Store};
    /// let store = Store::temporary(&Options::default())?;
    /// store.put(&Document::new().with("_id", "a"))?;
    /// let site = tempfile::tempdir()?;
    /// let backup = store.backup(site.path().join("files.jsonl"), &mut |_, _| ())?;
    /// assert_eq!(backup.records, 1);
    ///
    /// let path = site.path().join("store");
    /// Store::restore(site.path().join("files.jsonl"), &path, &Options::default(), &mut |_, _| ())?;
    /// assert!(Store::open(&path, &Options::default())?.get("a")?.is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// `Io` where the file cannot be written; `Damaged` or `Poisoned` from the store.
    pub fn backup(
        &self,
        path: impl AsRef<Path>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Backup> {
        self.backup_within(path, &Watch::default(), progress)
    }

    /// The same, ended by what the watch says, but by no limit of queries. One that was ended leaves no file.
    ///
    /// # Errors
    /// As [`Store::backup`]; `Cancelled`, `Costly`, and `Query` past the watch's time.
    pub fn backup_within(
        &self,
        path: impl AsRef<Path>,
        watch: &Watch,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Backup> {
        let path = path.as_ref();
        let failed = |error: io::Error| Error::io("write", path, error);
        let parent = directory::parent_of(path);
        let file = tempfile::Builder::new().prefix(".filedex-").tempfile_in(parent);
        let mut file = file.map_err(failed)?;
        let backup = self.write_backup(file.as_file_mut(), path, watch, progress)?;
        file.as_file().sync_all().map_err(failed)?;
        file.persist(path).map_err(|error| failed(error.error))?;
        directory::sync(parent)?;
        Ok(backup)
    }

    fn write_backup(
        &self,
        file: &mut File,
        path: &Path,
        watch: &Watch,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Backup> {
        let failed = |error: io::Error| Error::io("write", path, error);
        let (mut lines, stops) = (Lines::new(file), watch.whole());
        let state = self.shared().state();
        let reading = Snapshot::new(&self.shared().pool, &state);
        let records = reading.tally(&List::everything())?.records();
        for run in rooms::runs(reading)? {
            stops.look()?;
            let run = run?;
            let block = rooms::block_of(reading, &run)?;
            run.each_entry(reading, block.as_ref(), &mut |_, entry| {
                if !PackedDocument::new(entry.payload).check() {
                    return Err(Error::damaged("a record cannot be read"));
                }
                lines.record(document(entry.payload)).map_err(failed)?;
                if lines.records.is_multiple_of(rooms::TOLD_EVERY) {
                    progress(lines.records, records);
                }
                Ok(())
            })?;
        }
        progress(lines.records, records);
        if lines.records != records {
            let found = lines.records;
            return Err(Error::damaged(format_args!("{found} records where {records} are kept")));
        }
        lines.finish().map_err(failed)
    }
}

/// Lines on their way to a file.
struct Lines<'f> {
    out: BufWriter<&'f mut File>,
    checksum: Sha256,
    text: Vec<u8>,
    records: u64,
}

impl Lines<'_> {
    fn new(file: &mut File) -> Lines<'_> {
        let out = BufWriter::with_capacity(1 << 20, file);
        Lines { out, checksum: Sha256::new(), text: Vec::new(), records: 0 }
    }

    fn record(&mut self, record: DocumentRef<'_>) -> io::Result<()> {
        self.text.clear();
        write_record(record, &mut self.text);
        self.text.push(b'\n');
        self.checksum.update(&self.text);
        self.records += 1;
        self.out.write_all(&self.text)
    }

    fn finish(mut self) -> io::Result<Backup> {
        let sha256 = HEXLOWER.encode(&self.checksum.finalize());
        let backup = Backup { format: FORMAT, records: self.records, sha256 };
        let trailer = Trailer { backup };
        serde_json::to_writer(&mut self.out, &trailer)?;
        self.out.write_all(b"\n")?;
        self.out.flush()?;
        Ok(trailer.backup)
    }
}

/// The text of a record as it stands in a line.
pub(super) fn write_record(record: DocumentRef<'_>, text: &mut Vec<u8>) {
    ejson::write_document(record, Form::Canonical, text);
    if !is_plain(record, 0) && !reads_back(text, record) {
        text.clear();
        ejson::write_document(in_stored_form(record).view(), Form::Canonical, text);
    }
}

/// Levels of arrays and documents below which text is sure to be read again.
const SURE_LEVELS: usize = 32;

/// Whether the text of a document is sure to be read as the same: nothing in it is written in a form
/// that has rules of its own, or looks like one.
fn is_plain(document: DocumentRef<'_>, level: usize) -> bool {
    document.iter().all(|(name, value)| !name.starts_with('$') && is_plain_value(value, level + 1))
}

fn is_plain_value(value: ValueRef<'_>, level: usize) -> bool {
    match value {
        ValueRef::Null | ValueRef::Bool(_) | ValueRef::String(_) => true,
        ValueRef::Int(_) | ValueRef::Long(_) | ValueRef::Date(_) => true,
        ValueRef::Document(document) => level < SURE_LEVELS && is_plain(document, level),
        ValueRef::Array(array) => {
            level < SURE_LEVELS && array.iter().all(|value| is_plain_value(value, level + 1))
        }
        _ => false,
    }
}

/// Whether the text gives the record back to the byte.
fn reads_back(text: &[u8], record: DocumentRef<'_>) -> bool {
    let read = std::str::from_utf8(text).ok();
    let read =
        read.and_then(|text| ejson::read_document(text, &limits(text.len(), usize::MAX)).ok());
    read.is_some_and(|read| packed::pack(&read) == packed::pack(&record.to_document()))
}

fn in_stored_form(record: DocumentRef<'_>) -> Document {
    let bytes = packed::pack(&record.to_document());
    Document::new().with(PACKED, Value::Binary(Binary { subtype: 0x80, bytes }))
}

/// The record of a line, if it is in its stored form.
pub(super) fn from_stored_form(line: &Document) -> Option<Document> {
    let packed = line.get(PACKED).filter(|_| line.len() == 1);
    let Some(Value::Binary(binary)) = packed else { return None };
    let packed = PackedDocument::new(&binary.bytes);
    packed.check().then(|| DocumentRef::from(packed).to_document())
}

/// Bounds on the text of one record of so many bytes and levels.
pub(super) fn limits(text_bytes: usize, levels: usize) -> Limits {
    let document_depth = levels.saturating_add(WRAPPER_LEVELS);
    Limits::default().with_text_bytes(text_bytes).with_document_depth(document_depth)
}

/// A backup that is none, or not whole.
pub(super) fn no_backup(path: &Path, reason: impl std::fmt::Display) -> Error {
    let message = format!("{} is no whole backup: {reason}; take another one", path.display());
    Error::new(ErrorKind::Damaged, message)
}
