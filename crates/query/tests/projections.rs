//! The laws of projections. What each form shows is in `testdata/projections.jsonl`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod strategies;

use filedex_query::{Document, Environment, Projection, Value};
use proptest::prelude::*;
use strategies::document;

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
