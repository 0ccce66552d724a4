//! Angles and the functions of them, in radians.

use bigdecimal::{BigDecimal, One, Signed, Zero};

use super::answer::Answer;
use super::arithmetic::one_number;
use super::decimal;
use super::kind;
use super::node::Node;
use super::number::{Kind, Number};
use super::operator::Operator;
use super::power::SERIES_STEPS;
use super::scope::Scope;
use super::series;
use crate::{Code, Decimal, Error, Result};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::fixed("$sin", 1, |scope, arguments| apply(scope, arguments, &SIN)),
    Operator::fixed("$cos", 1, |scope, arguments| apply(scope, arguments, &COS)),
    Operator::fixed("$tan", 1, |scope, arguments| apply(scope, arguments, &TAN)),
    Operator::fixed("$asin", 1, |scope, arguments| apply(scope, arguments, &ASIN)),
    Operator::fixed("$acos", 1, |scope, arguments| apply(scope, arguments, &ACOS)),
    Operator::fixed("$atan", 1, |scope, arguments| apply(scope, arguments, &ATAN)),
    Operator::fixed("$sinh", 1, |scope, arguments| apply(scope, arguments, &SINH)),
    Operator::fixed("$cosh", 1, |scope, arguments| apply(scope, arguments, &COSH)),
    Operator::fixed("$tanh", 1, |scope, arguments| apply(scope, arguments, &TANH)),
    Operator::fixed("$asinh", 1, |scope, arguments| apply(scope, arguments, &ASINH)),
    Operator::fixed("$acosh", 1, |scope, arguments| apply(scope, arguments, &ACOSH)),
    Operator::fixed("$atanh", 1, |scope, arguments| apply(scope, arguments, &ATANH)),
    Operator::fixed("$degreesToRadians", 1, to_radians),
    Operator::fixed("$radiansToDegrees", 1, to_degrees),
    Operator::fixed("$atan2", 2, atan2),
];

/// A function in both kinds, and the arguments it takes.
struct Function {
    name: &'static str,
    of_double: fn(f64) -> f64,
    /// `None` where the result leaves the decimals.
    of_decimal: fn(&BigDecimal) -> Option<BigDecimal>,
    least: f64,
    most: f64,
    takes_infinity: bool,
}

const fn unbounded(
    name: &'static str,
    of_double: fn(f64) -> f64,
    of_decimal: fn(&BigDecimal) -> Option<BigDecimal>,
) -> Function {
    let (least, most) = (f64::NEG_INFINITY, f64::INFINITY);
    Function { name, of_double, of_decimal, least, most, takes_infinity: true }
}

static SIN: Function = Function {
    takes_infinity: false,
    ..unbounded("$sin", f64::sin, |x| Some(series::sin_cos(x)?.0))
};
static COS: Function = Function {
    takes_infinity: false,
    ..unbounded("$cos", f64::cos, |x| Some(series::sin_cos(x)?.1))
};
static TAN: Function = Function { takes_infinity: false, ..unbounded("$tan", f64::tan, tan) };
static ASIN: Function =
    Function { least: -1.0, most: 1.0, ..unbounded("$asin", f64::asin, |x| Some(series::asin(x))) };
static ACOS: Function = Function {
    least: -1.0,
    most: 1.0,
    ..unbounded("$acos", f64::acos, |x| Some(series::pi().half() - series::asin(x)))
};
static ATAN: Function = unbounded("$atan", f64::atan, |x| Some(series::atan(x)));
static SINH: Function =
    unbounded("$sinh", f64::sinh, |x| Some((series::exp(x)? - series::exp(&-x)?).half()));
static COSH: Function =
    unbounded("$cosh", f64::cosh, |x| Some((series::exp(x)? + series::exp(&-x)?).half()));
static TANH: Function = unbounded("$tanh", f64::tanh, tanh);
static ASINH: Function = unbounded("$asinh", f64::asinh, |x| {
    let positive = ln_of_sum(&x.abs(), &BigDecimal::one());
    Some(if x.is_negative() { -positive } else { positive })
});
static ACOSH: Function = Function {
    least: 1.0,
    ..unbounded("$acosh", f64::acosh, |x| Some(ln_of_sum(x, &-BigDecimal::one())))
};
static ATANH: Function =
    Function { least: -1.0, most: 1.0, ..unbounded("$atanh", f64::atanh, atanh) };

/// The logarithm of x and the root of x² and something small beside it.
fn ln_of_sum(x: &BigDecimal, beside: &BigDecimal) -> BigDecimal {
    if series::is_huge(x) {
        return series::ln(&(x * BigDecimal::from(2)));
    }
    series::ln(&(x + series::sqrt(&(x.square() + beside))))
}

fn tan(x: &BigDecimal) -> Option<BigDecimal> {
    let (sine, cosine) = series::sin_cos(x)?;
    Some(series::quotient(&sine, &cosine))
}

