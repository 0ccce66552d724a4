//! SQLite with the record as JSON text, and the fields that lists, sorts and filters ask for as
//! columns beside it.

use std::path::{Path, PathBuf};

use rusqlite::{OptionalExtension as _, ToSql, params};

use crate::data::Record;
use crate::error::Result;
use crate::page::{COUNT, PageText};
use crate::peer::{Peer, Setting};
use crate::peers::sqlite::list::List;
use crate::peers::sqlite::neighbours::{FILL, INDEXES, Neighbours};
use crate::peers::sqlite::{Database, Reading, Setup};
use crate::question::{self, LARGER_THAN, NAME_PART, Question, TYPE_GROUP};

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS file (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        rid TEXT NOT NULL,
        userId TEXT NOT NULL,
        typeGroup TEXT NOT NULL,
        uploadedAt INTEGER NOT NULL,
        name TEXT NOT NULL,
        size INTEGER NOT NULL,
        record TEXT NOT NULL
    );
    CREATE INDEX IF NOT EXISTS by_room ON file (rid, uploadedAt DESC, id DESC);
    CREATE INDEX IF NOT EXISTS by_room_type ON file (rid, typeGroup, uploadedAt DESC, id DESC);
    CREATE INDEX IF NOT EXISTS by_user ON file (userId, uploadedAt DESC, id DESC);
    CREATE INDEX IF NOT EXISTS by_time ON file (uploadedAt DESC, id DESC);
    CREATE INDEX IF NOT EXISTS by_type ON file (typeGroup, uploadedAt DESC, id DESC);
";

