//! Arithmetic of decimal128 on top of an exact decimal library: results are exact, then rounded to
//! 34 digits, ties to even (IEEE 754-2008).
//!
//! A result keeps the exponent that the standard prefers, and a zero its sign: the library knows
//! neither, so both are seen to here. NaN and the infinities take the way of the doubles, whose rules for
//! them are the same. The transcendental functions are in `power` and `trigonometry`.

use std::num::NonZeroU64;

use bigdecimal::num_bigint::{BigInt, Sign};
use bigdecimal::{BigDecimal, RoundingMode, ToPrimitive, Zero};

use crate::Decimal;

/// Digits that decimal128 holds.
pub(super) const DIGITS: u64 = 34;
/// The most places that decimal128 has.
const LEAST_SCALE: i64 = 6176;
/// Digits of a double that are always right.
const SURE_DIGITS: i64 = 15;
/// Digits that intermediate results are kept to.
pub(super) const WORKING_DIGITS: u64 = 50;

pub(super) fn is_zero(number: Decimal) -> bool {
    number.to_big().is_some_and(|number| number.is_zero())
}

/// The double with its 15 sure digits, trailing zeros kept: `0.1` is `0.100000000000000`.
pub(crate) fn from_double(number: f64) -> Decimal {
    let Ok(exact) = BigDecimal::try_from(number) else { return special(number) };
    if exact.is_zero() {
        return Decimal::from(0).with_sign(number.is_sign_negative());
    }
    let rounded = with_digits(&exact, SURE_DIGITS);
    // Rounding 9.99.. up gives a digit more.
    let again =
        if digits(&rounded) > SURE_DIGITS { with_digits(&rounded, SURE_DIGITS) } else { rounded };
    Decimal::from_big(&again)
}

/// The decimal for NaN and the infinities.
pub(super) fn special(number: f64) -> Decimal {
    if number.is_nan() { Decimal::NAN } else { Decimal::infinity(number < 0.0) }
}

/// The exact value of the double to 34 digits.
pub(super) fn exactly(number: f64) -> Option<BigDecimal> {
    BigDecimal::try_from(number).ok().map(|exact| rounded(&exact, DIGITS))
}

/// The number as a whole long, if it is one.
pub(super) fn whole(number: Decimal) -> Option<i64> {
    number.to_big().filter(BigDecimal::is_integer).and_then(|number| number.to_i64())
}

/// The number as a long, the fraction dropped or rounded; `None` if it does not fit one.
pub(super) fn to_long(number: Decimal, mode: RoundingMode) -> Option<i64> {
    number.to_big()?.with_scale_round(0, mode).to_i64()
}

pub(crate) fn add(left: Decimal, right: Decimal) -> Decimal {
    let (Some(a), Some(b)) = (left.to_big(), right.to_big()) else {
        return special(left.to_f64() + right.to_f64());
    };
    let total = sum(&a, &b);
    if total.is_zero() {
        return zero(left.is_negative() && right.is_negative(), scale(&a).max(scale(&b)));
    }
    Decimal::from_big(&total)
}

pub(super) fn subtract(left: Decimal, right: Decimal) -> Decimal {
    add(left, right.with_sign(!right.is_negative()))
}

pub(crate) fn multiply(left: Decimal, right: Decimal) -> Decimal {
    let (Some(a), Some(b)) = (left.to_big(), right.to_big()) else {
        return special(left.to_f64() * right.to_f64());
    };
    // The product of the digits as they stand: trailing zeros are part of the result.
    let (digits, scale) = a.into_bigint_and_exponent();
    let (others, more) = b.into_bigint_and_exponent();
    let product = Decimal::from_big(&BigDecimal::new(digits * others, scale + more));
    product.with_sign(left.is_negative() != right.is_negative())
}

/// The quotient; the divisor is not zero.
pub(super) fn divide(left: Decimal, right: Decimal) -> Decimal {
    let negative = left.is_negative() != right.is_negative();
    match (left.to_big(), right.to_big()) {
        (Some(a), Some(b)) if a.is_zero() => zero(negative, scale(&a) - scale(&b)),
        (Some(a), Some(b)) => Decimal::from_big(&quotient(&a, &b)),
        // Infinity is as far as the exponents go.
        (Some(_), None) if right.is_infinite() => zero(negative, LEAST_SCALE),
        _ => special(left.to_f64() / right.to_f64()),
    }
}

/// The remainder with the sign of the dividend; the divisor is not zero.
pub(super) fn remainder(left: Decimal, right: Decimal) -> Decimal {
    let (Some(a), Some(b)) = (left.to_big(), right.to_big()) else {
        let is_whole = left.to_big().is_some() && right.is_infinite();
        return if is_whole { left } else { Decimal::NAN };
    };
    let (digits, from) = a.as_bigint_and_exponent();
    let (divisor, to) = b.as_bigint_and_exponent();
    if a.abs() < b.abs() {
        let rest = Decimal::from_big(&a.with_scale(from.max(to)));
        return rest.with_sign(left.is_negative());
    }
    let rest = match u64::try_from(to - from) {
        // Of a dividend far above the divisor only what is left of its power of ten matters.
        Ok(above) => {
            let modulus = BigInt::from(divisor.magnitude().clone());
            let power = BigInt::from(10).modpow(&BigInt::from(above), &modulus);
            BigDecimal::new(BigInt::from(digits.magnitude().clone()) * power % modulus, to)
        }
        Err(_) => a.abs() % b.abs(),
    };
    if rest.is_zero() {
        return zero(left.is_negative(), from.max(to));
    }
    Decimal::from_big(&rest).with_sign(left.is_negative())
}

