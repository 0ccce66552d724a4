//! SQLite under trial: one table of records as text, with a write-ahead log.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use filedex_query::{Document, Limits, ejson};
use rusqlite::{Connection, OptionalExtension as _, Transaction};

use crate::engine::{Engine, Failure, Promise};
use crate::model::text;
use crate::script::{Step, Unit, moved};

struct Sqlite {
    connection: Mutex<Connection>,
    promise: Promise,
}

pub(crate) fn open(path: &Path, promise: Promise) -> Result<Box<dyn Engine>, Failure> {
    std::fs::create_dir_all(path).map_err(Failure::other)?;
    let connection = Connection::open(path.join("records.sqlite")).map_err(Failure::other)?;
    let synchronous = if promise == Promise::Durable { "FULL" } else { "NORMAL" };
    let set = format!(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous={synchronous};
         CREATE TABLE IF NOT EXISTS records (id TEXT PRIMARY KEY, record BLOB NOT NULL);"
    );
    connection.execute_batch(&set).map_err(Failure::other)?;
    Ok(Box::new(Sqlite { connection: Mutex::new(connection), promise }))
}

fn put(transaction: &Transaction<'_>, record: &Document) -> rusqlite::Result<usize> {
    let id = record.get_str("_id").unwrap_or_default();
    transaction.execute("INSERT OR REPLACE INTO records VALUES (?1, ?2)", (id, text(record)))
}

fn read(text: &[u8]) -> Result<Document, Failure> {
    let text = std::str::from_utf8(text).map_err(Failure::other)?;
    ejson::read_document(text, &Limits::default()).map_err(Failure::other)
}

impl Sqlite {
    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unit(&self, unit: Unit) -> Result<(), Failure> {
        let mut connection = self.connection();
        let transaction = connection.transaction().map_err(Failure::other)?;
        for unit in unit.parts() {
            match unit {
                Unit::Put(records) => {
                    for record in &records {
                        put(&transaction, record).map_err(Failure::other)?;
                    }
                }
                Unit::Remove(ids) => {
                    for id in &ids {
                        let remove = "DELETE FROM records WHERE id = ?1";
                        transaction.execute(remove, [id]).map_err(Failure::other)?;
                    }
                }
                Unit::Move { id, room, number } => {
                    let find = "SELECT record FROM records WHERE id = ?1";
                    let found = transaction.query_row(find, [&id], |row| row.get::<_, Vec<u8>>(0));
                    if let Some(text) = found.optional().map_err(Failure::other)? {
                        let mut record = read(&text)?;
                        moved(&mut record, &room, number);
                        put(&transaction, &record).map_err(Failure::other)?;
                    }
                }
                Unit::Write(_) => {}
            }
        }
        transaction.commit().map_err(Failure::other)
    }
}

impl Engine for Sqlite {
    fn apply(&self, step: Step) -> Result<Promise, Failure> {
        step.units().into_iter().try_for_each(|unit| self.unit(unit))?;
        Ok(self.promise)
    }

    fn records(&self, show: &mut dyn FnMut(&Document)) -> Result<(), Failure> {
        let connection = self.connection();
        let all = "SELECT record FROM records ORDER BY id";
        let mut all = connection.prepare(all).map_err(Failure::other)?;
        let rows = all.query_map([], |row| row.get::<_, Vec<u8>>(0)).map_err(Failure::other)?;
        for text in rows {
            show(&read(&text.map_err(Failure::other)?)?);
        }
        Ok(())
    }

    fn verify(&self) -> Result<Vec<String>, Failure> {
        let connection = self.connection();
        let check = "PRAGMA integrity_check";
        let answer = connection.query_row(check, [], |row| row.get::<_, String>(0));
        let answer = answer.map_err(Failure::other)?;
        Ok(if answer == "ok" { Vec::new() } else { vec![answer] })
    }

    fn answers(&self) -> Result<Vec<u8>, Failure> {
        let mut answers = Vec::new();
        self.records(&mut |record| answers.extend_from_slice(&text(record)))?;
        Ok(answers)
    }

    fn close(self: Box<Self>) -> Result<(), Failure> {
        let connection = self.connection.into_inner().unwrap_or_else(PoisonError::into_inner);
        connection.close().map_err(|(_, error)| Failure::other(error))
    }
}
