//! What can be put in, and what is made of it on its way: known fields take their types, an owner
//! that came as an object becomes `userId`.
//!
//! This file knows one record at a time, nothing of where it is kept.

use std::borrow::Cow;

use filedex_query::{Document, Value};

use super::{File, known};
use crate::{Error, Result};

/// What can go into an index: a [`File`], a [`Document`] with a text `_id`, or one that is to stay
/// [`AsIs`].
///
/// Known fields of a document take their types on the way in, as those of a [`File`] do: an object id
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
/// # Ok::<(), filedex::Error>(())
/// ```
pub trait Record {
    /// The record as it is stored.
    ///
    /// # Errors
    /// `InvalidRecord`, naming record and field, for a known field whose value has not its type.
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

impl Record for Document {
    fn record(&self) -> Result<Cow<'_, Document>> {
        match is_typed(self) {
            true => Ok(Cow::Borrowed(self)),
            false => typed(self.clone()).map(Cow::Owned).map_err(|misfit| misfit.error(self)),
        }
    }

    fn into_record(self) -> Result<Document> {
        if is_typed(&self) {
            return Ok(self);
        }
        let id = self.get("_id").cloned();
        typed(self).map_err(|misfit| misfit.named(id.as_ref()))
    }
}

impl Record for File {
    fn record(&self) -> Result<Cow<'_, Document>> {
        Ok(Cow::Borrowed(&self.0))
    }

    fn into_record(self) -> Result<Document> {
        Ok(self.0)
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
    fn error(&self, record: &Document) -> Error {
        self.named(record.get("_id"))
    }

    fn named(&self, id: Option<&Value>) -> Error {
        let Misfit { field, reason } = self;
        let error = Error::record(format!("`{field}` {reason}"));
        match id.and_then(Value::as_str) {
            Some(id) if field != "_id" => error.of_record(Some(id)),
            _ => error,
        }
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
        let fault = |reason| Misfit { field: name.clone(), reason }.error(before);
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
