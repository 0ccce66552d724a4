//! Filters print in one canonical form, which reads back as the same filter.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use filedex_query::{
    Document, DottedNull, ElementMatcher, Environment, Filter, Found, Matcher, Plan, Projection,
    Sort, Test, Value, ejson,
};

fn parse(text: &str) -> Filter {
    Filter::parse_text(text, &Environment::default()).unwrap_or_else(|e| panic!("{text}: {e:?}"))
}

#[test]
fn shorthand_is_written_out_once() {
    let forms = [
        ("{}", "{}"),
        (r#"{"a":{"$eq":1}}"#, r#"{"a":1}"#),
        (r#"{"a":{"$eq":{"$gt":1}}}"#, r#"{"a":{"$eq":{"$gt":1}}}"#),
        (r#"{"$and":[{"a":1},{"$and":[{"b":2},{}]}]}"#, r#"{"a":1,"b":2}"#),
        (r#"{"$and":[{"a":{"$gt":1}},{"a":{"$lt":9}}]}"#, r#"{"a":{"$gt":1,"$lt":9}}"#),
        (r#"{"a":1,"a":2}"#, r#"{"$and":[{"a":1},{"a":2}]}"#),
        (r#"{"$or":[{"a":1},{"a":{"$eq":2}}]}"#, r#"{"a":{"$in":[1,2]}}"#),
        (r#"{"$or":[{"a":1},{"b":2}]}"#, r#"{"$or":[{"a":1},{"b":2}]}"#),
        (r#"{"$or":[{"a":1},{"$or":[{"b":2},{"c":3}]}]}"#, r#"{"$or":[{"a":1},{"b":2},{"c":3}]}"#),
        (r#"{"a":{"$in":[5]}}"#, r#"{"a":5}"#),
        (r#"{"a":{"$nin":[5]}}"#, r#"{"a":{"$ne":5}}"#),
        (r#"{"a":{"$exists":0}}"#, r#"{"a":{"$exists":false}}"#),
        (r#"{"a":{"$all":[1,2]}}"#, r#"{"$and":[{"a":1},{"a":2}]}"#),
        (r#"{"a":{"$all":[]}}"#, r#"{"a":{"$in":[]}}"#),
        (
            r#"{"a":{"$type":[2,"number"]}}"#,
            r#"{"a":{"$type":["double","string","int","long","decimal"]}}"#,
        ),
        (r#"{"a":{"$bitsAllSet":5}}"#, r#"{"a":{"$bitsAllSet":[0,2]}}"#),
        (r#"{"a":{"$mod":[4.9,1]}}"#, r#"{"a":{"$mod":[4,1]}}"#),
        (r#"{"a":{"$options":"i","$regex":"x"}}"#, r#"{"a":{"$regex":"x","$options":"i"}}"#),
        (r#"{"a":{"$not":{"$regex":"x"}}}"#, r#"{"a":{"$not":{"$regex":"x"}}}"#),
        (r#"{"$comment":"why","a":1}"#, r#"{"a":1}"#),
        (r#"{"$or":[{"a":1},{}]}"#, "{}"),
        (r#"{"a":1,"$nor":[{}]}"#, r#"{"$alwaysFalse":1}"#),
        (
            r#"{"a":{"$elemMatch":{"b":1,"$alwaysFalse":1}}}"#,
            r#"{"a":{"$elemMatch":{"$and":[{"$alwaysFalse":1}]}}}"#,
        ),
        (r#"{"$id":{"$gt":1}}"#, r#"{"$id":{"$gt":1}}"#),
        (r#"{"$sampleRate":0.5}"#, r#"{"$sampleRate":0.5}"#),
    ];
    for (text, canonical) in forms {
        let filter = parse(text);
        assert_eq!(filter.to_string(), canonical, "{text}");
        assert_eq!(parse(canonical), filter, "{text}");
    }
}

#[test]
fn hosts_build_the_filters_that_json_says() {
    let eq = Filter::eq("rid", "GENERAL").unwrap();
    assert_eq!(eq, parse(r#"{"rid":"GENERAL"}"#));
    let literal = Filter::eq("a", Document::new().with("$gt", 1)).unwrap();
    assert_eq!(literal, parse(r#"{"a":{"$eq":{"$gt":1}}}"#));
    let some = Filter::one_of("a", [Value::Int(1), Value::Null]).unwrap();
    assert_eq!(some, parse(r#"{"a":{"$in":[1,null]}}"#));
    assert_eq!(Filter::one_of("a", []).unwrap(), Filter::Never);
    let over = Filter::field("size", Test::Gt(Value::Int(10))).unwrap();
    let both = Filter::and(vec![eq, Filter::all(), over]);
    assert_eq!(both, parse(r#"{"rid":"GENERAL","size":{"$gt":10}}"#));
    assert_eq!(both.conjuncts().len(), 2);
    assert!(Filter::all().conjuncts().is_empty());
}

#[test]
fn find_tells_the_element_of_the_last_condition() {
    let document = Document::new()
        .with("t", vec![Value::from("p"), Value::from("q"), Value::from("r")])
        .with("n", vec![Value::Int(1), Value::Int(5)]);
    let index = |text: &str| {
        let environment = Environment::default();
        let matcher = Matcher::compile(&parse(text), &environment).unwrap();
        matcher.find(document.view()).unwrap().map(|found| found.array_index)
    };
    assert_eq!(index(r#"{"t":"q"}"#), Some(Some(1)));
    assert_eq!(index(r#"{"t":"r","n":5}"#), Some(Some(1)));
    assert_eq!(index(r#"{"n":5,"t":"r"}"#), Some(Some(2)));
    assert_eq!(index(r#"{"n":{"$elemMatch":{"$gt":4}}}"#), Some(Some(1)));
    assert_eq!(index(r#"{"t":{"$not":{"$eq":"x"}}}"#), Some(None));
    assert_eq!(index(r#"{"$or":[{"t":"r"},{"n":7}]}"#), Some(None));
    assert_eq!(index(r#"{"t":"x"}"#), None);
    assert_eq!(Found::default().array_index, None);
}

#[test]
fn dotted_null_follows_the_version_asked_for() {
    let lone = ["[]", "[1,2]", "[null]", "[[]]"];
    let docs = lone.map(|a| ejson::read_document(&format!("{{\"a\":{a}}}"), &Default::default()));
    let matched = |text: &str, rule: DottedNull| {
        let environment = Environment { dotted_null: rule, ..Default::default() };
        let filter = Filter::parse_text(text, &environment).unwrap();
        let matcher = Matcher::compile(&filter, &environment).unwrap();
        let docs = docs.iter().map(|document| document.as_ref().unwrap());
        docs.filter(|document| matcher.matches(document.view()).unwrap()).count()
    };
    for text in [r#"{"a.b":null}"#, r#"{"a.b":{"$in":[null]}}"#, r#"{"a.b":{"$not":{"$ne":null}}}"#]
    {
        assert_eq!((matched(text, DottedNull::Eight), matched(text, DottedNull::Nine)), (0, 4));
    }
    let negated = r#"{"a.b":{"$ne":null}}"#;
    assert_eq!((matched(negated, DottedNull::Eight), matched(negated, DottedNull::Nine)), (4, 0));
}

#[test]
fn a_sample_takes_its_share_and_the_same_again() {
    let environment = Environment { seed: 7, ..Default::default() };
    let filter = Filter::parse_text(r#"{"$sampleRate":0.25}"#, &environment).unwrap();
    let matcher = Matcher::compile(&filter, &environment).unwrap();
    let take = || -> Vec<i32> {
        let taken = |id: &i32| matcher.matches(Document::new().with("_id", *id).view()).unwrap();
        (0..10_000).filter(taken).collect()
    };
    let first = take();
    assert!((2_200..2_800).contains(&first.len()), "{}", first.len());
    assert_eq!(first, take());
}

#[test]
fn two_samples_in_one_plan_draw_each_on_its_own() {
    let environment = Environment { seed: 7, ..Default::default() };
    let text = r#"{"$and":[{"$sampleRate":0.5},{"$sampleRate":0.5}]}"#;
    let filter = Filter::parse_text(text, &environment).unwrap();
    let plan = Plan::compile(filter, Projection::everything(), Sort::none(), &environment).unwrap();
    let residual = plan.residual(&[]);
    let taken = |id: &i32| {
        let record = Document::new().with("_id", *id);
        let taken = residual.matches(record.view()).unwrap();
        assert_eq!(taken, plan.matcher().matches(record.view()).unwrap());
        taken
    };
    let share = (0..10_000).filter(taken).count();
    assert!((2_200..2_800).contains(&share), "{share}");
}

#[test]
fn an_element_matcher_keeps_what_elem_match_matches() {
    let environment = Environment::default();
    let cases = [
        (r#"{"$gt":3}"#, "5", true),
        (r#"{"$gt":3}"#, "[5]", false),
        (r#"{"x":1}"#, r#"{"x":[1,2]}"#, true),
        (r#"{"x":1}"#, "1", false),
        (r#"{"0":1}"#, "[1]", true),
        (r#"{}"#, "{}", true),
        (r#"{}"#, "1", false),
        (r#"{"$or":[{"x":1},{"y":1}]}"#, r#"{"y":1}"#, true),
        (r#"{"$not":{"$gt":3}}"#, r#""x""#, true),
    ];
    for (argument, element, kept) in cases {
        let read = |text: &str| ejson::read(text, &environment.limits).unwrap();
        let matcher = ElementMatcher::parse(&read(argument), &environment).unwrap();
        let element = read(element);
        assert_eq!(matcher.matches(element.view()).unwrap(), kept, "{argument} on {element:?}");
    }
}
