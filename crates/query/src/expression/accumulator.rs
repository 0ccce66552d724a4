//! Accumulators as expressions: they run over their arguments, or over the elements of a single
//! array argument. What is no number is passed over.
//!
//! Source: MongoDB manual, "Accumulators (in Other Stages)".

use std::cmp::Ordering;

use super::answer::Answer;
use super::decimal;
use super::node::Node;
use super::number::{Kind, Number};
use super::object::one_array_or_all;
use super::operator::Operator;
use super::scope::{DECIMAL_STEPS, Scope};
use super::total::Total;
use crate::{Decimal, Result, ValueRef};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::variadic("$sum", sum),
    Operator::variadic("$avg", average),
    Operator::variadic("$max", greatest),
    Operator::variadic("$min", least),
    Operator::variadic("$stdDevPop", deviation_of_population),
    Operator::variadic("$stdDevSamp", deviation_of_sample),
];

/// What the numbers among the arguments add up to.
fn total<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Total> {
    let mut total = Total::default();
    for number in one_array_or_all(scope, arguments)?.iter().filter_map(Answer::number) {
        if let Number::Decimal(_) = number {
            scope.spend(DECIMAL_STEPS)?;
        }
        total.add(number);
    }
    Ok(total)
}

fn sum<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    Ok(total(scope, arguments)?.into_value().into())
}

fn average<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let total = total(scope, arguments)?;
    if total.count() == 0 {
        return Ok(Answer::NULL);
    }
    if total.kind() == Kind::Decimal {
        let count = Decimal::from(i64::try_from(total.count()).unwrap_or(i64::MAX));
        return Ok(decimal::divide(total.to_decimal(), count).into());
    }
    Ok((total.to_double() / total.count() as f64).into())
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
