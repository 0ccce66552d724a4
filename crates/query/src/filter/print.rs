//! From a [`Filter`] back to a document.
//!
//! The law: parsing what is printed gives the same tree. Printing picks the shortest form that is
//! read back so; it never writes a name twice where the tree allows another way.

use std::collections::HashSet;
use std::fmt;

use super::{Filter, Test};
use crate::value::Regex;
use crate::{Document, Path, Pattern, Value, ejson};

impl Filter {
    /// The filter in its canonical form.
    pub fn to_document(&self) -> Document {
        match self {
            Filter::All => Document::new(),
            Filter::Never => Document::new().with("$alwaysFalse", 1),
            Filter::And(members) => conjunction(members),
            Filter::Or(members) => Document::new().with("$or", list(members)),
            Filter::Nor(members) => Document::new().with("$nor", list(members)),
            Filter::Field { path, test } => field(path, &[test]),
            Filter::Expression(expression) => Document::new().with("$expr", expression.to_value()),
            Filter::Schema(schema) => Document::new().with("$jsonSchema", schema.to_document()),
            Filter::Sample(rate) => Document::new().with("$sampleRate", *rate),
        }
    }
}

/// The canonical form as Extended JSON text.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", text(&self.to_document()))
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Filter({self})")
    }
}

impl fmt::Debug for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Test({})", text(&self.to_document()))
    }
}

/// Two filters are the same if they print the same, down to the kinds of their numbers.
impl PartialEq for Filter {
    fn eq(&self, other: &Filter) -> bool {
        self.to_document() == other.to_document()
    }
}

/// As for [`Filter`].
impl PartialEq for Test {
    fn eq(&self, other: &Test) -> bool {
        self.to_document() == other.to_document()
    }
}

impl Test {
    /// The test as a document of operators, as it stands on a field.
    pub fn to_document(&self) -> Document {
        operations(&[self])
    }
}

