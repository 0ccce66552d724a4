//! Dates moved, subtracted and cut to units of time.
//!
//! Source: MongoDB manual, "$dateAdd", "$dateDiff", "$dateTrunc".

use super::answer::Answer;
use super::kind;
use super::moment;
use super::node::Node;
use super::operator::{Names, Operator};
use super::scope::{Scope, is_given};
use super::zone::Zone;
use crate::civil::{Civil, DAY, days_of, iso_weekday};
use crate::{Code, Date, Error, Result};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::named("$dateAdd", SHIFT, add),
    Operator::named("$dateSubtract", SHIFT, subtract),
    Operator::named("$dateDiff", DIFF, diff),
    Operator::named("$dateTrunc", TRUNC, trunc),
];

const SHIFT: Names = Names {
    not_object: 5_166_400,
    unknown: 5_166_401,
    names: &[("startDate", 5_166_402), ("unit", 5_166_402), ("amount", 5_166_402), ("timezone", 0)],
};
const DIFF: Names = Names {
    not_object: 5_166_301,
    unknown: 5_166_302,
    names: &[
        ("startDate", 5_166_303),
        ("endDate", 5_166_304),
        ("unit", 5_166_305),
        ("timezone", 0),
        ("startOfWeek", 0),
    ],
};
const TRUNC: Names = Names {
    not_object: 5_439_007,
    unknown: 5_439_008,
    names: &[
        ("date", 5_439_009),
        ("unit", 5_439_010),
        ("binSize", 0),
        ("timezone", 0),
        ("startOfWeek", 0),
    ],
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    Year,
    Quarter,
    Month,
    Week,
    Day,
    /// Milliseconds of a unit whose length never changes.
    Fixed(i64),
}

/// The unit that an argument names; `None` if it is null.
fn unit<'a>(
    scope: &mut Scope<'a>,
    arguments: &'a [Node],
    index: usize,
    operator: &str,
) -> Result<Option<Unit>> {
    let answer = scope.argument(arguments, index)?;
    if answer.is_nullish() {
        return Ok(None);
    }
    let wrong = || kind::wrong(5_439_013, operator, "`unit` to be a string", &answer);
    Ok(Some(match answer.text().ok_or_else(wrong)? {
        "year" => Unit::Year,
        "quarter" => Unit::Quarter,
        "month" => Unit::Month,
        "week" => Unit::Week,
        "day" => Unit::Day,
        "hour" => Unit::Fixed(3_600_000),
        "minute" => Unit::Fixed(60_000),
        "second" => Unit::Fixed(1000),
        "millisecond" => Unit::Fixed(1),
        other => {
            let message = format!("{operator} knows no unit `{other}`");
            return Err(Error::new(Code::FAILED_TO_PARSE, message));
        }
    }))
}

/// The weekday a week starts on, 1 for Monday; Sunday if it is not given, `None` if it is null.
fn start_of_week<'a>(
    scope: &mut Scope<'a>,
    arguments: &'a [Node],
    index: usize,
    operator: &str,
) -> Result<Option<i64>> {
    if !is_given(arguments, index) {
        return Ok(Some(7));
    }
    let answer = scope.argument(arguments, index)?;
    if answer.is_nullish() {
        return Ok(None);
    }
    let wrong = || kind::wrong(5_439_015, operator, "`startOfWeek` to be a string", &answer);
    let name = answer.text().ok_or_else(wrong)?.to_ascii_lowercase();
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let is_day = |day: &&str| *day == name || (name.len() == 3 && day.starts_with(&name));
    let found = days.iter().position(is_day);
    let unknown = || Error::new(Code(5_439_016), format!("{operator} knows no weekday `{name}`"));
    found.map(|index| Some(index as i64 + 1)).ok_or_else(unknown)
}

fn overflow(code: u32) -> Error {
    Error::new(Code(code), "the date leaves the range of dates")
}

fn add<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    shift_by(scope, arguments, "$dateAdd", Some)
}

fn subtract<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    shift_by(scope, arguments, "$dateSubtract", i64::checked_neg)
}

