//! Random records, queries and windows whose parts meet often, and the answer by a full scan; and
//! records of every kind of value; copies of stores.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each test file uses its part, and they are tests"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use filedex_query::ejson::{Form, Marked, to_text};
use filedex_query::{
    Binary, Collation, Date, Decimal, Document, Environment, Filter, Plan, Projection, Regex, Sort,
    Timestamp, Value, ValueRef, ejson,
};
use filedex_storage::{Store, Watch, Window};
use proptest::prelude::*;

/// A value that a field deciding about the place of a record may hold.
fn place(names: &'static [&'static str]) -> impl Strategy<Value = Option<Value>> {
    prop_oneof![
        12 => proptest::sample::select(names).prop_map(|name| Some(Value::from(name))),
        2 => Just(None),
        1 => Just(Some(Value::Null)),
        1 => Just(Some(Value::Int(7))),
        1 => Just(Some(Value::Double(7.0))),
        1 => proptest::sample::select(names).prop_map(|name| {
            Some(Value::Array(vec![Value::from(name), Value::Null]))
        }),
    ]
}

fn moment() -> impl Strategy<Value = Option<Value>> {
    prop_oneof![
        12 => (0..6i64).prop_map(|time| Some(Value::from(Date(time)))),
        1 => Just(None),
        1 => Just(Some(Value::Null)),
        1 => Just(Some(Value::from("2024-01-01"))),
        1 => Just(Some(Value::Array(vec![]))),
        1 => (0..6i64).prop_map(|time| Some(Value::Array(vec![Value::from(Date(time)), Value::Int(1)]))),
    ]
}

fn type_group() -> impl Strategy<Value = Option<Value>> {
    prop_oneof![
        6 => proptest::sample::select(&["image", "video", "thumb", "font"][..])
            .prop_map(|group| Some(Value::from(group))),
        1 => Just(None),
        1 => Just(Some(Value::Null)),
        1 => Just(Some(Value::Array(vec![Value::from("image")]))),
    ]
}

fn hidden() -> impl Strategy<Value = Option<Value>> {
    prop_oneof![
        6 => Just(None),
        1 => any::<bool>().prop_map(|hidden| Some(Value::Bool(hidden))),
        1 => Just(Some(Value::Array(vec![Value::Bool(true)]))),
    ]
}

/// A record with an id out of few.
pub(crate) fn record() -> impl Strategy<Value = Document> {
    let id = (0..60u32).prop_map(|id| format!("f{id}"));
    let padding = prop_oneof![8 => 0..200usize, 1 => 900..1200usize, 1 => 3000..9000usize];
    let fields = (
        place(&["A", "B", "\0"]),
        place(&["u", "v"]),
        moment(),
        type_group(),
        hidden(),
        proptest::option::of(0..5i32),
        padding,
    );
    (id, fields).prop_map(|(id, (room, user, date, group, hidden, size, padding))| {
        let mut record = Document::new().with("_id", id);
        let fields = [
            ("rid", room),
            ("userId", user),
            ("uploadedAt", date),
            ("typeGroup", group),
            ("_hidden", hidden),
            ("size", size.map(Value::Int)),
        ];
        for (name, value) in fields {
            if let Some(value) = value {
                record.push(name, value);
            }
        }
        record.with("name", "x".repeat(padding))
    })
}

