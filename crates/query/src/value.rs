//! The kinds of value a document holds: BSON's, owned.
//!
//! This file knows the kinds and nothing of their order ([`crate::order`]), their text form
//! ([`crate::ejson`]) or their stored form ([`crate::packed`]).

mod convert;

use std::fmt;

use crate::ejson::{self, Form};
use crate::{Array, Date, Decimal, Document, ValueRef};

/// One value. `1` in JSON text is an [`Value::Int`], `1.0` a [`Value::Double`].
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
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
    /// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; }
    /// use filedex::ObjectId;
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

/// Relaxed Extended JSON.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&ejson::to_text(self.view(), Form::Relaxed))
    }
}

/// The 24 hexadecimal digits.
impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}
