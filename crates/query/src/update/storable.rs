//! What a store takes: names at the top of a document, kinds of `_id`, levels of nesting.
//!
//! This file refuses and sets in order; it does not know which operator made the document.

use crate::{Code, Document, Error, Limits, Result, Value, ValueRef};

/// Checks the names of all fields at the top.
///
/// # Errors
/// As [`check_name`].
pub(super) fn check_names(document: &Document) -> Result<()> {
    (0..document.len()).try_for_each(|at| check_name(document, at))
}

/// Checks the name of one field at the top of a document.
///
/// # Errors
/// 55 for `$ref`, `$id` and `$db` that make no reference in their order, 52 for another leading `$`.
pub(super) fn check_name(document: &Document, at: usize) -> Result<()> {
    let fields = document.fields();
    let name_at = |at: Option<usize>| at.and_then(|at| fields.get(at)).map(|(name, _)| &**name);
    let Some((name, value)) = fields.get(at) else { return Ok(()) };
    let (before, after) = (name_at(at.checked_sub(1)), name_at(at.checked_add(1)));
    let is_text = matches!(value, Value::String(_));
    let is_in_order = match &**name {
        "$ref" => is_text && after == Some("$id"),
        "$id" => before == Some("$ref"),
        "$db" => is_text && before == Some("$id"),
        name if name.starts_with('$') => {
            let message = format!("the field `{name}` at the top of a document starts with `$`");
            return Err(Error::new(Code::DOLLAR_PREFIXED_FIELD_NAME, message));
        }
        _ => true,
    };
    if is_in_order {
        return Ok(());
    }
    let message = "a reference is `$ref`, then `$id`, then perhaps `$db`";
    Err(Error::new(Code::INVALID_DB_REF, message).at(name))
}

/// Checks the kind of `_id`.
///
/// # Errors
/// 53 for an array, a regular expression or undefined.
pub(super) fn check_id(document: &Document) -> Result<()> {
    match document.get("_id") {
        Some(Value::Array(_) | Value::Regex(_) | Value::Undefined) => {
            let message = "`_id` can't be an array, a regular expression or undefined";
            Err(Error::new(Code::INVALID_ID_FIELD, message))
        }
        _ => Ok(()),
    }
}

/// The error of an update under which `_id` would be another.
pub(super) fn other_id() -> Error {
    Error::new(Code::IMMUTABLE_FIELD, "an update can't change `_id`")
}

/// Checks how deep the value nests where so many documents and arrays are around it.
///
/// # Errors
/// 15 with the limit `document_depth`.
pub(super) fn check_depth(value: ValueRef<'_>, around: usize, limits: &Limits) -> Result<()> {
    let most = limits.document_depth;
    if most.checked_sub(around).is_none_or(|left| is_deeper(value, left)) {
        return Err(Error::limit("document_depth", most).with_code(Code(15)));
    }
    Ok(())
}

fn is_deeper(value: ValueRef<'_>, most: usize) -> bool {
    match (value, most.checked_sub(1)) {
        (ValueRef::Document(_) | ValueRef::Array(_), None) => true,
        (ValueRef::Document(document), Some(left)) => {
            document.iter().any(|(_, inner)| is_deeper(inner, left))
        }
        (ValueRef::Array(array), Some(left)) => array.iter().any(|inner| is_deeper(inner, left)),
        _ => false,
    }
}

/// The document with `_id` as its first field.
pub(super) fn id_first(mut document: Document) -> Document {
    if document.iter().next().is_none_or(|(name, _)| name == "_id") {
        return document;
    }
    match document.remove("_id") {
        None => document,
        Some(id) => with_id(id, document),
    }
}

/// The document, which has none, with that `_id` as its first field.
pub(super) fn with_id(id: Value, document: Document) -> Document {
    std::iter::once(("_id".to_owned(), id)).chain(document).collect()
}
