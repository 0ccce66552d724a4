//! Each difference from MongoDB that `docs/differences.md` numbers has a test of that number here.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use filedex_query::{
    Collation, Date, Document, Environment, Error, Expression, Filter, Found, Limits, Matcher,
    Pattern, Projection, Schema, Sort, Timestamp, Update, Value, ejson,
};
use std::cmp::Ordering;

fn document(text: &str) -> Document {
    ejson::read_document(text, &Limits::default()).unwrap()
}

fn filter(text: &str) -> Result<Filter, Error> {
    Filter::parse_text(text, &Environment::default())
}

fn filter_code(text: &str) -> u32 {
    filter(text).unwrap_err().code().0
}

fn expression_code(text: &str) -> u32 {
    let source = ejson::read(text, &Limits::default()).unwrap();
    Expression::parse(&source, &Environment::default()).unwrap_err().code().0
}

fn matches(text: &str, query: &str) -> bool {
    let environment = Environment::default();
    let matcher = Matcher::compile(&filter(query).unwrap(), &environment).unwrap();
    matcher.matches(document(text).view()).unwrap()
}

fn pattern(text: &str) -> Result<Pattern, Error> {
    Pattern::compile(text, "", &Limits::default())
}

#[test]
fn the_document_numbers_what_is_tested_here() {
    let page = include_str!("../../../docs/differences.md");
    let numbered = page.lines().filter_map(|line| line.split_once(". ")?.0.parse::<u32>().ok());
    let documented: Vec<u32> = numbered.filter(|number| *number <= 100).collect();
    let tested = include_str!("differences.rs").lines().filter_map(|line| {
        let name = line.strip_prefix("fn difference_")?;
        name.split('_').next()?.parse::<u32>().ok()
    });
    assert_eq!(documented, tested.collect::<Vec<u32>>());
}

