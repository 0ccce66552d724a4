//! What an update may cost is bounded, and said before it is paid.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use filedex_query::{
    Account, Clock, Code, Document, Environment, Error, Found, Limits, Update, Value, ejson,
};

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

/// Updates that go through an array, or copy it, each by another way.
const COSTLY: [(&str, Option<&str>); 13] = [
    (r#"{"$push": {"a": {"$each": [1], "$sort": 1}}}"#, None),
    (r#"{"$push": {"o": {"$each": [], "$sort": {"k": -1, "v": 1}}}}"#, None),
    (r#"{"$push": {"a": {"$each": [1], "$position": 0}}}"#, None),
    (r#"{"$addToSet": {"a": {"$each": [1, "x"]}}}"#, None),
    (r#"{"$pull": {"a": 7}}"#, None),
    (r#"{"$pull": {"a": {"$gt": "m"}}}"#, None),
    (r#"{"$pull": {"o": {"k": "x"}}}"#, None),
    (r#"{"$pullAll": {"a": [1, 2, "x"]}}"#, None),
    (r#"{"$set": {"a.$[]": "x"}}"#, None),
    (r#"{"$set": {"o.$[x].k": 1}}"#, Some(r#"[{"x.k": {"$gt": "a"}}]"#)),
    (r#"{"$rename": {"o": "p"}, "$max": {"a": []}}"#, None),
    (r#"[{"$set": {"b": {"$concatArrays": ["$a", "$a"]}}}]"#, None),
    (r#"[{"$unset": "z"}]"#, None),
];

/// A document with arrays of so many elements.
fn large(elements: usize) -> Document {
    let object = Document::new().with("k", "key").with("v", 7);
    Document::new()
        .with("_id", "x")
        .with("a", (0..elements).map(|n| format!("text {n}").into()).collect::<Vec<Value>>())
        .with("o", vec![Value::Document(object); elements])
}

fn costly(update: &str, filters: Option<&str>) -> Update {
    Update::parse_text(update, filters, &Environment::default()).unwrap()
}

/// Stops a request at the look of that number.
struct StopsAt(AtomicU64);

impl Clock for StopsAt {
    fn look(&self) -> Result<(), Error> {
        match self.0.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)) {
            Ok(_) => Ok(()),
            Err(_) => Err(Error::new(Code::INTERRUPTED, "the flag is raised")),
        }
    }
}

#[test]
fn an_update_that_goes_through_much_looks_at_the_clock_all_the_time() {
    for (text, filters) in COSTLY {
        let (update, clock) = (costly(text, filters), StopsAt(AtomicU64::new(u64::MAX)));
        let account = Account::default().watched_by(Arc::new(clock));
        update.apply_within(large(50_000), Found::default(), &account).unwrap();
        assert!(account.looks() >= 3, "{} looks in {text}", account.looks());
        let stops = Account::default().watched_by(Arc::new(StopsAt(AtomicU64::new(1))));
        let error = update.apply_within(large(50_000), Found::default(), &stops).unwrap_err();
        assert_eq!((error.code(), stops.looks()), (Code::INTERRUPTED, 2), "{text}");
    }
}

#[test]
fn what_an_update_makes_is_held_by_the_request() {
    let makes: Vec<_> = COSTLY.iter().filter(|(text, _)| !text.contains("$pull")).collect();
    for (text, filters) in makes {
        let update = costly(text, *filters);
        let under = |most: usize| {
            let account = Account::new(&Limits::default().with_request_bytes(most));
            update
                .apply_within(large(1000), Found::default(), &account)
                .map(|_| account.most_held())
        };
        if text.contains("$rename") {
            // What moves takes no room of its own.
            assert!(under(1000).is_ok(), "{text}");
            continue;
        }
        let held = under(1 << 20).unwrap();
        assert!(held > 1000, "{held} bytes held in {text}");
        assert!(under(held).is_ok(), "{text}");
        assert_eq!(under(held - 1).unwrap_err().limit_name(), Some("request_bytes"), "{text}");
    }
}

#[test]
fn an_update_is_held_as_it_is_read() {
    let each = vec!["12345"; 1000].join(",");
    for text in [
        format!(r#"{{"$push": {{"a": {{"$each": [{each}]}}}}}}"#),
        format!(r#"{{"$addToSet": {{"a": {{"$each": [{each}]}}}}}}"#),
        format!(r#"{{"a": [{each}]}}"#),
        format!(r#"[{{"$set": {{"a": [{each}]}}}}]"#),
    ] {
        let read = |most: usize| {
            let limits = Limits::default().with_request_bytes(most);
            let account = Arc::new(Account::new(&limits));
            let environment = Environment { limits, account, ..Environment::default() };
            Update::parse_text(&text, None, &environment).map(|_| environment.account.most_held())
        };
        let held = read(16 << 20).unwrap();
        assert!(held > text.len() && read(held).is_ok(), "{held} bytes of {text}");
        assert_eq!(read(held - 1).unwrap_err().limit_name(), Some("request_bytes"), "{text}");
    }
}
