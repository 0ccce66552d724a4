//! Finding, splitting and replacing inside strings, by literal text.

use super::answer::Answer;
use super::array::bounds;
use super::kind::{self, size_answer};
use super::node::Node;
use super::operator::{Names, Operator};
use super::scope::Scope;
use crate::{Code, Error, Result, Value};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::ranged("$indexOfBytes", 2, 4, index_in_bytes),
    Operator::ranged("$indexOfCP", 2, 4, index_in_letters),
    Operator::fixed("$split", 2, split),
    Operator::named("$replaceOne", REPLACE, replace_one),
    Operator::named("$replaceAll", REPLACE, replace_all),
];

const REPLACE: Names = Names {
    not_object: 51751,
    unknown: 51750,
    names: &[("input", 51749), ("find", 51748), ("replacement", 51747)],
};

fn index_in_bytes<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let (input, wanted) = scope.pair(arguments)?;
    if input.is_nullish() {
        return Ok(Answer::NULL);
    }
    let (text, wanted) = searched(&input, &wanted, "$indexOfBytes", (40091, 40092))?;
    let (start, end) = bounds(scope, arguments, "$indexOfBytes", text.len())?;
    scope.spend_letters(text.len())?;
    if start > end {
        return Ok((-1).into());
    }
    if wanted.is_empty() {
        return Ok(size_answer(start));
    }
    // A bound may lie inside a letter; a match can't begin there.
    let from = (start..=text.len()).find(|place| text.is_char_boundary(*place)).unwrap_or(start);
    let found = text.get(from..).and_then(|rest| rest.find(wanted)).map(|index| from + index);
    Ok(found.filter(|index| index + wanted.len() <= end).map_or((-1).into(), size_answer))
}

fn index_in_letters<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let (input, wanted) = scope.pair(arguments)?;
    if input.is_nullish() {
        return Ok(Answer::NULL);
    }
    let (text, wanted) = searched(&input, &wanted, "$indexOfCP", (40093, 40094))?;
    scope.spend_letters(text.len())?;
    let letters = text.chars().count();
    let (start, end) = bounds(scope, arguments, "$indexOfCP", letters)?;
    if end < start {
        return Ok((-1).into());
    }
    if text.is_empty() && wanted.is_empty() {
        return Ok(0.into());
    }
    // A match may reach past the end; only its start is bounded.
    let from = text.char_indices().nth(start).map_or(text.len(), |(place, _)| place);
    let rest = text.get(from..).unwrap_or_default();
    let before = rest.find(wanted).and_then(|place| rest.get(..place));
    let letter = before.map(|before| start + before.chars().count());
    Ok(letter.filter(|letter| *letter < end).map_or((-1).into(), size_answer))
}

fn searched<'v>(
    input: &'v Answer<'_>,
    wanted: &'v Answer<'_>,
    operator: &str,
    (no_input, no_token): (u32, u32),
) -> Result<(&'v str, &'v str)> {
    let text = input.text().ok_or_else(|| kind::wrong(no_input, operator, "a string", input))?;
    let token = wanted.text();
    let token = token.ok_or_else(|| kind::wrong(no_token, operator, "a string to find", wanted))?;
    Ok((text, token))
}

fn split<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let (input, separator) = scope.pair(arguments)?;
    if input.is_nullish() || separator.is_nullish() {
        return Ok(Answer::NULL);
    }
    let text = input.text().ok_or_else(|| kind::wrong(40085, "$split", "a string", &input))?;
    let wrong = || kind::wrong(40086, "$split", "a string as separator", &separator);
    let separator = separator.text().ok_or_else(wrong)?;
    if separator.is_empty() {
        return Err(Error::new(Code(40087), "the separator of $split can't be empty"));
    }
    scope.spend_letters(text.len())?;
    scope.build_array(text.matches(separator).count() + 1)?;
    scope.hold(text.len())?;
    Ok(text.split(separator).map(Value::from).collect::<Vec<Value>>().into())
}

fn replace_one<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    replace(scope, arguments, "$replaceOne", 1)
}

fn replace_all<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    replace(scope, arguments, "$replaceAll", usize::MAX)
}

fn replace<'a>(
    scope: &mut Scope<'a>,
    arguments: &'a [Node],
    operator: &str,
    most: usize,
) -> Result<Answer<'a>> {
    let (input, find) = scope.pair(arguments)?;
    let replacement = scope.argument(arguments, 2)?;
    let parts =
        [(&input, 51746, "input"), (&find, 51745, "find"), (&replacement, 51744, "replacement")];
    for (answer, code, name) in parts {
        if !answer.is_nullish() && answer.text().is_none() {
            return Err(kind::wrong(code, operator, &format!("`{name}` to be a string"), answer));
        }
    }
    let (Some(text), Some(find), Some(with)) = (input.text(), find.text(), replacement.text())
    else {
        return Ok(Answer::NULL);
    };
    replaced(scope, text, (find, with), most).map(Answer::from)
}

/// Matches that are counted, or replaced, between two payments.
const MATCHES_A_PAYMENT: usize = 64;
const MATCHES_A_STEP: usize = 4;

/// The text with the first matches replaced, as many as that at most. There may be millions: the account hears
/// of them on the way, when they are counted and again when they are written.
fn replaced(
    scope: &mut Scope<'_>,
    text: &str,
    (find, with): (&str, &str),
    most: usize,
) -> Result<String> {
    scope.spend_letters(text.len())?;
    let mut count = 0_usize;
    for _ in text.matches(find).take(most) {
        count += 1;
        if count.is_multiple_of(MATCHES_A_PAYMENT) {
            scope.spend(MATCHES_A_PAYMENT / MATCHES_A_STEP)?;
        }
    }
    scope.spend(count % MATCHES_A_PAYMENT / MATCHES_A_STEP)?;
    scope.build_text(text.len().saturating_add(count.saturating_mul(with.len())))?;
    let left = text.len().saturating_sub(count.saturating_mul(find.len()));
    let mut replaced = String::with_capacity(left + count.saturating_mul(with.len()));
    let mut copied = 0;
    for (number, (at, found)) in text.match_indices(find).take(count).enumerate() {
        if number.is_multiple_of(MATCHES_A_PAYMENT) {
            scope.account.work((MATCHES_A_PAYMENT / MATCHES_A_STEP) as u64)?;
        }
        replaced.push_str(text.get(copied..at).unwrap_or_default());
        replaced.push_str(with);
        copied = at + found.len();
    }
    replaced.push_str(text.get(copied..).unwrap_or_default());
    Ok(replaced)
}
