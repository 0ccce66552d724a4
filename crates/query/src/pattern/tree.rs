//! What a pattern says once its syntax is gone: the tree both engines are built from, and facts
//! about it.
//!
//! Options, names, quoting and classes are resolved: a node means the same wherever it stands.

use super::charset::CharSet;

/// One part of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// Matches without consuming.
    Empty,
    /// One character out of the set. The empty set never matches.
    One(CharSet),
    /// A condition on the place, consuming nothing.
    Assert(Assertion),
    /// One after the other.
    Concat(Vec<Node>),
    /// The first that leads to a match.
    Either(Vec<Node>),
    /// `min` to `max` times; no `max` means without end.
    Repeat { node: Box<Node>, min: u32, max: Option<u32>, greed: Greed },
    /// A group that remembers what it matched, counted from 1.
    Group { index: u32, node: Box<Node> },
    /// Once matched, never retried: `(?>..)`, possessive quantifiers, `\R`.
    Atomic(Box<Node>),
    /// Look-ahead.
    Ahead { negated: bool, node: Box<Node> },
    /// Look-behind; each alternative with its length in characters.
    Behind { negated: bool, branches: Vec<(usize, Node)> },
    /// The text that a group matched last.
    BackReference { group: u32, fold: bool },
    /// The pattern of a group (0: the whole) again, as a subroutine.
    Call(u32),
    /// `(?(test)yes|no)`.
    Condition { test: Test, yes: Box<Node>, no: Box<Node> },
    /// `\K`: the match begins here.
    Keep,
}

/// Zero-width conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Assertion {
    /// `\A`, and `^` without option `m`.
    TextStart,
    /// `\z`.
    TextEnd,
    /// `\Z`, and `$` without option `m`: the end, or before a newline that ends the text.
    FinalLineEnd,
    /// `^` with option `m`: the start, or after a newline that does not end the text.
    LineStart,
    /// `$` with option `m`: the end, or before a newline.
    LineEnd,
    /// `\b`; `unicode` under `(*UCP)`.
    WordBoundary { unicode: bool },
    /// `\B`.
    NotWordBoundary { unicode: bool },
    /// `[[:<:]]`.
    WordStart { unicode: bool },
    /// `[[:>:]]`.
    WordEnd { unicode: bool },
    /// `\G`: where the search began.
    SearchStart,
}

/// How much a quantifier takes, and whether it gives back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Greed {
    Greedy,
    Lazy,
    Possessive,
}

/// What a conditional group asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Test {
    /// Whether that group has matched.
    Matched(u32),
    /// Whether this runs inside a subroutine call, of that group if one is named.
    Called(Option<u32>),
    /// A look-around.
    Around(Box<Node>),
    /// `(?(DEFINE)..)`: never.
    Never,
}

impl Node {
    /// The node that matches one after the other.
    pub(super) fn concat(mut nodes: Vec<Node>) -> Node {
        nodes.retain(|node| *node != Node::Empty);
        match nodes.len() {
            0 => Node::Empty,
            1 => nodes.pop().unwrap_or(Node::Empty),
            _ => Node::Concat(nodes),
        }
    }

    /// The node that matches the first alternative that leads to a match.
    pub(super) fn either(mut nodes: Vec<Node>) -> Node {
        match nodes.len() {
            1 => nodes.pop().unwrap_or(Node::Empty),
            _ => Node::Either(nodes),
        }
    }

    /// The nodes directly inside.
    pub(super) fn children(&self) -> Vec<&Node> {
        match self {
            Node::Concat(nodes) | Node::Either(nodes) => nodes.iter().collect(),
            Node::Repeat { node, .. }
            | Node::Group { node, .. }
            | Node::Atomic(node)
            | Node::Ahead { node, .. } => vec![node],
            Node::Behind { branches, .. } => branches.iter().map(|(_, node)| node).collect(),
            Node::Condition { test: Test::Around(test), yes, no } => vec![test, yes, no],
            Node::Condition { yes, no, .. } => vec![yes, no],
            _ => Vec::new(),
        }
    }

    /// The fewest characters a match takes. Never more than the truth.
    pub(super) fn min_length(&self) -> usize {
        match self {
            Node::One(_) => 1,
            Node::Concat(nodes) => {
                nodes.iter().fold(0, |sum, node| sum.saturating_add(node.min_length()))
            }
            Node::Either(nodes) => nodes.iter().map(Node::min_length).min().unwrap_or(0),
            Node::Repeat { node, min, .. } => node.min_length().saturating_mul(*min as usize),
            Node::Group { node, .. } | Node::Atomic(node) => node.min_length(),
            Node::Condition { yes, no, .. } => yes.min_length().min(no.min_length()),
            _ => 0,
        }
    }

