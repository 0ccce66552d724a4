//! Whatever names, depths, sizes and numbers a record comes with: it is kept as it is and found by
//! what it says, or refused with a reason and nothing written.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use filedex_query::packed::pack;
use filedex_query::{
    Date, Decimal, Document, Environment, Filter, Plan, Projection, Sort, Value, order,
};
use filedex_storage::{ErrorKind, Options, Page, Put, Store, Watch, Window};

/// Texts as they may come in JSON: empty, with NUL, with slashes, of every plane, beginnings of one
/// another, as long as a key may be.
fn texts() -> Vec<String> {
    let mut texts: Vec<String> = [
        "",
        "\0",
        "\0\0",
        "\0\u{ff}",
        "a",
        "a\0",
        "a\0b",
        "a\u{1}",
        "/",
        "//",
        "../..",
        "a/b",
        "C:\\",
        " ",
        "\n",
        "\u{7f}",
        "\u{feff}",
        "\u{202e}",
        "é",
        "e\u{301}",
        "\u{fffd}",
        "\u{ffff}",
        "$where",
        "a.b",
        ".",
        "0",
        "00",
        "-1",
        "null",
        "ß",
        "ẞ",
        "İ",
        "\u{1f468}\u{200d}\u{1f469}",
    ]
    .map(str::to_owned)
    .into();
    texts.extend((0..=16).filter_map(|plane| char::from_u32(plane << 16 | 0x41)).map(String::from));
    texts.extend(
        (1..=16).filter_map(|plane| char::from_u32(plane << 16 | 0xfffd)).map(String::from),
    );
    texts.push("x".repeat(512));
    texts.push("x".repeat(511) + "\0");
    texts.push("\0".repeat(512));
    texts.push("\u{10ffff}".repeat(128));
    texts
}

fn environment() -> Environment {
    Environment::default()
}

fn ask(store: &Store, filter: Filter, sort: &str) -> Page {
    let sort = Sort::parse_text(sort, &environment()).unwrap();
    let plan = Plan::compile(filter, Projection::everything(), sort, &environment()).unwrap();
    store.page(&plan, Window::all(), &Watch::default()).unwrap()
}

fn equal(field: &str, value: impl Into<Value>) -> Filter {
    let filter = Document::new().with(field, value);
    Filter::parse(&filter, &environment()).unwrap()
}

fn temporary() -> Store {
    Store::temporary(&Options::default()).unwrap()
}

fn refuse(store: &Store, record: &Document) {
    let before = store.stats().unwrap().records;
    let error = store.put(record).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRecord, "{error}");
    assert_eq!(store.stats().unwrap().records, before);
}

