//! The kinds of value a document holds: BSON's, owned.
//!
//! This file knows the kinds and nothing of their order ([`crate::order`]), their text form
//! ([`crate::ejson`]) or their stored form ([`crate::packed`]).

use crate::moment;
use crate::{Array, Decimal, Document, ValueRef};

/// One value. `1` in JSON text is an [`Value::Int`], `1.0` a [`Value::Double`].
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// Below everything.
    MinKey,
    /// BSON's deprecated undefined.
    Undefined,
    /// JSON's null.
    #[default]
    Null,
    /// A 32-bit integer.
    Int(i32),
    /// A 64-bit integer.
    Long(i64),
    /// A 64-bit float.
    Double(f64),
    /// IEEE 754-2008 decimal128.
    Decimal(Decimal),
    /// Text.
    String(String),
    /// BSON's deprecated symbol: ranks as text.
    Symbol(String),
    /// An ordered map.
    Document(Document),
    /// A list.
    Array(Array),
    /// Bytes with a subtype.
    Binary(Binary),
    /// Twelve bytes.
    ObjectId(ObjectId),
    /// JSON's true and false.
    Bool(bool),
    /// Milliseconds since the epoch.
    Date(Date),
    /// A replication timestamp.
    Timestamp(Timestamp),
    /// A regular expression kept as a value.
    Regex(Regex),
    /// JavaScript source kept as a value; never run.
    Code(String),
    /// Above everything.
    MaxKey,
}

/// Bytes with BSON's subtype (0 generic, 4 UUID).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Binary {
    /// BSON's subtype byte.
    pub subtype: u8,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// A 12-byte object id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId(pub [u8; 12]);

impl ObjectId {
    /// Reads 24 hexadecimal digits.
    ///
    /// ```
    /// use filedex_query::ObjectId;
    /// let id = ObjectId::from_hex("666fdecb4ac1a8e6404ededd").unwrap();
    /// assert_eq!(id.to_hex(), "666fdecb4ac1a8e6404ededd");
    /// assert!(ObjectId::from_hex("ByehQjC44FwMeiLbX").is_none());
    /// ```
    pub fn from_hex(text: &str) -> Option<ObjectId> {
        if text.len() != 24 || !text.is_ascii() {
            return None;
        }
        let mut bytes = [0; 12];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).ok()?;
            if pair.starts_with('+') {
                return None;
            }
            *byte = u8::from_str_radix(pair, 16).ok()?;
        }
        Some(ObjectId(bytes))
    }

    /// The 24 hexadecimal digits, in lower case.
    pub fn to_hex(self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A moment: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(pub i64);

impl Date {
    /// Reads a moment in ISO 8601: date, `T` or a space, time, offset (`Z`, `+01:00`, `+0100`). Without
    /// an offset it is UTC, a bare date its midnight. Years beyond 9999 are written as JavaScript does,
    /// with a sign and six digits. What is finer than a millisecond is cut, towards the past.
    ///
    /// ```
    /// use filedex_query::Date;
    /// assert_eq!(Date::from_iso("2018-03-08T18:36:09.846+0100"), Some(Date(1_520_530_569_846)));
    /// assert_eq!(Date::from_iso("2018-03-08 17:36:09.846"), Some(Date(1_520_530_569_846)));
    /// assert_eq!(Date::from_iso("2018-03-08"), Some(Date(1_520_467_200_000)));
    /// assert_eq!(Date::from_iso("+010000-01-01T00:00:00.000Z"), Some(Date(253_402_300_800_000)));
    /// assert_eq!(Date::from_iso("0000-00-00 00:00:00"), None);
    /// ```
    pub fn from_iso(text: &str) -> Option<Date> {
        moment::read(text)
    }
}

/// A replication timestamp: seconds, then a counter, both unsigned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    /// Seconds since the epoch.
    pub time: u32,
    /// The counter within the second.
    pub increment: u32,
}

/// A regular expression as a value: its text and its options, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Regex {
    /// The pattern, as written.
    pub pattern: String,
    /// The option letters, in alphabetical order.
    pub options: String,
}

impl Value {
    /// The value, borrowed.
    pub fn view(&self) -> ValueRef<'_> {
        ValueRef::from(self)
    }

    /// The text, if this is text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The document, if this is one.
    pub fn as_document(&self) -> Option<&Document> {
        match self {
            Value::Document(document) => Some(document),
            _ => None,
        }
    }

    /// The array, if this is one.
    pub fn as_array(&self) -> Option<&[Value]> {
        match self {
            Value::Array(array) => Some(array),
            _ => None,
        }
    }

    /// The smallest integer kind that holds `number`, as JSON text is read.
    pub fn integer(number: i64) -> Value {
        match i32::try_from(number) {
            Ok(small) => Value::Int(small),
            Err(_) => Value::Long(number),
        }
    }
}

/// Identity, not MongoDB's equality: `1` and `1.0` differ, and a NaN equals itself.
/// For MongoDB's equality use [`crate::order::equal`].
impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        use Value::*;
        match (self, other) {
            (MinKey, MinKey) | (Undefined, Undefined) | (Null, Null) | (MaxKey, MaxKey) => true,
            (Int(a), Int(b)) => a == b,
            (Long(a), Long(b)) => a == b,
            (Double(a), Double(b)) => a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()),
            (Decimal(a), Decimal(b)) => a == b,
            (String(a), String(b)) | (Symbol(a), Symbol(b)) | (Code(a), Code(b)) => a == b,
            (Document(a), Document(b)) => a == b,
            (Array(a), Array(b)) => a == b,
            (Binary(a), Binary(b)) => a == b,
            (ObjectId(a), ObjectId(b)) => a == b,
            (Bool(a), Bool(b)) => a == b,
            (Date(a), Date(b)) => a == b,
            (Timestamp(a), Timestamp(b)) => a == b,
            (Regex(a), Regex(b)) => a == b,
            _ => false,
        }
    }
}

macro_rules! from {
    ($($source:ty => $kind:ident),* $(,)?) => {$(
        impl From<$source> for Value {
            fn from(source: $source) -> Value {
                Value::$kind(source.into())
            }
        }
    )*};
}

from! {
    bool => Bool, i32 => Int, i64 => Long, f64 => Double, &str => String, String => String,
    Document => Document, Vec<Value> => Array, Date => Date, ObjectId => ObjectId,
    Decimal => Decimal, Regex => Regex, Binary => Binary, Timestamp => Timestamp,
}
