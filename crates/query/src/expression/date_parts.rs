//! Dates taken apart and put together.
//!
//! Source: MongoDB manual, "Date Expression Operators".

use super::answer::Answer;
use super::kind;
use super::moment;
use super::node::Node;
use super::operator::{Names, Operator};
use super::parse::Parser;
use super::scope::{Scope, is_given};
use super::zone::Zone;
use crate::civil::{Civil, DAY, days_of, days_of_iso_week};
use crate::{Code, Date, Document, Error, Result, Value};

pub(super) const OPERATORS: &[Operator] = &[
    part("$year", |scope, arguments| int(scope, arguments, |civil| civil.year)),
    part("$month", |scope, arguments| int(scope, arguments, |civil| civil.month)),
    part("$dayOfMonth", |scope, arguments| int(scope, arguments, |civil| civil.day)),
    part("$hour", |scope, arguments| int(scope, arguments, |civil| civil.hour)),
    part("$minute", |scope, arguments| int(scope, arguments, |civil| civil.minute)),
    part("$second", |scope, arguments| int(scope, arguments, |civil| civil.second)),
    part("$millisecond", |scope, arguments| int(scope, arguments, |civil| civil.millisecond)),
    part("$dayOfYear", |scope, arguments| int(scope, arguments, Civil::day_of_year)),
    part("$dayOfWeek", |scope, arguments| {
        int(scope, arguments, |civil| civil.iso_weekday() % 7 + 1)
    }),
    part("$week", |scope, arguments| int(scope, arguments, Civil::week)),
    part("$isoDayOfWeek", |scope, arguments| int(scope, arguments, Civil::iso_weekday)),
    part("$isoWeek", |scope, arguments| int(scope, arguments, |civil| civil.iso_week().1)),
    part("$isoWeekYear", iso_week_year),
    Operator::named("$dateToParts", TO_PARTS, to_parts),
    Operator::own("$dateFromParts", parse_from_parts, from_parts),
];

const PART: Names =
    Names { not_object: 40535, unknown: 40535, names: &[("date", 40539), ("timezone", 0)] };
const TO_PARTS: Names = Names {
    not_object: 40524,
    unknown: 40520,
    names: &[("date", 40522), ("timezone", 0), ("iso8601", 0)],
};
const FROM_PARTS: Names = Names {
    not_object: 40519,
    unknown: 40518,
    names: &[
        ("year", 0),
        ("month", 0),
        ("day", 0),
        ("isoWeekYear", 0),
        ("isoWeek", 0),
        ("isoDayOfWeek", 0),
        ("hour", 0),
        ("minute", 0),
        ("second", 0),
        ("millisecond", 0),
        ("timezone", 0),
    ],
};

const fn part(name: &'static str, run: super::operator::Run) -> Operator {
    Operator::own(name, parse_part, run)
}

/// A date alone, in brackets, or with a time zone.
fn parse_part(
    parser: &mut Parser<'_>,
    operator: &'static Operator,
    argument: &Value,
) -> Result<Node> {
    let is_named = |document: &Document| {
        !document.iter().next().is_some_and(|(name, _)| name.starts_with('$'))
    };
    let arguments = match argument {
        Value::Document(document) if is_named(document) => {
            parser.named(operator.name, &PART, argument)?
        }
        Value::Array(elements) => match elements.as_slice() {
            [single] => vec![parser.operand(single)?],
            _ => {
                let message = format!("{} takes one argument", operator.name);
                return Err(Error::new(Code(40536), message));
            }
        },
        single => vec![parser.operand(single)?],
    };
    Ok(Node::Call { operator, arguments })
}

/// The wall time of the date in its zone; `None` if either is null.
fn wall<'a>(scope: &mut Scope<'a>, arguments: &'a [Node], operator: &str) -> Result<Option<Civil>> {
    let answer = scope.first(arguments)?;
    if answer.is_nullish() {
        return Ok(None);
    }
    let date = moment::required(&answer, operator)?;
    let zone = Zone::of_argument(scope, arguments, 1)?;
    Ok(zone.map(|zone| Civil::of(zone.local(date.0))))
}

fn int<'a>(
    scope: &mut Scope<'a>,
    arguments: &'a [Node],
    take: fn(Civil) -> i64,
) -> Result<Answer<'a>> {
    let civil = wall(scope, arguments, "the operator")?;
    Ok(civil.map_or(Answer::NULL, |civil| Value::integer(take(civil)).into()))
}

fn iso_week_year<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let civil = wall(scope, arguments, "$isoWeekYear")?;
    Ok(civil.map_or(Answer::NULL, |civil| civil.iso_week().0.into()))
}

