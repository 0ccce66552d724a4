//! Pages, totals and texts of a plan's answer, from one state.
//!
//! One answer is one snapshot, so that a page and its total come from one state. How the records are found
//! is [`crate::read`]'s business.

use filedex_query::ejson::Marked;
use filedex_query::{Account, Document, DocumentRef, Limits, Plan, Position};

use super::handle::Store;
use super::snapshots::Snapshot;
use crate::error::Result;
use crate::read::{
    Access, Collector, Execution, Explain, Order, Reply, Running, Visitor, Watch, Window,
};
use crate::snapshot::{Snapshot as Reading, Stored};

/// The records of a window, as the projection shows them, and the exact number of all that match.
/// Both come from one state of the index.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Page {
    /// The records of the window, in order.
    pub documents: Vec<Document>,
    /// How many records match, in and outside the window.
    pub total: u64,
    /// How the page came about.
    pub explain: Explain,
    /// The places of its first and its last record in the plan's order, if it has one and is not empty.
    pub ends: Option<(Position, Position)>,
}

/// What a store and a snapshot answer alike, each from the state that it reads.
macro_rules! answers {
    ($($reads:ty),*) => {$(
        impl $reads {
            /// The records of a window of the plan's answer, and the exact total. Both from one state.
            ///
            /// # Errors
            /// `Query` past a limit or where an expression fails on a record; `Cancelled`; `Costly` past the
            /// watch's allowance; `SnapshotEnded` of a snapshot; `Damaged`, `Io` or `Poisoned` from the disk.
            pub fn page(&self, plan: &Plan, window: Window, watch: &Watch) -> Result<Page> {
                self.read(|reading, limits| page(reading, plan, window, watch, limits))
            }

            /// Shows the records of a window to the visitor as JSON texts in order, one or several at once with
            /// commas between them and how many these are, and gives the total: the shortest way from the index
            /// to a reply.
            ///
            /// ```
            /// # use filedex_query::{Document, Environment, Filter, Plan, Projection, Sort};
            /// # use filedex_storage::{Options, Store, Watch, Window};
            /// # let store = Store::temporary(&Options::default())?;
            /// store.put(&Document::new().with("_id", "a").with("rid", "GENERAL"))?;
            /// # let environment = Environment::default();
            /// # let (all, everything) = (Filter::all(), Projection::everything());
            /// let plan = Plan::compile(all, everything, Sort::none(), &environment)?;
            /// let mut reply = Vec::new();
            /// let total = store.texts(&plan, Window::all(), &Watch::default(), &mut |text, _| {
            ///     reply.extend_from_slice(text);
            /// })?;
            /// assert_eq!((total, reply.as_slice()), (1, br#"{"_id":"a","rid":"GENERAL"}"#.as_slice()));
            /// # Ok::<(), Box<dyn std::error::Error>>(())
            /// ```
            ///
            /// # Errors
            /// As [`Store::page`], perhaps after some records were shown.
            pub fn texts(
                &self,
                plan: &Plan,
                window: Window,
                watch: &Watch,
                visitor: &mut dyn FnMut(&[u8], u64),
            ) -> Result<u64> {
                let visitor = Visitor::Joined(visitor);
                self.read(|reading, limits| texts(reading, plan, window, watch, limits, visitor))
            }

            /// Each by itself, with marks of where its fields end, to who puts others in their place.
            ///
            /// # Errors
            /// As [`Store::texts`].
            pub fn marked(
                &self,
                plan: &Plan,
                window: Window,
                watch: &Watch,
                visitor: &mut dyn FnMut(Marked<'_>),
            ) -> Result<u64> {
                let visitor = Visitor::Marked(visitor);
                self.read(|reading, limits| texts(reading, plan, window, watch, limits, visitor))
            }

            /// Shows the records of a window to the visitor all together, as the projection does, and gives the total.
            /// They are not copied where every field is shown. The visitor charges its work to the account, and
            /// bounds what it makes of them.
            ///
            /// # Errors
            /// As [`Store::page`], of which the visitor then hears nothing.
            pub fn show(
                &self,
                plan: &Plan,
                window: Window,
                watch: &Watch,
                visitor: &mut dyn FnMut(&[DocumentRef<'_>], &Account),
            ) -> Result<u64> {
                self.read(|reading, limits| show(reading, plan, window, watch, limits, visitor))
            }

            /// How many records match.
            ///
            /// # Errors
            /// As [`Store::page`].
            pub fn total(&self, plan: &Plan, watch: &Watch) -> Result<u64> {
                self.read(|reading, limits| total(reading, plan, watch, limits))
            }

            /// Executes the plan for that window and says how, without the records.
            ///
            /// # Errors
            /// As [`Store::page`].
            pub fn explain(&self, plan: &Plan, window: Window, watch: &Watch) -> Result<Explain> {
                Ok(self.page(plan, window, watch)?.explain)
            }
        }
    )*};
}

answers!(Store, Snapshot);

impl Store {
    /// Reads the newest state. It stays as it is meanwhile, and nobody waits for it.
    pub(super) fn read<T>(
        &self,
        work: impl FnOnce(Reading<'_>, &Limits) -> Result<T>,
    ) -> Result<T> {
        let (shared, state) = (self.shared(), self.shared().state());
        work(Reading::new(&shared.pool, &state), &shared.options.limits)
    }
}

fn page(
    reading: Reading<'_>,
    plan: &Plan,
    window: Window,
    watch: &Watch,
    limits: &Limits,
) -> Result<Page> {
    let access = Access::choose(reading, plan)?;
    let mut execution = Execution::new(reading, plan, &access, Running::start(watch, limits));
    let records = execution.run(Collector::new(plan, access.order, window))?.into_records();
    Page::of(&mut execution, plan, &records)
}

impl Page {
    /// The page of these records.
    pub(super) fn of(
        execution: &mut Execution<'_>,
        plan: &Plan,
        records: &[Stored],
    ) -> Result<Page> {
        let documents = execution.documents(records)?;
        let explain = execution.explain(records.len());
        Ok(Page { documents, total: explain.matched, explain, ends: ends(plan, records)? })
    }
}

/// The places of the first and the last record, where the plan has an order.
fn ends(plan: &Plan, records: &[Stored]) -> Result<Option<(Position, Position)>> {
    let (Some(first), Some(last), false) = (records.first(), records.last(), plan.sort().is_none())
    else {
        return Ok(None);
    };
    let place = |record: &Stored| plan.sort().position(record.document());
    Ok(Some((place(first)?, place(last)?)))
}

fn texts<'v>(
    reading: Reading<'_>,
    plan: &'v Plan,
    window: Window,
    watch: &Watch,
    limits: &Limits,
    visitor: Visitor<'v>,
) -> Result<u64> {
    let access = Access::choose(reading, plan)?;
    let mut execution = Execution::new(reading, plan, &access, Running::start(watch, limits));
    let mut reply = Reply::new(visitor, plan);
    if plan.projection().cuts() && access.order != Order::Other {
        execution.run(Collector::Shown { window, shown: 0, reply })?;
        return Ok(execution.matched());
    }
    match execution.run(Collector::for_texts(plan, access.order, window))? {
        Collector::Written { firsts, run } => execution.show_written(&firsts, run, &mut reply)?,
        collector => execution.show(&collector.into_records(), &mut reply)?,
    }
    Ok(execution.matched())
}

fn show(
    reading: Reading<'_>,
    plan: &Plan,
    window: Window,
    watch: &Watch,
    limits: &Limits,
    visitor: &mut dyn FnMut(&[DocumentRef<'_>], &Account),
) -> Result<u64> {
    let access = Access::choose(reading, plan)?;
    let mut execution = Execution::new(reading, plan, &access, Running::start(watch, limits));
    let records = execution.run(Collector::new(plan, access.order, window))?.into_records();
    execution.show_together(&records, visitor)?;
    Ok(execution.matched())
}

fn total(reading: Reading<'_>, plan: &Plan, watch: &Watch, limits: &Limits) -> Result<u64> {
    let access = Access::choose(reading, plan)?;
    let mut execution = Execution::new(reading, plan, &access, Running::start(watch, limits));
    execution.run(Collector::Total)?;
    Ok(execution.matched())
}
