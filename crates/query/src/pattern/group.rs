//! What an opening parenthesis begins: groups, inline options, look-around, conditions.
//!
//! References to groups, which some parentheses are too, are in [`super::reference`].

use super::parse::{Item, Parser};
use super::tree::{Node, Test};
use crate::Result;

impl Parser<'_> {
    /// Everything after an opening parenthesis, its closing one included.
    pub(super) fn group(&mut self) -> Result<Item> {
        if self.rest().starts_with('*') && !self.rest().starts_with("*)") {
            return self.starred();
        }
        if !self.take("?") {
            return match self.flags.plain_groups {
                true => self.grouped(|node| node),
                false => self.capture(None),
            };
        }
        if let Some(reference) = self.parenthesised_reference()? {
            return Ok(Item::Repeatable(reference));
        }
        if let Some(name) = self.group_name()? {
            return self.capture(Some(name));
        }
        self.special()
    }

    /// What follows `(?`, names and references apart.
    fn special(&mut self) -> Result<Item> {
        if self.take(":") {
            self.grouped(|node| node)
        } else if self.take("|") {
            self.reset_groups()
        } else if self.take(">") {
            self.grouped(|node| Node::Atomic(Box::new(node)))
        } else if self.take("=") {
            self.ahead(false)
        } else if self.take("!") {
            self.ahead(true)
        } else if self.take("<=") {
            self.behind(false)
        } else if self.take("<!") {
            self.behind(true)
        } else if self.take("*") || self.take("<*") {
            Err(self.fault("non-atomic look-around is not supported"))
        } else if self.take("(") {
            self.condition()
        } else {
            self.inline_options()
        }
    }

    /// The rest of a group that remembers what it matches.
    fn capture(&mut self, name: Option<String>) -> Result<Item> {
        let index = self.next_group()?;
        if let Some(name) = name {
            self.name_group(name, index)?;
        }
        self.grouped(|node| Node::Group { index, node: Box::new(node) })
    }

    fn name_group(&mut self, name: String, index: u32) -> Result<()> {
        for (other, number) in &self.groups.names {
            if (*other == name) != (*number == index) {
                return Err(self.fault(format!("the group name `{name}` is ambiguous")));
            }
        }
        self.groups.names.push((name, index));
        Ok(())
    }

    /// The rest of a group: alternatives and the closing parenthesis. Options set inside end with it.
    fn grouped(&mut self, wrap: impl FnOnce(Node) -> Node) -> Result<Item> {
        let flags = self.flags;
        let node = Node::either(self.alternatives(false)?);
        self.close()?;
        self.flags = flags;
        Ok(Item::Repeatable(wrap(node)))
    }

    fn reset_groups(&mut self) -> Result<Item> {
        let flags = self.flags;
        let node = Node::either(self.alternatives(true)?);
        self.close()?;
        self.flags = flags;
        Ok(Item::Repeatable(node))
    }

    pub(super) fn close(&mut self) -> Result<()> {
        match self.take(")") {
            true => Ok(()),
            false => Err(self.fault("a group without its closing parenthesis")),
        }
    }

    fn ahead(&mut self, negated: bool) -> Result<Item> {
        self.around += 1;
        let item = self.grouped(|node| Node::Ahead { negated, node: Box::new(node) });
        self.around -= 1;
        item
    }

    /// Each alternative must have one length, though not all the same.
    fn behind(&mut self, negated: bool) -> Result<Item> {
        let flags = self.flags;
        self.around += 1;
        let nodes = self.alternatives(false)?;
        self.around -= 1;
        let mut branches = Vec::new();
        for node in nodes {
            let Some(length) = node.fixed_length() else {
                return Err(self.fault("a look-behind whose alternatives have no fixed length"));
            };
            branches.push((length, node));
        }
        self.close()?;
        self.flags = flags;
        Ok(Item::Repeatable(Node::Behind { negated, branches }))
    }

    /// `(?i)`, `(?i-m:..)`, `(?^)`: options from here to the end of the group around, or in their
    /// own group.
    fn inline_options(&mut self) -> Result<Item> {
        let before = self.flags;
        if self.rest().starts_with('C') {
            return Err(self.fault("a callout (?C) is not supported"));
        }
        if self.take("^") {
            let flags = &mut self.flags;
            (flags.fold, flags.lines, flags.dot_all) = (false, false, false);
            (flags.blanks, flags.class_blanks, flags.plain_groups) = (false, false, false);
            self.option_letters(true, false)?;
        } else {
            self.option_letters(true, true)?;
        }
        if self.take(")") {
            return Ok(Item::Fixed(Node::Empty));
        }
        if !self.take(":") {
            return Err(self.fault("an unknown group (?.."));
        }
        let item = self.grouped(|node| node);
        self.flags = before;
        item
    }

    fn option_letters(&mut self, on: bool, may_unset: bool) -> Result<()> {
        loop {
            if may_unset && on && self.take("-") {
                return self.option_letters(false, false);
            }
            if self.take("xx") {
                (self.flags.blanks, self.flags.class_blanks) = (on, on);
                continue;
            }
            let flags = &mut self.flags;
            match self.source.get(self.at..).and_then(|rest| rest.chars().next()) {
                Some('i') => flags.fold = on,
                Some('m') => flags.lines = on,
                Some('s') => flags.dot_all = on,
                Some('n') => flags.plain_groups = on,
                Some('U') => flags.lazy = on,
                Some('x') => (flags.blanks, flags.class_blanks) = (on, false),
                Some('J') => {
                    return Err(self.fault("the option J (repeated names) is not supported"));
                }
                _ => return Ok(()),
            }
            self.at += 1;
        }
    }

    /// `(?(test)yes|no)`, after its second parenthesis.
    fn condition(&mut self) -> Result<Item> {
        let flags = self.flags;
        let test = self.test()?;
        let mut branches = self.alternatives(false)?;
        self.close()?;
        self.flags = flags;
        let no = if branches.len() > 1 { branches.pop() } else { None };
        let yes = branches.pop().unwrap_or(Node::Empty);
        let empty_definition = test == Test::Never && no.is_some();
        if !branches.is_empty() || empty_definition {
            return Err(self.fault("a conditional group with too many alternatives"));
        }
        let no = Box::new(no.unwrap_or(Node::Empty));
        Ok(Item::Repeatable(Node::Condition { test, yes: Box::new(yes), no }))
    }

    fn test(&mut self) -> Result<Test> {
        if matches!(self.peek(), Some('?' | '*')) {
            return match self.group()? {
                Item::Repeatable(node @ (Node::Ahead { .. } | Node::Behind { .. })) => {
                    Ok(Test::Around(Box::new(node)))
                }
                _ => Err(self.fault("a condition that is no look-around")),
            };
        }
        if self.rest().starts_with("VERSION") {
            return Err(self.fault("the condition VERSION is not supported"));
        }
        let test = self.group_test()?;
        self.close()?;
        Ok(test)
    }

    /// `(*..)` within a pattern: `(*FAIL)` and the spelled-out groups.
    fn starred(&mut self) -> Result<Item> {
        let start = self.at;
        self.bump();
        let length = self.rest().find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let word = self.rest().get(..length.unwrap_or(self.rest().len())).unwrap_or("");
        self.at += word.len();
        match word {
            "F" | "FAIL" if self.take(")") => {
                return Ok(Item::Fixed(Node::One(super::charset::CharSet::empty())));
            }
            "pla" | "positive_lookahead" if self.take(":") => return self.ahead(false),
            "nla" | "negative_lookahead" if self.take(":") => return self.ahead(true),
            "plb" | "positive_lookbehind" if self.take(":") => return self.behind(false),
            "nlb" | "negative_lookbehind" if self.take(":") => return self.behind(true),
            "atomic" if self.take(":") => {
                return self.grouped(|node| Node::Atomic(Box::new(node)));
            }
            _ => {}
        }
        self.at = start;
        Err(self.fault(format!("(*{word}), which is unknown or not supported")))
    }
}
