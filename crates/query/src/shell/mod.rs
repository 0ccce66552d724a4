//! Queries as people type them: the syntax of MongoDB's shell.
//!
//! ```text
//! {name: /^logo/i, uploadedAt: {$gt: ISODate("2024-01-01")}, _id: ObjectId('5a9f1b2c3d4e5f6071829305'),}
//! ```
//!
//! All JSON is read as [`crate::ejson`] reads it. Beside that names may stand without quotes, quotes may be
//! single, commas may come last, and there are comments, regular expressions and the shell's functions
//! for values. Nothing is computed. Faults come with their place. Endpoints take JSON, and never
//! this.

mod call;
mod date;
mod parse;
mod slip;
mod string;

use crate::{Code, Document, Environment, Error, Result, Value};

/// Reads one value.
///
/// ```
/// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; }
/// use filedex::language::shell;
/// use filedex::{Environment, ejson};
/// let environment = Environment::default();
/// let typed = shell::read("{name: /^a/i, n: NumberLong(5), 'at': new Date(0),} // why", &environment)?;
/// let json = r#"{"name": {"$regularExpression": {"pattern": "^a", "options": "i"}},
///     "n": {"$numberLong": "5"}, "at": {"$date": {"$numberLong": "0"}}}"#;
/// assert_eq!(typed, ejson::read(json, &environment.limits)?);
/// let error = shell::read(r#"{"size": }"#, &environment).unwrap_err();
/// assert_eq!(error.place().unwrap().shown(), "{\"size\": }\n         ^");
/// # Ok::<(), filedex_query::Error>(())
/// ```
///
/// # Errors
/// 9 for text that can't be read, with its place; the limits `text_bytes` and `document_depth`.
pub fn read(text: &str, environment: &Environment) -> Result<Value> {
    parse::read(text, environment)
}

/// Reads one object.
///
/// # Errors
/// As [`read`]; 9 also for what is no object.
pub fn read_document(text: &str, environment: &Environment) -> Result<Document> {
    match read(text, environment)? {
        Value::Document(document) => Ok(document),
        _ => Err(Error::new(Code::FAILED_TO_PARSE, "expected an object: {name: value}")),
    }
}

/// Reads a filter, and refuses what is one by mistake: `{size: {gt: 1}}`, which asks for a document with a
/// field `gt` and finds nothing.
///
/// # Errors
/// As [`read_document`]; 2 for an operator that lacks its `$`.
pub fn read_filter(text: &str, environment: &Environment) -> Result<Document> {
    let document = read_document(text, environment)?;
    slip::check(&document)?;
    Ok(document)
}
