//! A lookup whose answers are futures.
//!
//! Each step is that of [`crate::Lookup`] of the same name; where it is asked is [`super::places`]'s.

use std::pin::Pin;
use std::time::Duration;

use filedex_query::{Collation, Document, Filter, Plan, Value};
use filedex_storage::Explain;
use serde::de::DeserializeOwned;

use super::places::{Places, Raise};
use crate::file::record;
use crate::{Change, Page, Policy, Record, Result, Updates, Written};

/// A question to an index, built step by step as a [`crate::Lookup`] is. Its answers are futures, and dropping
/// one ends what it asked.
#[derive(Clone, Debug)]
#[must_use]
pub struct Lookup {
    lookup: crate::Lookup,
    places: Places,
}

macro_rules! steps {
    ($($name:ident($($argument:ident: $kind:ty),*);)*) => {$(
        #[doc = concat!("As [`crate::Lookup::", stringify!($name), "`].")]
        pub fn $name(self, $($argument: $kind),*) -> Lookup {
            Lookup { lookup: self.lookup.$name($($argument),*), places: self.places }
        }
    )*};
}

macro_rules! relaxed {
    ($($name:ident)*) => {$(
        #[doc = concat!("As [`crate::Lookup::", stringify!($name), "`].")]
        ///
        /// # Errors
        /// A `Query` error saying what is wrong and where.
        pub fn $name(self, text: &str) -> Result<Lookup> {
            Ok(Lookup { lookup: self.lookup.$name(text)?, places: self.places })
        }
    )*};
}

macro_rules! written {
    ($($name:ident)*) => {$(
        #[doc = concat!("As [`crate::Lookup::", stringify!($name), "`].")]
        ///
        /// # Errors
        /// A `Query` error saying what is wrong and where.
        pub fn $name<'w>(self, written: impl Into<Written<'w>>) -> Result<Lookup> {
            Ok(Lookup { lookup: self.lookup.$name(written)?, places: self.places })
        }
    )*};
}

impl Lookup {
    pub(super) fn new(lookup: crate::Lookup, places: Places) -> Lookup {
        Lookup { lookup, places }
    }

    steps! {
        room(id: &str);
        user(id: &str);
        type_group(group: &str);
        policy(policy: &Policy);
        collated(collation: &Collation);
        filter(filter: Filter);
        offset(offset: u64);
        count(count: u64);
        time(time: Duration);
        allowance(allowance: Option<Duration>);
        after_token(token: &str);
        before_token(token: &str);
    }

    written! { query sort fields collation }

    relaxed! { query_relaxed sort_relaxed fields_relaxed }

    /// The page begins behind that record.
    ///
    /// # Errors
    /// As [`crate::Lookup::after`].
    pub fn after(self, record: &impl Record) -> Result<Lookup> {
        Ok(Lookup { lookup: self.lookup.after(record)?, places: self.places })
    }

    /// The page ends before that record.
    ///
    /// # Errors
    /// As [`crate::Lookup::before`].
    pub fn before(self, record: &impl Record) -> Result<Lookup> {
        Ok(Lookup { lookup: self.lookup.before(record)?, places: self.places })
    }

    /// As [`crate::Lookup::plan`].
    ///
    /// # Errors
    /// As [`crate::Lookup::plan`].
    pub fn plan(&self) -> Result<Plan> {
        self.lookup.plan()
    }

    /// The records of the window and the number of all matches, of one moment.
    ///
    /// # Errors
    /// As [`crate::Lookup::page`].
    pub async fn page(&self) -> Result<Page> {
        self.ask(|lookup| lookup.page()).await
    }

    /// The page with its records as a type of the host.
    ///
    /// # Errors
    /// As [`crate::Lookup::page_as`].
    pub async fn page_as<T: DeserializeOwned>(&self) -> Result<Page<T>> {
        self.page().await?.typed()
    }

    /// The page as JSON.
    ///
    /// # Errors
    /// As [`crate::Lookup::json`].
    pub async fn json(&self) -> Result<Vec<u8>> {
        self.ask(|lookup| lookup.json()).await
    }

    /// The number of all matches, whatever the window.
    ///
    /// # Errors
    /// As [`crate::Lookup::total`].
    pub async fn total(&self) -> Result<u64> {
        self.ask(|lookup| lookup.total()).await
    }

    /// What the matches have in that field, added up.
    ///
    /// # Errors
    /// As [`crate::Lookup::sum`].
    pub async fn sum(&self, field: &str) -> Result<Value> {
        let field = field.to_owned();
        self.ask(move |lookup| lookup.sum(&field)).await
    }

    /// Each value that the matches have in that field, with how many have it.
    ///
    /// # Errors
    /// As [`crate::Lookup::counts_by`].
    pub async fn counts_by(&self, field: &str) -> Result<Vec<(Value, u64)>> {
        let field = field.to_owned();
        self.ask(move |lookup| lookup.counts_by(&field)).await
    }

