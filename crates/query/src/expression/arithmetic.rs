//! Sums, products, quotients and what is close to them.
//!
//! Results keep the narrowest kind that holds them: ints grow to longs, longs to doubles. Dates are
//! numbers of milliseconds here. Source: MongoDB manual, "Arithmetic Expression Operators".

use bigdecimal::RoundingMode;

use super::answer::Answer;
use super::decimal;
use super::evaluate::evaluate;
use super::kind;
use super::node::Node;
use super::number::{Kind, Number, integer_value};
use super::operator::Operator;
use super::scope::Scope;
use crate::{Code, Date, Decimal, Error, Result, Value, ValueRef};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::variadic("$add", add),
    Operator::fixed("$subtract", 2, subtract),
    Operator::variadic("$multiply", multiply),
    Operator::fixed("$divide", 2, divide),
    Operator::fixed("$mod", 2, modulo),
    Operator::fixed("$abs", 1, absolute),
];

const OVERFLOW: Code = Code(15);

/// A running sum of one kind.
#[derive(Clone, Copy)]
enum Sum {
    Whole(i64, Kind),
    Double(f64),
    Decimal(Decimal),
    Date(i64),
}

fn add<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let mut sum = Sum::Whole(0, Kind::Int);
    for argument in arguments {
        let answer = evaluate(argument, scope)?;
        if answer.is_nullish() {
            return Ok(Answer::NULL);
        }
        sum = match (answer.view(), answer.number()) {
            (Some(ValueRef::Date(date)), _) => sum.plus_date(date)?,
            (_, Some(number)) => sum.plus(number)?,
            _ => return Err(kind::wrong(14, "$add", "numbers or dates", &answer)),
        };
    }
    Ok(sum.into_value().into())
}

impl Sum {
    fn plus(self, number: Number) -> Result<Sum> {
        Ok(match (self, number) {
            (Sum::Date(total), number) => Sum::Date(shift(total, number, i64::checked_add)?),
            (Sum::Decimal(total), number) => Sum::Decimal(decimal::add(total, number.to_decimal())),
            (sum, Number::Decimal(number)) => Sum::Decimal(decimal::add(sum.to_decimal(), number)),
            (Sum::Double(total), number) => Sum::Double(total + number.to_f64()),
            (Sum::Whole(total, _), Number::Double(number)) => Sum::Double(total as f64 + number),
            (Sum::Whole(total, kind), number) => {
                let kind = kind.max(number.kind());
                match total.checked_add(number.to_long()) {
                    Some(total) => Sum::Whole(total, kind),
                    None => Sum::Double(total as f64 + number.to_f64()),
                }
            }
        })
    }

    fn plus_date(self, date: Date) -> Result<Sum> {
        let before = match self {
            Sum::Date(_) => {
                return Err(Error::new(Code(16612), "$add takes one date at most"));
            }
            Sum::Whole(total, _) => Number::Long(total),
            Sum::Double(total) => Number::Double(total),
            Sum::Decimal(total) => Number::Decimal(total),
        };
        Ok(Sum::Date(shift(date.0, before, i64::checked_add)?))
    }

    fn to_decimal(self) -> Decimal {
        match self {
            Sum::Whole(total, _) | Sum::Date(total) => Decimal::from(total),
            Sum::Double(total) => decimal::from_double(total),
            Sum::Decimal(total) => total,
        }
    }

    fn into_value(self) -> Value {
        match self {
            Sum::Whole(total, kind) => integer_value(total, kind),
            Sum::Double(total) => Value::Double(total),
            Sum::Decimal(total) => Value::Decimal(total),
            Sum::Date(total) => Value::Date(Date(total)),
        }
    }
}

/// Moves a date by a number of milliseconds, rounded to whole ones.
fn shift(date: i64, by: Number, step: fn(i64, i64) -> Option<i64>) -> Result<i64> {
    let milliseconds = match by {
        Number::Double(number) => super::number::truncated_double(number.round()),
        Number::Decimal(number) => decimal::to_long(number, RoundingMode::HalfEven),
        number => Some(number.to_long()),
    };
    let moved = milliseconds.and_then(|milliseconds| step(date, milliseconds));
    moved.ok_or_else(|| Error::new(OVERFLOW, "the date leaves the range of dates"))
}

fn subtract<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let (left, right) = scope.pair(arguments)?;
    if let (Some(left), Some(right)) = (left.number(), right.number()) {
        return Ok(difference(left, right).into());
    }
    if left.is_nullish() || right.is_nullish() {
        return Ok(Answer::NULL);
    }
    match (left.view(), right.view(), right.number()) {
        (Some(ValueRef::Date(from)), Some(ValueRef::Date(to)), _) => {
            let overflow = || Error::new(OVERFLOW, "the dates are too far apart");
            Ok(from.0.checked_sub(to.0).ok_or_else(overflow)?.into())
        }
        (Some(ValueRef::Date(date)), _, Some(number)) => {
            Ok(Date(shift(date.0, number, i64::checked_sub)?).into())
        }
        (Some(ValueRef::Date(_)), ..) => {
            Err(kind::wrong(14, "$subtract", "a number or a date to take from a date", &right))
        }
        _ => {
            let wrong = if left.number().is_some() { &right } else { &left };
            Err(kind::wrong(14, "$subtract", "numbers, or a date first", wrong))
        }
    }
}

