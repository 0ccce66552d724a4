//! Powers, roots, exponentials and logarithms.
//!
//! Doubles go through the platform's functions, decimals through series of 34 sure digits.

use bigdecimal::{BigDecimal, One, Signed, ToPrimitive, Zero};

use super::answer::Answer;
use super::arithmetic::one_number;
use super::decimal;
use super::kind;
use super::node::Node;
use super::number::{Kind, Number, integer_value};
use super::operator::Operator;
use super::scope::Scope;
use super::series;
use crate::{Code, Decimal, Error, Result};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::fixed("$exp", 1, exp),
    Operator::fixed("$ln", 1, ln),
    Operator::fixed("$log", 2, log),
    Operator::fixed("$log10", 1, log10),
    Operator::fixed("$pow", 2, pow),
    Operator::fixed("$sqrt", 1, sqrt),
    Operator::fixed("$sigmoid", 1, sigmoid),
];

/// Work that a decimal's series costs, in steps.
pub(super) const SERIES_STEPS: usize = 2000;
/// The same for a decimal's root.
const ROOT_STEPS: usize = 50;

fn exp<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    Ok(match one_number(scope, arguments, "$exp")? {
        None => Answer::NULL,
        Some(Number::Decimal(number)) => {
            scope.spend(SERIES_STEPS)?;
            exp_decimal(number).into()
        }
        Some(number) => number.to_f64().exp().into(),
    })
}

fn exp_decimal(number: Decimal) -> Decimal {
    match number.to_big() {
        Some(exact) => series::exp(&exact).map_or(Decimal::infinity(false), |power| bare(&power)),
        None if number.is_infinite() && number.is_negative() => Decimal::from(0),
        None => number,
    }
}

fn ln<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let Some(number) = one_number(scope, arguments, "$ln")? else { return Ok(Answer::NULL) };
    logarithm(scope, number, None, (28766, "$ln"))
}

fn log10<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let Some(number) = one_number(scope, arguments, "$log10")? else { return Ok(Answer::NULL) };
    logarithm(scope, number, Some(10), (28761, "$log10"))
}

/// The logarithm to the base, or the natural one.
fn logarithm<'a>(
    scope: &mut Scope<'a>,
    number: Number,
    base: Option<i64>,
    (code, operator): (u32, &str),
) -> Result<Answer<'a>> {
    if !number.is_positive() && !number.is_nan() {
        let message = format!("{operator} needs a number greater than 0");
        return Err(Error::new(Code(code), message));
    }
    // NaN becomes a double on the way to the check, whatever it was.
    if let (Number::Decimal(decimal), false) = (number, number.is_nan()) {
        scope.spend(SERIES_STEPS)?;
        return Ok(log_decimal(decimal, base.map(Decimal::from)).into());
    }
    let double = number.to_f64();
    Ok(if base.is_some() { double.log10() } else { double.ln() }.into())
}

fn log_decimal(number: Decimal, base: Option<Decimal>) -> Decimal {
    let natural = |number: Decimal| number.to_big().map(|exact| series::ln(&exact));
    let of_one = |number: Decimal| natural(number).map_or(number, |exact| bare(&exact));
    let Some(base) = base else { return of_one(number) };
    match (natural(number), natural(base)) {
        // To the bases that have a function of their own, the others divide.
        (Some(number), _) if number.is_zero() && has_function(base) => Decimal::from(0),
        (Some(number), Some(base)) if !number.is_zero() => bare(&series::quotient(&number, &base)),
        // Of zero and the infinities the signs decide.
        _ => decimal::divide(of_one(number), of_one(base)),
    }
}

fn has_function(base: Decimal) -> bool {
    [2, 10].iter().any(|known| base.to_big() == Some(BigDecimal::from(*known)))
}

fn log<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let (argument, base) = scope.pair(arguments)?;
    if argument.is_nullish() || base.is_nullish() {
        return Ok(Answer::NULL);
    }
    let number = argument.number();
    let number = number.ok_or_else(|| kind::wrong(28756, "$log", "a number", &argument))?;
    let wrong = || kind::wrong(28757, "$log", "a number as base", &base);
    let base = base.number().ok_or_else(wrong)?;
    let (double, double_base) = (number.to_f64(), base.to_f64());
    if !number.is_positive() && !number.is_nan() {
        return Err(Error::new(Code(28758), "$log needs a number greater than 0"));
    }
    if (!base.is_positive() && !base.is_nan()) || base.is_one() {
        return Err(Error::new(Code(28759), "$log needs a base greater than 0 that is not 1"));
    }
    if number.kind().max(base.kind()) == Kind::Decimal && !number.is_nan() && !base.is_nan() {
        scope.spend(SERIES_STEPS)?;
        return Ok(log_decimal(number.to_decimal(), Some(base.to_decimal())).into());
    }
    Ok((double.ln() / double_base.ln()).into())
}

fn sqrt<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let Some(number) = one_number(scope, arguments, "$sqrt")? else { return Ok(Answer::NULL) };
    if number.is_negative() {
        return Err(Error::new(Code(28714), "$sqrt needs a number of at least 0"));
    }
    Ok(match number {
        Number::Decimal(number) => {
            scope.spend(ROOT_STEPS)?;
            number.to_big().map_or(number, |exact| root_decimal(number, &exact)).into()
        }
        number => number.to_f64().sqrt().into(),
    })
}

