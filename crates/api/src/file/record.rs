//! What can be put in, and what is made of it on its way: known fields take their types, an owner
//! that came as an object becomes `userId`.
//!
//! This file knows one record at a time, nothing of where it is kept.

use std::borrow::Cow;

use filedex_query::{Document, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;

#[cfg(doc)]
use super::File;
use super::known;
use crate::{Error, Result};

/// What can go into an index: whatever serde can write as a map with a text `_id` (a struct of the host, a
/// [`File`], a [`Document`], a `serde_json::Value`), or a document that is to stay [`AsIs`].
///
/// A struct becomes the document that [`Document::from_serialize`] says. Known fields take their types on the way in, as those of a [`File`] do: an object id
/// becomes its digits, a date's text a date, a number's text a number; `user`, where it is an object with
/// an `_id` as the servers' replies have it, becomes `userId`.
///
/// ```
/// use filedex::{AsIs, Date, Document, Filedex, Value};
/// let index = Filedex::temporary()?;
/// let came = Document::new().with("_id", "a").with("uploadedAt", "2018-03-08T17:36:09.913Z");
///
/// index.put(&came)?;
/// let kept = index.get_document("a")?.unwrap();
/// assert_eq!(kept.get("uploadedAt"), Some(&Value::from(Date(1_520_530_569_913))));
///
/// index.put(&AsIs(came.clone()))?;
/// assert_eq!(index.get_document("a")?, Some(came));
///
/// #[derive(serde::Serialize)]
/// struct Upload<'a> {
///     _id: &'a str,
///     name: &'a str,
///     size: u64,
/// }
/// index.put(&Upload { _id: "b", name: "logo.png", size: 78_441 })?;
/// index.put(&serde_json::json!({ "_id": "c", "tags": ["red"] }))?;
/// assert_eq!(index.all().query(r#"{"$or": [{"size": {"$gt": 78000}}, {"tags": "red"}]}"#)?.total()?, 2);
/// # Ok::<(), filedex::Error>(())
/// ```
pub trait Record {
    /// The record as it is stored.
    ///
    /// # Errors
    /// `InvalidRecord`, naming record and field, for a known field whose value has not its type, and for what
    /// is no map.
    fn record(&self) -> Result<Cow<'_, Document>>;

    /// The record as it is stored, taken over.
    ///
    /// # Errors
    /// As [`Record::record`].
    fn into_record(self) -> Result<Document>
    where
        Self: Sized;
}

/// A document that is kept as it is, whatever its fields hold. It needs a text `_id` all the same.
/// Sorts and filters by a known field then see what came: a date's text is no date.
#[derive(Clone, Debug, PartialEq)]
pub struct AsIs(pub Document);

impl<T: Serialize + ?Sized> Record for T {
    fn record(&self) -> Result<Cow<'_, Document>> {
        of_serialize(self).map(Cow::Owned)
    }

    fn into_record(self) -> Result<Document>
    where
        Self: Sized,
    {
        of_serialize(&self)
    }
}

impl Record for AsIs {
    fn record(&self) -> Result<Cow<'_, Document>> {
        Ok(Cow::Borrowed(&self.0))
    }

    fn into_record(self) -> Result<Document> {
        Ok(self.0)
    }
}

/// A field and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Misfit {
    pub(crate) field: String,
    pub(crate) reason: String,
}

impl Misfit {
    fn named(&self, id: Option<&Value>) -> Error {
        let Misfit { field, reason } = self;
        let error = Error::record(format!("`{field}` {reason}"));
        match id.and_then(Value::as_str) {
            Some(id) if field != "_id" => error.of_record(Some(id)),
            _ => error,
        }
    }
}

/// What a host's type says, as it is stored.
fn of_serialize<T: Serialize + ?Sized>(source: &T) -> Result<Document> {
    let document = Document::from_serialize(source);
    of_document(document.map_err(|error| Error::record(fault_of(&error)))?)
}

/// The document with its known fields in their types.
pub(crate) fn of_document(document: Document) -> Result<Document> {
    if is_typed(&document) {
        return Ok(document);
    }
    let id = document.get("_id").cloned();
    typed(document).map_err(|misfit| misfit.named(id.as_ref()))
}

/// The host's type that a stored record holds. A record without an `_id`, which was not asked for, is
/// named by its place.
pub(crate) fn read_as<T: DeserializeOwned>(record: Document, place: usize) -> Result<T> {
    let id = record.get_str("_id").map(str::to_owned);
    record.into_typed().map_err(|error| {
        let fault = fault_of(&error);
        Error::record(match id {
            // A type that knows records has said so already.
            _ if fault.starts_with("record `") => fault,
            Some(id) => format!("record `{id}`: {fault}"),
            None => format!("record {} of the answer: {fault}", place + 1),
        })
    })
}

/// The fault with its field as records' faults name it.
fn fault_of(error: &filedex_query::Error) -> String {
    match error.path().strip_prefix("$.") {
        Some(field) => format!("`{field}`: {}", error.message()),
        None => error.message().to_owned(),
    }
}

/// Whether nothing has to be done.
fn is_typed(document: &Document) -> bool {
    document.iter().enumerate().all(|(place, (name, value))| {
        known::fits(name, value)
            && !(name == "user" && matches!(value, Value::Document(_)))
            && document.iter().take(place).all(|(earlier, _)| earlier != name)
    })
}

/// The document with its known fields in their types.
pub(crate) fn typed(document: Document) -> std::result::Result<Document, Misfit> {
    let document = owned(document);
    let mut typed = Document::new();
    for (field, value) in document {
        let fault = |reason| Misfit { field: field.clone(), reason };
        if typed.contains(&field) {
            return Err(fault("stands twice".to_owned()));
        }
        let value = known::typed(&field, value).map_err(fault)?;
        typed.push(field, value);
    }
    Ok(typed)
}

/// Gives the fields that a change has touched their types; what was kept as it is stays so.
pub(crate) fn retype(before: &Document, after: &mut Document) -> Result<()> {
    for (name, value) in std::mem::take(after) {
        let untouched = before.get(&name) == Some(&value);
        let kept = if untouched { Ok(value) } else { known::typed(&name, value) };
        let fault = |reason| Misfit { field: name.clone(), reason }.named(before.get("_id"));
        after.push(name.as_str(), kept.map_err(fault)?);
    }
    Ok(())
}

/// `user` as the servers' replies have it becomes `userId`; where that stands too and is the same,
/// `user` goes.
fn owned(mut document: Document) -> Document {
    let Some(id) = document.get("user").and_then(owner) else { return document };
    match document.get("userId") {
        Some(Value::String(user)) if *user == id => {
            document.remove("user");
            document
        }
        None | Some(Value::Null) => {
            document.remove("userId");
            let place = |(name, value): (String, Value)| match name.as_str() {
                "user" => ("userId".to_owned(), Value::from(id.as_str())),
                _ => (name, value),
            };
            document.into_iter().map(place).collect()
        }
        Some(_) => document,
    }
}

/// The id in `{"_id": .., "username": .., "name": ..}`.
fn owner(user: &Value) -> Option<String> {
    let user = user.as_document()?;
    if !user.iter().all(|(name, _)| matches!(name, "_id" | "username" | "name")) {
        return None;
    }
    match user.get("_id")? {
        Value::String(id) => Some(id.clone()),
        Value::ObjectId(id) => Some(id.to_hex()),
        _ => None,
    }
}