fn difference(left: Number, right: Number) -> Value {
    match left.kind().max(right.kind()) {
        Kind::Decimal => decimal::subtract(left.to_decimal(), right.to_decimal()).into(),
        Kind::Double => (left.to_f64() - right.to_f64()).into(),
        kind => match left.to_long().checked_sub(right.to_long()) {
            Some(difference) => integer_value(difference, kind),
            None => (left.to_f64() - right.to_f64()).into(),
        },
    }
}

fn multiply<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let mut product = Number::Int(1);
    for argument in arguments {
        let answer = evaluate(argument, scope)?;
        if answer.is_nullish() {
            return Ok(Answer::NULL);
        }
        let number = answer.number();
        let number = number.ok_or_else(|| kind::wrong(14, "$multiply", "numbers", &answer))?;
        product = times(product, number);
    }
    Ok(Value::from(product).into())
}

fn times(left: Number, right: Number) -> Number {
    match left.kind().max(right.kind()) {
        Kind::Decimal => Number::Decimal(decimal::multiply(left.to_decimal(), right.to_decimal())),
        Kind::Double => Number::Double(left.to_f64() * right.to_f64()),
        kind => match left.to_long().checked_mul(right.to_long()) {
            Some(product) => match (kind, i32::try_from(product)) {
                (Kind::Int, Ok(product)) => Number::Int(product),
                _ => Number::Long(product),
            },
            None => Number::Double(left.to_f64() * right.to_f64()),
        },
    }
}

fn divide<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let (left, right) = scope.pair(arguments)?;
    let Some((dividend, divisor)) = numbers(&left, &right, 14, "$divide")? else {
        return Ok(Answer::NULL);
    };
    if divisor.is_zero() {
        return Err(Error::bad_value("$divide can't divide by zero"));
    }
    if dividend.kind().max(divisor.kind()) == Kind::Decimal {
        return Ok(decimal::divide(dividend.to_decimal(), divisor.to_decimal()).into());
    }
    Ok((dividend.to_f64() / divisor.to_f64()).into())
}

fn modulo<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let (left, right) = scope.pair(arguments)?;
    let Some((dividend, divisor)) = numbers(&left, &right, 16611, "$mod")? else {
        return Ok(Answer::NULL);
    };
    let kind = dividend.kind().max(divisor.kind());
    if divisor.is_zero() {
        let code = if kind == Kind::Decimal { 5_733_415 } else { 16610 };
        return Err(Error::new(Code(code), "$mod can't divide by zero"));
    }
    Ok(match kind {
        Kind::Decimal => decimal::remainder(dividend.to_decimal(), divisor.to_decimal()).into(),
        Kind::Double => (dividend.to_f64() % divisor.to_f64()).into(),
        kind => {
            let rest = dividend.to_long().checked_rem(divisor.to_long()).unwrap_or(0);
            integer_value(rest, kind).into()
        }
    })
}

/// Two numbers; `None` if either is null or missing.
fn numbers(
    left: &Answer<'_>,
    right: &Answer<'_>,
    code: u32,
    operator: &str,
) -> Result<Option<(Number, Number)>> {
    match (left.number(), right.number()) {
        (Some(left), Some(right)) => Ok(Some((left, right))),
        _ if left.is_nullish() || right.is_nullish() => Ok(None),
        (Some(_), None) => Err(kind::wrong(code, operator, "numbers", right)),
        _ => Err(kind::wrong(code, operator, "numbers", left)),
    }
}

/// A single number; `None` if it is null or missing.
pub(super) fn one_number<'a>(
    scope: &mut Scope<'a>,
    arguments: &'a [Node],
    operator: &str,
) -> Result<Option<Number>> {
    let answer = scope.first(arguments)?;
    match answer.number() {
        Some(number) => Ok(Some(number)),
        None if answer.is_nullish() => Ok(None),
        None => Err(kind::wrong(28765, operator, "a number", &answer)),
    }
}

fn absolute<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let Some(number) = one_number(scope, arguments, "$abs")? else { return Ok(Answer::NULL) };
    Ok(match number {
        Number::Double(number) => number.abs().into(),
        Number::Decimal(number) => number.with_sign(false).into(),
        number => match number.to_long().checked_abs() {
            Some(positive) => integer_value(positive, number.kind()).into(),
            None => {
                return Err(Error::new(Code(28680), "$abs of the least long is no long"));
            }
        },
    })
}
