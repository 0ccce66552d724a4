//! Random values and documents for property tests: few names and close values, so that they meet.

use filedex_query::{Binary, Date, Decimal, Document, ObjectId, Regex, Timestamp, Value};
use proptest::prelude::*;

/// Numbers at and around the edges where kinds meet.
pub(crate) fn number() -> impl Strategy<Value = Value> {
    prop_oneof![
        (-3..4i32).prop_map(Value::Int),
        any::<i32>().prop_map(Value::Int),
        prop_oneof![
            Just(i64::MAX),
            Just(i64::MIN),
            Just((1 << 53) + 1),
            Just(1 << 53),
            -3..4i64,
            any::<i64>()
        ]
        .prop_map(Value::Long),
        prop_oneof![
            Just(f64::NAN),
            Just(f64::INFINITY),
            Just(f64::NEG_INFINITY),
            Just(-0.0),
            Just(0.1),
            Just(9_007_199_254_740_992.0),
            Just(9_223_372_036_854_775_808.0),
            (-3..4i32).prop_map(|half| f64::from(half) / 2.0),
            any::<f64>()
        ]
        .prop_map(Value::Double),
        decimal().prop_map(Value::Decimal),
    ]
}

fn decimal() -> impl Strategy<Value = Decimal> {
    prop_oneof![
        Just("NaN".to_owned()),
        Just("Infinity".to_owned()),
        Just("-Infinity".to_owned()),
        Just("0.1".to_owned()),
        Just("9007199254740993".to_owned()),
        Just("1E-6176".to_owned()),
        Just("-1E+6111".to_owned()),
        (-300..300i32, -3..3i32).prop_map(|(digits, exponent)| format!("{digits}E{exponent}")),
        (any::<i64>(), -340..340i32).prop_map(|(digits, exponent)| format!("{digits}E{exponent}")),
    ]
    .prop_map(|text| text.parse().unwrap())
}

/// Texts that are short and often equal, with the awkward letters among them.
pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ab]{0,3}",
        Just("\0".to_owned()),
        Just("a\0".to_owned()),
        Just("a\0b".to_owned()),
        Just("\u{ffff}".to_owned()),
        Just("\u{10000}".to_owned()),
        any::<String>(),
    ]
}

/// A value without values inside.
pub(crate) fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        6 => number(),
        5 => text().prop_map(Value::String),
        2 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::Bool),
        1 => (-2..3i64).prop_map(|time| Value::Date(Date(time))),
        1 => any::<i64>().prop_map(|time| Value::Date(Date(time))),
        1 => any::<[u8; 12]>().prop_map(|id| Value::ObjectId(ObjectId(id))),
        1 => (any::<u8>(), proptest::collection::vec(any::<u8>(), 0..4))
            .prop_map(|(subtype, bytes)| Value::Binary(Binary { subtype, bytes })),
        1 => (any::<u32>(), any::<u32>())
            .prop_map(|(time, increment)| Value::Timestamp(Timestamp { time, increment })),
        1 => ("[ab]{0,2}", "i?")
            .prop_map(|(pattern, options)| Value::Regex(Regex { pattern, options })),
        1 => text().prop_map(Value::Symbol),
        1 => prop_oneof![Just(Value::MinKey), Just(Value::MaxKey), Just(Value::Undefined)],
    ]
}

/// Any value, nested up to four levels.
pub(crate) fn value() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            fields(inner).prop_map(Value::Document),
        ]
    })
}

/// A document with fields of few names.
pub(crate) fn document() -> impl Strategy<Value = Document> {
    fields(value().boxed())
}

fn fields<S: Strategy<Value = Value> + 'static>(inner: S) -> impl Strategy<Value = Document> {
    proptest::collection::btree_map("[abc0]", inner, 0..4)
        .prop_map(|fields| fields.into_iter().collect())
}
