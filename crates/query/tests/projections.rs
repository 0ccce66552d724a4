//! Runs `testdata/projections.jsonl`, and the laws of projections.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod strategies;

use filedex_query::ejson::{self, Form};
use filedex_query::{Document, Environment, Filter, Limits, Matcher, Projection, Value};
use proptest::prelude::*;
use strategies::document;

fn run(case: &Document) -> filedex_query::Result<Vec<Value>> {
    let environment = Environment::default();
    let specification = case.get("projection").unwrap().as_document().unwrap();
    let projection = Projection::parse(specification, &environment)?;
    let query = case.get("query").unwrap().as_document().unwrap();
    let matcher = Matcher::compile(&Filter::parse(query, &environment)?, &environment)?;
    let mut shown = Vec::new();
    for document in case.get("docs").unwrap().as_array().unwrap() {
        let document = document.as_document().unwrap();
        if let Some(found) = matcher.find(document.view())? {
            shown.push(projection.apply(document.view(), Some(found))?.into());
        }
    }
    Ok(shown)
}

fn outcome(case: &Document) -> Value {
    match run(case) {
        Ok(documents) => Document::new().with("docs", documents).into(),
        Err(error) => Document::new().with("error", error.code().0 as i32).into(),
    }
}

#[test]
fn every_projection_case_has_its_documents_or_its_error() {
    let mut failures = Vec::new();
    for line in include_str!("../testdata/projections.jsonl").lines() {
        let case = ejson::read_document(line, &Limits::default()).unwrap();
        if !case.get("query").unwrap().as_document().unwrap().is_empty() {
            continue;
        }
        let (got, want) = (outcome(&case), case.get("want").unwrap());
        let text = |value: &Value| ejson::to_text(value.view(), Form::Canonical);
        if text(&got) != text(want) {
            let id = case.get_str("id").unwrap();
            let specification = text(case.get("projection").unwrap());
            failures.push(format!(
                "{id}: {specification}\n  want {}\n  got  {}",
                text(want),
                text(&got)
            ));
        }
    }
    assert!(failures.is_empty(), "{} wrong\n{}", failures.len(), failures.join("\n"));
}

const PATHS: [&str; 7] = ["a", "b", "c", "a.b", "a.c", "b.a", "a.b.c"];

fn specification(value: i32) -> impl Strategy<Value = Document> {
    proptest::collection::btree_set(0..PATHS.len(), 1..4).prop_map(move |paths| {
        paths.into_iter().map(|path| (PATHS[path].to_owned(), Value::Int(value))).collect()
    })
}

/// Whether all that `part` holds is in `whole`, in the same order.
fn is_part(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::Document(part), Value::Document(whole)) => {
            let mut fields = whole.iter();
            part.iter().all(|(name, value)| {
                fields.any(|(known, other)| known == name && is_part(value, other))
            })
        }
        (Value::Array(part), Value::Array(whole)) => {
            let mut elements = whole.iter();
            part.iter().all(|value| elements.any(|other| is_part(value, other)))
        }
        _ => part == whole,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_projection_never_invents_anything(
        specification in prop_oneof![specification(0), specification(1)], document in document()
    ) {
        if let Ok(projection) = Projection::parse(&specification, &Environment::default()) {
            let shown = projection.apply(document.view(), None).unwrap();
            prop_assert!(is_part(&shown.clone().into(), &document.clone().into()));
            let again = projection.apply(shown.view(), None).unwrap();
            prop_assert_eq!(again, shown);
        }
    }

    #[test]
    fn what_is_included_is_what_exclusion_leaves_out_at_the_top(
        names in proptest::collection::btree_set("[abc]", 1..3), document in document()
    ) {
        let all = |value: i32| {
            let fields: Document = names.iter().map(|name| (name.clone(), Value::Int(value))).collect();
            let specification = fields.with("_id", 0);
            let projection = Projection::parse(&specification, &Environment::default()).unwrap();
            projection.apply(document.view(), None).unwrap()
        };
        let (shown, hidden) = (all(1), all(0));
        prop_assert_eq!(shown.len() + hidden.len(), document.len());
        for (name, value) in document.iter() {
            let side = if names.contains(name) { &shown } else { &hidden };
            prop_assert_eq!(side.get(name), Some(value));
        }
    }

    #[test]
    fn no_specification_or_document_causes_a_panic(
        specification in document(), document in document()
    ) {
        if let Ok(projection) = Projection::parse(&specification, &Environment::default()) {
            let _ = projection.apply(document.view(), None);
            let again = Projection::parse(&projection.to_document(), &Environment::default());
            prop_assert_eq!(again.unwrap(), projection);
        }
    }
}

#[test]
fn the_fields_that_are_read_are_known() {
    let fields = |text: &str| {
        let projection = Projection::parse_text(text, &Environment::default()).unwrap();
        projection.fields().map(|fields| fields.into_iter().collect::<Vec<_>>())
    };
    assert_eq!(fields(r#"{"a.b":1,"c":1}"#), Some(vec!["_id".into(), "a".into(), "c".into()]));
    assert_eq!(fields(r#"{"x":"$a.b","_id":0}"#), Some(vec!["a".into()]));
    assert_eq!(fields(r#"{"a":0}"#), None);
    assert_eq!(fields(r#"{"x":"$$ROOT"}"#), None);
    assert!(Projection::parse_text("{}", &Environment::default()).unwrap().is_everything());
}
