//! Numbers of four kinds, and how they widen into each other: int, long, double, decimal.
//!
//! This file converts. The arithmetic is in the families that need it, that of decimals in
//! `decimal`.

use bigdecimal::One as _;

use super::decimal;
use crate::{Decimal, Value, ValueRef};

/// A number with its kind.
#[derive(Clone, Copy, Debug)]
pub(super) enum Number {
    Int(i32),
    Long(i64),
    Double(f64),
    Decimal(Decimal),
}

/// The kinds in the order they widen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Int,
    Long,
    Double,
    Decimal,
}

/// The first double past the longs.
const PAST_LONGS: f64 = 9_223_372_036_854_775_808.0;

impl Number {
    pub(super) fn of(value: ValueRef<'_>) -> Option<Number> {
        match value {
            ValueRef::Int(number) => Some(Number::Int(number)),
            ValueRef::Long(number) => Some(Number::Long(number)),
            ValueRef::Double(number) => Some(Number::Double(number)),
            ValueRef::Decimal(number) => Some(Number::Decimal(number)),
            _ => None,
        }
    }

    pub(super) fn kind(self) -> Kind {
        match self {
            Number::Int(_) => Kind::Int,
            Number::Long(_) => Kind::Long,
            Number::Double(_) => Kind::Double,
            Number::Decimal(_) => Kind::Decimal,
        }
    }

    pub(super) fn is_zero(self) -> bool {
        match self {
            Number::Int(number) => number == 0,
            Number::Long(number) => number == 0,
            Number::Double(number) => number == 0.0,
            Number::Decimal(number) => decimal::is_zero(number),
        }
    }

    /// Whether it is above zero; neither NaN nor what a double would take for zero deceives it.
    pub(super) fn is_positive(self) -> bool {
        match self {
            Number::Decimal(number) => {
                !number.is_nan() && !number.is_negative() && !decimal::is_zero(number)
            }
            number => number.to_f64() > 0.0,
        }
    }

    pub(super) fn is_negative(self) -> bool {
        !self.is_positive() && !self.is_zero() && !self.is_nan()
    }

    pub(super) fn is_one(self) -> bool {
        match self {
            Number::Decimal(number) => number.to_big().is_some_and(|number| number.is_one()),
            number => number.to_f64() == 1.0,
        }
    }

    pub(super) fn is_nan(self) -> bool {
        match self {
            Number::Double(number) => number.is_nan(),
            Number::Decimal(number) => number.is_nan(),
            _ => false,
        }
    }

    pub(super) fn to_f64(self) -> f64 {
        match self {
            Number::Int(number) => f64::from(number),
            Number::Long(number) => number as f64,
            Number::Double(number) => number,
            Number::Decimal(number) => number.to_f64(),
        }
    }

    /// A double keeps the 15 digits it is sure of.
    pub(super) fn to_decimal(self) -> Decimal {
        match self {
            Number::Int(number) => Decimal::from(i64::from(number)),
            Number::Long(number) => Decimal::from(number),
            Number::Double(number) => decimal::from_double(number),
            Number::Decimal(number) => number,
        }
    }

    /// The whole part, clamped to a long; 0 for NaN.
    pub(super) fn to_long(self) -> i64 {
        match self {
            Number::Int(number) => i64::from(number),
            Number::Long(number) => number,
            Number::Double(number) => number as i64,
            Number::Decimal(number) => number.to_f64() as i64,
        }
    }

    /// The number as a 64-bit whole number, if it is one.
    pub(super) fn whole64(self) -> Option<i64> {
        match self {
            Number::Int(number) => Some(i64::from(number)),
            Number::Long(number) => Some(number),
            Number::Double(number) => whole_double(number),
            Number::Decimal(number) => decimal::whole(number),
        }
    }

    /// The number as a 32-bit whole number, if it is one.
    pub(super) fn whole32(self) -> Option<i32> {
        self.whole64().and_then(|number| i32::try_from(number).ok())
    }
}

/// The double as a whole number, if it is one within the longs.
pub(super) fn whole_double(number: f64) -> Option<i64> {
    let fits = (-PAST_LONGS..PAST_LONGS).contains(&number) && number.trunc() == number;
    fits.then_some(number as i64)
}

/// The whole part of a double within the longs.
pub(super) fn truncated_double(number: f64) -> Option<i64> {
    (-PAST_LONGS..PAST_LONGS).contains(&number).then_some(number as i64)
}

/// A result of integer arithmetic: an int if the arguments were ints and it fits one.
pub(super) fn integer_value(number: i64, widest: Kind) -> Value {
    if widest == Kind::Int { Value::integer(number) } else { Value::Long(number) }
}

impl From<Number> for Value {
    fn from(number: Number) -> Value {
        match number {
            Number::Int(number) => Value::Int(number),
            Number::Long(number) => Value::Long(number),
            Number::Double(number) => Value::Double(number),
            Number::Decimal(number) => Value::Decimal(number),
        }
    }
}
