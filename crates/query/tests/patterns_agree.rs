//! Patterns answer as PCRE2 does, or refuse: random patterns from a grammar, and every set of
//! characters over all of Unicode, compared with the bundled library.
//!
//! The library is younger (10.46) than the one MongoDB 8 carries (10.42). Where the two are known to
//! differ, the grammar stays away, and `testdata/patterns.jsonl` states the older meaning.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use filedex_query::{Captures, Limits, Pattern};
use pcre2::bytes::{Regex, RegexBuilder};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::sync::atomic::{AtomicU32, Ordering};

type Spans = Vec<Option<(usize, usize)>>;

fn oracle(pattern: &str, options: &str) -> Result<Regex, pcre2::Error> {
    RegexBuilder::new()
        .utf(true)
        .caseless(options.contains('i'))
        .multi_line(options.contains('m'))
        .dotall(options.contains('s'))
        .extended(options.contains('x'))
        .build(pattern)
}

fn oracle_spans(regex: &Regex, text: &str, start: usize) -> Result<Option<Spans>, pcre2::Error> {
    let mut found = regex.capture_locations();
    let matched = regex.captures_read_at(&mut found, text.as_bytes(), start)?;
    Ok(matched.map(|_| (0..found.len()).map(|at| found.get(at)).collect()))
}

fn our_spans(found: Option<Captures>) -> Option<Spans> {
    found.map(|found| std::iter::once(Some(found.span)).chain(found.groups).collect())
}

/// What is refused on purpose: constructs by name, and what the older PCRE2 refuses too.
fn is_known_refusal(message: &str) -> bool {
    message.contains("not supported")
        || message.contains("no fixed length")
        || message.contains("limit `pattern_")
}

/// Where the younger library is known to answer otherwise: blanks, comments and quotes before the mark of a
/// quantifier (since 10.43), and a fault of its own, by which a group repeated `{0}` times keeps
/// telling where the pattern may begin: `(b|\\A){0}-` does not find the hyphen in `a-`.
fn is_known_difference(pattern: &str, options: &str, error: Option<&str>) -> bool {
    let blanks = options.contains('x')
        || pattern.contains("(?x")
        || pattern.contains("(?#")
        || pattern.contains("\\E");
    match error {
        Some(error) => blanks && error.contains("nothing to repeat"),
        None => pattern.contains("){0}"),
    }
}

/// Whether the library agrees once it stops optimising. Its optimisations are meant not to change
/// answers, yet with them `a?([^a-c]|b)?+a` does not find `a`.
fn agrees_unoptimised(
    pattern: &str,
    options: &str,
    text: &str,
    start: usize,
    found: &Option<Spans>,
) -> bool {
    let plain = oracle(&format!("(*NO_START_OPT)(*NO_AUTO_POSSESS){pattern}"), options);
    plain.is_ok_and(|plain| oracle_spans(&plain, text, start).is_ok_and(|wanted| wanted == *found))
}

/// How many patterns both have taken.
static COMPARED: AtomicU32 = AtomicU32::new(0);

/// Says how the two differ, if they do.
fn difference(pattern: &str, options: &str, text: &str) -> Option<String> {
    let ours = Pattern::compile(pattern, options, &Limits::default());
    let (ours, theirs) = match (ours, oracle(pattern, options)) {
        (Ok(ours), Ok(theirs)) => (ours, theirs),
        (Err(_), Err(_)) => return None,
        (Err(error), Ok(_)) if is_known_refusal(error.message()) => return None,
        (Err(error), Ok(_)) if is_known_difference(pattern, options, Some(error.message())) => {
            return None;
        }
        (Err(error), Ok(_)) => return Some(format!("only we refuse it: {error}")),
        // A word edge is a plain test with us, repeated or not; with them its repeat has no length.
        (Ok(_), Err(_)) if pattern.contains(":]]{") || pattern.contains(":]]*") => return None,
        (Ok(_), Err(_)) if pattern.contains(":]]+") => return None,
        (Ok(_), Err(error)) => return Some(format!("only we take it: {error}")),
    };
    COMPARED.fetch_add(1, Ordering::Relaxed);
    for start in [0, text.chars().next().map_or(0, char::len_utf8)] {
        let Ok(wanted) = oracle_spans(&theirs, text, start) else { continue };
        let found = match ours.captures_at(text, start) {
            Ok(found) => our_spans(found),
            Err(error) if error.limit_name() == Some("pattern_backtracks") => continue,
            Err(error) => return Some(format!("we fail: {error}")),
        };
        if found != wanted
            && (is_known_difference(pattern, options, None)
                || agrees_unoptimised(pattern, options, text, start, &found))
        {
            continue;
        }
        if found != wanted {
            return Some(format!("from {start}: we find {found:?}, they {wanted:?}"));
        }
        if start == 0 && ours.is_match(text).ok() != Some(wanted.is_some()) {
            return Some(format!("is_match differs from {wanted:?}"));
        }
    }
    None
}

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
    runner
        .run(&(pattern(), options(), text()), |(pattern, options, text)| {
            match difference(&pattern, &options, &text) {
                None => Ok(()),
                Some(how) => {
                    Err(TestCaseError::fail(format!("/{pattern}/{options} on {text:?}: {how}")))
                }
            }
        })
        .unwrap();
    let compared = COMPARED.load(Ordering::Relaxed);
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
