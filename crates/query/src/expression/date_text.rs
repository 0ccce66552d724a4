//! Dates as text and text as dates, by formats of `%` letters.
//!
//! Text without a format is read by `date_reading`. Source: MongoDB manual, "$dateToString",
//! "$dateFromString".

use super::answer::Answer;
use super::date_reading::{self, MONTHS, Reading};
use super::kind;
use super::moment;
use super::node::Node;
use super::operator::{Names, Operator};
use super::scope::{Scope, is_given};
use super::zone::Zone;
use crate::civil::{Civil, DAY};
use crate::{Code, Date, Error, Result};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::named("$dateToString", TO_STRING, to_string),
    Operator::named("$dateFromString", FROM_STRING, from_string),
];

const TO_STRING: Names = Names {
    not_object: 18629,
    unknown: 18534,
    names: &[("date", 18628), ("format", 0), ("timezone", 0), ("onNull", 0)],
};
const FROM_STRING: Names = Names {
    not_object: 40540,
    unknown: 40541,
    names: &[("dateString", 40542), ("format", 0), ("timezone", 0), ("onNull", 0), ("onError", 0)],
};
/// The letters that a format for writing may have, and one for reading.
const WRITTEN: &str = "bBdGHjLmMSwuUVYzZ%";
const READ: &str = "bBdGHjLmMSuVYzZ%";

/// The error of text that can't be converted, which `onError` catches.
pub(super) const CONVERSION_FAILURE: Code = Code(241);

/// The format that an argument gives: `None` if it is not given, an inner `None` if it is null.
fn format_of<'a>(
    scope: &mut Scope<'a>,
    arguments: &'a [Node],
    letters: &str,
    (code, operator): (u32, &str),
) -> Result<Option<Option<String>>> {
    if !is_given(arguments, 1) {
        return Ok(None);
    }
    let answer = scope.argument(arguments, 1)?;
    if answer.is_nullish() {
        return Ok(Some(None));
    }
    let wrong = || kind::wrong(code, operator, "`format` to be a string", &answer);
    let format = answer.text().ok_or_else(wrong)?;
    scope.build_text(format.len())?;
    check_format(format, letters)?;
    Ok(Some(Some(format.to_owned())))
}

fn check_format(format: &str, letters: &str) -> Result<()> {
    let mut rest = format.chars();
    while let Some(letter) = rest.next() {
        if letter != '%' {
            continue;
        }
        match rest.next() {
            None => return Err(Error::new(Code(18535), "the format ends with a lone `%`")),
            Some(letter) if letters.contains(letter) => {}
            Some(letter) => {
                return Err(Error::new(Code(18536), format!("a format has no `%{letter}`")));
            }
        }
    }
    Ok(())
}

fn to_string<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let answer = scope.first(arguments)?;
    let format = format_of(scope, arguments, WRITTEN, (18533, "$dateToString"))?;
    let zone = Zone::of_argument(scope, arguments, 2)?;
    if answer.is_nullish() {
        return if is_given(arguments, 3) {
            scope.argument(arguments, 3)
        } else {
            Ok(Answer::NULL)
        };
    }
    let (Some(zone), false) = (zone, matches!(format, Some(None))) else { return Ok(Answer::NULL) };
    let date = moment::required(&answer, "$dateToString")?;
    let usual = if zone.is_utc() { "%Y-%m-%dT%H:%M:%S.%LZ" } else { "%Y-%m-%dT%H:%M:%S.%L" };
    let format = format.flatten().unwrap_or_else(|| usual.to_owned());
    // A name of a month takes nine letters for two of the format.
    scope.spend_letters(format.len())?;
    scope.build_text(format.len().saturating_mul(5))?;
    let text = write(&format, date, &zone)?;
    scope.spend_text(text.len())?;
    Ok(text.into())
}

/// The date in the format.
pub(super) fn write(format: &str, date: Date, zone: &Zone) -> Result<String> {
    let civil = Civil::of(zone.local(date.0));
    let offset = zone.offset_at(date.0) / 60_000;
    let mut text = String::with_capacity(format.len() * 2);
    let mut rest = format.chars();
    while let Some(letter) = rest.next() {
        if letter != '%' {
            text.push(letter);
            continue;
        }
        write_part(rest.next().unwrap_or('%'), civil, offset, &mut text)?;
    }
    Ok(text)
}