/// Totals kept by triggers, for every list that has an index.
const TOTALS: &str = "
    CREATE TABLE IF NOT EXISTS room_total
        (rid TEXT PRIMARY KEY, files INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS room_type_total
        (rid TEXT, typeGroup TEXT, files INTEGER NOT NULL, PRIMARY KEY (rid, typeGroup))
        WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS user_total
        (userId TEXT PRIMARY KEY, files INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS total (number INTEGER PRIMARY KEY, files INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS type_total
        (typeGroup TEXT PRIMARY KEY, files INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TRIGGER IF NOT EXISTS file_in AFTER INSERT ON file BEGIN
        INSERT INTO room_total VALUES (new.rid, 1)
            ON CONFLICT DO UPDATE SET files = files + 1;
        INSERT INTO room_type_total VALUES (new.rid, new.typeGroup, 1)
            ON CONFLICT DO UPDATE SET files = files + 1;
        INSERT INTO user_total VALUES (new.userId, 1)
            ON CONFLICT DO UPDATE SET files = files + 1;
        INSERT INTO total VALUES (1, 1) ON CONFLICT DO UPDATE SET files = files + 1;
        INSERT INTO type_total VALUES (new.typeGroup, 1)
            ON CONFLICT DO UPDATE SET files = files + 1;
    END;
    CREATE TRIGGER IF NOT EXISTS file_out AFTER DELETE ON file BEGIN
        UPDATE room_total SET files = files - 1 WHERE rid = old.rid;
        UPDATE room_type_total SET files = files - 1
            WHERE rid = old.rid AND typeGroup = old.typeGroup;
        UPDATE user_total SET files = files - 1 WHERE userId = old.userId;
        UPDATE total SET files = files - 1;
        UPDATE type_total SET files = files - 1 WHERE typeGroup = old.typeGroup;
    END;
";

const INSERT: &str = "
    INSERT INTO file (id, rid, userId, typeGroup, uploadedAt, name, size, record)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

/// By time, as the rows themselves lie: left alone, SQLite takes the other index of rooms and needs
/// nearly twice the time.
const NAMED: &str = "
    SELECT number FROM file INDEXED BY by_room
    WHERE rid = ?1 AND size > ?2 AND name LIKE ?3 ORDER BY name, id";

/// Newest numbers first: files come about in the order of time, so that few of them displace others
/// from the newest page.
const WIDE: &str = "
    SELECT uploadedAt, id, number FROM file
    WHERE record ->> '$.extension' = ?1 AND record ->> '$.identify.size.width' >= ?2
    ORDER BY number DESC";

/// An open database.
pub(crate) struct Sqlite {
    database: Database,
    room: List,
    room_type: List,
    user: List,
    all: List,
    of_type: List,
    neighbours: Neighbours,
    /// For another connection.
    opened: (PathBuf, Setting, Setup),
}

impl Sqlite {
    pub(crate) fn open(directory: &Path, setting: Setting, setup: Setup) -> Result<Sqlite> {
        let (reading, schema) = match setup {
            Setup::Kept => (Reading::Mapped, [SCHEMA, TOTALS].concat()),
            Setup::Counted => (Reading::Cached, SCHEMA.to_owned()),
            Setup::Indexed => (Reading::Mapped, [SCHEMA, TOTALS].concat()),
        };
        Ok(Sqlite {
            database: Database::open(directory, setting, reading, &schema)?,
            room: List::newest(&["rid"], "room_total", setup),
            room_type: List::newest(&["rid", "typeGroup"], "room_type_total", setup),
            user: List::newest(&["userId"], "user_total", setup),
            all: List::newest(&[], "total", setup),
            of_type: List::newest(&["typeGroup"], "type_total", setup),
            neighbours: Neighbours::new(setup),
            opened: (directory.to_owned(), setting, setup),
        })
    }

    fn insert(&self, record: &Record) -> Result<()> {
        let Record { id, room, user, type_group, uploaded, name, size, json, .. } = record;
        let mut insert = self.database.connection.prepare_cached(INSERT)?;
        insert.execute(params![id, room, user, type_group, uploaded, name, size, json])?;
        Ok(())
    }

    /// One pass: the matches sorted by number alone, their texts for the page only.
    fn named(&self, room: &str) -> Result<Vec<u8>> {
        let mut select = self.database.connection.prepare_cached(NAMED)?;
        let part = format!("%{NAME_PART}%");
        let mut rows = select.query(params![room, LARGER_THAN, part])?;
        let (mut numbers, mut total) = (Vec::with_capacity(COUNT), 0);
        while let Some(row) = rows.next()? {
            total += 1;
            if numbers.len() < COUNT {
                numbers.push(row.get(0)?);
            }
        }
        self.page(numbers.into_iter(), total)
    }

    fn wide(&self) -> Result<Vec<u8>> {
        let (newest, total) = self.database.newest(WIDE)?;
        self.page(newest.into_sorted().map(|(_, _, number)| number), total)
    }

    fn slow(&self, parts: usize) -> Result<Vec<u8>> {
        let condition = |part| format!("name LIKE '%{part}%'");
        let conditions: Vec<String> = question::parts(parts).map(condition).collect();
        let select = format!("SELECT number FROM file WHERE {}", conditions.join(" OR "));
        let mut select = self.database.connection.prepare_cached(&select)?;
        let numbers = select.query_map([], |row| row.get(0))?.collect::<Result<Vec<i64>, _>>()?;
        let total = numbers.len() as u64;
        self.page(numbers.into_iter().take(COUNT), total)
    }

    fn page(&self, numbers: impl Iterator<Item = i64>, total: u64) -> Result<Vec<u8>> {
        let select = "SELECT record FROM file WHERE number = ?1";
        let mut select = self.database.connection.prepare_cached(select)?;
        let mut page = PageText::new();
        for number in numbers {
            select.query_row([number], |row| {
                page.add(row.get_ref(0)?.as_bytes()?);
                Ok(())
            })?;
        }
        page.finish(0, total)
    }

    fn one(&self, id: &str) -> Result<Option<Vec<u8>>> {
        let select = "SELECT record FROM file WHERE id = ?1";
        let mut select = self.database.connection.prepare_cached(select)?;
        let text = |row: &rusqlite::Row<'_>| Ok(row.get_ref(0)?.as_bytes()?.to_vec());
        Ok(select.query_row([id], text).optional()?)
    }
}

impl Peer for Sqlite {
    fn load(&mut self, records: &mut [Record]) -> Result<()> {
        self.database.begin(records.len())?;
        records.iter().try_for_each(|record| self.insert(record))
    }

    fn flush(&mut self) -> Result<()> {
        self.database.commit()?;
        if self.opened.2 == Setup::Indexed {
            self.database.connection.execute_batch(&[INDEXES, FILL].concat())?;
        }
        Ok(())
    }

    fn answer(&mut self, question: &Question) -> Result<Option<Vec<u8>>> {
        let window = |list, keys: &[&dyn ToSql]| {
            self.database.window(list, keys, question.offset()).map(Some)
        };
        match question {
            Question::Room { room, .. } => window(&self.room, &[room]),
            Question::RoomType { room } => window(&self.room_type, &[room, &TYPE_GROUP]),
            Question::User { user } => window(&self.user, &[user]),
            Question::All => window(&self.all, &[]),
            Question::Type => window(&self.of_type, &[&TYPE_GROUP]),
            Question::Slow { parts } => self.slow(*parts).map(Some),
            Question::Named { room } => self.named(room).map(Some),
            Question::Wide => self.wide().map(Some),
            Question::One { id } => self.one(id),
            question => self.neighbours.answer(&self.database, question),
        }
    }

    fn put(&mut self, record: &Record) -> Result<bool> {
        self.insert(record)?;
        Ok(true)
    }
    /// Rows go and come, so that the triggers see both.
    fn replace(&mut self, records: &mut [Record]) -> Result<bool> {
        self.database.begin(records.len())?;
        let delete = "DELETE FROM file WHERE id = ?1";
        let mut delete = self.database.connection.prepare_cached(delete)?;
        for record in records.iter() {
            delete.execute([&record.id])?;
            self.insert(record)?;
        }
        drop(delete);
        self.database.commit()?;
        Ok(true)
    }

    fn another(&self) -> Result<Option<Box<dyn Peer>>> {
        let (directory, setting, setup) = &self.opened;
        Ok(Some(Box::new(Sqlite::open(directory, *setting, *setup)?)))
    }

    fn checkpoint(&mut self) -> Result<()> {
        self.database.checkpoint()
    }

    fn back_up(&mut self, path: &Path) -> Result<bool> {
        self.database.back_up(path)?;
        Ok(true)
    }
}
