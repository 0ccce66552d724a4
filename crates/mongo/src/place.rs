//! A place in an order as a condition: what lies on one side of it, so that an index leads there at any
//! depth.
//!
//! A condition on an array holds if it does of any element, and a sort goes by one of them. Before a place that
//! comes to the same. Behind it the condition finds more than it should, where there are arrays: records
//! that come first and are seen to lie before the place. And towards a place arrays come by another of their
//! elements. Where either is met, a walk has to find the page. This file knows no server.

use filedex::{Document, Plan, Position, Start, Value};
use filedex_query::{DocumentRef, SortKeySpec, ValueRef};

/// Where a page begins or ends.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// What records satisfy that lie on that side of it, and at times others.
    pub(crate) bound: Document,
    /// Where it lies among the keys of the sort.
    key: Vec<u8>,
    is_end: bool,
}

impl Place {
    /// The place, if servers can be asked for what is beside it.
    pub(crate) fn of(plan: &Plan, start: &Start) -> filedex::Result<Option<Place>> {
        let (position, is_end) = match start {
            Start::After(position) => (position, false),
            Start::Before(position) => (position, true),
            _ => return Ok(None),
        };
        let key = plan.sort().key_of(position)?;
        Ok(bound(plan, position, is_end).map(|bound| Place { bound, key, is_end }))
    }

    /// Whether the page ends there, so that what is next to it comes last.
    pub(crate) fn is_end(&self) -> bool {
        self.is_end
    }

    /// Whether a record of that key lies on its side.
    pub(crate) fn has(&self, key: &[u8]) -> bool {
        if self.is_end { key < &*self.key } else { key > &*self.key }
    }

    /// Whether records that come towards it come in the reversed order of the sort, as far as this one goes.
    pub(crate) fn is_reversible(&self, plan: &Plan, record: DocumentRef<'_>) -> bool {
        let mut names = plan.sort().keys().iter().filter_map(|key| key.path.as_name());
        !self.is_end || !names.any(|name| matches!(record.get(name), Some(ValueRef::Array(_))))
    }
}

/// What satisfies the order on one side of the position: beside it by the first key, or the same by that and
/// beside it by the next, and so on to the `_id`.
fn bound(plan: &Plan, position: &Position, is_end: bool) -> Option<Document> {
    let keys = plan.sort().keys();
    let is_said = |key: &SortKeySpec| key.path.as_name().is_some();
    if keys.is_empty() || !keys.iter().all(is_said) || position.id().as_str().is_none() {
        return None;
    }
    let (mut alternatives, mut same) = (Vec::new(), Vec::new());
    for (key, value) in keys.iter().zip(position.values()) {
        let up = key.descending == is_end;
        for beside in beside(key, value, up)? {
            alternatives.push(all(&same, beside));
        }
        same.push(equal(key, value));
    }
    let up = keys.last().is_some_and(|key| key.descending) == is_end;
    let id = Document::new().with(if up { "$gt" } else { "$lt" }, position.id().clone());
    alternatives.push(all(&same, Document::new().with("_id", id)));
    Some(Document::new().with("$or", alternatives))
}

fn all(same: &[Document], beside: Document) -> Value {
    let mut members: Vec<Value> = same.iter().cloned().map(Value::Document).collect();
    if members.is_empty() {
        return Value::Document(beside);
    }
    members.push(Value::Document(beside));
    Value::Document(Document::new().with("$and", members))
}

fn equal(key: &SortKeySpec, value: &Value) -> Document {
    Document::new().with(key.path.text(), value.clone())
}

/// BSON's types by their numbers, in the order of their values; types of one rank compare by value.
const RANKS: [&[i32]; 17] = [
    &[-1],
    &[6],
    &[10],
    &[1, 16, 18, 19],
    &[2, 14],
    &[3],
    ARRAY,
    &[5],
    &[7],
    &[8],
    &[9],
    &[17],
    &[11],
    &[12],
    &[13],
    &[15],
    &[127],
];
const ARRAY: &[i32] = &[4];
const NULL: usize = 2;
const NUMBER: usize = 3;

/// The rank of values that servers compare as the sort does. Of others a place can't be said.
fn rank(value: &Value) -> Option<usize> {
    match value {
        Value::Null => Some(NULL),
        Value::Int(_) | Value::Long(_) => Some(NUMBER),
        Value::Double(number) if !number.is_nan() => Some(NUMBER),
        Value::String(_) => Some(4),
        Value::ObjectId(_) => Some(8),
        Value::Bool(_) => Some(9),
        Value::Date(_) => Some(10),
        _ => None,
    }
}

