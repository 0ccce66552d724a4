//! Words: constants, and the shell's functions for values that JSON has no form of.
//!
//! One table tells what a function is called and what it makes of its arguments.

use super::date;
use super::parse::{Parser, is_name_part, regex, short};
use crate::value::{Binary, Timestamp};
use crate::{Date, Decimal, Document, Environment, ObjectId, Result, Value, ejson};

/// What a function makes of its arguments; `None` if they do not fit.
type Make = fn(&[Value], &Environment) -> Option<Value>;

/// The names of the functions, how they are written, and what they make.
const FUNCTIONS: [(&[&str], &str, Make); 15] = [
    (&["ObjectId", "ObjectID"], "ObjectId(\"24 hexadecimal digits\")", object_id),
    (&["ISODate", "Date"], "ISODate(\"2024-01-01T10:30:00Z\")", moment),
    (&["NumberInt", "Int32"], "NumberInt(5)", int),
    (&["NumberLong", "Long", "Long.fromString"], "NumberLong(\"5\")", long),
    (&["NumberDouble", "Double"], "Double(1.5)", double),
    (&["NumberDecimal", "Decimal128", "Decimal128.fromString"], "NumberDecimal(\"1.5\")", decimal),
    (&["UUID"], "UUID(\"01234567-89ab-cdef-0123-456789abcdef\")", uuid),
    (&["BinData", "Binary.createFromBase64"], "BinData(0, \"base64\")", binary),
    (&["HexData"], "HexData(0, \"hexadecimal digits\")", hex),
    (&["Timestamp"], "Timestamp(1700000000, 1)", timestamp),
    (&["RegExp", "BSONRegExp"], "RegExp(\"pattern\", \"i\")", pattern),
    (&["MinKey"], "MinKey()", |given, _| given.is_empty().then_some(Value::MinKey)),
    (&["MaxKey"], "MaxKey()", |given, _| given.is_empty().then_some(Value::MaxKey)),
    (&["Code"], "Code(\"text\")", code),
    (&["DBRef"], "DBRef(\"collection\", id)", reference),
];

/// A constant, or a function with its arguments.
pub(super) fn word(parser: &mut Parser<'_>) -> Result<Value> {
    let start = parser.at;
    let mut name = parser.run(|letter| is_name_part(letter) || letter == '.');
    let is_new = name == "new";
    if is_new {
        parser.blanks()?;
        name = parser.run(|letter| is_name_part(letter) || letter == '.');
    }
    if let Some(constant) = constant(name).filter(|_| !is_new) {
        return Ok(constant);
    }
    let known = FUNCTIONS.iter().find(|(names, ..)| names.contains(&name));
    let Some((_, form, make)) = known else {
        return Err(parser.fault(start, unknown(name)));
    };
    if name == "Date" && !is_new {
        return Err(parser
            .fault(start, "Date(..) is a text in the shell; write new Date(..) or ISODate(..)"));
    }
    parser.blanks()?;
    if !parser.take("(") {
        return match name {
            "MinKey" => Ok(Value::MinKey),
            "MaxKey" => Ok(Value::MaxKey),
            _ => Err(parser.fault(start, format!("`{name}` takes arguments: {form}"))),
        };
    }
    let arguments = arguments(parser, start)?;
    let made = make(&arguments, parser.environment);
    made.ok_or_else(|| parser.fault(start, format!("these arguments don't fit: {form}")))
}

fn arguments(parser: &mut Parser<'_>, start: usize) -> Result<Vec<Value>> {
    let mut arguments = Vec::new();
    loop {
        parser.blanks()?;
        if parser.take(")") {
            return Ok(arguments);
        }
        if parser.rest().is_empty() {
            return Err(parser.fault(start, "this bracket has no `)`"));
        }
        arguments.push(parser.value()?);
        parser.blanks()?;
        if !parser.take(",") && parser.peek().is_some_and(|letter| letter != ')') {
            return Err(parser.fault(parser.at, "expected a comma or `)`"));
        }
    }
}

fn constant(name: &str) -> Option<Value> {
    Some(match name {
        "null" => Value::Null,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "undefined" => Value::Undefined,
        "NaN" => Value::Double(f64::NAN),
        "Infinity" => Value::Double(f64::INFINITY),
        _ => return None,
    })
}

