//! A place in an order: what a record has under the paths of a sort, and its `_id`. Pages that go on where
//! another ended begin behind one.

use data_encoding::BASE64URL_NOPAD;

use super::Sort;
use crate::ejson::{self, Form};
use crate::{Account, Code, Collation, Document, Error, Limits, Result, Value, key};

/// A place in the order of a sort. It stays one when the record that it was drawn from has changed or gone.
///
/// ```
/// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; }
/// use filedex::language::{Position, Sort};
/// use filedex::{Document, Environment};
/// let sort = Sort::parse_text(r#"{"size": -1}"#, &Environment::default())?;
/// let place = |id: &str, size| sort.position(Document::new().with("_id", id).with("size", size).view());
/// let (one, two) = (place("a", 7)?, place("b", 3)?);
/// assert!(sort.key_of(&one)? < sort.key_of(&two)?);
/// let token = one.to_token(&sort);
/// assert_eq!(Position::from_token(&token, &sort, &Environment::default().limits)?, one);
/// # Ok::<(), filedex_query::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Position {
    values: Vec<Value>,
    id: Value,
}

impl Position {
    pub(super) fn new(values: Vec<Value>, id: Value) -> Position {
        Position { values, id }
    }

    /// What the record had under each path of the sort, in their order; null where it had nothing. Of an
    /// array it is the element that the record is sorted by.
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// The record's `_id`.
    pub fn id(&self) -> &Value {
        &self.id
    }

    /// The place as a text that is safe in a URL, to be read again in the same order as it was asked for:
    /// Extended JSON in base 64. Nothing of it is secret to whoever saw the record and asked for the order.
    pub fn to_token(&self, order: &Sort) -> String {
        let token = Document::new()
            .with("sort", order.to_document())
            .with("by", order.collation().to_string())
            .with("at", Value::Array(self.values.clone()))
            .with("_id", self.id.clone());
        let text = ejson::to_text(Value::Document(token).view(), Form::Canonical);
        BASE64URL_NOPAD.encode(text.as_bytes())
    }

    /// The place that a token was made of.
    ///
    /// # Errors
    /// 9 for a text that is no token, 2 for one of another order.
    pub fn from_token(token: &str, order: &Sort, limits: &Limits) -> Result<Position> {
        let fault = || Error::new(Code::FAILED_TO_PARSE, "that is no token of a page");
        let text = BASE64URL_NOPAD.decode(token.as_bytes()).map_err(|_| fault())?;
        let text = String::from_utf8(text).map_err(|_| fault())?;
        let token = ejson::read_document(&text, limits).map_err(|_| fault())?;
        let (Some(Value::Array(values)), Some(id)) = (token.get("at"), token.get("_id")) else {
            return Err(fault());
        };
        let is_same = token.get("sort").and_then(Value::as_document) == Some(&order.to_document())
            && token.get_str("by") == Some(&order.collation().to_string());
        match is_same {
            true => Ok(Position { values: values.clone(), id: id.clone() }),
            false => Err(Error::bad_value("the token is of a page in another order")),
        }
    }
}

impl Sort {
    /// The key of that place: it lies among those of [`Sort::key_with_id`] as its record did.
    ///
    /// # Errors
    /// 2 for a place in an order of another number of paths.
    pub fn key_of(&self, position: &Position) -> Result<Vec<u8>> {
        if position.values.len() != self.keys().len() {
            return Err(Error::bad_value("the place is one of another order"));
        }
        let (mut bytes, account) = (Vec::new(), Account::default());
        for (spec, value) in self.keys().iter().zip(&position.values) {
            let direction = (spec.descending, self.collation());
            key::append_within(&mut bytes, value.view(), direction, &account)?;
        }
        let descending = self.keys().last().is_some_and(|spec| spec.descending);
        let direction = (descending, &Collation::simple());
        key::append_within(&mut bytes, position.id.view(), direction, &account)?;
        Ok(bytes)
    }
}
