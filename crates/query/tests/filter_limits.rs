//! Each limit on filters holds at its number and breaks one past it; hostile filters end fast.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use std::time::Duration;

use filedex_query::{
    Document, Environment, Error, Filter, Limits, Matcher, Pattern, Projection, Value,
};

use super::spent::Spent;

fn environment(change: impl FnOnce(&mut Limits)) -> Environment {
    let mut environment = Environment::default();
    change(&mut environment.limits);
    environment
}

fn nested(levels: usize, wrap: impl Fn(Value) -> Document) -> Document {
    let mut inner = Document::new().with("a", 1);
    for _ in 0..levels {
        inner = wrap(Value::Document(inner));
    }
    inner
}

fn in_and(inner: Value) -> Document {
    Document::new().with("$and", vec![inner])
}

fn in_elem_match(inner: Value) -> Document {
    Document::new().with("a", Document::new().with("$elemMatch", inner))
}

fn in_not(inner: Value) -> Document {
    Document::new().with("$not", inner)
}

fn on_both_sides(limit: &str, environment: &Environment, fits: &Document, past: &Document) {
    let taken = Filter::parse(fits, environment);
    assert!(taken.is_ok(), "{limit} at its number: {taken:?}");
    let error = Filter::parse(past, environment).expect_err("past the limit");
    assert_eq!(error.limit_name(), Some(limit), "{error}");
    assert!(error.message().contains(limit), "{error}");
}

#[test]
fn filter_depth_counts_joins_negations_and_elements() {
    let environment = environment(|limits| limits.filter_depth = 10);
    let run = |wrap: fn(Value) -> Document| {
        on_both_sides("filter_depth", &environment, &nested(10, wrap), &nested(11, wrap));
    };
    run(in_and);
    run(in_elem_match);
    let negated = |levels: usize| {
        let mut inner = Document::new().with("$gt", 1);
        for _ in 0..levels {
            inner = in_not(Value::Document(inner));
        }
        Document::new().with("a", inner)
    };
    on_both_sides("filter_depth", &environment, &negated(10), &negated(11));
}

#[test]
fn filter_nodes_counts_conditions() {
    let environment = environment(|limits| limits.filter_nodes = 30);
    let fields = |count: usize| -> Document {
        (0..count).map(|n| (format!("f{n}"), Value::Int(1))).collect()
    };
    on_both_sides("filter_nodes", &environment, &fields(30), &fields(31));
    let operators = |count: usize| {
        let many: Document =
            (0..count).map(|n| ("$ne".to_owned(), Value::from(n as i64))).collect();
        Document::new().with("a", many)
    };
    on_both_sides("filter_nodes", &environment, &operators(29), &operators(30));
}

#[test]
fn in_length_bounds_every_list() {
    let environment = environment(|limits| limits.in_length = 5);
    for operator in ["$in", "$nin", "$all", "$bitsAllSet"] {
        let list = |length: i32| {
            let members: Vec<Value> = (0..length).map(Value::Int).collect();
            Document::new().with("a", Document::new().with(operator, members))
        };
        on_both_sides("in_length", &environment, &list(5), &list(6));
    }
}

#[test]
fn document_depth_bounds_literals() {
    let environment = environment(|limits| limits.document_depth = 7);
    let literal = |levels: usize| {
        let inner = (0..levels).fold(Value::Null, |inner, _| Value::Array(vec![inner]));
        Document::new().with("a", inner)
    };
    on_both_sides("document_depth", &environment, &literal(7), &literal(8));
}

#[test]
fn path_parts_bounds_paths() {
    let environment = environment(|limits| limits.path_parts = 3);
    let path = |text: &str| Document::new().with(text, 1);
    on_both_sides("path_parts", &environment, &path("a.b.c"), &path("a.b.c.d"));
    let error = Filter::parse(&path("a.b.c.d"), &environment).unwrap_err();
    assert_eq!(error.code().0, 5_729_100);
}

#[test]
fn pattern_bytes_bounds_patterns() {
    let environment = environment(|limits| limits.pattern_bytes = 8);
    let pattern = |text: &str| Document::new().with("a", Document::new().with("$regex", text));
    on_both_sides("pattern_bytes", &environment, &pattern("abcdefgh"), &pattern("abcdefghi"));
}

#[test]
fn pattern_groups_bounds_what_remembers_in_filters_schemas_and_expressions() {
    let environment = environment(|limits| limits.pattern_groups = 3);
    let (fits, past) = ("(a)(?<n>b)(?:x)(?=y)(c)", "(a)(?<n>b)(c)(d)");
    let regex = |pattern: &str| Document::new().with("$regex", pattern);
    let asked = |pattern: &str| Document::new().with("a", regex(pattern));
    on_both_sides("pattern_groups", &environment, &asked(fits), &asked(past));
    let schema = |pattern: &str| {
        let named = Document::new().with(pattern, Document::new());
        let schema = Document::new().with("patternProperties", named);
        Document::new().with("$jsonSchema", schema)
    };
    on_both_sides("pattern_groups", &environment, &schema(fits), &schema(past));
    let found = |pattern: &str| {
        let find = Document::new().with("input", "$a").with("regex", pattern);
        Document::new().with("x", Document::new().with("$regexFind", find))
    };
    let taken = Projection::parse(&found(fits), &environment);
    assert!(taken.is_ok(), "{taken:?}");
    let error = Projection::parse(&found(past), &environment).expect_err("past the limit");
    assert_eq!(error.limit_name(), Some("pattern_groups"), "{error}");
}