#[test]
fn difference_01_javascript_is_refused() {
    assert_eq!(filter_code(r#"{"$where": "this.a > 1"}"#), 2);
    assert_eq!(expression_code(r#"{"$function": {"body": "x", "args": [], "lang": "js"}}"#), 168);
    assert_eq!(expression_code(r#"{"$accumulator": {}}"#), 168);
}

#[test]
fn difference_02_text_and_geospatial_search_are_refused() {
    assert_eq!(filter_code(r#"{"$text": {"$search": "x"}}"#), 27);
    for near in ["$near", "$nearSphere", "$geoNear"] {
        assert_eq!(filter_code(&format!(r#"{{"p": {{"{near}": [0, 0]}}}}"#)), 291, "{near}");
    }
    for within in ["$geoWithin", "$within", "$geoIntersects"] {
        assert_eq!(filter_code(&format!(r#"{{"p": {{"{within}": {{}}}}}}"#)), 2, "{within}");
    }
    let environment = Environment::default();
    let meta = r#"{"a": {"$meta": "textScore"}}"#;
    assert_eq!(Projection::parse_text(meta, &environment).unwrap_err().code().0, 40218);
    assert_eq!(Sort::parse_text(meta, &environment).unwrap_err().code().0, 40218);
    assert_eq!(expression_code(r#"{"$meta": "textScore"}"#), 168);
    assert_eq!(expression_code(r#"{"$toHashedIndexKey": "x"}"#), 168);
}

#[test]
fn difference_03_a_passed_limit_is_named() {
    let members = vec!["1"; Limits::default().in_length + 1].join(",");
    let error = filter(&format!(r#"{{"a": {{"$in": [{members}]}}}}"#)).unwrap_err();
    assert_eq!(error.limit_name(), Some("in_length"));
    let sums = r#"{"$abs": "#.repeat(64) + "1" + &"}".repeat(64);
    let error = filter(&format!(r#"{{"$expr": {sums}}}"#)).unwrap_err();
    assert_eq!(error.limit_name(), Some("filter_depth"));
}

#[test]
fn difference_04_a_search_that_gives_up_is_an_error() {
    let hostile = pattern(r"^(a+)+\1b").unwrap();
    let error = hostile.is_match(&"a".repeat(40)).unwrap_err();
    assert_eq!(error.limit_name(), Some("pattern_backtracks"));
}

#[test]
fn difference_05_some_constructs_are_refused_by_name() {
    for refused in [
        "\\X",
        "\\C",
        "\\N{DIGIT ONE}",
        "(*ACCEPT)",
        "a(*COMMIT)",
        "a(*PRUNE)",
        "a(*SKIP)",
        "a(*THEN)",
        "a(*MARK:x)",
        "(*CRLF)a",
        "(*NOTEMPTY)a",
        "(*LIMIT_MATCH=9)a",
        "(?C1)a",
        "(?J)a",
        "(?(VERSION>=10)a)",
        "(*sr:a)",
        "(*napla:a)",
        "\\p{bidiclass:L}",
        "(a)(?<=\\1)",
        "(a)(?<=(?1))",
        "(?<=\\R)a",
    ] {
        let error = pattern(refused).unwrap_err();
        assert_eq!(error.code().0, 51091, "{refused}");
    }
}

#[test]
fn difference_06_letters_of_unicode_16_are_letters() {
    assert!(pattern(r"\p{Lu}").unwrap().is_match("\u{10d50}").unwrap());
}

#[test]
fn difference_07_faults_of_the_library_are_not_repeated() {
    assert!(pattern(r"(b|\A){0}-").unwrap().is_match("a-").unwrap());
    assert!(pattern("a?([^a-c]|b)?+a").unwrap().is_match("a").unwrap());
}

#[test]
fn difference_08_a_dot_in_a_schema_is_a_dot() {
    let schema = r#"{"$jsonSchema": {"required": ["a.b"]}}"#;
    assert!(!matches(r#"{"a": {"b": 1}}"#, schema));
    assert!(matches(r#"{"a.b": 1}"#, schema));
}

#[test]
fn difference_09_a_broken_pattern_is_refused_at_the_top_of_a_schema() {
    let schema = Schema::parse(&document(r#"{"pattern": "("}"#), &Environment::default());
    assert_eq!(schema.unwrap_err().code().0, 51091);
}

#[test]
fn difference_10_ties_are_in_the_order_of_ids() {
    let order = |sort: &str| {
        let sort = Sort::parse_text(sort, &Environment::default()).unwrap();
        let key = |text: &str| sort.key_with_id(document(text).view()).unwrap();
        key(r#"{"_id": "a", "n": 1}"#).cmp(&key(r#"{"_id": "b", "n": 1}"#))
    };
    assert_eq!(order(r#"{"n": 1}"#), Ordering::Less);
    assert_eq!(order(r#"{"n": -1}"#), Ordering::Greater);
}

#[test]
fn difference_11_the_same_seed_gives_the_same_sample() {
    let sample = |seed| {
        let environment = Environment { seed, ..Environment::default() };
        let filter = Filter::parse_text(r#"{"$sampleRate": 0.5}"#, &environment).unwrap();
        let matcher = Matcher::compile(&filter, &environment).unwrap();
        let documents = (0..64).map(|id| Document::new().with("_id", format!("{id}")));
        documents.map(|file| matcher.matches(file.view()).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(sample(7), sample(7));
    assert_ne!(sample(7), sample(8));
}

#[test]
fn difference_12_collations_are_those_of_another_library() {
    let collation = |text: &str| Collation::parse(&document(text));
    for kind in ["search", "phonetic", "searchjl", "big5han", "gb2312han"] {
        let locale = match kind {
            "phonetic" => "ln",
            "searchjl" => "ko",
            _ => "zh",
        };
        let text = format!(r#"{{"locale": "{locale}@collation={kind}"}}"#);
        assert_eq!(collation(&text).unwrap_err().code().0, 2, "{text}");
    }
    // Marks in another order are the same text, whatever is asked.
    if cfg!(feature = "collation") {
        let english = collation(r#"{"locale": "en", "normalization": false}"#).unwrap();
        assert!(english.compare("\u{f6}\u{323}", "o\u{323}\u{308}").is_eq());
    } else {
        assert_eq!(collation(r#"{"locale": "en"}"#).unwrap_err().code().0, 2);
    }
}

#[test]
fn difference_13_code_with_scope_and_pointers_are_refused() {
    assert_eq!(filter_code(r#"{"a": {"$code": "x", "$scope": {}}}"#), 9);
    assert_eq!(filter_code(r#"{"a": {"$dbPointer": {"$ref": "x", "$id": 1}}}"#), 2);
}

#[test]
fn difference_14_the_variables_of_a_server_are_not_there() {
    assert_eq!(expression_code(r#""$$USER_ROLES""#), 51144);
    assert_eq!(expression_code(r#""$$CLUSTER_TIME""#), 51144);
    assert_eq!(expression_code(r#""$$SEARCH_META""#), 17276);
}

fn update(text: &str, update: &str) -> Document {
    let environment = Environment { now: Date(1_700_000_000_123), ..Environment::default() };
    let update = Update::parse_text(update, None, &environment).unwrap();
    update.apply(document(text), Found { array_index: None }).unwrap().document
}

#[test]
fn difference_15_orders_that_mongodb_leaves_open_are_set() {
    let pushed = (0..40).map(|n| format!(r#"{{"s": {}, "n": {n}}}"#, n % 2)).collect::<Vec<_>>();
    let push = format!(
        r#"{{"$push": {{"a": {{"$each": [{}], "$sort": {{"s": 1}}}}}}}}"#,
        pushed.join(",")
    );
    let sorted = update("{}", &push);
    let numbers = sorted.get("a").and_then(Value::as_array).unwrap().iter();
    let numbers: Vec<_> = numbers.map(|element| element.as_document().unwrap().get("n")).collect();
    let wanted: Vec<Value> = (0..40).step_by(2).chain((1..40).step_by(2)).map(Value::Int).collect();
    assert_eq!(numbers, wanted.iter().map(Some).collect::<Vec<_>>());

    let seed = filter(r#"{"b": 1, "a": 2, "_id": 3}"#).unwrap();
    let set = Update::parse_text(r#"{"$set": {"c": 4}}"#, None, &Environment::default()).unwrap();
    let made = set.insert(&seed, || Value::Null).unwrap();
    assert_eq!(made, document(r#"{"_id": 3, "b": 1, "a": 2, "c": 4}"#));

    let found = |query: &str| {
        let matcher = Matcher::compile(&filter(query).unwrap(), &Environment::default()).unwrap();
        let found = matcher.find(document(r#"{"a": [1, 2], "b": [3, 4]}"#).view()).unwrap();
        found.unwrap().array_index
    };
    assert_eq!(found(r#"{"a": 1, "b": 4}"#), Some(1));
    assert_eq!(found(r#"{"b": 4, "a": 1}"#), Some(0));
}

#[test]
fn difference_16_the_moment_of_an_update_is_the_hosts() {
    let text = r#"{"$currentDate": {"a": true, "b": {"$type": "timestamp"}}}"#;
    let changed = update("{}", text);
    assert_eq!(changed.get("a"), Some(&Value::Date(Date(1_700_000_000_123))));
    let timestamp = Timestamp { time: 1_700_000_000, increment: 1 };
    assert_eq!(changed.get("b"), Some(&Value::Timestamp(timestamp)));
}

#[test]
fn difference_20_the_latest_operators_are_refused_by_name() {
    for name in ["$hash", "$hexHash", "$createObjectId", "$toArray", "$toObject", "$serializeEJSON"]
    {
        assert_eq!(expression_code(&format!(r#"{{"{name}": "x"}}"#)), 168, "{name}");
    }
    assert_eq!(expression_code(r#"{"$map": {"input": [], "arrayIndexAs": "i", "in": 1}}"#), 16879);
    assert_eq!(expression_code(r#"{"$toString": [[1]]}"#), 241);
    assert_eq!(expression_code(r#"{"$convert": {"input": [1], "to": "binData"}}"#), 241);
}

#[test]
fn difference_21_dates_do_not_count_in_words() {
    for text in ["first monday of", "last day of", "next week", "back of 7pm", "+5 ms"] {
        let expression = format!(r#"{{"$toDate": "2024-01-05 {text}"}}"#);
        assert_eq!(expression_code(&expression), 241, "{text}");
    }
}

#[test]
fn difference_22_exact_powers_have_their_own_digits() {
    for (base, exponent, power) in [("2", "3", "8"), ("19.90", "2", "396.01")] {
        let power = format!(
            r#"{{"$expr": {{"$eq": ["{power}", {{"$toString": {{"$pow": [
                {{"$numberDecimal": "{base}"}}, {{"$numberDecimal": "{exponent}"}}]}}}}]}}}}"#
        );
        assert!(matches("{}", &power), "{power}");
    }
}
