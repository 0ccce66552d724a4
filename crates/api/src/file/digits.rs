//! Object ids in queries: what a record's id fields hold is text, so an object id asks for its digits.
//!
//! The one rule of [`super::known`], from the other side. It reaches a query's conditions, not its
//! expressions (`$expr`), which compute with values as they stand.

use std::borrow::Cow;

use filedex_query::{Document, Value};

use super::known::{self, Kind};

/// The query with the object ids that are compared with id fields as their digits.
pub(crate) fn of_ids(query: &Document) -> Cow<'_, Document> {
    match query.iter().any(|(name, value)| has(name, value)) {
        true => Cow::Owned(read(query)),
        false => Cow::Borrowed(query),
    }
}

/// Whether the condition compares an id field with an object id.
fn has(name: &str, value: &Value) -> bool {
    match (joins(name), value) {
        (true, Value::Array(members)) => members.iter().any(|member| match member {
            Value::Document(query) => query.iter().any(|(name, value)| has(name, value)),
            _ => false,
        }),
        _ => known::kind(name) == Some(Kind::Id) && holds(value),
    }
}

fn joins(name: &str) -> bool {
    matches!(name, "$and" | "$or" | "$nor")
}

fn holds(value: &Value) -> bool {
    match value {
        Value::ObjectId(_) => true,
        Value::Array(array) => array.iter().any(holds),
        Value::Document(document) => document.iter().any(|(_, value)| holds(value)),
        _ => false,
    }
}

fn read(query: &Document) -> Document {
    let condition = |(name, value): (&str, &Value)| {
        let value = match (joins(name), value) {
            (true, Value::Array(members)) => Value::Array(members.iter().map(joined).collect()),
            _ if known::kind(name) == Some(Kind::Id) => digits(value),
            _ => value.clone(),
        };
        (name.to_owned(), value)
    };
    query.iter().map(condition).collect()
}

fn joined(member: &Value) -> Value {
    match member {
        Value::Document(query) => Value::Document(read(query)),
        other => other.clone(),
    }
}

fn digits(value: &Value) -> Value {
    match value {
        Value::ObjectId(id) => Value::from(id.to_hex()),
        Value::Array(array) => Value::Array(array.iter().map(digits).collect()),
        Value::Document(document) => {
            let field = |(name, value): (&str, &Value)| (name.to_owned(), digits(value));
            Value::Document(document.iter().map(field).collect())
        }
        other => other.clone(),
    }
}
