//! A host's own types to documents and back.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use super::strategies;

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use filedex_query::{Binary, Date, Decimal, Document, Limits, ObjectId, Value, doc, ejson};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Upload {
    #[serde(rename = "_id")]
    id: String,
    size: u64,
    offset: i64,
    level: i8,
    ratio: f64,
    done: bool,
    letter: char,
    folder: Option<String>,
    place: Option<Place>,
    kind: Kind,
    kinds: Vec<Kind>,
    pair: (i32, String),
    counts: BTreeMap<u16, i64>,
    at: Date,
    by: ObjectId,
    seen: SystemTime,
    price: Decimal,
    sum: Binary,
    value: Value,
    wide: i128,
    unit: (),
    newtype: Meters,
    #[serde(flatten)]
    rest: Document,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Place {
    width: u32,
    height: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Meters(f32);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Kind {
    Plain,
    Tagged(String),
    Sized { width: u64 },
    Pair(i64, bool),
}

fn kinds() -> impl Strategy<Value = Kind> {
    prop_oneof![
        Just(Kind::Plain),
        ".{0,8}".prop_map(Kind::Tagged),
        any::<u64>().prop_map(|width| Kind::Sized { width }),
        any::<(i64, bool)>().prop_map(|(number, truth)| Kind::Pair(number, truth)),
    ]
}

fn uploads() -> impl Strategy<Value = Upload> {
    let numbers = (any::<u64>(), any::<i64>(), any::<i8>(), any::<i128>());
    let floats = (-1e300..1e300, any::<bool>(), any::<char>(), -1e30_f32..1e30);
    let texts = (".{0,12}", proptest::option::of(".{0,5}"), any::<(i32, u8)>());
    let more = (
        kinds(),
        proptest::collection::vec(kinds(), 0..4),
        proptest::option::of((any::<u32>(), any::<u32>())),
        proptest::collection::btree_map(any::<u16>(), any::<i64>(), 0..4),
    );
    let moments = (any::<i64>(), any::<[u8; 12]>(), 0..4_000_000_000_000_u64, any::<u64>());
    let values = (strategies::value(), strategies::document(), any::<u8>());
    (numbers, floats, texts, more, moments, values).prop_map(
        |(numbers, floats, texts, more, moments, (value, rest, subtype))| Upload {
            id: texts.0,
            size: numbers.0,
            offset: numbers.1,
            level: numbers.2,
            // More digits than a decimal holds are refused.
            wide: numbers.3 / 100_000,
            ratio: floats.0,
            done: floats.1,
            letter: floats.2,
            newtype: Meters(floats.3),
            folder: texts.1,
            pair: (texts.2.0, "pair".to_owned()),
            kind: more.0,
            kinds: more.1,
            place: more.2.map(|(width, height)| Place { width, height }),
            counts: more.3,
            at: Date(moments.0),
            by: ObjectId(moments.1),
            seen: UNIX_EPOCH + Duration::from_millis(moments.2),
            price: Decimal::from(moments.3),
            sum: Binary { subtype, bytes: moments.1.to_vec() },
            value,
            unit: (),
            rest: doc! { "more": rest },
        },
    )
}

proptest! {
    #[test]
    fn a_struct_comes_out_of_its_document_as_it_went_in(mut upload in uploads()) {
        // What stands beside the fields passes through serde's own buffer, which has no kinds of integers.
        upload.rest = doc! { "day": Date(upload.offset), "key": upload.by, "n": upload.offset, "cost": 1.5 };
        if let Some(Value::Long(number)) = upload.rest.get_mut("n") {
            let number = Value::integer(*number);
            upload.rest.set("n", number);
        }
        let document = Document::from_serialize(&upload).unwrap();
        prop_assert_eq!(document.into_typed::<Upload>().unwrap(), upload);
    }

    #[test]
    fn any_value_is_its_own_typed_form(value in strategies::value()) {
        prop_assert_eq!(&Value::from_serialize(&value).unwrap(), &value);
        prop_assert_eq!(&value.clone().into_typed::<Value>().unwrap(), &value);
    }

    #[test]
    fn the_serde_form_of_a_value_in_text_is_relaxed_extended_json(value in strategies::value()) {
        let text = serde_json::to_string(&value).unwrap();
        prop_assert_eq!(
            ejson::read(&text, &Limits::default()).unwrap(),
            ejson::read(&value.to_string(), &Limits::default()).unwrap(),
            "{}", text
        );
        let read: Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(read, ejson::read(&text, &Limits::default()).unwrap());
    }

    #[test]
    fn a_struct_of_what_json_has_becomes_what_its_json_reads_as(
        text in ".{0,9}", number in any::<i64>(), ratio in -1e300..1e300, kinds in proptest::collection::vec(kinds(), 0..4),
    ) {
        let whole = kinds.iter().all(|kind| !matches!(kind, Kind::Sized { width } if *width > i64::MAX as u64));
        prop_assume!(whole);
        let source = json!({"text": text, "number": number, "ratio": ratio, "none": null, "kinds": kinds});
        let read = ejson::read_document(&source.to_string(), &Limits::default()).unwrap();
        prop_assert_eq!(Document::from_serialize(&source).unwrap(), read);
        let by_kinds = Value::from_serialize(&kinds).unwrap();
        prop_assert_eq!(by_kinds, ejson::read(&serde_json::to_string(&kinds).unwrap(), &Limits::default()).unwrap());
    }

    #[test]
    fn dates_and_system_times_name_the_same_moments(millis in any::<i64>(), nanos in 0..1_000_000_u64) {
        let date = Date(millis);
        if let Ok(time) = SystemTime::try_from(date) {
            prop_assert_eq!(Date::from(time), date);
            if let Some(later) = time.checked_add(Duration::from_nanos(nanos)) {
                prop_assert_eq!(Date::from(later), date);
            }
        }
        if date.0.unsigned_abs() < 8_640_000_000_000_000 {
            prop_assert_eq!(date.to_string().parse::<Date>().unwrap(), date);
        }
    }
}

#[test]
fn what_is_not_of_the_types_shape_is_named_by_its_path() {
    let document = doc! { "place": { "width": 1, "height": "tall" } };
    #[derive(Debug, Deserialize)]
    struct Outer {
        #[expect(dead_code, reason = "read only")]
        place: Place,
    }
    let error = document.into_typed::<Outer>().unwrap_err();
    assert_eq!(error.path(), "$.place.height");
    let wrong = Document::from_serialize(&json!({"a": [{"b": {"$date": "soon"}}]})).unwrap_err();
    assert_eq!(wrong.path(), "$.a.0.b");
    assert!(Document::from_serialize("text").is_err());
    assert!(Document::from_serialize(&u128::MAX).is_err());
    let keys: BTreeMap<(u8, u8), u8> = [((1, 2), 3)].into();
    assert!(Document::from_serialize(&keys).is_err());
}

#[test]
fn what_nests_without_end_is_an_error() {
    let mut deep = json!(1);
    for _ in 0..200 {
        deep = json!([deep]);
    }
    let error = Value::from_serialize(&deep).unwrap_err();
    assert_eq!(error.limit_name(), Some("document_depth"));
    let mut deep = Value::Null;
    for _ in 0..1000 {
        deep = Value::Array(vec![deep]);
    }
    assert!(Value::from_serialize(&deep).is_err());
}

#[test]
fn dates_are_read_as_the_type_asks() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Times {
        text: String,
        millis: i64,
        unsigned: u64,
        time: SystemTime,
        date: Date,
    }
    let date = Date(1_520_530_569_913);
    let document =
        doc! { "text": date, "millis": date, "unsigned": date, "time": date, "date": date };
    let times: Times = document.into_typed().unwrap();
    let expected = Times {
        text: "2018-03-08T17:36:09.913Z".to_owned(),
        millis: date.0,
        unsigned: date.0.unsigned_abs(),
        time: UNIX_EPOCH + Duration::from_millis(1_520_530_569_913),
        date,
    };
    assert_eq!(times, expected);
    let read: Date = serde_json::from_str("\"2018-03-08T17:36:09.913Z\"").unwrap();
    assert_eq!((read, serde_json::from_str::<Date>("1520530569913").unwrap()), (date, date));
}

#[test]
fn values_are_made_of_what_rust_programs_have() {
    assert_eq!(Value::from(u64::MAX).as_f64(), Some(u64::MAX as f64));
    assert_eq!(Value::from(&"a".to_owned()), Value::from("a"));
    assert_eq!(Value::from(None::<i32>), Value::Null);
    assert_eq!(Value::from(Some("a")), Value::from("a"));
    assert_eq!(Value::from(vec!["a", "b"]), Value::from(["a", "b"]));
    assert_eq!(Value::from(&["a"][..]), Value::from(vec![Value::from("a")]));
    assert_eq!(Value::from(UNIX_EPOCH), Value::from(Date(0)));
    assert_eq!(Date::from(UNIX_EPOCH - Duration::from_nanos(1)), Date(-1));
    assert_eq!((Value::Double(2.0).as_i64(), Value::Double(2.5).as_i64()), (Some(2), None));
    assert_eq!(Date(i64::MIN).to_string(), "-292275055-05-16T16:47:04.192Z");
}

#[cfg(feature = "jiff")]
#[test]
fn dates_and_jiffs_moments_are_the_same() {
    let moment: jiff::Timestamp = "2018-03-08T17:36:09.913999Z".parse().unwrap();
    assert_eq!(Date::from(moment), Date(1_520_530_569_913));
    assert_eq!(jiff::Timestamp::try_from(Date(1)).unwrap().as_millisecond(), 1);
    assert!(jiff::Timestamp::try_from(Date(i64::MAX)).is_err());
}
