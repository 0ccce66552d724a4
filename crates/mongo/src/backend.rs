//! The backend: what an index asks of what it stands on, by what is in the other files.

use std::collections::BTreeMap;
use std::sync::Arc;

use filedex::{
    Backend, Collation, Document, Explain, Follow, Found, Path, Plan, Put, Records, Report, Result,
    Start, Stats, Tally, Value, Values, Walk, Watch, Window, Writing, check_record,
};
use mongodb::bson::doc;

use crate::answer::{Answer, Shape, answer, answer_at};
use crate::connection::{Connection, Shared};
use crate::counts::name_of;
use crate::follow::Following;
use crate::moment::Moment;
use crate::{figure, record, transaction, walk};

/// Records in a collection of MongoDB's servers. Made by [`MongoOptions`](crate::MongoOptions).
pub struct Mongo {
    pub(crate) connection: Shared,
    /// Of which moment its answers are.
    pub(crate) moment: Moment,
}

impl Mongo {
    pub(crate) fn new(connection: Connection) -> Mongo {
        Mongo::of(Shared::new(connection), Moment::Now)
    }

    /// The records as they were at that moment, to be asked alone.
    pub(crate) fn of(connection: Shared, moment: Moment) -> Mongo {
        Mongo { connection, moment }
    }

    /// The same records, of one moment for all that is asked.
    pub(crate) fn at_one_moment(&self) -> Result<Mongo> {
        let moment = match self.moment {
            Moment::Now => self.connection.open_moment()?,
            _ => self.moment.clone(),
        };
        Ok(Mongo::of(Shared::clone(&self.connection), moment))
    }

    /// Whether counts are kept that are of this moment. Within a write they are of before it.
    pub(crate) fn is_counted(&self) -> bool {
        let servers = &self.connection.servers;
        servers.has_counts() && servers.has_transactions && matches!(self.moment, Moment::Now)
    }

    /// Whether all of one answer can be of one moment, however it is asked for.
    pub(crate) fn has_one_moment(&self) -> bool {
        self.connection.servers.has_transactions || self.moment.is_kept()
    }

    /// Makes the indexes that lookups want, where they are not there yet: rooms and users newest first, a
    /// room's type groups, a room's counts.
    ///
    /// # Errors
    /// `Io`; `Unsupported` for an index that was opened read-only.
    pub fn make_indexes(&self) -> Result<()> {
        self.connection.make_indexes()
    }

    /// Counts all records by room, type group and visibility, and has these counts kept from now on, by every
    /// write of every host: a room's totals are then made of them, however many records it has. Call it
    /// while nobody writes; hosts that are connected already are to connect again, and no other
    /// program may write to the collection. [`Backend::verify`] counts anew and compares.
    ///
    /// # Errors
    /// `Io`; `Unsupported` for servers without transactions, and an index that was opened read-only.
    pub fn keep_counts(&self) -> Result<()> {
        self.connection.keep_counts()
    }

    /// Whether the servers have transactions, by which page and total are of one moment whatever is asked,
    /// and batches happen as one.
    pub fn has_transactions(&self) -> bool {
        self.connection.servers.has_transactions
    }
}

impl Records for Mongo {
    fn page(&self, plan: &Plan, window: Window, watch: &Watch) -> Result<Found> {
        let answer = answer(self, plan, window, watch, Shape::Documents)?;
        Ok(Found { documents: answer.documents, total: answer.total, ends: answer.ends })
    }

    fn total(&self, plan: &Plan, watch: &Watch) -> Result<u64> {
        let window = Window { offset: 0, count: Some(0) };
        Ok(answer(self, plan, window, watch, Shape::Documents)?.total)
    }

    fn explain(&self, plan: &Plan, window: Window, watch: &Watch) -> Result<Explain> {
        Ok(answer(self, plan, window, watch, Shape::Documents)?.explain)
    }

    fn walk(&self, plan: &Plan, watch: &Watch) -> Result<Walk> {
        walk::walk(self, plan, watch)
    }

    fn texts(
        &self,
        plan: &Plan,
        window: Window,
        watch: &Watch,
        visitor: &mut dyn FnMut(&[u8], u64),
    ) -> Result<u64> {
        let answer = answer(self, plan, window, watch, Shape::Texts)?;
        answer.texts.iter().for_each(|text| visitor(text, 1));
        Ok(answer.total)
    }

    fn get(&self, id: &str) -> Result<Option<Document>> {
        let found = self.connection.find(&self.moment, doc! { "_id": id })?;
        found.map(|raw| record::read(&raw)).transpose()
    }

