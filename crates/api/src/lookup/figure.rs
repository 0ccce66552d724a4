//! What all matches of a lookup add up to, whatever its window: sums, counts, distinct values, ranks.

use filedex_query::{Path, Projection, Sort, Value, Values};

use super::Lookup;
use crate::{Plan, Result};

impl Lookup {
    /// What the matches have in that field, added up as MongoDB's `$sum` does: what is no number adds nothing,
    /// and a sum of whole numbers is one. Of `size` in a room, of a user and of everything the sum is
    /// kept, also by type group and visibility: it costs the same however many records there are.
    ///
    /// ```
    /// use filedex::{File, Filedex, Value};
    /// let index = Filedex::temporary()?;
    /// for (id, size) in [("a", 30), ("b", 12)] {
    ///     index.put(&File::new(id)?.with_user("ada").with_size(size))?;
    /// }
    /// assert_eq!(index.user("ada").sum("size")?, Value::from(42));
    /// # Ok::<(), filedex::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Lookup::page`].
    pub fn sum(&self, field: &str) -> Result<Value> {
        let (plan, path) = (self.unordered_plan()?, self.path(field)?);
        self.records().sum(&plan, &path, &self.watch)
    }

    /// Each value that the matches have in that field, with the number of those that a filter for the value
    /// finds: an array counts for each of its elements, what has no such field under null. In the order of
    /// the values. The usual values of `typeGroup` are counted as records come and go, so that asking for them
    /// costs the same however many records there are.
    ///
    /// ```
    /// use filedex::{File, Filedex, Value};
    /// let index = Filedex::temporary()?;
    /// for (id, group) in [("a", "image"), ("b", "video"), ("c", "image")] {
    ///     index.put(&File::new(id)?.with_room("GENERAL").with_type_group(group))?;
    /// }
    /// let counts = index.room("GENERAL").counts_by("typeGroup")?;
    /// assert_eq!(counts, [(Value::from("image"), 2), (Value::from("video"), 1)]);
    /// # Ok::<(), filedex::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Lookup::page`]; `Query` with the limit `request_bytes` where there are too many values to hold.
    pub fn counts_by(&self, field: &str) -> Result<Vec<(Value, u64)>> {
        Ok(self.values(field)?.counts())
    }

    /// The values that the matches have in that field, each once, as MongoDB's `distinct` gives them: those of
    /// arrays one by one, and of texts that the lookup's collation takes for the same, one. In their order.
    ///
    /// ```
    /// use filedex::{Document, Filedex, Value};
    /// let index = Filedex::temporary()?;
    /// let tags = vec![Value::from("b"), Value::from("a")];
    /// index.put(&Document::new().with("_id", "1").with("tags", tags))?;
    /// index.put(&Document::new().with("_id", "2").with("tags", "B"))?;
    /// assert_eq!(index.all().distinct("tags")?.len(), 3);
    /// let in_any_case = index.all().collation(r#"{"locale": "en", "strength": 2}"#)?;
    /// assert_eq!(in_any_case.distinct("tags")?.len(), 2);
    /// # Ok::<(), filedex::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Lookup::counts_by`].
    pub fn distinct(&self, field: &str) -> Result<Vec<Value>> {
        Ok(self.values(field)?.distinct())
    }

    /// How many matches come before the record of that id, in the order of the sort; newest first without
    /// one. `None` if it is none of them. The page of `count` records that it is on begins at the offset
    /// `rank / count * count`.
    ///
    /// ```
    /// use filedex::{Date, File, Filedex};
    /// let index = Filedex::temporary()?;
    /// for (id, time) in [("a", 1), ("b", 2), ("c", 3)] {
    ///     index.put(&File::new(id)?.with_room("GENERAL").with_uploaded_at(Date(time)))?;
    /// }
    /// assert_eq!(index.room("GENERAL").rank("b")?, Some(1));
    /// assert_eq!(index.room("GENERAL").rank("z")?, None);
    /// # Ok::<(), filedex::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Lookup::page`].
    pub fn rank(&self, id: &str) -> Result<Option<u64>> {
        self.records().rank(&self.ordered_plan()?, id, &self.watch)
    }

    fn values(&self, field: &str) -> Result<Values> {
        let (plan, path) = (self.unordered_plan()?, self.path(field)?);
        self.records().values(&plan, &path, &self.environment.collation, &self.watch)
    }

    /// The plan of all matches, as they are.
    pub(crate) fn unordered_plan(&self) -> Result<Plan> {
        self.plan_of(Projection::everything(), Sort::none())
    }

    fn path(&self, field: &str) -> Result<Path> {
        let path = Path::parse(field, self.index.limits())?;
        Ok(path.with_dotted_null(self.environment.dotted_null))
    }
}