/// One condition, as JSON.
fn condition() -> impl Strategy<Value = String> {
    let texts = &[
        r#"{"rid":"A"}"#,
        r#"{"rid":"\u0000"}"#,
        r#"{"rid":{"$in":["A","B","nobody"]}}"#,
        r#"{"rid":7}"#,
        r#"{"rid":null}"#,
        r#"{"$or":[{"rid":"A"},{"rid":"B"}]}"#,
        r#"{"userId":"u"}"#,
        r#"{"userId":{"$in":["u","v"]}}"#,
        r#"{"userId":null}"#,
        r#"{"_id":"f7"}"#,
        r#"{"_id":{"$in":["f1","f2","f3","none"]}}"#,
        r#"{"typeGroup":"image"}"#,
        r#"{"typeGroup":{"$ne":"thumb"}}"#,
        r#"{"typeGroup":{"$exists":false}}"#,
        r#"{"typeGroup":{"$in":["image","font",null]}}"#,
        r#"{"_hidden":{"$ne":true}}"#,
        r#"{"uploadedAt":{"$gte":{"$date":{"$numberLong":"2"}}}}"#,
        r#"{"uploadedAt":{"$lt":{"$date":{"$numberLong":"4"}}}}"#,
        r#"{"uploadedAt":{"$gt":{"$date":{"$numberLong":"1"}},"$lte":{"$date":{"$numberLong":"3"}}}}"#,
        r#"{"uploadedAt":{"$date":{"$numberLong":"3"}}}"#,
        r#"{"uploadedAt":{"$gt":""}}"#,
        r#"{"$or":[{"uploadedAt":{"$lt":{"$date":{"$numberLong":"3"}}}},{"uploadedAt":{"$date":{"$numberLong":"3"}},"_id":{"$lt":"f30"}}]}"#,
        r#"{"$or":[{"uploadedAt":{"$gt":{"$date":{"$numberLong":"2"}}}},{"uploadedAt":{"$date":{"$numberLong":"2"}},"_id":{"$gte":"f4"}}]}"#,
        r#"{"$or":[{"_id":{"$lte":"f2"},"uploadedAt":"2024-01-01"},{"uploadedAt":{"$lt":"2024-01-01"}}]}"#,
        r#"{"uploadedAt":null}"#,
        r#"{"size":{"$gt":2}}"#,
        r#"{"size":{"$not":{"$lte":2}}}"#,
        r#"{"$nor":[{"rid":"A"},{"typeGroup":"image"}]}"#,
        r#"{"$or":[{"typeGroup":"image"},{"size":1}]}"#,
    ][..];
    proptest::sample::select(texts).prop_map(str::to_owned)
}

