//! PoloDB: records as its own documents, found by equality on an indexed field. With a sort, a skip or
//! a further condition behind an index it returns nothing or too little, so that filtering, sorting
//! and counting are done here. It syncs every write by itself.

use std::path::Path;

use polodb_core::bson::{Bson, Document, doc};
use polodb_core::{Collection, CollectionT, Database, IndexModel};

use crate::data::Record;
use crate::error::Result;
use crate::page::{COUNT, PageText};
use crate::peer::Peer;
use crate::question::{EXTENSION, LARGER_THAN, Question, TYPE_GROUP, WIDTH, fits_name};

/// An open database.
pub(crate) struct Polodb {
    files: Collection<Document>,
    /// Closes with this handle.
    _database: Database,
}

impl Polodb {
    pub(crate) fn open(directory: &Path) -> Result<Polodb> {
        let new = !directory.join("files.polodb").exists();
        let database = Database::open_path(directory.join("files.polodb"))?;
        let files = database.collection("files");
        if new {
            files.create_index(IndexModel { keys: doc! { "rid": 1 }, options: None })?;
            files.create_index(IndexModel { keys: doc! { "userId": 1 }, options: None })?;
        }
        Ok(Polodb { files, _database: database })
    }

    /// The matches, in no order.
    fn find(&self, filter: Document, fits: impl Fn(&Document) -> bool) -> Result<Vec<Document>> {
        let mut found = Vec::new();
        for file in self.files.find(filter).run()? {
            let file = file?;
            if fits(&file) {
                found.push(file);
            }
        }
        Ok(found)
    }
}

impl Peer for Polodb {
    fn load(&mut self, records: &mut [Record]) -> Result<()> {
        let files: Result<Vec<Document>> = records.iter().map(document).collect();
        self.files.insert_many(files?)?;
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }

    fn answer(&mut self, question: &Question) -> Result<Option<Vec<u8>>> {
        let any = |_: &Document| true;
        let mut found = match question {
            Question::Room { room, .. } => self.find(doc! { "rid": room }, any)?,
            Question::RoomType { room } => {
                self.find(doc! { "rid": room }, |file| text(file, "typeGroup") == TYPE_GROUP)?
            }
            Question::User { user } => self.find(doc! { "userId": user }, any)?,
            Question::Named { room } => self.find(doc! { "rid": room }, |file| {
                file.get("size").and_then(whole) > Some(LARGER_THAN)
                    && fits_name(text(file, "name").as_bytes())
            })?,
            Question::Wide => self.find(doc! {}, |file| {
                text(file, "extension") == EXTENSION && width(file) >= Some(WIDTH)
            })?,
            Question::One { id } => {
                let found = self.files.find_one(doc! { "_id": id })?;
                return Ok(found.map(|file| serde_json::to_vec(&file)).transpose()?);
            }
            _ => return Ok(None),
        };
        if matches!(question, Question::Named { .. }) {
            found.sort_unstable_by(|one, other| key(one, "name").cmp(&key(other, "name")));
        } else {
            // Texts of one form: their order is that of the times.
            found.sort_unstable_by(|one, other| {
                key(other, "uploadedAt").cmp(&key(one, "uploadedAt"))
            });
        }
        let offset = question.offset();
        let mut page = PageText::new();
        for file in found.iter().skip(usize::try_from(offset)?).take(COUNT) {
            serde_json::to_writer(page.next(), file)?;
        }
        page.finish(offset, found.len() as u64).map(Some)
    }

    fn put(&mut self, record: &Record) -> Result<bool> {
        self.files.insert_one(document(record)?)?;
        Ok(true)
    }
}

fn document(record: &Record) -> Result<Document> {
    Ok(serde_json::from_str(&record.json)?)
}

fn key<'a>(file: &'a Document, name: &str) -> (&'a str, &'a str) {
    (text(file, name), text(file, "_id"))
}

fn text<'a>(file: &'a Document, name: &str) -> &'a str {
    file.get_str(name).unwrap_or_default()
}

fn width(file: &Document) -> Option<i64> {
    let size = file.get_document("identify").ok()?.get_document("size").ok()?;
    size.get("width").and_then(whole)
}

/// Small numbers are kept in 32 bits.
fn whole(value: &Bson) -> Option<i64> {
    value.as_i64().or_else(|| value.as_i32().map(i64::from))
}