/// Rounds to that many places after the point, or to as many as there are digits for.
pub(super) fn round(number: Decimal, places: i64, mode: RoundingMode) -> Decimal {
    match number.to_big() {
        Some(exact) => {
            let rounded = Decimal::from_big(&round_big(&exact, places, mode));
            rounded.with_sign(number.is_negative())
        }
        None => number,
    }
}

pub(super) fn round_big(number: &BigDecimal, places: i64, mode: RoundingMode) -> BigDecimal {
    match is_too_long(number, places) {
        true => with_digits(number, DIGITS as i64),
        false => number.with_scale_round(places, mode),
    }
}

/// Rounds to a whole number. Infinities, and what would need more digits than there are, have none.
pub(super) fn to_whole(number: Decimal, mode: RoundingMode) -> Decimal {
    match number.to_big() {
        Some(exact) if is_too_long(&exact, 0) => Decimal::NAN,
        None if number.is_infinite() => Decimal::NAN,
        _ => round(number, 0, mode),
    }
}

/// Whether with so many places there would be more digits than decimal128 holds; a zero has none.
fn is_too_long(number: &BigDecimal, places: i64) -> bool {
    let more = places - scale(number);
    more > 0 && !number.is_zero() && digits(number).saturating_add(more) > DIGITS as i64
}

pub(super) fn negate(number: Decimal) -> Decimal {
    number.with_sign(!number.is_negative())
}

/// A zero of that sign with so many places.
pub(super) fn zero(negative: bool, places: i64) -> Decimal {
    Decimal::from_big(&BigDecimal::new(BigInt::ZERO, places)).with_sign(negative)
}

/// The zero with the most places that there are.
pub(super) fn least_zero() -> Decimal {
    zero(false, LEAST_SCALE)
}

/// The decimal of a double that is a whole number, NaN or an infinity.
pub(super) fn limit(number: f64) -> Decimal {
    if number.is_finite() {
        return Decimal::from(number as i64).with_sign(number.is_sign_negative());
    }
    special(number)
}

/// Rounds to at most that many significant digits.
pub(super) fn rounded(number: &BigDecimal, digits: u64) -> BigDecimal {
    match NonZeroU64::new(digits).filter(|digits| number.digits() > digits.get()) {
        Some(digits) => number.with_precision_round(digits, RoundingMode::HalfEven),
        None => number.clone(),
    }
}

/// The sum, exact where the two are near each other. Of two that are far apart the smaller can only
/// tip the rounding, which a single digit in its place does as well.
fn sum(left: &BigDecimal, right: &BigDecimal) -> BigDecimal {
    if left.is_zero() || right.is_zero() {
        let (number, zero) = if left.is_zero() { (right, left) } else { (left, right) };
        // A zero asks for its places, as far as there are digits for them.
        let most = scale(number).max(scale(number) + DIGITS as i64 - digits(number));
        return number.with_scale(scale(zero).clamp(scale(number), most));
    }
    let (larger, smaller) = if order(left) >= order(right) { (left, right) } else { (right, left) };
    let lowest = scale(larger).max(WORKING_DIGITS as i64 - order(larger));
    if -order(smaller) <= lowest {
        return left + right;
    }
    let sign = if smaller.sign() == Sign::Minus { -1 } else { 1 };
    larger + BigDecimal::new(sign.into(), lowest + 1)
}

/// The power of ten of the number's first digit, and one.
fn order(number: &BigDecimal) -> i64 {
    digits(number) - scale(number)
}

/// The quotient with the exponent that IEEE 754 prefers, if it is exact.
fn quotient(left: &BigDecimal, right: &BigDecimal) -> BigDecimal {
    let preferred = scale(left) - scale(right);
    let (dividend, _) = left.as_bigint_and_exponent();
    let (divisor, _) = right.as_bigint_and_exponent();
    let extra = WORKING_DIGITS as u32 + divisor.magnitude().bits() as u32 / 3;
    let scaled = &dividend * BigInt::from(10).pow(extra);
    let (whole, rest) = (&scaled / &divisor, &scaled % &divisor);
    let quotient = BigDecimal::new(whole, preferred + i64::from(extra));
    if rest.sign() != Sign::NoSign {
        // What is left tips a half.
        let tip = if dividend.sign() == divisor.sign() { 1 } else { -1 };
        return quotient + BigDecimal::new(tip.into(), preferred + i64::from(extra) + 1);
    }
    let normal = quotient.normalized();
    let places = scale(&normal).max(preferred);
    normal.with_scale(places)
}

fn with_digits(number: &BigDecimal, wanted: i64) -> BigDecimal {
    number.with_scale_round(scale(number) + wanted - digits(number), RoundingMode::HalfEven)
}

fn digits(number: &BigDecimal) -> i64 {
    i64::try_from(number.digits()).unwrap_or(i64::MAX)
}

fn scale(number: &BigDecimal) -> i64 {
    number.as_bigint_and_exponent().1
}