fn to_parts<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let date = scope.first(arguments)?;
    let Some(zone) = Zone::of_argument(scope, arguments, 1)? else { return Ok(Answer::NULL) };
    let is_iso = scope.argument(arguments, 2)?;
    if is_given(arguments, 2) && is_iso.is_nullish() || date.is_nullish() {
        return Ok(Answer::NULL);
    }
    let is_iso = match is_iso.view() {
        None => false,
        Some(crate::ValueRef::Bool(truth)) => truth,
        Some(_) => return Err(kind::wrong(40521, "`iso8601`", "a boolean", &is_iso)),
    };
    let civil = Civil::of(zone.local(moment::required(&date, "$dateToParts")?.0));
    let (year, week) = civil.iso_week();
    let named = if is_iso {
        [("isoWeekYear", year), ("isoWeek", week), ("isoDayOfWeek", civil.iso_weekday())]
    } else {
        [("year", civil.year), ("month", civil.month), ("day", civil.day)]
    };
    let time = [
        ("hour", civil.hour),
        ("minute", civil.minute),
        ("second", civil.second),
        ("millisecond", civil.millisecond),
    ];
    let fields = named.into_iter().chain(time);
    let parts = fields.map(|(name, number)| (name.to_owned(), Value::integer(number)));
    Ok(parts.collect::<Document>().into())
}

fn parse_from_parts(
    parser: &mut Parser<'_>,
    operator: &'static Operator,
    argument: &Value,
) -> Result<Node> {
    let arguments = parser.named("$dateFromParts", &FROM_PARTS, argument)?;
    let any = |range: std::ops::Range<usize>| range.clone().any(|i| is_given(&arguments, i));
    if !any(0..1) && !any(3..4) {
        let message = "$dateFromParts needs `year` or `isoWeekYear`";
        return Err(Error::new(Code(40516), message));
    }
    if any(0..1) && any(3..6) {
        let message = "$dateFromParts can't mix a calendar date with an ISO week";
        return Err(Error::new(Code(40489), message));
    }
    if any(3..4) && any(0..3) {
        let message = "$dateFromParts can't mix an ISO week with a calendar date";
        return Err(Error::new(Code(40525), message));
    }
    Ok(Node::Call { operator, arguments })
}

fn from_parts<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let Some(time) = time_of_day(scope, arguments)? else { return Ok(Answer::NULL) };
    let Some(zone) = Zone::of_argument(scope, arguments, 10)? else { return Ok(Answer::NULL) };
    let is_iso = is_given(arguments, 3);
    let first = if is_iso { 3 } else { 0 };
    let Some(year) = number(scope, arguments, first, 1970)? else { return Ok(Answer::NULL) };
    let Some(second) = bounded(scope, arguments, first + 1, 1)? else { return Ok(Answer::NULL) };
    let Some(third) = bounded(scope, arguments, first + 2, 1)? else { return Ok(Answer::NULL) };
    if !(1..=9999).contains(&year) {
        let code = if is_iso { 31095 } else { 40523 };
        return Err(Error::new(Code(code), "the year must be from 1 to 9999"));
    }
    let days =
        if is_iso { days_of_iso_week(year, second, third) } else { days_of(year, second, third) };
    let local = time.checked_add(days * DAY);
    let overflow = || Error::new(Code(15), "the date leaves the range of dates");
    Ok(Date(zone.utc(local.ok_or_else(overflow)?)).into())
}

/// Milliseconds since midnight, which may be many days.
fn time_of_day<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Option<i64>> {
    let Some(hour) = bounded(scope, arguments, 6, 0)? else { return Ok(None) };
    let Some(minute) = bounded(scope, arguments, 7, 0)? else { return Ok(None) };
    let Some(second) = number(scope, arguments, 8, 0)? else { return Ok(None) };
    let Some(millisecond) = number(scope, arguments, 9, 0)? else { return Ok(None) };
    let time = second.checked_mul(1000).and_then(|time| time.checked_add(millisecond));
    let time = time.and_then(|time| time.checked_add(hour * 3_600_000 + minute * 60_000));
    time.map(Some).ok_or_else(|| Error::new(Code(15), "the date leaves the range of dates"))
}

/// A whole number; `None` if it is null, the default if it is not given.
fn number<'a>(
    scope: &mut Scope<'a>,
    arguments: &'a [Node],
    index: usize,
    default: i64,
) -> Result<Option<i64>> {
    if !is_given(arguments, index) {
        return Ok(Some(default));
    }
    let answer = scope.argument(arguments, index)?;
    if answer.is_nullish() {
        return Ok(None);
    }
    let name = FROM_PARTS.names.get(index).map_or("", |(name, _)| *name);
    let whole = answer.number().and_then(|number| number.whole64());
    let wrong = || kind::wrong(40515, &format!("`{name}`"), "a whole number", &answer);
    whole.map(Some).ok_or_else(wrong)
}

/// The same within 16 bits, so that carrying over stays cheap and right.
fn bounded<'a>(
    scope: &mut Scope<'a>,
    arguments: &'a [Node],
    index: usize,
    default: i64,
) -> Result<Option<i64>> {
    let found = number(scope, arguments, index, default)?;
    if found.is_some_and(|number| i16::try_from(number).is_err()) {
        return Err(Error::new(Code(31034), "a part of a date must be from -32768 to 32767"));
    }
    Ok(found)
}
