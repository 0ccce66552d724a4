//! Values out of serde's other formats: whatever they hold, with Extended JSON as what it stands for.
//!
//! This file reads; [`super::written`] is its other half.

use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor,
};

use super::NATIVE;
use crate::value::{Binary, ObjectId, Regex, Timestamp};
use crate::{Date, Decimal, Document, Limits, Value, ejson, packed};

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_newtype_struct(NATIVE, Native)
    }
}

/// A map; as a [`Value`].
impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Document, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Document(document) => Ok(document),
            other => Err(unexpected(&other, &"a document")),
        }
    }
}

/// A date, a text in ISO 8601, or milliseconds since 1970.
impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let date = match &value {
            Value::Date(date) => Some(*date),
            Value::String(text) => Date::from_iso(text),
            number => number.as_i64().map(Date),
        };
        date.ok_or_else(|| unexpected(&value, &"a date"))
    }
}

/// An object id, or its 24 digits as text.
impl<'de> Deserialize<'de> for ObjectId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ObjectId, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let id = match &value {
            Value::ObjectId(id) => Some(*id),
            Value::String(text) => ObjectId::from_hex(text),
            _ => None,
        };
        id.ok_or_else(|| unexpected(&value, &"an object id"))
    }
}

/// A decimal, an integer, or a number as text.
impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let decimal = match &value {
            Value::Decimal(decimal) => Some(*decimal),
            Value::String(text) => text.parse().ok(),
            number => number.as_i64().map(Decimal::from),
        };
        decimal.ok_or_else(|| unexpected(&value, &"a decimal"))
    }
}

macro_rules! deserialize {
    ($($kind:ident $what:literal;)*) => {$(
        #[doc = concat!("As [`Value::", stringify!($kind), "`].")]
        impl<'de> Deserialize<'de> for $kind {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$kind, D::Error> {
                match Value::deserialize(deserializer)? {
                    Value::$kind(value) => Ok(value),
                    other => Err(unexpected(&other, &$what)),
                }
            }
        }
    )*};
}

deserialize! {
    Binary "binary data"; Regex "a regular expression"; Timestamp "a timestamp";
}

fn unexpected<E: Error>(value: &Value, expected: &&str) -> E {
    let text = value.to_string();
    let short: String = text.chars().take(40).collect();
    E::invalid_type(Unexpected::Other(&short), expected)
}

/// Takes the stored form where it is offered, else whatever the format holds.
struct Native;

impl<'de> Visitor<'de> for Native {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Value, E> {
        packed::unpack_one(bytes).ok_or_else(|| E::custom("these bytes are no stored value"))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, within: D) -> Result<Value, D::Error> {
        match within.is_human_readable() {
            true => Tree::new().deserialize(within),
            false => within.deserialize_bytes(self),
        }
    }
}

/// Builds a value of whatever a format holds, so many levels deep.
struct Tree {
    levels: usize,
}

impl Tree {
    fn new() -> Tree {
        Tree { levels: Limits::default().document_depth }
    }

    fn deeper<E: Error>(&self) -> Result<Tree, E> {
        let levels = self.levels.checked_sub(1);
        let levels = levels.ok_or_else(|| E::custom("more levels than a document may have"))?;
        Ok(Tree { levels })
    }
}

impl<'de> DeserializeSeed<'de> for Tree {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tree {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, within: D) -> Result<Value, D::Error> {
        within.deserialize_any(self)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::integer(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(i64::try_from(number).map_or_else(|_| Value::from(number), Value::integer))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Double(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Value, E> {
        Ok(Value::from(Binary { subtype: 0, bytes: bytes.to_vec() }))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(value) = elements.next_element_seed(self.deeper()?)? {
            array.push(value);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut document = Document::new();
        while let Some(name) = fields.next_key::<String>()? {
            document.push(name, fields.next_value_seed(self.deeper()?)?);
        }
        ejson::unwrap(document).map_err(A::Error::custom)
    }
}
