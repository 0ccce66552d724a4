//! The names and numbers of BSON's types, and the operators that ask for them.
//!
//! Source: BSON specification 1.1 and the alias table of MongoDB's manual, "BSON Types".

use super::answer::Answer;
use super::node::Node;
use super::operator::Operator;
use super::scope::Scope;
use crate::{Code, Error, Result, Value, ValueRef};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::fixed("$type", 1, type_name),
    Operator::fixed("$isNumber", 1, is_number),
    Operator::fixed("$isArray", 1, is_array),
    Operator::fixed("$bsonSize", 1, bson_size),
    Operator::fixed("$binarySize", 1, binary_size),
    Operator::fixed("$subtype", 1, subtype),
    Operator::fixed("$tsSecond", 1, ts_second),
    Operator::fixed("$tsIncrement", 1, ts_increment),
];

/// The alias of the value's type.
pub(super) fn name(value: ValueRef<'_>) -> &'static str {
    match value {
        ValueRef::MinKey => "minKey",
        ValueRef::Undefined => "undefined",
        ValueRef::Null => "null",
        ValueRef::Int(_) => "int",
        ValueRef::Long(_) => "long",
        ValueRef::Double(_) => "double",
        ValueRef::Decimal(_) => "decimal",
        ValueRef::String(_) => "string",
        ValueRef::Symbol(_) => "symbol",
        ValueRef::Document(_) => "object",
        ValueRef::Array(_) => "array",
        ValueRef::Binary { .. } => "binData",
        ValueRef::ObjectId(_) => "objectId",
        ValueRef::Bool(_) => "bool",
        ValueRef::Date(_) => "date",
        ValueRef::Timestamp(_) => "timestamp",
        ValueRef::Regex { .. } => "regex",
        ValueRef::Code(_) => "javascript",
        ValueRef::MaxKey => "maxKey",
    }
}

/// The alias of the answer's type; `missing` where there is no value.
pub(super) fn name_of(answer: &Answer<'_>) -> &'static str {
    answer.view().map_or("missing", name)
}

/// The error of an operator that got a value of the wrong type.
pub(super) fn wrong(code: u32, operator: &str, wanted: &str, got: &Answer<'_>) -> Error {
    let message = format!("{operator} needs {wanted}, not {}", name_of(got));
    Error::new(Code(code), message)
}

fn type_name<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    Ok(name_of(&scope.first(arguments)?).into())
}

fn is_number<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    Ok(scope.first(arguments)?.number().is_some().into())
}

fn is_array<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    Ok(scope.first(arguments)?.array().is_some().into())
}

fn bson_size<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let answer = scope.first(arguments)?;
    match answer.view() {
        _ if answer.is_nullish() => Ok(Answer::NULL),
        Some(value @ ValueRef::Document(_)) => {
            scope.spend_value(value)?;
            Ok(size_answer(encoded_size(value)))
        }
        _ => Err(wrong(31393, "$bsonSize", "an object", &answer)),
    }
}

/// Bytes that the value takes in BSON, without its type and name.
fn encoded_size(value: ValueRef<'_>) -> usize {
    const EMPTY_DOCUMENT: usize = 5;
    match value {
        ValueRef::MinKey | ValueRef::MaxKey | ValueRef::Null | ValueRef::Undefined => 0,
        ValueRef::Bool(_) => 1,
        ValueRef::Int(_) => 4,
        ValueRef::Long(_) | ValueRef::Double(_) | ValueRef::Date(_) | ValueRef::Timestamp(_) => 8,
        ValueRef::ObjectId(_) => 12,
        ValueRef::Decimal(_) => 16,
        ValueRef::String(text) | ValueRef::Symbol(text) | ValueRef::Code(text) => text.len() + 5,
        ValueRef::Binary { bytes, .. } => bytes.len() + 5,
        ValueRef::Regex { pattern, options } => pattern.len() + options.len() + 2,
        ValueRef::Document(document) => document
            .iter()
            .map(|(name, value)| name.len() + 2 + encoded_size(value))
            .fold(EMPTY_DOCUMENT, |sum, size| sum + size),
        ValueRef::Array(array) => array
            .iter()
            .enumerate()
            .map(|(index, value)| index.to_string().len() + 2 + encoded_size(value))
            .fold(EMPTY_DOCUMENT, |sum, size| sum + size),
    }
}

fn binary_size<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let answer = scope.first(arguments)?;
    match answer.view() {
        _ if answer.is_nullish() => Ok(Answer::NULL),
        Some(ValueRef::String(text)) => Ok(size_answer(text.len())),
        Some(ValueRef::Binary { bytes, .. }) => Ok(size_answer(bytes.len())),
        _ => Err(wrong(51276, "$binarySize", "a string or binary data", &answer)),
    }
}

/// A count as the server gives it: an int where it fits.
pub(super) fn size_answer(size: usize) -> Answer<'static> {
    Answer::Owned(Value::integer(i64::try_from(size).unwrap_or(i64::MAX)))
}

fn subtype<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let answer = scope.first(arguments)?;
    match answer.view() {
        Some(ValueRef::Binary { subtype, .. }) => Ok(i32::from(subtype).into()),
        _ if answer.is_nullish() => Ok(Answer::NULL),
        _ => Err(wrong(14, "$subtype", "binary data", &answer)),
    }
}

fn ts_second<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let answer = scope.first(arguments)?;
    match answer.view() {
        _ if answer.is_nullish() => Ok(Answer::NULL),
        Some(ValueRef::Timestamp(timestamp)) => Ok(i64::from(timestamp.time).into()),
        _ => Err(wrong(5_687_301, "$tsSecond", "a timestamp", &answer)),
    }
}

fn ts_increment<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let answer = scope.first(arguments)?;
    match answer.view() {
        _ if answer.is_nullish() => Ok(Answer::NULL),
        Some(ValueRef::Timestamp(timestamp)) => Ok(i64::from(timestamp.increment).into()),
        _ => Err(wrong(5_687_302, "$tsIncrement", "a timestamp", &answer)),
    }
}
