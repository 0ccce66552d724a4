//! Random documents and filters over few names and values, so that they meet.

use filedex_query::{Binary, Date, Document, ObjectId, Regex, Timestamp, Value};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

const NAMES: [&str; 4] = ["a", "b", "0", "1"];

/// A record-like document.
pub(crate) fn document() -> BoxedStrategy<Document> {
    let fields = (option(value()), option(value()), option(value()));
    fields
        .prop_map(|(a, b, zero)| {
            let named = [("a", a), ("b", b), ("0", zero)].into_iter();
            named.filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
        })
        .boxed()
}

/// A valid filter.
pub(crate) fn filter() -> BoxedStrategy<Document> {
    let fields = vec((path(), condition(2)), 0..3).prop_map(|fields| fields.into_iter().collect());
    fields.prop_recursive(3, 12, 3, |inner| joined(inner.boxed())).boxed()
}

/// Any value, nested a few levels.
pub(crate) fn value() -> BoxedStrategy<Value> {
    scalar()
        .prop_recursive(3, 16, 3, |inner| {
            prop_oneof![
                3 => vec(inner.clone(), 0..4).prop_map(Value::Array),
                2 => vec((select(NAMES.as_slice()), inner), 0..3).prop_map(distinct),
            ]
        })
        .boxed()
}

fn joined(inner: BoxedStrategy<Document>) -> BoxedStrategy<Document> {
    let entries = vec(inner.clone(), 1..3)
        .prop_map(|entries| Value::Array(entries.into_iter().map(Value::Document).collect()));
    prop_oneof![
        3 => (select(&["$and", "$or", "$nor"][..]), entries.clone()).prop_map(single),
        1 => (select(&["$or", "$nor"][..]), entries, path(), condition(1)).prop_map(
            |(name, entries, path, condition)| {
                Document::new().with(path, condition).with(name, entries)
            }
        ),
    ]
    .boxed()
}

fn path() -> BoxedStrategy<String> {
    vec(select(NAMES.as_slice()), 1..4).prop_map(|parts| parts.join(".")).boxed()
}

/// What stands on a field: a literal, a pattern, or one to three operators.
pub(crate) fn condition(depth: u32) -> BoxedStrategy<Value> {
    prop_oneof![
        2 => literal(),
        1 => regex().prop_map(Value::Regex),
        6 => operators(depth).prop_map(Value::Document),
    ]
    .boxed()
}

fn operators(depth: u32) -> BoxedStrategy<Document> {
    vec(operator(depth), 1..3)
        .prop_map(|parts| parts.into_iter().flatten().collect::<Document>())
        .prop_filter("one $regex only", |document| {
            document.iter().filter(|(name, _)| *name == "$regex").count() < 2
        })
        .boxed()
}

fn operator(depth: u32) -> BoxedStrategy<Document> {
    let flat = prop_oneof![
        (select(&["$eq", "$ne", "$gt", "$gte", "$lt", "$lte"][..]), literal()).prop_map(single),
        (select(&["$in", "$nin", "$all"][..]), members()).prop_map(single),
        (
            Just("$exists"),
            select(vec![Value::Bool(true), Value::Bool(false), Value::Null, Value::Int(1)])
        )
            .prop_map(single),
        (Just("$type"), types()).prop_map(single),
        (Just("$size"), (0..3).prop_map(Value::Int)).prop_map(single),
        (Just("$mod"), (select(vec![2, 3, -2]), -1..2)).prop_map(|(name, (divisor, remainder))| {
            single((name, Value::Array(vec![Value::Int(divisor), Value::Int(remainder)])))
        }),
        (select(&["$bitsAllSet", "$bitsAllClear", "$bitsAnySet", "$bitsAnyClear"][..]), mask())
            .prop_map(single),
        regex().prop_map(|regex| {
            Document::new().with("$regex", regex.pattern).with("$options", regex.options)
        }),
    ];
    if depth == 0 {
        return flat.boxed();
    }
    let element = prop_oneof![operators(depth - 1), filter_of_element(depth - 1),];
    let elements = vec(filter_of_element(depth - 1), 1..3).prop_map(|filters| {
        let members = filters.into_iter().map(|filter| single(("$elemMatch", filter)));
        single(("$all", members.map(Value::Document).collect::<Vec<Value>>()))
    });
    prop_oneof![
        6 => flat,
        2 => element.prop_map(|argument| single(("$elemMatch", argument))),
        1 => elements,
        1 => operators(depth - 1).prop_map(|argument| single(("$not", argument))),
        1 => regex().prop_map(|regex| single(("$not", Value::Regex(regex)))),
    ]
    .boxed()
}

