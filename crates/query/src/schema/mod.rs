//! `$jsonSchema`: the door for schemas. Every schema is refused until its keywords are read.

use crate::{Code, Document, DocumentRef, Environment, Error, Result};

/// A compiled `$jsonSchema`.
#[derive(Clone, Debug, PartialEq)]
pub struct Schema(Document);

impl Schema {
    /// Reads a schema.
    ///
    /// # Errors
    /// 9: no keyword is known yet.
    pub fn parse(schema: &Document, _environment: &Environment) -> Result<Schema> {
        match schema.iter().next() {
            None => Ok(Schema(Document::new())),
            Some((keyword, _)) => {
                let message = format!("the schema keyword `{keyword}` is not supported");
                Err(Error::new(Code::FAILED_TO_PARSE, message).at(keyword))
            }
        }
    }

    /// Whether the document is of that shape.
    ///
    /// # Errors
    /// None so far.
    pub fn matches(&self, _document: DocumentRef<'_>) -> Result<bool> {
        Ok(true)
    }

    /// The schema as it was written.
    pub fn to_document(&self) -> Document {
        self.0.clone()
    }
}
