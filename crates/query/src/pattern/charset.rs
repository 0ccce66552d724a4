//! Sets of characters as PCRE2 means them without Unicode properties: `\w`, `\h`, `[:alpha:]`, and
//! the folding of case.
//!
//! Everything that consumes one character becomes such a set, so that both engines agree on it by
//! construction. This file knows no syntax; `\p{..}` is in [`super::property`].

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

/// A set of characters, kept as sorted ranges that neither touch nor overlap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CharSet(ClassUnicode);

impl CharSet {
    /// The set of those ranges, both ends included.
    pub(super) fn of(ranges: &[(char, char)]) -> CharSet {
        let ranges = ranges.iter().map(|&(low, high)| ClassUnicodeRange::new(low, high));
        CharSet(ClassUnicode::new(ranges))
    }

    /// The set of one character.
    pub(super) fn one(letter: char) -> CharSet {
        CharSet::of(&[(letter, letter)])
    }

    /// The set without members.
    pub(super) fn empty() -> CharSet {
        CharSet(ClassUnicode::empty())
    }

    /// Every character.
    pub(super) fn any() -> CharSet {
        CharSet::of(&[('\0', char::MAX)])
    }

    /// Every character but the newline: `.` without option `s`, and `\N`.
    pub(super) fn not_newline() -> CharSet {
        CharSet::one('\n').negated()
    }

    /// ASCII digits: `\d`.
    pub(super) fn digit() -> CharSet {
        CharSet::of(&[('0', '9')])
    }

    /// ASCII white space: `\s`, which holds the vertical tab.
    pub(super) fn space() -> CharSet {
        CharSet::of(&[('\t', '\r'), (' ', ' ')])
    }

    /// ASCII word characters: `\w`.
    pub(super) fn word() -> CharSet {
        CharSet::of(&[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')])
    }

    /// Horizontal blanks of all Unicode: `\h`.
    pub(super) fn horizontal() -> CharSet {
        CharSet::of(&[
            ('\t', '\t'),
            (' ', ' '),
            ('\u{a0}', '\u{a0}'),
            ('\u{1680}', '\u{1680}'),
            ('\u{180e}', '\u{180e}'),
            ('\u{2000}', '\u{200a}'),
            ('\u{202f}', '\u{202f}'),
            ('\u{205f}', '\u{205f}'),
            ('\u{3000}', '\u{3000}'),
        ])
    }

    /// Line ends of all Unicode: `\v`, and what `\R` takes one by one.
    pub(super) fn vertical() -> CharSet {
        CharSet::of(&[('\n', '\r'), ('\u{85}', '\u{85}'), ('\u{2028}', '\u{2029}')])
    }

    /// An ASCII class by its POSIX name: `alpha` in `[[:alpha:]]`.
    pub(super) fn posix(name: &str) -> Option<CharSet> {
        Some(match name {
            "alpha" => CharSet::of(&[('A', 'Z'), ('a', 'z')]),
            "lower" => CharSet::of(&[('a', 'z')]),
            "upper" => CharSet::of(&[('A', 'Z')]),
            "alnum" => CharSet::of(&[('0', '9'), ('A', 'Z'), ('a', 'z')]),
            "ascii" => CharSet::of(&[('\0', '\x7f')]),
            "blank" => CharSet::of(&[('\t', '\t'), (' ', ' ')]),
            "cntrl" => CharSet::of(&[('\0', '\x1f'), ('\x7f', '\x7f')]),
            "digit" => CharSet::digit(),
            "graph" => CharSet::of(&[('!', '~')]),
            "print" => CharSet::of(&[(' ', '~')]),
            "punct" => CharSet::of(&[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')]),
            "space" => CharSet::space(),
            "word" => CharSet::word(),
            "xdigit" => CharSet::of(&[('0', '9'), ('A', 'F'), ('a', 'f')]),
            _ => return None,
        })
    }

    /// The set that a parsed class of the `regex` family stands for.
    pub(super) fn from_class(class: ClassUnicode) -> CharSet {
        CharSet(class)
    }

    /// Adds the members of another set.
    pub(super) fn add(&mut self, other: &CharSet) {
        self.0.union(&other.0);
    }

    /// Every character that is no member.
    pub(super) fn negated(mut self) -> CharSet {
        self.0.negate();
        self
    }

    /// The set with the other cases of its members, by Unicode's simple folding: `k` brings `K` and
    /// the Kelvin sign, `ß` the capital `ẞ`, as in PCRE2 with UTF on.
    pub(super) fn folded(mut self) -> CharSet {
        // Fails only without Unicode tables, which this crate asks for.
        let _ = self.0.try_case_fold_simple();
        self
    }

    /// The only member, if there is just one.
    pub(super) fn single(&self) -> Option<char> {
        match self.0.ranges() {
            [range] if range.start() == range.end() => Some(range.start()),
            _ => None,
        }
    }

    /// The ranges in order, both ends included.
    pub(super) fn ranges(&self) -> impl ExactSizeIterator<Item = (char, char)> {
        self.0.ranges().iter().map(|range| (range.start(), range.end()))
    }
}
