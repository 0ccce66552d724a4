//! When two values are the same for `enum` and `uniqueItems`: as everywhere, but the order of an
//! object's fields does not count, at any depth.

use crate::{Document, Value, ValueRef, key};

/// Bytes that are the same for values that are alike, and for no others.
pub(super) fn key(value: ValueRef<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    match value {
        ValueRef::Document(_) | ValueRef::Array(_) => {
            key::append(&mut bytes, sorted(value.to_value()).view());
        }
        scalar => key::append(&mut bytes, scalar),
    }
    bytes
}

/// The value with the fields of each object in the order of their names.
fn sorted(value: Value) -> Value {
    match value {
        Value::Document(document) => {
            let fields = document.into_iter().map(|(name, value)| (name, sorted(value)));
            let mut fields: Vec<_> = fields.collect();
            fields.sort_by(|(one, _), (other, _)| one.cmp(other));
            Value::Document(fields.into_iter().collect::<Document>())
        }
        Value::Array(values) => Value::Array(values.into_iter().map(sorted).collect()),
        scalar => scalar,
    }
}
