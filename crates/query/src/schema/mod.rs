//! `$jsonSchema`: JSON Schema draft 4 with `bsonType`, as MongoDB understands it.
//!
//! [`parse`] reads the keywords into [`rule`]s once; [`evaluate`] asks them of a document. A rule
//! about one kind of value lets every other kind pass, and a rule about a field applies only if the
//! field is there. Arrays are not entered on the way to a field, and names are taken as they are: a
//! dot in one is a dot.

mod alike;
mod evaluate;
mod keywords;
mod object;
mod parse;
mod rule;

use crate::{Account, Document, DocumentRef, Environment, Result, ValueRef};
use parse::Parser;
use rule::Rules;
use std::sync::Arc;

/// A compiled `$jsonSchema`. Cheap to clone.
///
/// ```
/// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; }
/// use filedex::language::Schema;
/// use filedex::{Environment, Limits, ejson};
/// let limits = Limits::default();
/// let schema = r#"{"required": ["name"], "properties": {"size": {"bsonType": "int", "minimum": 1}}}"#;
/// let schema = ejson::read_document(schema, &limits)?;
/// let schema = Schema::parse(&schema, &Environment::default())?;
/// let file = ejson::read_document(r#"{"name": "a.png", "size": 0}"#, &limits)?;
/// assert!(!schema.matches(file.view())?);
/// # Ok::<(), filedex_query::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Schema {
    rules: Arc<Rules>,
    source: Document,
}

impl Schema {
    /// Reads a schema, every part of it.
    ///
    /// # Errors
    /// 9 for a keyword that is unknown, unsupported, repeated or out of place, 14 for an argument of
    /// the wrong type, 2 for an unknown type and an empty `allOf` and its like, 224 for the keywords
    /// of encryption, the errors of patterns, the limits `filter_depth` and `filter_nodes`.
    pub fn parse(schema: &Document, environment: &Environment) -> Result<Schema> {
        let rules = Parser::new(environment).schema(schema)?;
        Ok(Schema { rules: Arc::new(rules), source: schema.clone() })
    }

    /// Whether the document is of that shape.
    ///
    /// # Errors
    /// The limit `pattern_backtracks`.
    pub fn matches(&self, document: DocumentRef<'_>) -> Result<bool> {
        self.matches_within(document, &Account::default())
    }

    /// As [`Schema::matches`], charged to a request.
    ///
    /// # Errors
    /// As [`Schema::matches`], and what the account says.
    pub fn matches_within(&self, document: DocumentRef<'_>, account: &Account) -> Result<bool> {
        self.rules.allow(ValueRef::Document(document), account)
    }

    /// The schema as it was written.
    pub fn to_document(&self) -> Document {
        self.source.clone()
    }
}

/// Two schemas are equal if they are written the same.
impl PartialEq for Schema {
    fn eq(&self, other: &Schema) -> bool {
        self.source == other.source
    }
}
