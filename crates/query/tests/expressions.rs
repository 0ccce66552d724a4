//! The laws and limits of expressions. What each operator answers is in `testdata/expressions.jsonl`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use super::strategies::{document, value};
use filedex_query::ejson;
use filedex_query::{Document, Environment, Expression, Limits, Value};
use proptest::prelude::*;

fn environment() -> Environment {
    let now = filedex_query::Date(1_700_000_000_000);
    Environment { now, seed: 7, ..Environment::default() }
}

fn read(text: &str) -> Value {
    ejson::read(text, &Limits::default()).unwrap()
}

fn evaluate(text: &str, document: &str) -> filedex_query::Result<Option<Value>> {
    let document = ejson::read_document(document, &Limits::default()).unwrap();
    Expression::parse(&read(text), &environment())?.evaluate(document.view())
}

#[test]
fn an_expression_that_loops_or_multiplies_ends_with_the_name_of_a_limit() {
    let loops = [
        r#"{"$reduce":{"input":{"$range":[0,100000]},"initialValue":"$a","in":{"$concatArrays":["$$value","$$value"]}}}"#,
        r#"{"$reduce":{"input":{"$range":[0,1000]},"initialValue":"x","in":{"$concat":["$$value","$$value"]}}}"#,
        r#"{"$map":{"input":{"$range":[0,1000]},"in":{"$map":{"input":{"$range":[0,1000]},"in":"$a"}}}}"#,
        r#"{"$range":[0,2000000000]}"#,
        r#"{"$reduce":{"input":{"$range":[0,100000]},"initialValue":[],"in":["$$value"]}}"#,
        r#"{"$reduce":{"input":{"$range":[0,1000]},"initialValue":{"a":1},"in":{"a":"$$value","b":"$$value"}}}"#,
        r#"{"$map":{"input":{"$range":[0,100000]},"in":{"$setUnion":["$big","$big"]}}}"#,
        r#"{"$map":{"input":{"$range":[0,100000]},"in":{"$sortArray":{"input":"$big","sortBy":-1}}}}"#,
        r#"{"$map":{"input":{"$range":[0,100000]},"in":{"$add":["$d","$e"]}}}"#,
        r#"{"$map":{"input":{"$range":[0,100000]},"in":{"$ln":"$d"}}}"#,
        r#"{"$map":{"input":{"$range":[0,100000]},"in":{"$eq":["$$ROOT","$$ROOT"]}}}"#,
        r#"{"$map":{"input":{"$range":[0,100000]},"in":{"$regexMatch":{"input":"$s","regex":"(?=(x+x+)+y)z"}}}}"#,
    ];
    let document = format!(
        r#"{{"_id":1,"a":[1,2,3],"big":[{}0],"s":"{}","d":{},"e":{}}}"#,
        "7,".repeat(3000),
        "x".repeat(100),
        r#"{"$numberDecimal":"1E+6000"}"#,
        r#"{"$numberDecimal":"1E-6000"}"#
    );
    for text in loops {
        let error = evaluate(text, &document).unwrap_err();
        assert!(error.limit_name().is_some(), "{text}: {error:?}");
    }
}

#[test]
fn an_expression_nested_too_deep_is_refused() {
    let mut text = "1".to_owned();
    for _ in 0..63 {
        text = format!("{{\"$abs\":{text}}}");
    }
    assert!(evaluate(&text, "{}").is_ok());
    let mut value = read("1");
    for _ in 0..5000 {
        value = Document::new().with("$abs", value).into();
    }
    let error = Expression::parse(&value, &environment()).unwrap_err();
    assert_eq!(error.limit_name(), Some("filter_depth"));
    // Taking such a value apart recursively is what the limit is there to prevent.
    std::mem::forget(value);
}

