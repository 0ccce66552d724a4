//! Values in serde's other formats: relaxed Extended JSON where people read, else the stored form.
//!
//! This file writes; [`super::read`] is its other half.

use serde::ser::{Error as _, Serialize, Serializer};

use super::NATIVE;
use crate::ejson::{self, Form};
use crate::value::{Binary, ObjectId, Regex, Timestamp};
use crate::{Date, Decimal, Document, Value, ValueRef, packed};

/// In text formats relaxed Extended JSON: what reads it back gets the same, but for kinds of integers.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(NATIVE, &Native::Value(self))
    }
}

/// As a [`Value`].
impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(NATIVE, &Native::Document(self))
    }
}

macro_rules! serialize {
    ($($kind:ident)*) => {$(
        #[doc = concat!("As [`Value::", stringify!($kind), "`].")]
        impl Serialize for $kind {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                Value::$kind(self.clone()).serialize(serializer)
            }
        }
    )*};
}

serialize! { Date ObjectId Decimal Binary Regex Timestamp }

/// What stands behind the name.
enum Native<'a> {
    Value(&'a Value),
    Document(&'a Document),
}

impl Serialize for Native<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self, serializer.is_human_readable()) {
            (Native::Value(value), true) => Extended(value.view()).serialize(serializer),
            (Native::Document(document), true) => {
                Extended(ValueRef::Document(document.view())).serialize(serializer)
            }
            (Native::Value(value), false) => serializer.serialize_bytes(&packed::pack_one(value)),
            (Native::Document(document), false) => {
                serializer.serialize_bytes(&packed::pack_whole(document))
            }
        }
    }
}

/// Relaxed Extended JSON, value by value.
struct Extended<'a>(ValueRef<'a>);

impl Serialize for Extended<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            ValueRef::Null => serializer.serialize_unit(),
            ValueRef::Bool(truth) => serializer.serialize_bool(truth),
            ValueRef::Int(number) => serializer.serialize_i32(number),
            ValueRef::Long(number) => serializer.serialize_i64(number),
            ValueRef::Double(number) if number.is_finite() => serializer.serialize_f64(number),
            ValueRef::String(text) => serializer.serialize_str(text),
            ValueRef::Array(array) => serializer.collect_seq(array.iter().map(Extended)),
            ValueRef::Document(document) => {
                let fields = document.iter();
                serializer.collect_map(fields.map(|(name, value)| (name, Extended(value))))
            }
            wrapped => {
                let text = ejson::to_text(wrapped, Form::Relaxed);
                let json = serde_json::from_str::<serde_json::Value>(&text);
                json.map_err(S::Error::custom)?.serialize(serializer)
            }
        }
    }
}
