//! A record through serde: any format with maps, the order of fields kept.
//!
//! This file knows no field by name; which hold dates it asks [`super::is_date`].

use std::fmt;

use filedex_query::ejson::{self, Form};
use filedex_query::{Document, Limits, Value, ValueRef};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{self, Serialize, SerializeMap as _, Serializer};

use super::File;

/// Known dates as RFC 3339 text, other values that JSON can't say as Extended JSON.
impl Serialize for File {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.0.iter() {
            let date = super::is_date(name) && matches!(value, Value::Date(_));
            let text = date.then(|| ejson::to_text(value.view(), Form::Plain));
            match text.as_deref().and_then(|text| text.strip_prefix('"')?.strip_suffix('"')) {
                Some(text) => map.serialize_entry(name, text)?,
                None => map.serialize_entry(name, &Written(value.view()))?,
            }
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for File {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<File, D::Error> {
        match deserializer.deserialize_any(Reader)? {
            Value::Document(document) => File::from_document(document).map_err(de::Error::custom),
            _ => Err(de::Error::custom("a record is a map")),
        }
    }
}

struct Written<'a>(ValueRef<'a>);

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match self.0 {
            ValueRef::Null => serializer.serialize_unit(),
            ValueRef::Bool(truth) => serializer.serialize_bool(truth),
            ValueRef::Int(number) => serializer.serialize_i32(number),
            ValueRef::Long(number) => serializer.serialize_i64(number),
            ValueRef::Double(number) if number.is_finite() => serializer.serialize_f64(number),
            ValueRef::String(text) => serializer.serialize_str(text),
            ValueRef::Array(array) => serializer.collect_seq(array.iter().map(Written)),
            ValueRef::Document(document) => {
                serializer.collect_map(document.iter().map(|(name, value)| (name, Written(value))))
            }
            wrapped => {
                let text = ejson::to_text(wrapped, Form::Relaxed);
                let json: serde_json::Value =
                    serde_json::from_str(&text).map_err(ser::Error::custom)?;
                json.serialize(serializer)
            }
        }
    }
}

/// Builds a value from whatever a format holds, with the order of fields kept.
struct Reader;

impl<'de> de::DeserializeSeed<'de> for Reader {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> std::result::Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record or a value of one")
    }

    fn visit_unit<E>(self) -> std::result::Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> std::result::Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> std::result::Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, truth: bool) -> std::result::Result<Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_i64<E>(self, number: i64) -> std::result::Result<Value, E> {
        Ok(Value::integer(number))
    }

    fn visit_u64<E>(self, number: u64) -> std::result::Result<Value, E> {
        Ok(i64::try_from(number).map_or(Value::Double(number as f64), Value::integer))
    }

    fn visit_f64<E>(self, number: f64) -> std::result::Result<Value, E> {
        Ok(Value::Double(number))
    }

    fn visit_str<E>(self, text: &str) -> std::result::Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> std::result::Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(value) = elements.next_element_seed(Reader)? {
            array.push(value);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> std::result::Result<Value, A::Error> {
        let mut document = Document::new();
        while let Some(name) = fields.next_key::<String>()? {
            document.push(name, fields.next_value_seed(Reader)?);
        }
        if !document.iter().next().is_some_and(|(name, _)| name.starts_with('$')) {
            return Ok(Value::Document(document));
        }
        // An Extended JSON wrapper: its reader knows which objects stand for one value.
        let text = ejson::to_text(ValueRef::Document(document.view()), Form::Relaxed);
        ejson::read(&text, &Limits::default()).map_err(de::Error::custom)
    }
}
