//! The laws of values: order, keys, the stored form and the text form agree.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::cmp::Ordering;

use super::strategies::{document, number, value};
use filedex_query::ejson::{self, Form};
use filedex_query::packed::{self, PackedDocument};
use filedex_query::{Date, Document, DocumentRef, Limits, Value, ValueRef, key, order};
use proptest::prelude::*;

fn key_of(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    key::append(&mut out, value.view());
    out
}

fn descending_key_of(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    key::append_descending(&mut out, value.view());
    out
}

fn plain(document: DocumentRef<'_>) -> String {
    ejson::to_text(ValueRef::Document(document), Form::Plain)
}

/// Texts of every length around a word's, in which few letters, or many, need an escape.
fn text_to_escape() -> impl Strategy<Value = String> {
    let letter = prop_oneof![
        20 => proptest::char::range(' ', '~'),
        1 => proptest::char::range('\0', '\u{1f}'),
        1 => prop_oneof![Just('"'), Just('\\'), Just('\u{7f}'), Just('\u{80}'), Just('é'), Just('😀')],
    ];
    proptest::collection::vec(letter, 0..40).prop_map(String::from_iter)
}

/// Few cases under miri, which is slow and has no files to keep a failure in.
fn config() -> ProptestConfig {
    let cases = if cfg!(miri) { 10 } else { 4000 };
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn key_order_equals_value_order(a in value(), b in value()) {
        let wanted = order::compare(a.view(), b.view());
        prop_assert_eq!(key_of(&a).cmp(&key_of(&b)), wanted);
        prop_assert_eq!(descending_key_of(&a).cmp(&descending_key_of(&b)), wanted.reverse());
    }

    #[test]
    fn key_order_equals_value_order_of_numbers(a in number(), b in number()) {
        prop_assert_eq!(key_of(&a).cmp(&key_of(&b)), order::compare(a.view(), b.view()));
    }

    #[test]
    fn no_key_is_a_prefix_of_another(a in value(), b in value()) {
        if !order::equal(a.view(), b.view()) {
            prop_assert!(!key_of(&a).starts_with(&key_of(&b)));
        }
    }

    #[test]
    fn order_is_total(a in value(), b in value(), c in value()) {
        let compare = |a: &Value, b: &Value| order::compare(a.view(), b.view());
        prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
        prop_assert_eq!(compare(&a, &a), Ordering::Equal);
        if compare(&a, &b) != Ordering::Greater && compare(&b, &c) != Ordering::Greater {
            prop_assert!(compare(&a, &c) != Ordering::Greater);
        }
    }

    #[test]
    fn the_stored_form_reads_back_the_same(document in document()) {
        let bytes = packed::pack(&document);
        let stored = PackedDocument::new(&bytes);
        prop_assert!(stored.check());
        prop_assert_eq!(DocumentRef::from(stored).to_document(), document);
    }

    #[test]
    fn no_stored_bytes_can_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        let stored = PackedDocument::new(&bytes);
        if stored.check() {
            let whole = DocumentRef::from(stored).to_document();
            prop_assert!(PackedDocument::new(&packed::pack(&whole)).check());
        }
        stored.get("a");
    }

    #[test]
    fn canonical_text_reads_back_the_same(document in document()) {
        let text = ejson::to_text(Value::Document(document.clone()).view(), Form::Canonical);
        prop_assert_eq!(ejson::read_document(&text, &Limits::default()).unwrap(), document);
    }

    #[test]
    fn texts_are_written_as_json_wants_them(text in text_to_escape()) {
        let document = Document::new().with(text.clone(), text.clone());
        let quoted = serde_json::to_string(&text).unwrap();
        let wanted = format!("{{{quoted}:{quoted}}}");
        prop_assert_eq!(plain(document.view()), wanted.clone());
        prop_assert_eq!(plain(PackedDocument::new(&packed::pack(&document)).into()), wanted);
    }

    #[test]
    fn every_form_of_text_is_the_same_of_a_document_and_of_its_stored_form(document in document()) {
        let bytes = packed::pack(&document);
        for form in [Form::Plain, Form::Relaxed, Form::Canonical] {
            let (mut text, mut stored) = (Vec::new(), Vec::new());
            ejson::write_document(document.view(), form, &mut text);
            ejson::write_document(PackedDocument::new(&bytes).into(), form, &mut stored);
            prop_assert_eq!(text, stored);
        }
    }

    #[test]
    fn malformed_stored_bytes_are_written_as_they_are_read(
        bytes in proptest::collection::vec(any::<u8>(), 0..64),
    ) {
        let stored = DocumentRef::from(PackedDocument::new(&bytes));
        prop_assert_eq!(plain(stored), plain(stored.to_document().view()));
    }

    #[test]
    fn dates_of_four_digit_years_are_written_as_iso_8601(
        time in -62_167_219_200_000..253_402_300_800_000_i64,
    ) {
        let moment = jiff::Timestamp::from_millisecond(time).unwrap();
        let text = ejson::to_text(Value::from(Date(time)).view(), Form::Plain);
        prop_assert_eq!(text, format!("\"{moment:.3}\""));
    }

    #[test]
    fn no_text_can_panic_the_reader(text in any::<String>()) {
        let _ = ejson::read(&text, &Limits::default());
    }
}

