//! The stored form of a document, read in place: a field is found without building the rest.
//!
//! ```text
//! document := field*            field := name tag payload
//! array    := element*          element := tag payload
//! name     := bincode string    payload := by tag; documents and arrays are bincode byte strings,
//!                               so that one length skips them
//! ```
//!
//! The primitive parts are bincode 2 (standard configuration: variable-length integers, little
//! endian). Bytes come from a store that has verified their checksum: readers here never panic, and
//! where bytes are malformed all the same they end early; [`PackedDocument::check`] tells.

use bincode::config::Configuration;

use crate::value::{Binary, Date, ObjectId, Regex, Timestamp};
use crate::view::is_same;
use crate::{Decimal, Document, Value, ValueRef};

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

/// The stored form of the document.
///
/// ```
/// use filedex_query::{packed, Document};
/// let bytes = packed::pack(&Document::new().with("name", "logo.png").with("size", 9778));
/// let stored = packed::PackedDocument::new(&bytes);
/// assert_eq!(stored.get("name").and_then(|name| name.as_text()), Some("logo.png"));
/// ```
pub fn pack(document: &Document) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    for (name, value) in document.iter() {
        put(&mut out, name);
        pack_value(&mut out, value);
    }
    out
}

fn pack_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => out.push(tag::NULL),
        Value::Undefined => out.push(tag::UNDEFINED),
        Value::MinKey => out.push(tag::MIN_KEY),
        Value::MaxKey => out.push(tag::MAX_KEY),
        Value::Bool(truth) => out.push(if *truth { tag::TRUE } else { tag::FALSE }),
        Value::Int(number) => put(out, (tag::INT, number)),
        Value::Long(number) => put(out, (tag::LONG, number)),
        Value::Double(number) => put(out, (tag::DOUBLE, number)),
        Value::Decimal(number) => put(out, (tag::DECIMAL, number.to_bytes())),
        Value::String(text) => put(out, (tag::STRING, text)),
        Value::Symbol(text) => put(out, (tag::SYMBOL, text)),
        Value::Code(text) => put(out, (tag::CODE, text)),
        Value::Date(Date(time)) => put(out, (tag::DATE, time)),
        Value::ObjectId(ObjectId(id)) => put(out, (tag::OBJECT_ID, id)),
        Value::Binary(Binary { subtype, bytes }) => {
            put(out, (tag::BINARY, subtype, bytes.as_slice()));
        }
        Value::Regex(Regex { pattern, options }) => put(out, (tag::REGEX, pattern, options)),
        Value::Timestamp(Timestamp { time, increment }) => {
            put(out, (tag::TIMESTAMP, time, increment));
        }
        Value::Document(document) => put(out, (tag::DOCUMENT, pack(document).as_slice())),
        Value::Array(array) => {
            let mut elements = Vec::new();
            array.iter().for_each(|element| pack_value(&mut elements, element));
            put(out, (tag::ARRAY, elements.as_slice()));
        }
    }
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
        self.look_up(name).0
    }

    /// The value, and how many fields were passed on the way.
    pub(crate) fn look_up(self, name: &str) -> (Option<ValueRef<'a>>, usize) {
        let mut reader = Reader(self.0);
        let mut passed = 0;
        while let Some(field) = reader.bytes() {
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
        let mut reader = Reader(self.0);
        std::iter::from_fn(move || Some((reader.text()?, reader.value()?)))
    }

    /// Whether the bytes are wholly a document, to the last one.
    pub fn check(self) -> bool {
        check(self.0, true, 0).is_some()
    }
}

impl<'a> PackedArray<'a> {
    /// The elements in order.
    pub fn iter(self) -> impl Iterator<Item = ValueRef<'a>> {
        let mut reader = Reader(self.0);
        std::iter::from_fn(move || reader.value())
    }
}

fn check(bytes: &[u8], named: bool, depth: usize) -> Option<()> {
    if depth > MOST_DEPTH {
        return None;
    }
    let mut reader = Reader(bytes);
    while !reader.0.is_empty() {
        if named {
            reader.text()?;
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
    let mut reader = Reader(bytes);
    while !reader.0.is_empty() {
        if named {
            reader.bytes()?;
        }
        match *reader.0.first()? {
            kind @ (tag::DOCUMENT | tag::ARRAY) => {
                reader.byte()?;
                check(reader.bytes()?, kind == tag::DOCUMENT, depth + 1)?;
            }
            _ => reader.skip()?,
        }
    }
    Some(())
}

/// The bytes not yet read. `None` means that they are malformed or at their end.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take<T: bincode::BorrowDecode<'a, ()>>(&mut self) -> Option<T> {
        let (part, length) = bincode::borrow_decode_from_slice(self.0, FORM).ok()?;
        self.0 = self.0.get(length..)?;
        Some(part)
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        // Names and texts are nearly always shorter than 251 bytes, which bincode writes as one
        // byte of length.
        if let Some((&length @ 0..=250, rest)) = self.0.split_first() {
            let (bytes, rest) = rest.split_at_checked(usize::from(length))?;
            self.0 = rest;
            return Some(bytes);
        }
        self.take()
    }

    fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    fn value(&mut self) -> Option<ValueRef<'a>> {
        Some(match self.byte()? {
            tag::NULL => ValueRef::Null,
            tag::UNDEFINED => ValueRef::Undefined,
            tag::MIN_KEY => ValueRef::MinKey,
            tag::MAX_KEY => ValueRef::MaxKey,
            tag::FALSE => ValueRef::Bool(false),
            tag::TRUE => ValueRef::Bool(true),
            tag::INT => ValueRef::Int(self.take()?),
            tag::LONG => ValueRef::Long(self.take()?),
            tag::DOUBLE => ValueRef::Double(self.take()?),
            tag::DECIMAL => ValueRef::Decimal(Decimal::from_bytes(self.take()?)),
            tag::STRING => ValueRef::String(self.text()?),
            tag::SYMBOL => ValueRef::Symbol(self.text()?),
            tag::CODE => ValueRef::Code(self.text()?),
            tag::DATE => ValueRef::Date(Date(self.take()?)),
            tag::OBJECT_ID => ValueRef::ObjectId(ObjectId(self.take()?)),
            tag::BINARY => ValueRef::Binary { subtype: self.byte()?, bytes: self.bytes()? },
            tag::REGEX => ValueRef::Regex { pattern: self.text()?, options: self.text()? },
            tag::TIMESTAMP => {
                ValueRef::Timestamp(Timestamp { time: self.take()?, increment: self.take()? })
            }
            tag::DOCUMENT => ValueRef::Document(PackedDocument(self.bytes()?).into()),
            tag::ARRAY => ValueRef::Array(PackedArray(self.bytes()?).into()),
            _ => return None,
        })
    }

    /// Passes over one value without decoding its text.
    fn skip(&mut self) -> Option<()> {
        match *self.0.first()? {
            tag::STRING | tag::DOCUMENT | tag::ARRAY | tag::SYMBOL | tag::CODE => {
                self.byte()?;
                self.bytes()?;
            }
            _ => {
                self.value()?;
            }
        }
        Some(())
    }
}
