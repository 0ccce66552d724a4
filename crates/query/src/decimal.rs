//! decimal128: 34 digits, exponents from -6176 to 6111, kept in IEEE 754's binary integer form.
//!
//! Arithmetic and exact comparison go through [`BigDecimal`]; this file only knows the form and its
//! text (the rules are those of the BSON specification's decimal128 document).

use std::fmt;
use std::str::FromStr;

use bigdecimal::num_bigint::{BigInt, Sign};
use bigdecimal::{BigDecimal, RoundingMode, ToPrimitive, Zero};

/// A decimal128. Two forms of one number (`1.0`, `1.00`) differ under `==`, as stored values do;
/// [`crate::order::compare`] finds them equal.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Decimal {
    high: u64,
    low: u64,
}

/// The text is no decimal128, or does not fit one exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecimalError;

const BIAS: i32 = 6176;
const MOST_EXPONENT: i32 = 6111;
const MOST_DIGITS: usize = 34;
const LARGEST: u128 = 9_999_999_999_999_999_999_999_999_999_999_999;
const SIGN: u64 = 1 << 63;
const INFINITY: u64 = 0x7800 << 48;
const NAN: u64 = 0x7c00 << 48;

impl Decimal {
    /// Not a number.
    pub const NAN: Decimal = Decimal { high: NAN, low: 0 };

    /// Infinity of either sign.
    pub const fn infinity(negative: bool) -> Decimal {
        Decimal { high: INFINITY | if negative { SIGN } else { 0 }, low: 0 }
    }

    /// Whether this is not a number.
    pub fn is_nan(self) -> bool {
        self.high & NAN == NAN
    }

    /// Whether this is an infinity.
    pub fn is_infinite(self) -> bool {
        self.high & NAN == INFINITY
    }

    /// Whether the sign bit is set.
    pub fn is_negative(self) -> bool {
        self.high & SIGN != 0
    }

    /// The same number with the sign bit set or cleared; NaN stays.
    #[must_use]
    pub(crate) fn with_sign(self, negative: bool) -> Decimal {
        let sign = if negative { SIGN } else { 0 };
        if self.is_nan() { self } else { Decimal { high: self.high & !SIGN | sign, ..self } }
    }

    /// Reads text whose digits may be more than fit: they are rounded, ties to even. `None` for what
    /// is no number, or past the range or below it.
    pub(crate) fn parse_rounding(text: &str) -> Option<Decimal> {
        if let Ok(number) = text.parse() {
            return Some(number);
        }
        let (digits, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let exponent: i64 = exponent.parse::<i32>().ok()?.into();
        let bare = digits.strip_prefix(['+', '-']).unwrap_or(digits);
        let (whole, fraction) = bare.split_once('.').unwrap_or((bare, ""));
        let digits = read_digits(whole, fraction).ok()?;
        let scale = i64::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
        let first = i64::try_from(digits.len()).ok()? - scale;
        // What is rounded keeps all its digits: it is not below the normal numbers.
        let (most, least) = (MOST_EXPONENT + MOST_DIGITS as i32, MOST_DIGITS as i32 - BIAS);
        let fits = (i64::from(least)..=i64::from(most)).contains(&first);
        let exact = shortened(&digits, scale)?;
        let rounded = Decimal::from_big(&exact);
        let number = Some(rounded).filter(|number| fits && !number.is_infinite())?;
        Some(number.with_sign(text.starts_with('-')))
    }

    /// The nearest double. NaN and the infinities stay what they are.
    pub fn to_f64(self) -> f64 {
        match self.to_big() {
            Some(number) if number.is_zero() => {
                if self.is_negative() {
                    -0.0
                } else {
                    0.0
                }
            }
            Some(number) => nearest_double(&number),
            None if self.is_nan() => f64::NAN,
            None if self.is_negative() => f64::NEG_INFINITY,
            None => f64::INFINITY,
        }
    }

    /// The decimal that reads as the shortest text of the double.
    pub fn from_f64(number: f64) -> Decimal {
        if number.is_nan() {
            return Decimal::NAN;
        }
        if number.is_infinite() {
            return Decimal::infinity(number < 0.0);
        }
        format!("{number:e}").parse().unwrap_or(Decimal::NAN)
    }

    /// The 16 bytes of the binary form, least significant first.
    pub fn to_bytes(self) -> [u8; 16] {
        ((u128::from(self.high) << 64) | u128::from(self.low)).to_le_bytes()
    }

    /// The decimal of such 16 bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Decimal {
        let bits = u128::from_le_bytes(bytes);
        Decimal { high: (bits >> 64) as u64, low: bits as u64 }
    }

    /// The exact number, unless this is NaN or infinite.
    pub(crate) fn to_big(self) -> Option<BigDecimal> {
        let (coefficient, exponent) = self.parts()?;
        let sign = if self.is_negative() { Sign::Minus } else { Sign::Plus };
        let digits = BigInt::from_biguint(sign, coefficient.into());
        Some(BigDecimal::new(digits, i64::from(-exponent)))
    }