#[test]
fn kinds_of_number_are_told_apart_by_their_text() {
    let read = |text| ejson::read(text, &Limits::default()).unwrap();
    assert_eq!(read("1"), Value::Int(1));
    assert_eq!(read("1.0"), Value::Double(1.0));
    assert_eq!(read("1e3"), Value::Double(1000.0));
    assert_eq!(read("2147483648"), Value::Long(2_147_483_648));
    assert_eq!(read("9223372036854775808"), Value::Double(9_223_372_036_854_775_808.0));
}

#[test]
fn repeated_keys_and_their_order_are_kept() {
    let read = ejson::read_document(r#"{"b":1,"a":2,"b":3}"#, &Limits::default()).unwrap();
    let names: Vec<&str> = read.iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["b", "a", "b"]);
}

#[test]
fn a_name_that_stands_twice_in_one_document_is_told() {
    let repeated = |text: &str| {
        let read = ejson::read_document(text, &Limits::default()).unwrap();
        packed::pack_into(&mut Vec::new(), &read).map(str::to_owned)
    };
    for (text, name) in [
        (r#"{"b":1,"a":2,"b":3}"#, "b"),
        (r#"{"size":1,"a":2,"size":3}"#, "size"),
        (r#"{"a":{"name":1,"x":{"name":2}},"b":[[{"c":1},{"c":1,"d":2,"c":3}]]}"#, "c"),
    ] {
        assert_eq!(repeated(text).as_deref(), Some(name), "{text}");
    }
    assert_eq!(repeated(r#"{"a":{"a":[{"a":1},{"a":2}]},"name":{"name":1},"size":"name"}"#), None);
}

#[test]
fn operators_are_no_wrappers() {
    for text in [r#"{"$regex":"a","$options":"i"}"#, r#"{"$type":2}"#, r#"{"$gt":1}"#] {
        let read = ejson::read(text, &Limits::default()).unwrap();
        assert!(read.as_document().is_some(), "{text}");
    }
}

#[test]
fn malformed_wrappers_are_errors_that_name_them() {
    for text in [
        r#"{"$oid":"ByehQjC44FwMeiLbX"}"#,
        r#"{"$date":"yesterday"}"#,
        r#"{"$date":"2024-01-01T00:00:00Z","x":1}"#,
        r#"{"$numberInt":"2147483648"}"#,
        r#"{"$numberDouble":"inf"}"#,
        r#"{"$binary":{"base64":"AAE="}}"#,
        r#"{"$timestamp":{"t":-1,"i":0}}"#,
        r#"{"$uuid":"73ffd264-44b3-4c69-90e8-e7d1dfc035d"}"#,
    ] {
        let error = ejson::read(text, &Limits::default()).unwrap_err();
        assert_eq!(error.code().0, 9, "{text}");
        assert!(error.message().starts_with('$'), "{text}: {error}");
    }
}

#[test]
fn dates_are_read_with_any_offset_and_written_in_utc() {
    for text in [
        r#"{"$date":"2018-03-08T17:36:09.913+02:00"}"#,
        r#"{"$date":"2018-03-08T15:36:09.913Z"}"#,
        r#"{"$date":1520523369913}"#,
        r#"{"$date":{"$numberLong":"1520523369913"}}"#,
        r#"{"$date":"2018-03-08T15:36:09.913+0000"}"#,
    ] {
        let read = ejson::read(text, &Limits::default()).unwrap();
        assert_eq!(ejson::to_text(read.view(), Form::Plain), "\"2018-03-08T15:36:09.913Z\"");
    }
    let midnight = ejson::read(r#"{"$date":"1969-12-31"}"#, &Limits::default()).unwrap();
    assert_eq!(
        ejson::to_text(midnight.view(), Form::Relaxed),
        r#"{"$date":{"$numberLong":"-86400000"}}"#
    );
}

#[test]
fn a_stored_text_that_is_cut_short_ends_its_document() {
    let stored = DocumentRef::from(PackedDocument::new(&[1, b'a', 6, 10, 1, b'b', 0, 1, b'c', 0]));
    assert_eq!(plain(stored), "{}");
    assert_eq!(stored.to_document(), Document::new());
}

#[test]
fn dates_at_the_edges_of_four_digit_years_are_written_as_each_form_can() {
    let text = |time, form| ejson::to_text(Value::from(Date(time)).view(), form);
    let (first, last) = (-62_167_219_200_000, 253_402_300_799_999);
    assert_eq!(text(first, Form::Plain), r#""0000-01-01T00:00:00.000Z""#);
    assert_eq!(text(last, Form::Plain), r#""9999-12-31T23:59:59.999Z""#);
    assert_eq!(text(last, Form::Relaxed), r#"{"$date":"9999-12-31T23:59:59.999Z"}"#);
    assert_eq!(text(0, Form::Relaxed), r#"{"$date":"1970-01-01T00:00:00.000Z"}"#);
    assert_eq!(text(first - 1, Form::Plain), r#""-000001-12-31T23:59:59.999Z""#);
    assert_eq!(text(last + 1, Form::Plain), r#""+010000-01-01T00:00:00.000Z""#);
    assert_eq!(text(8_640_000_000_000_000, Form::Plain), r#""+275760-09-13T00:00:00.000Z""#);
    for time in [8_640_000_000_000_001, i64::MIN, i64::MAX] {
        assert_eq!(text(time, Form::Plain), "null", "JavaScript has no such date");
    }
    for (time, form) in [(last + 1, Form::Relaxed), (-1, Form::Relaxed), (0, Form::Canonical)] {
        assert_eq!(text(time, form), format!(r#"{{"$date":{{"$numberLong":"{time}"}}}}"#));
    }
}

#[test]
fn deep_and_long_texts_end_at_their_limits() {
    let limits = Limits::default().with_document_depth(3).with_text_bytes(1000);
    assert!(ejson::read("[[[1]]]", &limits).is_ok());
    let deep = ejson::read("[[[[1]]]]", &limits).unwrap_err();
    assert_eq!(deep.limit_name(), Some("document_depth"));
    let text = |bytes: usize| format!("\"{}\"", "x".repeat(bytes - 2));
    assert!(ejson::read(&text(1000), &limits).is_ok());
    let long = ejson::read(&text(1001), &limits).unwrap_err();
    assert_eq!(long.limit_name(), Some("text_bytes"));
    let hostile = "[".repeat(10_000);
    assert!(ejson::read(&hostile, &Limits::default()).is_err());
}

#[test]
fn plain_text_is_what_a_javascript_server_writes() {
    let document = Document::new()
        .with("progress", 1.0)
        .with("ratio", 0.5)
        .with("nan", f64::NAN)
        .with("text", "a\"\n\u{1F600}");
    let text = ejson::to_text(Value::Document(document).view(), Form::Plain);
    assert_eq!(text, "{\"progress\":1,\"ratio\":0.5,\"nan\":null,\"text\":\"a\\\"\\n😀\"}");
}

#[test]
fn plain_numbers_are_written_as_javascript_writes_them() {
    for (number, text) in [
        (9_007_199_254_740_992.0, "9007199254740992"),
        (9_223_372_036_854_775_807.0, "9223372036854776000"),
        (1e21, "1e+21"),
        (-1.5e300, "-1.5e+300"),
        (0.000001, "0.000001"),
        (1.5e-7, "1.5e-7"),
        (2.5, "2.5"),
        (-0.0, "0"),
    ] {
        assert_eq!(ejson::to_text(Value::from(number).view(), Form::Plain), text);
    }
}

#[test]
fn no_wrapper_of_extended_json_stands_in_plain_text() {
    for (extended, plain) in [
        (r#"{"$undefined":true}"#, "null"),
        (r#"{"$minKey":1}"#, "null"),
        (r#"{"$symbol":"s"}"#, r#""s""#),
        (r#"{"$code":"f()"}"#, r#""f()""#),
        (r#"{"$oid":"5a9f1b2c3d4e5f6071829304"}"#, r#""5a9f1b2c3d4e5f6071829304""#),
        (r#"{"$numberDecimal":"1.50"}"#, "1.50"),
        (r#"{"$numberDecimal":"NaN"}"#, "null"),
        (r#"{"$timestamp":{"t":1520530569,"i":4}}"#, r#""2018-03-08T17:36:09.000Z""#),
        (r#"{"$regularExpression":{"pattern":"^a","options":"i"}}"#, r#""/^a/i""#),
        (r#"{"$binary":{"base64":"AAE=","subType":"00"}}"#, r#""AAE=""#),
        (
            r#"{"$uuid":"3b241101-e2bb-4255-8caf-4136c566a962"}"#,
            r#""3b241101-e2bb-4255-8caf-4136c566a962""#,
        ),
    ] {
        let value = ejson::read(extended, &Limits::default()).unwrap();
        assert_eq!(ejson::to_text(value.view(), Form::Plain), plain, "{extended}");
    }
}

#[test]
fn older_forms_are_values_in_data_and_operators_in_queries() {
    for (older, newer) in [
        (r#"{"$binary":"AAE=","$type":"00"}"#, r#"{"$binary":{"base64":"AAE=","subType":"00"}}"#),
        (r#"{"$type":"80","$binary":""}"#, r#"{"$binary":{"base64":"","subType":"80"}}"#),
        (
            r#"{"$regex":"^a","$options":"si"}"#,
            r#"{"$regularExpression":{"pattern":"^a","options":"is"}}"#,
        ),
        (r#"{"$numberLong":7}"#, r#"{"$numberLong":"7"}"#),
        (
            r#"{"$type":"oid","$value":"5a9f1b2c3d4e5f6071829305"}"#,
            r#"{"$oid":"5a9f1b2c3d4e5f6071829305"}"#,
        ),
        (r#"{"$InfNaN":-1}"#, r#"{"$numberDouble":"-Infinity"}"#),
        (
            r#"{"$date":"2018-03-08T18:36:09.846+0100"}"#,
            r#"{"$date":{"$numberLong":"1520530569846"}}"#,
        ),
    ] {
        let limits = Limits::default();
        let data = ejson::read_data(&format!(r#"{{"a":{older}}}"#), &limits).unwrap();
        assert_eq!(data.get("a"), Some(&ejson::read(newer, &limits).unwrap()), "{older}");
    }
    let query = ejson::read_document(r#"{"a":{"$regex":"^a","$options":"i"}}"#, &Limits::default());
    assert!(query.unwrap().get("a").unwrap().as_document().is_some());
    let code = r#"{"a":{"$code":"f()","$scope":{}}}"#;
    assert!(ejson::read_data(code, &Limits::default()).is_err(), "no value holds a scope");
}
