//! Parts of strings, counted in bytes or in code points.

use super::answer::Answer;
use super::kind;
use super::node::Node;
use super::number::Number;
use super::operator::Operator;
use super::scope::Scope;
use super::text::text_of;
use crate::pieces::pieces;
use crate::{Code, Error, Result};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::fixed("$substr", 3, in_bytes),
    Operator::fixed("$substrBytes", 3, in_bytes),
    Operator::fixed("$substrCP", 3, in_letters),
];

fn in_bytes<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let (input, start) = scope.pair(arguments)?;
    let length = scope.argument(arguments, 2)?;
    let text = text_of(&input)?;
    let number = |answer: &Answer<'_>, code: u32| {
        let number = answer.number().map(Number::to_long);
        number.ok_or_else(|| kind::wrong(code, "$substrBytes", "numbers", answer))
    };
    let (start, length) = (number(&start, 16034)?, number(&length, 16035)?);
    let negative = |_| Error::new(Code(50752), "the start of $substrBytes can't be negative");
    let start = usize::try_from(start).map_err(negative)?;
    let end = match usize::try_from(length) {
        Ok(length) => start.saturating_add(length).min(text.len()),
        // A negative length means: to the end.
        Err(_) => text.len(),
    };
    if start >= text.len() {
        return Ok("".into());
    }
    if !text.is_char_boundary(start) {
        return Err(Error::new(Code(28656), "$substrBytes would start inside a letter"));
    }
    scope.build_text(end.saturating_sub(start))?;
    let part = text.get(start..end.max(start));
    let inside = || Error::new(Code(28657), "$substrBytes would end inside a letter");
    Ok(part.ok_or_else(inside)?.into())
}

fn in_letters<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let (input, start) = scope.pair(arguments)?;
    let length = scope.argument(arguments, 2)?;
    let text = text_of(&input)?;
    let start = whole(&start, (34450, 34451))?;
    let length = whole(&length, (34452, 34453))?;
    let negative = |code, name| {
        let message = format!("the {name} of $substrCP can't be negative");
        move |_| Error::new(Code(code), message)
    };
    let length = usize::try_from(length).map_err(negative(34454, "length"))?;
    let start = usize::try_from(start).map_err(negative(34455, "start"))?;
    scope.spend_letters(text.len())?;
    let rest = text.get(letter_at(scope, &text, start)?..).unwrap_or_default();
    let part = rest.get(..letter_at(scope, rest, length)?).unwrap_or_default();
    scope.build_text(part.len())?;
    Ok(part.into())
}

/// Where the letter of that number begins; the end of the text where there is none. The steps are the caller's
/// to pay.
pub(super) fn letter_at(scope: &Scope<'_>, text: &str, number: usize) -> Result<usize> {
    let (mut before, mut left) = (0, number);
    for piece in pieces(text) {
        scope.pass_letters(piece.len())?;
        let letters = piece.chars().count();
        if left < letters {
            let inside = piece.char_indices().nth(left).map_or(0, |(place, _)| place);
            return Ok(before + inside);
        }
        left -= letters;
        before += piece.len();
    }
    Ok(before)
}

/// How many letters there are. The steps are the caller's to pay.
pub(super) fn letters(scope: &Scope<'_>, text: &str) -> Result<usize> {
    let mut letters = 0;
    for piece in pieces(text) {
        scope.pass_letters(piece.len())?;
        letters += piece.chars().count();
    }
    Ok(letters)
}

fn whole(answer: &Answer<'_>, (no_number, not_whole): (u32, u32)) -> Result<i32> {
    let number = answer.number();
    let number = number.ok_or_else(|| kind::wrong(no_number, "$substrCP", "numbers", answer))?;
    let message = "$substrCP needs 32-bit whole numbers";
    number.whole32().ok_or_else(|| Error::new(Code(not_whole), message))
}