fn write_part(letter: char, civil: Civil, offset: i64, text: &mut String) -> Result<()> {
    let month = MONTHS.get((civil.month - 1) as usize).copied().unwrap_or_default();
    let (number, width) = match letter {
        'Y' => (moment::within_four_digits(civil.year)?, 4),
        'G' => (moment::within_four_digits(civil.iso_week().0)?, 4),
        'm' => (civil.month, 2),
        'd' => (civil.day, 2),
        'H' => (civil.hour, 2),
        'M' => (civil.minute, 2),
        'S' => (civil.second, 2),
        'L' => (civil.millisecond, 3),
        'j' => (civil.day_of_year(), 3),
        'w' => (civil.iso_weekday() % 7 + 1, 1),
        'u' => (civil.iso_weekday(), 1),
        'U' => (civil.week(), 2),
        'V' => (civil.iso_week().1, 2),
        'Z' => (offset, 1),
        other => {
            match other {
                'B' => text.push_str(month),
                'b' => text.extend(month.chars().take(3)),
                'z' => {
                    let (sign, minutes) = (if offset < 0 { '-' } else { '+' }, offset.abs());
                    text.push_str(&format!("{sign}{:02}{:02}", minutes / 60, minutes % 60));
                }
                other => text.push(other),
            }
            return Ok(());
        }
    };
    text.push_str(&format!("{number:0width$}"));
    Ok(())
}

fn from_string<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let answer = scope.first(arguments)?;
    let format = format_of(scope, arguments, READ, (40684, "$dateFromString"))?;
    let zone = Zone::of_argument(scope, arguments, 2)?;
    if answer.is_nullish() {
        return if is_given(arguments, 3) {
            scope.argument(arguments, 3)
        } else {
            Ok(Answer::NULL)
        };
    }
    let read = read_answer(scope, &answer, &format, zone.as_ref());
    match read {
        Ok(Some(date)) => Ok(date.into()),
        Ok(None) => Ok(Answer::NULL),
        Err(error) if error.code() == CONVERSION_FAILURE && is_given(arguments, 4) => {
            scope.argument(arguments, 4)
        }
        Err(error) => Err(error),
    }
}

fn read_answer(
    scope: &mut Scope<'_>,
    answer: &Answer<'_>,
    format: &Option<Option<String>>,
    zone: Option<&Zone>,
) -> Result<Option<Date>> {
    let wrong = || kind::wrong(CONVERSION_FAILURE.0, "$dateFromString", "a string", answer);
    let text = answer.text().ok_or_else(wrong)?;
    scope.spend_text(text.len())?;
    let Some(zone) = zone else { return Ok(None) };
    match format {
        Some(None) => Ok(None),
        Some(Some(format)) => read_with_format(text, format, zone).map(Some),
        None => read_freely(text, zone).map(Some),
    }
}

/// Reads a date in any of the usual forms.
pub(super) fn read_freely(text: &str, zone: &Zone) -> Result<Date> {
    let reading = date_reading::read(text);
    reading.and_then(|reading| settle(reading, zone)).ok_or_else(|| unreadable(text))
}

fn read_with_format(text: &str, format: &str, zone: &Zone) -> Result<Date> {
    let reading = date_reading::read_format(text, format);
    reading.and_then(|reading| settle(reading, zone)).ok_or_else(|| unreadable(text))
}

fn unreadable(text: &str) -> Error {
    let shown: String = text.chars().take(40).collect();
    Error::new(CONVERSION_FAILURE, format!("`{shown}` can't be read as a date"))
}

/// The moment that was read. Text with an offset of its own can't go with another zone.
fn settle(reading: Reading, zone: &Zone) -> Option<Date> {
    let seconds = reading.days.checked_mul(DAY / 1000)?.checked_add(reading.seconds)?;
    let local = seconds.checked_mul(1000)?;
    let moment = match reading.offset {
        None => zone.utc(local),
        Some(offset) if zone.is_utc() => local.checked_sub(offset)?,
        Some(_) => return None,
    };
    // What is finer than a millisecond is cut off towards 1970.
    let microseconds = i128::from(moment) * 1000 + i128::from(reading.microseconds);
    i64::try_from(microseconds / 1000).ok().map(Date)
}
