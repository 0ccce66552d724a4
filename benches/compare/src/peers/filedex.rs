//! Filedex, asked as a host asks it: lookups built from JSON texts, answers as JSON text.

use std::path::Path;

use filedex::Durability;

use crate::data::Record;
use crate::error::Result;
use crate::page::COUNT;
use crate::peer::{Peer, Setting};
use crate::question::{self, BYTES_A_PIXEL, EXTENSION, LARGER_THAN, NAME_PART};
use crate::question::{Question, TYPE_GROUP, WIDTH};

/// The fields of [`Question::Wide`].
pub(crate) const COLUMNS: &[&str] = &["identify.size.width", "extension"];

const NEWEST: &str = r#"{"uploadedAt":-1}"#;
const BY_NAME: &str = r#"{"name":1}"#;

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
            Question::Named { room } => index.room(room).query(&named())?.sort(BY_NAME)?,
            Question::Wide => index.all().query(&wide())?.sort(NEWEST)?,
            Question::ByName { room } => index.room(room).sort(BY_NAME)?,
            Question::BySize { offset } => index.all().sort(r#"{"size":-1}"#)?.offset(*offset),
            Question::ById => index.all().sort(r#"{"_id":1}"#)?,
            Question::Unsorted { offset } => index.all().offset(*offset),
            Question::Before { room, time } => {
                index.room(room).query(&before(*time))?.sort(NEWEST)?
            }
            Question::Behind { room, time, id } => {
                index.room(room).query(&behind(*time, id))?.sort(NEWEST)?
            }
            Question::Either => index.all().query(&either())?.sort(NEWEST)?,
            Question::Computed => index.all().query(&computed())?.sort(NEWEST)?,
            Question::Pattern => index.all().query(&pattern())?.sort(NEWEST)?,
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

    fn checkpoint(&mut self) -> Result<()> {
        Ok(self.0.checkpoint()?)
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
    format!(r#"{{"size":{{"$gt":{LARGER_THAN}}},{}}}"#, name_part())
}

fn pattern() -> String {
    format!("{{{}}}", name_part())
}

fn name_part() -> String {
    format!(r#""name":{{"$regex":"{NAME_PART}","$options":"i"}}"#)
}

fn before(time: i64) -> String {
    format!(r#"{{"uploadedAt":{{"$lt":{{"$date":{time}}}}}}}"#)
}

fn behind(time: i64, id: &str) -> String {
    format!(
        r#"{{"$or":[{},{{"uploadedAt":{{"$date":{time}}},"_id":{{"$lt":"{id}"}}}}]}}"#,
        before(time)
    )
}

fn either() -> String {
    format!(
        r#"{{"$or":[{{"identify.size.width":{{"$gte":{WIDTH}}}}},{{"extension":"{EXTENSION}"}}]}}"#
    )
}

fn computed() -> String {
    let bytes = format!(r#"{{"$multiply":["$identify.size.width",{BYTES_A_PIXEL}]}}"#);
    format!(r#"{{"$expr":{{"$gt":[{bytes},"$size"]}}}}"#)
}

fn wide() -> String {
    format!(r#"{{"identify.size.width":{{"$gte":{WIDTH}}},"extension":"{EXTENSION}"}}"#)
}

fn slow(parts: usize) -> String {
    let condition = |part| format!(r#"{{"name":{{"$regex":"{part}"}}}}"#);
    let conditions: Vec<String> = question::parts(parts).map(condition).collect();
    format!(r#"{{"$or":[{}]}}"#, conditions.join(","))
}
