//! Filedex, asked as a host asks it: lookups built from JSON texts, answers as JSON text.

use std::path::Path;

use filedex::Durability;

use crate::data::Record;
use crate::error::Result;
use crate::page::COUNT;
use crate::peer::{Peer, Setting};
use crate::question::{self, EXTENSION, LARGER_THAN, NAME_PART, Question, TYPE_GROUP, WIDTH};

/// The fields of [`Question::Wide`].
pub(crate) const COLUMNS: &[&str] = &["identify.size.width", "extension"];

const NEWEST: &str = r#"{"uploadedAt":-1}"#;

/// An open index.
pub(crate) struct Filedex(filedex::Filedex);

impl Filedex {
    pub(crate) fn open(directory: &Path, setting: Setting, columns: &[&str]) -> Result<Filedex> {
        let mut options = filedex::Filedex::options().columns(columns.iter().copied());
        if setting.durable {
            options = options.durability(Durability::Durable);
        }
        Ok(Filedex(options.open(directory.join("files"))?))
    }

    /// How many files a room has.
    pub(crate) fn room_total(&self, room: &str) -> Result<u64> {
        Ok(self.0.room(room).total()?)
    }
}

impl Peer for Filedex {
    fn load(&mut self, records: &mut [Record]) -> Result<()> {
        self.0.put_many(records.iter_mut().map(|record| std::mem::take(&mut record.document)))?;
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        Ok(self.0.flush()?)
    }

    fn answer(&mut self, question: &Question) -> Result<Option<Vec<u8>>> {
        let index = &self.0;
        let lookup = match question {
            Question::Room { room, offset } => index.room(room).sort(NEWEST)?.offset(*offset),
            Question::RoomType { room } => index.room(room).type_group(TYPE_GROUP).sort(NEWEST)?,
            Question::All => index.all().sort(NEWEST)?,
            Question::Type => index.all().type_group(TYPE_GROUP).sort(NEWEST)?,
            Question::Slow { parts } => index.all().query(&slow(*parts))?.sort(NEWEST)?,
            Question::User { user } => index.user(user).sort(NEWEST)?,
            Question::Named { room } => index.room(room).query(&named())?.sort(r#"{"name":1}"#)?,
            Question::Wide => index.all().query(&wide())?.sort(NEWEST)?,
            Question::One { id } => {
                return Ok(index.get_json(id)?);
            }
        };
        Ok(Some(lookup.count(COUNT as u64).json()?))
    }

    fn put(&mut self, record: &Record) -> Result<bool> {
        self.0.put(&record.document)?;
        Ok(true)
    }

    fn replace(&mut self, records: &mut [Record]) -> Result<bool> {
        self.load(records).map(|()| true)
    }

    fn another(&self) -> Result<Option<Box<dyn Peer>>> {
        Ok(Some(Box::new(Filedex(self.0.clone()))))
    }

    fn back_up(&mut self, path: &Path) -> Result<bool> {
        self.0.backup(path, &mut |_, _| ())?;
        Ok(true)
    }

    fn close(self: Box<Self>) -> Result<()> {
        Ok(self.0.close()?)
    }
}

fn named() -> String {
    format!(
        r#"{{"size":{{"$gt":{LARGER_THAN}}},"name":{{"$regex":"{NAME_PART}","$options":"i"}}}}"#
    )
}

fn wide() -> String {
    format!(r#"{{"identify.size.width":{{"$gte":{WIDTH}}},"extension":"{EXTENSION}"}}"#)
}

fn slow(parts: usize) -> String {
    let condition = |part| format!(r#"{{"name":{{"$regex":"{part}"}}}}"#);
    let conditions: Vec<String> = question::parts(parts).map(condition).collect();
    format!(r#"{{"$or":[{}]}}"#, conditions.join(","))
}