    /// The values that the matches have in that field.
    ///
    /// # Errors
    /// As [`crate::Lookup::distinct`].
    pub async fn distinct(&self, field: &str) -> Result<Vec<Value>> {
        let field = field.to_owned();
        self.ask(move |lookup| lookup.distinct(&field)).await
    }

    /// How many matches come before the record of that id.
    ///
    /// # Errors
    /// As [`crate::Lookup::rank`].
    pub async fn rank(&self, id: &str) -> Result<Option<u64>> {
        let id = id.to_owned();
        self.ask(move |lookup| lookup.rank(&id)).await
    }

    /// Takes all matches out, whatever the window. A future that is dropped ends it after a step; the steps that
    /// were done stand.
    ///
    /// # Errors
    /// As [`crate::Lookup::remove_all`].
    pub async fn remove_all(&self) -> Result<u64> {
        self.ask(|lookup| lookup.remove_all()).await
    }

    /// Changes all matches, each once; ended as [`Lookup::remove_all`].
    ///
    /// # Errors
    /// As [`crate::Lookup::update_all`].
    pub async fn update_all(&self, change: impl Into<Change>) -> Result<Updates> {
        let change = change.into();
        self.ask(move |lookup| lookup.update_all(&change)).await
    }

    /// How the page is found and what that costs, by finding it.
    ///
    /// # Errors
    /// As [`crate::Lookup::explain`].
    pub async fn explain(&self) -> Result<Explain> {
        self.ask(|lookup| lookup.explain()).await
    }

    /// All matches one by one, whatever the window. Between two batches it holds no place.
    ///
    /// # Errors
    /// As [`crate::Lookup::iter`].
    pub async fn iter(&self) -> Result<Matches> {
        let (raise, places) = (Raise::default(), self.places.clone());
        let lookup = self.lookup.clone().cancel(raise.0.clone());
        let walk = places.run(move || lookup.iter()).await?;
        let (fetched, fetching) = (Vec::new().into_iter(), Some(fetch(walk, places.clone())));
        Ok(Matches { fetched, fetching, places, _raised_when_dropped: raise })
    }

    async fn ask<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&crate::Lookup) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let lookup = self.lookup.clone();
        self.places.run_watched(move |cancel| ask(&lookup.cancel(cancel))).await
    }
}

/// The matches of [`Lookup::iter`].
///
/// ```
/// use filedex::doc;
/// use filedex::tokio::Filedex;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), filedex::Error> {
/// let index = Filedex::new(filedex::Filedex::temporary()?);
/// index.put_many((0..1000).map(|n| doc! { "_id": n.to_string(), "size": n })).await?;
/// let (mut matches, mut sum) = (index.all().iter().await?, 0);
/// while let Some(file) = matches.next().await {
///     sum += file?.get_i64("size").unwrap_or_default();
/// }
/// assert_eq!(sum, 499_500);
/// # Ok(())
/// # }
/// ```
pub struct Matches {
    fetched: std::vec::IntoIter<Result<Document>>,
    /// The next batch, being fetched once it is asked for; none after the last.
    fetching: Option<Fetching>,
    places: Places,
    _raised_when_dropped: Raise,
}

type Fetching = Pin<Box<dyn Future<Output = Result<Batch>> + Send>>;

/// Some matches, and the walk if it may have more.
struct Batch(Vec<Result<Document>>, Option<crate::Matches>);

/// Matches that are fetched at a time.
const BATCH: usize = 128;

impl Matches {
    /// The next match; nothing after the last. A future of it that is dropped has taken none.
    pub async fn next(&mut self) -> Option<Result<Document>> {
        loop {
            if let Some(found) = self.fetched.next() {
                return Some(found);
            }
            let fetched = self.fetching.as_mut()?.await;
            self.fetching = None;
            match fetched {
                Ok(Batch(fetched, rest)) => {
                    self.fetched = fetched.into_iter();
                    self.fetching = rest.map(|walk| fetch(walk, self.places.clone()));
                }
                Err(error) => return Some(Err(error)),
            }
        }
    }

    /// The next match as a type of the host.
    pub async fn next_as<T: DeserializeOwned>(&mut self) -> Option<Result<T>> {
        let found = self.next().await?;
        Some(found.and_then(|file| record::read_as(file, 0)))
    }
}

/// The next batch of the walk. Nothing is done before it is asked for.
fn fetch(mut walk: crate::Matches, places: Places) -> Fetching {
    Box::pin(async move {
        let take = move || {
            let batch: Vec<_> = walk.by_ref().take(BATCH).collect();
            let rest = (batch.len() == BATCH).then_some(walk);
            Ok(Batch(batch, rest))
        };
        places.run(take).await
    })
}

impl std::fmt::Debug for Matches {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Matches(..)")
    }
}
