//! The strict reading of a dotted path, for projections, sorts and expressions.
//!
//! A filter takes any text for a path; here empty parts and names with a leading `$` are refused, as
//! MongoDB's `FieldPath` does. Numbers are names like any other.

use crate::{Code, Error, Limits, Result};

/// Names with a leading `$` that are allowed, because references between documents use them.
const REFERENCE_NAMES: [&str; 3] = ["$id", "$ref", "$db"];

/// Splits the text at its dots and checks every part.
///
/// # Errors
/// Those of [`check`].
pub(crate) fn parse<'a>(text: &'a str, limits: &Limits) -> Result<Vec<&'a str>> {
    check(text, limits)?;
    Ok(text.split('.').collect())
}

/// Checks every part of the text.
///
/// # Errors
/// 40352 if the text is empty, 40353 if it ends with a dot, 15998 for another empty part, 16410 for
/// a leading `$`, 16411 for a NUL, 15 past [`Limits::path_parts`].
pub(crate) fn check(text: &str, limits: &Limits) -> Result<()> {
    if text.is_empty() {
        return Err(Error::new(Code(40352), "a field path can't be empty"));
    }
    if text.ends_with('.') {
        return Err(Error::new(Code(40353), format!("the field path `{text}` ends with a dot")));
    }
    if text.split('.').nth(limits.path_parts).is_some() {
        return Err(Error::limit("path_parts", limits.path_parts).with_code(Code(15)));
    }
    text.split('.').try_for_each(check_name)
}

/// Checks one name of a path or of an object literal.
pub(crate) fn check_name(name: &str) -> Result<()> {
    if name.is_empty() {
        return Err(Error::new(Code(15998), "a part of a field path is empty"));
    }
    if name.starts_with('$') && !REFERENCE_NAMES.contains(&name) {
        let message = format!("the field name `{name}` starts with `$`");
        return Err(Error::new(Code(16410), message));
    }
    if name.contains('\0') {
        return Err(Error::new(Code(16411), "a field name holds a NUL"));
    }
    if name.contains('.') {
        return Err(Error::new(Code(16412), format!("the field name `{name}` holds a dot")));
    }
    Ok(())
}
