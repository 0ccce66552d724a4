//! A value, as a host's type asks for it.
//!
//! What JSON has no kind for shows itself as what the type asks for (a date as text or as milliseconds), and
//! as Extended JSON where the type does not say. This file knows no record.

use std::borrow::Cow;

use serde::de::value::{MapDeserializer, StringDeserializer};
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::{NATIVE, fault};
use crate::ejson::{self, Form};
use crate::value::Binary;
use crate::{Date, Decimal, Document, Error, Result, Value, document, packed};

/// One value, asked for its content.
pub(super) struct FromValue(pub(super) Value);

impl FromValue {
    /// The value as text, if it is one to people: a date in ISO 8601, an object id's digits.
    fn text(&self) -> Option<String> {
        match &self.0 {
            Value::Symbol(text) | Value::Code(text) => Some(text.clone()),
            Value::Date(date) => Some(date.to_string()),
            Value::ObjectId(id) => Some(id.to_hex()),
            Value::Decimal(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// The value as a whole number, where it is no integer by its kind.
    fn whole(&self) -> Option<Value> {
        match &self.0 {
            Value::Date(Date(millis)) => Some(Value::Long(*millis)),
            Value::Double(_) | Value::Decimal(_) => self.0.as_i64().map(Value::Long),
            _ => None,
        }
    }

    fn visit<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.0 {
            Value::Null | Value::Undefined => visitor.visit_unit(),
            Value::Bool(truth) => visitor.visit_bool(truth),
            Value::Int(number) => visitor.visit_i32(number),
            Value::Long(number) => visitor.visit_i64(number),
            Value::Double(number) => visitor.visit_f64(number),
            Value::String(text) => visitor.visit_string(text),
            Value::Binary(Binary { subtype: 0, bytes }) => visitor.visit_byte_buf(bytes),
            Value::Array(array) => visitor.visit_seq(Elements::new(array)),
            Value::Document(document) => visitor.visit_map(Fields::new(document)),
            Value::Decimal(number) => match unsigned(number) {
                Some(unsigned) => visitor.visit_u64(unsigned),
                None => visit_extended(&Value::Decimal(number), visitor),
            },
            wrapped => visit_extended(&wrapped, visitor),
        }
    }
}

/// A number past 63 bits that came as `u64`.
fn unsigned(number: Decimal) -> Option<u64> {
    let unsigned: u64 = number.to_string().parse().ok()?;
    (unsigned > i64::MAX as u64).then_some(unsigned)
}

/// The value as the object that stands for it in Extended JSON.
fn visit_extended<'de, V: Visitor<'de>>(value: &Value, visitor: V) -> Result<V::Value> {
    let text = ejson::to_text(value.view(), Form::Relaxed);
    let json: serde_json::Value =
        serde_json::from_str(&text).map_err(|error| fault(error.to_string()))?;
    json.deserialize_any(visitor).map_err(|error| fault(error.to_string()))
}

macro_rules! whole {
    ($($ask:ident)*) => {$(
        fn $ask<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            FromValue(self.whole().unwrap_or(self.0)).visit(visitor)
        }
    )*};
}

macro_rules! wide {
    ($($ask:ident $visit:ident)*) => {$(
        fn $ask<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            let number = match &self.0 {
                Value::Decimal(number) => number.to_string().parse().ok(),
                _ => None,
            };
            match number {
                Some(number) => visitor.$visit(number),
                None => self.deserialize_i64(visitor),
            }
        }
    )*};
}

