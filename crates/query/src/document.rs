//! The ordered map that a record, a filter or a nested object is.
//!
//! Order of fields is kept and counts in comparison. A name may stand twice, as in BSON: readers of
//! filters see both, lookups by name find the first. This file knows no paths ([`crate::path`]).

use std::borrow::Cow;
use std::fmt;
use std::iter::Map;

use crate::ejson::{self, Form};
use crate::{Date, DocumentRef, Value, ValueRef};

/// A list of values.
pub type Array = Vec<Value>;

/// The name of a field. One that files commonly have lies in no memory of its own.
pub(crate) type Name = Cow<'static, str>;

/// An ordered list of named values.
///
/// ```
/// # use filedex_query as filedex;
/// use filedex::Document;
/// let file = Document::new().with("_id", "a").with("size", 9778);
/// assert_eq!((file.get_str("_id"), file.get_i64("size"), file.len()), (Some("a"), Some(9778), 2));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document(Vec<(Name, Value)>);

impl Document {
    /// A document without fields.
    pub fn new() -> Document {
        Document::default()
    }

    /// The document, borrowed as what matchers, projections and sorts read.
    pub fn view(&self) -> DocumentRef<'_> {
        DocumentRef::from(self)
    }

    /// Adds a field at the end and gives the document back.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Value>) -> Document {
        self.push(name, value);
        self
    }

    /// Adds a field at the end, even where the name stands already.
    pub fn push(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        self.0.push((Name::Owned(name.into()), value.into()));
    }

    /// Replaces the field's value in its place, or adds the field at the end.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        let value = value.into();
        match self.get_mut(name) {
            Some(place) => *place = value,
            None => self.0.push((Name::Owned(name.to_owned()), value)),
        }
    }

    /// The value of the first field of that name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(field, _)| field == name).map(|(_, value)| value)
    }

    /// The value of the first field of that name, to change in its place.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.0.iter_mut().find(|(field, _)| field == name).map(|(_, value)| value)
    }

    /// The text of that field, if it is text.
    pub fn get_str(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }

    /// The whole number of that field, of whatever kind it is, if it is one and fits.
    pub fn get_i64(&self, name: &str) -> Option<i64> {
        self.get(name).and_then(Value::as_i64)
    }

    /// The truth of that field, if it is true or false.
    pub fn get_bool(&self, name: &str) -> Option<bool> {
        self.get(name).and_then(Value::as_bool)
    }

    /// The moment of that field, if it is a date.
    pub fn get_date(&self, name: &str) -> Option<Date> {
        self.get(name).and_then(Value::as_date)
    }

    /// Whether a field of that name is there.
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Takes the first field of that name out, keeping the order of the rest.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let at = self.0.iter().position(|(field, _)| field == name)?;
        Some(self.0.remove(at).1)
    }

    /// How many fields there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no fields.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The fields in order, their values to be changed.
    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = (&str, &mut Value)> {
        self.0.iter_mut().map(|(name, value)| (&**name, value))
    }

    /// The fields in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&str, &Value)> + ExactSizeIterator {
        self.0.iter().map(|(name, value)| (&**name, value))
    }

    /// The document of these fields.
    pub(crate) fn of(fields: Vec<(Name, Value)>) -> Document {
        Document(fields)
    }

    pub(crate) fn fields(&self) -> &[(Name, Value)] {
        &self.0
    }

    pub(crate) fn into_fields(self) -> std::vec::IntoIter<(Name, Value)> {
        self.0.into_iter()
    }
}

/// Relaxed Extended JSON.
///
/// ```
/// # use filedex_query as filedex;
/// use filedex::{Date, doc};
/// let file = doc! { "_id": "a", "uploadedAt": Date(1_520_530_569_913) };
/// assert_eq!(file.to_string(), r#"{"_id":"a","uploadedAt":{"$date":"2018-03-08T17:36:09.913Z"}}"#);
/// ```
impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&ejson::to_text(ValueRef::Document(self.view()), Form::Relaxed))
    }
}

impl FromIterator<(String, Value)> for Document {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(fields: I) -> Document {
        Document(fields.into_iter().map(|(name, value)| (Name::Owned(name), value)).collect())
    }
}

impl IntoIterator for Document {
    type Item = (String, Value);
    type IntoIter = Map<std::vec::IntoIter<(Name, Value)>, fn((Name, Value)) -> (String, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter().map(named)
    }
}

fn named((name, value): (Name, Value)) -> (String, Value) {
    (name.into_owned(), value)
}
