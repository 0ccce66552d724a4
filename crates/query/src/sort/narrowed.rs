//! A sort's key drawn from what is kept of a record under the sort's paths, without the record.

use super::Sort;
use crate::packed::Reader;
use crate::{Account, Path, Result, ValueRef, key};

impl Sort {
    /// The paths that a key is drawn from, one for each of [`Sort::keys`].
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.keys().iter().map(|key| &key.path)
    }

    /// Appends the key, without the `_id` at its end, of a record of which [`Path::narrow`] gave these bytes
    /// for [`Sort::paths`], in their order; false where an array lies on the way, so that the record itself
    /// has to be asked. The key is held until the caller releases it.
    ///
    /// ```
    /// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; }
    /// use filedex::language::packed::{PackedDocument, pack};
    /// use filedex::language::{Account, Sort};
    /// use filedex::{Document, Environment};
    /// let sort = Sort::parse_text(r#"{"name": 1}"#, &Environment::default())?;
    /// let file = Document::new().with("_id", "a").with("name", "logo.png");
    /// let (record, mut name, mut key) = (pack(&file), Vec::new(), Vec::new());
    /// sort.paths().for_each(|path| path.narrow(PackedDocument::new(&record), &mut name));
    /// let values = [name.as_slice()].into_iter();
    /// assert!(sort.append_narrowed_key(values, &mut key, &Account::default())?);
    /// assert_eq!(key, sort.key(file.view())?);
    /// # Ok::<(), filedex_query::Error>(())
    /// ```
    ///
    /// # Errors
    /// What the account says.
    pub fn append_narrowed_key<'v>(
        &self,
        values: impl Iterator<Item = &'v [u8]>,
        out: &mut Vec<u8>,
        account: &Account,
    ) -> Result<bool> {
        for (spec, value) in self.keys().iter().zip(values) {
            let first = self.seen_of(spec.path.first_name(), Reader::new(value).value());
            let Some(value) = spec.path.straight(first) else { return Ok(false) };
            let value = value.unwrap_or(ValueRef::Null);
            key::append_within(out, value, (spec.descending, self.collation()), account)?;
        }
        Ok(true)
    }
}