    /// The one length in characters that every match has, if that is so.
    pub(super) fn fixed_length(&self) -> Option<usize> {
        match self {
            Node::One(_) => Some(1),
            Node::Concat(nodes) => {
                nodes.iter().try_fold(0usize, |sum, node| sum.checked_add(node.fixed_length()?))
            }
            Node::Either(nodes) => {
                let mut lengths = nodes.iter().map(Node::fixed_length);
                let first = lengths.next()??;
                lengths.all(|length| length == Some(first)).then_some(first)
            }
            Node::Repeat { node, min, max, .. } if *max == Some(*min) => {
                node.fixed_length()?.checked_mul(*min as usize)
            }
            Node::Group { node, .. } | Node::Atomic(node) => node.fixed_length(),
            Node::Condition { test: Test::Never, .. } => Some(0),
            Node::Condition { yes, no, .. } => {
                yes.fixed_length().filter(|length| no.fixed_length() == Some(*length))
            }
            Node::Repeat { .. } | Node::BackReference { .. } | Node::Call(_) => None,
            _ => Some(0),
        }
    }

    /// How many places a compiled form has when counted repeats are written out. Saturates.
    pub(super) fn weight(&self) -> u64 {
        let inside =
            self.children().iter().fold(0u64, |sum, node| sum.saturating_add(node.weight()));
        match self {
            Node::One(set) => 1 + set.ranges().len() as u64,
            Node::Repeat { min, max, .. } => {
                inside.saturating_add(1).saturating_mul(u64::from(max.unwrap_or(*min).max(1)))
            }
            _ => inside.saturating_add(1),
        }
    }

    /// How many letters are waited for at once, at most, when counted repeats are written out.
    /// Saturates.
    pub(super) fn places(&self) -> u64 {
        let children = self.children();
        let inside = children.iter().fold(0u64, |sum, node| sum.saturating_add(node.places()));
        match self {
            Node::One(_) => 1,
            Node::Repeat { min, max, .. } => {
                inside.saturating_mul(u64::from(max.unwrap_or(*min).max(1)))
            }
            _ => inside,
        }
    }

    /// Whether some part, this one included, is of that kind.
    pub(super) fn any(&self, kind: &dyn Fn(&Node) -> bool) -> bool {
        kind(self) || self.children().iter().any(|node| node.any(kind))
    }

    /// The group of that number, wherever it stands.
    pub(super) fn group(&self, wanted: u32) -> Option<&Node> {
        match self {
            Node::Group { index, .. } if *index == wanted => Some(self),
            _ => self.children().into_iter().find_map(|node| node.group(wanted)),
        }
    }

    /// Whether every match begins where the text begins (or, with `\G`, the search).
    pub(super) fn is_anchored(&self) -> bool {
        match self {
            Node::Assert(Assertion::TextStart | Assertion::SearchStart) => true,
            Node::Concat(nodes) => nodes.first().is_some_and(Node::is_anchored),
            Node::Either(nodes) => nodes.iter().all(Node::is_anchored),
            Node::Group { node, .. } | Node::Atomic(node) => node.is_anchored(),
            _ => false,
        }
    }

    /// The characters a match can begin with, and whether it must begin with one of them. A set that
    /// is too large is fine, one too small is not.
    pub(super) fn first(&self) -> (CharSet, bool) {
        match self {
            Node::One(set) => (set.clone(), true),
            Node::Concat(nodes) => {
                let mut all = CharSet::empty();
                for node in nodes {
                    let (set, sure) = node.first();
                    all.add(&set);
                    if sure {
                        return (all, true);
                    }
                }
                (all, false)
            }
            Node::Either(nodes) => first_of(nodes.iter()),
            Node::Repeat { node, min, .. } => {
                let (set, sure) = node.first();
                (set, sure && *min > 0)
            }
            Node::Group { node, .. } | Node::Atomic(node) => node.first(),
            Node::Condition { yes, no, .. } => first_of([&**yes, &**no].into_iter()),
            Node::BackReference { .. } | Node::Call(_) => (CharSet::any(), false),
            _ => (CharSet::empty(), false),
        }
    }
}

fn first_of<'a>(nodes: impl Iterator<Item = &'a Node>) -> (CharSet, bool) {
    nodes.fold((CharSet::empty(), true), |(mut all, sure), node| {
        let (set, node_sure) = node.first();
        all.add(&set);
        (all, sure && node_sure)
    })
}
