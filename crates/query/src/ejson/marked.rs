//! The JSON text of a document with marks of where its fields end: who has it can leave fields out, or put others in
//! their place, without reading or writing the rest.
//!
//! A mark is a number of one or more bytes, the low seven bits of each first: two bits of what kind the value is, above
//! them the length of the field with the brace or the comma before it. Null and dates share one: only dates end with a
//! quote. This file knows no projections.

use super::write::is_beyond;
use crate::ValueRef;

/// The plain JSON text of a document, with its marks.
///
/// ```
/// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; }
/// use filedex::language::{Account, Document, ejson};
/// let file = Document::new().with("_id", "a").with("size", 7);
/// let (mut text, mut marks) = (Vec::new(), Vec::new());
/// ejson::write_marked_within(file.view(), (&mut text, &mut marks), 100, &Account::default())?;
/// let marked = ejson::Marked::new(&text, &marks);
/// let fields: Vec<&[u8]> = marked.fields().map(|field| field.text).collect();
/// assert_eq!(fields, [br#""_id":"a""#.as_slice(), br#""size":7"#]);
/// # Ok::<(), filedex_query::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Marked<'t> {
    text: &'t [u8],
    marks: &'t [u8],
}

/// The fields of a [`Marked`] in order.
#[derive(Clone, Debug)]
pub struct Fields<'t> {
    text: &'t [u8],
    /// Where the next one begins: its brace or its comma.
    start: usize,
    /// Those of the fields to come.
    marks: &'t [u8],
}

/// A place between two fields: in the text, and how many bytes of marks are behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    text: usize,
    marks_behind: usize,
}

/// A field of a [`Marked`].
#[derive(Clone, Copy, Debug)]
pub struct Field<'t> {
    /// Its name and its value: `"size":7`.
    pub text: &'t [u8],
    /// Where that stands in the text of the document.
    pub start: usize,
    /// What kind of value it has.
    pub kind: Kind,
}

/// What the text of a value does not tell, or not at a glance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A string; symbols and ids are [`Kind::Other`].
    Text,
    /// A date that is written as one.
    Date,
    /// A document or an array.
    Nested,
    /// Null; what is only written as null is [`Kind::Other`].
    Null,
    /// Any other.
    Other,
}

impl Kind {
    pub(super) fn of(value: ValueRef<'_>) -> Kind {
        match value {
            ValueRef::String(_) => Kind::Text,
            ValueRef::Document(_) | ValueRef::Array(_) => Kind::Nested,
            ValueRef::Null => Kind::Null,
            ValueRef::Date(date) if !is_beyond(date) => Kind::Date,
            _ => Kind::Other,
        }
    }
}

/// The kinds by the two bits that stand for them.
const KINDS: [Kind; 4] = [Kind::Text, Kind::Nested, Kind::Null, Kind::Other];

/// Adds a mark.
pub(crate) fn mark(kind: Kind, length: usize, marks: &mut Vec<u8>) {
    let kind = match kind {
        Kind::Text => 0,
        Kind::Nested => 1,
        Kind::Null | Kind::Date => 2,
        Kind::Other => 3,
    };
    let mut left = length << 2 | kind;
    while left >= 0x80 {
        marks.push(left as u8 | 0x80);
        left >>= 7;
    }
    marks.push(left as u8);
}

impl<'t> Marked<'t> {
    /// A text and its marks, as they were written.
    pub fn new(text: &'t [u8], marks: &'t [u8]) -> Marked<'t> {
        Marked { text, marks }
    }

    /// The whole text.
    pub fn text(self) -> &'t [u8] {
        self.text
    }

    /// The marks.
    pub fn marks(self) -> &'t [u8] {
        self.marks
    }

    /// The fields in order.
    #[inline]
    pub fn fields(self) -> Fields<'t> {
        Fields { text: self.text, start: 0, marks: self.marks }
    }

    /// The fields between two places, the first of them behind its brace or its comma.
    pub(crate) fn part(self, from: Place, to: Place) -> Marked<'t> {
        let mark = |place: Place| self.marks.len() - place.marks_behind;
        let text = self.text.get(from.text..to.text).unwrap_or_default();
        Marked { text, marks: self.marks.get(mark(from)..mark(to)).unwrap_or_default() }
    }
}

impl Fields<'_> {
    /// Where the next field begins.
    #[inline]
    pub(crate) fn place(&self) -> Place {
        Place { text: self.start, marks_behind: self.marks.len() }
    }
}

impl<'t> Iterator for Fields<'t> {
    type Item = Field<'t>;

    #[inline]
    fn next(&mut self) -> Option<Field<'t>> {
        let (kind, length) = next(&mut self.marks)?;
        let start = self.start + 1;
        self.start += length;
        let text = self.text.get(start..self.start)?;
        let is_date = kind == Kind::Null && text.ends_with(b"\"");
        Some(Field { text, start, kind: if is_date { Kind::Date } else { kind } })
    }
}

/// Takes the next mark.
#[inline]
fn next(marks: &mut &[u8]) -> Option<(Kind, usize)> {
    // Nearly all are of one or two bytes.
    let (mark, rest) = match *marks {
        [first @ ..0x80, rest @ ..] => (usize::from(*first), rest),
        [first, second @ ..0x80, rest @ ..] => {
            (usize::from(*first & 0x7f) | usize::from(*second) << 7, rest)
        }
        marks => long(marks)?,
    };
    *marks = rest;
    let kind = *KINDS.get(mark & 3)?;
    Some((kind, mark >> 2))
}

/// A mark of any length.
#[cold]
fn long(mut marks: &[u8]) -> Option<(usize, &[u8])> {
    let (mut mark, mut shift) = (0, 0);
    loop {
        let (byte, rest) = marks.split_first()?;
        marks = rest;
        mark |= usize::from(byte & 0x7f) << shift;
        if *byte < 0x80 {
            return Some((mark, marks));
        }
        shift = 63.min(shift + 7);
    }
}

impl<'t> Field<'t> {
    /// Whether it begins with that key, a name as it stands before a value: `"size":`.
    #[inline]
    pub fn has(self, key: &[u8]) -> bool {
        // The first letter tells nearly all others apart without a call.
        self.text.get(1) == key.get(1) && self.text.starts_with(key)
    }

    /// Whether a field with one of the keys may be somewhere within the value.
    pub fn may_hold<K: AsRef<[u8]>>(self, keys: &[K]) -> bool {
        if self.kind != Kind::Nested || keys.is_empty() {
            return false;
        }
        let is_key = |end: usize| {
            let before = self.text.get(..=end).unwrap_or_default();
            keys.iter().any(|key| before.ends_with(key.as_ref()))
        };
        memchr::memchr_iter(b':', self.text).any(is_key)
    }
}
