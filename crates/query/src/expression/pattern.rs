//! `$regexMatch`, `$regexFind`, `$regexFindAll`: regular expressions over one string.
//!
//! Patterns mean what they mean in filters. A constant pattern is compiled once, at parse time.

use super::answer::Answer;
use super::kind;
use super::node::Node;
use super::operator::{Names, Operator};
use super::parse::Parser;
use super::scope::Scope;
use crate::copy::FIELD;
use crate::{
    Account, Captures, Code, Document, Environment, Error, Limits, Pattern, Result, Value, ValueRef,
};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::own("$regexMatch", parse, is_match),
    Operator::own("$regexFind", parse, find),
    Operator::own("$regexFindAll", parse, find_all),
];

const NAMES: Names = Names {
    not_object: 51103,
    unknown: 31024,
    names: &[("input", 31022), ("regex", 31023), ("options", 0)],
};

/// Steps of a search that goes back, for the price of one step of an expression.
const SEARCH_STEPS: usize = 16;
/// Bytes of a match in which groups are found for the price of one step.
const SPAN_BYTES_A_STEP: usize = 8;

fn parse(parser: &mut Parser<'_>, operator: &'static Operator, argument: &Value) -> Result<Node> {
    let mut arguments = parser.named(operator.name, &NAMES, argument)?;
    let mut tail = arguments.split_off(1).into_iter();
    let (regex, options) = (tail.next(), tail.next());
    let Environment { limits, account, .. } = parser.environment();
    match (constant(&regex), constant(&options)) {
        (Some(regex), Some(options)) => {
            let pattern = compile((&regex, &options), operator.name, limits, account)?;
            arguments.push(pattern.map_or(Node::Missing, Node::Pattern));
        }
        _ => arguments.extend(regex.into_iter().chain(options)),
    }
    Ok(Node::Call { operator, arguments })
}

fn constant(node: &Option<Node>) -> Option<Answer<'_>> {
    match node {
        Some(Node::Constant(value)) => Some(Answer::Borrowed(value.view())),
        Some(Node::Missing | Node::Absent) | None => Some(Answer::Missing),
        _ => None,
    }
}

/// The pattern of a string or regex with options; `None` if it is null or missing.
fn compile(
    (regex, options): (&Answer<'_>, &Answer<'_>),
    operator: &str,
    limits: &Limits,
    account: &Account,
) -> Result<Option<Pattern>> {
    let (text, own_options) = match regex.view() {
        _ if regex.is_nullish() => (None, ""),
        Some(ValueRef::String(text)) => (Some(text), ""),
        Some(ValueRef::Regex { pattern, options }) => (Some(pattern), options),
        _ => return Err(kind::wrong(51105, operator, "a string or regex", regex)),
    };
    if !options.is_nullish() && options.text().is_none() {
        return Err(kind::wrong(51106, operator, "`options` to be a string", options));
    }
    if options.text().is_some() && !own_options.is_empty() {
        let message = format!("{operator} has options in `regex` and in `options`");
        return Err(Error::new(Code(51107), message));
    }
    let options = options.text().unwrap_or(own_options);
    if text.is_some_and(|text| text.contains('\0')) {
        return Err(Error::new(Code(51109), format!("the pattern of {operator} holds a NUL")));
    }
    if options.contains('\0') {
        return Err(Error::new(Code(51110), format!("the options of {operator} hold a NUL")));
    }
    let invalid = |error: Error| {
        // The operators have a number of their own for a bad pattern.
        if error.code() == Code(51091) { error.with_code(Code(51111)) } else { error }
    };
    match text {
        Some(text) => {
            Pattern::compile_within(text, options, limits, account).map(Some).map_err(invalid)
        }
        None => {
            Pattern::compile_within("", options, limits, account).map(|_| None).map_err(invalid)
        }
    }
}

/// The text and the pattern; `None` if either is null or missing.
fn inputs<'a>(
    scope: &mut Scope<'a>,
    arguments: &'a [Node],
    operator: &str,
) -> Result<Option<(Answer<'a>, Pattern)>> {
    let input = scope.first(arguments)?;
    let pattern = match arguments.get(1) {
        Some(Node::Pattern(pattern)) => Some(pattern.clone()),
        Some(Node::Missing) if arguments.len() == 2 => None,
        _ => {
            let (regex, options) = (scope.argument(arguments, 1)?, scope.argument(arguments, 2)?);
            compile_anew(scope, &regex, &options, operator)?
        }
    };
    if !input.is_nullish() && input.text().is_none() {
        return Err(kind::wrong(51104, operator, "`input` to be a string", &input));
    }
    Ok(pattern.filter(|_| !input.is_nullish()).map(|pattern| (input, pattern)))
}

