//! Records that go at a date of their own.

use filedex_query::{Date, Document, Path};
use filedex_storage::Watch;

use crate::{Filedex, Result, Scope};

impl Filedex {
    /// Takes out all records whose date in that field is not after `now`, in steps as
    /// [`Lookup::remove_all`](crate::Lookup::remove_all) does, and says how many there were. To be called now
    /// and then: a call costs what is due and what was written since the one before; the first one after an
    /// open looks at all records.
    ///
    /// ```
    /// use filedex::{Date, File, Filedex};
    /// let index = Filedex::temporary()?;
    /// for (id, time) in [("a", 1_000), ("b", 2_000)] {
    ///     index.put(&File::new(id)?.with_deletes_at(Date(time)))?;
    /// }
    /// index.put(&File::new("c")?)?;
    /// assert_eq!(index.expire("deletesAt", Date(1_500))?, 1);
    /// assert_eq!(index.all().total()?, 2);
    /// # Ok::<(), filedex::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Lookup::remove_all`](crate::Lookup::remove_all).
    pub fn expire(&self, field: &str, now: Date) -> Result<u64> {
        let path = Path::parse(field, self.limits())?;
        let until = Document::new().with("$lte", now);
        let due = Scope::everything().and(Document::new().with(field, until));
        let due = self.lookup(due).unordered_plan()?;
        self.backend().expire(&due, &path, now, &Watch::default())
    }
}
