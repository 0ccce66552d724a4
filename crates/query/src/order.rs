//! BSON's total order of values, and MongoDB's equality.
//!
//! The one comparator: matchers, `$in`, expressions and, through [`crate::key`], sorts and stored
//! keys rank values as this file does (MongoDB manual, "Comparison/Sort Order"). Numbers of all four
//! kinds compare by exact value.

use std::cmp::Ordering;

use bigdecimal::BigDecimal;

use crate::{ArrayRef, Collation, Decimal, DocumentRef, ValueRef};

/// How two texts compare.
trait Texts: Copy {
    fn compare(self, left: &str, right: &str) -> Ordering;
}

/// Texts by their bytes.
#[derive(Clone, Copy)]
struct Bytes;

impl Texts for Bytes {
    #[inline]
    fn compare(self, left: &str, right: &str) -> Ordering {
        left.as_bytes().cmp(right.as_bytes())
    }
}

impl Texts for &Collation {
    fn compare(self, left: &str, right: &str) -> Ordering {
        Collation::compare(self, left, right)
    }
}

/// Where the value's kind stands: values of unlike rank compare by rank alone.
pub fn rank(value: ValueRef<'_>) -> u8 {
    match value {
        ValueRef::MinKey => 1,
        ValueRef::Undefined => 2,
        ValueRef::Null => 3,
        ValueRef::Int(_) | ValueRef::Long(_) | ValueRef::Double(_) | ValueRef::Decimal(_) => 4,
        ValueRef::String(_) | ValueRef::Symbol(_) => 5,
        ValueRef::Document(_) => 6,
        ValueRef::Array(_) => 7,
        ValueRef::Binary { .. } => 8,
        ValueRef::ObjectId(_) => 9,
        ValueRef::Bool(_) => 10,
        ValueRef::Date(_) => 11,
        ValueRef::Timestamp(_) => 12,
        ValueRef::Regex { .. } => 13,
        ValueRef::Code(_) => 14,
        ValueRef::MaxKey => 15,
    }
}

/// MongoDB's equality: exact across kinds of number, field order counts, NaN equals NaN.
pub fn equal(left: ValueRef<'_>, right: ValueRef<'_>) -> bool {
    match (left, right) {
        (ValueRef::String(a), ValueRef::String(b)) => a == b,
        _ => compare(left, right) == Ordering::Equal,
    }
}

/// The total order over all values.
///
/// ```
/// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; }
/// use filedex::language::order;
/// use filedex::Value;
/// use std::cmp::Ordering;
/// let (one, text) = (Value::Double(1.0), Value::from("1"));
/// assert_eq!(order::compare(one.view(), text.view()), Ordering::Less);
/// assert!(order::equal(one.view(), Value::Int(1).view()));
/// ```
pub fn compare(left: ValueRef<'_>, right: ValueRef<'_>) -> Ordering {
    compare_with(Bytes, left, right)
}

/// The total order over all values with texts as the collation has them, at any depth; names of fields
/// stay by their bytes.
///
/// ```
/// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; }
/// use filedex::language::order;
/// use filedex::{Collation, Value, ejson};
/// let text = r#"{"locale": "en", "strength": 1}"#;
/// let collation = Collation::parse(&ejson::read_document(text, &Default::default())?)?;
/// let (left, right) = (Value::from(vec![Value::from("É")]), Value::from(vec![Value::from("e")]));
/// assert!(order::compare_by(&collation, left.view(), right.view()).is_eq());
/// # Ok::<(), filedex_query::Error>(())
/// ```
pub fn compare_by(collation: &Collation, left: ValueRef<'_>, right: ValueRef<'_>) -> Ordering {
    match collation.is_simple() {
        true => compare_with(Bytes, left, right),
        false => compare_with(collation, left, right),
    }
}

#[inline]
fn compare_with(texts: impl Texts, left: ValueRef<'_>, right: ValueRef<'_>) -> Ordering {
    match (left, right) {
        (ValueRef::String(a), ValueRef::String(b)) => texts.compare(a, b),
        (ValueRef::Int(a), ValueRef::Int(b)) => a.cmp(&b),
        _ => rank(left).cmp(&rank(right)).then_with(|| compare_alike(texts, left, right)),
    }
}

