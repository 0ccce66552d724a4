//! A sort's key drawn from what is kept of a record under the sort's paths, without the record.

use super::Sort;
use crate::packed::Reader;
use crate::{Account, Path, Result, ValueRef, key};

impl Sort {
    /// The paths that a key is drawn from, one for each of [`Sort::keys`].
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.keys().iter().map(|key| &key.path)
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
        let [spec] = self.keys() else { return None };
        let is_plain = spec.path.parts().len() == 1 && self.collation().is_simple();
        if !is_plain || self.is_redacted() {
            return None;
        }
        let value = Reader::new(value).value().unwrap_or(ValueRef::Null);
        key::head(value, spec.descending)
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
