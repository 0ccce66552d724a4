//! What a host's type says, as a value.
//!
//! This file knows serde's model and the rules of [`super`]; nothing of records.

use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::{NATIVE, fault};
use crate::value::Binary;
use crate::{Date, Document, Error, Limits, Result, Value, ejson, packed};

/// Makes one value, so many levels deep.
#[derive(Clone, Copy)]
pub(super) struct ToValue {
    levels: usize,
    /// Whether what comes is the stored form of a value.
    is_native: bool,
}

impl ToValue {
    pub(super) fn new() -> ToValue {
        ToValue { levels: Limits::default().document_depth, is_native: false }
    }

    fn deeper(self) -> Result<ToValue> {
        let levels = self.levels.checked_sub(1);
        let most = Limits::default().document_depth;
        let levels = levels.ok_or_else(|| Error::limit("document_depth", most))?;
        Ok(ToValue { levels, ..self })
    }

    fn array(self, variant: Option<&'static str>) -> Result<Elements> {
        Ok(Elements { array: Vec::new(), variant, inner: self.deeper()? })
    }

    fn document(self, variant: Option<&'static str>) -> Result<Fields> {
        let (document, inner) = (Document::new(), self.deeper()?);
        Ok(Fields { document, name: None, variant, is_time: false, inner })
    }
}

/// Elements, perhaps those of a variant.
pub(super) struct Elements {
    array: Vec<Value>,
    variant: Option<&'static str>,
    inner: ToValue,
}

/// Fields, perhaps those of a variant.
pub(super) struct Fields {
    document: Document,
    name: Option<String>,
    variant: Option<&'static str>,
    /// Whether this is how `SystemTime` shows itself.
    is_time: bool,
    inner: ToValue,
}

fn within(variant: Option<&'static str>, value: Value) -> Value {
    match variant {
        Some(variant) => Value::Document(Document::new().with(variant, value)),
        None => value,
    }
}

impl Serializer for ToValue {
    type Ok = Value;
    type Error = Error;
    type SerializeSeq = Elements;
    type SerializeTuple = Elements;
    type SerializeTupleStruct = Elements;
    type SerializeTupleVariant = Elements;
    type SerializeMap = Fields;
    type SerializeStruct = Fields;
    type SerializeStructVariant = Fields;

    fn is_human_readable(&self) -> bool {
        !self.is_native
    }

    fn serialize_bool(self, truth: bool) -> Result<Value> {
        Ok(Value::Bool(truth))
    }

    fn serialize_i8(self, number: i8) -> Result<Value> {
        Ok(Value::from(number))
    }

    fn serialize_i16(self, number: i16) -> Result<Value> {
        Ok(Value::from(number))
    }

    fn serialize_i32(self, number: i32) -> Result<Value> {
        Ok(Value::from(number))
    }

    fn serialize_i64(self, number: i64) -> Result<Value> {
        Ok(Value::integer(number))
    }

    fn serialize_i128(self, number: i128) -> Result<Value> {
        match i64::try_from(number) {
            Ok(number) => Ok(Value::integer(number)),
            Err(_) => decimal(&number.to_string()),
        }
    }

    fn serialize_u8(self, number: u8) -> Result<Value> {
        Ok(Value::from(number))
    }

    fn serialize_u16(self, number: u16) -> Result<Value> {
        Ok(Value::from(number))
    }

    fn serialize_u32(self, number: u32) -> Result<Value> {
        Ok(Value::integer(i64::from(number)))
    }

    fn serialize_u64(self, number: u64) -> Result<Value> {
        Ok(i64::try_from(number).map_or_else(|_| Value::from(number), Value::integer))
    }

    fn serialize_u128(self, number: u128) -> Result<Value> {
        match i64::try_from(number) {
            Ok(number) => Ok(Value::integer(number)),
            Err(_) => decimal(&number.to_string()),
        }
    }

    fn serialize_f32(self, number: f32) -> Result<Value> {
        Ok(Value::from(number))
    }

    fn serialize_f64(self, number: f64) -> Result<Value> {
        Ok(Value::Double(number))
    }

    fn serialize_char(self, letter: char) -> Result<Value> {
        Ok(Value::from(letter))
    }