macro_rules! text {
    ($($ask:ident)*) => {$(
        fn $ask<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            match self.text() {
                Some(text) => visitor.visit_string(text),
                None => self.visit(visitor),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for FromValue {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.visit(visitor)
    }

    whole! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }

    wide! { deserialize_i128 visit_i128 deserialize_u128 visit_u128 }

    text! { deserialize_char deserialize_str deserialize_string deserialize_identifier }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match &self.0 {
            Value::Decimal(number) => visitor.visit_f64(number.to_f64()),
            _ => self.visit(visitor),
        }
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_byte_buf(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.0 {
            Value::Binary(Binary { bytes, .. }) => visitor.visit_byte_buf(bytes),
            Value::ObjectId(id) => visitor.visit_bytes(&id.0),
            _ => self.visit(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.0 {
            Value::Null | Value::Undefined => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        match name {
            NATIVE => visitor.visit_bytes(&packed::pack_one(&self.0)),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        match self.0 {
            Value::Date(Date(millis)) if name == "SystemTime" => {
                let nanos = millis.rem_euclid(1000) * 1_000_000;
                let parts =
                    [("secs_since_epoch", millis.div_euclid(1000)), ("nanos_since_epoch", nanos)];
                visitor.visit_map(MapDeserializer::new(parts.into_iter()))
            }
            _ => self.visit(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        match self.0 {
            Value::Document(document) if document.len() == 1 => {
                let (name, value) = document.into_iter().next().unwrap_or_default();
                visitor.visit_enum(Variant { name, value: Some(value) })
            }
            Value::String(name) => visitor.visit_enum(Variant { name, value: None }),
            other => {
                Err(fault(format!("a variant is a text or an object of one name, not {other}")))
            }
        }
    }

    forward_to_deserialize_any! {
        bool unit unit_struct seq tuple tuple_struct map ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Error> for FromValue {
    type Deserializer = FromValue;

    fn into_deserializer(self) -> FromValue {
        self
    }
}

struct Elements {
    rest: std::vec::IntoIter<Value>,
    place: usize,
}

impl Elements {
    fn new(array: Vec<Value>) -> Elements {
        Elements { rest: array.into_iter(), place: 0 }
    }
}

impl<'de> SeqAccess<'de> for Elements {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        let Some(value) = self.rest.next() else { return Ok(None) };
        let place = self.place;
        self.place += 1;
        seed.deserialize(FromValue(value)).map(Some).map_err(|error| error.at(place))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

struct Fields {
    rest: std::vec::IntoIter<(document::Name, Value)>,
    /// The field whose name was read, to be asked for its value.
    next: Option<(document::Name, Value)>,
}

impl Fields {
    fn new(document: Document) -> Fields {
        Fields { rest: document.into_fields(), next: None }
    }
}

impl<'de> MapAccess<'de> for Fields {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        let Some((name, value)) = self.rest.next() else { return Ok(None) };
        let key = seed.deserialize(Name(name.clone())).map_err(|error| error.at(&name))?;
        self.next = Some((name, value));
        Ok(Some(key))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value> {
        let (name, value) = self.next.take().ok_or_else(|| fault("a value without its name"))?;
        seed.deserialize(FromValue(value)).map_err(|error| error.at(name))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

/// A field's name: a text, or the number or truth that it says.
struct Name(document::Name);

macro_rules! said {
    ($($ask:ident $visit:ident)*) => {$(
        fn $ask<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            match self.0.parse() {
                Ok(said) => visitor.$visit(said),
                Err(_) => self.deserialize_any(visitor),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Name {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.0 {
            Cow::Borrowed(name) => visitor.visit_borrowed_str(name),
            Cow::Owned(name) => visitor.visit_string(name),
        }
    }

    said! {
        deserialize_bool visit_bool
        deserialize_i8 visit_i8 deserialize_i16 visit_i16 deserialize_i32 visit_i32 deserialize_i64 visit_i64
        deserialize_u8 visit_u8 deserialize_u16 visit_u16 deserialize_u32 visit_u32 deserialize_u64 visit_u64
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        match name {
            NATIVE => visitor.visit_bytes(&packed::pack_one(&Value::String(self.0.into_owned()))),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_some(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_enum(Variant { name: self.0.into_owned(), value: None })
    }

    forward_to_deserialize_any! {
        i128 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map
        struct identifier ignored_any
    }
}

struct Variant {
    name: String,
    value: Option<Value>,
}

impl<'de> EnumAccess<'de> for Variant {
    type Error = Error;
    type Variant = Content;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Content)> {
        let name: StringDeserializer<Error> = self.name.clone().into_deserializer();
        let content = Content { variant: self.name, value: self.value };
        Ok((seed.deserialize(name)?, content))
    }
}

struct Content {
    variant: String,
    value: Option<Value>,
}

impl Content {
    fn value(self) -> Result<(String, Value)> {
        match self.value {
            Some(value) => Ok((self.variant, value)),
            None => Err(fault(format!("the variant `{}` has content", self.variant))),
        }
    }
}

impl<'de> VariantAccess<'de> for Content {
    type Error = Error;

    fn unit_variant(self) -> Result<()> {
        match self.value {
            None | Some(Value::Null) => Ok(()),
            Some(_) => Err(fault(format!("the variant `{}` has no content", self.variant))),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value> {
        let (variant, value) = self.value()?;
        seed.deserialize(FromValue(value)).map_err(|error| error.at(variant))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value> {
        let (variant, value) = self.value()?;
        FromValue(value).deserialize_seq(visitor).map_err(|error| error.at(variant))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        let (variant, value) = self.value()?;
        FromValue(value).deserialize_map(visitor).map_err(|error| error.at(variant))
    }
}
