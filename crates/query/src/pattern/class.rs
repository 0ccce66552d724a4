//! Bracketed classes: ranges, escapes, POSIX names and quoting inside `[..]`.
//!
//! There are no set operations: `[a&&b]` holds the letters a, b and `&`.

use super::charset::CharSet;
use super::escape::Escape;
use super::parse::{Item, Parser};
use super::property;
use super::tree::{Assertion, Node};
use crate::Result;

/// What was read last, for a hyphen to know whether it makes a range.
#[derive(Clone, Copy)]
enum Last {
    /// Nothing a range can start with.
    Nothing,
    /// A character that a hyphen may extend.
    Letter(char),
    /// A character and its hyphen.
    Open(char),
}

/// A class being read.
struct Class {
    /// Characters and ranges, which case folding reaches.
    letters: CharSet,
    /// Escapes, properties and POSIX classes, which it does not.
    sets: CharSet,
    last: Last,
}

impl Parser<'_> {
    /// A class, after its opening bracket.
    pub(super) fn class(&mut self) -> Result<Item> {
        if let Some(assertion) = self.word_edge() {
            return self.repeated_edge(assertion);
        }
        if self.posix_end().is_some() {
            return Err(self.fault("a POSIX class outside of a bracketed class"));
        }
        self.skip_in_class();
        let negated = self.take("^");
        self.skip_in_class();
        let mut class =
            Class { letters: CharSet::empty(), sets: CharSet::empty(), last: Last::Nothing };
        if self.take("]") {
            class.letter(']');
        }
        self.skip_in_class();
        while !self.take("]") {
            self.class_member(&mut class)?;
            self.skip_in_class();
        }
        let set = class.finish(self.flags.fold);
        Ok(Item::Repeatable(Node::One(if negated { set.negated() } else { set })))
    }

    /// `[[:<:]]` and `[[:>:]]`, which are no classes.
    fn word_edge(&mut self) -> Option<Assertion> {
        let unicode = self.flags.unicode;
        if self.take("[:<:]]") {
            Some(Assertion::WordStart { unicode })
        } else if self.take("[:>:]]") {
            Some(Assertion::WordEnd { unicode })
        } else {
            None
        }
    }

    /// A word edge is a boundary and a look-around, and a quantifier is the latter's: it can take the
    /// look-around away, not the boundary.
    fn repeated_edge(&mut self, edge: Assertion) -> Result<Item> {
        self.skip_blanks()?;
        while self.take("\\Q\\E") || self.take("\\E") {}
        let Some((min, _)) = self.counts()? else { return Ok(Item::Fixed(Node::Assert(edge))) };
        self.greed();
        let unicode = self.flags.unicode;
        let left = if min == 0 { Assertion::WordBoundary { unicode } } else { edge };
        Ok(Item::Fixed(Node::Assert(left)))
    }

    /// Skips `\E`, an empty quote, and blanks with option `xx`.
    fn skip_in_class(&mut self) {
        while self.take("\\Q\\E")
            || self.take("\\E")
            || (self.flags.class_blanks && (self.take(" ") || self.take("\t")))
        {}
    }

    fn class_member(&mut self, class: &mut Class) -> Result<()> {
        let Some(letter) = self.bump() else {
            return Err(self.fault("a class without its closing bracket"));
        };
        match letter {
            '\\' if self.take("Q") => self.quoted_members(class),
            '\\' => self.escaped_member(class),
            '[' if self.posix_end().is_some() => {
                let set = self.posix()?;
                self.add_set(class, &set)
            }
            '-' if matches!(class.last, Last::Letter(_)) => {
                self.skip_in_class();
                class.hyphen();
                Ok(())
            }
            letter => self.add_letter(class, letter),
        }
    }

    fn quoted_members(&mut self, class: &mut Class) -> Result<()> {
        while !self.take("\\E") {
            let Some(letter) = self.bump() else {
                return Err(self.fault("a class without its closing bracket"));
            };
            self.add_letter(class, letter)?;
        }
        Ok(())
    }

    fn escaped_member(&mut self, class: &mut Class) -> Result<()> {
        match self.escape()? {
            Escape::Letter(letter) => self.add_letter(class, letter),
            Escape::Set(set) => self.add_set(class, &set),
            Escape::Other('b') => self.add_letter(class, '\x08'),
            // No group is referred to here, so these are themselves.
            Escape::Other(letter @ ('8' | '9' | 'g' | 'k')) => self.add_letter(class, letter),
            Escape::Other(letter) => Err(self.fault(format!("\\{letter} in a class"))),
        }
    }

    fn add_letter(&self, class: &mut Class, letter: char) -> Result<()> {
        if let Last::Open(low) = class.last {
            if low > letter {
                return Err(self.fault("a range whose ends are out of order"));
            }
            class.letters.add(&CharSet::of(&[(low, letter)]));
            class.last = Last::Nothing;
            return Ok(());
        }
        class.letter(letter);
        Ok(())
    }

    /// A set can neither end nor begin a range.
    fn add_set(&mut self, class: &mut Class, set: &CharSet) -> Result<()> {
        self.skip_in_class();
        let begins = self.rest().starts_with('-') && !self.rest().starts_with("-]");
        if matches!(class.last, Last::Open(_)) || begins {
            return Err(self.fault("a range that begins or ends with a set"));
        }
        class.sets.add(set);
        class.last = Last::Nothing;
        Ok(())
    }

    /// Where the name of a POSIX class ends, if one begins after the bracket just taken.
    fn posix_end(&self) -> Option<usize> {
        let mark = self.peek().filter(|mark| matches!(mark, ':' | '.' | '='))?;
        let mut letters = self.rest().char_indices().skip(1).peekable();
        while let Some((at, letter)) = letters.next() {
            let next = letters.peek().map(|&(_, next)| next)?;
            match letter {
                '\\' if matches!(next, ']' | '\\') => {
                    letters.next();
                }
                ']' => return None,
                '[' if next == mark => return None,
                letter if letter == mark && next == ']' => return Some(at),
                _ => {}
            }
        }
        None
    }

    fn posix(&mut self) -> Result<CharSet> {
        let end = self.posix_end().unwrap_or(0);
        if !self.rest().starts_with(':') {
            return Err(self.fault("a POSIX collating element is not supported"));
        }
        let name = self.rest().get(1..end).unwrap_or("");
        let (negated, name) = match name.strip_prefix('^') {
            Some(name) => (true, name),
            None => (false, name),
        };
        let Some(set) = self.posix_set(name) else {
            return Err(self.fault(format!("the unknown POSIX class `{name}`")));
        };
        self.at += end + 2;
        Ok(if negated { set.negated() } else { set })
    }

    fn posix_set(&self, name: &str) -> Option<CharSet> {
        let cased = matches!(name, "lower" | "upper") && self.flags.fold;
        match (self.flags.unicode, cased) {
            (false, true) => CharSet::posix("alpha"),
            (false, false) => CharSet::posix(name),
            (true, true) => Some(property::cased_letter()),
            (true, false) => property::unicode_posix(name),
        }
    }
}

impl Class {
    fn letter(&mut self, letter: char) {
        self.letters.add(&CharSet::one(letter));
        self.last = Last::Letter(letter);
    }

    fn hyphen(&mut self) {
        if let Last::Letter(low) = self.last {
            self.last = Last::Open(low);
        }
    }

    fn finish(mut self, fold: bool) -> CharSet {
        if let Last::Open(_) = self.last {
            self.letters.add(&CharSet::one('-'));
        }
        let mut set = if fold { self.letters.folded() } else { self.letters };
        set.add(&self.sets);
        set
    }
}
