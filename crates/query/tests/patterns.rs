//! What single patterns answer, from `testdata/patterns.jsonl`, and what they may cost.
//!
//! A line of the table: `pattern`, `options`, `text`; `want` is whether it matches, MongoDB's code of
//! the error, or the name of the limit passed while matching; `span` is where it matches, in bytes;
//! `note` says where the answer is not that of a PCRE2 younger than MongoDB's.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use filedex_query::{Captures, Code, Error, Limits, Pattern};
use regex::RegexBuilder;
use serde_json::Value;
use std::time::Duration;

use super::spent::Spent;

fn compile(pattern: &str, options: &str) -> Result<Pattern, Error> {
    Pattern::compile(pattern, options, &Limits::default())
}

fn check(row: &Value) -> Result<(), String> {
    let text = row["text"].as_str().unwrap();
    let want = &row["want"];
    let pattern = match compile(row["pattern"].as_str().unwrap(), row["options"].as_str().unwrap())
    {
        Ok(pattern) => pattern,
        Err(error) if want.as_u64() == Some(u64::from(error.code().0)) => return Ok(()),
        Err(error) => return Err(format!("{error:?}")),
    };
    match pattern.is_match(text) {
        Ok(found) if want.as_bool() == Some(found) => {}
        Err(error) if error.limit_name() == want.as_str() => return Ok(()),
        other => return Err(format!("{other:?}")),
    }
    let span = pattern.captures_at(text, 0).map_err(|error| error.to_string())?;
    let span = span.map(|found| vec![found.span.0 as u64, found.span.1 as u64]);
    let wanted = row["span"].as_array();
    let wanted = wanted.map(|span| span.iter().map(|at| at.as_u64().unwrap()).collect::<Vec<_>>());
    if span == wanted { Ok(()) } else { Err(format!("span {span:?}")) }
}

