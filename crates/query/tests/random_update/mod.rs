//! Random updates over the names and values of random documents, so that they meet.

use filedex_query::{Document, Value};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::random;

/// An update and what it is asked of.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) document: Document,
    pub(crate) update: Document,
    pub(crate) filters: Vec<Document>,
    pub(crate) position: Option<usize>,
    pub(crate) is_insert: bool,
}

/// Any of them. Most of them are right, and do something.
pub(crate) fn change() -> BoxedStrategy<Change> {
    let filters = vec(select(&["x", "y"][..]), 0..3).prop_flat_map(|names| {
        let mut names = names;
        names.sort_unstable();
        names.dedup();
        names.into_iter().map(filter).collect::<Vec<_>>()
    });
    let operators = vec(operator(), 1..3).prop_map(|operators| {
        let mut update = Document::new();
        for (name, paths) in operators {
            update.push(name, paths);
        }
        update
    });
    let position = proptest::option::weighted(0.8, 0..3usize);
    (document(), operators, filters, position, proptest::bool::weighted(0.1))
        .prop_map(|(document, update, filters, position, is_insert)| {
            // An unused filter makes any update fail, so most of them go.
            let text = format!("{update:?}");
            let is_used = |filter: &Document| {
                let name = filter.iter().next().unwrap().0.split('.').next().unwrap();
                text.contains(&format!("$[{name}]")) || text.len() % 16 == 0
            };
            let filters = filters.into_iter().filter(is_used).collect();
            Change { document, update, filters, position, is_insert }
        })
        .boxed()
}

fn document() -> BoxedStrategy<Document> {
    let array = vec(random::value(), 0..4).prop_map(Value::Array);
    let objects = vec(random::document().prop_map(Value::Document), 0..3).prop_map(Value::Array);
    let listed = prop_oneof![array, objects];
    (random::document(), proptest::option::weighted(0.9, listed), any::<bool>())
        .prop_map(|(document, listed, has_id)| {
            let id = has_id.then(|| ("_id".to_owned(), Value::Int(7)));
            let listed = listed.map(|listed| ("l".to_owned(), listed));
            id.into_iter().chain(document).chain(listed).collect()
        })
        .boxed()
}

fn filter(name: &'static str) -> BoxedStrategy<Document> {
    let path = select(vec![name.to_owned(), format!("{name}.a"), format!("{name}.b")]);
    (path, random::condition(1))
        .prop_map(|(path, condition)| Document::new().with(path, condition))
        .boxed()
}

fn path() -> BoxedStrategy<String> {
    let part = prop_oneof![
        6 => select(&["a", "b", "l", "0", "1", "2", "10"][..]),
        2 => Just("$[]"),
        1 => select(&["$", "$[x]", "$[y]", "01"][..]),
    ];
    let first = prop_oneof![
        20 => select(&["a", "b", "l", "l", "l", "0"][..]),
        1 => select(&["_id", "$", "$[]", "1"][..]),
    ];
    (first, vec(part, 0..3))
        .prop_map(|(first, rest)| std::iter::once(first).chain(rest).collect::<Vec<_>>().join("."))
        .boxed()
}

fn operator() -> BoxedStrategy<(&'static str, Document)> {
    let plain = select(&["$set", "$unset", "$min", "$max", "$setOnInsert"][..]);
    prop_oneof![
        4 => plain.prop_flat_map(|name| paths(name, random::value())),
        2 => select(&["$inc", "$mul"][..]).prop_flat_map(|name| paths(name, number())),
        1 => paths("$bit", bit()),
        2 => paths("$push", clauses()),
        1 => paths("$addToSet", set()),
        1 => paths("$pop", select(vec![Value::Int(1), Value::Int(-1), Value::Double(1.0), Value::Int(0)]).boxed()),
        2 => paths("$pull", pull()),
        1 => paths("$pullAll", vec(random::value(), 0..3).prop_map(Value::Array).boxed()),
        2 => paths("$rename", rename()),
    ]
    .boxed()
}

