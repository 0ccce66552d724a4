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
use crate::pieces::{PIECE, pieces};
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
const BLANKS: &str = "\0 \t\n\u{b}\u{c}\r\u{a0}\u{1680}\u{2000}\u{2001}\u{2002}\u{2003}\u{2004}\
    \u{2005}\u{2006}\u{2007}\u{2008}\u{2009}\u{200a}";

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
        Some(ValueRef::Double(number)) => Cow::Owned(short_text(number)),
        Some(ValueRef::Decimal(number)) => Cow::Owned(number.to_string()),
        Some(ValueRef::Date(date)) => Cow::Owned(moment::iso_text(date)?),
        Some(ValueRef::Timestamp(timestamp)) => {
            Cow::Owned(format!("Timestamp({}, {})", timestamp.time, timestamp.increment))
        }
        Some(_) => return Err(kind::wrong(16007, "the operator", "text or what has one", answer)),
    })
}

/// A double as operators of strings see it: six digits, in the manner of C's `%g`.
fn short_text(number: f64) -> String {
    if !number.is_finite() {
        let name = if number.is_nan() { "nan" } else { "inf" };
        return format!("{}{name}", if number < 0.0 { "-" } else { "" });
    }
    let scientific = format!("{number:.5e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let bare = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    if (-4..6).contains(&exponent) {
        return bare(&format!("{number:.*}", (5 - exponent).unsigned_abs() as usize));
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{}e{sign}{:02}", bare(digits), exponent.abs())
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
        scope.hold(text.len().saturating_mul(2))?;
        joined.push_str(text);
    }
    Ok(joined.into())
}

fn to_lower<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    in_case(scope, arguments, str::to_ascii_lowercase)
}

fn to_upper<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    in_case(scope, arguments, str::to_ascii_uppercase)
}

fn in_case<'a>(
    scope: &mut Scope<'a>,
    arguments: &'a [Node],
    turn: fn(&str) -> String,
) -> Result<Answer<'a>> {
    let answer = scope.first(arguments)?;
    let text = text_of(&answer)?;
    scope.check_bytes(text.len())?;
    scope.hold(text.len().saturating_mul(2))?;
    let mut turned = String::with_capacity(text.len());
    for piece in pieces(&text) {
        scope.spend_text(piece.len())?;
        turned.push_str(&turn(piece));
    }
    Ok(turned.into())
}

fn trim_both<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    trim(scope, arguments, "$trim", (true, true))
}

fn trim_left<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    trim(scope, arguments, "$ltrim", (true, false))
}

fn trim_right<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    trim(scope, arguments, "$rtrim", (false, true))
}

/// Letters to trim, by bit for ASCII and sorted for the rest: each letter of the text is looked up.
struct Letters {
    ascii: u128,
    others: Vec<char>,
}

impl Letters {
    fn of(text: &str) -> Letters {
        let mut others: Vec<char> = text.chars().filter(|letter| !letter.is_ascii()).collect();
        others.sort_unstable();
        let ascii = text.bytes().filter(u8::is_ascii).fold(0, |bits, byte| bits | 1_u128 << byte);
        Letters { ascii, others }
    }

    fn contain(&self, letter: char) -> bool {
        if letter.is_ascii() {
            return self.ascii >> u32::from(letter) & 1 == 1;
        }
        self.others.binary_search(&letter).is_ok()
    }
}

fn trim<'a>(
    scope: &mut Scope<'a>,
    arguments: &'a [Node],
    operator: &str,
    (at_start, at_end): (bool, bool),
) -> Result<Answer<'a>> {
    let input = scope.first(arguments)?;
    if input.is_nullish() {
        return Ok(Answer::NULL);
    }
    let text = input.text().ok_or_else(|| kind::wrong(50699, operator, "a string", &input))?;
    let chosen = scope.argument(arguments, 1)?;
    let letters = match chosen.text() {
        _ if !is_given(arguments, 1) => BLANKS,
        Some(letters) => letters,
        None if chosen.is_nullish() => return Ok(Answer::NULL),
        None => return Err(kind::wrong(50700, operator, "`chars` to be a string", &chosen)),
    };
    // As many as MongoDB takes.
    const MOST: usize = 4096;
    if letters.len() > MOST {
        let message = format!("`chars` of {operator} can have {MOST} bytes at most");
        return Err(Error::new(Code(12_066_800), message));
    }
    scope.spend_letters(letters.len())?;
    let letters = Letters::of(letters);
    let mut kept = text;
    if at_start {
        kept = without_start(scope, kept, &letters)?;
    }
    if at_end {
        kept = without_end(scope, kept, &letters)?;
    }
    scope.build_text(kept.len())?;
    Ok(kept.into())
}

/// The text from the first letter on that is none of those.
fn without_start<'t>(scope: &mut Scope<'_>, text: &'t str, letters: &Letters) -> Result<&'t str> {
    let mut gone = 0;
    for piece in pieces(text) {
        scope.pass_letters(piece.len())?;
        let kept = piece.trim_start_matches(|letter| letters.contain(letter));
        gone += piece.len() - kept.len();
        if !kept.is_empty() {
            break;
        }
    }
    scope.spend_letters(gone)?;
    Ok(text.get(gone..).unwrap_or_default())
}

/// The text up to the last letter that is none of those.
fn without_end<'t>(scope: &mut Scope<'_>, text: &'t str, letters: &Letters) -> Result<&'t str> {
    let mut gone = 0;
    for piece in pieces(text).rev() {
        scope.pass_letters(piece.len())?;
        let kept = piece.trim_end_matches(|letter| letters.contain(letter));
        gone += piece.len() - kept.len();
        if !kept.is_empty() {
            break;
        }
    }
    scope.spend_letters(gone)?;
    Ok(text.get(..text.len() - gone).unwrap_or_default())
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
    scope.check_bytes(text.len())?;
    let mut letters = 0;
    for piece in pieces(text) {
        scope.spend_text(piece.len())?;
        letters += piece.chars().count();
    }
    Ok(size_answer(letters))
}

fn compare_without_case<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let (left, right) = scope.pair(arguments)?;
    let (left, right) = (text_of(&left)?, text_of(&right)?);
    let upper = |byte: &u8| byte.to_ascii_uppercase();
    for (one, other) in left.as_bytes().chunks(PIECE).zip(right.as_bytes().chunks(PIECE)) {
        scope.spend_letters(one.len().min(other.len()))?;
        let order = one.iter().map(upper).cmp(other.iter().map(upper));
        if order.is_ne() {
            return Ok((order as i32).into());
        }
    }
    Ok((left.len().cmp(&right.len()) as i32).into())
}
