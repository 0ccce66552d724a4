//! When two values are the same for `enum` and `uniqueItems`: as everywhere, but the order of an
//! object's fields does not count, at any depth.

use crate::copy::{Footprint, copy};
use crate::{Account, Collation, Document, Result, Value, ValueRef, key};

/// Bytes that are the same for values that are alike, and for no others. They are held from then on, and
/// so is what it takes to sort the fields.
pub(super) fn key(value: ValueRef<'_>, account: &Account) -> Result<Vec<u8>> {
    let (mut bytes, simple) = (Vec::new(), Collation::simple());
    match value {
        ValueRef::Document(_) | ValueRef::Array(_) => {
            let copied = copy(value, account)?;
            // Sorting moves every field once more.
            account.hold(Footprint::of(value, account)?.memory())?;
            key::append_within(&mut bytes, sorted(copied).view(), (false, &simple), account)?;
        }
        scalar => key::append_within(&mut bytes, scalar, (false, &simple), account)?,
    }
    Ok(bytes)
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
