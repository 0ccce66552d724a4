//! `$convert` and its short forms: values of one type as another.
//!
//! Source: MongoDB manual, "$convert", whose tables say what converts into what. Everything that can't
//! be converted is one error, which `onError` catches.

use bigdecimal::RoundingMode;

use super::answer::Answer;
use super::binary::{self, ByteOrder};
use super::date_text::{CONVERSION_FAILURE, read_freely};
use super::decimal;
use super::kind;
use super::moment;
use super::node::Node;
use super::number::{Number, truncated_double};
use super::operator::{Names, Operator, Run};
use super::parse::Parser;
use super::scope::{Scope, is_given};
use super::text::double_text;
use super::zone::Zone;
use crate::copy::text_bytes;
use crate::{Code, Date, Decimal, Error, ObjectId, Result, Value, ValueRef};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::named("$convert", CONVERT, convert),
    short("$toDouble", |scope, arguments| to(scope, arguments, Target::Double)),
    short("$toString", |scope, arguments| to(scope, arguments, Target::String)),
    short("$toObjectId", |scope, arguments| to(scope, arguments, Target::ObjectId)),
    short("$toBool", |scope, arguments| to(scope, arguments, Target::Bool)),
    short("$toDate", |scope, arguments| to(scope, arguments, Target::Date)),
    short("$toInt", |scope, arguments| to(scope, arguments, Target::Int)),
    short("$toLong", |scope, arguments| to(scope, arguments, Target::Long)),
    short("$toDecimal", |scope, arguments| to(scope, arguments, Target::Decimal)),
    short("$toUUID", |scope, arguments| to(scope, arguments, Target::Binary { subtype: 4 })),
];

const CONVERT: Names = Names {
    not_object: 9,
    unknown: 9,
    names: &[
        ("input", 9),
        ("to", 9),
        ("onError", 0),
        ("onNull", 0),
        ("format", 0),
        ("base", 0),
        ("byteOrder", 0),
    ],
};

/// What else tells how a value is to be converted.
#[derive(Clone, Copy, Default)]
struct Manner<'m> {
    /// Of numbers as text: 2, 8, 10 or 16.
    base: Option<u32>,
    /// Of binary data as text.
    format: Option<&'m str>,
    /// Of numbers as binary data.
    order: ByteOrder,
}

/// What is converted into.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    Double,
    String,
    Binary {
        subtype: u8,
    },
    ObjectId,
    Bool,
    Date,
    Int,
    Long,
    Decimal,
    /// A type that nothing converts into.
    Other(&'static str),
}

const fn short(name: &'static str, run: Run) -> Operator {
    Operator::own(name, parse_short, run)
}

fn parse_short(
    parser: &mut Parser<'_>,
    operator: &'static Operator,
    argument: &Value,
) -> Result<Node> {
    let arguments = parser.list(argument)?;
    if arguments.len() != 1 {
        return Err(Error::new(Code(50723), format!("{} takes one argument", operator.name)));
    }
    Ok(Node::Call { operator, arguments })
}

fn to<'a>(scope: &mut Scope<'a>, arguments: &'a [Node], target: Target) -> Result<Answer<'a>> {
    let answer = scope.first(arguments)?;
    if answer.is_nullish() {
        return Ok(Answer::NULL);
    }
    let format = match target {
        Target::Binary { .. } => Some("uuid"),
        _ => Some("auto"),
    };
    let manner = Manner { format, ..Manner::default() };
    Ok(converted(scope, &answer, target, manner)?.into())
}

fn convert<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let target = scope.argument(arguments, 1)?;
    let input = scope.first(arguments)?;
    let base = scope.argument(arguments, 5)?;
    let format = scope.argument(arguments, 4)?;
    let order = scope.argument(arguments, 6)?;
    let target = if target.is_nullish() { None } else { Some(target_of(&target)?) };
    if input.is_nullish() {
        return if is_given(arguments, 3) {
            scope.argument(arguments, 3)
        } else {
            Ok(Answer::NULL)
        };
    }
    let Some(target) = target else { return Ok(Answer::NULL) };
    let base = base_of(&base)?;
    if !format.is_nullish() && format.text().is_none() {
        return Err(kind::wrong(4_341_114, "$convert", "`format` to be a string", &format));
    }
    binary::check_format(format.text())?;
    let manner = Manner { base, format: format.text(), order: order_of(&order)? };
    match converted(scope, &input, target, manner) {
        Err(error) if error.code() == CONVERSION_FAILURE && is_given(arguments, 2) => {
            scope.argument(arguments, 2)
        }
        result => Ok(result?.into()),
    }
}

fn base_of(answer: &Answer<'_>) -> Result<Option<u32>> {
    if answer.is_nullish() {
        return Ok(None);
    }
    let whole = answer.number().and_then(|number| number.whole64());
    let wrong = || kind::wrong(3_501_300, "$convert", "`base` to be a whole number", answer);
    match whole.ok_or_else(wrong)? {
        2 => Ok(Some(2)),
        8 => Ok(Some(8)),
        10 => Ok(Some(10)),
        16 => Ok(Some(16)),
        _ => Err(Error::new(Code(3_501_301), "`base` of $convert is 2, 8, 10 or 16")),
    }
}

