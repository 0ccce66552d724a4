//! What can be asked of a place in a text: the characters around it, and whether a condition holds.
//!
//! Places are byte offsets at the border of characters.

use super::charset::CharSet;
use super::graph::Members;
use super::property;
use super::tree::Assertion;
use std::sync::LazyLock;

/// The character after a place, and the place after that.
pub(super) fn after(text: &str, at: usize) -> Option<(char, usize)> {
    if let Some(&byte) = text.as_bytes().get(at)
        && byte.is_ascii()
    {
        return Some((char::from(byte), at + 1));
    }
    let letter = text.get(at..)?.chars().next()?;
    Some((letter, at + letter.len_utf8()))
}

/// The character before a place.
pub(super) fn before(text: &str, at: usize) -> Option<char> {
    text.get(..at)?.chars().next_back()
}

/// Whether the condition holds there, in a search that began at `start`.
pub(super) fn holds(what: Assertion, text: &str, start: usize, at: usize) -> bool {
    let last = || before(text, at);
    let next = || after(text, at).map(|(letter, _)| letter);
    let end = text.len();
    match what {
        Assertion::TextStart => at == 0,
        Assertion::TextEnd => at == end,
        Assertion::FinalLineEnd => at == end || (at + 1 == end && next() == Some('\n')),
        Assertion::LineStart => at == 0 || (at < end && last() == Some('\n')),
        Assertion::LineEnd => at == end || next() == Some('\n'),
        Assertion::SearchStart => at == start,
        Assertion::WordBoundary { unicode } => word(last(), unicode) != word(next(), unicode),
        Assertion::NotWordBoundary { unicode } => word(last(), unicode) == word(next(), unicode),
        Assertion::WordStart { unicode } => !word(last(), unicode) && word(next(), unicode),
        Assertion::WordEnd { unicode } => word(last(), unicode) && !word(next(), unicode),
    }
}

/// Whether two characters are cases of one, by Unicode's simple folding.
pub(super) fn same_but_for_case(one: char, other: char) -> bool {
    one == other
        || one.eq_ignore_ascii_case(&other)
        || (!(one.is_ascii() && other.is_ascii())
            && CharSet::one(one).folded().ranges().any(|(low, high)| low <= other && other <= high))
}

fn word(letter: Option<char>, unicode: bool) -> bool {
    static WORD: LazyLock<Members> = LazyLock::new(|| Members::of(&property::unicode_word()));
    letter.is_some_and(|letter| match unicode {
        true => WORD.has(letter),
        false => letter == '_' || letter.is_ascii_alphanumeric(),
    })
}