    fn serialize_str(self, text: &str) -> Result<Value> {
        Ok(Value::from(text))
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<Value> {
        match self.is_native {
            true => packed::unpack_one(bytes).ok_or_else(|| fault("more levels than can be kept")),
            false => Ok(Value::from(Binary { subtype: 0, bytes: bytes.to_vec() })),
        }
    }

    fn serialize_none(self) -> Result<Value> {
        Ok(Value::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Value> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Value> {
        Ok(Value::Null)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Value> {
        Ok(Value::Null)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<Value> {
        Ok(Value::from(variant))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<Value> {
        match name {
            NATIVE => value.serialize(ToValue { is_native: true, ..self }),
            _ => value.serialize(self),
        }
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Value> {
        let value = value.serialize(self.deeper()?).map_err(|error| error.at(variant))?;
        Ok(within(Some(variant), value))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Elements> {
        self.array(None)
    }

    fn serialize_tuple(self, _: usize) -> Result<Elements> {
        self.array(None)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Elements> {
        self.array(None)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Elements> {
        self.array(Some(variant))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Fields> {
        self.document(None)
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Fields> {
        let is_time = name == "SystemTime";
        Ok(Fields { is_time, ..self.document(None)? })
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Fields> {
        self.document(Some(variant))
    }
}

fn decimal(digits: &str) -> Result<Value> {
    let number = digits.parse().map(Value::Decimal);
    number.map_err(|_| fault(format!("{digits} has more digits than a decimal holds")))
}

impl Elements {
    fn add<T: Serialize + ?Sized>(&mut self, element: &T) -> Result<()> {
        let place = self.array.len();
        let element = element.serialize(self.inner).map_err(|error| error.at(place))?;
        self.array.push(element);
        Ok(())
    }

    fn finish(self) -> Result<Value> {
        Ok(within(self.variant, Value::Array(self.array)))
    }
}

impl Fields {
    fn add<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<()> {
        let value = value.serialize(self.inner).map_err(|error| error.at(name))?;
        self.document.push(name, value);
        Ok(())
    }

    fn finish(self) -> Result<Value> {
        let Fields { document, variant, .. } = self;
        let time = self.is_time.then(|| time(&document)).flatten();
        let value = time.map_or_else(|| ejson::unwrap(document), |date| Ok(Value::Date(date)))?;
        Ok(within(variant, value))
    }
}

/// `{"secs_since_epoch": .., "nanos_since_epoch": ..}`.
fn time(parts: &Document) -> Option<Date> {
    let (seconds, nanos) =
        (parts.get_i64("secs_since_epoch")?, parts.get_i64("nanos_since_epoch")?);
    seconds.checked_mul(1000)?.checked_add(nanos / 1_000_000).map(Date)
}

/// The text that a map's key is.
fn name_of<T: Serialize + ?Sized>(key: &T) -> Result<String> {
    match key.serialize(ToValue::new())? {
        Value::String(name) => Ok(name),
        Value::ObjectId(id) => Ok(id.to_hex()),
        number @ (Value::Int(_) | Value::Long(_) | Value::Decimal(_)) => match number.as_i64() {
            Some(number) => Ok(number.to_string()),
            None => Err(fault("the name of a field is a text")),
        },
        Value::Bool(truth) => Ok(truth.to_string()),
        other => Err(fault(format!("the name of a field is a text, not {other}"))),
    }
}

macro_rules! elements {
    ($($trait:ident $add:ident)*) => {$(
        impl $trait for Elements {
            type Ok = Value;
            type Error = Error;

            fn $add<T: Serialize + ?Sized>(&mut self, element: &T) -> Result<()> {
                self.add(element)
            }

            fn end(self) -> Result<Value> {
                self.finish()
            }
        }
    )*};
}

elements! {
    SerializeSeq serialize_element
    SerializeTuple serialize_element
    SerializeTupleStruct serialize_field
    SerializeTupleVariant serialize_field
}

macro_rules! fields {
    ($($trait:ident)*) => {$(
        impl $trait for Fields {
            type Ok = Value;
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<()> {
                self.add(name, value)
            }

            fn end(self) -> Result<Value> {
                self.finish()
            }
        }
    )*};
}

fields! { SerializeStruct SerializeStructVariant }

impl SerializeMap for Fields {
    type Ok = Value;
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        self.name = Some(name_of(key)?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        let name = self.name.take().ok_or_else(|| fault("a value without its name"))?;
        self.add(&name, value)
    }

    fn end(self) -> Result<Value> {
        self.finish()
    }
}