fn shift_by<'a>(
    scope: &mut Scope<'a>,
    arguments: &'a [Node],
    operator: &str,
    direct: fn(i64) -> Option<i64>,
) -> Result<Answer<'a>> {
    let start = scope.first(arguments)?;
    if start.is_nullish() {
        return Ok(Answer::NULL);
    }
    let Some(unit) = unit(scope, arguments, 1, operator)? else { return Ok(Answer::NULL) };
    let amount = scope.argument(arguments, 2)?;
    if amount.is_nullish() {
        return Ok(Answer::NULL);
    }
    let Some(zone) = Zone::of_argument(scope, arguments, 3)? else { return Ok(Answer::NULL) };
    let wrong = || kind::wrong(5_166_403, operator, "a date to start from", &start);
    let date = moment::date_of(&start).ok_or_else(wrong)?;
    let whole = amount.number().and_then(|number| number.whole64());
    let wrong = || kind::wrong(5_166_405, operator, "a whole `amount`", &amount);
    let negative = || Error::new(Code(6_045_000), "the amount is too large to turn around");
    let amount = direct(whole.ok_or_else(wrong)?).ok_or_else(negative)?;
    Ok(Date(shift(date.0, unit, amount, &zone)?).into())
}

/// Moves a moment by units: days and longer on the wall, shorter ones in absolute time. A day past
/// the end of its month becomes the last of it.
fn shift(date: i64, unit: Unit, amount: i64, zone: &Zone) -> Result<i64> {
    // Twice the range of dates: what is within can be reckoned without care.
    const MOST_DAYS: i64 = 213_503_982_336;
    let within = |amount: i64, most: i64| {
        if amount.abs() < most { Ok(amount) } else { Err(overflow(5_976_500)) }
    };
    let months = |amount: i64, months: i64| Ok(within(amount, MOST_DAYS / 28 / months)? * months);
    match unit {
        Unit::Fixed(length) => {
            let moved = amount.checked_mul(length).and_then(|by| date.checked_add(by));
            moved.ok_or_else(|| overflow(5_976_500))
        }
        Unit::Day => shift_days(date, within(amount, MOST_DAYS)?, zone),
        Unit::Week => shift_days(date, within(amount, MOST_DAYS / 7)? * 7, zone),
        Unit::Month => shift_months(date, months(amount, 1)?, zone),
        Unit::Quarter => shift_months(date, months(amount, 3)?, zone),
        Unit::Year => shift_months(date, months(amount, 12)?, zone),
    }
}

fn shift_days(date: i64, days: i64, zone: &Zone) -> Result<i64> {
    let local = days.checked_mul(DAY).and_then(|by| zone.local(date).checked_add(by));
    local.map(|local| zone.utc(local)).ok_or_else(|| overflow(5_166_406))
}

fn shift_months(date: i64, months: i64, zone: &Zone) -> Result<i64> {
    let local = zone.local(date);
    let civil = Civil::of(local);
    let (year, month) = (civil.year, civil.month + months);
    let first = days_of(year, month, 1);
    let length = days_of(year, month + 1, 1) - first;
    let days = first + civil.day.min(length) - 1;
    let moved = days.checked_mul(DAY).and_then(|time| time.checked_add(local.rem_euclid(DAY)));
    moved.map(|local| zone.utc(local)).ok_or_else(|| overflow(5_166_406))
}

fn diff<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let (start, end) = scope.pair(arguments)?;
    let is_null = |answer: Answer<'_>| answer.is_nullish();
    let no_zone = is_given(arguments, 3) && is_null(scope.argument(arguments, 3)?);
    if start.is_nullish() || end.is_nullish() || no_zone {
        return Ok(Answer::NULL);
    }
    let unknown = |error: Error| match error.code() {
        Code::FAILED_TO_PARSE => error.with_code(Code(5_439_014)),
        _ => error,
    };
    let unit = unit(scope, arguments, 2, "$dateDiff").map_err(unknown)?;
    let Some(unit) = unit else { return Ok(Answer::NULL) };
    let first_day = match unit {
        Unit::Week => start_of_week(scope, arguments, 4, "$dateDiff")?,
        _ => Some(7),
    };
    let Some(first_day) = first_day else { return Ok(Answer::NULL) };
    let Some(zone) = Zone::of_argument(scope, arguments, 3)? else { return Ok(Answer::NULL) };
    let wrong = |answer| kind::wrong(5_166_307, "$dateDiff", "dates", answer);
    let from = moment::date_of(&start).ok_or_else(|| wrong(&start))?.0;
    let to = moment::date_of(&end).ok_or_else(|| wrong(&end))?.0;
    let units = match unit {
        Unit::Fixed(1) => to.checked_sub(from).ok_or_else(|| overflow(5_166_308))?,
        // Boundaries of hours and less are counted on the wall, less what the offset moved.
        Unit::Fixed(length) => {
            let (start, end) = (zone.local(from), zone.local(to));
            let moved = (zone.offset_at(from) - zone.offset_at(to)) / length;
            end.div_euclid(length) - start.div_euclid(length) + moved
        }
        unit => {
            let index = |date| index_of(zone.local(date), unit, first_day);
            index(to) - index(from)
        }
    };
    Ok(units.into())
}