/// What values satisfy that are greater, or less: those of the same type, and those of types beyond it.
fn beside(key: &SortKeySpec, value: &Value, up: bool) -> Option<Vec<Document>> {
    let rank = rank(value)?;
    let on = |test: Value| Document::new().with(key.path.text(), test);
    let test = |operator: &str, operand: Value| on(Document::new().with(operator, operand).into());
    let beyond = if up { RANKS.get(rank + 1..)? } else { RANKS.get(..rank)? };
    let types = beyond.iter().filter(|types| **types != ARRAY).copied().flatten();
    let types: Vec<Value> = types.map(|kind| Value::Int(*kind)).collect();
    let mut any = vec![test("$type", types.into())];
    if *value != Value::Null {
        any.insert(0, test(if up { "$gt" } else { "$lt" }, value.clone()));
    }
    if beyond.contains(&ARRAY) {
        // The type of an element: that of the field is an array's wherever its elements lie.
        let element = Document::new().with("$type", Value::Int(4));
        any.push(test("$elemMatch", element.into()));
    }
    if !up {
        // An array without elements comes before everything (an index leads to those that are or hold one), what
        // is missing is null, and what is not a number is the least of numbers.
        let alone: Vec<Value> =
            vec![on(Value::Array(Vec::new())).into(), test("$size", Value::Int(0)).into()];
        any.push(Document::new().with("$and", alone));
        any.extend((rank > NULL).then(|| on(Value::Null)));
        any.extend((rank == NUMBER).then(|| on(Value::Double(f64::NAN))));
    }
    Some(any)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use filedex::{Date, Document, Environment, Filter, ObjectId, Plan, Start, Value};
    use filedex_query::{Projection, Sort};
    use proptest::prelude::*;

    use super::Place;

    fn value() -> impl Strategy<Value = Value> {
        let plain = prop_oneof![
            4 => (0..6_i32).prop_map(Value::Int),
            1 => (0..12_i32).prop_map(|half| Value::Double(f64::from(half) / 2.0)),
            1 => Just(Value::Double(f64::NAN)),
            1 => Just(Value::Null),
            1 => Just(Value::MinKey),
            1 => Just(Value::MaxKey),
            2 => "[ab]{0,2}".prop_map(Value::String),
            1 => any::<bool>().prop_map(Value::Bool),
            2 => (0..4_i64).prop_map(|time| Value::Date(Date(time))),
            1 => (0..3_u8).prop_map(|byte| Value::ObjectId(ObjectId([byte; 12]))),
            1 => (0..3_i32).prop_map(|x| Value::Document(Document::new().with("x", x))),
        ];
        plain.prop_recursive(2, 6, 3, |inner| {
            proptest::collection::vec(inner, 0..3).prop_map(Value::Array)
        })
    }

    fn record() -> impl Strategy<Value = Document> {
        let field = || proptest::option::weighted(0.85, value());
        (0..9_u8, field(), field()).prop_map(|(id, a, b)| {
            let record = Document::new().with("_id", format!("f{id}"));
            let record = a.into_iter().fold(record, |record, a| record.with("a", a));
            b.into_iter().fold(record, |record, b| record.with("b", b))
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// Every record on that side satisfies the condition; before the place no other does, nor where no
        /// array is.
        #[test]
        fn the_condition_of_a_place_finds_what_lies_beside_it(
            (place, other) in (record(), record()),
            sort in proptest::sample::select(&[
                r#"{"a":1}"#, r#"{"a":-1}"#, r#"{"a":1,"b":-1}"#, r#"{"_id":-1}"#,
            ][..]),
            is_end in any::<bool>(),
        ) {
            let environment = Environment::default();
            let sort = Sort::parse_text(sort, &environment).unwrap();
            let plan = |filter, sort| {
                Plan::compile(filter, Projection::everything(), sort, &environment).unwrap()
            };
            let ordered = plan(Filter::all(), sort.clone());
            // Two paths into two arrays are no order.
            let (Ok(position), Ok(key)) =
                (sort.position(place.view()), sort.key_with_id(other.view()))
            else {
                return Ok(());
            };
            let start = if is_end { Start::Before(position) } else { Start::After(position) };
            let Some(place) = Place::of(&ordered, &start).unwrap() else { return Ok(()) };
            let bound = Filter::parse(&place.bound, &environment).unwrap();
            let is_found = plan(bound, Sort::none()).matcher().matches(other.view()).unwrap();
            let is_beside = place.has(&key);
            prop_assert!(is_found || !is_beside, "{:?}", place);
            let has_array = other.iter().any(|(_, value)| value.as_array().is_some());
            if is_end || !has_array {
                prop_assert_eq!(is_found, is_beside, "{:?}", place);
            }
        }
    }
}
