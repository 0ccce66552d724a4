//! Rounding: `$ceil $floor $round $trunc`.
//!
//! Rounding to a place goes through decimals, half to even, so that it means what the digits say.

use bigdecimal::RoundingMode;

use super::answer::Answer;
use super::arithmetic::one_number;
use super::decimal;
use super::kind;
use super::node::Node;
use super::number::{Number, integer_value};
use super::operator::Operator;
use super::scope::Scope;
use crate::decimal::nearest_double;
use crate::{Code, Decimal, Error, Result, Value};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::fixed("$ceil", 1, ceil),
    Operator::fixed("$floor", 1, floor),
    Operator::ranged("$round", 1, 2, round),
    Operator::ranged("$trunc", 1, 2, trunc),
];

fn ceil<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    whole(scope, arguments, "$ceil", (f64::ceil, RoundingMode::Ceiling))
}

fn floor<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    whole(scope, arguments, "$floor", (f64::floor, RoundingMode::Floor))
}

fn whole<'a>(
    scope: &mut Scope<'a>,
    arguments: &'a [Node],
    operator: &str,
    (of_double, mode): (fn(f64) -> f64, RoundingMode),
) -> Result<Answer<'a>> {
    Ok(match one_number(scope, arguments, operator)? {
        None => Answer::NULL,
        Some(Number::Double(number)) => of_double(number).into(),
        Some(Number::Decimal(number)) => decimal::to_whole(number, mode).into(),
        Some(number) => Value::from(number).into(),
    })
}

fn round<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    to_place(scope, arguments, "$round", RoundingMode::HalfEven)
}

fn trunc<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    to_place(scope, arguments, "$trunc", RoundingMode::Down)
}

fn to_place<'a>(
    scope: &mut Scope<'a>,
    arguments: &'a [Node],
    operator: &str,
    mode: RoundingMode,
) -> Result<Answer<'a>> {
    let answer = scope.first(arguments)?;
    if answer.is_nullish() {
        return Ok(Answer::NULL);
    }
    let number = answer.number();
    let number = number.ok_or_else(|| kind::wrong(51081, operator, "a number", &answer))?;
    let Some(place) = place(scope, arguments, operator)? else { return Ok(Answer::NULL) };
    Ok(match number {
        Number::Decimal(number) => decimal::round(number, place, mode).into(),
        Number::Double(number) => match decimal::exactly(number) {
            Some(exact) => {
                let rounded = nearest_double(&decimal::round_big(&exact, place, mode));
                rounded.copysign(number).into()
            }
            None => number.into(),
        },
        whole if place >= 0 => Value::from(whole).into(),
        whole => round_integer(whole, place, mode, operator)?.into(),
    })
}

fn place<'a>(scope: &mut Scope<'a>, arguments: &'a [Node], operator: &str) -> Result<Option<i64>> {
    if arguments.len() < 2 {
        return Ok(Some(0));
    }
    let answer = scope.argument(arguments, 1)?;
    if answer.is_nullish() {
        return Ok(None);
    }
    let number = answer.number();
    let number =
        number.ok_or_else(|| kind::wrong(16004, operator, "a number as place", &answer))?;
    let fraction = || Error::new(Code(51082), format!("the place of {operator} must be whole"));
    let place = i64::from(number.whole32().ok_or_else(fraction)?);
    if !(-20..=100).contains(&place) {
        let message = format!("the place of {operator} must be from -20 to 100");
        return Err(Error::new(Code(51083), message));
    }
    Ok(Some(place))
}

fn round_integer(number: Number, place: i64, mode: RoundingMode, operator: &str) -> Result<Value> {
    let rounded = decimal::round(Decimal::from(number.to_long()), place, mode);
    match decimal::whole(rounded) {
        Some(rounded) => Ok(integer_value(rounded, number.kind())),
        None => {
            let message = format!("the result of {operator} does not fit a long");
            Err(Error::new(Code(51080), message))
        }
    }
}
