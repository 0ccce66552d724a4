//! Patterns answer as PCRE2 does, or refuse: random patterns from a grammar, and every set of
//! characters over all of Unicode, compared with the bundled library.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

use super::oracle;

use filedex_query::{Limits, Pattern};
use oracle::{Outcome, oracle};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::cell::Cell;

fn letter() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => proptest::sample::select(&["a", "b", "c"][..]),
        2 => proptest::sample::select(&["A", "K", "k", "s", "ſ", "é", "É", "ß", "Σ", "ς", "1", "_"][..]),
        1 => proptest::sample::select(&["\n", "\r", " ", "-", "&", "]", "}", "{", "~", "#", "\\.", "\\-", "\\é", "\\$"][..]),
    ]
    .prop_map(str::to_owned)
}

fn escape() -> impl Strategy<Value = String> {
    proptest::sample::select(
        &[
            ".",
            "\\w",
            "\\W",
            "\\d",
            "\\D",
            "\\s",
            "\\S",
            "\\h",
            "\\H",
            "\\v",
            "\\V",
            "\\R",
            "\\N",
            "\\n",
            "\\t",
            "\\e",
            "\\x61",
            "\\x{e9}",
            "\\141",
            "\\o{142}",
            "\\cJ",
            "\\p{L}",
            "\\P{L}",
            "\\pN",
            "\\p{Greek}",
            "\\p{^L}",
            "\\Qa.b\\E",
            "\\Q\\E",
            "\\E",
            "[[:alpha:]]",
            "[[:<:]]",
            "[[:>:]]",
            "\\1",
            "\\2",
            "\\g{-1}",
            "\\g2",
            "\\k<n>",
            "(?P=n)",
            "\\12",
        ][..],
    )
    .prop_map(str::to_owned)
}

fn class() -> impl Strategy<Value = String> {
    let member = proptest::sample::select(
        &[
            "a",
            "b",
            "c",
            "K",
            "ſ",
            "é",
            "a-c",
            "A-Z",
            "\\w",
            "\\D",
            "\\s",
            "\\h",
            "\\n",
            "\\b",
            "\\-",
            "-",
            "&&",
            "[",
            "^",
            "[:upper:]",
            "[:^digit:]",
            "[:punct:]",
            "\\p{L}",
            "\\x{e8}-\\x{ea}",
            "\\Qa-c\\E",
            " ",
            "#",
            "~~",
            "--",
            "\\]",
            "\\8",
            "\\101",
            ".",
            "$",
            "|",
            "(",
        ][..],
    );
    let members = proptest::collection::vec(member, 1..4);
    (proptest::sample::select(&["[", "[^", "[]", "[^]"][..]), members)
        .prop_map(|(open, members)| format!("{open}{}]", members.concat()))
}

fn anchor() -> impl Strategy<Value = String> {
    proptest::sample::select(
        &[
            "^", "$", "\\b", "\\B", "\\A", "\\z", "\\Z", "\\G", "\\K", "(?i)", "(?-i)", "(?m)",
            "(?s)", "(?x)", "(?^)", "(?U)", "(?n)", "(?#c)",
        ][..],
    )
    .prop_map(str::to_owned)
}

fn quantifier() -> impl Strategy<Value = String> {
    let counts = proptest::sample::select(
        &["*", "+", "?", "{2}", "{1,2}", "{0,1}", "{2,}", "{0}", "{0,3}"][..],
    );
    let greed = proptest::sample::select(&["", "", "", "?", "+"][..]);
    (counts, greed).prop_map(|(counts, greed)| format!("{counts}{greed}"))
}

fn pattern() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![5 => letter(), 2 => escape(), 2 => class(), 2 => anchor()];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let several = proptest::collection::vec(inner.clone(), 1..4).prop_map(|parts| parts.concat());
        let open = proptest::sample::select(
            &[
                "(", "(", "(", "(?:", "(?:", "(?>", "(?=", "(?!", "(?<=", "(?<!", "(?i:", "(?<n>", "(?'m'", "(?|",
                "(?(1)", "(?(?=a)", "(*atomic:", "(?-i:", "(?x: ", "(?m:",
            ][..],
        );
        prop_oneof![
            4 => several.clone(),
            3 => (inner.clone(), quantifier()).prop_map(|(node, count)| format!("{node}{count}")),
            4 => (open, several.clone()).prop_map(|(open, inside)| format!("{open}{inside})")),
            2 => (several.clone(), several).prop_map(|(one, other)| format!("(?:{one}|{other})")),
            2 => (inner.clone(), inner.clone(), quantifier())
                .prop_map(|(one, other, count)| format!("({one}|{other}){count}")),
            1 => (inner.clone(), inner).prop_map(|(one, other)| format!("{one}|{other}")),
            1 => proptest::sample::select(&["(?1)", "(?R)", "(?&n)", "\\g<1>", "(?-1)", "(*FAIL)"][..])
                .prop_map(str::to_owned),
        ]
    })
}

fn text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        6 => proptest::sample::select(&["a", "b", "c"][..]),
        2 => proptest::sample::select(&["A", "K", "k", "\u{212a}", "s", "ſ", "é", "É", "ß", "ẞ", "Σ", "ς", "1", "_"][..]),
        2 => proptest::sample::select(&["\n", "\r\n", "\r", " ", "-", "&", "]", "}", "\u{a0}", "\u{2028}", ".", "\u{1b}"][..]),
    ];
    proptest::collection::vec(part, 0..8).prop_map(|parts| parts.concat())
}

