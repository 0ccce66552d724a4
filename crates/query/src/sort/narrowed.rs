//! A sort's key drawn from what is kept of a record under the sort's paths, without the record.

use super::Sort;
use crate::packed::Reader;
use crate::{Account, DocumentRef, Path, Result, ValueRef, key};

impl Path {
    /// The first 16 bytes of the key of what the path leads to, as a number with zeros behind a shorter one: of the key
    /// in that direction by which texts compare as their bytes do. `value` is what [`Path::narrow`] gave. `None` where
    /// an array lies on the way, or for a value of which only the key itself tells.
    ///
    /// ```
    /// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; }
    /// use filedex::language::packed::{PackedDocument, pack};
    /// use filedex::language::Path;
    /// use filedex::{Document, Limits};
    /// let path = Path::parse("size", &Limits::default())?;
    /// let head = |size: i32, descending| {
    ///     let (record, mut narrowed) = (pack(&Document::new().with("size", size)), Vec::new());
    ///     path.narrow(PackedDocument::new(&record), &mut narrowed);
    ///     path.narrowed_head(&narrowed, descending)
    /// };
    /// assert!(head(7, false) > head(3, false) && head(7, true) < head(3, true));
    /// # Ok::<(), filedex_query::Error>(())
    /// ```
    #[inline]
    pub fn narrowed_head(&self, value: &[u8], descending: bool) -> Option<u128> {
        self.head(Reader::new(value).value(), descending)
    }

    /// The same, from the value of the path's first name.
    #[inline]
    fn head(&self, first: Option<ValueRef<'_>>, descending: bool) -> Option<u128> {
        key::head(self.straight(first)?.unwrap_or(ValueRef::Null), descending)
    }
}

impl Sort {
    /// The paths that a key is drawn from, in the order of [`Sort::keys`]: but for an `_id` at the end, which tells apart
    /// what is alike by all others, as it does where it is not named, unless texts compare by rules of a language.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        let told = match self.keys() {
            [told @ .., last]
                if !told.is_empty() && last.path.text() == "_id" && self.is_plain() =>
            {
                told
            }
            keys => keys,
        };
        told.iter().map(|key| &key.path)
    }

    /// The first 16 bytes of that key as a number, with zeros behind a shorter one, where they are told faster than the
    /// key itself: of a sort by one field of the record whose texts compare by their bytes, and of most values.
    ///
    /// ```
    /// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; }
    /// use filedex::language::packed::{PackedDocument, pack};
    /// use filedex::language::Sort;
    /// use filedex::{Document, Environment};
    /// let sort = Sort::parse_text(r#"{"size": -1}"#, &Environment::default())?;
    /// let [path] = sort.paths().collect::<Vec<_>>()[..] else { unreachable!() };
    /// let head = |size: i32| {
    ///     let (record, mut narrowed) = (pack(&Document::new().with("size", size)), Vec::new());
    ///     path.narrow(PackedDocument::new(&record), &mut narrowed);
    ///     sort.narrowed_head(&narrowed)
    /// };
    /// assert!(head(7) < head(3));
    /// # Ok::<(), filedex_query::Error>(())
    /// ```
    #[inline]
    pub fn narrowed_head(&self, value: &[u8]) -> Option<u128> {
        let (path, descending) = self.lead().filter(|_| self.paths().nth(1).is_none())?;
        path.narrowed_head(value, descending)
    }

    /// The path that decides first, and whether it does so from the greatest on, where keys begin as
    /// [`Path::narrowed_head`] says: where texts compare by their bytes and nothing is left out of records.
    #[inline]
    pub fn lead(&self) -> Option<(&Path, bool)> {
        let first = self.keys().first().filter(|_| self.is_plain());
        first.map(|spec| (&spec.path, spec.descending))
    }

    /// Whether texts compare by their bytes and nothing is left out of records.
    #[inline]
    fn is_plain(&self) -> bool {
        self.collation().is_simple() && !self.is_redacted()
    }

    /// What the first 16 bytes of that record's key are at least, as a number, where that is told at once.
    #[inline]
    pub fn least_head(&self, record: DocumentRef<'_>) -> Option<u128> {
        let (path, descending) = self.lead()?;
        path.head(record.get(path.first_name()), descending)
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::packed::{PackedDocument, pack};
    use crate::{Date, Document, Environment, ObjectId, Sort, Timestamp, Value};

    fn value() -> impl Strategy<Value = Option<Value>> {
        let number = prop_oneof![any::<f64>(), (-3..3_i32).prop_map(f64::from), Just(-0.0)];
        prop_oneof![
            Just(None),
            any::<bool>().prop_map(|truth| Some(truth.into())),
            any::<i32>().prop_map(|number| Some(number.into())),
            prop_oneof![any::<i64>(), -3..3_i64].prop_map(|number| Some(number.into())),
            number.prop_map(|number| Some(number.into())),
            any::<i64>().prop_map(|date| Some(Date(date).into())),
            "[\\x00a-cé]{0,20}".prop_map(|text| Some(text.into())),
            "[a-c]{10,17}".prop_map(|text| Some(text.into())),
            any::<[u8; 12]>().prop_map(|id| Some(Value::ObjectId(ObjectId(id)))),
            any::<(u32, u32)>().prop_map(|(time, increment)| {
                Some(Value::Timestamp(Timestamp { time, increment }))
            }),
            Just(Some(Value::Null)),
            Just(Some(Value::MaxKey)),
            Just(Some(Value::Array(vec![Value::Int(1)]))),
            Just(Some(Document::new().with("x", 1).into())),
        ]
    }

    proptest! {
        #[test]
        fn a_head_is_how_the_key_begins(value in value(), descending in any::<bool>()) {
            let text = if descending { r#"{"v":-1}"# } else { r#"{"v":1}"# };
            let sort = Sort::parse_text(text, &Environment::default()).unwrap();
            let is_simple = !matches!(value, Some(Value::Array(_) | Value::Document(_)));
            let record = value.into_iter().fold(Document::new(), |record, value| record.with("v", value));
            let (packed, mut narrowed) = (pack(&record), Vec::new());
            sort.paths().for_each(|path| path.narrow(PackedDocument::new(&packed), &mut narrowed));
            let key = sort.key(record.view()).unwrap();
            let mut first = [0; 16];
            first.iter_mut().zip(&key).for_each(|(place, byte)| *place = *byte);
            let head = sort.narrowed_head(&narrowed);
            prop_assert!(head.is_none_or(|head| head == u128::from_be_bytes(first)), "{key:?}");
            prop_assert!(is_simple || head.is_none());
        }
    }
}