    /// The nearest decimal128, ties to even; an infinity past the range, zero below it.
    pub(crate) fn from_big(number: &BigDecimal) -> Decimal {
        // A number within the digits keeps its own, trailing zeros and all.
        let precise = std::num::NonZeroU64::new(MOST_DIGITS as u64);
        let number = match precise.filter(|digits| number.digits() > digits.get()) {
            Some(digits) => number.with_precision_round(digits, RoundingMode::HalfEven),
            None => number.clone(),
        };
        let (digits, scale) = number.as_bigint_and_exponent();
        let negative = digits.sign() == Sign::Minus;
        let exponent = scale.saturating_neg();
        if exponent < i64::from(-BIAS) && digits.sign() != Sign::NoSign {
            return Decimal::below_range(&number, negative);
        }
        let coefficient = digits.magnitude().to_u128().unwrap_or(u128::MAX);
        let exponent = exponent.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32;
        Decimal::fit(negative, coefficient, exponent).unwrap_or(Decimal::infinity(negative))
    }

    fn below_range(number: &BigDecimal, negative: bool) -> Decimal {
        let rounded = number.with_scale_round(i64::from(BIAS), RoundingMode::HalfEven);
        let coefficient = rounded.as_bigint_and_exponent().0.magnitude().to_u128().unwrap_or(0);
        Decimal::pack(negative, coefficient, -BIAS)
    }

    /// Coefficient and exponent of a finite number.
    fn parts(self) -> Option<(u128, i32)> {
        if self.high & INFINITY == INFINITY {
            return None;
        }
        if self.high & (3 << 61) == 3 << 61 {
            // The second form of the coefficient can only hold numbers past 34 digits, which
            // IEEE 754 reads as zero.
            let exponent = ((self.high >> 47) & 0x3fff) as i32 - BIAS;
            return Some((0, exponent));
        }
        let exponent = ((self.high >> 49) & 0x3fff) as i32 - BIAS;
        let coefficient = (u128::from(self.high & 0x1_ffff_ffff_ffff) << 64) | u128::from(self.low);
        Some((if coefficient > LARGEST { 0 } else { coefficient }, exponent))
    }

    /// Moves zeros between coefficient and exponent until both fit; `None` if they can't.
    fn fit(negative: bool, mut coefficient: u128, mut exponent: i32) -> Option<Decimal> {
        if coefficient == 0 {
            return Some(Decimal::pack(negative, 0, exponent.clamp(-BIAS, MOST_EXPONENT)));
        }
        while coefficient > LARGEST || exponent < -BIAS {
            if !coefficient.is_multiple_of(10) {
                return None;
            }
            coefficient /= 10;
            exponent += 1;
        }
        while exponent > MOST_EXPONENT {
            coefficient = coefficient.checked_mul(10).filter(|scaled| *scaled <= LARGEST)?;
            exponent -= 1;
        }
        Some(Decimal::pack(negative, coefficient, exponent))
    }

    fn pack(negative: bool, coefficient: u128, exponent: i32) -> Decimal {
        let sign = if negative { SIGN } else { 0 };
        let biased = ((exponent + BIAS) as u64) << 49;
        Decimal { high: sign | biased | (coefficient >> 64) as u64, low: coefficient as u64 }
    }
}

impl From<i64> for Decimal {
    fn from(number: i64) -> Decimal {
        Decimal::pack(number < 0, u128::from(number.unsigned_abs()), 0)
    }
}

impl From<i32> for Decimal {
    fn from(number: i32) -> Decimal {
        Decimal::from(i64::from(number))
    }
}

