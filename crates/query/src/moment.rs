//! Moments written in ISO 8601, as programs write them.
//!
//! The usual four-digit years are jiff's; years beyond are counted here. This file knows no query.

use jiff::civil;

use crate::Date;
use crate::civil::{DAY, days_of};

/// The moment, if that is what the text says.
pub(crate) fn read(text: &str) -> Option<Date> {
    if text.len() < "2024-01-01".len() || !text.is_ascii() {
        return None;
    }
    if text.starts_with(['+', '-']) {
        return far(text);
    }
    if !has_day(text) {
        return None;
    }
    if let Ok(moment) = text.parse::<jiff::Timestamp>() {
        return milliseconds(moment);
    }
    // Without an offset: UTC. jiff ignores one that it is not asked for, so none may be there.
    let time = text.get("2024-01-01".len()..)?;
    if time.contains(['Z', 'z', '+', '-', '[']) {
        return None;
    }
    let local: civil::DateTime = text.parse().ok()?;
    milliseconds(local.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
}

/// Whether the text begins as `2024-01-01` does: jiff reads other forms of dates too.
fn has_day(text: &str) -> bool {
    let mut bytes = text.bytes();
    "dddd-dd-dd".bytes().all(|form| match (form, bytes.next()) {
        (b'd', Some(byte)) => byte.is_ascii_digit(),
        (form, byte) => byte == Some(form),
    })
}

fn milliseconds(moment: jiff::Timestamp) -> Option<Date> {
    let millis = moment.as_nanosecond().div_euclid(1_000_000);
    i64::try_from(millis).ok().map(Date)
}

/// `+010000-01-01T00:00:00.000Z`: what JavaScript writes of years that have no four digits.
fn far(text: &str) -> Option<Date> {
    let (year, rest) = text.split_at_checked("+010000".len())?;
    let year: i64 = year.parse().ok()?;
    // Any year of four digits whose February is as long lends its calendar to the rest.
    let like = 2000 + year.rem_euclid(400);
    let near = read(&format!("{like:04}{rest}"))?;
    let days = days_of(year, 1, 1) - days_of(like, 1, 1);
    days.checked_mul(DAY)?.checked_add(near.0).map(Date)
}
