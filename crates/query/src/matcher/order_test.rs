//! `$gt`, `$gte`, `$lt`, `$lte`: order among values of one rank.
//!
//! MinKey and MaxKey alone compare across ranks; null stands for missing fields too; NaN is equal
//! to itself and otherwise out of order.

use std::cmp::Ordering;

use crate::{Collation, Value, ValueRef, order};

/// Which side of the operand a value must be on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Gt,
    Gte,
    Lt,
    Lte,
}

/// A comparison with an operand.
#[derive(Clone, Debug)]
pub(super) struct OrderTest {
    comparison: Comparison,
    operand: Value,
    rank: u8,
    special: Special,
    collation: Collation,
}

/// What is out of the ordinary about the operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Special {
    None,
    Null,
    NaN,
    /// MinKey or MaxKey.
    End,
}

impl OrderTest {
    pub(super) fn new(comparison: Comparison, operand: &Value, collation: &Collation) -> OrderTest {
        let special = match operand {
            Value::Null => Special::Null,
            Value::MinKey | Value::MaxKey => Special::End,
            number if is_nan(number.view()) => Special::NaN,
            _ => Special::None,
        };
        let rank = order::rank(operand.view());
        let (operand, collation) = (operand.clone(), collation.clone());
        OrderTest { comparison, operand, rank, special, collation }
    }

    /// Whether the value, or the lack of one, is on the right side.
    #[inline]
    pub(super) fn passes(&self, value: Option<ValueRef<'_>>) -> bool {
        // The usual pairs need no look at ranks.
        match (value, &self.operand) {
            (Some(ValueRef::Int(number)), Value::Int(operand)) => self.takes(number.cmp(operand)),
            (Some(ValueRef::Date(date)), Value::Date(operand)) => self.takes(date.cmp(operand)),
            (Some(ValueRef::String(text)), Value::String(operand)) => {
                self.takes(self.collation.compare(text, operand))
            }
            (value, _) => self.passes_by_rank(value),
        }
    }

    /// Whether an integer passes, if the operand is of its kind.
    #[inline]
    pub(super) fn passes_integer(&self, number: i32) -> Option<bool> {
        match &self.operand {
            Value::Int(operand) => Some(self.takes(number.cmp(operand))),
            _ => None,
        }
    }

    fn passes_by_rank(&self, value: Option<ValueRef<'_>>) -> bool {
        match (value, self.special) {
            (Some(value), Special::None) => self.ordinary(value),
            (None, Special::None | Special::NaN) => false,
            (value, Special::Null) => {
                self.comparison.or_equal() && matches!(value, None | Some(ValueRef::Null))
            }
            (Some(value), Special::NaN) => self.comparison.or_equal() && is_nan(value),
            (Some(value), Special::End) => self.takes(order::compare(value, self.operand.view())),
            // What is missing lies between the ends.
            (None, Special::End) => self.takes(order::compare(ValueRef::Null, self.operand.view())),
        }
    }

    fn ordinary(&self, value: ValueRef<'_>) -> bool {
        order::rank(value) == self.rank
            && !is_nan(value)
            && self.takes(order::compare_by(&self.collation, value, self.operand.view()))
    }

    #[inline]
    fn takes(&self, order: Ordering) -> bool {
        match self.comparison {
            Comparison::Gt => order.is_gt(),
            Comparison::Gte => order.is_ge(),
            Comparison::Lt => order.is_lt(),
            Comparison::Lte => order.is_le(),
        }
    }
}

impl Comparison {
    fn or_equal(self) -> bool {
        matches!(self, Comparison::Gte | Comparison::Lte)
    }
}

fn is_nan(value: ValueRef<'_>) -> bool {
    match value {
        ValueRef::Double(number) => number.is_nan(),
        ValueRef::Decimal(number) => number.is_nan(),
        _ => false,
    }
}