impl From<u64> for Decimal {
    fn from(number: u64) -> Decimal {
        Decimal::pack(false, u128::from(number), 0)
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Decimal, DecimalError> {
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        if ["inf", "infinity"].iter().any(|name| rest.eq_ignore_ascii_case(name)) {
            return Ok(Decimal::infinity(negative));
        }
        if rest.eq_ignore_ascii_case("nan") {
            return Ok(Decimal::NAN);
        }
        let (digits, exponent) = match rest.split_once(['e', 'E']) {
            Some((digits, exponent)) => {
                (digits, exponent.parse::<i32>().map_err(|_| DecimalError)?)
            }
            None => (rest, 0),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let coefficient = read_digits(whole, fraction)?;
        let places = i32::try_from(fraction.len()).map_err(|_| DecimalError)?;
        let exponent = exponent.checked_sub(places).ok_or(DecimalError)?;
        fit_digits(negative, &coefficient, exponent)
    }
}

/// The nearest double. Reading the digits rounds once; the library multiplies by powers of ten, which are rounded,
/// too.
pub(crate) fn nearest_double(number: &BigDecimal) -> f64 {
    let (digits, scale) = number.as_bigint_and_exponent();
    format!("{digits}e{}", -scale).parse().unwrap_or(f64::NAN)
}

/// The digits before and after the point as one run without leading zeros.
fn read_digits(whole: &str, fraction: &str) -> Result<String, DecimalError> {
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() + fraction.len() == 0 || !are_digits(whole) || !are_digits(fraction) {
        return Err(DecimalError);
    }
    Ok(format!("{whole}{fraction}").trim_start_matches('0').to_owned())
}

/// The number of these digits with so many places. Of very many only the first count, and whether there
/// is anything behind them.
fn shortened(digits: &str, scale: i64) -> Option<BigDecimal> {
    const MOST: usize = 2 * MOST_DIGITS;
    let Some((kept, rest)) = digits.split_at_checked(MOST) else {
        return Some(BigDecimal::new(digits.parse().ok()?, scale));
    };
    let tip = if rest.bytes().any(|digit| digit != b'0') { '1' } else { '0' };
    let dropped = i64::try_from(rest.len()).ok()? - 1;
    Some(BigDecimal::new(format!("{kept}{tip}").parse().ok()?, scale - dropped))
}

fn fit_digits(negative: bool, digits: &str, exponent: i32) -> Result<Decimal, DecimalError> {
    let kept = if digits.len() > MOST_DIGITS { digits.trim_end_matches('0') } else { digits };
    if kept.len() > MOST_DIGITS {
        return Err(DecimalError);
    }
    let dropped = i32::try_from(digits.len() - kept.len()).map_err(|_| DecimalError)?;
    let coefficient = if kept.is_empty() { 0 } else { kept.parse().map_err(|_| DecimalError)? };
    let exponent = exponent.checked_add(dropped).ok_or(DecimalError)?;
    Decimal::fit(negative, coefficient, exponent).ok_or(DecimalError)
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_nan() {
            return f.write_str("NaN");
        }
        if self.is_negative() {
            f.write_str("-")?;
        }
        let Some((coefficient, exponent)) = self.parts() else {
            return f.write_str("Infinity");
        };
        let digits = coefficient.to_string();
        let adjusted = exponent + digits.len() as i32 - 1;
        if exponent > 0 || adjusted < -6 {
            return write_scientific(f, &digits, adjusted);
        }
        write_plain(f, &digits, exponent.unsigned_abs() as usize)
    }
}

fn write_scientific(f: &mut fmt::Formatter<'_>, digits: &str, adjusted: i32) -> fmt::Result {
    let (first, rest) = digits.split_at_checked(1).unwrap_or((digits, ""));
    let point = if rest.is_empty() { "" } else { "." };
    write!(f, "{first}{point}{rest}E{adjusted:+}")
}

fn write_plain(f: &mut fmt::Formatter<'_>, digits: &str, places: usize) -> fmt::Result {
    if places == 0 {
        return f.write_str(digits);
    }
    let padded = format!("{digits:0>width$}", width = places + 1);
    let (whole, fraction) = padded.split_at_checked(padded.len() - places).unwrap_or(("0", ""));
    write!(f, "{whole}.{fraction}")
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for DecimalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a decimal128 of at most 34 digits")
    }
}

impl std::error::Error for DecimalError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_survives_the_binary_form() {
        for text in [
            "0",
            "-0",
            "1",
            "1.00",
            "0.1",
            "-12.345",
            "1E+3",
            "1E-7",
            "0.000001",
            "NaN",
            "Infinity",
            "-Infinity",
            "9.999999999999999999999999999999999E+6144",
            "1E-6176",
            "0E+3",
        ] {
            let number: Decimal = text.parse().unwrap();
            assert_eq!(number.to_string(), text);
            assert_eq!(Decimal::from_bytes(number.to_bytes()), number);
        }
    }

    #[test]
    fn exponents_are_clamped_by_moving_zeros() {
        let number: Decimal = "1E+6112".parse().unwrap();
        assert_eq!(number.to_string(), "1.0E+6112");
        assert!("1E+9999".parse::<Decimal>().is_err());
        assert!("12345678901234567890123456789012345".parse::<Decimal>().is_err());
        assert!("".parse::<Decimal>().is_err());
        assert!("1x".parse::<Decimal>().is_err());
    }

    #[test]
    fn text_of_many_digits_is_rounded_and_what_leaves_the_range_is_none() {
        let read = |text: &str| Decimal::parse_rounding(text).map(|number| number.to_string());
        let many = format!("-1.{}1", "0".repeat(100_000));
        assert_eq!(read(&many).as_deref(), Some("-1.000000000000000000000000000000000"));
        let half = format!("12345678901234567890123456789012345.{}1e-1", "0".repeat(60));
        assert_eq!(read(&half).as_deref(), Some("1234567890123456789012345678901235"));
        assert_eq!(read("1E-7000"), None);
        assert_eq!(read("1E+6145"), None);
        assert_eq!(read("x"), None);
    }

    #[test]
    fn big_numbers_round_to_34_digits_and_overflow_to_infinity() {
        let big: BigDecimal = "12345678901234567890123456789012345".parse().unwrap();
        assert_eq!(Decimal::from_big(&big).to_string(), "1.234567890123456789012345678901234E+34");
        let huge: BigDecimal = "1E+7000".parse().unwrap();
        assert!(Decimal::from_big(&huge).is_infinite());
        let tiny: BigDecimal = "1E-7000".parse().unwrap();
        assert_eq!(Decimal::from_big(&tiny).to_f64(), 0.0);
        assert_eq!(Decimal::from_f64(0.1).to_string(), "0.1");
    }
}
