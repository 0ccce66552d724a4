//! What answers plans and keeps records: the seam below [`Lookup`](crate::Lookup) and
//! [`Filedex`].
//!
//! Scope, the reading of queries, policies and limits are settled above it: what comes down here is a
//! compiled [`Plan`]. This file knows neither a store nor a server.

mod embedded;
mod walked;

use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use filedex_query::ejson::{Form, Marked, MarkedTexts, write_document};
use filedex_query::{
    Account, Collation, Date, Document, DocumentRef, Found as Match, Path, Plan, Position, Value,
    Values,
};
use filedex_storage::{
    Activity, Explain, News, Put, Report, Start, Stats, Store, Sweep, Tally, Watch, Window,
};

use crate::{Error, ErrorKind, Result};
#[cfg(doc)]
use crate::{Filedex, Sum};

/// The records of a window, as the projection shows them, and the exact number of all that match, both
/// of one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// The records of the window, in order.
    pub documents: Vec<Document>,
    /// How many records match, in and outside the window.
    pub total: u64,
    /// The places of the first and the last record in the plan's order, if it has one and there are any.
    pub ends: Option<(Position, Position)>,
}

/// All records of an answer, one after the other.
pub type Walk = Box<dyn Iterator<Item = Result<Document>> + Send>;

/// Records that can be asked for: those of an index as it changes, or as it was at one moment.
///
/// Whoever implements it gives what the plan says of its records: those that
/// [`Plan::matcher`] takes, in the order of [`Plan::sort`] with ties by `_id`, as [`Plan::projection`]
/// shows them; within the plan's limits and the [`Watch`].
pub trait Records: Send + Sync {
    /// The records of a window and the exact total, of one moment.
    ///
    /// # Errors
    /// `Query` past a limit, or where an expression fails on a record that the plan's other conditions
    /// take; `Cancelled`; `Costly`; `Damaged`; `Io`.
    fn page(&self, plan: &Plan, window: Window, watch: &Watch) -> Result<Found>;

    /// How many records match.
    ///
    /// # Errors
    /// As [`Records::page`].
    fn total(&self, plan: &Plan, watch: &Watch) -> Result<u64>;

    /// How the page is found and what that costs, by finding it.
    ///
    /// # Errors
    /// As [`Records::page`].
    fn explain(&self, plan: &Plan, window: Window, watch: &Watch) -> Result<Explain>;

    /// The page, and how it was found. Whoever can tell both from one execution does.
    ///
    /// # Errors
    /// As [`Records::page`].
    fn page_explained(
        &self,
        plan: &Plan,
        window: Window,
        watch: &Watch,
    ) -> Result<(Found, Explain)> {
        Ok((self.page(plan, window, watch)?, self.explain(plan, window, watch)?))
    }

    /// All matches one by one, of one moment where that can be had.
    ///
    /// # Errors
    /// As [`Records::page`], at once or with an element.
    fn walk(&self, plan: &Plan, watch: &Watch) -> Result<Walk>;

    /// The record of that id, as it was put in.
    ///
    /// # Errors
    /// `Damaged`, `Io`.
    fn get(&self, id: &str) -> Result<Option<Document>>;

    /// Shows the records of a window to the visitor as JSON texts in order, one or several at once with commas
    /// between them and how many these are, and gives the total.
    ///
    /// # Errors
    /// As [`Records::page`], perhaps after some records were shown.
    fn texts(
        &self,
        plan: &Plan,
        window: Window,
        watch: &Watch,
        visitor: &mut dyn FnMut(&[u8], u64),
    ) -> Result<u64> {
        self.marked(plan, window, watch, &mut |text| visitor(text.text(), 1))
    }

