//! What a backslash begins, outside and inside of classes.
//!
//! Unknown letters are errors, as in PCRE2; a backslash before anything else stands for that
//! character.

use super::charset::CharSet;
use super::parse::{Item, Parser};
use super::property;
use super::tree::{Assertion, Node};
use crate::Result;

/// An escape that means the same inside and outside of a class.
pub(super) enum Escape {
    Letter(char),
    Set(CharSet),
    /// Neither: the letter decides, and has been taken.
    Other(char),
}

impl Parser<'_> {
    /// An escape in a sequence, after its backslash.
    pub(super) fn escaped(&mut self) -> Result<Item> {
        if let Some(reference) = self.numbered_reference()? {
            return Ok(Item::Repeatable(reference));
        }
        let letter = match self.escape()? {
            Escape::Letter(letter) => return Ok(Item::Repeatable(self.letter(letter))),
            Escape::Set(set) => return Ok(Item::Repeatable(Node::One(set))),
            Escape::Other(letter) => letter,
        };
        let unicode = self.flags.unicode;
        let assertion = match letter {
            'A' => Assertion::TextStart,
            'z' => Assertion::TextEnd,
            'Z' => Assertion::FinalLineEnd,
            'G' => Assertion::SearchStart,
            'b' => Assertion::WordBoundary { unicode },
            'B' => Assertion::NotWordBoundary { unicode },
            _ => return self.rare_escape(letter),
        };
        Ok(Item::Fixed(Node::Assert(assertion)))
    }

    fn rare_escape(&mut self, letter: char) -> Result<Item> {
        Ok(match letter {
            'N' => Item::Repeatable(Node::One(CharSet::not_newline())),
            'R' => Item::Repeatable(self.line_end()),
            'K' if self.around > 0 => return Err(self.fault("\\K inside a look-around")),
            'K' => Item::Fixed(Node::Keep),
            'Q' => Item::Quote,
            'E' => Item::Nothing,
            'k' => Item::Repeatable(self.named_reference()?),
            'g' => Item::Repeatable(self.g_reference()?),
            'X' => return Err(self.fault("\\X (a grapheme cluster) is not supported")),
            'C' => return Err(self.fault("\\C (a single byte) is not supported")),
            _ => return Err(self.fault(format!("the unknown escape \\{letter}"))),
        })
    }

    /// The part of escapes that classes share, after the backslash.
    pub(super) fn escape(&mut self) -> Result<Escape> {
        let Some(letter) = self.bump() else {
            return Err(self.fault("a backslash at the end"));
        };
        if let Some(set) = self.shorthand(letter) {
            return Ok(Escape::Set(set));
        }
        let plain = match letter {
            'a' => '\x07',
            'e' => '\x1b',
            'f' => '\x0c',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            '0'..='7' => return self.octal(letter).map(Escape::Letter),
            'o' => return self.braced_octal().map(Escape::Letter),
            'x' => return self.hexadecimal().map(Escape::Letter),
            'c' => return self.control().map(Escape::Letter),
            'p' | 'P' => return self.property(letter == 'P').map(Escape::Set),
            'N' if self.rest().starts_with("{U+") => {
                self.take("{U+");
                return self.braced_number(16, "}").map(Escape::Letter);
            }
            'N' if self.names_character() => {
                return Err(self.fault("\\N{name} (a character by its name) is not supported"));
            }
            letter if letter.is_ascii_alphanumeric() => return Ok(Escape::Other(letter)),
            letter => letter,
        };
        Ok(Escape::Letter(plain))
    }

    fn shorthand(&self, letter: char) -> Option<CharSet> {
        let unicode = self.flags.unicode;
        let set = match letter.to_ascii_lowercase() {
            'd' if unicode => property::unicode_digit(),
            's' if unicode => property::unicode_space(),
            'w' if unicode => property::unicode_word(),
            'd' => CharSet::digit(),
            's' => CharSet::space(),
            'w' => CharSet::word(),
            'h' => CharSet::horizontal(),
            'v' => CharSet::vertical(),
            _ => return None,
        };
        Some(if letter.is_ascii_uppercase() { set.negated() } else { set })
    }

    /// `\R`: CRLF as one, or one line end, never given back.
    fn line_end(&self) -> Node {
        let single = match self.flags.narrow_newline {
            true => CharSet::of(&[('\n', '\n'), ('\r', '\r')]),
            false => CharSet::vertical(),
        };
        let pair = [CharSet::one('\r'), CharSet::one('\n')].map(Node::One);
        Node::Atomic(Box::new(Node::Either(vec![
            Node::Concat(pair.into_iter().collect()),
            Node::One(single),
        ])))
    }

    /// Up to three octal digits, the first of which is taken.
    fn octal(&mut self, first: char) -> Result<char> {
        let mut number = first.to_digit(8).unwrap_or(0);
        for _ in 0..2 {
            let Some(digit) = self.peek().and_then(|digit| digit.to_digit(8)) else { break };
            self.bump();
            number = number * 8 + digit;
        }
        self.character(number)
    }

    fn braced_octal(&mut self) -> Result<char> {
        if !self.take("{") {
            return Err(self.fault("\\o without braces"));
        }
        self.braced_number(8, "}")
    }

    /// `\x41`, `\x{41}`; with no digit at all it is NUL.
    fn hexadecimal(&mut self) -> Result<char> {
        if self.take("{") {
            return self.braced_number(16, "}");
        }
        let mut number = 0;
        for _ in 0..2 {
            let Some(digit) = self.peek().and_then(|digit| digit.to_digit(16)) else { break };
            self.bump();
            number = number * 16 + digit;
        }
        self.character(number)
    }

    fn braced_number(&mut self, radix: u32, end: &str) -> Result<char> {
        let mut number = 0u32;
        let start = self.at;
        while let Some(digit) = self.peek().and_then(|digit| digit.to_digit(radix)) {
            self.bump();
            number = number.saturating_mul(radix).saturating_add(digit);
        }
        if self.at == start || !self.take(end) {
            return Err(self.fault("a character number that is no number or has no end"));
        }
        self.character(number)
    }

    fn character(&self, number: u32) -> Result<char> {
        char::from_u32(number)
            .ok_or_else(|| self.fault(format!("{number:#x}, which is no Unicode character")))
    }

    fn control(&mut self) -> Result<char> {
        match self.bump() {
            Some(letter @ ' '..='~') => Ok(char::from(letter.to_ascii_uppercase() as u8 ^ 0x40)),
            _ => Err(self.fault("\\c without a printable ASCII character")),
        }
    }

    fn property(&mut self, negated: bool) -> Result<CharSet> {
        let name = match self.bump() {
            Some('{') => {
                let end = self.rest().find('}');
                let name = end.and_then(|end| self.rest().get(..end)).unwrap_or("");
                self.at += name.len() + usize::from(end.is_some());
                name.to_owned()
            }
            Some(letter) => letter.to_string(),
            None => String::new(),
        };
        match property::property(&name) {
            Some(set) if negated => Ok(set.negated()),
            Some(set) => Ok(set),
            None => Err(self.fault(format!("the unknown or unsupported property \\p{{{name}}}"))),
        }
    }

    /// Whether a brace after `\N` is no quantifier.
    fn names_character(&self) -> bool {
        let Some(inside) = self.rest().strip_prefix('{') else { return false };
        let Some((inside, _)) = inside.split_once('}') else { return true };
        !inside.starts_with(|c: char| c.is_ascii_digit())
            || !inside.chars().all(|c| c.is_ascii_digit() || c == ',')
    }
}