#[test]
fn any_text_is_a_name_a_room_and_a_user() {
    let site = tempfile::tempdir().unwrap();
    let path = site.path().join("store");
    let texts = texts();
    let file = |text: &str, number: usize| {
        Document::new()
            .with("_id", format!("{text}{}", if text.is_empty() { "x" } else { "" }))
            .with("rid", text)
            .with("userId", text)
            .with("name", text)
            .with("uploadedAt", Date(number as i64 % 7))
            .with(text, text)
    };
    let store = Store::open(&path, &Options::default()).unwrap();
    let distinct: Vec<Document> = texts
        .iter()
        .enumerate()
        .filter(|(_, text)| *text != "x")
        .map(|(number, text)| file(text, number))
        .collect();
    for record in &distinct {
        assert_eq!(store.put(record).unwrap(), Put::Inserted, "{record:?}");
    }
    store.close().unwrap();

    let store = Store::open(&path, &Options::default()).unwrap();
    assert!(store.verify(&mut |_, _| ()).unwrap().is_clean());
    for record in &distinct {
        let id = record.get_str("_id").unwrap();
        assert_eq!(store.get(id).unwrap().as_ref(), Some(record));
        for field in ["_id", "rid", "userId", "name"] {
            let found = ask(&store, equal(field, record.get_str(field).unwrap()), "{}");
            assert_eq!(found.documents, std::slice::from_ref(record), "{field}");
        }
    }
    let sorted = ask(&store, Filter::all(), r#"{"_id":1}"#);
    let ids: Vec<&str> =
        sorted.documents.iter().map(|record| record.get_str("_id").unwrap()).collect();
    assert_eq!(ids.len(), distinct.len());
    assert!(ids.is_sorted(), "{ids:?}");
    assert_eq!(store.stats().unwrap().rooms, distinct.len() as u64);
    for record in &distinct {
        assert!(store.remove(record.get_str("_id").unwrap()).unwrap());
    }
    assert_eq!(store.stats().unwrap().records, 0);
    assert!(store.verify(&mut |_, _| ()).unwrap().is_clean());
}

#[test]
fn a_name_that_no_list_can_hold_is_refused() {
    let store = temporary();
    for long in ["x".repeat(513), "\0".repeat(513), "x".repeat(1 << 20), "é".repeat(1 << 19)] {
        refuse(&store, &Document::new().with("_id", long.as_str()));
        for field in ["rid", "userId", "uploadedAt"] {
            refuse(&store, &Document::new().with("_id", "a").with(field, long.as_str()));
            let within = Document::new().with(long.as_str(), 1);
            refuse(&store, &Document::new().with("_id", "a").with(field, within));
        }
        // Elsewhere a text may be as long as it is, also as the name of a field.
        let elsewhere =
            Document::new().with("_id", "b").with("name", long.as_str()).with(long.as_str(), 1);
        store.put(&elsewhere).unwrap();
        assert_eq!(store.get("b").unwrap(), Some(elsewhere));
        assert_eq!(store.get(&long).unwrap(), None);
        assert!(!store.remove(&long).unwrap());
    }
    for id in [Value::Null, Value::from(1), Value::Array(vec![]), Value::from("")] {
        refuse(&store, &Document::new().with("_id", id));
    }
    refuse(&store, &Document::new());
    refuse(&store, &Document::new().with("_id", "a").with("n", 1).with("n", 2));
}

/// A record of so many levels, itself one of them.
fn nested(levels: usize, array: bool) -> Document {
    let mut value = Value::from(1);
    for _ in 1..levels {
        value = if array {
            Value::Array(vec![value])
        } else {
            Value::Document(Document::new().with("a", value))
        };
    }
    Document::new().with("_id", "deep").with("value", value)
}

#[test]
fn a_record_is_as_deep_as_the_limit_and_no_deeper() {
    let store = temporary();
    let most = store.options().limits.document_depth;
    for array in [false, true] {
        for levels in [most - 1, most] {
            let record = nested(levels, array);
            store.put(&record).unwrap();
            assert_eq!(store.get("deep").unwrap(), Some(record));
            // And still answered to a query that looks into it.
            let path = format!("value{}", ".a".repeat(levels.min(150) - 1));
            ask(&store, equal(&path, 1), "{}");
        }
        for levels in [most + 1, most + 2, 5_000] {
            refuse(&store, &nested(levels, array));
        }
        let update = store.update("deep", |record| *record = nested(most + 1, array));
        assert_eq!(update.unwrap_err().kind(), ErrorKind::InvalidRecord);
    }
    assert!(store.verify(&mut |_, _| ()).unwrap().is_clean());
}

#[test]
fn a_record_of_16_mib_is_kept_and_a_larger_one_refused() {
    let store = temporary();
    let file = |bytes: usize| Document::new().with("_id", "big").with("text", "x".repeat(bytes));
    let fits = file((16 << 20) - 64);
    store.put(&fits).unwrap();
    assert!(store.get("big").unwrap().as_ref() == Some(&fits));
    for bytes in [16 << 20, (16 << 20) + 1, 17 << 20] {
        let error = store.put(&file(bytes)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRecord);
    }
    let grown = store.update("big", |record| record.set("more", "x".repeat(1024)));
    assert_eq!(grown.unwrap_err().kind(), ErrorKind::InvalidRecord);
    assert!(store.get("big").unwrap().as_ref() == Some(&fits));
    let many = Value::Array(vec![Value::Null; 1_000_000]);
    let wide: Document = (0..100_000).map(|n| (format!("f{n}"), Value::from(n))).collect();
    let wide = wide.with("_id", "wide").with("many", many);
    store.put(&wide).unwrap();
    assert!(store.get("wide").unwrap().as_ref() == Some(&wide));
    assert!(store.verify(&mut |_, _| ()).unwrap().is_clean());
    assert!(store.remove("big").unwrap() && store.remove("wide").unwrap());
    assert!(store.verify(&mut |_, _| ()).unwrap().is_clean());
}

/// Numbers at every edge.
fn numbers() -> Vec<Value> {
    let doubles = [
        0.0,
        -0.0,
        f64::NAN,
        -f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MIN,
        f64::MAX,
        f64::MIN_POSITIVE,
        f64::MIN_POSITIVE / 4.0,
        9_007_199_254_740_993.0,
        9_223_372_036_854_775_808.0,
        0.1,
        -1.5,
    ];
    let longs = [i64::MIN, i64::MIN + 1, -1, 0, 1, (1 << 53) - 1, (1 << 53) + 1, i64::MAX];
    let ints = [i32::MIN, -1, 0, 1, i32::MAX];
    let decimals = [
        "0",
        "-0",
        "0E+6111",
        "1E-6176",
        "9.999999999999999999999999999999999E+6144",
        "NaN",
        "Infinity",
        "-Infinity",
        "0.1",
        "9223372036854775808",
        "1.0",
        "1",
    ];
    let mut numbers: Vec<Value> = doubles.map(Value::Double).into();
    numbers.extend(longs.map(Value::Long));
    numbers.extend(ints.map(Value::Int));
    numbers.extend(decimals.map(|text| Value::Decimal(text.parse::<Decimal>().unwrap())));
    numbers
}

#[test]
fn numbers_of_every_edge_are_kept_and_ordered_as_they_compare() {
    let numbers = numbers();
    for field in ["size", "rid", "userId", "uploadedAt"] {
        let store = temporary();
        // What lies thousands of digits beyond every double is too long to lie in a list by.
        let far: Decimal = "9.999999999999999999999999999999999E+6144".parse().unwrap();
        let is_long = |number: &Value| *number == Value::Decimal(far);
        let mut numbers = numbers.clone();
        if field != "size" {
            numbers.iter().filter(|number| is_long(number)).for_each(|number| {
                refuse(&store, &Document::new().with("_id", "long").with(field, number.clone()));
            });
            numbers.retain(|number| !is_long(number));
        }
        for (place, number) in numbers.iter().enumerate() {
            let record = Document::new().with("_id", format!("f{place}"));
            let record = record.with(field, number.clone());
            store.put(&record).unwrap();
            let stored = store.get(&format!("f{place}")).unwrap().unwrap();
            assert_eq!(pack(&stored), pack(&record), "{field}");
        }
        assert!(store.verify(&mut |_, _| ()).unwrap().is_clean(), "{field}");
        for number in &numbers {
            let same =
                numbers.iter().filter(|other| order::equal(number.view(), other.view())).count();
            let found = ask(&store, equal(field, number.clone()), "{}");
            assert_eq!(found.total, same as u64, "{field}: {number:?}");
        }
        let sorted = ask(&store, Filter::all(), &format!(r#"{{"{field}":1}}"#));
        let values: Vec<&Value> =
            sorted.documents.iter().map(|record| record.get(field).unwrap()).collect();
        let ordered = |pair: &[&Value]| order::compare(pair[0].view(), pair[1].view()).is_le();
        assert!(values.windows(2).all(ordered), "{field}: {values:?}");
    }
}

#[test]
fn dates_of_every_edge_are_kept_in_order() {
    let store = temporary();
    let dates = [i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX - 1, i64::MAX];
    for (place, date) in dates.into_iter().enumerate() {
        let record = Document::new().with("_id", format!("f{place}")).with("rid", "R");
        store.put(&record.with("uploadedAt", Date(date))).unwrap();
    }
    let sorted = ask(&store, equal("rid", "R"), r#"{"uploadedAt":1}"#);
    let found: Vec<&str> =
        sorted.documents.iter().map(|record| record.get_str("_id").unwrap()).collect();
    assert_eq!(found, ["f0", "f1", "f2", "f3", "f4", "f5", "f6"]);
    for (place, date) in dates.into_iter().enumerate() {
        let found = ask(&store, equal("uploadedAt", Date(date)), "{}");
        assert_eq!(found.documents[0].get_str("_id"), Some(format!("f{place}").as_str()));
    }
}
