//! The engine whose time is linear in the text: the `regex` crate.
//!
//! What a pattern means is written in that crate's syntax, where nothing is left to be read in two
//! ways: sets of characters instead of classes, parentheses around every part.
//!
//! A pattern runs here if the engine can answer exactly as PCRE2 does. Where only the yes or no is
//! exact and not the place of the match, places are left to [`super::backtrack`].

use super::Captures;
use super::charset::CharSet;
use super::literal::Literal;
use super::tree::{Assertion, Greed, Node};
use regex::{Regex, RegexBuilder};
use std::fmt::Write;

/// A compiled pattern.
#[derive(Debug)]
pub(super) enum Linear {
    /// A plain row of letters, which needs no engine.
    Row(Literal),
    /// Anything else, and whether the places it reports are PCRE2's too.
    Engine { regex: Regex, exact_places: bool },
}

impl Linear {
    /// Whether the pattern matches anywhere in the text.
    pub(super) fn is_match(&self, text: &str) -> bool {
        match self {
            Linear::Row(row) => row.is_in(text.as_bytes()),
            Linear::Engine { regex, .. } => regex.is_match(text),
        }
    }

    /// Where the first match begins that does so at `start` or later.
    pub(super) fn find_at(&self, text: &str, start: usize) -> Option<usize> {
        match self {
            Linear::Row(row) => row.find_at(text.as_bytes(), start).map(|(begin, _)| begin),
            Linear::Engine { regex, .. } => regex.find_at(text, start).map(|found| found.start()),
        }
    }

    /// The first match that begins at `start` or later, of a pattern with so many groups.
    pub(super) fn captures_at(&self, text: &str, start: usize, groups: u32) -> Option<Captures> {
        let regex = match self {
            Linear::Engine { regex, .. } => regex,
            Linear::Row(row) => {
                let span = row.find_at(text.as_bytes(), start)?;
                return Some(Captures { span, groups: Vec::new() });
            }
        };
        let found = regex.captures_at(text, start)?;
        let whole = found.get(0)?;
        // A group in a part that never runs is not compiled: it is there all the same, unset.
        let groups = (1..=groups).map(|group| found.name(&group_name(group)));
        let groups = groups.map(|group| group.map(|group| (group.start(), group.end()))).collect();
        Some(Captures { span: (whole.start(), whole.end()), groups })
    }

    /// Whether the places it reports are PCRE2's.
    pub(super) fn has_exact_places(&self) -> bool {
        match self {
            Linear::Row(_) => true,
            Linear::Engine { exact_places, .. } => *exact_places,
        }
    }
}

/// Levels of nesting in the translated text; patterns as written are bounded well below.
const NESTING: u32 = 2_000;

/// The name of a group in the translated text: a group that can never run is left out of it, so that
/// numbers would not do.
fn group_name(index: u32) -> String {
    format!("g{index}")
}

/// Compiles the pattern if it can be said exactly and in so many bytes.
pub(super) fn compile(root: &Node, bytes: usize) -> Option<Linear> {
    // A place of a compiled form takes no less than this, so what is far too large is known at once.
    const PLACE: u64 = 16;
    if root.weight().saturating_mul(PLACE) > bytes as u64 {
        return None;
    }
    if let Some(row) = Literal::of(root) {
        return Some(Linear::Row(row));
    }
    let end = Follow { last: true, consumes: false };
    let mut text = String::new();
    write(root, end, &mut text)?;
    let mut builder = RegexBuilder::new(&text);
    let regex = builder.size_limit(bytes).nest_limit(NESTING).build().ok()?;
    Some(Linear::Engine { regex, exact_places: !root.any(&has_other_places) })
}

/// Whether the engines can disagree about where such a part matches: before a final newline, or in
/// the turns of a loop that can be empty.
fn has_other_places(node: &Node) -> bool {
    match node {
        Node::Assert(Assertion::FinalLineEnd) => true,
        Node::Repeat { node, max, .. } => max.is_none() && node.min_length() == 0,
        _ => false,
    }
}

