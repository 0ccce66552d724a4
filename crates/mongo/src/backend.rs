//! The backend: what an index asks of what it stands on, by what is in the other files.

use std::sync::Arc;

use filedex::{
    Backend, Document, Explain, Found, Plan, Put, Records, Report, Result, Stats, Tally, Walk,
    Watch, Window, check_record,
};

use crate::answer::{Shape, answer};
use crate::connection::{Connection, Shared};
use crate::{record, walk};

/// Records in a collection of MongoDB's servers. Made by [`MongoOptions`](crate::MongoOptions).
pub struct Mongo(Shared);

impl Mongo {
    pub(crate) fn new(connection: Connection) -> Mongo {
        Mongo(Shared::new(connection))
    }

    /// Makes the indexes that lookups want, where they are not there yet: rooms and users newest first, a
    /// room's type groups, a room's counts.
    ///
    /// # Errors
    /// `Io`; `Unsupported` for an index that was opened read-only.
    pub fn make_indexes(&self) -> Result<()> {
        self.0.make_indexes()
    }

    /// Whether the servers have transactions, by which page and total are of one moment whatever is asked,
    /// and batches happen as one.
    pub fn has_transactions(&self) -> bool {
        self.0.servers.has_transactions
    }
}

impl Records for Mongo {
    fn page(&self, plan: &Plan, window: Window, watch: &Watch) -> Result<Found> {
        let answer = answer(&self.0, plan, window, watch, Shape::Documents)?;
        Ok(Found { documents: answer.documents, total: answer.total, ends: answer.ends })
    }

    fn total(&self, plan: &Plan, watch: &Watch) -> Result<u64> {
        let window = Window { offset: 0, count: Some(0) };
        Ok(answer(&self.0, plan, window, watch, Shape::Documents)?.total)
    }

    fn explain(&self, plan: &Plan, window: Window, watch: &Watch) -> Result<Explain> {
        Ok(answer(&self.0, plan, window, watch, Shape::Documents)?.explain)
    }

    fn walk(&self, plan: &Plan, watch: &Watch) -> Result<Walk> {
        walk::walk(&self.0, plan, watch)
    }

    fn texts(
        &self,
        plan: &Plan,
        window: Window,
        watch: &Watch,
        visitor: &mut dyn FnMut(&[u8]),
    ) -> Result<u64> {
        let answer = answer(&self.0, plan, window, watch, Shape::Texts)?;
        answer.texts.iter().for_each(|text| visitor(text));
        Ok(answer.total)
    }

    fn get(&self, id: &str) -> Result<Option<Document>> {
        self.0.find(id)?.map(|raw| record::read(&raw)).transpose()
    }
}

impl Backend for Mongo {
    fn put(&self, record: &Document) -> Result<Put> {
        self.0.put(record)
    }

    fn put_many(&self, records: &mut dyn Iterator<Item = Document>) -> Result<Tally> {
        self.0.put_many(records)
    }

    fn update(&self, id: &str, change: &mut dyn FnMut(&mut Document)) -> Result<Option<Put>> {
        self.0.update(id, change)
    }

    fn remove(&self, id: &str) -> Result<bool> {
        Ok(self.0.remove(vec![id.to_owned()])? > 0)
    }

    fn remove_many(&self, ids: &mut dyn Iterator<Item = String>) -> Result<u64> {
        self.0.remove_many(ids)
    }

    /// The servers count by themselves: the watch is not looked at.
    fn stats(&self, _watch: &Watch) -> Result<Stats> {
        self.0.stats()
    }

    /// Reads every record and says which of them are none: the servers keep no counts of ours.
    fn verify(&self, watch: &Watch, progress: &mut dyn FnMut(u64, u64)) -> Result<Report> {
        let all = filedex::Filter::all();
        let environment = filedex_query::Environment::default();
        let (shown, order) = (filedex_query::Projection::everything(), filedex_query::Sort::none());
        let plan = Plan::compile(all, shown, order, &environment)?;
        let (of, mut report) = (self.total(&plan, watch)?, Report::default());
        for record in self.walk(&plan, watch)? {
            let record = record?;
            report.records += 1;
            if let Err(fault) = check_record(&record, &environment.limits) {
                report.problems.push(fault.to_string());
            }
            progress(report.records, of.max(report.records));
        }
        Ok(report)
    }

    /// Every write was acknowledged by a majority when its call returned.
    fn flush(&self) -> Result<()> {
        Ok(())
    }

    fn close(self: Arc<Self>) -> Result<()> {
        Ok(())
    }
}

impl std::fmt::Debug for Mongo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mongo").finish_non_exhaustive()
    }
}