fn paths(
    name: &'static str,
    argument: BoxedStrategy<Value>,
) -> BoxedStrategy<(&'static str, Document)> {
    vec((path(), argument), 1..3)
        .prop_map(move |paths| {
            let mut document = Document::new();
            paths.into_iter().for_each(|(path, argument)| document.push(path, argument));
            (name, document)
        })
        .boxed()
}

fn number() -> BoxedStrategy<Value> {
    prop_oneof![
        4 => (-2..4).prop_map(Value::Int),
        2 => select(vec![1, 2, i64::MAX, i64::MIN]).prop_map(Value::Long),
        2 => select(vec![0.0, -0.0, 0.5, 1.0, f64::NAN, f64::INFINITY]).prop_map(Value::Double),
        2 => select(vec!["1", "0.50", "0.00", "NaN", "1E+3"])
            .prop_map(|text| Value::Decimal(text.parse().unwrap())),
        1 => Just(Value::Int(i32::MAX)),
        1 => Just(Value::from("1")),
    ]
    .boxed()
}

fn bit() -> BoxedStrategy<Value> {
    let operand = prop_oneof![
        6 => (-1..6).prop_map(Value::Int),
        3 => (-1..6i64).prop_map(Value::Long),
        1 => Just(Value::Double(1.0)),
    ];
    vec((select(&["and", "or", "xor"][..]), operand), 1..3)
        .prop_map(|steps| {
            let mut document = Document::new();
            steps.into_iter().for_each(|(name, operand)| document.push(name, operand));
            Value::Document(document)
        })
        .boxed()
}

fn clauses() -> BoxedStrategy<Value> {
    let each = vec(random::value(), 0..3).prop_map(Value::Array);
    let count = prop_oneof![
        8 => (-3..4).prop_map(Value::Int),
        1 => Just(Value::Double(2.0)),
        1 => Just(Value::Double(0.5)),
    ];
    let direction = select(vec![Value::Int(1), Value::Int(-1), Value::Double(-1.0)]);
    let sort = prop_oneof![
        4 => direction.clone(),
        3 => vec((select(&["a", "b"][..]), direction), 1..3).prop_map(|paths| {
            let mut document = Document::new();
            paths.into_iter().for_each(|(path, direction)| document.set(path, direction));
            Value::Document(document)
        }),
        1 => Just(Value::Int(2)),
    ];
    let option = |value: BoxedStrategy<Value>| proptest::option::weighted(0.4, value);
    let full = (each, option(count.clone().boxed()), option(sort.boxed()), option(count.boxed()))
        .prop_map(|(each, position, sort, slice)| {
            let named = [
                ("$slice", slice),
                ("$each", Some(each)),
                ("$sort", sort),
                ("$position", position),
            ];
            let fields =
                named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
            Value::Document(fields.collect())
        });
    prop_oneof![2 => random::value(), 3 => full].boxed()
}

fn set() -> BoxedStrategy<Value> {
    let each = vec(random::value(), 0..4)
        .prop_map(|values| Value::Document(Document::new().with("$each", values)));
    prop_oneof![random::value(), each].boxed()
}

/// What stands under `$pull`, but for what is refused: an undefined to equal, and a leading `$not`, which
/// is read as a filter.
fn pull() -> BoxedStrategy<Value> {
    prop_oneof![
        2 => random::value(),
        2 => random::filter().prop_map(Value::Document),
        2 => random::condition(1),
    ]
    .prop_filter("refused", |condition| {
        let mut fields = condition.as_document().into_iter().flat_map(Document::iter);
        fields.all(|(name, value)| name != "$not" && !matches!(value, Value::Undefined))
    })
    .boxed()
}

fn rename() -> BoxedStrategy<Value> {
    let names = vec(select(&["a", "b", "l", "c", "0"][..]), 1..3);
    prop_oneof![8 => names.prop_map(|names| Value::from(names.join("."))), 1 => Just(Value::Int(1))]
        .boxed()
}
