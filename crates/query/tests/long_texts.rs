//! Whatever is done with a long text is done piece by piece: an account hears of it all the way, so that a flag
//! that is raised ends it soon.
//!
//! Counted in looks, which are the same on every machine; how long there is between two of them is shown by
//! `FILEDEX_TIMES=1 cargo test --release -p filedex-query --test account -- --nocapture`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use std::sync::{Arc, Mutex};

use filedex_query::ejson::{Form, write_document_within};
use filedex_query::packed::{self, PackedDocument};
use filedex_query::{
    Account, Binary, Clock, Document, Environment, Filter, Limits, Plan, Projection, Result, Sort,
    Value,
};

/// Bytes of text that may be gone through between two looks.
const BYTES_A_LOOK: usize = 512 << 10;

const LENGTH: usize = 6 << 20;

/// Counts looks: work that is told of at once is one, however much it is.
#[derive(Default)]
struct Looks(Mutex<usize>);

impl Clock for Looks {
    fn look(&self) -> Result<()> {
        *self.0.lock().unwrap() += 1;
        Ok(())
    }
}

fn watched() -> (Environment, Arc<Looks>) {
    let limits = Limits::default().with_expression_steps(1 << 40).with_expression_bytes(1 << 30);
    let looks = Arc::new(Looks::default());
    let account = Account::new(&limits).watched_by(looks.clone());
    (Environment { limits, account: Arc::new(account), ..Environment::default() }, looks)
}

/// Looks while the work is done.
fn looks(work: impl FnOnce(&Environment)) -> usize {
    let (environment, looks) = watched();
    work(&environment);
    *looks.0.lock().unwrap()
}

/// Asks for the field `x` of a record with a text.
fn computed(expression: &str, text: &str) -> usize {
    let record = packed::pack(&Document::new().with("_id", "x").with("s", text));
    looks(|environment| {
        let fields = format!(r#"{{"x":{expression}}}"#);
        let projection = Projection::parse_text(&fields, environment).unwrap();
        let plan = Plan::compile(Filter::all(), projection, Sort::none(), environment).unwrap();
        let record = PackedDocument::new(&record).into();
        let shown = plan.projection().apply_within(record, None, &environment.account);
        shown.unwrap_or_else(|error| panic!("{expression}: {error}"));
    })
}

#[test]
fn every_operator_on_texts_hears_of_its_flag_all_the_way_through_a_long_one() {
    let long = "aé b".repeat(LENGTH / 5);
    let expressions = [
        r#"{"$toLower":"$s"}"#,
        r#"{"$toUpper":"$s"}"#,
        r#"{"$trim":{"input":"$s","chars":"aé b"}}"#,
        r#"{"$ltrim":{"input":"$s","chars":"aé b"}}"#,
        r#"{"$rtrim":{"input":"$s","chars":"aé b"}}"#,
        r#"{"$strLenCP":"$s"}"#,
        r#"{"$strcasecmp":["$s",{"$toUpper":"$s"}]}"#,
        r#"{"$substrCP":["$s",4000000,2]}"#,
        r#"{"$substrCP":["$s",1,4000000]}"#,
        r#"{"$indexOfBytes":["$s","x"]}"#,
        r#"{"$indexOfCP":["$s","x"]}"#,
        r#"{"$size":{"$split":["$s","x"]}}"#,
        r#"{"$size":{"$split":["$s"," ba"]}}"#,
        r#"{"$strLenBytes":{"$replaceAll":{"input":"$s","find":"a","replacement":"b"}}}"#,
        r#"{"$strLenBytes":{"$replaceOne":{"input":"$s","find":" b ","replacement":"b"}}}"#,
        r#"{"$regexMatch":{"input":"$s","regex":"x"}}"#,
        r#"{"$regexMatch":{"input":"$s","regex":"(?=x)x"}}"#,
    ];
    let passed: Vec<String> = expressions
        .iter()
        .filter_map(|expression| {
            let looks = computed(expression, &long).saturating_sub(computed(expression, "aé b"));
            let few = looks < LENGTH / BYTES_A_LOOK;
            few.then(|| format!("{expression}: {looks} looks in {LENGTH} bytes"))
        })
        .collect();
    assert!(passed.is_empty(), "{passed:#?}");
}

#[test]
fn a_long_value_is_written_and_made_a_key_piece_by_piece() {
    let texts = ["a", "é", "\0", "\"", "\u{1}"].map(|letter| letter.repeat(LENGTH / letter.len()));
    let mut values: Vec<Value> = texts.iter().map(|text| Value::from(text.as_str())).collect();
    values.push(Value::Symbol("é".repeat(LENGTH / 2)));
    values.push(Value::Code("a".repeat(LENGTH)));
    values.push(Value::Binary(Binary { subtype: 0, bytes: vec![7; LENGTH] }));
    for value in values {
        let record = packed::pack(&Document::new().with("_id", "x").with("s", value.clone()));
        let record = PackedDocument::new(&record);
        for form in [Form::Plain, Form::Relaxed, Form::Canonical] {
            let written = looks(|environment| {
                let (mut out, account) = (Vec::new(), &environment.account);
                write_document_within(record.into(), form, &mut out, 1 << 30, account).unwrap();
            });
            assert!(written >= LENGTH / BYTES_A_LOOK, "{form:?}: {written}");
        }
        if matches!(value, Value::Binary(_)) {
            // Copied as it is.
            continue;
        }
        let sorted = looks(|environment| {
            let sort = Sort::parse_text(r#"{"s":-1}"#, environment).unwrap();
            sort.key_with_id_within(record.into(), &environment.account).unwrap();
        });
        assert!(sorted >= LENGTH / BYTES_A_LOOK, "{sorted}");
    }
}

#[test]
fn a_long_text_is_written_as_a_short_one_is() {
    for letters in ["a", "é\n", "\"\\", "€\u{1}x", "\u{1}", "ab\"c"] {
        let text = letters.repeat(100_000 / letters.len());
        let document = Document::new().with("s", text.as_str());
        let mut out = Vec::new();
        filedex_query::ejson::write_document(document.view(), Form::Plain, &mut out);
        let expected = serde_json::json!({ "s": text });
        assert_eq!(String::from_utf8(out).unwrap(), expected.to_string(), "{letters:?}");
        let stored = packed::pack(&document);
        let mut out = Vec::new();
        let stored = PackedDocument::new(&stored).into();
        filedex_query::ejson::write_document(stored, Form::Plain, &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), expected.to_string(), "{letters:?}");
    }
    let data: Vec<u8> = (0..100_000_u32).map(|n| n as u8).collect();
    let value = Value::Binary(Binary { subtype: 0, bytes: data.clone() });
    let text = filedex_query::ejson::to_text(value.view(), Form::Plain);
    assert_eq!(text, format!("\"{}\"", data_encoding::BASE64.encode(&data)));
}
