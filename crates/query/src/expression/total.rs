//! Numbers being added up, of all kinds, without what rounding on the way would lose.
//!
//! What is added up, and why, is not known here.

use bigdecimal::BigDecimal;

use super::decimal;
use super::number::{Kind, Number, integer_value};
use crate::{Decimal, Value, ValueRef};

/// A sum of numbers that loses nothing on the way: whole numbers exactly, doubles with what their
/// rounding dropped, decimals apart.
#[derive(Clone, Debug)]
pub(crate) struct Total {
    whole: i128,
    double: f64,
    dropped: f64,
    decimal: Option<Decimal>,
    kind: Kind,
    count: u64,
}

impl Total {
    /// Adds a value, if it is a number; says whether it is a decimal, whose arithmetic is long.
    pub(crate) fn add_value(&mut self, value: ValueRef<'_>) -> bool {
        let number = Number::of(value);
        number.into_iter().for_each(|number| self.add(number));
        matches!(number, Some(Number::Decimal(_)))
    }

    /// Adds whole numbers that were added up before.
    pub(crate) fn add_whole(&mut self, sum: i128) {
        self.whole += sum;
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    pub(super) fn add(&mut self, number: Number) {
        self.kind = self.kind.max(number.kind());
        self.count += 1;
        match number {
            Number::Double(number) => self.add_double(number),
            Number::Decimal(number) => {
                let before = self.decimal.unwrap_or(Decimal::from(0));
                self.decimal = Some(decimal::add(before, number));
            }
            number => self.whole += i128::from(number.to_long()),
        }
    }

    /// Kahan and Babuska's sum: the part that rounding loses is kept beside.
    fn add_double(&mut self, number: f64) {
        let sum = self.double + number;
        if sum.is_finite() {
            self.dropped += if self.double.abs() >= number.abs() {
                (self.double - sum) + number
            } else {
                (number - sum) + self.double
            };
        }
        self.double = sum;
    }

    pub(super) fn to_double(&self) -> f64 {
        let whole = self.whole as f64;
        let lost = (self.whole - whole as i128) as f64;
        let mut sum = Total { whole: 0, decimal: None, ..*self };
        sum.add_double(whole);
        sum.add_double(lost);
        if sum.double.is_finite() { sum.double + sum.dropped } else { sum.double }
    }

    pub(super) fn to_decimal(&self) -> Decimal {
        let decimal = self.decimal.unwrap_or(Decimal::from(0));
        let parts = [BigDecimal::try_from(self.double), BigDecimal::try_from(self.dropped)];
        match parts {
            [Ok(double), Ok(dropped)] => {
                let rest = BigDecimal::from(self.whole) + double + dropped;
                decimal::add(decimal, Decimal::from_big(&rest))
            }
            _ => decimal::add(decimal, decimal::special(self.double)),
        }
    }

    /// The sum in the widest kind that was added; whole numbers that no long holds as a double.
    pub(crate) fn into_value(self) -> Value {
        match self.kind {
            Kind::Decimal => Value::Decimal(self.to_decimal()),
            Kind::Double => Value::Double(self.to_double()),
            kind => match i64::try_from(self.whole) {
                Ok(whole) => integer_value(whole, kind),
                Err(_) => Value::Double(self.to_double()),
            },
        }
    }
}

impl Default for Total {
    fn default() -> Total {
        Total { whole: 0, double: 0.0, dropped: 0.0, decimal: None, kind: Kind::Int, count: 0 }
    }
}
