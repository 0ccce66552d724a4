//! The known fields of records, their types, and the forms in which programs write them.
//!
//! One rule for every way in (`put`, `File`, import): an id may come as an object id, a date as text or
//! a number, a number as text, a truth as text; what is kept has the field's type. This file knows one
//! field at a time.

use filedex_query::ejson::{self, Form};
use filedex_query::{Date, Document, Value};

/// What a known field holds, besides null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A text that names something. An object id is its 24 digits.
    Id,
    Text,
    Number,
    Truth,
    Date,
}

/// The kind of the field of that name; nothing of a field that is not known.
pub(crate) fn kind(name: &str) -> Option<Kind> {
    let kind = match name {
        "_id" | "rid" | "userId" | "folderId" | "originalFileId" => Kind::Id,
        "name" | "type" | "typeGroup" | "store" | "description" | "extension" | "etag" | "path"
        | "token" | "url" | "originalName" => Kind::Text,
        "size" | "progress" | "views" | "maxViews" => Kind::Number,
        "complete" | "uploading" | "_hidden" | "favorite" => Kind::Truth,
        "uploadedAt" | "_updatedAt" | "modifiedAt" | "expiresAt" | "deletesAt" => Kind::Date,
        _ => return None,
    };
    Some(kind)
}

/// Whether the value is of the field's type already.
pub(super) fn fits(name: &str, value: &Value) -> bool {
    let Some(kind) = kind(name) else { return true };
    match (kind, value) {
        (_, Value::Null)
        | (Kind::Id | Kind::Text, Value::String(_))
        | (Kind::Truth, Value::Bool(_))
        | (Kind::Date, Value::Date(_)) => true,
        (Kind::Number, Value::Double(number)) => number.abs() < BEYOND_INTEGERS,
        (Kind::Number, number) => number.view().is_number(),
        _ => false,
    }
}

/// From here on a double that stood for a whole number may be another number.
const BEYOND_INTEGERS: f64 = 9_223_372_036_854_775_808.0;

/// The value in the field's type, or in words why it has none.
pub(crate) fn typed(name: &str, value: Value) -> Result<Value, String> {
    if fits(name, &value) {
        return Ok(value);
    }
    if matches!(value, Value::Undefined) {
        return Ok(Value::Null);
    }
    let read = match kind(name) {
        None => return Ok(value),
        Some(Kind::Id) => id(&value),
        Some(Kind::Text) => text(&value),
        Some(Kind::Number) => number(&value),
        Some(Kind::Truth) => truth(&value),
        Some(Kind::Date) => date(&value),
    };
    read.ok_or_else(|| misfit(name, &value))
}

fn misfit(name: &str, value: &Value) -> String {
    let must = match kind(name) {
        Some(Kind::Date) => "a date: RFC 3339 text, milliseconds or {\"$date\": ..}",
        Some(Kind::Number) => "a number of at most 64 bits",
        Some(Kind::Truth) => "true or false",
        _ => "a text",
    };
    let found = ejson::to_text(value.view(), Form::Relaxed);
    let short: String = found.chars().take(FOUND_LETTERS).collect();
    let more = if short.len() < found.len() { ".." } else { "" };
    format!("must be {must}, not {short}{more}")
}

/// Letters of a bad value that a complaint shows.
const FOUND_LETTERS: usize = 40;

fn id(value: &Value) -> Option<Value> {
    match value {
        Value::ObjectId(id) => Some(Value::from(id.to_hex())),
        _ => text(value),
    }
}

fn text(value: &Value) -> Option<Value> {
    match value {
        Value::Symbol(text) => Some(Value::from(text.as_str())),
        _ => None,
    }
}

fn truth(value: &Value) -> Option<Value> {
    match value {
        Value::String(text) => match text.as_str() {
            "true" | "t" => Some(Value::Bool(true)),
            "false" | "f" => Some(Value::Bool(false)),
            _ => None,
        },
        _ => None,
    }
}

fn number(value: &Value) -> Option<Value> {
    match value {
        Value::String(text) => written(text),
        Value::Document(parts) => halves(parts),
        // NaN and infinities are numbers without digits that could have been lost.
        Value::Double(number) if !number.is_finite() => Some(value.clone()),
        _ => None,
    }
}

/// A number in decimal digits.
fn written(text: &str) -> Option<Value> {
    let text = text.trim();
    if let Ok(number) = text.parse::<i64>() {
        return Some(Value::integer(number));
    }
    let decimal = text.bytes().all(|byte| b"0123456789.eE+-".contains(&byte));
    let number: f64 = decimal.then(|| text.parse().ok())??;
    (number.abs() < BEYOND_INTEGERS).then_some(Value::Double(number))
}

/// `{"low": .., "high": .., "unsigned": ..}`: a 64-bit integer of JavaScript's libraries, as JSON.
fn halves(parts: &Document) -> Option<Value> {
    let half = |name: &str| match parts.get(name) {
        Some(Value::Int(half)) => Some(i64::from(*half)),
        Some(Value::Long(half)) => Some(*half),
        _ => None,
    };
    let (low, high) = (half("low")?, half("high")?);
    let wide = (i128::from(high) << 32) | i128::from(low & 0xffff_ffff);
    let wide = if parts.get("unsigned") == Some(&Value::Bool(true)) { wide & MASK } else { wide };
    i64::try_from(wide).ok().map(Value::integer)
}

const MASK: i128 = u64::MAX as i128;

fn date(value: &Value) -> Option<Value> {
    let date = match value {
        Value::String(text) => date_in(text.trim()),
        Value::Int(number) => moment(f64::from(*number)),
        Value::Long(number) => moment(*number as f64),
        Value::Double(number) => moment(*number),
        Value::Timestamp(stamp) => Some(Date(i64::from(stamp.time) * 1000)),
        _ => None,
    };
    date.map(Value::Date)
}

/// ISO 8601, the date of a mail or an HTTP header, or a number as text.
fn date_in(text: &str) -> Option<Date> {
    if let Some(date) = Date::from_iso(text) {
        return Some(date);
    }
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return text.parse().ok().and_then(moment);
    }
    let mail = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Date(mail.as_millisecond()))
}

/// A number of a date: seconds where they would be milliseconds of the year 1973 or before.
fn moment(number: f64) -> Option<Date> {
    let millis = if number.abs() < SECONDS_BELOW { number * 1000.0 } else { number };
    (millis.abs() < FARTHEST).then(|| Date(millis.round() as i64))
}

const SECONDS_BELOW: f64 = 1e11;

/// Milliseconds on either side of 1970 that JavaScript has dates for.
const FARTHEST: f64 = 8.64e15;
