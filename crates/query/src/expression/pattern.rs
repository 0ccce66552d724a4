//! `$regexMatch`, `$regexFind`, `$regexFindAll`: regular expressions over one string.
//!
//! Patterns mean what they mean in filters. A constant pattern is compiled once, at parse time.

use super::answer::Answer;
use super::kind::{self, size_answer};
use super::node::Node;
use super::operator::{Names, Operator};
use super::parse::Parser;
use super::scope::Scope;
use crate::{Captures, Code, Document, Error, Pattern, Result, Value, ValueRef};

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

fn parse(parser: &mut Parser<'_>, operator: &'static Operator, argument: &Value) -> Result<Node> {
    let mut arguments = parser.named(operator.name, &NAMES, argument)?;
    let mut tail = arguments.split_off(1).into_iter();
    let (regex, options) = (tail.next(), tail.next());
    let limits = &parser.environment().limits;
    match (constant(&regex), constant(&options)) {
        (Some(regex), Some(options)) => {
            let pattern = compile(&regex, &options, operator.name, limits)?;
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
    regex: &Answer<'_>,
    options: &Answer<'_>,
    operator: &str,
    limits: &crate::Limits,
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
        Some(text) => Pattern::compile(text, options, limits).map(Some).map_err(invalid),
        None => Pattern::compile("", options, limits).map(|_| None).map_err(invalid),
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
            // Compiling for each document is dear.
            scope.spend(100)?;
            compile(&regex, &options, operator, scope.limits)?
        }
    };
    if !input.is_nullish() && input.text().is_none() {
        return Err(kind::wrong(51104, operator, "`input` to be a string", &input));
    }
    // One search may go back many times before it ends.
    let dear = if pattern.as_ref().is_some_and(|pattern| !pattern.is_linear()) { 1000 } else { 1 };
    scope.spend(dear + input.text().map_or(0, str::len) / 256)?;
    Ok(pattern.filter(|_| !input.is_nullish()).map(|pattern| (input, pattern)))
}

fn is_match<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    match inputs(scope, arguments, "$regexMatch")? {
        None => Ok(false.into()),
        Some((input, pattern)) => Ok(pattern.is_match(input.text().unwrap_or_default())?.into()),
    }
}

fn find<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let Some((input, pattern)) = inputs(scope, arguments, "$regexFind")? else {
        return Ok(Answer::NULL);
    };
    let text = input.text().unwrap_or_default();
    match pattern.captures_at(text, 0)? {
        None => Ok(Answer::NULL),
        Some(captures) => {
            let letters = letters_before(text, captures.span.0);
            Ok(found(text, &captures, letters).into())
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
    while let Some(captures) = pattern.captures_at(text, start)? {
        scope.spend(1)?;
        scope.spend_array(all.len())?;
        let (from, to) = captures.span;
        letters += text.get(counted..from).map_or(0, |between| between.chars().count());
        counted = from;
        all.push(found(text, &captures, letters).into());
        // After an empty match the search goes on a letter further.
        let step = text.get(to..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
        start = if to > from { to } else { to + step };
        if start >= text.len() {
            break;
        }
    }
    Ok(all.into())
}

fn found(text: &str, captures: &Captures, letters: usize) -> Document {
    let part = |(from, to): (usize, usize)| Value::from(text.get(from..to).unwrap_or_default());
    let groups = captures.groups.iter().map(|group| group.map_or(Value::Null, part));
    Document::new()
        .with("match", part(captures.span))
        .with("idx", size_answer(letters).into_value().unwrap_or(Value::Null))
        .with("captures", groups.collect::<Vec<Value>>())
}

fn letters_before(text: &str, byte: usize) -> usize {
    text.get(..byte).map_or(0, |before| before.chars().count())
}