/// An exact root keeps half the places, as IEEE 754 prefers.
fn root_decimal(number: Decimal, exact: &BigDecimal) -> Decimal {
    if exact.is_zero() {
        let (_, places) = exact.as_bigint_and_exponent();
        return decimal::zero(number.is_negative(), (places + 1).div_euclid(2));
    }
    let root = Decimal::from_big(&series::sqrt(exact));
    match root.to_big().map(|root| root.normalized()) {
        Some(short) if &short.square() == exact => Decimal::from_big(&short),
        _ => root,
    }
}

fn sigmoid<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    Ok(match one_number(scope, arguments, "$sigmoid")? {
        None => Answer::NULL,
        Some(Number::Decimal(number)) => {
            scope.spend(SERIES_STEPS)?;
            let one = Decimal::from(1);
            let power = exp_decimal(decimal::negate(number));
            decimal::divide(one, decimal::add(one, power)).into()
        }
        Some(number) => (1.0 / (1.0 + (-number.to_f64()).exp())).into(),
    })
}

fn pow<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let (base, exponent) = scope.pair(arguments)?;
    if base.is_nullish() || exponent.is_nullish() {
        return Ok(Answer::NULL);
    }
    let number = base.number();
    let number = number.ok_or_else(|| kind::wrong(28762, "$pow", "a number", &base))?;
    let wrong = || kind::wrong(28763, "$pow", "a number as exponent", &exponent);
    let exponent = exponent.number().ok_or_else(wrong)?;
    if number.is_zero() && exponent.is_negative() {
        return Err(Error::new(Code(28764), "$pow can't raise 0 to a negative exponent"));
    }
    let kind = number.kind().max(exponent.kind());
    Ok(match kind {
        Kind::Decimal => {
            scope.spend(SERIES_STEPS)?;
            let power = pow_decimal(number.to_decimal(), exponent.to_decimal());
            // Whatever it comes from, there is one zero.
            if decimal::is_zero(power) { decimal::least_zero().into() } else { power.into() }
        }
        Kind::Double => number.to_f64().powf(exponent.to_f64()).into(),
        kind => match pow_integer(number.to_long(), exponent.to_long()) {
            Some(power) => integer_value(power, kind).into(),
            None => number.to_f64().powf(exponent.to_f64()).into(),
        },
    })
}

/// The power, if it is whole and fits a long.
fn pow_integer(base: i64, exponent: i64) -> Option<i64> {
    match (base, exponent) {
        (_, 0) | (1, _) => Some(1),
        (0, _) => Some(0),
        (-1, exponent) => Some(if exponent % 2 == 0 { 1 } else { -1 }),
        (base, exponent) => base.checked_pow(u32::try_from(exponent).ok()?),
    }
}

fn pow_decimal(base: Decimal, exponent: Decimal) -> Decimal {
    let (Some(number), Some(power)) = (base.to_big(), exponent.to_big()) else {
        return decimal::limit(base.to_f64().powf(exponent.to_f64()));
    };
    if power.is_zero() {
        return Decimal::from(1);
    }
    if number.is_zero() {
        return decimal::limit(base.to_f64().powf(exponent.to_f64()));
    }
    let whole = if power.is_integer() { power.to_i64() } else { None };
    match whole.filter(|whole| whole.unsigned_abs() <= 10_000) {
        Some(whole) => pow_by_squares(&number, whole),
        None if number.is_negative() => Decimal::NAN,
        None => series::exp(&(series::ln(&number) * power))
            .map_or(Decimal::infinity(false), |power| Decimal::from_big(&power)),
    }
}

fn pow_by_squares(base: &BigDecimal, exponent: i64) -> Decimal {
    let (mut result, mut square) = (BigDecimal::one(), base.clone());
    let mut left = exponent.unsigned_abs();
    while left > 0 {
        if left % 2 == 1 {
            result = decimal::rounded(&(&result * &square), decimal::WORKING_DIGITS);
        }
        square = decimal::rounded(&square.square(), decimal::WORKING_DIGITS);
        left /= 2;
    }
    if exponent >= 0 {
        return Decimal::from_big(&result);
    }
    let power = Decimal::from_big(&result);
    let inverse = decimal::divide(Decimal::from(1), power);
    // What is not exact is rounded once, from all the digits that were kept.
    let is_exact = match (inverse.to_big(), power.to_big()) {
        (Some(inverse), Some(power)) => (inverse * power).is_one(),
        _ => true,
    };
    if is_exact {
        inverse
    } else {
        Decimal::from_big(&series::quotient(&BigDecimal::one(), &result))
    }
}

/// The result of a function that is computed in binary: where it is a whole number it has no places.
fn bare(exact: &BigDecimal) -> Decimal {
    let result = Decimal::from_big(&decimal::rounded(exact, decimal::WORKING_DIGITS));
    match result.to_big() {
        Some(number) if number.is_zero() && !exact.is_zero() => result,
        Some(number) if number.is_integer() => Decimal::from_big(&number.with_scale(0)),
        _ => result,
    }
}