fn order_of(answer: &Answer<'_>) -> Result<ByteOrder> {
    if answer.is_nullish() {
        return Ok(ByteOrder::default());
    }
    let wrong = || kind::wrong(9_130_001, "$convert", "`byteOrder` to be a string", answer);
    match answer.text().ok_or_else(wrong)? {
        "little" => Ok(ByteOrder::Little),
        "big" => Ok(ByteOrder::Big),
        _ => Err(Error::new(Code(9_130_002), "`byteOrder` of $convert is \"little\" or \"big\"")),
    }
}

/// The type that `to` names, by alias, by number, or as `{type, subtype}`.
fn target_of(answer: &Answer<'_>) -> Result<Target> {
    let Some(document) = answer.document() else { return simple_target(answer, 0) };
    let part = |name| document.get(name).map_or(Answer::Missing, Answer::Borrowed);
    let (named, subtype) = (part("type"), part("subtype"));
    if named.is_nullish() {
        return Err(Error::new(Code::FAILED_TO_PARSE, "`to` of $convert needs a `type`"));
    }
    if subtype.is_nullish() {
        return simple_target(&named, 0);
    }
    let number = subtype.number();
    let number = number.ok_or_else(|| kind::wrong(4_341_108, "`subtype`", "a number", &subtype))?;
    let whole = || Error::new(Code(4_341_106), "`subtype` must be a whole number");
    let number = number.whole32().ok_or_else(whole)?;
    match u8::try_from(number) {
        Ok(subtype @ (0..=8 | 128..)) => simple_target(&named, subtype),
        _ => Err(Error::new(Code(4_341_107), "there is no such `subtype`")),
    }
}

fn simple_target(answer: &Answer<'_>, subtype: u8) -> Result<Target> {
    if let Some(name) = answer.text() {
        let found = TARGETS.iter().find(|(alias, _, _)| *alias == name);
        let unknown = || Error::bad_value(format!("there is no type `{name}`"));
        return found.map(|(_, _, target)| with_subtype(*target, subtype)).ok_or_else(unknown);
    }
    let number = answer.number();
    let wrong = || kind::wrong(9, "`to` of $convert", "a type's name or number", answer);
    let whole = number.ok_or_else(wrong)?.whole32();
    let found = TARGETS.iter().find(|(_, number, _)| whole == Some(*number));
    let unknown = || Error::new(Code::FAILED_TO_PARSE, "there is no type of that number");
    found.map(|(_, _, target)| with_subtype(*target, subtype)).ok_or_else(unknown)
}

fn with_subtype(target: Target, subtype: u8) -> Target {
    if let Target::Binary { .. } = target { Target::Binary { subtype } } else { target }
}

const TARGETS: [(&str, i32, Target); 22] = [
    ("double", 1, Target::Double),
    ("string", 2, Target::String),
    ("object", 3, Target::Other("object")),
    ("array", 4, Target::Other("array")),
    ("binData", 5, Target::Binary { subtype: 0 }),
    ("undefined", 6, Target::Other("undefined")),
    ("objectId", 7, Target::ObjectId),
    ("bool", 8, Target::Bool),
    ("date", 9, Target::Date),
    ("null", 10, Target::Other("null")),
    ("regex", 11, Target::Other("regex")),
    ("dbPointer", 12, Target::Other("dbPointer")),
    ("javascript", 13, Target::Other("javascript")),
    ("symbol", 14, Target::Other("symbol")),
    ("javascriptWithScope", 15, Target::Other("javascriptWithScope")),
    ("int", 16, Target::Int),
    ("timestamp", 17, Target::Other("timestamp")),
    ("long", 18, Target::Long),
    ("decimal", 19, Target::Decimal),
    ("minKey", -1, Target::Other("minKey")),
    ("maxKey", 127, Target::Other("maxKey")),
    ("missing", i32::MIN, Target::Other("missing")),
];