/// Compares two values of one rank.
fn compare_alike(texts: impl Texts, left: ValueRef<'_>, right: ValueRef<'_>) -> Ordering {
    use ValueRef::*;
    match (left, right) {
        (Document(a), Document(b)) => compare_documents(texts, a, b),
        (Array(a), Array(b)) => compare_arrays(texts, a, b),
        (Binary { subtype: s, bytes: a }, Binary { subtype: t, bytes: b }) => {
            a.len().cmp(&b.len()).then(s.cmp(&t)).then_with(|| a.cmp(b))
        }
        (ObjectId(a), ObjectId(b)) => a.cmp(&b),
        (Bool(a), Bool(b)) => a.cmp(&b),
        (Date(a), Date(b)) => a.cmp(&b),
        (Timestamp(a), Timestamp(b)) => a.cmp(&b),
        (Regex { pattern: a, options: s }, Regex { pattern: b, options: t }) => {
            a.cmp(b).then_with(|| s.cmp(t))
        }
        (Code(a), Code(b)) => a.cmp(b),
        _ => match (left.as_text(), right.as_text()) {
            (Some(a), Some(b)) => texts.compare(a, b),
            _ => compare_numbers(left, right),
        },
    }
}

/// Field by field: the ranks of the values, then the names, then the values. The shorter is less.
fn compare_documents(texts: impl Texts, left: DocumentRef<'_>, right: DocumentRef<'_>) -> Ordering {
    let (mut left, mut right) = (left.iter(), right.iter());
    loop {
        let ((name, value), (other_name, other)) = match (left.next(), right.next()) {
            (Some(field), Some(other)) => (field, other),
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
        };
        let order = rank(value)
            .cmp(&rank(other))
            .then_with(|| name.as_bytes().cmp(other_name.as_bytes()))
            .then_with(|| compare_with(texts, value, other));
        if order != Ordering::Equal {
            return order;
        }
    }
}

fn compare_arrays(texts: impl Texts, left: ArrayRef<'_>, right: ArrayRef<'_>) -> Ordering {
    let (mut left, mut right) = (left.iter(), right.iter());
    loop {
        let order = match (left.next(), right.next()) {
            (Some(value), Some(other)) => compare_with(texts, value, other),
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// Compares two numbers by exact value: NaN is below all others and equals itself. Values that are
/// no numbers compare as equal.
pub fn compare_numbers(left: ValueRef<'_>, right: ValueRef<'_>) -> Ordering {
    use ValueRef::{Decimal, Double};
    match (left, right) {
        (Decimal(a), Decimal(b)) => compare_decimals(a, b),
        (Decimal(a), Double(b)) => compare_decimal_with_double(a, b),
        (Double(a), Decimal(b)) => compare_decimal_with_double(b, a).reverse(),
        (Double(a), Double(b)) => compare_doubles(a, b),
        _ => match (integer(left), integer(right)) {
            (Some(a), Some(b)) => a.cmp(&b),
            (Some(a), None) => compare_integer(a, right),
            (None, Some(b)) => compare_integer(b, left).reverse(),
            (None, None) => Ordering::Equal,
        },
    }
}

fn integer(value: ValueRef<'_>) -> Option<i64> {
    match value {
        ValueRef::Int(number) => Some(i64::from(number)),
        ValueRef::Long(number) => Some(number),
        _ => None,
    }
}

fn compare_integer(integer: i64, other: ValueRef<'_>) -> Ordering {
    match other {
        ValueRef::Double(other) => compare_integer_with_double(integer, other),
        ValueRef::Decimal(other) => compare_decimals(Decimal::from(integer), other),
        _ => Ordering::Equal,
    }
}

fn compare_doubles(left: f64, right: f64) -> Ordering {
    left.partial_cmp(&right).unwrap_or_else(|| right.is_nan().cmp(&left.is_nan()))
}

/// Exact: the double is compared as a whole number first, then its fraction decides.
fn compare_integer_with_double(integer: i64, double: f64) -> Ordering {
    const PAST_LARGEST: f64 = 9_223_372_036_854_775_808.0;
    if double.is_nan() || double < -PAST_LARGEST {
        return Ordering::Greater;
    }
    if double >= PAST_LARGEST {
        return Ordering::Less;
    }
    let whole = double.trunc();
    integer.cmp(&(whole as i64)).then_with(|| compare_doubles(whole, double))
}

fn compare_decimals(left: Decimal, right: Decimal) -> Ordering {
    match (left.to_big(), right.to_big()) {
        (Some(left), Some(right)) => left.cmp(&right),
        _ => compare_doubles(stand_in(left), stand_in(right)),
    }
}

fn compare_decimal_with_double(decimal: Decimal, double: f64) -> Ordering {
    match (decimal.to_big(), BigDecimal::try_from(double)) {
        (Some(decimal), Ok(double)) => decimal.cmp(&double),
        _ => compare_doubles(stand_in(decimal), double),
    }
}

/// A double that stands for the decimal where the other side is NaN or infinite.
fn stand_in(decimal: Decimal) -> f64 {
    match (decimal.is_nan(), decimal.is_infinite(), decimal.is_negative()) {
        (true, _, _) => f64::NAN,
        (_, true, true) => f64::NEG_INFINITY,
        (_, true, false) => f64::INFINITY,
        _ => 0.0,
    }
}
