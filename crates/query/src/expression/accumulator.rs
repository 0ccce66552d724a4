//! Accumulators as expressions: they run over their arguments, or over the elements of a single
//! array argument. What is no number is passed over.
//!
//! Source: MongoDB manual, "Accumulators (in Other Stages)".

use std::cmp::Ordering;

use bigdecimal::BigDecimal;

use super::answer::Answer;
use super::decimal;
use super::node::Node;
use super::number::{Kind, Number, integer_value};
use super::object::one_array_or_all;
use super::operator::Operator;
use super::scope::{DECIMAL_STEPS, Scope};
use crate::{Decimal, Result, Value, ValueRef};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::variadic("$sum", sum),
    Operator::variadic("$avg", average),
    Operator::variadic("$max", greatest),
    Operator::variadic("$min", least),
    Operator::variadic("$stdDevPop", deviation_of_population),
    Operator::variadic("$stdDevSamp", deviation_of_sample),
];

/// A sum of numbers that loses nothing on the way: whole numbers exactly, doubles with what their
/// rounding dropped, decimals apart.
struct Total {
    whole: i128,
    double: f64,
    dropped: f64,
    decimal: Option<Decimal>,
    kind: Kind,
    count: u32,
}

impl Total {
    fn of<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Total> {
        let mut total =
            Total { whole: 0, double: 0.0, dropped: 0.0, decimal: None, kind: Kind::Int, count: 0 };
        for number in one_array_or_all(scope, arguments)?.iter().filter_map(Answer::number) {
            if let Number::Decimal(_) = number {
                scope.spend(DECIMAL_STEPS)?;
            }
            total.add(number);
        }
        Ok(total)
    }

    fn add(&mut self, number: Number) {
        self.kind = self.kind.max(number.kind());
        self.count += 1;
        match number {
            Number::Double(number) => self.add_double(number),
            Number::Decimal(number) => {
                let before = self.decimal.unwrap_or(Decimal::from(0));
                self.decimal = Some(decimal::add(before, number));
            }
            number => self.whole += i128::from(number.to_long()),
        }
    }

    /// Kahan and Babuska's sum: the part that rounding loses is kept beside.
    fn add_double(&mut self, number: f64) {
        let sum = self.double + number;
        if sum.is_finite() {
            self.dropped += if self.double.abs() >= number.abs() {
                (self.double - sum) + number
            } else {
                (number - sum) + self.double
            };
        }
        self.double = sum;
    }

    fn to_double(&self) -> f64 {
        let whole = self.whole as f64;
        let lost = (self.whole - whole as i128) as f64;
        let mut sum = Total { whole: 0, decimal: None, ..*self };
        sum.add_double(whole);
        sum.add_double(lost);
        if sum.double.is_finite() { sum.double + sum.dropped } else { sum.double }
    }

    fn to_decimal(&self) -> Decimal {
        let decimal = self.decimal.unwrap_or(Decimal::from(0));
        let parts = [BigDecimal::try_from(self.double), BigDecimal::try_from(self.dropped)];
        match parts {
            [Ok(double), Ok(dropped)] => {
                let rest = BigDecimal::from(self.whole) + double + dropped;
                decimal::add(decimal, Decimal::from_big(&rest))
            }
            _ => decimal::add(decimal, decimal::special(self.double)),
        }
    }

    fn into_value(self) -> Value {
        match self.kind {
            Kind::Decimal => Value::Decimal(self.to_decimal()),
            Kind::Double => Value::Double(self.to_double()),
            kind => match i64::try_from(self.whole) {
                Ok(whole) => integer_value(whole, kind),
                Err(_) => Value::Double(self.to_double()),
            },
        }
    }
}

fn sum<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    Ok(Total::of(scope, arguments)?.into_value().into())
}

fn average<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let total = Total::of(scope, arguments)?;
    if total.count == 0 {
        return Ok(Answer::NULL);
    }
    if total.kind == Kind::Decimal {
        let count = Decimal::from(i64::from(total.count));
        return Ok(decimal::divide(total.to_decimal(), count).into());
    }
    Ok((total.to_double() / f64::from(total.count)).into())
}

fn greatest<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    outermost(scope, arguments, Ordering::is_gt)
}

fn least<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    outermost(scope, arguments, Ordering::is_lt)
}

/// The first of the answers that no other lies further out than.
fn outermost<'a>(
    scope: &mut Scope<'a>,
    arguments: &'a [Node],
    is_further: fn(Ordering) -> bool,
) -> Result<Answer<'a>> {
    let mut found: Option<Answer<'a>> = None;
    for answer in one_array_or_all(scope, arguments)? {
        match answer.view() {
            Some(ValueRef::Decimal(_)) => scope.spend(DECIMAL_STEPS)?,
            _ => scope.account.work(1)?,
        }
        let further = |found: &Answer<'a>| is_further(answer.compare(found, scope.collation));
        if !answer.is_nullish() && found.as_ref().is_none_or(further) {
            found = Some(answer);
        }
    }
    Ok(found.unwrap_or(Answer::NULL))
}

fn deviation_of_population<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    deviation(scope, arguments, 0)
}

fn deviation_of_sample<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    deviation(scope, arguments, 1)
}

/// Welford's method: mean and sum of squares in one pass.
fn deviation<'a>(scope: &mut Scope<'a>, arguments: &'a [Node], fewer: u32) -> Result<Answer<'a>> {
    let (mut count, mut mean, mut squares) = (0_u32, 0.0, 0.0);
    for number in one_array_or_all(scope, arguments)?.iter().filter_map(Answer::number) {
        let price = if let Number::Decimal(_) = number { DECIMAL_STEPS as u64 } else { 1 };
        scope.account.work(price)?;
        let value = number.to_f64();
        count += 1;
        let delta = value - mean;
        mean += delta / f64::from(count);
        squares += delta * (value - mean);
    }
    match count.checked_sub(fewer) {
        None | Some(0) => Ok(Answer::NULL),
        Some(divisor) => Ok((squares / f64::from(divisor)).sqrt().into()),
    }
}
