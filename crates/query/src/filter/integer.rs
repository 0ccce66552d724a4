//! Whole numbers out of any kind of number, exactly: what `$mod`, `$size` and the bit tests need.
//!
//! This file knows no operator and raises no error.

use bigdecimal::{BigDecimal, RoundingMode, ToPrimitive};

use crate::{Decimal, ValueRef};

/// 2^63, the first double past the largest `i64`.
const PAST_LARGEST: f64 = 9_223_372_036_854_775_808.0;

/// The number without its fraction, toward zero. `None` for NaN, infinities, numbers past 64 bits
/// and everything that is no number.
pub(crate) fn truncated(value: ValueRef<'_>) -> Option<i64> {
    match value {
        ValueRef::Int(number) => Some(i64::from(number)),
        ValueRef::Long(number) => Some(number),
        ValueRef::Double(number) => double(number),
        ValueRef::Decimal(number) => decimal(number).map(|(whole, _)| whole),
        _ => None,
    }
}

/// The number, if it has no fraction and fits.
pub(crate) fn whole(value: ValueRef<'_>) -> Option<i64> {
    match value {
        ValueRef::Double(number) => double(number).filter(|_| number.fract() == 0.0),
        ValueRef::Decimal(number) => match decimal(number) {
            Some((whole, true)) => Some(whole),
            _ => None,
        },
        other => truncated(other),
    }
}

fn double(number: f64) -> Option<i64> {
    (-PAST_LARGEST..PAST_LARGEST).contains(&number).then_some(number as i64)
}

/// The part before the point, and whether that is all there is.
fn decimal(number: Decimal) -> Option<(i64, bool)> {
    // The double tells the size: only a number that can fit is written out in digits.
    if !(-PAST_LARGEST..=PAST_LARGEST).contains(&number.to_f64()) {
        return None;
    }
    let exact: BigDecimal = number.to_big()?;
    let cut = exact.with_scale_round(0, RoundingMode::Down);
    let same = cut == exact;
    cut.to_i64().map(|whole| (whole, same))
}
