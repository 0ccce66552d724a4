//! A host's own types to documents and back, by serde, and documents in serde's other formats.
//!
//! ```text
//! T: Serialize ──serializer──▶ Value ──deserializer──▶ T: Deserialize
//!                               │  ▲
//!                        written│  │read
//!                               ▼  │
//!                   JSON and its like: relaxed Extended JSON; binary formats: the stored form
//! ```
//!
//! To the serializer and the deserializer here, a value shows its stored form behind the name
//! [`NATIVE`], so that nothing is lost on the way, whatever JSON could say of it. This folder knows no
//! record: which fields are known is a host's matter.

mod deserializer;
mod read;
mod serializer;
mod written;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Code, Document, Error, Result, Value};

/// The name of the newtype behind which a value asks for, or gives, its stored form. Other formats pass
/// over it.
#[doc(hidden)]
pub const NATIVE: &str = "$filedex::native";

impl Document {
    /// What a struct or a map of the host says, as its JSON would be read: fields in their order, whole
    /// numbers in the smallest kind, `None` as null, objects of Extended JSON as what they stand for.
    /// [`Date`](crate::Date) and [`ObjectId`](crate::ObjectId) stay what they are, `SystemTime` becomes a
    /// date, bytes become binary data, a `u64` beyond 63 bits a decimal.
    ///
    /// ```
    /// # use filedex_query as filedex;
    /// use filedex::{Date, Document};
    /// #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    /// struct Upload {
    ///     #[serde(rename = "_id")]
    ///     id: String,
    ///     size: u64,
    ///     at: Date,
    ///     folder: Option<String>,
    /// }
    ///
    /// let upload = Upload { id: "a".into(), size: 7, at: Date(0), folder: None };
    /// let document = Document::from_serialize(&upload)?;
    /// assert_eq!(document.to_string(), r#"{"_id":"a","size":7,"at":{"$date":"1970-01-01T00:00:00.000Z"},"folder":null}"#);
    /// assert_eq!(document.into_typed::<Upload>()?, upload);
    ///
    /// let json = serde_json::json!({"_id": "a", "at": {"$date": "1970-01-01T00:00:00Z"}});
    /// assert_eq!(Document::from_serialize(&json)?.get_date("at"), Some(Date(0)));
    /// # Ok::<(), filedex_query::Error>(())
    /// ```
    ///
    /// # Errors
    /// 9 (FailedToParse) for what is no map, a map whose names are no texts, numbers or truths, a malformed
    /// object of Extended JSON, an integer of 128 bits that no decimal holds; more than 100 levels.
    pub fn from_serialize<T: Serialize + ?Sized>(source: &T) -> Result<Document> {
        match Value::from_serialize(source)? {
            Value::Document(document) => Ok(document),
            other => Err(fault(format!("a document is made of a struct or a map, not of {other}"))),
        }
    }

    /// The host's type that the document holds. Dates are read as [`Date`](crate::Date), as `SystemTime`, as
    /// text (ISO 8601) or as milliseconds, object ids as themselves or as text, numbers as any kind of
    /// number that holds them.
    ///
    /// # Errors
    /// 9 (FailedToParse), with the path of the field, for a value that is not of the type's shape.
    pub fn into_typed<T: DeserializeOwned>(self) -> Result<T> {
        Value::Document(self).into_typed()
    }
}

impl Value {
    /// As [`Document::from_serialize`], of anything.
    ///
    /// # Errors
    /// As [`Document::from_serialize`].
    pub fn from_serialize<T: Serialize + ?Sized>(source: &T) -> Result<Value> {
        source.serialize(serializer::ToValue::new())
    }

    /// As [`Document::into_typed`], of any value.
    ///
    /// # Errors
    /// As [`Document::into_typed`].
    pub fn into_typed<T: DeserializeOwned>(self) -> Result<T> {
        T::deserialize(deserializer::FromValue(self))
    }
}

fn fault(message: impl Into<String>) -> Error {
    Error::new(Code::FAILED_TO_PARSE, message)
}

impl serde::ser::Error for Error {
    fn custom<T: std::fmt::Display>(message: T) -> Error {
        fault(message.to_string())
    }
}

impl serde::de::Error for Error {
    fn custom<T: std::fmt::Display>(message: T) -> Error {
        fault(message.to_string())
    }
}
