//! Filedex under trial, through its public interface.

use std::path::Path;

use filedex_query::ejson::{self, Form};
use filedex_query::{Document, Environment, Filter, Plan, Projection, Sort};
use filedex_storage::{Batch, Durability, Error, Options, Store, Watch, Window};

use crate::engine::{Engine, Failure, Promise};
use crate::script::{Step, Unit, moved};

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure { kind: format!("{:?}", error.kind()), message: error.to_string() }
    }
}

impl From<filedex_query::Error> for Failure {
    fn from(error: filedex_query::Error) -> Failure {
        Failure { kind: "Query".to_owned(), message: error.to_string() }
    }
}

struct Filedex {
    store: Store,
    promise: Promise,
}

pub(crate) fn open(
    path: &Path,
    promise: Promise,
    cache_bytes: u64,
) -> Result<Box<dyn Engine>, Failure> {
    let mut options = Options::default();
    options.cache_bytes = cache_bytes;
    options.write_buffer_bytes = cache_bytes / 4;
    options.durability = match promise {
        Promise::Durable => Durability::Durable,
        Promise::Interval => Durability::Interval,
        Promise::Relaxed => Durability::Relaxed,
    };
    Ok(Box::new(Filedex { store: Store::open(path, &options)?, promise }))
}

/// Questions of every access path, in and against the order of the lists.
const QUESTIONS: &[(&str, &str)] = &[
    ("{}", r#"{"_id":1}"#),
    ("{}", r#"{"uploadedAt":-1}"#),
    (r#"{"rid":"room1"}"#, r#"{"uploadedAt":-1}"#),
    (r#"{"rid":"room2","typeGroup":"image"}"#, r#"{"uploadedAt":1}"#),
    (r#"{"rid":{"$in":["room0","room3",null]}}"#, r#"{"number":1}"#),
    (r#"{"userId":"user1"}"#, r#"{"uploadedAt":-1}"#),
    (r#"{"userId":"user2","_hidden":{"$ne":true}}"#, r#"{"number":-1}"#),
    (r#"{"rid":"room4","uploadedAt":{"$gte":{"$date":{"$numberLong":"300"}}}}"#, "{}"),
];

impl Engine for Filedex {
    fn apply(&self, step: Step) -> Result<Promise, Failure> {
        match step {
            // Where little is promised, some writes ask for everything.
            Step::Put(record) if self.promise == Promise::Relaxed && is_dear(&record) => {
                self.store.put_with(&record, Durability::Durable)?;
                return Ok(Promise::Durable);
            }
            Step::Put(record) => drop(self.store.put(&record)?),
            Step::Move { id, room, number } => {
                self.store.update(&id, |record| moved(record, &room, number))?;
            }
            Step::Remove(id) => drop(self.store.remove(&id)?),
            Step::PutMany(records) => drop(self.store.put_many(records)?),
            Step::RemoveMany(ids) => drop(self.store.remove_many(ids)?),
            Step::Write(changes) => self
                .store
                .write(|batch| changes.into_iter().try_for_each(|change| write(batch, change)))?,
        }
        Ok(self.promise)
    }

    fn records(&self, show: &mut dyn FnMut(&Document)) -> Result<(), Failure> {
        let environment = Environment::default();
        let plan =
            Plan::compile(Filter::all(), Projection::everything(), Sort::none(), &environment)?;
        for record in self.store.cursor(&plan, &Watch::default())? {
            show(&record?);
        }
        Ok(())
    }

    fn verify(&self) -> Result<Vec<String>, Failure> {
        Ok(self.store.verify(&mut |_, _| ())?.problems)
    }

    fn answers(&self) -> Result<Vec<u8>, Failure> {
        let mut answers = Vec::new();
        let environment = Environment::default();
        for (filter, sort) in QUESTIONS {
            let filter = Filter::parse_text(filter, &environment)?;
            let sort =
                Sort::parse(&ejson::read_document(sort, &environment.limits)?, &environment)?;
            let plan = Plan::compile(filter, Projection::everything(), sort, &environment)?;
            for window in [Window::all(), Window { offset: 17, count: Some(5) }] {
                let page = self.store.page(&plan, window, &Watch::default())?;
                answers.extend_from_slice(&page.total.to_le_bytes());
                for record in &page.documents {
                    ejson::write_document(record.view(), Form::Canonical, &mut answers);
                }
            }
        }
        let mut ids = Vec::new();
        self.records(&mut |record| ids.extend(record.get_str("_id").map(str::to_owned)))?;
        ids.sort_unstable();
        for id in ids {
            match self.store.get(&id)? {
                Some(record) => {
                    ejson::write_document(record.view(), Form::Canonical, &mut answers);
                }
                None => answers.extend_from_slice(b"nothing"),
            }
        }
        let stats = self.store.stats()?;
        let stats = (stats.records, stats.rooms, stats.users, stats.type_groups);
        answers.extend_from_slice(format!("{stats:?}").as_bytes());
        Ok(answers)
    }

    fn close(self: Box<Self>) -> Result<(), Failure> {
        Ok(self.store.close()?)
    }
}

/// Makes a change of a write that is worked out.
fn write(batch: &mut Batch<'_, '_>, change: Unit) -> Result<(), Error> {
    match change {
        Unit::Put(records) => records.iter().try_for_each(|record| batch.put(record).map(drop)),
        Unit::Move { id, room, number } => {
            batch.update(&id, |record| moved(record, &room, number)).map(drop)
        }
        Unit::Remove(ids) => ids.iter().try_for_each(|id| batch.remove(id).map(drop)),
        Unit::Write(changes) => changes.into_iter().try_for_each(|change| write(batch, change)),
    }
}

/// One record in eight.
fn is_dear(record: &Document) -> bool {
    record.get_str("name").is_some_and(|name| name.len().is_multiple_of(8))
}
