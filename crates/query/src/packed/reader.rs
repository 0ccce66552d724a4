//! The bytes of a stored document, read from front to back.
//!
//! This is bincode 2's standard configuration read by hand, because every record that a query examines
//! is passed over field by field here. What is not asked for is not decoded.

use super::{PackedArray, PackedDocument, tag};
use crate::Date;
use crate::value::{ObjectId, Timestamp};
use crate::{Decimal, ValueRef};

/// The bytes not yet read. `None` means that they are malformed or at their end.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader(bytes)
    }

    pub(super) fn is_at_end(self) -> bool {
        self.0.is_empty()
    }

    /// The tag of the next value, which stays the next.
    pub(super) fn tag(self) -> Option<u8> {
        self.0.first().copied()
    }

    /// What a text, a document or an array holds: bytes after their length.
    #[inline]
    pub(crate) fn bytes(&mut self) -> Option<&'a [u8]> {
        // Texts are nearly always shorter than 251 bytes, which takes one byte of length.
        let length = match self.0.split_first() {
            Some((&length @ 0..=250, rest)) => {
                self.0 = rest;
                usize::from(length)
            }
            _ => usize::try_from(self.number()?).ok()?,
        };
        self.take(length)
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    /// The bytes of the next value, if it is a string; they are not looked at. Any other value, and
    /// one cut short, stays the next.
    #[inline]
    pub(crate) fn take_string(&mut self) -> Option<&'a [u8]> {
        let mut rest = *self;
        if rest.byte()? != tag::STRING {
            return None;
        }
        let text = rest.bytes()?;
        *self = rest;
        Some(text)
    }

    /// The bytes of the next value, whatever it is.
    pub(super) fn take_value(&mut self) -> Option<&'a [u8]> {
        let whole = self.0;
        self.skip()?;
        whole.get(..whole.len() - self.0.len())
    }

    /// The bytes of what the next value holds, if it is a document, whose fields have names, or an
    /// array. Any other value, and one cut short, stays the next.
    pub(super) fn nested(&mut self) -> Option<(&'a [u8], bool)> {
        let tag = self.tag().filter(|tag| matches!(*tag, tag::DOCUMENT | tag::ARRAY))?;
        let mut rest = *self;
        rest.byte()?;
        let inner = rest.bytes()?;
        *self = rest;
        Some((inner, tag == tag::DOCUMENT))
    }

    pub(crate) fn value(&mut self) -> Option<ValueRef<'a>> {
        Some(match self.byte()? {
            tag::NULL => ValueRef::Null,
            tag::UNDEFINED => ValueRef::Undefined,
            tag::MIN_KEY => ValueRef::MinKey,
            tag::MAX_KEY => ValueRef::MaxKey,
            tag::FALSE => ValueRef::Bool(false),
            tag::TRUE => ValueRef::Bool(true),
            tag::INT => ValueRef::Int(i32::try_from(self.integer()?).ok()?),
            tag::LONG => ValueRef::Long(self.integer()?),
            tag::DOUBLE => ValueRef::Double(f64::from_le_bytes(self.array()?)),
            tag::DECIMAL => ValueRef::Decimal(Decimal::from_bytes(self.array()?)),
            tag::STRING => ValueRef::String(self.text()?),
            tag::SYMBOL => ValueRef::Symbol(self.text()?),
            tag::CODE => ValueRef::Code(self.text()?),
            tag::DATE => ValueRef::Date(Date(self.integer()?)),
            tag::OBJECT_ID => ValueRef::ObjectId(ObjectId(self.array()?)),
            tag::BINARY => ValueRef::Binary { subtype: self.byte()?, bytes: self.bytes()? },
            tag::REGEX => ValueRef::Regex { pattern: self.text()?, options: self.text()? },
            tag::TIMESTAMP => ValueRef::Timestamp(Timestamp {
                time: u32::try_from(self.number()?).ok()?,
                increment: u32::try_from(self.number()?).ok()?,
            }),
            tag::DOCUMENT => ValueRef::Document(PackedDocument::new(self.bytes()?).into()),
            tag::ARRAY => ValueRef::Array(PackedArray(self.bytes()?).into()),
            _ => return None,
        })
    }

    /// Passes over one value without decoding it.
    #[inline(always)]
    pub(crate) fn skip(&mut self) -> Option<()> {
        // In the order of how often files have them.
        match self.byte()? {
            tag::STRING | tag::DOCUMENT | tag::ARRAY => self.bytes().map(drop),
            tag::INT | tag::LONG | tag::DATE => self.number().map(drop),
            tag::NULL | tag::FALSE | tag::TRUE => Some(()),
            tag => self.skip_rare(tag),
        }
    }

    #[cold]
    fn skip_rare(&mut self, tag: u8) -> Option<()> {
        match tag {
            tag::UNDEFINED | tag::MIN_KEY | tag::MAX_KEY => Some(()),
            tag::SYMBOL | tag::CODE => self.bytes().map(drop),
            tag::DOUBLE => self.take(8).map(drop),
            tag::OBJECT_ID => self.take(12).map(drop),
            tag::DECIMAL => self.take(16).map(drop),
            tag::BINARY => self.take(1).and_then(|_| self.bytes()).map(drop),
            tag::REGEX => self.bytes().and_then(|_| self.bytes()).map(drop),
            tag::TIMESTAMP => self.number().and_then(|_| self.number()).map(drop),
            _ => None,
        }
    }

    #[inline]
    pub(super) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    #[inline]
    pub(super) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    #[inline]
    fn array<const LENGTH: usize>(&mut self) -> Option<[u8; LENGTH]> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*bytes)
    }

    /// A number of variable length: below 251 one byte, else a mark and two, four or eight bytes.
    #[inline]
    fn number(&mut self) -> Option<u64> {
        Some(match self.byte()? {
            small @ 0..=250 => u64::from(small),
            251 => u64::from(u16::from_le_bytes(self.array()?)),
            252 => u64::from(u32::from_le_bytes(self.array()?)),
            253 => u64::from_le_bytes(self.array()?),
            _ => return None,
        })
    }

    /// A number with a sign, which is kept in the lowest bit.
    #[inline]
    fn integer(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1) as i64 ^ -((number & 1) as i64))
    }
}
