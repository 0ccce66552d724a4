//! `$inc`, `$mul` and `$bit`: new numbers of old ones, no kind ever narrowed.
//!
//! Whole numbers grow from 32 to 64 bits and then fail, rather than lose digits in a double.

use crate::expression::decimal;
use crate::{Code, Decimal, Error, Result, Value, order};

/// What is done with two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Multiply,
}

/// A step of `$bit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BitStep {
    operator: BitOperator,
    operand: Whole,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BitOperator {
    And,
    Or,
    Xor,
}

/// A whole number of one of the two sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whole {
    Int(i32),
    Long(i64),
}

impl Arithmetic {
    /// Checks the argument of `$inc` or `$mul`.
    ///
    /// # Errors
    /// 14 for what is no number.
    pub(super) fn argument(value: &Value) -> Result<Value> {
        match value.view().is_number() {
            true => Ok(value.clone()),
            false => Err(Error::new(Code::TYPE_MISMATCH, "takes a number")),
        }
    }

    /// The new value of a field. A missing one is zero.
    ///
    /// # Errors
    /// 14 for a field that is no number, 2 past 64 bits.
    pub(super) fn apply(self, stored: Option<&Value>, argument: &Value) -> Result<Value> {
        match (self, stored) {
            (Arithmetic::Add, None) => Ok(argument.clone()),
            (Arithmetic::Multiply, None) => self.of(&Value::Int(0), argument),
            (_, Some(stored)) if stored.view().is_number() => self.of(stored, argument),
            _ => Err(Error::new(Code::TYPE_MISMATCH, "the field is there and no number")),
        }
    }

    fn of(self, left: &Value, right: &Value) -> Result<Value> {
        if let (Some(left), Some(right)) = (Whole::of(left), Whole::of(right)) {
            return self.of_wholes(left, right);
        }
        Ok(match (left, right) {
            (Value::Decimal(_), _) | (_, Value::Decimal(_)) => {
                let (left, right) = (to_decimal(left), to_decimal(right));
                Value::Decimal(match self {
                    Arithmetic::Add => decimal::add(left, right),
                    Arithmetic::Multiply => decimal::multiply(left, right),
                })
            }
            _ => {
                let (left, right) = (to_double(left), to_double(right));
                Value::Double(match self {
                    Arithmetic::Add => left + right,
                    Arithmetic::Multiply => left * right,
                })
            }
        })
    }

    fn of_wholes(self, left: Whole, right: Whole) -> Result<Value> {
        let (long, other) = (left.to_long(), right.to_long());
        let result = match self {
            Arithmetic::Add => long.checked_add(other),
            Arithmetic::Multiply => long.checked_mul(other),
        };
        let result = result.ok_or_else(|| Error::bad_value("the result does not fit 64 bits"))?;
        Ok(match (left, right) {
            (Whole::Int(_), Whole::Int(_)) => Value::integer(result),
            _ => Value::Long(result),
        })
    }
}

impl Whole {
    fn of(value: &Value) -> Option<Whole> {
        match value {
            Value::Int(number) => Some(Whole::Int(*number)),
            Value::Long(number) => Some(Whole::Long(*number)),
            _ => None,
        }
    }

    fn to_long(self) -> i64 {
        match self {
            Whole::Int(number) => i64::from(number),
            Whole::Long(number) => number,
        }
    }
}

impl From<Whole> for Value {
    fn from(whole: Whole) -> Value {
        match whole {
            Whole::Int(number) => Value::Int(number),
            Whole::Long(number) => Value::Long(number),
        }
    }
}

/// Whether a new number is the old one: of its kind and of its size. No NaN is.
pub(super) fn is_same(old: &Value, new: &Value) -> bool {
    std::mem::discriminant(old) == std::mem::discriminant(new)
        && !is_nan(new)
        && order::equal(old.view(), new.view())
}

fn is_nan(value: &Value) -> bool {
    match value {
        Value::Double(number) => number.is_nan(),
        Value::Decimal(number) => number.is_nan(),
        _ => false,
    }
}

fn to_decimal(value: &Value) -> Decimal {
    match value {
        Value::Int(number) => Decimal::from(i64::from(*number)),
        Value::Long(number) => Decimal::from(*number),
        Value::Double(number) => decimal::from_double(*number),
        Value::Decimal(number) => *number,
        _ => Decimal::NAN,
    }
}

fn to_double(value: &Value) -> f64 {
    match value {
        Value::Int(number) => f64::from(*number),
        Value::Long(number) => *number as f64,
        Value::Double(number) => *number,
        _ => f64::NAN,
    }
}

/// Reads the argument of `$bit`: `{"and": 5, "or": 2}`, done in this order.
///
/// # Errors
/// 2 for anything else.
pub(super) fn bit_steps(argument: &Value) -> Result<Vec<BitStep>> {
    let Value::Document(steps) = argument else { return Err(no_steps()) };
    if steps.is_empty() {
        return Err(no_steps());
    }
    steps
        .iter()
        .map(|(name, operand)| step(name, operand).map_err(|error| error.at(name)))
        .collect()
}

fn no_steps() -> Error {
    Error::bad_value("takes an object of `and`, `or` and `xor`")
}

fn step(name: &str, operand: &Value) -> Result<BitStep> {
    let operator = match name {
        "and" => BitOperator::And,
        "or" => BitOperator::Or,
        "xor" => BitOperator::Xor,
        _ => return Err(no_steps()),
    };
    let operand = Whole::of(operand);
    let operand = operand.ok_or_else(|| Error::bad_value("takes an int or a long"))?;
    Ok(BitStep { operator, operand })
}

/// The new value of a field under `$bit`. A missing one is zero.
///
/// # Errors
/// 2 for a field that is no whole number.
pub(super) fn bits(stored: Option<&Value>, steps: &[BitStep]) -> Result<Value> {
    let start = match stored {
        None => Whole::Int(0),
        Some(stored) => Whole::of(stored)
            .ok_or_else(|| Error::bad_value("the field is there and neither int nor long"))?,
    };
    Ok(steps.iter().fold(start, |bits, step| step.apply(bits)).into())
}

impl BitStep {
    /// An int meets a long with its sign carried on.
    fn apply(self, bits: Whole) -> Whole {
        match (bits, self.operand) {
            (Whole::Int(left), Whole::Int(right)) => Whole::Int(match self.operator {
                BitOperator::And => left & right,
                BitOperator::Or => left | right,
                BitOperator::Xor => left ^ right,
            }),
            (left, right) => {
                let (left, right) = (left.to_long(), right.to_long());
                Whole::Long(match self.operator {
                    BitOperator::And => left & right,
                    BitOperator::Or => left | right,
                    BitOperator::Xor => left ^ right,
                })
            }
        }
    }
}