fn text(document: &Document) -> String {
    let mut bytes = Vec::new();
    ejson::write_document(document.view(), ejson::Form::Relaxed, &mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

fn list(members: &[Filter]) -> Vec<Value> {
    members.iter().map(|member| Value::Document(member.to_document())).collect()
}

/// One document for all members if no name would stand twice, else an `$and`.
fn conjunction(members: &[Filter]) -> Document {
    let fields: Vec<(String, Value)> = runs(members).into_iter().flatten().collect();
    let mut names = HashSet::new();
    if fields.iter().all(|(name, _)| names.insert(name.as_str())) {
        return fields.into_iter().collect();
    }
    Document::new().with("$and", list(members))
}

/// The members as documents, neighbours on the same path in one.
fn runs(members: &[Filter]) -> Vec<Document> {
    let mut parts = Vec::new();
    let mut rest = members;
    while let [first, after @ ..] = rest {
        rest = after;
        let Filter::Field { path, test } = first else {
            parts.push(first.to_document());
            continue;
        };
        let mut tests = vec![test];
        while let [Filter::Field { path: next, test }, after @ ..] = rest {
            if next.text() != path.text() || !joinable(path, &tests, test) {
                break;
            }
            tests.push(test);
            rest = after;
        }
        parts.push(field(path, &tests));
    }
    parts
}

/// Whether the operators can stand in one document without a name standing twice.
fn joinable(path: &Path, tests: &[&Test], next: &Test) -> bool {
    if path.text().starts_with('$') {
        return false;
    }
    let taken = operations(tests);
    next.to_document().iter().all(|(name, _)| !taken.contains(name))
}

fn field(path: &Path, tests: &[&Test]) -> Document {
    let condition = match tests {
        [Test::Eq(value)] if path.text().starts_with('$') || is_plain(value) => value.clone(),
        tests => Value::Document(operations(tests)),
    };
    Document::new().with(path.text(), condition)
}

/// Whether the value stands for itself without `$eq`.
fn is_plain(value: &Value) -> bool {
    match value {
        Value::Regex(_) => false,
        Value::Document(document) => {
            document.iter().next().is_none_or(|(name, _)| !name.starts_with('$'))
        }
        _ => true,
    }
}

fn operations(tests: &[&Test]) -> Document {
    let mut document = Document::new();
    let patterns = tests.iter().filter(|test| matches!(test, Test::Regex(_))).count();
    for test in tests {
        match test {
            // `$options` can serve one pattern only; of several, each carries its own.
            Test::Regex(pattern) if patterns > 1 => document.push("$regex", regex(pattern)),
            test => push(&mut document, test),
        }
    }
    document
}

fn push(document: &mut Document, test: &Test) {
    match test {
        Test::Eq(value) => document.push("$eq", value.clone()),
        Test::Gt(value) => document.push("$gt", value.clone()),
        Test::Gte(value) => document.push("$gte", value.clone()),
        Test::Lt(value) => document.push("$lt", value.clone()),
        Test::Lte(value) => document.push("$lte", value.clone()),
        Test::In { values, patterns } => document.push("$in", membership(values, patterns)),
        Test::Exists => document.push("$exists", true),
        Test::Type(types) => document.push("$type", type_names(types.names())),
        Test::Regex(pattern) => push_pattern(document, pattern),
        Test::Mod { divisor, remainder } => {
            let pair = vec![Value::integer(*divisor), Value::integer(*remainder)];
            document.push("$mod", pair);
        }
        Test::Size(size) => {
            document.push("$size", Value::integer(i64::try_from(*size).unwrap_or(i64::MAX)));
        }
        Test::ElemMatchObject(filter) => document.push("$elemMatch", element(filter)),
        Test::ElemMatchValue(tests) => {
            document.push("$elemMatch", operations(&tests.iter().collect::<Vec<_>>()));
        }
        Test::Bits { test, mask } => {
            let positions = mask.positions().iter();
            let positions = positions.map(|position| Value::integer(i64::from(*position)));
            document.push(test.name(), positions.collect::<Vec<Value>>());
        }
        Test::Not(tests) => push_negation(document, tests),
    }
}

fn push_negation(document: &mut Document, tests: &[Test]) {
    match tests {
        [Test::Eq(value)] if !matches!(value, Value::Regex(_)) => {
            document.push("$ne", value.clone());
        }
        [Test::In { values, patterns }] => document.push("$nin", membership(values, patterns)),
        [Test::Exists] => document.push("$exists", false),
        tests => document.push("$not", operations(&tests.iter().collect::<Vec<_>>())),
    }
}

fn push_pattern(document: &mut Document, pattern: &Pattern) {
    document.push("$regex", pattern.source());
    if !pattern.options().is_empty() {
        document.push("$options", pattern.options());
    }
}

fn membership(values: &[Value], patterns: &[Pattern]) -> Vec<Value> {
    values.iter().cloned().chain(patterns.iter().map(regex)).collect()
}

fn regex(pattern: &Pattern) -> Value {
    Value::Regex(Regex {
        pattern: pattern.source().to_owned(),
        options: pattern.options().to_owned(),
    })
}

fn type_names(names: impl Iterator<Item = &'static str>) -> Value {
    let mut names: Vec<Value> = names.map(Value::from).collect();
    match (names.len(), names.pop()) {
        (1, Some(name)) => name,
        (_, last) => {
            names.extend(last);
            Value::Array(names)
        }
    }
}

/// A filter for elements must not begin like operators on the element itself.
fn element(filter: &Filter) -> Document {
    let document = filter.to_document();
    let first = document.iter().next().map_or("", |(name, _)| name);
    let joins = matches!(first, "$and" | "$or" | "$nor" | "$ref" | "$id" | "$db");
    if first.starts_with('$') && !joins {
        return Document::new().with("$and", vec![Value::Document(document)]);
    }
    document
}