fn converted(
    scope: &mut Scope<'_>,
    answer: &Answer<'_>,
    target: Target,
    manner: Manner<'_>,
) -> Result<Value> {
    let value = answer.comparable();
    scope.spend_value(value)?;
    // Most targets read a text letter by letter.
    scope.spend_letters(answer.text().map_or(0, str::len))?;
    // What is made on the way is as long at most as six texts like this one.
    scope.hold(text_bytes(value).saturating_mul(6))?;
    let number = answer.number();
    let result = match (target, value, number) {
        (Target::Bool, _, _) => Some(Value::Bool(answer.truth())),
        (Target::Binary { subtype }, _, Some(number)) => {
            binary::from_number(number, subtype, manner.order).map(Value::Binary)
        }
        (Target::Binary { subtype }, ..) => {
            return binary::from_value(value, subtype, manner.format);
        }
        (Target::String, ValueRef::Binary { subtype, bytes }, _) => {
            return binary::to_text(subtype, bytes, manner.format).map(Value::from);
        }
        (Target::Int, ValueRef::Binary { bytes, .. }, _) => binary::to_long(bytes, manner.order)
            .filter(|_| bytes.len() <= 4)
            .and_then(|number| number_as(Number::Long(number), target)),
        (Target::Long, ValueRef::Binary { bytes, .. }, _) => {
            binary::to_long(bytes, manner.order).map(Value::Long)
        }
        (Target::Double, ValueRef::Binary { bytes, .. }, _) => {
            binary::to_double(bytes, manner.order).map(Value::Double)
        }
        (Target::String, _, Some(number)) if manner.base.is_some() => {
            text_in_base(number, manner.base.unwrap_or(10)).map(Value::from)
        }
        (Target::String, ValueRef::Date(date), _) => {
            return moment::iso_text(date).map(Value::from);
        }
        (Target::String, ..) => text_from(answer).map(Value::from),
        (Target::ObjectId, ValueRef::ObjectId(id), _) => Some(id.into()),
        (Target::ObjectId, ValueRef::String(text), _) => ObjectId::from_hex(text).map(Value::from),
        (Target::Date, ValueRef::String(text), _) => {
            return read_freely(text, &Zone::Utc).map(Value::from);
        }
        (Target::Date, _, Some(Number::Int(_))) => None,
        (Target::Date, _, Some(number)) => long_from(number).map(|time| Date(time).into()),
        (Target::Date, ..) => moment::date_of(answer).map(Value::from),
        (target, ValueRef::String(text), _) => number_from_text(text, target, manner.base),
        (target, ValueRef::Bool(truth), _) => number_as(Number::Int(i32::from(truth)), target),
        (Target::Int, ValueRef::Date(_), _) => None,
        (target, ValueRef::Date(date), _) => number_as(Number::Long(date.0), target),
        (target, _, Some(number)) => number_as(number, target),
        _ => None,
    };
    result.ok_or_else(|| failure(answer, target))
}

fn failure(answer: &Answer<'_>, target: Target) -> Error {
    let wanted = match target {
        Target::Other(name) => name,
        target => {
            TARGETS.iter().find(|(_, _, known)| *known == target).map_or("", |(name, ..)| name)
        }
    };
    let message = format!("this {} has no form as {wanted}", kind::name_of(answer));
    Error::new(CONVERSION_FAILURE, message)
}

fn text_from(answer: &Answer<'_>) -> Option<String> {
    Some(match answer.view()? {
        ValueRef::String(text) => text.to_owned(),
        ValueRef::Bool(truth) => truth.to_string(),
        ValueRef::Int(number) => number.to_string(),
        ValueRef::Long(number) => number.to_string(),
        ValueRef::Double(number) => double_text(number),
        ValueRef::Decimal(number) => number.to_string(),
        ValueRef::ObjectId(id) => id.to_hex(),
        _ => return None,
    })
}

fn number_as(number: Number, target: Target) -> Option<Value> {
    match target {
        Target::Double => {
            let double = number.to_f64();
            let fits = match number {
                Number::Decimal(number) if !number.is_infinite() && !number.is_nan() => {
                    double.is_normal() || decimal::is_zero(number)
                }
                _ => true,
            };
            fits.then_some(Value::Double(double))
        }
        Target::Decimal => Some(Value::Decimal(number.to_decimal())),
        Target::Long => long_from(number).map(Value::Long),
        Target::Int => i32::try_from(long_from(number)?).ok().map(Value::Int),
        _ => None,
    }
}

/// The whole part, if it fits a long.
fn long_from(number: Number) -> Option<i64> {
    match number {
        Number::Double(number) => truncated_double(number),
        Number::Decimal(number) => decimal::to_long(number, RoundingMode::Down),
        number => Some(number.to_long()),
    }
}

/// A whole number within the longs in that base, with its sign before it.
fn text_in_base(number: Number, base: u32) -> Option<String> {
    let whole = number.whole64()?;
    let sign = if whole < 0 { "-" } else { "" };
    let size = whole.unsigned_abs();
    Some(match base {
        2 => format!("{sign}{size:b}"),
        8 => format!("{sign}{size:o}"),
        16 => format!("{sign}{size:X}"),
        _ => format!("{sign}{size}"),
    })
}

fn number_from_text(text: &str, target: Target, base: Option<u32>) -> Option<Value> {
    if text.starts_with("0x") || text.starts_with("0X") {
        return None;
    }
    if let Some(base) = base {
        return number_as(Number::Long(i64::from_str_radix(text, base).ok()?), target);
    }
    match target {
        Target::Int => text.parse().ok().map(Value::Int),
        Target::Long => text.parse().ok().map(Value::Long),
        Target::Double => {
            let number: f64 = text.parse().ok()?;
            let is_named = text.contains(['n', 'N']);
            (is_named || is_in_range(number, text)).then_some(Value::Double(number))
        }
        Target::Decimal => Decimal::parse_rounding(text).map(Value::Decimal),
        _ => None,
    }
}

/// Whether the double is what the digits say: not past its range, nor below the least that keeps all its
/// digits.
fn is_in_range(number: f64, text: &str) -> bool {
    let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
    let is_zero = !mantissa.bytes().any(|digit| (b'1'..=b'9').contains(&digit));
    if number == 0.0 { is_zero } else { number.is_normal() }
}