fn options() -> impl Strategy<Value = String> {
    proptest::sample::subsequence(vec!["i", "m", "s", "x"], 0..=2)
        .prop_map(|letters| letters.concat())
}

fn agree_on(cases: u32) {
    let mut runner =
        TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let compared = Cell::new(0);
    runner
        .run(&(pattern(), options(), text()), |(pattern, options, text)| {
            match oracle::compare(&pattern, &options, &text) {
                Ok(Outcome::Same) => compared.set(compared.get() + 1),
                Ok(Outcome::Refused) => {}
                Err(how) => {
                    let message = format!("/{pattern}/{options} on {text:?}: {how}");
                    return Err(TestCaseError::fail(message));
                }
            }
            Ok(())
        })
        .unwrap();
    let compared = compared.get();
    assert!(compared > cases / 2, "of {cases} patterns only {compared} are taken by both");
}

#[test]
fn random_patterns_find_what_pcre2_finds() {
    agree_on(5_000);
}

#[test]
#[ignore = "slow: a million cases, or FILEDEX_CASES"]
fn many_random_patterns_find_what_pcre2_finds() {
    let cases = std::env::var("FILEDEX_CASES").ok().and_then(|cases| cases.parse().ok());
    agree_on(cases.unwrap_or(1_000_000));
}

/// Every character that is assigned, in order, and some of what surrounds them.
fn unicode() -> String {
    let planes = ('\0'..='\u{33000}').chain('\u{dff00}'..='\u{e0300}');
    planes.chain('\u{effff}'..='\u{f00ff}').chain('\u{10ff00}'..=char::MAX).collect()
}

fn assert_same_set(set: &str, options: &str, all: &str) {
    let pattern = format!("{set}+");
    let theirs = oracle(&pattern, options).unwrap_or_else(|error| panic!("{set}: {error}"));
    let ours = Pattern::compile(&pattern, options, &Limits::default());
    let ours = ours.unwrap_or_else(|error| panic!("{set}: {error}"));
    let wanted: Vec<_> = theirs.find_iter(all.as_bytes()).map(|m| m.unwrap()).collect();
    let mut at = 0;
    for wanted in &wanted {
        let found = ours.captures_at(all, at).unwrap().map(|found| found.span);
        assert_eq!(found, Some((wanted.start(), wanted.end())), "{set} with {options:?}");
        at = wanted.end();
    }
    assert_eq!(ours.captures_at(all, at).unwrap(), None, "{set} with {options:?}");
}

#[test]
fn every_set_holds_the_same_characters() {
    let all = unicode();
    let shorthands =
        ["\\w", "\\d", "\\s", "\\h", "\\v", "\\N", ".", "\\W", "\\D", "\\S", "\\H", "\\V"];
    let posix = [
        "alpha", "lower", "upper", "alnum", "ascii", "blank", "cntrl", "digit", "graph", "print",
        "punct", "space", "word", "xdigit", "^alpha",
    ];
    // Not Xwd: 10.43 added marks and connectors to it.
    let properties = [
        "L",
        "Lu",
        "Nd",
        "N",
        "P",
        "S",
        "Z",
        "Cc",
        "Cn",
        "Co",
        "Any",
        "L&",
        "LC",
        "Xan",
        "Xsp",
        "Xps",
        "Xuc",
        "Greek",
        "sc:Greek",
        "scx:Grek",
        "script=Latin",
        "Han",
        "Arab",
        "Common",
        "Alphabetic",
        "upper",
        "ASCII",
        "White_Space",
        "Emoji",
        "Extended_Pictographic",
        "IDS",
        "XIDC",
        "math",
        "dash",
        "^L",
    ];
    let sets = shorthands.iter().map(|&name| name.to_owned());
    let sets = sets.chain(posix.iter().map(|name| format!("[[:{name}:]]")));
    let sets = sets.chain(properties.iter().map(|name| format!("\\p{{{name}}}")));
    for set in sets {
        assert_same_set(&set, "", &all);
    }
    for set in ["[[:upper:]]", "[[:lower:]]", "\\w", "[a-z]", "[^k]", "[\\w\\x{e0}-\\x{17f}]"] {
        assert_same_set(set, "i", &all);
    }
}

#[test]
fn every_letter_has_the_same_other_cases() {
    let cased: String = ('\0'..=char::MAX)
        .filter(|letter| {
            letter.is_alphabetic()
                && (letter.to_lowercase().ne([*letter]) || letter.to_uppercase().ne([*letter]))
        })
        .collect();
    for letter in cased.chars() {
        let set = format!("\\x{{{:x}}}", u32::from(letter));
        let theirs = oracle(&set, "i").unwrap();
        let ours = Pattern::compile(&set, "i", &Limits::default()).unwrap();
        let wanted: Vec<_> =
            theirs.find_iter(cased.as_bytes()).map(|m| m.unwrap().start()).collect();
        let mut found = Vec::new();
        let mut at = 0;
        while let Some(captures) = ours.captures_at(&cased, at).unwrap() {
            found.push(captures.span.0);
            at = captures.span.1;
        }
        assert_eq!(found, wanted, "{letter}");
    }
}
