//! Strings: joining, case, trimming, lengths, and the text of other values.
//!
//! Source: MongoDB manual, "String Expression Operators".

use std::borrow::Cow;

use super::answer::Answer;
use super::evaluate::evaluate;
use super::kind::{self, size_answer};
use super::moment;
use super::node::Node;
use super::operator::{Names, Operator};
use super::scope::{Scope, is_given};
use crate::{Code, Error, Result, ValueRef};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::variadic("$concat", concat),
    Operator::fixed("$toLower", 1, to_lower),
    Operator::fixed("$toUpper", 1, to_upper),
    Operator::named("$trim", TRIM, trim_both),
    Operator::named("$ltrim", TRIM, trim_left),
    Operator::named("$rtrim", TRIM, trim_right),
    Operator::fixed("$strLenBytes", 1, length_in_bytes),
    Operator::fixed("$strLenCP", 1, length_in_letters),
    Operator::fixed("$strcasecmp", 2, compare_without_case),
];

const TRIM: Names =
    Names { not_object: 50696, unknown: 50694, names: &[("input", 50695), ("chars", 0)] };

/// What is trimmed when nothing else is asked for.
const BLANKS: [char; 20] = [
    '\0', ' ', '\t', '\n', '\u{b}', '\u{c}', '\r', '\u{a0}', '\u{1680}', '\u{2000}', '\u{2001}',
    '\u{2002}', '\u{2003}', '\u{2004}', '\u{2005}', '\u{2006}', '\u{2007}', '\u{2008}', '\u{2009}',
    '\u{200a}',
];

/// The text of a value where an operator takes more than strings: numbers, dates, and nothing for
/// null and missing.
pub(super) fn text_of<'v>(answer: &'v Answer<'_>) -> Result<Cow<'v, str>> {
    Ok(match answer.view() {
        None | Some(ValueRef::Null | ValueRef::Undefined) => Cow::Borrowed(""),
        Some(ValueRef::String(text) | ValueRef::Symbol(text) | ValueRef::Code(text)) => {
            Cow::Borrowed(text)
        }
        Some(ValueRef::Int(number)) => Cow::Owned(number.to_string()),
        Some(ValueRef::Long(number)) => Cow::Owned(number.to_string()),
        Some(ValueRef::Double(number)) => Cow::Owned(double_text(number)),
        Some(ValueRef::Decimal(number)) => Cow::Owned(number.to_string()),
        Some(ValueRef::Date(date)) => Cow::Owned(moment::iso_text(date)),
        Some(ValueRef::Timestamp(timestamp)) => {
            Cow::Owned(format!("Timestamp({}, {})", timestamp.time, timestamp.increment))
        }
        Some(_) => return Err(kind::wrong(16007, "the operator", "text or what has one", answer)),
    })
}

/// A double as the server writes it: the shortest digits that read back, with an exponent where it
/// is very large or very small.
pub(super) fn double_text(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number < 0.0 { "-Infinity" } else { "Infinity" }.to_owned();
    }
    let magnitude = number.abs();
    if magnitude != 0.0 && !(1e-4..1e16).contains(&magnitude) {
        let text = format!("{number:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let exponent: i32 = exponent.parse().unwrap_or(0);
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    format!("{number}")
}

fn concat<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let mut joined = String::new();
    for argument in arguments {
        let answer = evaluate(argument, scope)?;
        if answer.is_nullish() {
            return Ok(Answer::NULL);
        }
        let text =
            answer.text().ok_or_else(|| kind::wrong(16702, "$concat", "strings", &answer))?;
        scope.spend_text(joined.len() + text.len())?;
        joined.push_str(text);
    }
    Ok(joined.into())
}

fn to_lower<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let answer = scope.first(arguments)?;
    let text = text_of(&answer)?;
    scope.spend_text(text.len())?;
    Ok(text.to_ascii_lowercase().into())
}

fn to_upper<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let answer = scope.first(arguments)?;
    let text = text_of(&answer)?;
    scope.spend_text(text.len())?;
    Ok(text.to_ascii_uppercase().into())
}

fn trim_both<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    trim(scope, arguments, "$trim", |text, is_trimmed| text.trim_matches(is_trimmed))
}

fn trim_left<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    trim(scope, arguments, "$ltrim", |text, is_trimmed| text.trim_start_matches(is_trimmed))
}

fn trim_right<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    trim(scope, arguments, "$rtrim", |text, is_trimmed| text.trim_end_matches(is_trimmed))
}

fn trim<'a>(
    scope: &mut Scope<'a>,
    arguments: &'a [Node],
    operator: &str,
    cut: for<'t> fn(&'t str, &dyn Fn(char) -> bool) -> &'t str,
) -> Result<Answer<'a>> {
    let input = scope.first(arguments)?;
    if input.is_nullish() {
        return Ok(Answer::NULL);
    }
    let text = input.text().ok_or_else(|| kind::wrong(50699, operator, "a string", &input))?;
    scope.spend_text(text.len())?;
    if !is_given(arguments, 1) {
        return Ok(cut(text, &|letter| BLANKS.contains(&letter)).into());
    }
    let letters = scope.argument(arguments, 1)?;
    if letters.is_nullish() {
        return Ok(Answer::NULL);
    }
    let wrong = || kind::wrong(50700, operator, "`chars` to be a string", &letters);
    let letters = letters.text().ok_or_else(wrong)?;
    // Trimming looks every letter up among these.
    const MOST: usize = 4096;
    if letters.len() > MOST {
        let message = format!("`chars` of {operator} can have {MOST} bytes at most");
        return Err(Error::new(Code(12_066_800), message));
    }
    scope.spend(text.len().saturating_mul(letters.len()) / 4096)?;
    Ok(cut(text, &|letter| letters.contains(letter)).into())
}

fn length_in_bytes<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let answer = scope.first(arguments)?;
    let text = answer.text();
    let text = text.ok_or_else(|| kind::wrong(34473, "$strLenBytes", "a string", &answer))?;
    Ok(size_answer(text.len()))
}

fn length_in_letters<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let answer = scope.first(arguments)?;
    let text = answer.text();
    let text = text.ok_or_else(|| kind::wrong(34471, "$strLenCP", "a string", &answer))?;
    scope.spend_text(text.len())?;
    Ok(size_answer(text.chars().count()))
}

fn compare_without_case<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let (left, right) = scope.pair(arguments)?;
    let (left, right) = (text_of(&left)?, text_of(&right)?);
    scope.spend_text(left.len().min(right.len()))?;
    let upper = |text: &str| text.bytes().map(|byte| byte.to_ascii_uppercase()).collect::<Vec<_>>();
    Ok((upper(&left).cmp(&upper(&right)) as i32).into())
}
