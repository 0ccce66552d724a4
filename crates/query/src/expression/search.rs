//! Finding, splitting and replacing inside strings, by literal text.

use memchr::memmem::Finder;

use super::answer::Answer;
use super::array::bounds;
use super::kind::{self, size_answer};
use super::node::Node;
use super::operator::{Names, Operator};
use super::scope::Scope;
use super::substring::{letter_at, letters};
use crate::pieces::PIECE;
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
    let found = find(scope, text, from, &Finder::new(wanted))?;
    Ok(found.filter(|index| index + wanted.len() <= end).map_or((-1).into(), size_answer))
}

fn index_in_letters<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let (input, wanted) = scope.pair(arguments)?;
    if input.is_nullish() {
        return Ok(Answer::NULL);
    }
    let (text, wanted) = searched(&input, &wanted, "$indexOfCP", (40093, 40094))?;
    scope.spend_letters(text.len())?;
    let letters_in_all = letters(scope, text)?;
    let (start, end) = bounds(scope, arguments, "$indexOfCP", letters_in_all)?;
    if end < start {
        return Ok((-1).into());
    }
    if text.is_empty() && wanted.is_empty() {
        return Ok(0.into());
    }
    // A match may reach past the end; only its start is bounded.
    let from = letter_at(scope, text, start)?;
    let Some(place) = find(scope, text, from, &Finder::new(wanted))? else {
        return Ok((-1).into());
    };
    let letter = start + letters(scope, text.get(from..place).unwrap_or_default())?;
    Ok(if letter < end { size_answer(letter) } else { (-1).into() })
}

/// Where the finder's text begins from that place on, searched in stretches that overlap by one byte less than it
/// has. The steps are the caller's to pay.
fn find(scope: &Scope<'_>, text: &str, from: usize, finder: &Finder<'_>) -> Result<Option<usize>> {
    let length = finder.needle().len();
    let stretch = PIECE.max(length);
    let mut from = from;
    while let Some(rest) = text.as_bytes().get(from..) {
        let end = rest.len().min(stretch + length.saturating_sub(1));
        let found = finder.find(rest.get(..end).unwrap_or_default());
        scope.pass_letters(found.unwrap_or(end))?;
        if let Some(at) = found {
            return Ok(Some(from + at));
        }
        from += stretch;
    }
    Ok(None)
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
    let parts = matches(scope, text, separator, usize::MAX)?.saturating_add(1);
    scope.build_array(parts)?;
    scope.hold(text.len())?;
    let (mut split, mut start) = (Vec::with_capacity(parts), 0);
    each_match(scope, text, (separator, usize::MAX), &mut |_, at| {
        split.push(Value::from(text.get(start..at).unwrap_or_default()));
        start = at + separator.len();
        Ok(())
    })?;
    split.push(text.get(start..).unwrap_or_default().into());
    Ok(split.into())
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
    let count = matches(scope, text, find, most)?;
    scope.build_text(text.len().saturating_add(count.saturating_mul(with.len())))?;
    let left = text.len().saturating_sub(count.saturating_mul(find.len()));
    let mut replaced = String::with_capacity(left + count.saturating_mul(with.len()));
    let mut copied = 0;
    each_match(scope, text, (find, count), &mut |_, at| {
        replaced.push_str(text.get(copied..at).unwrap_or_default());
        replaced.push_str(with);
        copied = at + find.len();
        Ok(())
    })?;
    replaced.push_str(text.get(copied..).unwrap_or_default());
    Ok(replaced)
}

/// How many matches there are, up to that many, each paid for.
fn matches(scope: &mut Scope<'_>, text: &str, wanted: &str, most: usize) -> Result<usize> {
    let mut count = 0_usize;
    each_match(scope, text, (wanted, most), &mut |scope, _| {
        count += 1;
        let owed = count.is_multiple_of(MATCHES_A_STEP);
        scope.spend_apart(usize::from(owed))
    })?;
    Ok(count)
}

/// Shows where the matches begin, up to that many. The account hears of them; the steps are the caller's to pay.
fn each_match(
    scope: &mut Scope<'_>,
    text: &str,
    (wanted, most): (&str, usize),
    show: &mut dyn FnMut(&mut Scope<'_>, usize) -> Result<()>,
) -> Result<()> {
    let finder = Finder::new(wanted);
    let mut from = 0;
    for number in 1..=most {
        let Some(at) = find(scope, text, from, &finder)? else { break };
        show(scope, at)?;
        if number.is_multiple_of(MATCHES_A_PAYMENT) {
            scope.account.work((MATCHES_A_PAYMENT / MATCHES_A_STEP) as u64)?;
        }
        let letter = || text.get(at..).and_then(|rest| rest.chars().next());
        // No text at all is found before each letter, and at the end.
        from =
            at + if wanted.is_empty() { letter().map_or(1, char::len_utf8) } else { wanted.len() };
    }
    Ok(())
}
