//! The objects of Extended JSON v2 that stand for one value: `{"$oid": ..}` and its kin.
//!
//! A wrapper has exactly its keys; a known key with a wrong value or a further key is an error;
//! every other `$` key is left alone.

use super::legacy;
use crate::Date;
use crate::value::{Binary, ObjectId, Regex, Timestamp};
use crate::{Code, Document, Error, Result, Value};

/// What the text is: in data older forms stand for values, which in a query are operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Query,
    Data,
}

/// What the object stands for in a query.
pub(crate) fn unwrap_query(document: Document) -> Result<Value> {
    unwrap(document, Dialect::Query)
}

/// The value that the object stands for, or the object itself.
pub(super) fn unwrap(document: Document, dialect: Dialect) -> Result<Value> {
    if dialect == Dialect::Data
        && let Some(value) = legacy::read(&document)
    {
        return value;
    }
    let Some(key) = document.iter().map(|(name, _)| name).find(|name| is_wrapper(name)) else {
        return Ok(Value::Document(document));
    };
    let key = key.to_owned();
    if document.len() != 1 {
        return Err(fault(&key, "stands for one value and takes no further keys"));
    }
    match document.get(&key) {
        Some(value) => read(&key, value),
        None => Ok(Value::Document(document)),
    }
}

fn is_wrapper(name: &str) -> bool {
    matches!(
        name,
        "$oid"
            | "$date"
            | "$numberInt"
            | "$numberLong"
            | "$numberDouble"
            | "$numberDecimal"
            | "$binary"
            | "$uuid"
            | "$timestamp"
            | "$regularExpression"
            | "$minKey"
            | "$maxKey"
            | "$code"
            | "$undefined"
            | "$symbol"
    )
}

pub(super) fn fault(key: &str, reason: &str) -> Error {
    Error::new(Code::FAILED_TO_PARSE, format!("{key} {reason}"))
}

fn read(key: &str, value: &Value) -> Result<Value> {
    let read = match key {
        "$oid" => value.as_str().and_then(ObjectId::from_hex).map(Value::ObjectId),
        "$date" => date(value).map(Value::Date),
        "$numberInt" => parse(value).map(Value::Int),
        "$numberLong" => parse(value).map(Value::Long),
        "$numberDouble" => double(value).map(Value::Double),
        "$numberDecimal" => parse(value).map(Value::Decimal),
        "$binary" => value.as_document().and_then(binary).map(Value::Binary),
        "$uuid" => value.as_str().and_then(uuid).map(Value::Binary),
        "$timestamp" => value.as_document().and_then(timestamp).map(Value::Timestamp),
        "$regularExpression" => value.as_document().and_then(regex).map(Value::Regex),
        "$minKey" => is_one(value).then_some(Value::MinKey),
        "$maxKey" => is_one(value).then_some(Value::MaxKey),
        "$undefined" => (*value == Value::Bool(true)).then_some(Value::Undefined),
        "$code" => value.as_str().map(|code| Value::Code(code.to_owned())),
        _ => value.as_str().map(|symbol| Value::Symbol(symbol.to_owned())),
    };
    read.ok_or_else(|| fault(key, expected(key)))
}

fn expected(key: &str) -> &'static str {
    match key {
        "$oid" => "takes 24 hexadecimal digits",
        "$date" => {
            "takes an ISO-8601 text with seconds and zone (2024-01-01T10:30:00Z), a day (2024-01-01), \
             milliseconds, or a $numberLong"
        }
        "$numberInt" => "takes the text of a 32-bit integer",
        "$numberLong" => "takes the text of a 64-bit integer",
        "$numberDouble" => "takes the text of a double",
        "$numberDecimal" => "takes the text of a decimal128 of at most 34 digits",
        "$binary" => "takes {\"base64\": .., \"subType\": ..}",
        "$uuid" => "takes the text of a UUID",
        "$timestamp" => "takes {\"t\": .., \"i\": ..}, both from 0 to 4294967295",
        "$regularExpression" => "takes {\"pattern\": .., \"options\": ..}",
        "$undefined" => "takes true",
        "$code" | "$symbol" => "takes a text",
        _ => "takes 1",
    }
}

fn parse<T: std::str::FromStr>(value: &Value) -> Option<T> {
    value.as_str()?.parse().ok()
}

fn is_one(value: &Value) -> bool {
    *value == Value::Int(1)
}

fn double(value: &Value) -> Option<f64> {
    match value.as_str()? {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        // Rust would also read "inf" and "nan" in any case.
        text if text.contains(|letter: char| {
            letter.is_ascii_alphabetic() && letter != 'e' && letter != 'E'
        }) =>
        {
            None
        }
        text => text.parse().ok(),
    }
}

fn date(value: &Value) -> Option<Date> {
    match value {
        Value::Long(time) => Some(Date(*time)),
        Value::Int(time) => Some(Date(i64::from(*time))),
        Value::Double(time) if time.fract() == 0.0 && time.abs() < 9e18 => Some(Date(*time as i64)),
        Value::String(text) => Date::from_iso(text),
        _ => None,
    }
}

fn pair<'d>(document: &'d Document, first: &str, second: &str) -> Option<(&'d Value, &'d Value)> {
    (document.len() == 2).then_some(())?;
    document.get(first).zip(document.get(second))
}

fn binary(document: &Document) -> Option<Binary> {
    let (base64, subtype) = pair(document, "base64", "subType")?;
    let subtype = subtype.as_str().filter(|text| (1..=2).contains(&text.len()))?;
    let bytes = data_encoding::BASE64.decode(base64.as_str()?.as_bytes()).ok()?;
    Some(Binary { subtype: u8::from_str_radix(subtype, 16).ok()?, bytes })
}

fn uuid(text: &str) -> Option<Binary> {
    let dashes = text.char_indices().filter(|(_, letter)| *letter == '-').map(|(at, _)| at);
    if text.len() != 36 || !dashes.eq([8, 13, 18, 23]) {
        return None;
    }
    let digits = text.replace('-', "");
    let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).ok()?;
    Some(Binary { subtype: 4, bytes })
}

fn timestamp(document: &Document) -> Option<Timestamp> {
    let (time, increment) = pair(document, "t", "i")?;
    Some(Timestamp { time: unsigned(time)?, increment: unsigned(increment)? })
}

fn unsigned(value: &Value) -> Option<u32> {
    match value {
        Value::Int(number) => u32::try_from(*number).ok(),
        Value::Long(number) => u32::try_from(*number).ok(),
        _ => None,
    }
}

fn regex(document: &Document) -> Option<Regex> {
    let (pattern, options) = pair(document, "pattern", "options")?;
    let (pattern, options) = (pattern.as_str()?, options.as_str()?);
    if pattern.contains('\0') || options.contains('\0') {
        return None;
    }
    let mut letters: Vec<char> = options.chars().collect();
    letters.sort_unstable();
    Some(Regex { pattern: pattern.to_owned(), options: letters.into_iter().collect() })
}
