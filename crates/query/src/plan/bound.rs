//! What one condition proves about one field: that its value is one of some points, or in a range; or
//! about two fields in their order, as clients ask that page by the last record they have seen.
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
    /// The values of two fields lie between these pairs, in the order of the first field and, where that is
    /// equal, of the second. Exact for records whose second field is of its value's rank.
    Pairs {
        /// The fields' names, the more important one first.
        fields: [String; 2],
        /// Where the range begins; unbounded means at the first value of the first field's rank.
        lower: End<[Value; 2]>,
        /// Where it ends; unbounded means at the last value of the first field's rank.
        upper: End<[Value; 2]>,
    },
}

impl Bound {
    /// The bound that the condition is, if it is one.
    ///
    /// ```
    /// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; }
    /// use filedex::language::Bound;
    /// use filedex::{Environment, Filter};
    /// let filter = Filter::parse_text(r#"{"rid": "GENERAL"}"#, &Environment::default())?;
    /// assert_eq!(Bound::of(&filter).map(|bound| bound.to_string()), Some("rid = \"GENERAL\"".into()));
    /// # Ok::<(), filedex_query::Error>(())
    /// ```
    pub fn of(condition: &Filter) -> Option<Bound> {
        match condition {
            Filter::Field { path, test } => of_test(path.as_name()?, test),
            Filter::Or(members) => of_alternatives(members).or_else(|| of_pair(members)),
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
            Bound::Range { lower, upper, .. } => {
                [lower, upper].into_iter().filter_map(end_of).any(is_text)
            }
            Bound::Pairs { lower, upper, .. } => {
                [lower, upper].into_iter().filter_map(end_of).flatten().any(is_text)
            }
        }
    }

    /// The fields that the bound speaks of, the most important one first.
    pub fn fields(&self) -> &[String] {
        match self {
            Bound::Points { field, .. } | Bound::Range { field, .. } => std::slice::from_ref(field),
            Bound::Pairs { fields, .. } => fields,
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

/// Of two alternatives, that one field lies past a value, or is that value while another lies past one in
/// the same direction: the pair of the two lies past a pair.
fn of_pair(members: &[Filter]) -> Option<Bound> {
    let [one, other] = members else { return None };
    let (past, tie) = if matches!(other, Filter::And(_)) { (one, other) } else { (other, one) };
    let Some(Bound::Range { field, lower, upper }) = Bound::of(past) else { return None };
    let [one, other] = tie.conjuncts() else { return None };
    let (equal, then) = match (Bound::of(one)?, Bound::of(other)?) {
        (equal @ Bound::Points { .. }, then) => (equal, then),
        (then, equal) => (equal, then),
    };
    let Bound::Points { field: same, values } = equal else { return None };
    let Bound::Range { field: second, lower: second_lower, upper: second_upper } = then else {
        return None;
    };
    let [value] = values.as_slice() else { return None };
    let fields = [field, second];
    let is_tie = |first: &Value| fields.first() == Some(&same) && first == value;
    match (lower, upper, second_lower, second_upper) {
        (End::Excluded(first), End::Unbounded, lower, End::Unbounded) if is_tie(&first) => {
            let lower = paired(first, lower)?;
            Some(Bound::Pairs { fields, lower, upper: End::Unbounded })
        }
        (End::Unbounded, End::Excluded(first), End::Unbounded, upper) if is_tie(&first) => {
            let upper = paired(first, upper)?;
            Some(Bound::Pairs { fields, lower: End::Unbounded, upper })
        }
        _ => None,
    }
}

/// The end of a pair whose second value ends there.
fn paired(first: Value, second: End<Value>) -> Option<End<[Value; 2]>> {
    match second {
        End::Included(second) => Some(End::Included([first, second])),
        End::Excluded(second) => Some(End::Excluded([first, second])),
        End::Unbounded => None,
    }
}

fn end_of<T>(end: &End<T>) -> Option<&T> {
    match end {
        End::Included(value) | End::Excluded(value) => Some(value),
        End::Unbounded => None,
    }
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
                write_ends(f, lower, upper, text)
            }
            Bound::Pairs { fields: [first, second], lower, upper } => {
                write!(f, "({first}, {second})")?;
                let pair =
                    |[first, second]: &[Value; 2]| format!("({}, {})", text(first), text(second));
                write_ends(f, lower, upper, pair)
            }
        }
    }
}

/// The one end that a condition has.
fn write_ends<T>(
    f: &mut fmt::Formatter<'_>,
    lower: &End<T>,
    upper: &End<T>,
    text: impl Fn(&T) -> String,
) -> fmt::Result {
    match (lower, upper) {
        (End::Included(value), _) => write!(f, " >= {}", text(value)),
        (End::Excluded(value), _) => write!(f, " > {}", text(value)),
        (_, End::Included(value)) => write!(f, " <= {}", text(value)),
        (_, End::Excluded(value)) => write!(f, " < {}", text(value)),
        _ => Ok(()),
    }
}
