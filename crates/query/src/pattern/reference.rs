//! References to groups: back-references, subroutine calls, and conditions on groups.
//!
//! A reference may stand before its group; in the first reading of a pattern it is not resolved
//! ([`super::parse`]).

use super::parse::Parser;
use super::tree::{Node, Test};
use crate::Result;

/// Characters of a group's name at most.
const NAME_LENGTH: usize = 32;

impl Parser<'_> {
    /// `\1` to `\9`, and higher numbers of groups that stand before, after the backslash. What is no
    /// reference is octal.
    pub(super) fn numbered_reference(&mut self) -> Result<Option<Node>> {
        let start = self.at;
        let first = self.peek();
        if !first.is_some_and(|digit| matches!(digit, '1'..='9')) {
            return Ok(None);
        }
        let number = self.number().unwrap_or(0);
        if number < 10 || matches!(first, Some('8' | '9')) || number <= self.groups.count {
            return self.back_reference(number).map(Some);
        }
        self.at = start;
        Ok(None)
    }

    /// `\k<n>`, `\k'n'`, `\k{n}`, after the letter.
    pub(super) fn named_reference(&mut self) -> Result<Node> {
        let end = match self.bump() {
            Some('<') => '>',
            Some('\'') => '\'',
            Some('{') => '}',
            _ => return Err(self.fault("\\k without a name")),
        };
        let group = self.named_group(end)?;
        Ok(Node::BackReference { group, fold: self.flags.fold })
    }

    /// `\g1`, `\g{-1}`, `\g{n}`: back-references; `\g<1>`, `\g'n'`: subroutine calls.
    pub(super) fn g_reference(&mut self) -> Result<Node> {
        for (open, end) in [("<", '>'), ("'", '\'')] {
            if self.take(open) {
                let group = self.group_number_or_name(end)?;
                return Ok(Node::Call(group));
            }
        }
        if !self.take("{") {
            return match self.group_number()? {
                Some(0) => Err(self.fault("\\g0, which is no group")),
                Some(number) => self.back_reference(number),
                None => Err(self.fault("\\g without a group")),
            };
        }
        let group = self.group_number_or_name('}')?;
        match group {
            0 if self.known.is_some() => Err(self.fault("\\g{0}, which is no group")),
            group => Ok(Node::BackReference { group, fold: self.flags.fold }),
        }
    }

    /// `(?P=n)`, `(?P>n)`, `(?&n)`, `(?R)`, `(?1)`, `(?+1)`, after the question mark.
    pub(super) fn parenthesised_reference(&mut self) -> Result<Option<Node>> {
        if self.take("P=") {
            let group = self.named_group(')')?;
            return Ok(Some(Node::BackReference { group, fold: self.flags.fold }));
        }
        if self.take("P>") || self.take("&") {
            return self.named_group(')').map(|group| Some(Node::Call(group)));
        }
        self.refers |= self.rest().starts_with("R)");
        if self.take("R)") {
            return Ok(Some(Node::Call(0)));
        }
        let digits = self.rest().trim_start_matches(['+', '-']);
        if !digits.starts_with(|digit: char| digit.is_ascii_digit()) {
            return Ok(None);
        }
        let Some(group) = self.group_number()? else { return Ok(None) };
        self.close()?;
        Ok(Some(Node::Call(group)))
    }

    /// The name in `(?<n>`, `(?'n'`, `(?P<n>`, if this is one.
    pub(super) fn group_name(&mut self) -> Result<Option<String>> {
        let around = ["<=", "<!", "<*"].iter().any(|mark| self.rest().starts_with(mark));
        let end = match () {
            () if around => return Ok(None),
            () if self.take("<") || self.take("P<") => '>',
            () if self.take("'") => '\'',
            () => return Ok(None),
        };
        self.name(end).map(Some)
    }

    /// What stands in `(?(..)`, look-arounds apart.
    pub(super) fn group_test(&mut self) -> Result<Test> {
        for (open, end) in [("<", '>'), ("'", '\'')] {
            if self.take(open) {
                return self.named_group(end).map(Test::Matched);
            }
        }
        if let Some(number) = self.group_number()? {
            return match number {
                0 if self.known.is_some() => Err(self.fault("a condition on group 0")),
                number => Ok(Test::Matched(number)),
            };
        }
        let name = self.bare_name()?;
        let known = self.lookup(&name);
        match name.as_str() {
            "DEFINE" => Ok(Test::Never),
            _ if known.is_some() => Ok(Test::Matched(known.unwrap_or(0))),
            "R" if self.take("&") => {
                let called = self.bare_name()?;
                self.resolve(&called).map(|group| Test::Called(Some(group)))
            }
            "R" => Ok(Test::Called(None)),
            _ => match name.strip_prefix('R').and_then(|number| number.parse().ok()) {
                Some(number) => self.existing(number).map(|group| Test::Called(Some(group))),
                None => self.resolve(&name).map(Test::Matched),
            },
        }
    }

    fn back_reference(&mut self, number: u32) -> Result<Node> {
        let group = self.existing(number)?;
        Ok(Node::BackReference { group, fold: self.flags.fold })
    }

    fn group_number_or_name(&mut self, end: char) -> Result<u32> {
        let Some(number) = self.group_number()? else { return self.named_group(end) };
        match self.bump() == Some(end) {
            true => Ok(number),
            false => Err(self.fault("a group number without its end")),
        }
    }

    /// A number, or one relative to the groups opened so far: `-1` is the last of them.
    fn group_number(&mut self) -> Result<Option<u32>> {
        let start = self.at;
        let sign = if self.take("-") { -1 } else { i64::from(self.take("+")) };
        let Some(number) = self.number() else {
            self.at = start;
            return Ok(None);
        };
        let opened = i64::from(self.groups.count);
        let number = match sign {
            0 => i64::from(number),
            _ if number == 0 => return Err(self.fault("a relative group number of 0")),
            -1 => opened + 1 - i64::from(number),
            _ => opened + i64::from(number),
        };
        match u32::try_from(number) {
            Ok(0) if sign == -1 => Err(self.fault("a reference to a group that does not exist")),
            Ok(number) => self.existing(number).map(Some),
            Err(_) => Err(self.fault("a reference to a group that does not exist")),
        }
    }

    fn existing(&mut self, number: u32) -> Result<u32> {
        self.refers = true;
        match &self.known {
            Some(known) if number > known.count => {
                Err(self.fault(format!("a reference to group {number}, which does not exist")))
            }
            _ => Ok(number),
        }
    }

    fn named_group(&mut self, end: char) -> Result<u32> {
        let name = self.name(end)?;
        self.resolve(&name)
    }

    fn resolve(&mut self, name: &str) -> Result<u32> {
        let found = self.lookup(name);
        match (found, &self.known) {
            (Some(group), _) => Ok(group),
            (None, None) => Ok(0),
            (None, Some(_)) => {
                Err(self.fault(format!("a reference to the group `{name}`, which does not exist")))
            }
        }
    }

    fn lookup(&mut self, name: &str) -> Option<u32> {
        self.refers = true;
        let names = &self.known.as_ref()?.names;
        names.iter().find(|(other, _)| other == name).map(|(_, group)| *group)
    }

    fn name(&mut self, end: char) -> Result<String> {
        let name = self.bare_name()?;
        match self.bump() == Some(end) {
            true => Ok(name),
            false => Err(self.fault("a group name without its end")),
        }
    }

    fn bare_name(&mut self) -> Result<String> {
        let rest = self.rest();
        let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let name = rest.get(..length).unwrap_or("").to_owned();
        if name.is_empty() || name.starts_with(|c: char| c.is_numeric()) {
            return Err(self.fault("a group name that is empty or starts with a digit"));
        }
        if name.len() > NAME_LENGTH {
            return Err(self.fault(format!("a group name of more than {NAME_LENGTH} bytes")));
        }
        self.at += name.len();
        Ok(name)
    }
}
