//! The arguments of operators, checked and turned into their types.
//!
//! One small function a shape of argument. The file knows no tree and no level of nesting, except
//! that a literal may nest only so far.

use super::{Test, integer};
use crate::{Document, Error, Limits, Result, Value};

/// A value to compare with, taken as it stands.
pub(super) fn literal(value: &Value, limits: &Limits) -> Result<Value> {
    if matches!(value, Value::Undefined) {
        return Err(Error::bad_value("nothing compares to undefined; to ask for it use $type"));
    }
    // Checked before the copy: copying goes as deep as the value does.
    if !within_depth(value, limits.document_depth) {
        return Err(Error::limit("document_depth", limits.document_depth));
    }
    Ok(value.clone())
}

/// A value to order by: any literal but a regular expression.
pub(super) fn ordered(value: &Value, limits: &Limits) -> Result<Value> {
    no_regex(value)?;
    literal(value, limits)
}

/// Refuses a regular expression where it could be meant as a pattern or as a value.
pub(super) fn no_regex(value: &Value) -> Result<()> {
    match value {
        Value::Regex(_) => {
            Err(Error::bad_value("takes no regular expression; for a pattern use $not or $regex"))
        }
        _ => Ok(()),
    }
}

/// The members of `$in`, `$nin` and `$all`.
pub(super) fn members<'v>(value: &'v Value, limits: &Limits) -> Result<&'v [Value]> {
    let Value::Array(members) = value else { return Err(Error::bad_value("takes an array")) };
    if members.len() > limits.in_length {
        return Err(Error::limit("in_length", limits.in_length));
    }
    Ok(members)
}

/// What `$exists` makes of its argument.
pub(super) fn truth(value: &Value) -> bool {
    match value {
        Value::Null | Value::Undefined => false,
        Value::Bool(truth) => *truth,
        Value::Double(number) => *number != 0.0,
        number => integer::whole(number.view()) != Some(0),
    }
}

/// `[divisor, remainder]`, both cut to whole numbers.
pub(super) fn modulo(value: &Value) -> Result<Test> {
    let Value::Array(pair) = value else {
        return Err(Error::bad_value("takes an array of divisor and remainder"));
    };
    let [divisor, remainder] = pair.as_slice() else {
        let message = format!("takes exactly a divisor and a remainder, not {} values", pair.len());
        return Err(Error::bad_value(message));
    };
    let divisor = cut(divisor).map_err(|error| error.at(0))?;
    let remainder = cut(remainder).map_err(|error| error.at(1))?;
    if divisor == 0 {
        return Err(Error::bad_value("the divisor must not be 0").at(0));
    }
    Ok(Test::Mod { divisor, remainder })
}

fn cut(value: &Value) -> Result<i64> {
    integer::truncated(value.view())
        .ok_or_else(|| Error::bad_value("takes finite numbers within 64 bits"))
}

/// The argument of `$size`.
pub(super) fn size(value: &Value) -> Result<Test> {
    integer::whole(value.view())
        .and_then(|size| u64::try_from(size).ok())
        .map(Test::Size)
        .ok_or_else(|| Error::bad_value("takes a whole number, 0 or greater"))
}

/// Whether the document is read as operators: its first name begins with `$`, and it is no DBRef.
pub(super) fn is_operators(document: &Document) -> bool {
    led_by_operator(document) && !(document.contains("$ref") && document.contains("$id"))
}

/// The same inside `$elemMatch`, where a single part makes a DBRef.
pub(super) fn is_element_operators(document: &Document) -> bool {
    let parts = ["$ref", "$id", "$db"];
    led_by_operator(document) && !parts.iter().any(|part| document.contains(part))
}

fn led_by_operator(document: &Document) -> bool {
    document.iter().next().is_some_and(|(name, _)| name.starts_with('$'))
}

/// Whether the value has no more than so many documents and arrays one in another.
pub(crate) fn within_depth(value: &Value, levels: usize) -> bool {
    match (value, levels.checked_sub(1)) {
        (Value::Document(_) | Value::Array(_), None) => false,
        (Value::Document(document), Some(left)) => {
            document.iter().all(|(_, inner)| within_depth(inner, left))
        }
        (Value::Array(array), Some(left)) => array.iter().all(|inner| within_depth(inner, left)),
        _ => true,
    }
}
