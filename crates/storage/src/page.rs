//! What is asked for and what is given back: a window, and the page of records in it.
//!
//! One answer is one reader, so that a page and its total come from one state. How the records are found
//! is [`crate::execute`]'s business.

use filedex_query::{Document, Plan};

use crate::access::{Access, Order};
use crate::error::Result;
use crate::execute::Execution;
use crate::explain::Explain;
use crate::reply::{Reply, too_long};
use crate::sink::Sink;
use crate::store::Store;
use crate::watch::{Running, Watch};

/// Which part of an answer is wanted.
///
/// ```
/// use filedex_storage::Window;
/// let second_page = Window { offset: 50, count: Some(50) };
/// let everything = Window::all();
/// assert_eq!(everything.count, None);
/// # let _ = second_page;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// How many records are passed over.
    pub offset: u64,
    /// How many are given at most; `None` for all that are left.
    pub count: Option<u64>,
}

impl Window {
    /// Everything from the first record on.
    pub fn all() -> Window {
        Window { offset: 0, count: None }
    }

    /// How many records an answer has before the end of the window.
    pub(crate) fn end(self) -> Option<usize> {
        let end = self.offset.saturating_add(self.count?);
        Some(usize::try_from(end).unwrap_or(usize::MAX))
    }
}

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
}

impl Store {
    /// The records of a window of the plan's answer, and the exact total. Both from one state.
    ///
    /// # Errors
    /// `Query` past a limit or where an expression fails on a record; `Cancelled`; `Damaged`, `Io` or
    /// `Poisoned` from the disk.
    pub fn page(&self, plan: &Plan, window: Window, watch: &Watch) -> Result<Page> {
        let reader = self.read();
        let access = Access::choose(&reader, plan)?;
        let mut execution = Execution::new(&reader, plan, &access, self.running(watch));
        let records = execution.run(Sink::new(plan, access.order, window))?.into_records();
        let (held, most) = (execution.account().held(), plan.limits().reply_bytes);
        let mut documents = Vec::with_capacity(records.len());
        for record in &records {
            documents.push(execution.show_one(record)?);
            if execution.account().held().saturating_sub(held) > most {
                return Err(too_long(most).into());
            }
        }
        let explain = execution.explain(records.len());
        Ok(Page { documents, total: explain.matched, explain })
    }

    /// Shows the records of a window to the visitor as JSON texts, one by one, in order, and gives the
    /// total: the shortest way from the index to a reply. The visitor must not write to this store: it
    /// would wait for itself.
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
    /// let total = store.texts(&plan, Window::all(), &Watch::default(), &mut |text| {
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
        visitor: &mut dyn FnMut(&[u8]),
    ) -> Result<u64> {
        let reader = self.read();
        let access = Access::choose(&reader, plan)?;
        let mut execution = Execution::new(&reader, plan, &access, self.running(watch));
        let mut reply = Reply::new(visitor, plan.limits());
        self.call(|| {
            if plan.projection().is_everything() && access.order != Order::Other {
                execution.run(Sink::Shown { window, shown: 0, reply })?;
                return Ok(execution.matched());
            }
            let records = execution.run(Sink::new(plan, access.order, window))?.into_records();
            execution.show(&records, &mut reply)?;
            Ok(execution.matched())
        })
    }

    /// How many records match.
    ///
    /// # Errors
    /// As [`Store::page`].
    pub fn total(&self, plan: &Plan, watch: &Watch) -> Result<u64> {
        let reader = self.read();
        let access = Access::choose(&reader, plan)?;
        let mut execution = Execution::new(&reader, plan, &access, self.running(watch));
        execution.run(Sink::Total)?;
        Ok(execution.matched())
    }

    /// Executes the plan for that window and says how, without the records.
    ///
    /// # Errors
    /// As [`Store::page`].
    pub fn explain(&self, plan: &Plan, window: Window, watch: &Watch) -> Result<Explain> {
        Ok(self.page(plan, window, watch)?.explain)
    }

    fn running(&self, watch: &Watch) -> Running {
        Running::start(watch, &self.options().limits)
    }
}
