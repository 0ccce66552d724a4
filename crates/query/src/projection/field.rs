//! What the value of one field in a projection says: include, exclude, an operator, a literal, or
//! a nested projection.
//!
//! This file reads single values. How they go together is `parse`'s.

use super::level::Slice;
use crate::{Code, Document, Error, Result, Value};

/// The reading of a field's value.
pub(super) enum Reading<'v> {
    Include,
    Exclude,
    /// An object: an operator or a nested projection.
    Object(&'v Document),
    Literal,
}

pub(super) fn read(value: &Value) -> Reading<'_> {
    let truth = |is_included| if is_included { Reading::Include } else { Reading::Exclude };
    match value {
        Value::Document(document) => Reading::Object(document),
        Value::Bool(is_included) => truth(*is_included),
        Value::Int(_) | Value::Long(_) | Value::Double(_) | Value::Decimal(_) => {
            truth(crate::Expression::truth(Some(value)))
        }
        _ => Reading::Literal,
    }
}

/// The single field of an object whose name starts with `$`.
pub(super) fn operator(document: &Document) -> Option<(&str, &Value)> {
    let field = document.iter().next().filter(|(name, _)| name.starts_with('$'));
    field.filter(|_| document.len() == 1)
}

/// Reads the find form of `$slice`: a count, or `[skip, count]`.
pub(super) fn slice(argument: &Value) -> Result<Slice> {
    if let Some(count) = whole(argument) {
        return Ok(Slice { skip: None, count });
    }
    let Value::Array(parts) = argument else {
        return Err(Error::new(Code(31273), "$slice takes a number or [skip, count]"));
    };
    let [skip, count] = parts.as_slice() else {
        return Err(Error::new(Code(31272), "an array of $slice must be [skip, count]"));
    };
    let skip = whole(skip).ok_or_else(|| Error::new(Code(31257), "the skip must be a number"))?;
    let count =
        whole(count).ok_or_else(|| Error::new(Code(31258), "the count must be a number"))?;
    if count <= 0 {
        return Err(Error::new(Code(31259), "the count of $slice must be greater than 0"));
    }
    Ok(Slice { skip: Some(skip), count })
}

/// The number without its fraction, clamped to 32 bits.
fn whole(value: &Value) -> Option<i32> {
    let clamped = |number: i64| number.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32;
    match value {
        Value::Int(number) => Some(*number),
        Value::Long(number) => Some(clamped(*number)),
        Value::Double(number) => Some(clamped(*number as i64)),
        Value::Decimal(number) => Some(clamped(number.to_f64().round_ties_even() as i64)),
        _ => None,
    }
}