fn is_match<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    match inputs(scope, arguments, "$regexMatch")? {
        None => Ok(false.into()),
        Some((input, pattern)) => {
            let text = input.text().unwrap_or_default();
            scope.spend_letters(text.len())?;
            let (found, steps) = pattern.is_match_in_steps(text, scope.account)?;
            scope.spend_apart(steps / SEARCH_STEPS)?;
            Ok(found.into())
        }
    }
}

/// Compiles a pattern for this document alone. That is dear, and most of all for a large pattern:
/// only if a small limit of its size is not enough, more is paid for.
fn compile_anew(
    scope: &mut Scope<'_>,
    regex: &Answer<'_>,
    options: &Answer<'_>,
    operator: &str,
) -> Result<Option<Pattern>> {
    const SMALL: usize = 1 << 16;
    scope.spend(500)?;
    scope.spend(regex.text().map_or(0, str::len))?;
    let small = Limits {
        pattern_compiled_bytes: scope.limits.pattern_compiled_bytes.min(SMALL),
        ..scope.limits.clone()
    };
    let inputs = (regex, options);
    match compile(inputs, operator, &small, scope.account) {
        Err(error) if error.limit_name() == Some("pattern_compiled_bytes") => {
            scope.spend(20_000)?;
            compile(inputs, operator, scope.limits, scope.account)
        }
        compiled => compiled,
    }
}

/// The next match, paid for by the steps of the search. Where the groups lie is found by a second
/// search of what matched.
fn next_match(
    scope: &mut Scope<'_>,
    pattern: &Pattern,
    text: &str,
    start: usize,
) -> Result<Option<Captures>> {
    let (found, steps) = pattern.captures_in_steps(text, start, scope.account)?;
    scope.spend_apart(steps / SEARCH_STEPS)?;
    if let Some(Captures { span: (from, to), groups }) = &found {
        scope.spend(1)?;
        scope.spend((to - from) / SPAN_BYTES_A_STEP)?;
        scope.spend_elements(groups.len())?;
    }
    Ok(found)
}

fn find<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let Some((input, pattern)) = inputs(scope, arguments, "$regexFind")? else {
        return Ok(Answer::NULL);
    };
    let text = input.text().unwrap_or_default();
    scope.spend_letters(text.len())?;
    match next_match(scope, &pattern, text, 0)? {
        None => Ok(Answer::NULL),
        Some(captures) => {
            let letters = letters_before(text, captures.span.0);
            Ok(found(scope, text, &captures, letters)?.into())
        }
    }
}

fn find_all<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let mut all: Vec<Value> = Vec::new();
    let Some((input, pattern)) = inputs(scope, arguments, "$regexFindAll")? else {
        return Ok(all.into());
    };
    let text = input.text().unwrap_or_default();
    let (mut start, mut counted, mut letters) = (0, 0, 0);
    scope.spend_letters(text.len())?;
    while let Some(captures) = next_match(scope, &pattern, text, start)? {
        // A search may look at all that is left before it settles.
        scope.spend_letters(text.len().saturating_sub(start) / 2)?;
        let (from, to) = captures.span;
        letters += text.get(counted..from).map_or(0, |between| between.chars().count());
        counted = from;
        scope.build_array(1)?;
        all.push(found(scope, text, &captures, letters)?.into());
        // After an empty match the search goes on a letter further.
        let step = text.get(to..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
        start = if to > from { to } else { to + step };
        if start >= text.len() {
            break;
        }
    }
    Ok(all.into())
}

/// A match as a document. Each group of the pattern has its place in it, and may hold all of the text.
fn found(
    scope: &mut Scope<'_>,
    text: &str,
    captures: &Captures,
    letters: usize,
) -> Result<Document> {
    let spans = captures.groups.iter().flatten().chain([&captures.span]);
    let bytes = spans.fold(0_usize, |sum, (from, to)| sum.saturating_add(to - from));
    scope.spend_text(bytes)?;
    scope.hold(bytes + 4 * FIELD)?;
    scope.hold_elements(captures.groups.len())?;
    let part = |(from, to): (usize, usize)| Value::from(text.get(from..to).unwrap_or_default());
    let groups = captures.groups.iter().map(|group| group.map_or(Value::Null, part));
    Ok(Document::new()
        .with("match", part(captures.span))
        .with("idx", Value::integer(i64::try_from(letters).unwrap_or(i64::MAX)))
        .with("captures", groups.collect::<Vec<Value>>()))
}

fn letters_before(text: &str, byte: usize) -> usize {
    text.get(..byte).map_or(0, |before| before.chars().count())
}
