//! A lookup being put together: scope, filters, sort, fields, window.
//!
//! Whatever a caller's text says, the scope's conditions come first and hold. How a lookup is asked is in the
//! files beside: `answer` (pages, totals, walks), `place` (pages beside a record), `figure` (sums, counts,
//! ranks), `sweep` (removing and changing all matches).

mod answer;
mod figure;
mod place;
mod sweep;

pub use answer::Matches;
pub(crate) use place::Ends;
pub use sweep::Updates;

use std::sync::Arc;
use std::time::Duration;

use filedex_query::{
    Collation, Document, Environment, Filter, Plan, Projection, Redaction, Sort, shell,
};
use filedex_storage::{Cancel, Watch, Window};
use place::Seek;

use crate::file::digits;
use crate::{Filedex, Policy, Records, Result, Scope, Written};

/// A question to an index, built step by step and asked with [`page`](Lookup::page),
/// [`total`](Lookup::total), [`iter`](Lookup::iter) or [`explain`](Lookup::explain).
///
/// ```
/// use filedex::{File, Filedex};
/// let index = Filedex::temporary()?;
/// for (id, size) in [("a", 30), ("b", 10), ("c", 20)] {
///     index.put(&File::new(id)?.with_room("GENERAL").with_size(size))?;
/// }
/// let page = index
///     .room("GENERAL")
///     .query(r#"{"size": {"$gte": 20}}"#)?
///     .sort(r#"{"size": -1}"#)?
///     .fields(r#"{"size": 1, "_id": 0}"#)?
///     .count(1)
///     .page()?;
/// assert_eq!(page.total, 2);
/// assert_eq!(page.files[0].to_owned(), filedex::Document::new().with("size", 30));
/// # Ok::<(), filedex::Error>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct Lookup {
    index: Filedex,
    /// What is asked, where it is not the index as it is now.
    state: Option<Arc<dyn Records>>,
    environment: Environment,
    scope: Scope,
    filters: Vec<Filter>,
    redaction: Redaction,
    sort: Sort,
    projection: Projection,
    seek: Option<Seek>,
    offset: u64,
    count: u64,
    watch: Watch,
}

impl Lookup {
    pub(crate) fn new(index: Filedex, scope: Scope) -> Lookup {
        Lookup {
            environment: index.environment(),
            index,
            state: None,
            scope,
            filters: Vec::new(),
            redaction: Redaction::default(),
            sort: Sort::none(),
            projection: Projection::everything(),
            seek: None,
            offset: 0,
            count: 0,
            watch: Watch::default(),
        }
    }

    /// The same lookup, asked of a state.
    pub(crate) fn of_state(mut self, state: Arc<dyn Records>) -> Lookup {
        self.state = Some(state);
        self
    }

    /// Records of that room only.
    pub fn room(mut self, id: &str) -> Lookup {
        self.scope = self.scope.room(id);
        self
    }

    /// Records of that user only.
    pub fn user(mut self, id: &str) -> Lookup {
        self.scope = self.scope.user(id);
        self
    }

    /// Records of that type group only.
    pub fn type_group(mut self, group: &str) -> Lookup {
        self.scope = self.scope.type_group(group);
        self
    }

    /// Asks filters, sort and fields of each record without what the policy denies, at any depth, and
    /// shows it without that: two indexes that differ only there, or in records outside the scope,
    /// give the same answer. The scope's own conditions see whole records.
    ///
    /// ```
    /// use filedex::{Document, Filedex, Policy};
    /// let index = Filedex::temporary()?;
    /// let share = Document::new().with("by", "ada").with("token", "s3cret");
    /// index.put(&Document::new().with("_id", "a").with("rid", "r").with("share", share))?;
    /// let guess = r#"{"$expr": {"$gte": ["$share", {"by": "ada", "token": "s"}]}}"#;
    /// let lookup = index.room("r").query(guess)?;
    /// assert_eq!((lookup.total()?, lookup.policy(&Policy::default()).total()?), (1, 0));
    /// # Ok::<(), filedex::Error>(())
    /// ```
    pub fn policy(mut self, policy: &Policy) -> Lookup {
        self.redaction = policy.redaction().clone();
        self
    }