/// The least that the limit on what a search holds may be for a search to end.
fn least_to_search(pattern: &str, text: &str) -> usize {
    let search = |bytes: usize| {
        let limits =
            Limits::default().with_pattern_search_bytes(bytes).with_pattern_backtracks(1 << 40);
        Pattern::compile(pattern, "", &limits).unwrap().is_match(text)
    };
    let (mut breaks, mut fits) = (0, 64 << 20);
    while fits - breaks > 1 {
        let middle = breaks + (fits - breaks) / 2;
        match search(middle) {
            Ok(_) => fits = middle,
            Err(_) => breaks = middle,
        }
    }
    search(fits).unwrap();
    let error = search(breaks).expect_err("past the limit");
    assert_eq!(error.limit_name(), Some("pattern_search_bytes"), "{error}");
    assert!(error.message().contains(&breaks.to_string()), "{error}");
    fits
}

#[test]
fn pattern_search_bytes_bounds_the_ways_left_and_the_groups_of_calls() {
    let ways = |length: usize| least_to_search(r"^(?:(a)|b)*\1c", &"a".repeat(length));
    assert!(ways(4000) > 30 * ways(100), "ways: {} {}", ways(4000), ways(100));
    let calls = |groups: usize| {
        let pattern = format!("(a|b)(?(DEFINE){})(?:(?1))*c", "()".repeat(groups));
        least_to_search(&pattern, &"a".repeat(50))
    };
    assert!(calls(900) > 5 * calls(9), "calls: {} {}", calls(900), calls(9));
}

/// Sooner than without a limit, and late enough for a build without optimisation.
const SOON: Duration = Duration::from_secs(5);

/// Runs on a thread with the stack that tests and servers usually give.
fn quick(work: impl FnOnce() -> Result<(), Error> + Send + 'static) -> Error {
    let work = move || {
        let spent = Spent::begin();
        (work(), spent.so_far())
    };
    let ended = std::thread::Builder::new().stack_size(2 << 20).spawn(work).unwrap().join();
    let (outcome, took) = ended.expect("no panic, no overflow");
    assert!(took < SOON, "took {took:?}");
    outcome.expect_err("a limit")
}

#[test]
fn a_filter_nested_ten_thousand_deep_is_an_error() {
    let parts = [
        ("{\"$and\":[", "]}"),
        ("{\"$nor\":[", "]}"),
        ("{\"a\":{\"$elemMatch\":", "}}"),
        ("{\"a\":{\"$not\":", "}}"),
        ("{\"a\":[", "]}"),
        ("{\"a\":", "}"),
    ];
    for (open, close) in parts {
        let error = quick(move || {
            let text = format!("{}{{}}{}", open.repeat(10_000), close.repeat(10_000));
            Filter::parse_text(&text, &Environment::default()).map(drop)
        });
        assert!(error.limit_name().is_some(), "{error}");
    }
}

#[test]
fn a_document_nested_ten_thousand_deep_is_an_error_too() {
    for wrap in [in_and, in_elem_match, in_not] {
        let error = quick(move || {
            let filter = Document::new().with("a", nested(10_000, wrap));
            let outcome = Filter::parse(&filter, &Environment::default()).map(drop);
            // Taken apart from the outside in: dropping it whole would go as deep as it is.
            unnest(filter);
            outcome
        });
        assert!(error.limit_name().is_some() || error.code().0 == 2, "{error}");
    }
}

fn unnest(document: Document) {
    let mut next = Some(Value::Document(document));
    while let Some(value) = next.take() {
        next = match value {
            Value::Document(document) => document.into_iter().next().map(|(_, value)| value),
            Value::Array(array) => array.into_iter().next(),
            _ => None,
        };
    }
}

#[test]
fn an_in_of_a_million_is_an_error_and_a_long_one_is_searched_not_scanned() {
    let list = |length: i32| {
        let members: Vec<Value> = (0..length).map(|n| Value::Int(n * 2)).collect();
        Document::new().with("a", Document::new().with("$in", members))
    };
    let million = list(1_000_000);
    let error = quick(move || Filter::parse(&million, &Environment::default()).map(drop));
    assert_eq!(error.limit_name(), Some("in_length"));

    let environment = environment(|limits| limits.in_length = 1_000_000);
    let filter = Filter::parse(&list(1_000_000), &environment).unwrap();
    let matcher = Matcher::compile(&filter, &environment).unwrap();
    let spent = Spent::begin();
    let matched = (0..1_000)
        .filter(|n| matcher.matches(Document::new().with("a", *n).view()).unwrap())
        .count();
    assert_eq!(matched, 500);
    assert!(spent.so_far() < SOON, "took {:?}", spent.so_far());
}

#[test]
fn the_deepest_filter_allowed_runs_on_a_small_stack() {
    let work = || -> Result<bool, Error> {
        let environment = Environment::default();
        let depth = environment.limits.filter_depth;
        let filter = Filter::parse(&nested(depth, in_elem_match), &environment)?;
        let matcher = Matcher::compile(&filter, &environment)?;
        let mut document = Document::new().with("a", 1);
        for _ in 0..depth {
            document = Document::new().with("a", vec![Value::Document(document)]);
        }
        matcher.matches(document.view())
    };
    let thread = std::thread::Builder::new().stack_size(1 << 20).spawn(work).unwrap();
    assert!(thread.join().expect("no overflow").unwrap());
}
