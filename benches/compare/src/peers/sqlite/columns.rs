//! SQLite with every field a column of its own, for filters over everything: rows are narrow, and a
//! field is reached without parsing. The JSON text is written from the columns.

use std::path::Path;

use filedex::ejson::{self, Form};
use filedex::{Date, Document, Value};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Row, params_from_iter};

use crate::data::{Record, inner, number};
use crate::error::Result;
use crate::page::PageText;
use crate::peer::{Peer, Setting};
use crate::peers::sqlite::{Database, Reading};
use crate::question::Question;

/// What a column's values are in JSON.
#[derive(Clone, Copy)]
enum Column {
    Text,
    Number,
    Flag,
    Date,
}

/// The fields in their order. Those of `identify` follow it under their own names.
const COLUMNS: &[(&str, Column)] = &[
    ("_id", Column::Text),
    ("name", Column::Text),
    ("size", Column::Number),
    ("type", Column::Text),
    ("rid", Column::Text),
    ("userId", Column::Text),
    ("description", Column::Text),
    ("store", Column::Text),
    ("_updatedAt", Column::Date),
    ("format", Column::Text),
    ("width", Column::Number),
    ("height", Column::Number),
    ("complete", Column::Flag),
    ("uploading", Column::Flag),
    ("extension", Column::Text),
    ("progress", Column::Number),
    ("instanceId", Column::Text),
    ("etag", Column::Text),
    ("url", Column::Text),
    ("path", Column::Text),
    ("token", Column::Text),
    ("uploadedAt", Column::Date),
    ("typeGroup", Column::Text),
    ("originalFileId", Column::Text),
    ("_hidden", Column::Flag),
];

const INDEXES: &str = "
    CREATE UNIQUE INDEX IF NOT EXISTS by_id ON file (_id);
    CREATE INDEX IF NOT EXISTS by_room ON file (rid, uploadedAt DESC, _id DESC);
    CREATE INDEX IF NOT EXISTS by_room_type ON file (rid, typeGroup, uploadedAt DESC, _id DESC);
    CREATE INDEX IF NOT EXISTS by_user ON file (userId, uploadedAt DESC, _id DESC);
";

/// As of the documents' peer: newest numbers first.
const WIDE: &str = "
    SELECT uploadedAt, _id, number FROM file WHERE extension = ?1 AND width >= ?2
    ORDER BY number DESC";

/// An open database.
pub(crate) struct SqliteColumns(Database);

impl SqliteColumns {
    pub(crate) fn open(directory: &Path, setting: Setting) -> Result<SqliteColumns> {
        let define = |(name, column): &(&str, Column)| match column {
            Column::Text => format!("{name} TEXT"),
            _ => format!("{name} INTEGER"),
        };
        let columns: Vec<String> = COLUMNS.iter().map(define).collect();
        let table = format!(
            "CREATE TABLE IF NOT EXISTS file (number INTEGER PRIMARY KEY, {});",
            columns.join(", ")
        );
        let schema = table + INDEXES;
        Ok(SqliteColumns(Database::open(directory, setting, Reading::Cached, &schema)?))
    }

    fn insert(&self, record: &Record) -> Result<()> {
        let places = vec!["?"; COLUMNS.len()].join(", ");
        let insert = format!("INSERT INTO file ({}) VALUES ({places})", names());
        let fields = COLUMNS.iter().map(|(name, _)| field(&record.document, name));
        self.0.connection.prepare_cached(&insert)?.execute(params_from_iter(fields))?;
        Ok(())
    }

    fn wide(&self) -> Result<Vec<u8>> {
        let connection = &self.0.connection;
        let (newest, total) = self.0.newest(WIDE)?;
        let select = format!("SELECT {} FROM file WHERE number = ?1", names());
        let mut select = connection.prepare_cached(&select)?;
        let mut page = PageText::new();
        for (_, _, number) in newest.into_sorted() {
            let mut rows = select.query([number])?;
            if let Some(row) = rows.next()? {
                write(row, page.next())?;
            }
        }
        page.finish(0, total)
    }
}

impl Peer for SqliteColumns {
    fn load(&mut self, records: &mut [Record]) -> Result<()> {
        self.0.begin(records.len())?;
        records.iter().try_for_each(|record| self.insert(record))
    }

    fn flush(&mut self) -> Result<()> {
        self.0.commit()
    }

    fn answer(&mut self, question: &Question) -> Result<Option<Vec<u8>>> {
        match question {
            Question::Wide => self.wide().map(Some),
            _ => Ok(None),
        }
    }

    fn put(&mut self, _: &Record) -> Result<bool> {
        Ok(false)
    }

    fn replace(&mut self, records: &mut [Record]) -> Result<bool> {
        self.0.begin(records.len())?;
        for record in records.iter() {
            let delete = "DELETE FROM file WHERE _id = ?1";
            self.0.connection.prepare_cached(delete)?.execute([&record.id])?;
            self.insert(record)?;
        }
        self.0.commit()?;
        Ok(true)
    }
}

fn names() -> String {
    COLUMNS.iter().map(|(name, _)| *name).collect::<Vec<&str>>().join(", ")
}

/// The value of a column.
fn field<'a>(document: &'a Document, name: &str) -> ToSqlOutput<'a> {
    let identify = || document.get("identify")?.as_document();
    let value = match name {
        "format" => identify().and_then(|identify| identify.get(name)),
        "width" | "height" => inner(document, name),
        _ => document.get(name),
    };
    ToSqlOutput::Borrowed(match value {
        Some(Value::String(text)) => ValueRef::Text(text.as_bytes()),
        Some(Value::Bool(truth)) => ValueRef::Integer(i64::from(*truth)),
        other => number(other).map_or(ValueRef::Null, ValueRef::Integer),
    })
}

/// Writes a row as the JSON text of its record.
fn write(row: &Row<'_>, out: &mut Vec<u8>) -> Result<()> {
    out.push(b'{');
    for (position, (name, column)) in COLUMNS.iter().enumerate() {
        let value = row.get_ref(position)?;
        if value == ValueRef::Null {
            continue;
        }
        if position > 0 {
            out.push(b',');
        }
        out.extend_from_slice(match *name {
            "format" => b"\"identify\":{",
            "width" => b"\"size\":{",
            _ => b"",
        });
        out.extend_from_slice(format!("\"{name}\":").as_bytes());
        write_value(value, *column, out)?;
        if *name == "height" {
            out.extend_from_slice(b"}}");
        }
    }
    out.push(b'}');
    Ok(())
}

fn write_value(value: ValueRef<'_>, column: Column, out: &mut Vec<u8>) -> Result<()> {
    match column {
        Column::Text => serde_json::to_writer(out, value.as_str()?)?,
        Column::Number => out.extend_from_slice(value.as_i64()?.to_string().as_bytes()),
        Column::Flag => out.extend_from_slice((value.as_i64()? != 0).to_string().as_bytes()),
        Column::Date => {
            ejson::write(Value::from(Date(value.as_i64()?)).view(), Form::Plain, out);
        }
    }
    Ok(())
}