fn filter_of_element(depth: u32) -> BoxedStrategy<Document> {
    let fields = vec((path(), condition(depth)), 0..3);
    let fields = fields.prop_map(|fields| fields.into_iter().collect::<Document>());
    prop_oneof![
        4 => fields.clone(),
        1 => (select(&["$or", "$nor", "$and"][..]), vec(fields, 1..3)).prop_map(|(name, entries)| {
            single((name, entries.into_iter().map(Value::Document).collect::<Vec<Value>>()))
        }),
    ]
    .boxed()
}

/// A value that may stand as an operand of any comparison.
fn literal() -> BoxedStrategy<Value> {
    value()
        .prop_filter("no operand of an order", |value| {
            !matches!(value, Value::Undefined | Value::Regex(_))
        })
        .boxed()
}

fn members() -> BoxedStrategy<Value> {
    let member = prop_oneof![5 => literal(), 1 => regex().prop_map(Value::Regex)];
    vec(member, 0..4).prop_map(Value::Array).boxed()
}

fn types() -> BoxedStrategy<Value> {
    let names =
        ["number", "int", "double", "string", "array", "object", "null", "undefined", "bool"];
    let one = prop_oneof![
        4 => select(names.to_vec()).prop_map(Value::from),
        1 => select(vec![1, 2, 3, 4, 10, 16, 127, -1]).prop_map(Value::Int),
    ];
    prop_oneof![one.clone(), vec(one, 1..3).prop_map(Value::Array)].boxed()
}

fn mask() -> BoxedStrategy<Value> {
    let positions = vec(select(vec![0, 1, 2, 62, 63, 70]).prop_map(Value::Int), 0..3);
    prop_oneof![(0..5).prop_map(Value::Int), positions.prop_map(Value::Array)].boxed()
}

fn regex() -> BoxedStrategy<Regex> {
    let pattern = select(vec!["a", "^a", "^ab", "b", "^[b-d]", "x", ""]);
    (pattern, select(vec!["", "i"]))
        .prop_map(|(pattern, options)| Regex {
            pattern: pattern.to_owned(),
            options: options.to_owned(),
        })
        .boxed()
}

fn scalar() -> BoxedStrategy<Value> {
    prop_oneof![
        4 => (-2..4).prop_map(Value::Int),
        2 => Just(Value::Null),
        2 => select(vec!["", "a", "ab", "b", "B"]).prop_map(Value::from),
        1 => select(vec![-0.0, 0.5, 1.0, 2.0, f64::NAN, f64::INFINITY, 1e300]).prop_map(Value::Double),
        1 => select(vec![1, -1, i64::MAX]).prop_map(Value::Long),
        1 => select(vec!["1", "0.5", "NaN", "-Infinity", "2.00"])
            .prop_map(|text| Value::Decimal(text.parse().unwrap())),
        1 => any::<bool>().prop_map(Value::Bool),
        1 => rare(),
    ]
    .boxed()
}

fn rare() -> BoxedStrategy<Value> {
    let binary = |bytes: &[u8]| Value::Binary(Binary { subtype: 0, bytes: bytes.to_vec() });
    prop_oneof![
        Just(Value::Undefined),
        Just(Value::MinKey),
        Just(Value::MaxKey),
        (0..2_i64).prop_map(|ms| Value::Date(Date(ms))),
        (0..2_u32).prop_map(|time| Value::Timestamp(Timestamp { time, increment: 1 })),
        Just(Value::ObjectId(ObjectId([7; 12]))),
        select(vec![binary(&[]), binary(&[1]), binary(&[2, 1])]),
        regex().prop_map(Value::Regex),
    ]
    .boxed()
}

fn option(value: BoxedStrategy<Value>) -> BoxedStrategy<Option<Value>> {
    proptest::option::weighted(0.85, value).boxed()
}

fn single((name, value): (&'static str, impl Into<Value>)) -> Document {
    Document::new().with(name, value)
}

fn distinct(fields: Vec<(&'static str, Value)>) -> Value {
    let mut document = Document::new();
    for (name, value) in fields {
        document.set(name, value);
    }
    Value::Document(document)
}
