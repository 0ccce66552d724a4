//! What one condition proves about one field: that its value is one of some points, or in a range.
//!
//! A bound is exact for records in which the field is no array: an array satisfies a condition by any
//! of its elements. Stores keep such records apart.

use std::fmt;
use std::ops::Bound as End;

use crate::ejson::{self, Form};
use crate::{Collation, Filter, Test, Value, ValueRef};

/// What a condition says of one field.
#[derive(Clone, Debug, PartialEq)]
pub enum Bound {
    /// The value is one of these. Null also stands for a missing field.
    Points {
        /// The field's name.
        field: String,
        /// The values, in the order of the filter.
        values: Vec<Value>,
    },
    /// The value lies between these, among values of their rank.
    Range {
        /// The field's name.
        field: String,
        /// Where the range begins; unbounded means at the first value of the rank.
        lower: End<Value>,
        /// Where it ends; unbounded means at the last value of the rank.
        upper: End<Value>,
    },
}

impl Bound {
    /// The bound that the condition is, if it is one.
    ///
    /// ```
    /// use filedex_query::{Bound, Environment, Filter};
    /// let filter = Filter::parse_text(r#"{"rid": "GENERAL"}"#, &Environment::default())?;
    /// assert_eq!(Bound::of(&filter).map(|bound| bound.to_string()), Some("rid = \"GENERAL\"".into()));
    /// # Ok::<(), filedex_query::Error>(())
    /// ```
    pub fn of(condition: &Filter) -> Option<Bound> {
        match condition {
            Filter::Field { path, test } => of_test(path.as_name()?, test),
            Filter::Or(members) => of_alternatives(members),
            _ => None,
        }
    }

    /// The same where texts may compare otherwise than by their bytes: then what compares with a text
    /// proves nothing, for lists lie in the order of bytes.
    pub(crate) fn under(collation: &Collation, condition: &Filter) -> Option<Bound> {
        Bound::of(condition).filter(|bound| collation.is_simple() || !bound.compares_texts())
    }

    fn compares_texts(&self) -> bool {
        let is_text = |value: &Value| value.view().as_text().is_some();
        match self {
            Bound::Points { values, .. } => values.iter().any(is_text),
            Bound::Range { lower, upper, .. } => [lower, upper].into_iter().any(|end| match end {
                End::Included(value) | End::Excluded(value) => is_text(value),
                End::Unbounded => false,
            }),
        }
    }

    /// The field that the bound speaks of.
    pub fn field(&self) -> &str {
        match self {
            Bound::Points { field, .. } | Bound::Range { field, .. } => field,
        }
    }
}

fn of_test(field: &str, test: &Test) -> Option<Bound> {
    let field = field.to_owned();
    let (lower, upper) = match test {
        Test::Eq(value) if is_point(value) => {
            return Some(Bound::Points { field, values: vec![value.clone()] });
        }
        Test::In { values, patterns } if patterns.is_empty() && values.iter().all(is_point) => {
            return Some(Bound::Points { field, values: values.clone() });
        }
        Test::Gt(value) if is_end(value) => (End::Excluded(value.clone()), End::Unbounded),
        Test::Gte(value) if is_end(value) => (End::Included(value.clone()), End::Unbounded),
        Test::Lt(value) if is_end(value) => (End::Unbounded, End::Excluded(value.clone())),
        Test::Lte(value) if is_end(value) => (End::Unbounded, End::Included(value.clone())),
        _ => return None,
    };
    Some(Bound::Range { field, lower, upper })
}

/// Alternatives that are all points of one field are points together.
fn of_alternatives(members: &[Filter]) -> Option<Bound> {
    let mut bounds = members.iter().map(Bound::of);
    let Some(Some(Bound::Points { field, mut values })) = bounds.next() else {
        return None;
    };
    for bound in bounds {
        match bound? {
            Bound::Points { field: other, values: more } if other == field => values.extend(more),
            _ => return None,
        }
    }
    Some(Bound::Points { field, values })
}

/// Scalars that equality compares as the order of keys does.
fn is_point(value: &Value) -> bool {
    matches!(
        value.view(),
        ValueRef::Null
            | ValueRef::Bool(_)
            | ValueRef::String(_)
            | ValueRef::Date(_)
            | ValueRef::ObjectId(_)
    ) || value.view().is_number()
}

/// Kinds whose comparison holds for every value of the rank. Numbers are left out: NaN is of their
/// rank, but neither less nor greater than another.
fn is_end(value: &Value) -> bool {
    matches!(value, Value::Date(_) | Value::String(_) | Value::ObjectId(_))
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |value: &Value| ejson::to_text(value.view(), Form::Relaxed);
        match self {
            Bound::Points { field, values } => match values.as_slice() {
                [value] => write!(f, "{field} = {}", text(value)),
                [first, rest @ ..] => {
                    write!(f, "{field} in [{}", text(first))?;
                    rest.iter().try_for_each(|value| write!(f, ", {}", text(value)))?;
                    f.write_str("]")
                }
                [] => write!(f, "{field} in []"),
            },
            Bound::Range { field, lower, upper } => {
                f.write_str(field)?;
                match (lower, upper) {
                    (End::Included(value), _) => write!(f, " >= {}", text(value)),
                    (End::Excluded(value), _) => write!(f, " > {}", text(value)),
                    (_, End::Included(value)) => write!(f, " <= {}", text(value)),
                    (_, End::Excluded(value)) => write!(f, " < {}", text(value)),
                    _ => Ok(()),
                }
            }
        }
    }
}
