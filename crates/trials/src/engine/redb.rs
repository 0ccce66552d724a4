//! redb under trial: one table of records as text.

use std::path::Path;

use filedex_query::{Document, Limits, ejson};
use redb::{Database, Durability, ReadableDatabase as _, ReadableTable as _, TableDefinition};

use crate::engine::{Engine, Failure, Promise};
use crate::model::text;
use crate::script::{Step, Unit, moved};

const RECORDS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("records");

struct Redb {
    database: Database,
    promise: Promise,
}

pub(crate) fn open(path: &Path, promise: Promise) -> Result<Box<dyn Engine>, Failure> {
    std::fs::create_dir_all(path).map_err(Failure::other)?;
    let database = Database::create(path.join("records.redb")).map_err(Failure::other)?;
    // A reader must find the table.
    let write = database.begin_write().map_err(Failure::other)?;
    write.open_table(RECORDS).map_err(Failure::other)?;
    write.commit().map_err(Failure::other)?;
    Ok(Box::new(Redb { database, promise }))
}

fn read(text: &[u8]) -> Result<Document, Failure> {
    let text = std::str::from_utf8(text).map_err(Failure::other)?;
    ejson::read_document(text, &Limits::default()).map_err(Failure::other)
}

impl Redb {
    fn unit(&self, unit: Unit) -> Result<(), Failure> {
        let mut write = self.database.begin_write().map_err(Failure::other)?;
        if self.promise != Promise::Durable {
            write.set_durability(Durability::None).map_err(Failure::other)?;
        }
        {
            let mut table = write.open_table(RECORDS).map_err(Failure::other)?;
            for unit in unit.parts() {
                match unit {
                    Unit::Put(records) => {
                        for record in records {
                            let id = record.get_str("_id").unwrap_or_default();
                            table.insert(id, text(&record).as_slice()).map_err(Failure::other)?;
                        }
                    }
                    Unit::Remove(ids) => {
                        for id in ids {
                            table.remove(id.as_str()).map_err(Failure::other)?;
                        }
                    }
                    Unit::Move { id, room, number } => {
                        let found = table.get(id.as_str()).map_err(Failure::other)?;
                        let found = found.map(|text| read(text.value())).transpose()?;
                        if let Some(mut record) = found {
                            moved(&mut record, &room, number);
                            table
                                .insert(id.as_str(), text(&record).as_slice())
                                .map_err(Failure::other)?;
                        }
                    }
                    Unit::Write(_) => {}
                }
            }
        }
        write.commit().map_err(Failure::other)
    }
}

impl Engine for Redb {
    fn apply(&self, step: Step) -> Result<Promise, Failure> {
        step.units().into_iter().try_for_each(|unit| self.unit(unit))?;
        // What is not durable is in memory only: it may go with the process.
        Ok(if self.promise == Promise::Durable { Promise::Durable } else { Promise::Relaxed })
    }

    fn records(&self, show: &mut dyn FnMut(&Document)) -> Result<(), Failure> {
        let read_transaction = self.database.begin_read().map_err(Failure::other)?;
        let table = read_transaction.open_table(RECORDS).map_err(Failure::other)?;
        for entry in table.iter().map_err(Failure::other)? {
            let (_, text) = entry.map_err(Failure::other)?;
            show(&read(text.value())?);
        }
        Ok(())
    }

    fn verify(&self) -> Result<Vec<String>, Failure> {
        Ok(Vec::new())
    }

    fn answers(&self) -> Result<Vec<u8>, Failure> {
        let mut answers = Vec::new();
        self.records(&mut |record| answers.extend_from_slice(&text(record)))?;
        Ok(answers)
    }

    fn close(self: Box<Self>) -> Result<(), Failure> {
        Ok(())
    }
}
