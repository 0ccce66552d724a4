//! What strangers may ask the program: hostile queries end soon, with an answer or with an error that
//! names the limit they passed. `crates/query/tests/hostile.rs` asks more of the language itself.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

use super::program::{Run, run_with};
use std::time::{Duration, Instant};

/// With the time the program takes to start on a machine that is busy, or stands still for some seconds.
const SOON: Duration = Duration::from_secs(if cfg!(debug_assertions) { 30 } else { 1 });

/// Asks the program about one record with long texts and arrays.
fn find(arguments: &[&str]) -> Run {
    let record = serde_json::json!({
        "_id": "x",
        "name": "a".repeat(40) + "!",
        "long": "x".repeat(100_000),
        "huge": (0..100_000).collect::<Vec<u32>>(),
    });
    let all = [&["find", "--input", "-", "--format", "lines"], arguments].concat();
    let started = Instant::now();
    let run = run_with(&all, record.to_string().as_bytes());
    let took = started.elapsed();
    let shown: String = arguments.join(" ").chars().take(160).collect();
    assert!(took < SOON, "{shown} took {took:?}");
    assert!(matches!(run.status, 0 | 2), "{shown}: {run:?}");
    run
}

fn assert_limit(run: &Run, limit: &str) {
    let error: serde_json::Value = serde_json::from_str(&run.err).unwrap();
    assert_eq!(run.status, 2);
    assert!(error["error"].as_str().is_some_and(|words| words.contains(limit)), "{error}");
    assert!(error["code"].is_u64() && error["codeName"].is_string(), "{error}");
}

#[test]
fn a_filter_nested_ten_thousand_deep_names_a_limit() {
    for (open, close) in [("{\"$and\":[", "]}"), ("{\"a\":", "}"), ("{\"$not\":", "}")] {
        let query = format!("{}{{}}{}", open.repeat(10_000), close.repeat(10_000));
        assert_limit(&find(&["--query", &query]), "depth");
        assert_limit(&find(&["--fields", &query]), "depth");
    }
}

#[test]
fn a_list_too_long_names_the_limit() {
    // As long as one argument of a command may be.
    let query = format!("{{\"huge\":{{\"$in\":[{}1]}}}}", "1,".repeat(60_000));
    assert_limit(&find(&["--query", &query]), "in_length");
}

#[test]
fn hostile_patterns_end_soon() {
    for field in ["name", "long"] {
        let ask = |pattern: &str| {
            find(&["--query", &format!(r#"{{"{field}":{{"$regex":"{pattern}"}}}}"#)])
        };
        let linear = ask("^(a+)+$");
        assert_eq!((linear.status, linear.out.as_str()), (0, ""));
        let large = ask("(\\\\w{100}){100}");
        match field {
            "name" => assert_eq!((large.status, large.out.as_str()), (0, "")),
            _ => assert_limit(&large, "pattern_backtracks"),
        }
        assert_limit(&ask("((\\\\w{100}){100}){100}"), "pattern_compiled_bytes");
    }
    let walked = find(&["--query", r#"{"name":{"$regex":"^(a+)+\\1$"}}"#]);
    assert_limit(&walked, "pattern_backtracks");
}

#[test]
fn an_expression_that_loops_or_multiplies_names_a_limit() {
    let bodies = [
        (r#"{"$concatArrays":["$$value","$$value"]}"#, "[1]", "expression_"),
        (r#"{"$concat":["$$value","$$value"]}"#, "\"x\"", "expression_"),
        (r#"["$$value"]"#, "[]", "document_depth"),
        (r#"{"$replaceAll":{"input":"$long","find":"x","replacement":"yy"}}"#, "1", "expression_"),
        (r#"{"$trim":{"input":"$long","chars":"abcxyz"}}"#, "1", "expression_steps"),
        (r#"{"$map":{"input":"$huge","in":"$$value"}}"#, "1", "expression_"),
        (r#"{"$range":[0,2000000000]}"#, "1", "expression_bytes"),
    ];
    for (body, initial, limit) in bodies {
        let looped =
            format!(r#"{{"$reduce":{{"input":"$huge","initialValue":{initial},"in":{body}}}}}"#);
        assert_limit(&find(&["--query", &format!(r#"{{"$expr":{looped}}}"#)]), limit);
        assert_limit(&find(&["--fields", &format!(r#"{{"n":{looped}}}"#)]), limit);
    }
}