/// A filter of up to three conditions.
pub(crate) fn filter() -> impl Strategy<Value = String> {
    proptest::collection::vec(condition(), 0..4).prop_map(|conditions| {
        match conditions.as_slice() {
            [] => "{}".to_owned(),
            conditions => format!(r#"{{"$and":[{}]}}"#, conditions.join(",")),
        }
    })
}

/// A sort, often one that a list serves.
pub(crate) fn sort() -> impl Strategy<Value = String> {
    let texts = &[
        r#"{"uploadedAt":-1}"#,
        r#"{"uploadedAt":1}"#,
        r#"{"uploadedAt":-1,"_id":-1}"#,
        r#"{"uploadedAt":1,"_id":-1}"#,
        r#"{"size":1}"#,
        r#"{"typeGroup":1,"size":-1}"#,
        r#"{"_id":1}"#,
        r#"{"_id":-1}"#,
        r#"{"name":-1}"#,
    ][..];
    proptest::sample::select(texts).prop_map(str::to_owned)
}

pub(crate) fn window() -> impl Strategy<Value = Window> {
    (0..40u64, proptest::option::of(0..30u64)).prop_map(|(offset, count)| Window { offset, count })
}

/// The plan of those texts.
pub(crate) fn plan(filter: &str, sort: &str) -> Plan {
    plan_under(filter, sort, None)
}

/// The same under a collation.
pub(crate) fn plan_under(filter: &str, sort: &str, collation: Option<&str>) -> Plan {
    let mut environment = Environment::default();
    if let Some(collation) = collation {
        let document = ejson::read_document(collation, &environment.limits).unwrap();
        environment.collation = Collation::parse(&document).unwrap();
    }
    compiled(filter, Projection::everything(), sort, &environment)
}

/// The plan of those texts of which these fields are shown.
pub(crate) fn plan_showing(filter: &str, fields: &str, sort: &str) -> Plan {
    let environment = Environment::default();
    let shown = Projection::parse_text(fields, &environment).unwrap();
    compiled(filter, shown, sort, &environment)
}

fn compiled(filter: &str, shown: Projection, sort: &str, environment: &Environment) -> Plan {
    let read = |text| ejson::read_document(text, &environment.limits).unwrap();
    let filter = Filter::parse(&read(filter), environment).unwrap();
    let sort = Sort::parse(&read(sort), environment).unwrap();
    Plan::compile(filter, shown, sort, environment).unwrap()
}

/// Lets the record `f<id>` of the store, and of its model, be another one, or none.
pub(crate) fn change(
    store: &Store,
    model: &mut BTreeMap<u32, Document>,
    id: u32,
    record: Option<Document>,
) {
    match record {
        None => drop((store.remove(&format!("f{id}")).unwrap(), model.remove(&id))),
        Some(record) => {
            store.put(&record).unwrap();
            model.insert(id, record);
        }
    }
}

/// The texts of the window, and those of the records that a page has there.
pub(crate) fn both(store: &Store, plan: &Plan, window: Window) -> (Vec<String>, Vec<String>) {
    let (mut joined, mut texts) = (Vec::new(), Vec::new());
    let mut add = |text: &[u8], count: u64| joined.push((text.to_vec(), count));
    let total = store.texts(plan, window, &Watch::default(), &mut add).unwrap();
    let mut add = |text: Marked<'_>| texts.push(String::from_utf8(text.text().to_vec()).unwrap());
    assert_eq!(store.marked(plan, window, &Watch::default(), &mut add).unwrap(), total);
    let mut left = texts.iter();
    for (text, count) in joined {
        let several: Vec<&str> = left.by_ref().take(count as usize).map(String::as_str).collect();
        assert_eq!((several.len() as u64, several.join(",").as_bytes()), (count, text.as_slice()));
    }
    assert_eq!(left.next(), None);
    let page = store.page(plan, window, &Watch::default()).unwrap();
    assert_eq!(total, page.total);
    let written = |record: &Document| to_text(ValueRef::Document(record.view()), Form::Plain);
    (texts, page.documents.iter().map(written).collect())
}

/// What the plan's answer must be: the matching records, sorted, in the window; and their number.
pub(crate) fn by_full_scan(
    records: &[Document],
    plan: &Plan,
    window: Window,
) -> (Vec<Document>, u64) {
    let matcher = plan.matcher();
    let mut matching: Vec<&Document> =
        records.iter().filter(|record| matcher.matches(record.view()).unwrap()).collect();
    matching.sort_by_cached_key(|record| plan.sort().key_with_id(record.view()).unwrap());
    let total = matching.len() as u64;
    let offset = usize::try_from(window.offset).unwrap();
    let count = window.count.map_or(usize::MAX, |count| usize::try_from(count).unwrap());
    (matching.into_iter().skip(offset).take(count).cloned().collect(), total)
}

/// Records that text does not carry by itself, or only just.
pub(crate) fn strange() -> Vec<Document> {
    let mut deep = Value::from(1);
    for _ in 0..98 {
        deep = Value::Array(vec![deep]);
    }
    let wrapper = |name: &str, value: Value| Value::Document(Document::new().with(name, value));
    let values = vec![
        Value::Double(-0.0),
        Value::Double(f64::from_bits(0x7ff8_0000_0000_0001)),
        Value::Double(f64::NEG_INFINITY),
        Value::Double(f64::MIN_POSITIVE / 2.0),
        Value::Long(i64::MIN),
        Value::Int(i32::MIN),
        Value::Date(Date(i64::MIN)),
        Value::Decimal("1E-6176".parse::<Decimal>().unwrap()),
        Value::Decimal(Decimal::from_bytes([0xff; 16])),
        Value::Binary(Binary { subtype: 4, bytes: vec![0; 16] }),
        Value::Regex(Regex { pattern: "/".into(), options: "xi".into() }),
        Value::Timestamp(Timestamp { time: u32::MAX, increment: 1 }),
        Value::Symbol("s".into()),
        Value::Code("c".into()),
        Value::Undefined,
        Value::MinKey,
        Value::MaxKey,
        wrapper("$numberInt", Value::from("7")),
        wrapper("$date", Value::from("no date")),
        wrapper("$backup", Value::from(1)),
        wrapper("$packed", Value::Binary(Binary { subtype: 0x80, bytes: vec![1] })),
        Value::from("\u{0}\u{1f}\u{2028}\u{10ffff}\"\\"),
        deep,
    ];
    let record = |(number, value): (usize, Value)| {
        Document::new()
            .with("_id", format!("s{number}"))
            .with("rid", "strange")
            .with("value", value)
    };
    let mut records: Vec<Document> = values.into_iter().enumerate().map(record).collect();
    records.push(Document::new().with("_id", "$top").with("$packed", 1).with("$date", "x"));
    records
}

/// Copies a directory with all that is in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            fs::copy(from, to).unwrap();
        }
    }
}
