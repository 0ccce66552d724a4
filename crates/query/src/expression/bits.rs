//! Bitwise operators on ints and longs.

use super::answer::Answer;
use super::arithmetic::one_number;
use super::evaluate::evaluate;
use super::kind;
use super::node::Node;
use super::number::Number;
use super::operator::Operator;
use super::scope::Scope;
use crate::{Code, Error, Result, Value};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::variadic("$bitAnd", and),
    Operator::variadic("$bitOr", or),
    Operator::variadic("$bitXor", xor),
    Operator::fixed("$bitNot", 1, not),
];

fn and<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    combine(scope, arguments, "$bitAnd", (-1, |a, b| a & b))
}

fn or<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    combine(scope, arguments, "$bitOr", (0, |a, b| a | b))
}

fn xor<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    combine(scope, arguments, "$bitXor", (0, |a, b| a ^ b))
}

/// Sign extension keeps ints right while they are combined as longs.
fn combine<'a>(
    scope: &mut Scope<'a>,
    arguments: &'a [Node],
    operator: &str,
    (identity, step): (i64, fn(i64, i64) -> i64),
) -> Result<Answer<'a>> {
    let (mut bits, mut is_long) = (identity, false);
    for argument in arguments {
        let answer = evaluate(argument, scope)?;
        if answer.is_nullish() {
            return Ok(Answer::NULL);
        }
        bits = match answer.number() {
            Some(Number::Int(number)) => step(bits, i64::from(number)),
            Some(Number::Long(number)) => {
                is_long = true;
                step(bits, number)
            }
            _ => return Err(kind::wrong(14, operator, "ints or longs", &answer)),
        };
    }
    Ok(if is_long { Value::Long(bits) } else { Value::integer(bits) }.into())
}

fn not<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    match one_number(scope, arguments, "$bitNot")? {
        None => Ok(Answer::NULL),
        Some(Number::Int(number)) => Ok((!number).into()),
        Some(Number::Long(number)) => Ok((!number).into()),
        Some(_) => Err(Error::new(Code::TYPE_MISMATCH, "$bitNot needs an int or a long")),
    }
}
