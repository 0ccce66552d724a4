//! The text parameters of `/api/user/files`, read in Zipline's order and with its complaints.
//!
//! This file knows texts; the rules of the list are [`super::files`]'s.

use std::num::NonZeroU64;

use http::StatusCode;
use percent_encoding::percent_decode_str;

use super::FoldersParams;
use crate::endpoint::error::ApiError;
use crate::endpoint::number;
use crate::endpoint::parameters::{Given, Parameters};
use crate::endpoint::params::{Shown, UserFilesParams};

/// Whose files are asked for.
pub(in crate::endpoint) fn owner_id(given: &Parameters) -> Result<Option<&str>, ApiError> {
    match given.get("id") {
        None => Ok(None),
        Some(Given::One(id)) => Ok(Some(id)),
        Some(_) => Err(bad("Invalid id value")),
    }
}

/// Everything but the owner.
pub(in crate::endpoint) fn read(given: &Parameters) -> Result<UserFilesParams, ApiError> {
    let per_page = match given.get("perpage") {
        None => None,
        Some(Given::One(text)) if text.is_empty() => None,
        Some(given) => Some(ordinal(given, "Perpage")?),
    };
    let search_query = match given.get("searchQuery") {
        None => String::new(),
        Some(Given::One(text)) => effective(text.trim()),
        Some(_) => return Err(bad("Invalid searchQuery value")),
    };
    let page = match given.get("page") {
        Some(given) if *given != Given::One(String::new()) => ordinal(given, "Page")?,
        _ => return Err(bad("Page is required")),
    };
    Ok(UserFilesParams {
        page,
        per_page,
        search_query,
        sort_by: chosen(given, "sortBy")?,
        order: chosen(given, "order")?,
        search_field: chosen(given, "searchField")?,
        filter: shown(given),
        favorite: is(given, "favorite", "true"),
        id: None,
        folder: folder(given)?,
    })
}

/// The folder to list; empty counts as not given.
fn folder(given: &Parameters) -> Result<Option<String>, ApiError> {
    match given.get("folder") {
        None => Ok(None),
        Some(Given::One(folder)) => Ok(Some(folder.clone()).filter(|folder| !folder.is_empty())),
        Some(_) => Err(bad("Invalid folder value")),
    }
}

/// How many of the newest files: a number as JavaScript's `parseInt` reads it, 3 where none is given.
pub(in crate::endpoint) fn take(given: &Parameters) -> Result<i64, ApiError> {
    let text = match given.get("take") {
        None => return Ok(DEFAULT_TAKE),
        Some(Given::One(text)) if text.is_empty() => return Ok(DEFAULT_TAKE),
        Some(Given::One(text)) => text.trim(),
        Some(_) => "",
    };
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let end = digits.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(digits.len());
    let digits = digits.get(..end).filter(|digits| !digits.is_empty());
    let digits = digits.ok_or_else(|| bad("Take must be a number"))?;
    // More digits than a number has ask for everything.
    Ok(digits.parse().unwrap_or(i64::MAX).saturating_mul(sign))
}

const DEFAULT_TAKE: i64 = 3;

/// What `/api/user/folders` is asked for.
pub(in crate::endpoint) fn folders(given: &Parameters) -> Result<FoldersParams, ApiError> {
    let one = |name: &str| match given.get(name) {
        None => Ok(None),
        Some(Given::One(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
        Some(_) => Err(bad(format!("Invalid {name} value"))),
    };
    Ok(FoldersParams {
        without_files: is_set(given, "noincl"),
        root: given.get("root").is_some() && !is(given, "root", "false"),
        parent: one("parentId")?,
        user: one("user")?,
    })
}

/// Whether any text is given, `false` too.
pub(in crate::endpoint) fn is_set(given: &Parameters, name: &str) -> bool {
    given.get(name).is_some_and(|given| *given != Given::One(String::new()))
}

fn bad(text: impl Into<String>) -> ApiError {
    ApiError::zipline(StatusCode::BAD_REQUEST, text)
}

/// A whole number from 1.
fn ordinal(given: &Given, what: &str) -> Result<NonZeroU64, ApiError> {
    let number = match given {
        Given::One(text) => number::read(text),
        _ => f64::NAN,
    };
    if number.is_nan() {
        return Err(bad(format!("{what} must be a number")));
    }
    let whole = number.fract() == 0.0 && (1.0..=number::MAX_SAFE).contains(&number);
    let ordinal = if whole { NonZeroU64::new(number as u64) } else { None };
    ordinal.ok_or_else(|| bad(format!("{what} must be a whole number from 1")))
}

/// Clients send the text encoded twice, and some once: a text that decodes again is decoded.
fn effective(text: &str) -> String {
    let broken = |at: usize| {
        let digits = text.as_bytes().get(at + 1..at + 3);
        !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    if text.match_indices('%').any(|(at, _)| broken(at)) {
        return text.to_owned();
    }
    percent_decode_str(text)
        .decode_utf8()
        .map_or_else(|_| text.to_owned(), |text| text.into_owned())
}

/// One of the names of a choice; absent and empty are the default.
fn chosen<T>(given: &Parameters, name: &str) -> Result<T, ApiError>
where
    T: Default + serde::de::DeserializeOwned,
{
    let wrong = || bad(format!("Invalid {name} value"));
    match given.get(name) {
        None => Ok(T::default()),
        Some(Given::One(text)) if text.is_empty() => Ok(T::default()),
        Some(Given::One(text)) => {
            serde_json::from_value(serde_json::Value::from(text.as_str())).map_err(|_| wrong())
        }
        Some(_) => Err(wrong()),
    }
}

/// A filter nobody knows is none.
fn shown(given: &Parameters) -> Shown {
    match () {
        () if is(given, "filter", "dashboard") => Shown::Dashboard,
        () if is(given, "filter", "all") => Shown::All,
        () => Shown::None,
    }
}

fn is(given: &Parameters, name: &str, text: &str) -> bool {
    matches!(given.get(name), Some(Given::One(given)) if given == text)
}

#[cfg(test)]
mod tests {
    use super::effective;

    #[test]
    fn a_search_is_decoded_again_where_it_can_be() {
        assert_eq!(effective("a%20b"), "a b");
        assert_eq!(effective("100%"), "100%");
        assert_eq!(effective("50%off %20"), "50%off %20");
        assert_eq!(effective("%ff"), "%ff");
        assert_eq!(effective("caf%C3%A9"), "café");
    }
}
