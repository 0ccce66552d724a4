//! Rust's own types to values, and values back.
//!
//! This file knows single values; a host's structs are [`crate::typed`]'s.

use std::borrow::Cow;

use super::{Binary, ObjectId, Regex, Timestamp, Value};
use crate::filter::integer;
use crate::{Date, Decimal, Document, ValueRef};

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
    bool => Bool, i8 => Int, i16 => Int, i32 => Int, u8 => Int, u16 => Int, u32 => Long, i64 => Long,
    f32 => Double, f64 => Double, char => String, &str => String, &String => String, String => String,
    Box<str> => String, Cow<'_, str> => String, Document => Document, Date => Date,
    std::time::SystemTime => Date, ObjectId => ObjectId, Decimal => Decimal, Regex => Regex,
    Binary => Binary, Timestamp => Timestamp,
}

#[cfg(feature = "jiff")]
from! { jiff::Timestamp => Date, jiff::Zoned => Date }

/// A 64-bit integer; past it a decimal, which holds every `u64`.
impl From<u64> for Value {
    fn from(number: u64) -> Value {
        i64::try_from(number).map_or_else(|_| Value::Decimal(number.into()), Value::Long)
    }
}

/// As from `u64`.
impl From<usize> for Value {
    fn from(number: usize) -> Value {
        Value::from(number as u64)
    }
}

impl From<isize> for Value {
    fn from(number: isize) -> Value {
        Value::Long(number as i64)
    }
}

impl From<()> for Value {
    fn from((): ()) -> Value {
        Value::Null
    }
}

/// Null for nothing.
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(source: Option<T>) -> Value {
        source.map_or(Value::Null, Into::into)
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(members: Vec<T>) -> Value {
        Value::Array(members.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Value>, const N: usize> From<[T; N]> for Value {
    fn from(members: [T; N]) -> Value {
        Value::Array(members.into_iter().map(Into::into).collect())
    }
}

impl<T: Clone + Into<Value>> From<&[T]> for Value {
    fn from(members: &[T]) -> Value {
        Value::Array(members.iter().cloned().map(Into::into).collect())
    }
}

impl Value {
    /// The smallest integer kind that holds `number`, as JSON text is read.
    pub fn integer(number: i64) -> Value {
        match i32::try_from(number) {
            Ok(small) => Value::Int(small),
            Err(_) => Value::Long(number),
        }
    }

    /// Whether this is null.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// The text, if this is text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The whole number, of whatever kind it is, if it fits.
    ///
    /// ```
    /// # use filedex_query as filedex;
    /// use filedex::Value;
    /// assert_eq!(Value::from(78_441_u64).as_i64(), Some(78_441));
    /// assert_eq!(Value::from(1.0).as_i64(), Some(1));
    /// assert_eq!((Value::from(1.5).as_i64(), Value::from("1").as_i64()), (None, None));
    /// ```
    pub fn as_i64(&self) -> Option<i64> {
        integer::whole(self.view())
    }

    /// The number, of whatever kind it is, as the nearest double.
    pub fn as_f64(&self) -> Option<f64> {
        match self.view() {
            ValueRef::Int(number) => Some(f64::from(number)),
            ValueRef::Long(number) => Some(number as f64),
            ValueRef::Double(number) => Some(number),
            ValueRef::Decimal(number) => Some(number.to_f64()),
            _ => None,
        }
    }

    /// The truth, if this is true or false.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// The moment, if this is a date.
    pub fn as_date(&self) -> Option<Date> {
        match self {
            Value::Date(date) => Some(*date),
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
}