fn tanh(x: &BigDecimal) -> Option<BigDecimal> {
    let Some(power) = series::exp(&(x * BigDecimal::from(2))) else {
        return Some(BigDecimal::one());
    };
    let one = BigDecimal::one();
    Some(series::quotient(&(&power - &one), &(&power + &one)))
}

fn atanh(x: &BigDecimal) -> Option<BigDecimal> {
    let one = BigDecimal::one();
    if x.abs() == one {
        return None;
    }
    Some(series::ln(&series::quotient(&(&one + x), &(&one - x))).half())
}

fn apply<'a>(
    scope: &mut Scope<'a>,
    arguments: &'a [Node],
    function: &Function,
) -> Result<Answer<'a>> {
    let Some(number) = one_number(scope, arguments, function.name)? else {
        return Ok(Answer::NULL);
    };
    let double = number.to_f64();
    let is_inside = (function.least..=function.most).contains(&double)
        && (function.takes_infinity || !double.is_infinite());
    if !number.is_nan() && !is_inside {
        let message = format!("{} is not defined for {double}", function.name);
        return Err(Error::new(Code(50989), message));
    }
    match number {
        Number::Decimal(decimal) => {
            scope.spend(SERIES_STEPS)?;
            Ok(of_decimal(decimal, function).into())
        }
        _ => Ok((function.of_double)(double).into()),
    }
}

fn of_decimal(number: Decimal, function: &Function) -> Decimal {
    let double = (function.of_double)(number.to_f64());
    match number.to_big() {
        // Odd functions keep the sign of zero.
        Some(exact) if exact.is_zero() && double == 0.0 => decimal::limit(double),
        Some(exact) => match (function.of_decimal)(&exact) {
            Some(result) => Decimal::from_big(&result),
            None if double.is_finite() => decimal::from_double(double),
            None => decimal::special(double),
        },
        // What a function tends to: a whole number, a right angle, or no end.
        None if double.abs() == std::f64::consts::FRAC_PI_2 => angle(double < 0.0, 2),
        None => decimal::limit(double),
    }
}

/// So many quarters of a half turn.
fn angle(negative: bool, quarters: i64) -> Decimal {
    let quarter = series::pi().half().half();
    Decimal::from_big(&(quarter * BigDecimal::from(quarters))).with_sign(negative)
}

fn to_radians<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let turn = |pi, half| decimal::divide(pi, half);
    convert(scope, arguments, "$degreesToRadians", (std::f64::consts::PI / 180.0, turn))
}

fn to_degrees<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let turn = |pi, half| decimal::divide(half, pi);
    convert(scope, arguments, "$radiansToDegrees", (180.0 / std::f64::consts::PI, turn))
}

/// Times a constant, which for decimals is one of 34 digits.
fn convert<'a>(
    scope: &mut Scope<'a>,
    arguments: &'a [Node],
    operator: &str,
    (factor, of_decimals): (f64, fn(Decimal, Decimal) -> Decimal),
) -> Result<Answer<'a>> {
    Ok(match one_number(scope, arguments, operator)? {
        None => Answer::NULL,
        Some(Number::Decimal(number)) => {
            scope.spend(SERIES_STEPS)?;
            let factor = of_decimals(Decimal::from_big(&series::pi()), Decimal::from(180));
            decimal::multiply(number, factor).into()
        }
        Some(number) => (number.to_f64() * factor).into(),
    })
}

fn atan2<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let (first, second) = scope.pair(arguments)?;
    if first.is_nullish() || second.is_nullish() {
        return Ok(Answer::NULL);
    }
    let y = first.number();
    let y = y.ok_or_else(|| kind::wrong(51044, "$atan2", "numbers", &first))?;
    let x = second.number();
    let x = x.ok_or_else(|| kind::wrong(51045, "$atan2", "numbers", &second))?;
    if y.kind().max(x.kind()) != Kind::Decimal {
        return Ok(y.to_f64().atan2(x.to_f64()).into());
    }
    scope.spend(SERIES_STEPS)?;
    Ok(atan2_decimal(y, x).into())
}

fn atan2_decimal(y: Number, x: Number) -> Decimal {
    if y.is_nan() || x.is_nan() {
        return Decimal::NAN;
    }
    let (up, right) = (y.to_decimal(), x.to_decimal());
    let (below, left) = (up.is_negative(), right.is_negative());
    if up.is_infinite() {
        let quarters = if !right.is_infinite() {
            2
        } else if left {
            3
        } else {
            1
        };
        return angle(below, quarters);
    }
    if y.is_zero() || right.is_infinite() {
        return if left { angle(below, 4) } else { Decimal::from(0).with_sign(below) };
    }
    let (Some(height), Some(width)) = (up.to_big(), right.to_big()) else { return Decimal::NAN };
    if x.is_zero() {
        return angle(below, 2);
    }
    let angle = series::atan(&series::quotient(&height, &width));
    Decimal::from_big(&match (left, below) {
        (false, _) => angle,
        (true, false) => angle + series::pi(),
        (true, true) => angle - series::pi(),
    })
}
