//! The paths of updates, and the order in which they are followed.
//!
//! Other than in a filter no array is searched on the way: a part is a name, an index where an array
//! stands, or one of the three signs for elements. This file knows no operators.

use std::cmp::Ordering;

use crate::{Code, Error, Limits, Result};

/// One part of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part<'p> {
    /// A name, or an index where an array stands.
    Name(&'p str),
    /// `$`: the element through which the filter matched.
    Matched,
    /// `$[]`: every element.
    Every,
    /// `$[x]`: the elements that the array filter of that name takes.
    Filtered(&'p str),
}

/// Splits a path at its dots.
///
/// # Errors
/// 56 for an empty part, 2 for a `$` that stands first or twice, 15 past [`Limits::path_parts`].
pub(super) fn parse<'p>(text: &'p str, limits: &Limits) -> Result<Vec<Part<'p>>> {
    if text.split('.').nth(limits.path_parts).is_some() {
        return Err(Error::limit("path_parts", limits.path_parts).with_code(Code(15)));
    }
    let parts: Vec<Part<'p>> = text.split('.').map(part).collect();
    if parts.contains(&Part::Name("")) {
        let message = format!("the path `{text}` has an empty part");
        return Err(Error::new(Code::EMPTY_FIELD_NAME, message));
    }
    if parts.first() == Some(&Part::Matched) {
        return Err(Error::bad_value("the positional `$` can't stand first in a path"));
    }
    if parts.iter().filter(|part| **part == Part::Matched).count() > 1 {
        return Err(Error::bad_value("there can be one positional `$` only in a path"));
    }
    Ok(parts)
}

fn part(text: &str) -> Part<'_> {
    if text == "$" {
        return Part::Matched;
    }
    match text.strip_prefix("$[").and_then(|rest| rest.strip_suffix(']')) {
        Some("") => Part::Every,
        Some(name) => Part::Filtered(name),
        None => Part::Name(text),
    }
}

/// The index that a name is in an array: digits that fit 32 bits, leading zeros and all.
pub(super) fn index(name: &str) -> Option<usize> {
    let is_number = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
    let number: u32 = if is_number { name.parse().ok()? } else { return None };
    usize::try_from(number).ok()
}

/// The order in which the fields of one object are visited, and so made: numbers by their size, all
/// else by bytes.
pub(super) fn compare(left: &str, right: &str) -> Ordering {
    if is_counted(left) && is_counted(right) {
        return left.len().cmp(&right.len()).then_with(|| left.cmp(right));
    }
    left.cmp(right)
}

/// Whether the name begins as a number without leading zeros does.
fn is_counted(name: &str) -> bool {
    name == "0"
        || (name.starts_with(|letter: char| letter.is_ascii_digit()) && !name.starts_with('0'))
}