/// Which unit a wall time lies in, counted from some fixed one.
fn index_of(local: i64, unit: Unit, first_day: i64) -> i64 {
    let civil = Civil::of(local);
    match unit {
        Unit::Year => civil.year,
        Unit::Quarter => civil.year * 4 + (civil.month - 1) / 3,
        Unit::Month => civil.year * 12 + civil.month - 1,
        Unit::Week => {
            let days = civil.days();
            let into_week = (iso_weekday(days) - first_day).rem_euclid(7);
            (days - into_week).div_euclid(7)
        }
        Unit::Day => civil.days(),
        Unit::Fixed(length) => local.div_euclid(length),
    }
}

fn trunc<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let date = scope.first(arguments)?;
    if date.is_nullish() {
        return Ok(Answer::NULL);
    }
    let Some(size) = bin_size(scope, arguments)? else { return Ok(Answer::NULL) };
    let Some(unit) = unit(scope, arguments, 1, "$dateTrunc")? else { return Ok(Answer::NULL) };
    let first_day = match unit {
        Unit::Week => start_of_week(scope, arguments, 4, "$dateTrunc")?,
        _ => Some(7),
    };
    let Some(first_day) = first_day else { return Ok(Answer::NULL) };
    let Some(zone) = Zone::of_argument(scope, arguments, 3)? else { return Ok(Answer::NULL) };
    let wrong = || kind::wrong(5_166_307, "$dateTrunc", "a date", &date);
    let date = moment::date_of(&date).ok_or_else(wrong)?.0;
    Ok(Date(cut(date, (unit, size), &zone, first_day)?).into())
}

fn bin_size<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Option<i64>> {
    if !is_given(arguments, 2) {
        return Ok(Some(1));
    }
    let answer = scope.argument(arguments, 2)?;
    if answer.is_nullish() {
        return Ok(None);
    }
    let whole = answer.number().and_then(|number| number.whole64());
    let wrong = || kind::wrong(5_439_017, "$dateTrunc", "a whole `binSize`", &answer);
    match whole.ok_or_else(wrong)? {
        size if size > 0 => Ok(Some(size)),
        _ => Err(Error::new(Code(5_439_018), "`binSize` must be greater than 0")),
    }
}

/// The start of the bin that the moment lies in. Bins are counted from 2000-01-01 on the wall, weeks
/// from the first start of a week in 2000.
fn cut(date: i64, (unit, size): (Unit, i64), zone: &Zone, first_day: i64) -> Result<i64> {
    let reference = days_of(2000, 1, 1) * DAY;
    if let Unit::Fixed(length) = unit {
        let bin = size.checked_mul(length).ok_or_else(|| overflow(5_439_002))?;
        let start = date.checked_sub(zone.utc(reference)).ok_or_else(|| overflow(5_439_000))?;
        return date.checked_sub(start.rem_euclid(bin)).ok_or_else(|| overflow(5_439_001));
    }
    if size > 100_000_000_000 {
        return Err(overflow(5_439_006));
    }
    let start = match unit {
        Unit::Week => {
            let days = reference / DAY;
            (days + (first_day - iso_weekday(days)).rem_euclid(7)) * DAY
        }
        _ => reference,
    };
    let index = |local| index_of(local, unit, first_day);
    let distance = index(zone.local(date)) - index(start);
    let units = distance - distance.rem_euclid(size);
    shift(zone.utc(start), unit, units, zone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_end_where_they_end() {
        let last = days_of(2024, 1, 31) * DAY;
        let moved = shift(last, Unit::Month, 1, &Zone::Utc).unwrap();
        assert_eq!(moved, days_of(2024, 2, 29) * DAY);
        assert!(shift(i64::MAX, Unit::Day, 1, &Zone::Utc).is_err());
        assert!(shift(0, Unit::Year, i64::MAX, &Zone::Utc).is_err());
    }
}
