//! Transcendental functions of decimals, to more digits than decimal128 shows.
//!
//! Arguments are reduced until a Taylor series converges quickly; results are rounded by the caller.
//! Source of the series: Abramowitz and Stegun, chapter 4.

use bigdecimal::{BigDecimal, One, Signed, ToPrimitive, Zero};

use super::decimal::rounded;

/// Digits kept along the way.
const WORK: u64 = 60;
/// Terms after which every series here has converged to that many digits.
const TERMS: u32 = 120;
/// To 200 digits: of an angle with many digits before its point only what is left of its turns counts.
const PI: &str = "3.14159265358979323846264338327950288419716939937510582097494459230781640628\
    6208998628034825342117067982148086513282306647093844609550582231725359408128481117450284\
    10270193852110555964462294895493038196";
/// The digits before the point of the largest angle that this is enough for.
const MOST_TURNS: i64 = 130;

fn number(whole: i64) -> BigDecimal {
    BigDecimal::from(whole)
}

fn keep(value: &BigDecimal) -> BigDecimal {
    rounded(value, WORK)
}

pub(super) fn quotient(left: &BigDecimal, right: &BigDecimal) -> BigDecimal {
    keep(&(keep(left) / keep(right)))
}

pub(super) fn pi() -> BigDecimal {
    PI.parse().unwrap_or_default()
}

/// Whether a whole number beside it or its inverse are lost in the digits that are kept.
pub(super) fn is_huge(value: &BigDecimal) -> bool {
    digits_before_point(value) > WORK as i64
}

/// How many digits stand before the point.
fn digits_before_point(value: &BigDecimal) -> i64 {
    let (_, scale) = value.as_bigint_and_exponent();
    i64::try_from(value.digits()).unwrap_or(0) - scale
}

/// Whether a term is too small to change the digits that are kept.
fn is_lost(term: &BigDecimal) -> bool {
    let (_, scale) = term.as_bigint_and_exponent();
    term.is_zero() || scale - i64::try_from(term.digits()).unwrap_or(0) > WORK as i64 + 5
}

/// The exponential; `None` past what decimal128 reaches.
pub(super) fn exp(value: &BigDecimal) -> Option<BigDecimal> {
    let size = value.to_f64()?;
    if size > 14_200.0 {
        return None;
    }
    if size < -14_300.0 {
        return Some(BigDecimal::zero());
    }
    let mut halvings = 0;
    let mut reduced = keep(value);
    while reduced.abs() > BigDecimal::one() / number(8) {
        reduced = keep(&reduced.half());
        halvings += 1;
    }
    let (mut sum, mut term) = (BigDecimal::one(), BigDecimal::one());
    for index in 1..TERMS {
        term = quotient(&(&term * &reduced), &number(i64::from(index)));
        sum += &term;
        if is_lost(&term) {
            break;
        }
    }
    for _ in 0..halvings {
        sum = keep(&sum.square());
    }
    Some(sum)
}

/// The natural logarithm of a positive number.
pub(super) fn ln(value: &BigDecimal) -> BigDecimal {
    let (digits, scale) = value.as_bigint_and_exponent();
    // value = mantissa * 10^shift, with one digit of the mantissa before the point: that of a power of ten is 1,
    // whose logarithm is exactly 0.
    let places = i64::try_from(value.digits()).unwrap_or(0) - 1;
    let shift = places - scale;
    let mantissa = BigDecimal::new(digits, places);
    ln_near_one(&mantissa) + number(shift) * ln_near_one(&number(10))
}

/// Newton's method on the exponential, from the double's logarithm.
fn ln_near_one(value: &BigDecimal) -> BigDecimal {
    let start = value.to_f64().unwrap_or(1.0).ln();
    let mut guess = BigDecimal::try_from(start).unwrap_or_default();
    for _ in 0..4 {
        let Some(power) = exp(&guess) else { return guess };
        let step = quotient(&(value - &power), &(value + &power));
        guess = keep(&(guess + step * number(2)));
    }
    guess
}

pub(super) fn sqrt(value: &BigDecimal) -> BigDecimal {
    value.sqrt().map(|root| keep(&root)).unwrap_or_default()
}

/// Sine and cosine; `None` for angles whose turns can't be told.
pub(super) fn sin_cos(value: &BigDecimal) -> Option<(BigDecimal, BigDecimal)> {
    if digits_before_point(value) > MOST_TURNS {
        return None;
    }
    let turn = pi() * number(2);
    let turns = (value / &turn).with_scale(0);
    let reduced = keep(&(value - turns * turn));
    let square = keep(&reduced.square());
    let series = |mut term: BigDecimal, first: i64| {
        let mut sum = term.clone();
        for index in 1..i64::from(TERMS) {
            let divisor = number((first + 2 * index - 1) * (first + 2 * index));
            term = -quotient(&(&term * &square), &divisor);
            sum += &term;
            if is_lost(&term) {
                break;
            }
        }
        keep(&sum)
    };
    Some((series(reduced.clone(), 1), series(BigDecimal::one(), 0)))
}

pub(super) fn atan(value: &BigDecimal) -> BigDecimal {
    if is_huge(value) {
        let right_angle = if value.is_negative() { -pi().half() } else { pi().half() };
        return right_angle - quotient(&BigDecimal::one(), value);
    }
    let mut reduced = keep(value);
    let mut halvings = 0;
    while reduced.abs() > BigDecimal::one() / number(8) {
        let root = sqrt(&(BigDecimal::one() + reduced.square()));
        reduced = quotient(&reduced, &(BigDecimal::one() + root));
        halvings += 1;
    }
    let square = keep(&reduced.square());
    let (mut sum, mut power) = (reduced.clone(), reduced);
    for index in 1..i64::from(TERMS) {
        power = -keep(&(&power * &square));
        sum += quotient(&power, &number(2 * index + 1));
        if is_lost(&power) {
            break;
        }
    }
    keep(&sum) * number(1 << halvings)
}

/// The arc sine of a number from -1 to 1.
pub(super) fn asin(value: &BigDecimal) -> BigDecimal {
    let rest = BigDecimal::one() - value.square();
    if rest.is_zero() {
        let right_angle = pi().half();
        return if value.is_negative() { -right_angle } else { right_angle };
    }
    atan(&quotient(value, &sqrt(&rest)))
}
