//! What an update may cost is bounded, and said before it is paid.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use filedex_query::{Document, Environment, Error, Found, Limits, Update, Value, ejson};

fn read(text: &str) -> Document {
    ejson::read_document(text, &Limits::default()).unwrap()
}

fn under(limits: &Limits, document: &str, update: &str) -> Result<Document, Error> {
    let environment = Environment { limits: limits.clone(), ..Environment::default() };
    let update = Update::parse(&ejson::read(update, &Limits::default())?, &[], &environment)?;
    update.apply(read(document), Found::default()).map(|updated| updated.document)
}

fn refused(limits: &Limits, document: &str, update: &str) -> (Option<&'static str>, u32) {
    let error = under(limits, document, update).unwrap_err();
    (error.limit_name(), error.code().0)
}

#[test]
fn nulls_of_padding_are_paid_for_before_they_are_made() {
    let limits = Limits::default().with_expression_bytes(1000);
    assert!(under(&limits, r#"{"a": []}"#, r#"{"$set": {"a.50": 1}}"#).is_ok());
    let refusal = refused(&limits, r#"{"a": []}"#, r#"{"$set": {"a.70": 1}}"#);
    assert_eq!(refusal, (Some("expression_bytes"), 146));
    for far in ["1500001", "10000000", "4294967295"] {
        let update = format!(r#"{{"$set": {{"a.{far}": 1}}}}"#);
        assert_eq!(refused(&Limits::default(), r#"{"a": []}"#, &update), (None, 34));
    }
}

#[test]
fn what_is_put_into_many_elements_is_paid_for_by_each() {
    let limits = Limits::default().with_expression_bytes(5000);
    let text = "x".repeat(1000);
    for (element, update) in [
        ("1", format!(r#"{{"$set": {{"a.$[]": "{text}"}}}}"#)),
        ("1", format!(r#"{{"$max": {{"a.$[]": ["{text}", "{text}"]}}}}"#)),
        ("[]", format!(r#"{{"$push": {{"a.$[]": {{"$each": ["{text}"]}}}}}}"#)),
        ("[]", format!(r#"{{"$addToSet": {{"a.$[]": "{text}"}}}}"#)),
        ("{}", format!(r#"[{{"$set": {{"a.x": {{"$concat": ["{text}", ""]}}}}}}]"#)),
    ] {
        let elements = |count: usize| format!(r#"{{"a": [{}]}}"#, vec![element; count].join(","));
        assert!(under(&limits, &elements(2), &update).is_ok(), "{update}");
        let refusal = refused(&limits, &elements(5), &update);
        assert_eq!(refusal.0, Some("expression_bytes"), "{update}");
    }
}

#[test]
fn a_document_may_not_get_deeper_than_the_limit() {
    let limits = Limits::default().with_document_depth(4);
    for (document, fits, deeper) in [
        ("{}", r#"{"$set": {"a.b.c.d": 1}}"#, r#"{"$set": {"a.b.c.d.e": 1}}"#),
        (r#"{"a": {"b": {}}}"#, r#"{"$set": {"a.b.c": [1]}}"#, r#"{"$set": {"a.b.c": [[]]}}"#),
        (r#"{"a": {"b": []}}"#, r#"{"$push": {"a.b": []}}"#, r#"{"$push": {"a.b": [[]]}}"#),
        (r#"{"x": [[]]}"#, r#"{"$rename": {"x": "a.x"}}"#, r#"{"$rename": {"x": "a.b.x"}}"#),
        (r#"{"x": [1]}"#, r#"[{"$set": {"y.z": "$x"}}]"#, r#"[{"$set": {"y.z.u.v": "$x"}}]"#),
    ] {
        assert!(under(&limits, document, fits).is_ok(), "{fits}");
        assert_eq!(refused(&limits, document, deeper), (Some("document_depth"), 15), "{deeper}");
    }
}

#[test]
fn an_update_nested_a_thousand_deep_is_an_error() {
    let mut deep = Value::Int(1);
    for _ in 0..1_000 {
        deep = Value::Array(vec![deep]);
    }
    let set = |value: Value| {
        Value::Document(Document::new().with("$set", Document::new().with("a", value)))
    };
    let environment = Environment::default();
    let filter = Value::Document(Document::new().with("x", deep.clone()));
    let refusals = [
        Update::parse(&set(deep), &[], &environment),
        Update::parse(&set(Value::Int(1)), &[filter], &environment),
    ];
    for refusal in refusals {
        assert_eq!(refusal.unwrap_err().limit_name(), Some("document_depth"));
    }
}

#[test]
fn paths_parts_and_stages_are_counted() {
    let limits = Limits::default().with_filter_nodes(3).with_path_parts(4).with_sort_keys(2);
    for (fits, many, limit) in [
        (
            r#"{"$set": {"a": 1, "b": 1}, "$inc": {"c": 1}}"#,
            r#"{"$set": {"a": 1, "b": 1}, "$inc": {"c": 1, "d": 1}}"#,
            "filter_nodes",
        ),
        (r#"{"$set": {"a.b.c.d": 1}}"#, r#"{"$set": {"a.b.c.d.e": 1}}"#, "path_parts"),
        (r#"{"$rename": {"x": "a.b.c.d"}}"#, r#"{"$rename": {"x": "a.b.c.d.e"}}"#, "path_parts"),
        (
            r#"{"$push": {"a": {"$each": [], "$sort": {"x": 1, "y": 1}}}}"#,
            r#"{"$push": {"a": {"$each": [], "$sort": {"x": 1, "y": 1, "z": 1}}}}"#,
            "sort_keys",
        ),
    ] {
        assert!(under(&limits, "{}", fits).is_ok(), "{fits}");
        assert_eq!(refused(&limits, "{}", many).0, Some(limit), "{many}");
    }
}

#[test]
fn a_stage_counts_as_a_hundred_paths() {
    let limits = Limits::default().with_filter_nodes(300);
    let stages = |count: usize| format!("[{}]", vec![r#"{"$unset": "a"}"#; count].join(","));
    assert!(under(&limits, "{}", &stages(3)).is_ok());
    assert_eq!(refused(&limits, "{}", &stages(4)).0, Some("filter_nodes"));
}

#[test]
fn array_filters_are_counted() {
    let limits = Limits::default().with_filter_nodes(2);
    let environment = Environment { limits, ..Environment::default() };
    let filters = |names: &[&str]| -> Vec<Value> {
        names.iter().map(|name| Value::Document(Document::new().with(*name, 1))).collect()
    };
    let update = ejson::read(r#"{"$set": {"a.$[x].$[y]": 1}}"#, &Limits::default()).unwrap();
    assert!(Update::parse(&update, &filters(&["x", "y"]), &environment).is_ok());
    let refusal = Update::parse(&update, &filters(&["x", "y", "z"]), &environment).unwrap_err();
    assert_eq!(refusal.limit_name(), Some("filter_nodes"));
}

#[test]
fn a_document_that_doubles_at_each_stage_is_stopped() {
    let limits = Limits::default().with_expression_bytes(1 << 20);
    let stages = vec![r#"{"$set": {"a": "$$ROOT", "b": "$$ROOT"}}"#; 60].join(",");
    assert_eq!(refused(&limits, r#"{"x": 1}"#, &format!("[{stages}]")).0, Some("expression_bytes"));
    let projected = vec![r#"{"$project": {"a": ["$$ROOT", "$$ROOT"]}}"#; 60].join(",");
    let refusal = refused(&limits, r#"{"x": 1}"#, &format!("[{projected}]"));
    assert!(matches!(refusal.0, Some("expression_bytes" | "expression_steps")), "{refusal:?}");
}

#[test]
fn a_name_that_stands_twice_is_two_operators() {
    let twice = r#"{"$set": {"a": 1, "a": 1}}"#;
    assert_eq!(refused(&Limits::default(), "{}", twice), (None, 40));
    let apart = r#"{"$set": {"a": 1}, "$set": {"b": 2}}"#;
    let changed = under(&Limits::default(), "{}", apart).unwrap();
    assert_eq!(changed, read(r#"{"a": 1, "b": 2}"#));
}