    fn page_at(&self, plan: &Plan, start: &Start, window: Window, watch: &Watch) -> Result<Found> {
        match answer_at(self, plan, start, window, watch)? {
            Some(Answer { documents, total, ends, .. }) => Ok(Found { documents, total, ends }),
            None => Walking(self).page_at(plan, start, window, watch),
        }
    }

    fn rank(&self, plan: &Plan, id: &str, watch: &Watch) -> Result<Option<u64>> {
        match figure::rank(self, plan, id, watch)? {
            Some(rank) => Ok(rank),
            None => Walking(self).rank(plan, id, watch),
        }
    }

    fn sum(&self, plan: &Plan, path: &Path, watch: &Watch) -> Result<Value> {
        match figure::sum(self, plan, path, watch)? {
            Some(sum) => Ok(sum),
            None => Walking(self).sum(plan, path, watch),
        }
    }

    fn values(
        &self,
        plan: &Plan,
        path: &Path,
        collation: &Collation,
        watch: &Watch,
    ) -> Result<Values> {
        match figure::values(self, plan, (path, collation), watch)? {
            Some(values) => Ok(values),
            None => Walking(self).values(plan, path, collation, watch),
        }
    }
}

/// The same records, with everything worked out by walks that can be.
struct Walking<'m>(&'m Mongo);

impl Records for Walking<'_> {
    fn page(&self, plan: &Plan, window: Window, watch: &Watch) -> Result<Found> {
        self.0.page(plan, window, watch)
    }

    fn total(&self, plan: &Plan, watch: &Watch) -> Result<u64> {
        self.0.total(plan, watch)
    }

    fn explain(&self, plan: &Plan, window: Window, watch: &Watch) -> Result<Explain> {
        self.0.explain(plan, window, watch)
    }

    fn walk(&self, plan: &Plan, watch: &Watch) -> Result<Walk> {
        self.0.walk(plan, watch)
    }

    fn get(&self, id: &str) -> Result<Option<Document>> {
        self.0.get(id)
    }
}

impl Backend for Mongo {
    fn put(&self, record: &Document) -> Result<Put> {
        self.connection.put(record)
    }

    fn put_many(&self, records: &mut dyn Iterator<Item = Document>) -> Result<Tally> {
        self.connection.put_many(records)
    }

    fn update(&self, id: &str, change: &mut dyn FnMut(&mut Document)) -> Result<Option<Put>> {
        self.connection.update(id, change)
    }

    fn remove(&self, id: &str) -> Result<bool> {
        Ok(self.connection.remove(vec![id.to_owned()])? > 0)
    }

    fn remove_many(&self, ids: &mut dyn Iterator<Item = String>) -> Result<u64> {
        self.connection.remove_many(ids)
    }

    fn write(&self, work: &mut dyn FnMut(&mut dyn Writing) -> Result<()>) -> Result<()> {
        transaction::write(&self.connection, work)
    }

    fn snapshot(&self) -> Result<Arc<dyn Records>> {
        let moment = self.connection.keep()?;
        Ok(Arc::new(Mongo::of(Shared::clone(&self.connection), moment)))
    }

    fn follow(&self, plan: &Plan, behind: Option<u64>) -> Result<Box<dyn Follow>> {
        Ok(Box::new(Following::start(&self.connection, plan, behind)?))
    }

    /// The servers count by themselves: the watch is not looked at.
    fn stats(&self, _watch: &Watch) -> Result<Stats> {
        self.connection.stats()
    }

    /// Reads every record and says which of them are none; counts that are kept beside them are compared.
    fn verify(&self, watch: &Watch, progress: &mut dyn FnMut(u64, u64)) -> Result<Report> {
        let all = filedex::Filter::all();
        let environment = filedex_query::Environment::default();
        let (shown, order) = (filedex_query::Projection::everything(), filedex_query::Sort::none());
        let plan = Plan::compile(all, shown, order, &environment)?;
        let (of, mut report) = (self.total(&plan, watch)?, Report::default());
        let mut counts = BTreeMap::new();
        for record in self.walk(&plan, watch)? {
            let record = record?;
            report.records += 1;
            if let Err(fault) = check_record(&record, &environment.limits) {
                report.problems.push(fault.to_string());
            }
            *counts.entry(name_of(record.view())).or_default() += 1;
            progress(report.records, of.max(report.records));
        }
        report.problems.extend(self.connection.wrong_counts(counts)?);
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
