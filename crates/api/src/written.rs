//! What a query, a sort or fields say, in whatever form a host has it.
//!
//! This file knows forms; what is said is the language's.

use std::borrow::Cow;

use filedex_query::{Document, Environment, Error as QueryError, ejson};

use crate::Clause;
#[cfg(doc)]
use crate::Lookup;

/// What [`Lookup::query`], [`Lookup::sort`], [`Lookup::fields`] and [`Lookup::collation`] take: JSON text, a
/// [`Document`] ([`doc!`](crate::doc)), a `serde_json::Value` or a [`Clause`].
///
/// ```
/// use filedex::{Filedex, doc, field};
/// let index = Filedex::temporary()?;
/// index.put(&doc! { "_id": "a", "rid": "GENERAL", "size": 78_441 })?;
/// let room = index.room("GENERAL").sort(doc! { "size": -1 })?;
/// let large = 10_000;
/// assert_eq!(room.clone().query(r#"{"size": {"$gt": 10000}}"#)?.total()?, 1);
/// assert_eq!(room.clone().query(doc! { "size": { "$gt": large } })?.total()?, 1);
/// assert_eq!(room.clone().query(serde_json::json!({"size": {"$gt": large}}))?.total()?, 1);
/// assert_eq!(room.query(field("size").gt(large))?.total()?, 1);
/// # Ok::<(), filedex::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Written<'a>(Form<'a>);

#[derive(Clone, Debug)]
enum Form<'a> {
    Text(Cow<'a, str>),
    Document(Cow<'a, Document>),
    /// What could not be made a document of.
    Fault(QueryError),
}

impl<'a> Written<'a> {
    /// The document, charged to the environment's account where it is read from text.
    pub(crate) fn read(
        self,
        environment: &Environment,
    ) -> filedex_query::Result<Cow<'a, Document>> {
        let Environment { limits, account, .. } = environment;
        match self.0 {
            Form::Text(text) => ejson::read_document_within(&text, limits, account).map(Cow::Owned),
            Form::Document(document) => Ok(document),
            Form::Fault(fault) => Err(fault),
        }
    }
}

impl<'a> From<&'a str> for Written<'a> {
    fn from(text: &'a str) -> Written<'a> {
        Written(Form::Text(Cow::Borrowed(text)))
    }
}

impl<'a> From<&&'a str> for Written<'a> {
    fn from(text: &&'a str) -> Written<'a> {
        Written::from(*text)
    }
}

impl<'a> From<&'a String> for Written<'a> {
    fn from(text: &'a String) -> Written<'a> {
        Written(Form::Text(Cow::Borrowed(text)))
    }
}

impl From<String> for Written<'_> {
    fn from(text: String) -> Self {
        Written(Form::Text(Cow::Owned(text)))
    }
}

impl<'a> From<&'a Document> for Written<'a> {
    fn from(document: &'a Document) -> Written<'a> {
        Written(Form::Document(Cow::Borrowed(document)))
    }
}

impl From<Document> for Written<'_> {
    fn from(document: Document) -> Self {
        Written(Form::Document(Cow::Owned(document)))
    }
}

impl From<Clause> for Written<'_> {
    fn from(clause: Clause) -> Self {
        Written::from(Document::from(clause))
    }
}

impl<'a> From<&'a Clause> for Written<'a> {
    fn from(clause: &'a Clause) -> Written<'a> {
        Written::from(clause.as_document())
    }
}

impl From<&serde_json::Value> for Written<'_> {
    fn from(json: &serde_json::Value) -> Self {
        match Document::from_serialize(json) {
            Ok(document) => Written::from(document),
            Err(fault) => Written(Form::Fault(fault)),
        }
    }
}

impl From<serde_json::Value> for Written<'_> {
    fn from(json: serde_json::Value) -> Self {
        Written::from(&json)
    }
}