    /// Compares texts as the collation of that document does, in filters, sort and fields, whatever the
    /// index's own: `{"locale":"en","strength":2}` finds in any case, `{"locale":"simple"}` compares bytes. What
    /// the scope says of rooms and users stays as it is.
    ///
    /// ```
    /// use filedex::{File, Filedex};
    /// let index = Filedex::temporary()?;
    /// for (id, name) in [("a", "Äpfel 10"), ("b", "apfel 9"), ("c", "Birnen")] {
    ///     index.put(&File::new(id)?.with_room("r").with_name(name))?;
    /// }
    /// let numeric = r#"{"locale": "de", "strength": 1, "numericOrdering": true}"#;
    /// let page = index.room("r").collation(numeric)?.sort(r#"{"name": 1}"#)?.page()?;
    /// let ids: Vec<_> = page.files.iter().filter_map(|file| file.get_str("_id")).collect();
    /// assert_eq!(ids, ["b", "a", "c"]);
    /// let found = index.room("r").collation(numeric)?.query(r#"{"name": "BIRNEN"}"#)?.total()?;
    /// assert_eq!(found, 1);
    /// # Ok::<(), filedex::Error>(())
    /// ```
    ///
    /// # Errors
    /// A `Query` error: 40414 without a locale, 40415 for an unknown field, 14 and 2 for values that can't be,
    /// 161 for another version.
    pub fn collation<'w>(self, written: impl Into<Written<'w>>) -> Result<Lookup> {
        let document = written.into().read(&self.environment)?;
        let collation = Collation::parse(&document)?;
        Ok(self.collated(&collation))
    }

    /// Compares texts as that collation does.
    pub fn collated(mut self, collation: &Collation) -> Lookup {
        self.environment.collation = collation.clone();
        self.sorted_by(collation)
    }

    /// Sorts texts as that collation does; filters and fields stay with theirs.
    pub(crate) fn sorted_by(mut self, collation: &Collation) -> Lookup {
        self.sort = self.sort.with_collation(collation);
        self
    }

    /// Records that satisfy the filter as well.
    pub fn filter(mut self, filter: Filter) -> Lookup {
        self.filters.push(filter);
        self
    }

    /// Records that satisfy that filter as well: JSON text, a document, a [`Clause`](crate::Clause)
    /// ([`Written`]). Where it compares `_id`, `rid`, `userId`, `folderId` or `originalFileId` with an object
    /// id, it means the id's 24 digits: those fields hold text.
    ///
    /// # Errors
    /// A `Query` error saying what is wrong and where.
    pub fn query<'w>(mut self, written: impl Into<Written<'w>>) -> Result<Lookup> {
        let filter = self.parse(written, parse_filter)?;
        Ok(self.filter(filter))
    }

    /// Records that satisfy the filter of that text as well, as people type it in MongoDB's shell: names without
    /// quotes, `/patterns/i`, `ISODate(..)`, comments. For people; what comes over a network is JSON.
    ///
    /// ```
    /// use filedex::{File, Filedex};
    /// let index = Filedex::temporary()?;
    /// index.put(&File::new("a")?.with_room("r").with_name("Logo.png").with_size(9778))?;
    /// let typed = "{name: /^logo/i, size: {$gt: 1000}} // large ones";
    /// assert_eq!(index.room("r").query_relaxed(typed)?.total()?, 1);
    /// let error = index.room("r").query_relaxed("{size: {gt: 1000}}").unwrap_err();
    /// assert!(error.to_string().contains("did you mean `$gt`?"));
    /// # Ok::<(), filedex::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Lookup::query`], with the place in the text; 2 for an operator without its `$`.
    pub fn query_relaxed(self, text: &str) -> Result<Lookup> {
        let document = shell::read_filter(text, &self.environment)?;
        self.query(document)
    }

    /// Sorts as that text says, as people type it in MongoDB's shell.
    ///
    /// # Errors
    /// As [`Lookup::query_relaxed`].
    pub fn sort_relaxed(self, text: &str) -> Result<Lookup> {
        let document = shell::read_document(text, &self.environment)?;
        self.sort(document)
    }

    /// Shows the fields that text asks for, as people type it in MongoDB's shell.
    ///
    /// # Errors
    /// As [`Lookup::query_relaxed`].
    pub fn fields_relaxed(self, text: &str) -> Result<Lookup> {
        let document = shell::read_document(text, &self.environment)?;
        self.fields(document)
    }

    /// Sorts as that JSON text or document says, ties by `_id` in the direction of the last key. Without a sort,
    /// records come in the order the index finds them fastest.
    ///
    /// # Errors
    /// As [`Lookup::query`].
    pub fn sort<'w>(mut self, written: impl Into<Written<'w>>) -> Result<Lookup> {
        self.sort = self.parse(written, Sort::parse)?;
        Ok(self)
    }

    /// Shows the fields that JSON text or document asks for.
    ///
    /// # Errors
    /// As [`Lookup::query`].
    pub fn fields<'w>(mut self, written: impl Into<Written<'w>>) -> Result<Lookup> {
        self.projection = self.parse(written, Projection::parse)?;
        Ok(self)
    }

    /// Skips that many matches.
    pub fn offset(mut self, offset: u64) -> Lookup {
        self.offset = offset;
        self
    }

    /// Shows at most that many records; 0, the default, shows all.
    pub fn count(mut self, count: u64) -> Lookup {
        self.count = count;
        self
    }

    /// Stops with an error once the flag is raised: what is read from here on, and what is asked.
    pub fn cancel(mut self, cancel: Cancel) -> Lookup {
        self.watch.cancel = Some(cancel);
        self
    }

    /// Stops with an error after that time, where the index's own limit isn't shorter. For
    /// [`Lookup::iter`] it is the time of the whole walk, the host's own part in it included; the index's
    /// limit is then on the work for a few hundred records.
    pub fn time(mut self, time: Duration) -> Lookup {
        self.watch.time = Some(time);
        self
    }

    /// Ends with an error of the kind `Costly` after that time: a host gives every lookup a short start, and
    /// asks those anew that need longer, without an allowance, where long ones wait for their turn.
    pub fn allowance(mut self, allowance: Option<Duration>) -> Lookup {
        self.watch.allowance = allowance;
        self
    }

    /// What will run, compiled.
    ///
    /// # Errors
    /// A `Query` error for a query that cannot be compiled, such as a positional projection without an
    /// array in the filter.
    pub fn plan(&self) -> Result<Plan> {
        self.plan_of(self.projection.clone(), self.sort.clone())
    }

    fn plan_of(&self, projection: Projection, sort: Sort) -> Result<Plan> {
        let (host, environment) = (self.scope.filter(&self.environment)?, &self.environment);
        let mut members = self.filters.clone();
        if self.redaction.is_empty() && environment.collation.is_simple() {
            members.insert(0, host);
            return Ok(Plan::compile(Filter::and(members), projection, sort, environment)?);
        }
        let (caller, redaction) = (Filter::and(members), &self.redaction);
        Ok(Plan::compile_redacted(host, caller, projection, sort, redaction, environment)?)
    }

    /// Reads a part of the query on an account of its own. What the part takes stays held for whatever is
    /// asked with it.
    fn parse<'w, T>(
        &mut self,
        written: impl Into<Written<'w>>,
        read: impl FnOnce(&Document, &Environment) -> filedex_query::Result<T>,
    ) -> Result<T> {
        self.environment.account = Arc::new(self.watch.account(self.index.limits()));
        let part = read(&*written.into().read(&self.environment)?, &self.environment)?;
        self.watch.held += self.environment.account.held();
        Ok(part)
    }

    fn records(&self) -> &dyn Records {
        match &self.state {
            Some(state) => &**state,
            None => self.index.records(),
        }
    }

    fn window(&self) -> Window {
        Window { offset: self.offset, count: (self.count > 0).then_some(self.count) }
    }
}

fn parse_filter(document: &Document, environment: &Environment) -> filedex_query::Result<Filter> {
    Filter::parse(&digits::of_ids(document), environment)
}

impl std::fmt::Debug for Lookup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (scope, offset, count) = (&self.scope, &self.offset, &self.count);
        f.debug_struct("Lookup")
            .field("scope", scope)
            .field("offset", offset)
            .field("count", count)
            .finish_non_exhaustive()
    }
}
