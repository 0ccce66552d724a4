//! Which values are moments in time, and a moment's plain text.

use super::answer::Answer;
use super::kind;
use crate::civil::Civil;
use crate::{Code, Date, Error, Result, ValueRef};

/// The moment of a date, a timestamp or an object id.
pub(super) fn date_of(answer: &Answer<'_>) -> Option<Date> {
    match answer.view()? {
        ValueRef::Date(date) => Some(date),
        ValueRef::Timestamp(timestamp) => Some(Date(i64::from(timestamp.time) * 1000)),
        ValueRef::ObjectId(id) => {
            let [a, b, c, d, ..] = id.0;
            Some(Date(i64::from(u32::from_be_bytes([a, b, c, d])) * 1000))
        }
        _ => None,
    }
}

/// The moment, or the error of an operator that needs one.
pub(super) fn required(answer: &Answer<'_>, operator: &str) -> Result<Date> {
    let wrong = || kind::wrong(16006, operator, "a date, timestamp or object id", answer);
    date_of(answer).ok_or_else(wrong)
}

/// ISO 8601 in UTC with milliseconds; its years have four digits.
pub(super) fn iso_text(date: Date) -> Result<String> {
    within_four_digits(Civil::of(date.0).year)?;
    Ok(date.to_string())
}

/// The year, where a date's text has a place for it.
pub(super) fn within_four_digits(year: i64) -> Result<i64> {
    if (0..=9999).contains(&year) {
        return Ok(year);
    }
    Err(Error::new(Code(18537), format!("the year {year} does not fit four digits")))
}
