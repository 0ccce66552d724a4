//! The stored form of a document, read in place: a field is found without building the rest.
//!
//! ```text
//! document := field*            field := name tag payload
//! array    := element*          element := tag payload
//! name     := one byte where files commonly have it, else its text (`names.rs`)
//! payload  := by tag; documents and arrays are bincode byte strings, so that one length skips them
//! ```
//!
//! The primitive parts are bincode 2 (standard configuration: variable-length integers, little
//! endian). Bytes come from a store that has verified their checksum: readers here never panic, and
//! where bytes are malformed all the same they end early; [`PackedDocument::check`] tells.

pub(crate) mod names;
mod narrow;
mod reader;

use bincode::config::Configuration;

use crate::Date;
use crate::document::Name;
use crate::value::{Binary, ObjectId, Regex, Timestamp};
use crate::view::is_same;
use crate::{Document, Value, ValueRef};
pub(crate) use narrow::join;
pub(crate) use reader::Reader;

const FORM: Configuration = bincode::config::standard();

/// Documents nested deeper than this are not read back.
const MOST_DEPTH: usize = 256;

mod tag {
    pub(super) const NULL: u8 = 0;
    pub(super) const FALSE: u8 = 1;
    pub(super) const TRUE: u8 = 2;
    pub(super) const INT: u8 = 3;
    pub(super) const LONG: u8 = 4;
    pub(super) const DOUBLE: u8 = 5;
    pub(super) const STRING: u8 = 6;
    pub(super) const DOCUMENT: u8 = 7;
    pub(super) const ARRAY: u8 = 8;
    pub(super) const DATE: u8 = 9;
    pub(super) const OBJECT_ID: u8 = 10;
    pub(super) const BINARY: u8 = 11;
    pub(super) const REGEX: u8 = 12;
    pub(super) const DECIMAL: u8 = 13;
    pub(super) const TIMESTAMP: u8 = 14;
    pub(super) const SYMBOL: u8 = 15;
    pub(super) const CODE: u8 = 16;
    pub(super) const UNDEFINED: u8 = 17;
    pub(super) const MIN_KEY: u8 = 18;
    pub(super) const MAX_KEY: u8 = 19;
}

/// A document in its stored form.
#[derive(Clone, Copy, Debug)]
pub struct PackedDocument<'a>(&'a [u8]);

/// An array in its stored form.
#[derive(Clone, Copy, Debug)]
pub struct PackedArray<'a>(&'a [u8]);

/// Whether a packed value is a text.
///
/// ```
/// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; }
/// use filedex::language::{Limits, Path, packed};
/// let record = packed::pack(&filedex::Document::new().with("name", "logo.png").with("size", 9778));
/// let narrowed = |path| {
///     let mut value = Vec::new();
///     Path::parse(path, &Limits::default()).unwrap().narrow(packed::PackedDocument::new(&record), &mut value);
///     value
/// };
/// assert!(packed::is_text(&narrowed("name")) && !packed::is_text(&narrowed("size")));
/// ```
#[inline]
pub fn is_text(value: &[u8]) -> bool {
    value.first() == Some(&tag::STRING)
}

/// The stored form of the document.
///
/// ```
/// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; }
/// use filedex::language::packed;
/// use filedex::Document;
/// let bytes = packed::pack(&Document::new().with("name", "logo.png").with("size", 9778));
/// let stored = packed::PackedDocument::new(&bytes);
/// assert_eq!(stored.get("name").and_then(|name| name.as_text()), Some("logo.png"));
/// ```
pub fn pack(document: &Document) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    pack_into(&mut out, document);
    out
}

/// Adds the stored form of the document; gives a name that stands twice in it or in a document within
/// it, if one does.
///
/// ```
/// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; }
/// use filedex::language::packed;
/// use filedex::Document;
/// let twice = Document::new().with("size", 1).with("size", 2);
/// assert_eq!(packed::pack_into(&mut Vec::new(), &twice), Some("size"));
/// ```
pub fn pack_into<'d>(out: &mut Vec<u8>, document: &'d Document) -> Option<&'d str> {
    let (mut seen, mut repeated) = (names::Seen::default(), None);
    for (name, value) in document.iter() {
        let is_repeated = seen.repeats(names::pack(out, name));
        let within = pack_value(out, value);
        repeated = repeated.or(is_repeated.then_some(name)).or(within);
    }
    repeated
}

/// The stored form of a document as a value, behind its kind.
pub(crate) fn pack_whole(document: &Document) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    out.push(tag::DOCUMENT);
    nest(&mut out, |out| pack_into(out, document));
    out
}

/// The stored form of one value, behind its kind.
pub(crate) fn pack_one(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    pack_value(&mut out, value);
    out
}

/// What [`pack_one`] or [`pack_whole`] has packed; nothing of any other bytes.
pub(crate) fn unpack_one(bytes: &[u8]) -> Option<Value> {
    check(bytes, false, 0)?;
    let mut reader = Reader::new(bytes);
    let value = reader.value()?;
    reader.is_at_end().then(|| value.to_value())
}