    /// Each by itself, with marks of where its fields end, to who puts others in their place.
    ///
    /// # Errors
    /// As [`Records::texts`].
    fn marked(
        &self,
        plan: &Plan,
        window: Window,
        watch: &Watch,
        visitor: &mut dyn FnMut(Marked<'_>),
    ) -> Result<u64> {
        let found = self.page(plan, window, watch)?;
        show(&found.documents, plan, watch, visitor)?;
        Ok(found.total)
    }

    /// Shows the records of a window to the visitor all together, as the projection does, and gives the
    /// total: a store that has them in memory need not copy them. The visitor charges its work to the
    /// account, and bounds what it makes of them.
    ///
    /// # Errors
    /// As [`Records::page`], of which the visitor then hears nothing.
    fn show(
        &self,
        plan: &Plan,
        window: Window,
        watch: &Watch,
        visitor: &mut dyn FnMut(&[DocumentRef<'_>], &Account),
    ) -> Result<u64> {
        let found = self.page(plan, window, watch)?;
        let records: Vec<DocumentRef<'_>> = found.documents.iter().map(Document::view).collect();
        visitor(&records, &watch.account(plan.limits()));
        Ok(found.total)
    }

    /// The record of that id as the JSON text of a reply.
    ///
    /// # Errors
    /// As [`Records::get`].
    fn get_text(&self, id: &str) -> Result<Option<Vec<u8>>> {
        let Some(record) = self.get(id)? else { return Ok(None) };
        let mut text = Vec::new();
        write_document(record.view(), Form::Plain, &mut text);
        Ok(Some(text))
    }

    /// The records of a window that is counted from a place in the plan's order, and the exact total of all
    /// that match. Unless the backend knows better, by a walk over all of them.
    ///
    /// # Errors
    /// As [`Records::page`]; `Query` for a place in another order.
    fn page_at(&self, plan: &Plan, start: &Start, window: Window, watch: &Watch) -> Result<Found> {
        walked::page_at(self.walk(&plan.whole(true), watch)?, plan, start, window)
    }

    /// How many matches come before the record of that id, in the plan's order; `None` if it is none of
    /// them. Unless the backend knows better, by a walk.
    ///
    /// # Errors
    /// As [`Records::page`].
    fn rank(&self, plan: &Plan, id: &str, watch: &Watch) -> Result<Option<u64>> {
        walked::rank(self.walk(&plan.whole(true), watch)?, id)
    }

    /// What all matches have under that path, added up as [`Sum`] does. Unless the backend knows better, by
    /// a walk.
    ///
    /// # Errors
    /// As [`Records::page`].
    fn sum(&self, plan: &Plan, path: &Path, watch: &Watch) -> Result<Value> {
        walked::sum(self.walk(&plan.whole(false), watch)?, plan, path)
    }

    /// Which values all matches have under that path, and how often, as [`Values`] tells them. Unless the
    /// backend knows better, by a walk.
    ///
    /// # Errors
    /// As [`Records::page`].
    fn values(
        &self,
        plan: &Plan,
        path: &Path,
        collation: &Collation,
        watch: &Watch,
    ) -> Result<Values> {
        walked::values(self.walk(&plan.whole(false), watch)?, plan, (path, collation), watch)
    }
}

/// The changes of a [`Backend::write`] while it is worked out.
pub trait Writing {
    /// The record of that id, as this write has it.
    ///
    /// # Errors
    /// As [`Records::get`].
    fn get(&mut self, id: &str) -> Result<Option<Document>>;

    /// Puts a record in.
    ///
    /// # Errors
    /// As [`Backend::put`]; `TooLarge`.
    fn put(&mut self, record: &Document) -> Result<Put>;

    /// Takes a record out. False if there is none.
    ///
    /// # Errors
    /// `TooLarge`, `Io`.
    fn remove(&mut self, id: &str) -> Result<bool>;

    /// What there would be if the write ended here, to be asked.
    ///
    /// # Errors
    /// `Unsupported`.
    fn records(&mut self) -> Result<Arc<dyn Records>>;
}

/// What was written to records of a plan, told as it comes.
pub trait Follow: Send {
    /// The next that is to be told. Waits for it no longer than that; `None` if nothing came.
    ///
    /// # Errors
    /// `Query` where a condition fails on a record; `Io`.
    fn wait(&mut self, time: Duration) -> Result<Option<News>>;

    /// The next that is to be told, if there is one by now. Else the task is woken once there may be one, or
    /// nothing will come any more.
    ///
    /// # Errors
    /// As [`Follow::wait`].
    fn poll(&mut self, waker: &Waker) -> Result<Option<News>>;

    /// The number of the last write that was looked at: to go on behind it.
    fn number(&self) -> u64;

    /// Whether nothing will come any more.
    fn has_ended(&self) -> bool;
}

/// What an index stands on: [`Records`] that can be changed. Known fields have their types when they
/// come down here ([`crate::Record`]).
///
/// [`Filedex::open`] stands on the store of this machine; a host gives another one to
/// [`OpenOptions::over`](crate::OpenOptions::over).
pub trait Backend: Records {
    /// Puts a record in, in place of the one with its `_id`.
    ///
    /// # Errors
    /// `InvalidRecord` for a document that cannot be a record; `Io`.
    fn put(&self, record: &Document) -> Result<Put>;

    /// Puts many records in, in batches of which each goes in whole or not at all. Of two with one `_id`
    /// the later stays.
    ///
    /// # Errors
    /// As [`Backend::put`]; batches before the failing one stand.
    fn put_many(&self, records: &mut dyn Iterator<Item = Document>) -> Result<Tally>;

    /// Changes the record of that id. `None` if there is none. The change is worked out on a copy, and
    /// asked for again if another write came between.
    ///
    /// # Errors
    /// As [`Backend::put`]; `InvalidRecord` also if the change touches `_id`.
    fn update(&self, id: &str, change: &mut dyn FnMut(&mut Document)) -> Result<Option<Put>>;

    /// Takes the record of that id out. False if there is none.
    ///
    /// # Errors
    /// `Io`.
    fn remove(&self, id: &str) -> Result<bool>;

    /// Takes the records of those ids out and says how many there were.
    ///
    /// # Errors
    /// `Io`; batches before the failing one are out.
    fn remove_many(&self, ids: &mut dyn Iterator<Item = String>) -> Result<u64>;

    /// Makes several changes as one write: all or nothing, beside no other writer. Where others came in
    /// between, the work may be asked for again.
    ///
    /// # Errors
    /// Those of the work; as [`Backend::put`]; `Unsupported`, also within another write.
    fn write(&self, work: &mut dyn FnMut(&mut dyn Writing) -> Result<()>) -> Result<()> {
        let _nowhere = work;
        Err(unsupported("several changes as one write"))
    }

    /// Takes all matches out, in steps each of which goes as a whole; `progress` is told after each. Unless
    /// the backend knows better, as [`Backend::remove_many`] does.
    ///
    /// # Errors
    /// As [`Records::page`]; `Io`; steps before the failing one are out.
    fn remove_all(
        &self,
        plan: &Plan,
        watch: &Watch,
        progress: &mut dyn FnMut(Sweep),
    ) -> Result<Sweep> {
        let matches = self.walk(&plan.whole(false), watch)?;
        walked::remove_all(matches, progress, &mut |ids| self.remove_many(ids))
    }

    /// Changes all matches, each once, in steps each of which goes as a whole; `progress` is told after
    /// each. The change is given a record and what of it matched. Unless the backend knows better, each
    /// record is a step.
    ///
    /// # Errors
    /// Those of the change; as [`Records::page`] and [`Backend::put`]; steps before the failing one stand.
    fn change_all(
        &self,
        plan: &Plan,
        watch: &Watch,
        change: &mut dyn FnMut(Document, Match) -> Result<Document>,
        progress: &mut dyn FnMut(Sweep),
    ) -> Result<Sweep> {
        let matches = self.walk(&plan.whole(false), watch)?;
        walked::change_all(matches, plan, change, progress, &mut |id, change| {
            self.update(id, change)
        })
    }

    /// Takes the records of `due` out, which are those with a date under that path that is not after `now`, as
    /// [`Backend::remove_all`] does; how many there were.
    ///
    /// # Errors
    /// As [`Backend::remove_all`].
    fn expire(&self, due: &Plan, path: &Path, now: Date, watch: &Watch) -> Result<u64> {
        let _found_by_the_plan = (path, now);
        Ok(self.remove_all(due, watch, &mut |_| ())?.changed)
    }

    /// The records as they are now, to be asked for as long as that is kept.
    ///
    /// # Errors
    /// `Unsupported`.
    fn snapshot(&self) -> Result<Arc<dyn Records>> {
        Err(unsupported("a snapshot"))
    }

    /// Follows what is written to records of the plan, from now on or behind the write of a number.
    ///
    /// # Errors
    /// `Unsupported`.
    fn follow(&self, plan: &Plan, behind: Option<u64>) -> Result<Box<dyn Follow>> {
        let _nothing = (plan, behind);
        Err(unsupported("following what is written"))
    }

    /// Brings what was written to where it stays, ahead of time.
    ///
    /// # Errors
    /// `Io`.
    fn checkpoint(&self) -> Result<()> {
        self.flush()
    }

    /// What the index holds, counted, unless the watch ends it before.
    ///
    /// # Errors
    /// `Damaged`, `Io`; those of the watch.
    fn stats(&self, watch: &Watch) -> Result<Stats>;

    /// What it holds in memory. Nothing where it does not know.
    fn activity(&self) -> Activity {
        Activity::default()
    }

    /// Recounts everything from the records and reports what differs. `progress` is told how many
    /// records are done, of how many. The watch may end it.
    ///
    /// # Errors
    /// `Io`; those of the watch. Damage is in the report.
    fn verify(&self, watch: &Watch, progress: &mut dyn FnMut(u64, u64)) -> Result<Report>;

    /// Returns when every write before the call is where a crash leaves it.
    ///
    /// # Errors
    /// `Io`.
    fn flush(&self) -> Result<()>;

    /// Writes everything out and lets go, if nobody else has a hold of it.
    ///
    /// # Errors
    /// `Io`.
    fn close(self: Arc<Self>) -> Result<()>;

    /// What an earlier end had left behind and opening put right, one sentence each.
    fn recoveries(&self) -> &[String] {
        &[]
    }

    /// The store of this machine, if that is what it is: for what only such a one can do.
    fn embedded(&self) -> Option<&Store> {
        None
    }
}

pub(crate) fn unsupported(wanted: &str) -> Error {
    let message = format!("{wanted} is nothing that what this index stands on can do");
    Error::new(ErrorKind::Unsupported, message)
}

impl dyn Backend + '_ {
    /// The store of this machine.
    ///
    /// # Errors
    /// `Unsupported`, which names what was wanted of it.
    pub(crate) fn store(&self, wanted: &str) -> Result<&Store> {
        self.embedded().ok_or_else(|| {
            let message = format!("{wanted} is of an index that lies on this machine alone");
            Error::new(ErrorKind::Unsupported, message)
        })
    }
}

fn show(
    documents: &[Document],
    plan: &Plan,
    watch: &Watch,
    visitor: &mut dyn FnMut(Marked<'_>),
) -> Result<()> {
    let account = watch.account(plan.limits());
    let mut texts = MarkedTexts::within(plan.limits().reply_bytes);
    for document in documents {
        visitor(texts.write(document.view(), &account)?);
    }
    Ok(())
}
