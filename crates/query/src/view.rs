//! Borrowed values: what matchers, sorts and projections read, whether the document is a tree in
//! memory or packed bytes in a store.
//!
//! Every reader of values goes through these types, so that there is one comparator and one path
//! walker for both forms, and what is redacted is redacted for all of them. This file knows neither
//! order nor paths.

use crate::Date;
use crate::document::Name;
use crate::packed::{PackedArray, PackedDocument};
use crate::redaction::Level;
use crate::value::{Binary, ObjectId, Regex, Timestamp};
use crate::{Array, Decimal, Document, Value};

/// A borrowed [`Value`]. Cheap to copy.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "each kind is described at `Value`")]
pub enum ValueRef<'a> {
    MinKey,
    Undefined,
    Null,
    Int(i32),
    Long(i64),
    Double(f64),
    Decimal(Decimal),
    String(&'a str),
    Symbol(&'a str),
    Document(DocumentRef<'a>),
    Array(ArrayRef<'a>),
    Binary { subtype: u8, bytes: &'a [u8] },
    ObjectId(ObjectId),
    Bool(bool),
    Date(Date),
    Timestamp(Timestamp),
    Regex { pattern: &'a str, options: &'a str },
    Code(&'a str),
    MaxKey,
}

/// A borrowed document: fields in order, found by name.
#[derive(Clone, Copy, Debug)]
pub struct DocumentRef<'a> {
    form: DocumentForm<'a>,
    redaction: Option<&'a Level>,
}

#[derive(Clone, Copy, Debug)]
enum DocumentForm<'a> {
    Tree(&'a [(Name, Value)]),
    Packed(PackedDocument<'a>),
}

/// A borrowed array.
#[derive(Clone, Copy, Debug)]
pub struct ArrayRef<'a> {
    form: ArrayForm<'a>,
    /// What is left out of documents among the elements.
    redaction: Option<&'a Level>,
}

#[derive(Clone, Copy, Debug)]
enum ArrayForm<'a> {
    Tree(&'a [Value]),
    Packed(PackedArray<'a>),
}

impl<'a> ValueRef<'a> {
    /// Whether this is one of the four kinds of number.
    pub fn is_number(self) -> bool {
        matches!(
            self,
            ValueRef::Int(_) | ValueRef::Long(_) | ValueRef::Double(_) | ValueRef::Decimal(_)
        )
    }

    /// The text of a string or symbol.
    pub fn as_text(self) -> Option<&'a str> {
        match self {
            ValueRef::String(text) | ValueRef::Symbol(text) => Some(text),
            _ => None,
        }
    }

    /// The same value without what is left out on that level.
    #[inline]
    pub(crate) fn redacted(self, level: &'a Level) -> ValueRef<'a> {
        match self {
            ValueRef::Document(document) => ValueRef::Document(document.redacted(level)),
            ValueRef::Array(array) => ValueRef::Array(ArrayRef { redaction: Some(level), ..array }),
            value => value,
        }
    }

    /// The same value inside a document of which that is left out.
    #[inline]
    pub(crate) fn inside(self, level: &'a Level) -> ValueRef<'a> {
        match level.below() {
            Some(below) => self.redacted(below),
            None => self,
        }
    }

    /// The same value, owned.
    pub fn to_value(self) -> Value {
        match self {
            ValueRef::MinKey => Value::MinKey,
            ValueRef::Undefined => Value::Undefined,
            ValueRef::Null => Value::Null,
            ValueRef::Int(number) => Value::Int(number),
            ValueRef::Long(number) => Value::Long(number),
            ValueRef::Double(number) => Value::Double(number),
            ValueRef::Decimal(number) => Value::Decimal(number),
            ValueRef::String(text) => Value::String(text.to_owned()),
            ValueRef::Symbol(text) => Value::Symbol(text.to_owned()),
            ValueRef::Document(document) => Value::Document(document.to_document()),
            ValueRef::Array(array) => Value::Array(array.to_array()),
            ValueRef::Binary { subtype, bytes } => {
                Value::Binary(Binary { subtype, bytes: bytes.to_vec() })
            }
            ValueRef::ObjectId(id) => Value::ObjectId(id),
            ValueRef::Bool(truth) => Value::Bool(truth),
            ValueRef::Date(date) => Value::Date(date),
            ValueRef::Timestamp(timestamp) => Value::Timestamp(timestamp),
            ValueRef::Regex { pattern, options } => {
                Value::Regex(Regex { pattern: pattern.to_owned(), options: options.to_owned() })
            }
            ValueRef::Code(code) => Value::Code(code.to_owned()),
            ValueRef::MaxKey => Value::MaxKey,
        }
    }
}

impl<'a> From<&'a Value> for ValueRef<'a> {
    fn from(value: &'a Value) -> ValueRef<'a> {
        match value {
            Value::MinKey => ValueRef::MinKey,
            Value::Undefined => ValueRef::Undefined,
            Value::Null => ValueRef::Null,
            Value::Int(number) => ValueRef::Int(*number),
            Value::Long(number) => ValueRef::Long(*number),
            Value::Double(number) => ValueRef::Double(*number),
            Value::Decimal(number) => ValueRef::Decimal(*number),
            Value::String(text) => ValueRef::String(text),
            Value::Symbol(text) => ValueRef::Symbol(text),
            Value::Document(document) => ValueRef::Document(document.into()),
            Value::Array(array) => ValueRef::Array(array.as_slice().into()),
            Value::Binary(Binary { subtype, bytes }) => {
                ValueRef::Binary { subtype: *subtype, bytes }
            }
            Value::ObjectId(id) => ValueRef::ObjectId(*id),
            Value::Bool(truth) => ValueRef::Bool(*truth),
            Value::Date(date) => ValueRef::Date(*date),
            Value::Timestamp(timestamp) => ValueRef::Timestamp(*timestamp),
            Value::Regex(Regex { pattern, options }) => ValueRef::Regex { pattern, options },
            Value::Code(code) => ValueRef::Code(code),
            Value::MaxKey => ValueRef::MaxKey,
        }
    }
}

impl<'a> DocumentRef<'a> {
    /// The same document without what is left out on that level.
    #[inline]
    pub(crate) fn redacted(self, level: &'a Level) -> DocumentRef<'a> {
        DocumentRef { redaction: Some(level), ..self }
    }

    /// The value of the first field of that name.
    #[inline]
    pub fn get(self, name: &str) -> Option<ValueRef<'a>> {
        let Some(level) = self.redaction else { return self.find(name) };
        if level.hides(name) {
            return None;
        }
        self.find(name).map(|value| value.inside(level))
    }

    #[inline]
    fn find(self, name: &str) -> Option<ValueRef<'a>> {
        match self.form {
            DocumentForm::Tree(fields) => {
                let mut fields = fields.iter();
                let found = fields.find(|(field, _)| is_same(field.as_bytes(), name.as_bytes()));
                found.map(|(_, value)| value.into())
            }
            DocumentForm::Packed(packed) => packed.get(name),
        }
    }

    /// The fields, if this is a whole document in memory.
    #[inline]
    pub(crate) fn as_tree(self) -> Option<&'a [(Name, Value)]> {
        match self {
            DocumentRef { form: DocumentForm::Tree(fields), redaction: None } => Some(fields),
            _ => None,
        }
    }

    /// The document in its stored form, if that is what it is, and nothing is left out.
    #[inline]
    pub(crate) fn as_packed(self) -> Option<PackedDocument<'a>> {
        match self {
            DocumentRef { form: DocumentForm::Packed(packed), redaction: None } => Some(packed),
            _ => None,
        }
    }

    /// The value of the first field of that name, and how many fields were passed on the way.
    pub(crate) fn look_up(self, name: &str) -> (Option<ValueRef<'a>>, usize) {
        match self {
            DocumentRef { form: DocumentForm::Tree(fields), redaction: None } => {
                match fields.iter().position(|(field, _)| field == name) {
                    Some(place) => (fields.get(place).map(|(_, value)| value.into()), place),
                    None => (None, fields.len()),
                }
            }
            DocumentRef { form: DocumentForm::Packed(packed), redaction: None } => {
                packed.look_up(name)
            }
            // Fields that are left out do not count: a count would tell of them.
            redacted => match redacted.iter().zip(0..).find(|((field, _), _)| *field == name) {
                Some(((_, value), passed)) => (Some(value), passed),
                None => (None, redacted.len()),
            },
        }
    }

    /// The fields in order.
    pub fn iter(self) -> impl Iterator<Item = (&'a str, ValueRef<'a>)> {
        let fields = match self.form {
            DocumentForm::Tree(fields) => {
                Either::Tree(fields.iter().map(|(name, value)| (&**name, value.into())))
            }
            DocumentForm::Packed(packed) => Either::Packed(packed.iter()),
        };
        fields.filter_map(move |(name, value)| match self.redaction {
            None => Some((name, value)),
            Some(level) if level.hides(name) => None,
            Some(level) => Some((name, value.inside(level))),
        })
    }

    /// How many fields there are. Packed documents are walked.
    pub fn len(self) -> usize {
        match self.as_tree() {
            Some(fields) => fields.len(),
            None => self.iter().count(),
        }
    }

    /// Whether there are no fields.
    pub fn is_empty(self) -> bool {
        self.iter().next().is_none()
    }

    /// The same document, owned.
    pub fn to_document(self) -> Document {
        let Some(packed) = self.as_packed() else {
            let owned = |(name, value): (&str, ValueRef<'_>)| (name.to_owned(), value.to_value());
            return self.iter().map(owned).collect();
        };
        let mut fields = packed.fields();
        let owned = || Some((fields.name_owned()?, fields.value()?.to_value()));
        Document::of(std::iter::from_fn(owned).collect())
    }
}

/// Whether two names are the same. Length and first letter tell nearly all others apart without a
/// call.
#[inline]
pub(crate) fn is_same(field: &[u8], name: &[u8]) -> bool {
    field.len() == name.len() && field.first() == name.first() && field == name
}

impl<'a> From<&'a Document> for DocumentRef<'a> {
    fn from(document: &'a Document) -> DocumentRef<'a> {
        DocumentRef { form: DocumentForm::Tree(document.fields()), redaction: None }
    }
}

impl<'a> From<PackedDocument<'a>> for DocumentRef<'a> {
    fn from(packed: PackedDocument<'a>) -> DocumentRef<'a> {
        DocumentRef { form: DocumentForm::Packed(packed), redaction: None }
    }
}

impl<'a> ArrayRef<'a> {
    /// The element at that index.
    pub fn get(self, index: usize) -> Option<ValueRef<'a>> {
        let element = match self.form {
            ArrayForm::Tree(values) => values.get(index).map(ValueRef::from),
            ArrayForm::Packed(packed) => packed.iter().nth(index),
        };
        element.map(|element| self.redact(element))
    }

    /// The elements in order.
    pub fn iter(self) -> impl Iterator<Item = ValueRef<'a>> {
        let elements = match self.form {
            ArrayForm::Tree(values) => Either::Tree(values.iter().map(ValueRef::from)),
            ArrayForm::Packed(packed) => Either::Packed(packed.iter()),
        };
        elements.map(move |element| self.redact(element))
    }

    #[inline]
    fn redact(self, element: ValueRef<'a>) -> ValueRef<'a> {
        match self.redaction {
            None => element,
            Some(level) => element.redacted(level),
        }
    }

    /// The array in its stored form, if that is what it is.
    #[inline]
    pub(crate) fn as_packed(self) -> Option<PackedArray<'a>> {
        match self.form {
            ArrayForm::Packed(packed) => Some(packed),
            ArrayForm::Tree(_) => None,
        }
    }

    /// How many elements there are. Packed arrays are walked.
    pub fn len(self) -> usize {
        match self.form {
            ArrayForm::Tree(values) => values.len(),
            ArrayForm::Packed(packed) => packed.iter().count(),
        }
    }

    /// Whether there are no elements.
    pub fn is_empty(self) -> bool {
        self.iter().next().is_none()
    }

    /// The same array, owned.
    pub fn to_array(self) -> Array {
        self.iter().map(ValueRef::to_value).collect()
    }
}

impl<'a> From<&'a [Value]> for ArrayRef<'a> {
    fn from(values: &'a [Value]) -> ArrayRef<'a> {
        ArrayRef { form: ArrayForm::Tree(values), redaction: None }
    }
}

impl<'a> From<PackedArray<'a>> for ArrayRef<'a> {
    fn from(packed: PackedArray<'a>) -> ArrayRef<'a> {
        ArrayRef { form: ArrayForm::Packed(packed), redaction: None }
    }
}

/// The members of one form or the other.
enum Either<T, P> {
    Tree(T),
    Packed(P),
}

impl<I, T: Iterator<Item = I>, P: Iterator<Item = I>> Iterator for Either<T, P> {
    type Item = I;

    #[inline]
    fn next(&mut self) -> Option<I> {
        match self {
            Either::Tree(members) => members.next(),
            Either::Packed(members) => members.next(),
        }
    }
}
