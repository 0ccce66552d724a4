//! What the bundled PCRE2 says of a pattern, and where it is known to differ. The random test of patterns
//! asks it, and so does the fuzz target of the same name.
//!
//! The library is younger (10.46) than the one MongoDB 8 carries (10.42). Where the two are known to
//! differ, `testdata/patterns.jsonl` states the older meaning.

use filedex_query::{Captures, Limits, Pattern};
use pcre2::bytes::{Regex, RegexBuilder};

type Spans = Vec<Option<(usize, usize)>>;

/// Where the library gives a search up.
const SEARCH: usize = 1_000_000;

/// What the comparison of a pattern came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Both took it and found the same.
    Same,
    /// It was refused, by both or by a known rule, or the younger library is known to read it otherwise.
    Refused,
}

pub fn oracle(pattern: &str, options: &str) -> Result<Regex, pcre2::Error> {
    RegexBuilder::new()
        .utf(true)
        .caseless(options.contains('i'))
        .multi_line(options.contains('m'))
        .dotall(options.contains('s'))
        .extended(options.contains('x'))
        .build(&format!("(*LIMIT_MATCH={SEARCH}){pattern}"))
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
        || message.contains("unsupported")
        || message.contains("limit `pattern_")
        || message.contains("NUL")
        // Not looked at before it is known to be a quantifier since 10.43.
        || message.contains("a quantifier above 65535")
        || message.contains("a group name of more than 32 bytes")
}

/// Whether the pattern uses what the younger library reads otherwise: `{,3}` and blanks between braces, the
/// options `a` and `r` (since 10.43), and `\x` without digits (an error since 10.45).
fn is_read_otherwise(pattern: &str) -> bool {
    let after = |mark: &'static str| {
        pattern
            .match_indices(mark)
            .map(move |(at, _)| pattern.get(at + mark.len()..).unwrap_or_default())
    };
    let braces = after("{").any(|rest| {
        let inside = rest.split('}').next().unwrap_or_default();
        inside.starts_with(',') || inside.contains([' ', '\t'])
    });
    let options = after("(?").any(|rest| {
        let letters = rest.split([')', ':']).next().unwrap_or_default();
        letters.contains(['a', 'r']) && letters.chars().all(|c| "imsxnJUarDSWTP^-".contains(c))
    });
    let bare =
        after("\\x").any(|rest| !rest.starts_with(|c: char| c.is_ascii_hexdigit() || c == '{'));
    braces || options || bare
}

/// Whether letters of a category are asked for in any case: the younger library then takes all cased
/// letters for `\p{Lu}` (since 10.43).
fn asks_for_case(pattern: &str, options: &str) -> bool {
    let caseless = options.contains('i') || pattern.contains("(?");
    caseless && (pattern.contains("\\p") || pattern.contains("\\P"))
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
        None => pattern.contains("){0}") || asks_for_case(pattern, options),
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

/// Compares the two on a text, from its start and from its second letter.
///
/// # Errors
/// How they differ, if they do.
pub fn compare(pattern: &str, options: &str, text: &str) -> Result<Outcome, String> {
    if is_read_otherwise(pattern) {
        return Ok(Outcome::Refused);
    }
    let ours = Pattern::compile(pattern, options, &Limits::default());
    let (ours, theirs) = match (ours, oracle(pattern, options)) {
        (Ok(ours), Ok(theirs)) => (ours, theirs),
        (Err(_), Err(_)) => return Ok(Outcome::Refused),
        (Err(error), Ok(_)) if is_known_refusal(error.message()) => return Ok(Outcome::Refused),
        (Err(error), Ok(_)) if is_known_difference(pattern, options, Some(error.message())) => {
            return Ok(Outcome::Refused);
        }
        (Err(error), Ok(_)) => return Err(format!("only we refuse it: {error}")),
        // A word edge is a plain test with us, repeated or not; with them its repeat has no length.
        (Ok(_), Err(_)) if pattern.contains(":]]{") || pattern.contains(":]]*") => {
            return Ok(Outcome::Refused);
        }
        (Ok(_), Err(_)) if pattern.contains(":]]+") => return Ok(Outcome::Refused),
        // Its bound on the size of what it compiles, and on groups, is tighter than ours.
        (Ok(_), Err(error)) if error.to_string().contains("too large") => {
            return Ok(Outcome::Refused);
        }
        (Ok(_), Err(error)) => return Err(format!("only we take it: {error}")),
    };
    for start in [0, text.chars().next().map_or(0, char::len_utf8)] {
        let Ok(wanted) = oracle_spans(&theirs, text, start) else { continue };
        let found = match ours.captures_at(text, start) {
            Ok(found) => our_spans(found),
            Err(error) if error.limit_name() == Some("pattern_backtracks") => continue,
            Err(error) => return Err(format!("we fail: {error}")),
        };
        if found != wanted
            && (is_known_difference(pattern, options, None)
                || agrees_unoptimised(pattern, options, text, start, &found))
        {
            continue;
        }
        if found != wanted {
            return Err(format!("from {start}: we find {found:?}, they {wanted:?}"));
        }
        if start == 0 && ours.is_match(text).ok() != Some(wanted.is_some()) {
            return Err(format!("is_match differs from {wanted:?}"));
        }
    }
    Ok(Outcome::Same)
}
