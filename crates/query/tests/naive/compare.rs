//! Order and equality of values, through arbitrary-precision numbers.

use std::cmp::Ordering;
use std::str::FromStr;

use bigdecimal::{BigDecimal, RoundingMode, ToPrimitive};
use filedex_query::Value;

/// A number as it stands on the line: NaN below all, then the infinities around the rest.
enum Number {
    NaN,
    Low,
    Finite(BigDecimal),
    High,
}

pub(crate) fn rank(value: &Value) -> u8 {
    match value {
        Value::MinKey => 1,
        Value::Undefined => 2,
        Value::Null => 3,
        Value::Int(_) | Value::Long(_) | Value::Double(_) | Value::Decimal(_) => 4,
        Value::String(_) | Value::Symbol(_) => 5,
        Value::Document(_) => 6,
        Value::Array(_) => 7,
        Value::Binary(_) => 8,
        Value::ObjectId(_) => 9,
        Value::Bool(_) => 10,
        Value::Date(_) => 11,
        Value::Timestamp(_) => 12,
        Value::Regex(_) => 13,
        Value::Code(_) => 14,
        Value::MaxKey => 17,
        other => unreachable!("a kind nobody has told this test of: {other:?}"),
    }
}

pub(crate) fn equal(left: &Value, right: &Value) -> bool {
    compare(left, right).is_eq()
}

pub(crate) fn compare(left: &Value, right: &Value) -> Ordering {
    if rank(left) != rank(right) {
        return rank(left).cmp(&rank(right));
    }
    match (left, right) {
        (Value::String(a), Value::String(b)) => a.as_bytes().cmp(b.as_bytes()),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Date(a), Value::Date(b)) => a.0.cmp(&b.0),
        (Value::Timestamp(a), Value::Timestamp(b)) => {
            (a.time, a.increment).cmp(&(b.time, b.increment))
        }
        (Value::ObjectId(a), Value::ObjectId(b)) => a.0.cmp(&b.0),
        (Value::Binary(a), Value::Binary(b)) => {
            (a.bytes.len(), a.subtype, &a.bytes).cmp(&(b.bytes.len(), b.subtype, &b.bytes))
        }
        (Value::Regex(a), Value::Regex(b)) => {
            (&a.pattern, &a.options).cmp(&(&b.pattern, &b.options))
        }
        (Value::Array(a), Value::Array(b)) => lists(a, b, compare),
        (Value::Document(a), Value::Document(b)) => {
            let (a, b): (Vec<_>, Vec<_>) = (a.iter().collect(), b.iter().collect());
            lists(&a, &b, |(name, value), (other, against)| {
                rank(value)
                    .cmp(&rank(against))
                    .then(name.cmp(other))
                    .then_with(|| compare(value, against))
            })
        }
        _ if is_number(left) => numbers(&number(left), &number(right)),
        _ => Ordering::Equal,
    }
}

fn lists<T>(left: &[T], right: &[T], compare: impl Fn(&T, &T) -> Ordering) -> Ordering {
    let unequal = left.iter().zip(right).map(|(a, b)| compare(a, b)).find(|order| order.is_ne());
    unequal.unwrap_or_else(|| left.len().cmp(&right.len()))
}

pub(crate) fn is_number(value: &Value) -> bool {
    matches!(value, Value::Int(_) | Value::Long(_) | Value::Double(_) | Value::Decimal(_))
}

pub(crate) fn is_nan(value: &Value) -> bool {
    is_number(value) && matches!(number(value), Number::NaN)
}

/// The whole part within 64 bits.
pub(crate) fn truncated(value: &Value) -> Option<i64> {
    match (is_number(value), number(value)) {
        (true, Number::Finite(number)) => number.with_scale_round(0, RoundingMode::Down).to_i64(),
        _ => None,
    }
}

/// The number, if it is whole and within 64 bits.
pub(crate) fn whole(value: &Value) -> Option<i64> {
    truncated(value).filter(|whole| equal(&Value::Long(*whole), value))
}

fn number(value: &Value) -> Number {
    match value {
        Value::Int(number) => Number::Finite(BigDecimal::from(*number)),
        Value::Long(number) => Number::Finite(BigDecimal::from(*number)),
        Value::Double(number) if number.is_nan() => Number::NaN,
        Value::Double(number) if number.is_infinite() => infinite(*number > 0.0),
        Value::Double(number) => Number::Finite(BigDecimal::try_from(*number).unwrap()),
        Value::Decimal(number) => match number.to_string().as_str() {
            "NaN" => Number::NaN,
            "Infinity" => infinite(true),
            "-Infinity" => infinite(false),
            text => Number::Finite(BigDecimal::from_str(text).unwrap()),
        },
        _ => Number::NaN,
    }
}

fn infinite(positive: bool) -> Number {
    if positive { Number::High } else { Number::Low }
}

fn numbers(left: &Number, right: &Number) -> Ordering {
    let place = |number: &Number| match number {
        Number::NaN => 0,
        Number::Low => 1,
        Number::Finite(_) => 2,
        Number::High => 3,
    };
    match (left, right) {
        (Number::Finite(a), Number::Finite(b)) => a.cmp(b),
        _ => place(left).cmp(&place(right)),
    }
}