/// As [`pack_into`], for a value.
fn pack_value<'d>(out: &mut Vec<u8>, value: &'d Value) -> Option<&'d str> {
    match value {
        Value::Document(document) => {
            out.push(tag::DOCUMENT);
            return nest(out, |out| pack_into(out, document));
        }
        Value::Array(array) => {
            out.push(tag::ARRAY);
            return nest(out, |out| {
                array.iter().fold(None, |repeated, element| {
                    let within = pack_value(out, element);
                    repeated.or(within)
                })
            });
        }
        Value::Null => out.push(tag::NULL),
        Value::Undefined => out.push(tag::UNDEFINED),
        Value::MinKey => out.push(tag::MIN_KEY),
        Value::MaxKey => out.push(tag::MAX_KEY),
        Value::Bool(truth) => out.push(if *truth { tag::TRUE } else { tag::FALSE }),
        Value::Int(number) => put(out, (tag::INT, number)),
        Value::Long(number) => put(out, (tag::LONG, number)),
        Value::Double(number) => put(out, (tag::DOUBLE, number)),
        Value::Decimal(number) => put(out, (tag::DECIMAL, number.to_bytes())),
        Value::String(text) => pack_text(out, tag::STRING, text),
        Value::Symbol(text) => pack_text(out, tag::SYMBOL, text),
        Value::Code(text) => pack_text(out, tag::CODE, text),
        Value::Date(Date(time)) => put(out, (tag::DATE, time)),
        Value::ObjectId(ObjectId(id)) => put(out, (tag::OBJECT_ID, id)),
        Value::Binary(Binary { subtype, bytes }) => {
            put(out, (tag::BINARY, subtype, bytes.as_slice()));
        }
        Value::Regex(Regex { pattern, options }) => put(out, (tag::REGEX, pattern, options)),
        Value::Timestamp(Timestamp { time, increment }) => {
            put(out, (tag::TIMESTAMP, time, increment));
        }
    }
    None
}

fn pack_text(out: &mut Vec<u8>, tag: u8, text: &str) {
    out.push(tag);
    match text.len() {
        // Nearly all are this short, and packing is mostly packing texts.
        length @ 0..=250 => out.push(length as u8),
        length => put(out, length as u64),
    }
    out.extend_from_slice(text.as_bytes());
}

/// Adds what `pack` adds, behind its length.
fn nest<T>(out: &mut Vec<u8>, pack: impl FnOnce(&mut Vec<u8>) -> T) -> T {
    let start = out.len();
    let packed = pack(out);
    let length = out.len() - start;
    // How many bytes the length takes is not known before; so it is moved to the front.
    put(out, length as u64);
    if let Some(nested) = out.get_mut(start..) {
        nested.rotate_left(length);
    }
    packed
}

fn put(out: &mut Vec<u8>, part: impl bincode::Encode) {
    // Writing primitives to memory has no way to fail.
    let written = bincode::encode_into_std_write(part, out, FORM);
    debug_assert!(written.is_ok());
}

impl<'a> PackedDocument<'a> {
    /// Reads these bytes as a document. They are looked at when asked.
    pub fn new(bytes: &'a [u8]) -> PackedDocument<'a> {
        PackedDocument(bytes)
    }

    /// The value of the first field of that name. The fields before it are skipped, not decoded.
    pub fn get(self, name: &str) -> Option<ValueRef<'a>> {
        self.find(name)?.value()
    }

    /// The value of the first field of that name, not decoded.
    pub(crate) fn find(self, name: &str) -> Option<Reader<'a>> {
        let mut reader = self.fields();
        while !is_same(reader.name()?, name.as_bytes()) {
            reader.skip()?;
        }
        Some(reader)
    }

    /// The value, and how many fields were passed on the way.
    pub(crate) fn look_up(self, name: &str) -> (Option<ValueRef<'a>>, usize) {
        let mut reader = self.fields();
        let mut passed = 0;
        while let Some(field) = reader.name() {
            if is_same(field, name.as_bytes()) {
                return (reader.value(), passed);
            }
            if reader.skip().is_none() {
                break;
            }
            passed += 1;
        }
        (None, passed)
    }

    /// The fields in order.
    pub fn iter(self) -> impl Iterator<Item = (&'a str, ValueRef<'a>)> {
        let mut reader = self.fields();
        std::iter::from_fn(move || Some((reader.name_text()?, reader.value()?)))
    }

    /// Shows each field, its name to be kept.
    pub(crate) fn each_owned<E>(
        self,
        show: &mut impl FnMut(Name, ValueRef<'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut fields = self.fields();
        while let Some(name) = fields.name_owned()
            && let Some(value) = fields.value()
        {
            show(name, value)?;
        }
        Ok(())
    }

    /// The fields, not decoded: each time a name, then a value.
    pub(crate) fn fields(self) -> Reader<'a> {
        Reader::new(self.0)
    }

    /// Whether the bytes are wholly a document, to the last one.
    pub fn check(self) -> bool {
        check(self.0, true, 0).is_some()
    }
}

impl<'a> PackedArray<'a> {
    /// The elements in order.
    pub fn iter(self) -> impl Iterator<Item = ValueRef<'a>> {
        let mut reader = self.elements();
        std::iter::from_fn(move || reader.value())
    }

    /// The elements, not decoded.
    pub(crate) fn elements(self) -> Reader<'a> {
        Reader::new(self.0)
    }
}

fn check(bytes: &[u8], named: bool, depth: usize) -> Option<()> {
    if depth > MOST_DEPTH {
        return None;
    }
    let mut reader = Reader::new(bytes);
    while !reader.is_at_end() {
        if named {
            std::str::from_utf8(reader.name()?).ok()?;
        }
        match reader.value()? {
            ValueRef::Document(_) | ValueRef::Array(_) => {}
            _ => continue,
        }
    }
    check_nested(bytes, named, depth)
}

/// Second pass over what holds others, so that the first stays flat.
fn check_nested(bytes: &[u8], named: bool, depth: usize) -> Option<()> {
    let mut reader = Reader::new(bytes);
    while !reader.is_at_end() {
        if named {
            reader.name()?;
        }
        match reader.nested() {
            Some((inner, named)) => check(inner, named, depth + 1)?,
            None => reader.skip()?,
        }
    }
    Some(())
}