#[test]
fn every_row_of_the_table_answers_as_stated() {
    let table = include_str!("../../../testdata/patterns.jsonl");
    let mut wrong = Vec::new();
    for line in table.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        if let Err(how) = check(&row) {
            wrong.push(format!("{line}\n    {how}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(table.lines().count() >= 200);
}

#[test]
fn a_refused_construct_is_named() {
    for (pattern, name) in [
        ("\\X", "\\X"),
        ("a\\C", "\\C"),
        ("a(*COMMIT)b", "(*COMMIT"),
        ("(*CRLF)a", "(*CRLF)"),
        ("(?J)a", "option J"),
        ("(?C1)a", "callout"),
        ("(?<=a+)b", "look-behind"),
        ("a(?*b)", "non-atomic"),
        ("(?<*a)b", "non-atomic"),
        ("(?(VERSION>=10)a)", "VERSION"),
        ("\\p{Nope}", "\\p{Nope}"),
        ("\\y", "\\y"),
        ("[[.a.]]", "collating"),
    ] {
        let error = compile(pattern, "").unwrap_err();
        assert_eq!(error.code(), Code(51091), "{pattern}");
        assert!(error.message().contains(name), "{pattern}: {error}");
    }
}

#[test]
fn hostile_patterns_end_in_milliseconds() {
    let slow = Duration::from_millis(if cfg!(debug_assertions) { 1_000 } else { 150 });
    let text = "a".repeat(40) + "!";
    let nested = "(".repeat(5_000) + &")".repeat(5_000);
    let empty = "(?:(?:(?:){60000}){60000}){60000}";
    for pattern in [
        "^(a+)+$",
        "^(a|a)*$",
        "(\\w{100}){100}",
        "(?:(\\w{100}){100}){100}",
        "((a{60000}){60000}){60000}",
        "^(?:(?:(?:a{100}){100}){100}){100}",
        "(\\p{L}{500}){500}",
        "(?i)(k{900}){60}",
        "^(?=(a+)+b)",
        "(a*)*\\1b",
        "(?>(a*)*)\\1*b",
        "^(?:a?){60}a{60}",
        "((((((a*)*)*)*)*)*)\\1b",
        "(?R)?a",
        "(a(?1)?)*(?1)b",
        "(?=.*x)b",
        &nested,
        empty,
    ] {
        let spent = Spent::begin();
        let answer = compile(pattern, "").and_then(|pattern| pattern.captures_at(&text, 0));
        let took = spent.so_far();
        assert!(took < slow, "{pattern:.60} took {took:?}");
        if let Err(error) = answer {
            assert!(error.limit_name().is_some_and(|name| name.starts_with("pattern_")), "{error}");
        }
    }
}

#[test]
fn long_texts_end_in_time_linear_in_the_text() {
    let text = "a".repeat(1_000_000);
    for pattern in ["(?=.*x)b", "(?<!b)a(?=.*b)", "(a+)\\1{2}b", "(?:a|a)*+b", "^(?!.*secret)"] {
        let spent = Spent::begin();
        let _ = compile(pattern, "").unwrap().is_match(&text);
        assert!(spent.so_far() < Duration::from_secs(4), "{pattern} took {:?}", spent.so_far());
    }
}

#[test]
fn each_limit_holds_at_its_edge_and_is_named_past_it() {
    let limits = Limits::default();
    let longest = "a".repeat(limits.pattern_bytes);
    assert!(Pattern::compile(&longest, "", &limits).is_ok());
    let error = Pattern::compile(&format!("{longest}a"), "", &limits).unwrap_err();
    assert_eq!((error.limit_name(), error.code()), (Some("pattern_bytes"), Code(51091)));

    let nested = |depth: usize| "(".repeat(depth) + &")".repeat(depth);
    assert!(compile(&nested(249), "").is_ok());
    assert_eq!(compile(&nested(251), "").unwrap_err().limit_name(), Some("pattern_nesting"));

    assert!(compile("(?:ab){1000}", "").is_ok());
    let error = compile("(?:(?:ab){1000}){1000}", "").unwrap_err();
    assert_eq!((error.limit_name(), error.code()), (Some("pattern_compiled_bytes"), Code(51091)));

    let walk = |backtracks| {
        let limits = Limits::default().with_pattern_backtracks(backtracks);
        Pattern::compile("^(?:a|b)*(?=c)", "", &limits).unwrap().is_match("abababab")
    };
    assert_eq!(walk(100), Ok(false));
    assert_eq!(walk(0).unwrap_err().limit_name(), Some("pattern_backtracks"));
}

#[test]
fn a_prefix_is_what_every_match_starts_with() {
    for (pattern, options, prefix) in [
        ("^abc", "", Some("abc")),
        ("\\Aabc", "m", Some("abc")),
        ("^a\\.b", "", Some("a.b")),
        ("^\\Qa.b\\Ec*", "", Some("a.b")),
        ("^ab*c", "", Some("a")),
        ("^ab{2}c", "", Some("abbc")),
        ("^ab{2,}c", "", Some("abb")),
        ("^ab?", "", Some("a")),
        ("^(ab)c", "", Some("abc")),
        ("^(?:ab)+c", "", Some("ab")),
        ("^a(?=b)b", "", Some("ab")),
        ("^é[x]y", "", Some("éxy")),
        ("(^ab)c", "", Some("abc")),
        ("^a b # c", "x", Some("ab")),
        ("^[ab]c", "", None),
        ("^abc", "i", None),
        ("^1b", "i", Some("1")),
        ("^abc", "m", None),
        ("abc", "", None),
        ("^a|^b", "", None),
        ("^(a|b)", "", None),
        ("a^b", "", None),
        ("^(?i)abc", "", None),
        ("(?:^)?abc", "", None),
        ("(?!^a)b", "", None),
    ] {
        let pattern = compile(pattern, options).unwrap();
        assert_eq!(pattern.literal_prefix(), prefix, "{pattern:?}");
    }
}

#[test]
fn a_search_can_begin_in_the_middle() {
    let found = |pattern: &str, text: &str, start| {
        compile(pattern, "").unwrap().captures_at(text, start).unwrap()
    };
    let span = |start, end| Some(Captures { span: (start, end), groups: vec![] });
    assert_eq!(found("a", "aba", 1), span(2, 3));
    assert_eq!(found("^a", "aa", 1), None);
    assert_eq!(found("\\Ga", "ba", 1), span(1, 2));
    assert_eq!(found("(?<=b)a", "ba", 1), span(1, 2));
    assert_eq!(found("\\Ba", "ba", 1), span(1, 2));
    assert_eq!(found("x*", "ab", 2), span(2, 2));
    assert_eq!(found("a", "é", 1), None);
    assert_eq!(found("a", "a", 7), None);
    let groups = found("(a)|(b)", "b", 0).unwrap().groups;
    assert_eq!(groups, [None, Some((0, 1))]);
}

#[test]
fn a_row_of_letters_is_found_where_an_engine_finds_it() {
    let letters = ["k", "K", "\u{212a}", "s", "\u{17f}", "g", "G", "é", "É", "ß", "写", "."];
    let mut seed = 1_u64;
    let mut text = |most: u64| {
        let mut draw = |below: u64| {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        (0..draw(most)).map(|_| letters[draw(letters.len() as u64) as usize]).collect::<String>()
    };
    let mut found = 0;
    for round in 0..20_000 {
        let (row, place) = (text(5).replace('.', "\\."), text(30));
        let in_any_case = round % 2 == 0;
        let pattern = compile(&row, if in_any_case { "i" } else { "" }).unwrap();
        let engine = RegexBuilder::new(&row).case_insensitive(in_any_case).build().unwrap();
        for start in [0, place.chars().next().map_or(0, char::len_utf8)] {
            let wanted = engine.find_at(&place, start).map(|found| (found.start(), found.end()));
            let answer = pattern.captures_at(&place, start).unwrap().map(|found| found.span);
            assert_eq!(answer, wanted, "{row} in {place} from {start}");
        }
        let answer = pattern.is_match(&place).unwrap();
        assert_eq!(answer, engine.is_match(&place), "{row} in {place}");
        found += usize::from(answer);
    }
    assert!((4_000..16_000).contains(&found), "{found}");
}

#[test]
fn what_the_linear_engine_can_say_runs_there() {
    for pattern in [
        "^\\w+$",
        "(?i)logo",
        "a++",
        "\\bfoo\\b",
        "(?m)^a",
        "\\h\\R",
        "a\\Z",
        "[[:<:]]a",
        "x(?>a|b)",
    ] {
        assert!(compile(pattern, "").unwrap().is_linear(), "{pattern}");
    }
    for pattern in ["a++b", "$a", "(?=a)", "(a)\\1", "\\Ka", "(?m)^", "\\B"] {
        assert!(!compile(pattern, "").unwrap().is_linear(), "{pattern}");
    }
}
