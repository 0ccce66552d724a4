//! What stands for a value in data only: Extended JSON as MongoDB's tools wrote it before 4.2, and
//! Meteor's EJSON.
//!
//! In a query `{"$regex": ..}` and `{"$type": ..}` are operators; this file is not asked there.

use super::wrapper::fault;
use crate::value::{Binary, ObjectId, Regex};
use crate::{Document, Result, Value};

/// The value, or the fault, of an object in one of these forms; nothing of any other.
pub(super) fn read(document: &Document) -> Option<Result<Value>> {
    let first = document.iter().next()?.0;
    if !first.starts_with('$') {
        return None;
    }
    if document.contains("$code") && document.contains("$scope") {
        return Some(Err(fault("$code", "with a $scope is no value that can be kept")));
    }
    let value = match document.len() {
        1 => of_one(document),
        2 => binary(document).or_else(|| regex(document)).or_else(|| typed(document)),
        _ => None,
    };
    value.map(Ok)
}

/// Numbers that are not text, and what Meteor has for numbers that JSON lacks.
fn of_one(document: &Document) -> Option<Value> {
    let (name, value) = document.iter().next()?;
    match (name, value) {
        ("$numberLong", Value::Int(number)) => Some(Value::Long(i64::from(*number))),
        ("$numberInt" | "$numberLong", Value::Long(_) | Value::Int(_))
        | ("$numberDouble", Value::Double(_)) => Some(value.clone()),
        ("$numberDouble", Value::Int(number)) => Some(Value::Double(f64::from(*number))),
        ("$InfNaN", Value::Int(0)) => Some(Value::Double(f64::NAN)),
        ("$InfNaN", Value::Int(1)) => Some(Value::Double(f64::INFINITY)),
        ("$InfNaN", Value::Int(-1)) => Some(Value::Double(f64::NEG_INFINITY)),
        ("$escape", Value::Document(inner)) => Some(Value::Document(inner.clone())),
        _ => None,
    }
}

fn binary(document: &Document) -> Option<Value> {
    let (base64, subtype) = (document.get_str("$binary")?, document.get("$type")?);
    let subtype = match subtype {
        Value::String(digits) if (1..=2).contains(&digits.len()) => {
            u8::from_str_radix(digits, 16).ok()?
        }
        Value::Int(number) => u8::try_from(*number).ok()?,
        _ => return None,
    };
    let bytes = data_encoding::BASE64.decode(base64.as_bytes()).ok()?;
    Some(Value::from(Binary { subtype, bytes }))
}

fn regex(document: &Document) -> Option<Value> {
    let (pattern, options) = (document.get_str("$regex")?, document.get_str("$options")?);
    if pattern.contains('\0') || options.contains('\0') {
        return None;
    }
    let mut letters: Vec<char> = options.chars().collect();
    letters.sort_unstable();
    Some(Value::from(Regex { pattern: pattern.to_owned(), options: letters.into_iter().collect() }))
}

/// Meteor's `{"$type": .., "$value": ..}`.
fn typed(document: &Document) -> Option<Value> {
    let (kind, value) = (document.get_str("$type")?, document.get_str("$value")?);
    match kind {
        "oid" => ObjectId::from_hex(value).map(Value::ObjectId),
        "Decimal" => value.parse().ok().map(Value::Decimal),
        _ => None,
    }
}