#[test]
fn errors_say_where_they_are() {
    let error = evaluate(r#"{"$cond":{"if":true,"then":{"$foo":1},"else":2}}"#, "{}").unwrap_err();
    assert_eq!((error.code().0, error.path().as_str()), (168, "$.$cond.then"));
    let error = evaluate(r#"{"$add":["$a",1]}"#, r#"{"a":"x"}"#).unwrap_err();
    assert_eq!((error.code().0, error.path().as_str()), (14, "$.$add"));
}

#[test]
fn constants_are_computed_once_and_their_errors_come_at_parse_time() {
    assert!(Expression::parse(&read(r#"{"$divide":[1,0]}"#), &environment()).is_err());
    assert!(Expression::parse(&read(r#"{"$divide":["$a",0]}"#), &environment()).is_ok());
}

#[test]
fn random_numbers_repeat_for_a_document_and_differ_between_documents() {
    let first = evaluate(r#"{"$rand":{}}"#, r#"{"_id":1}"#).unwrap();
    assert_eq!(first, evaluate(r#"{"$rand":{}}"#, r#"{"_id":1}"#).unwrap());
    assert_ne!(first, evaluate(r#"{"$rand":{}}"#, r#"{"_id":2}"#).unwrap());
    let pair = evaluate(r#"{"$eq":[{"$rand":{}},{"$rand":{}}]}"#, r#"{"_id":1}"#).unwrap();
    assert_eq!(pair, Some(Value::Bool(false)));
}

#[test]
fn the_fields_that_are_read_are_known() {
    let fields = |text: &str| {
        let expression = Expression::parse(&read(text), &environment()).unwrap();
        expression.fields().map(|fields| fields.into_iter().collect::<Vec<_>>())
    };
    assert_eq!(fields(r#"{"$add":["$a.b",{"$size":"$c"}]}"#), Some(vec!["a".into(), "c".into()]));
    assert_eq!(fields(r#"{"$literal":"$a"}"#), Some(Vec::new()));
    assert_eq!(fields(r#""$$ROOT""#), None);
    let mapped = r#"{"$map":{"input":"$a","in":"$$this.b"}}"#;
    assert_eq!(fields(mapped), Some(vec!["a".into()]));
}

/// The expressions of the cases, to be changed at random.
fn known_expressions() -> &'static [Value] {
    static KNOWN: std::sync::OnceLock<Vec<Value>> = std::sync::OnceLock::new();
    KNOWN.get_or_init(|| {
        let cases = include_str!("../../../testdata/expressions.jsonl").lines();
        let projection = |line| {
            let case = ejson::read_document(line, &Limits::default()).unwrap();
            case.get("projection").unwrap().as_document().unwrap().get("v").unwrap().clone()
        };
        cases.map(projection).collect()
    })
}

/// The expression with its leaves of those numbers replaced.
fn changed(source: &Value, changes: &[(usize, Value)], leaf: &mut usize) -> Value {
    match source {
        Value::Document(document) if !document.is_empty() => document
            .iter()
            .map(|(name, value)| (name.to_owned(), changed(value, changes, leaf)))
            .collect::<Document>()
            .into(),
        Value::Array(elements) if !elements.is_empty() => {
            elements.iter().map(|value| changed(value, changes, leaf)).collect::<Vec<_>>().into()
        }
        other => {
            *leaf += 1;
            let change = changes.iter().find(|(number, _)| number == leaf);
            change.map_or_else(|| other.clone(), |(_, value)| value.clone())
        }
    }
}

/// What replaces a leaf: any value, or a reference to one, so that nothing is known at parse time.
fn replacement() -> impl Strategy<Value = Value> {
    prop_oneof![
        value(),
        prop_oneof![Just("$a"), Just("$b"), Just("$c.a"), Just("$$ROOT"), Just("$nope")]
            .prop_map(Value::from),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5000))]

    #[test]
    fn no_expression_or_document_causes_a_panic(
        index in 0..known_expressions().len(),
        changes in proptest::collection::vec((1..8usize, replacement()), 1..4),
        document in document(),
    ) {
        let source = changed(&known_expressions()[index], &changes, &mut 0);
        if let Ok(expression) = Expression::parse(&source, &environment()) {
            let once = expression.evaluate(document.view());
            prop_assert_eq!(&once, &expression.evaluate(document.view()));
            if let Ok(value) = once {
                prop_assert_eq!(expression.holds(document.view()), Ok(Expression::truth(value.as_ref())));
            }
        }
    }
}
