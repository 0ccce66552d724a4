//! A lookup being asked: pages, totals, all matches one by one.

use filedex_query::Document;
#[cfg(feature = "endpoints")]
use filedex_query::{Account, DocumentRef, ejson::Marked};
use filedex_storage::Explain;
use serde::de::DeserializeOwned;

use super::{Ends, Lookup};
use crate::backend::{Found, Walk};
use crate::file::record;
use crate::page::PageWriter;
use crate::{Page, Result};

impl Lookup {
    /// The records of the window and the number of all matches, of one moment.
    ///
    /// # Errors
    /// A `Query` error for a query that cannot be compiled or passes a limit; `Cancelled`; `Damaged`;
    /// `Io`.
    #[cfg_attr(feature = "tracing", tracing::instrument(level = "debug", skip_all, fields(scope = ?self.scope), err(level = "debug")))]
    pub fn page(&self) -> Result<Page> {
        let (plan, start) = self.placed_plan()?;
        let found = match start {
            Some(start) => self.records().page_at(&plan, &start, self.window(), &self.watch)?,
            None => self.records().page(&plan, self.window(), &self.watch)?,
        };
        self.page_of(found)
    }

    /// The page with its records as a type of the host, as [`Document::into_typed`] says.
    ///
    /// ```
    /// use filedex::{Filedex, doc};
    /// #[derive(serde::Deserialize)]
    /// struct Named {
    ///     name: String,
    ///     size: u64,
    /// }
    /// let index = Filedex::temporary()?;
    /// index.put(&doc! { "_id": "a", "rid": "GENERAL", "name": "logo.png", "size": 78_441 })?;
    /// let page = index.room("GENERAL").fields(r#"{"name": 1, "size": 1}"#)?.page_as::<Named>()?;
    /// assert_eq!((page.files[0].name.as_str(), page.files[0].size, page.total), ("logo.png", 78_441, 1));
    /// # Ok::<(), filedex::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Lookup::page`]; `InvalidRecord`, naming the first record that does not have that shape.
    /// [`Page::each_as`] gives the others.
    pub fn page_as<T: DeserializeOwned>(&self) -> Result<Page<T>> {
        self.page()?.typed()
    }

    /// The page as [`Page::to_json`] writes it, without its records being built: the shortest way
    /// from the index to a reply.
    ///
    /// ```
    /// use filedex::{File, Filedex};
    /// let index = Filedex::temporary()?;
    /// index.put(&File::new("a")?.with_room("GENERAL").with_size(7))?;
    /// assert_eq!(index.room("GENERAL").json()?, index.room("GENERAL").page()?.to_json());
    /// # Ok::<(), filedex::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Lookup::page`].
    #[cfg_attr(feature = "tracing", tracing::instrument(level = "debug", skip_all, fields(scope = ?self.scope), err(level = "debug")))]
    pub fn json(&self) -> Result<Vec<u8>> {
        if self.seek.is_some() {
            return Ok(self.page()?.to_json());
        }
        let mut page = PageWriter::new();
        let (plan, window) = (self.plan()?, self.window());
        let mut add = |files: &[u8], count| page.add(files, count);
        let total = self.records().texts(&plan, window, &self.watch, &mut add)?;
        Ok(page.finish(self.offset, total))
    }

    /// Shows the records of the window as JSON texts with their fields marked, and gives the number of all matches.
    #[cfg(feature = "endpoints")]
    pub(crate) fn marked(&self, visitor: &mut dyn FnMut(Marked<'_>)) -> Result<u64> {
        self.records().marked(&self.plan()?, self.window(), &self.watch, visitor)
    }

    /// Shows the records of the window all together, where they lie if they can be, and gives the number of all
    /// matches.
    #[cfg(feature = "endpoints")]
    pub(crate) fn show(
        &self,
        visitor: &mut dyn FnMut(&[DocumentRef<'_>], &Account),
    ) -> Result<u64> {
        self.records().show(&self.plan()?, self.window(), &self.watch, visitor)
    }

    /// The number of all matches, whatever the window.
    ///
    /// # Errors
    /// As [`Lookup::page`].
    #[cfg_attr(feature = "tracing", tracing::instrument(level = "debug", skip_all, fields(scope = ?self.scope), err(level = "debug")))]
    pub fn total(&self) -> Result<u64> {
        self.records().total(&self.plan()?, &self.watch)
    }

    /// How the page is found and what that costs, by finding it, as if it began at the offset.
    ///
    /// # Errors
    /// As [`Lookup::page`].
    #[cfg_attr(feature = "tracing", tracing::instrument(level = "debug", skip_all, fields(scope = ?self.scope), err(level = "debug")))]
    pub fn explain(&self) -> Result<Explain> {
        self.records().explain(&self.plan()?, self.window(), &self.watch)
    }

    /// The page from the offset on, and how it was found: one execution for both where the backend can tell.
    ///
    /// # Errors
    /// As [`Lookup::page`].
    pub fn page_explained(&self) -> Result<(Page, Explain)> {
        let (plan, window) = (self.plan()?, self.window());
        let (found, explain) = self.records().page_explained(&plan, window, &self.watch)?;
        Ok((self.page_of(found)?, explain))
    }

    /// All matches one by one, whatever the window, without holding them all in memory where the
    /// sort allows.
    ///
    /// # Errors
    /// As [`Lookup::page`], at once or with an element.
    #[cfg_attr(feature = "tracing", tracing::instrument(level = "debug", skip_all, fields(scope = ?self.scope), err(level = "debug")))]
    pub fn iter(&self) -> Result<Matches> {
        Ok(Matches(self.records().walk(&self.plan()?, &self.watch)?))
    }

    /// As [`Lookup::iter`], each record as a type of the host. One that does not have that shape is an
    /// error that names it, and the walk goes on.
    ///
    /// ```
    /// use filedex::{AsIs, File, Filedex, doc};
    /// let index = Filedex::temporary()?;
    /// index.put(&AsIs(doc! { "_id": "a", "size": "big" }))?;
    /// index.put(&doc! { "_id": "b", "size": 7 })?;
    /// let sizes: Vec<_> = index.all().iter_as::<File>()?.flatten().map(|file| file.size()).collect();
    /// assert_eq!(sizes, [Some(7)]);
    /// # Ok::<(), filedex::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Lookup::iter`].
    pub fn iter_as<T: DeserializeOwned>(
        &self,
    ) -> Result<impl Iterator<Item = Result<T>> + Send + use<T>> {
        let found = self.iter()?.enumerate();
        Ok(found.map(|(place, file)| record::read_as(file?, place)))
    }

    fn page_of(&self, found: Found) -> Result<Page> {
        let order = found.ends.as_ref().map(|_| self.order()).transpose()?;
        let ends = order.zip(found.ends).map(|(order, ends)| Ends::new(order, ends));
        Ok(Page::new(found.documents, self.offset, found.total).with_ends(ends))
    }
}

/// The matches of [`Lookup::iter`].
pub struct Matches(Walk);

impl Iterator for Matches {
    type Item = Result<Document>;

    fn next(&mut self) -> Option<Result<Document>> {
        self.0.next()
    }
}

impl std::fmt::Debug for Matches {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Matches(..)")
    }
}