/// What comes after a part.
#[derive(Clone, Copy)]
struct Follow {
    /// Nothing at all.
    last: bool,
    /// Something that takes a character, whichever way is gone.
    consumes: bool,
}

/// Adds the same pattern in the engine's syntax, or gives nothing if it would not mean the same. Every
/// part stands in parentheses of its own: a repeat of a repeat must not read as a lazy one.
fn write(node: &Node, follow: Follow, out: &mut String) -> Option<()> {
    match node {
        Node::Empty => out.push_str("(?:)"),
        Node::One(set) => write_set(set, out),
        Node::Assert(what) => out.push_str(assertion(*what, follow)?),
        Node::Concat(nodes) => return write_concat(nodes, follow, out),
        Node::Either(nodes) => {
            out.push_str("(?:");
            for (index, node) in nodes.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { "|" });
                write(node, follow, out)?;
            }
            out.push(')');
        }
        Node::Repeat { node, min, max, greed } => {
            // Nothing comes after it that could make a possessive quantifier give back.
            if *greed == Greed::Possessive && !follow.last {
                return None;
            }
            let last = follow.last && *max == Some(1);
            out.push_str("(?:");
            write(node, Follow { last, ..follow }, out)?;
            write_counts(*min, *max, *greed == Greed::Lazy, out);
        }
        Node::Group { index, node } => {
            out.push_str("(?P<");
            out.push_str(&group_name(*index));
            out.push('>');
            write(node, follow, out)?;
            out.push(')');
        }
        Node::Atomic(node) if follow.last => return write(node, follow, out),
        _ => return None,
    }
    Some(())
}

fn write_concat(nodes: &[Node], follow: Follow, out: &mut String) -> Option<()> {
    let least: Vec<usize> = nodes.iter().map(Node::min_length).collect();
    let mut after = least.iter().filter(|least| **least > 0).count();
    out.push_str("(?:");
    for (index, (node, least)) in nodes.iter().zip(&least).enumerate() {
        after -= usize::from(*least > 0);
        let last = follow.last && index + 1 == nodes.len();
        write(node, Follow { last, consumes: follow.consumes || after > 0 }, out)?;
    }
    out.push(')');
    Some(())
}

fn write_set(set: &CharSet, out: &mut String) {
    if let Some(letter) = set.single() {
        out.push_str(&regex::escape(letter.encode_utf8(&mut [0; 4])));
        return;
    }
    // The set without members is what all of Unicode leaves.
    out.push_str(if set.ranges().len() == 0 { "[^\\x{0}-\\x{10ffff}" } else { "[" });
    for (low, high) in set.ranges() {
        // Writing to a string cannot fail.
        let _ = write!(out, "\\x{{{:x}}}-\\x{{{:x}}}", u32::from(low), u32::from(high));
    }
    out.push(']');
}

fn write_counts(min: u32, max: Option<u32>, lazy: bool, out: &mut String) {
    let max = max.map_or(String::new(), |max| max.to_string());
    let _ = write!(out, "){{{min},{max}}}");
    out.push_str(if lazy { "?" } else { "" });
}

fn assertion(what: Assertion, follow: Follow) -> Option<&'static str> {
    Some(match what {
        Assertion::TextStart => "\\A",
        Assertion::TextEnd => "\\z",
        // Taking the newline is no harm if nothing comes after.
        Assertion::FinalLineEnd if follow.last => "(?:\\n?\\z)",
        // At the very end the engines differ, but there nothing can be consumed any more.
        Assertion::LineStart if follow.consumes => "(?m:^)",
        Assertion::LineEnd => "(?m:$)",
        Assertion::WordBoundary { unicode: false } => "(?-u:\\b)",
        Assertion::WordStart { unicode: false } => "(?-u:\\b{start})",
        Assertion::WordEnd { unicode: false } => "(?-u:\\b{end})",
        // `\B` is what that engine also finds between the bytes of one character.
        _ => return None,
    })
}