fn unknown(name: &str) -> String {
    let shown = short(name);
    let written = name.to_ascii_lowercase();
    let names = FUNCTIONS.iter().flat_map(|(names, ..)| names.iter());
    let mut alike = names.filter(|known| known.to_ascii_lowercase() == written);
    if let Some(meant) = alike.next() {
        return format!("`{shown}` is unknown; did you mean `{meant}`?");
    }
    match written.as_str() {
        "true" | "false" | "null" => format!("`{shown}` is unknown; did you mean `{written}`?"),
        "none" | "nil" => format!("`{shown}` is unknown; did you mean `null`?"),
        _ if written.starts_with("db.") => {
            "write the filter alone: {name: value}, without db.collection.find(..)".to_owned()
        }
        _ => format!("`{shown}` is no value; texts stand in quotes: \"{shown}\""),
    }
}

fn text_of(given: &[Value]) -> Option<&str> {
    match given {
        [Value::String(text)] => Some(text),
        _ => None,
    }
}

fn object_id(given: &[Value], _: &Environment) -> Option<Value> {
    ObjectId::from_hex(text_of(given)?).map(Value::from)
}

fn moment(given: &[Value], environment: &Environment) -> Option<Value> {
    Some(Value::Date(match given {
        [] => environment.now,
        [Value::String(text)] => date::read(text)?,
        [Value::Int(time)] => Date(i64::from(*time)),
        [Value::Long(time)] => Date(*time),
        [Value::Date(date)] => *date,
        _ => return None,
    }))
}

fn whole(given: &[Value]) -> Option<i64> {
    match given {
        [] => Some(0),
        [Value::Int(number)] => Some(i64::from(*number)),
        [Value::Long(number)] => Some(*number),
        [Value::Double(number)] if number.fract() == 0.0 && number.abs() < 9e15 => {
            Some(*number as i64)
        }
        [Value::String(text)] => text.parse().ok(),
        _ => None,
    }
}

fn int(given: &[Value], _: &Environment) -> Option<Value> {
    whole(given).and_then(|number| i32::try_from(number).ok()).map(Value::Int)
}

fn long(given: &[Value], _: &Environment) -> Option<Value> {
    whole(given).map(Value::Long)
}

fn double(given: &[Value], _: &Environment) -> Option<Value> {
    Some(Value::Double(match given {
        [Value::Int(number)] => f64::from(*number),
        [Value::Long(number)] => *number as f64,
        [Value::Double(number)] => *number,
        [Value::String(text)] => text.parse().ok()?,
        _ => return None,
    }))
}

fn decimal(given: &[Value], _: &Environment) -> Option<Value> {
    Some(Value::Decimal(match given {
        [Value::Int(number)] => Decimal::from(i64::from(*number)),
        [Value::Long(number)] => Decimal::from(*number),
        [Value::Double(number)] => Decimal::from_f64(*number),
        [Value::String(text)] => text.parse().ok()?,
        _ => return None,
    }))
}

fn uuid(given: &[Value], _: &Environment) -> Option<Value> {
    ejson::unwrap(Document::new().with("$uuid", text_of(given)?)).ok()
}

fn binary(given: &[Value], _: &Environment) -> Option<Value> {
    let [Value::Int(subtype), Value::String(text)] = given else { return None };
    let bytes = data_encoding::BASE64.decode(text.as_bytes()).ok()?;
    Some(Value::Binary(Binary { subtype: u8::try_from(*subtype).ok()?, bytes }))
}

fn hex(given: &[Value], _: &Environment) -> Option<Value> {
    let [Value::Int(subtype), Value::String(text)] = given else { return None };
    let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()?;
    Some(Value::Binary(Binary { subtype: u8::try_from(*subtype).ok()?, bytes }))
}

fn timestamp(given: &[Value], _: &Environment) -> Option<Value> {
    let part = |value: &Value| u32::try_from(whole(std::slice::from_ref(value))?).ok();
    let (time, increment) = match given {
        [Value::Document(parts)] if parts.len() == 2 => (parts.get("t")?, parts.get("i")?),
        [time, increment] => (time, increment),
        _ => return None,
    };
    Some(Value::Timestamp(Timestamp { time: part(time)?, increment: part(increment)? }))
}

fn pattern(given: &[Value], _: &Environment) -> Option<Value> {
    match given {
        [Value::String(pattern)] => regex(pattern.clone(), ""),
        [Value::String(pattern), Value::String(flags)] => regex(pattern.clone(), flags),
        _ => None,
    }
}

fn code(given: &[Value], _: &Environment) -> Option<Value> {
    Some(Value::Code(text_of(given)?.to_owned()))
}

fn reference(given: &[Value], _: &Environment) -> Option<Value> {
    let [Value::String(name), id] = given else { return None };
    Some(Document::new().with("$ref", name.as_str()).with("$id", id.clone()).into())
}
