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
use super::stepped::{Price, Stepped};
use super::tree::{Assertion, Greed, Node};
use crate::{Account, Result};
use regex::{Regex, RegexBuilder};
use std::fmt::Write;
use std::sync::OnceLock;

/// A compiled pattern.
#[derive(Debug)]
pub(super) enum Linear {
    /// A plain row of letters, which needs no engine.
    Row(Literal),
    /// Anything else.
    Engine(Box<Engine>),
}

/// A pattern in the engine's own form.
#[derive(Debug)]
pub(super) struct Engine {
    regex: Regex,
    /// Whether it tells where groups are, and tells of them and of itself what PCRE2 does.
    exact_places: bool,
    /// The pattern without its groups, in the engine's syntax, and how many bytes it may take: for texts
    /// that are gone through step by step.
    text: String,
    bytes: usize,
    stepped: OnceLock<Option<Stepped>>,
    /// What is in every text that matches.
    row: Option<Literal>,
    /// Letters that the pattern may wait for at once.
    places: u64,
}

/// A text is long where it takes more tries than these, of a letter of the pattern on a byte of the text:
/// some milliseconds at worst.
const MOST_TRIES: u64 = 1 << 18;
/// Bytes of a text that is no long one whatever is looked for in it.
pub(super) const SHORT_TEXT: usize = 1 << 12;
/// Bytes of a long text that a row of letters is looked for in at once, and bytes that it takes at most.
const WINDOW: usize = 1 << 16;
const LONGEST_ROW: usize = 256;

impl Linear {
    /// A row of letters that is in every text which matches, and whether all texts match that it is in.
    pub(super) fn row(&self) -> Option<(&Literal, bool)> {
        match self {
            Linear::Row(row) => Some((row, true)),
            Linear::Engine(engine) => Some((engine.row.as_ref()?, false)),
        }
    }

    /// Whether the pattern matches anywhere in the text.
    pub(super) fn is_match(&self, text: &str, account: &Account) -> Result<bool> {
        match self {
            Linear::Row(row) => Ok(find_row(row, text.as_bytes(), 0, account)?.is_some()),
            Linear::Engine(engine) => match engine.stepped_for(text.len(), account)? {
                None => Ok(engine.regex.is_match(text)),
                Some(stepped) => stepped.is_match(text, Price::of(engine.places, account)),
            },
        }
    }

    /// Where the first match begins that does so at `start` or later.
    pub(super) fn find_at(
        &self,
        text: &str,
        start: usize,
        account: &Account,
    ) -> Result<Option<usize>> {
        match self {
            Linear::Row(row) => {
                let found = find_row(row, text.as_bytes(), start, account)?;
                Ok(found.map(|(begin, _)| begin))
            }
            Linear::Engine(engine) => match engine.stepped_for(text.len() - start, account)? {
                None => Ok(engine.regex.find_at(text, start).map(|found| found.start())),
                Some(stepped) => stepped.find_at(text, start, Price::of(engine.places, account)),
            },
        }
    }

    /// The first match that begins at `start` or later, of a pattern with so many groups, where places are
    /// exact.
    pub(super) fn captures_at(
        &self,
        text: &str,
        start: usize,
        groups: u32,
        account: &Account,
    ) -> Result<Option<Captures>> {
        let regex = match self {
            Linear::Engine(engine) => &engine.regex,
            Linear::Row(row) => {
                let span = find_row(row, text.as_bytes(), start, account)?;
                return Ok(span.map(|span| Captures { span, groups: Vec::new() }));
            }
        };
        account.work(u64::from(groups))?;
        let Some(found) = regex.captures_at(text, start) else { return Ok(None) };
        let Some(whole) = found.get(0) else { return Ok(None) };
        // A group in a part that never runs is not compiled: it is there all the same, unset.
        let groups = (1..=groups).map(|group| found.name(&group_name(group)));
        let groups = groups.map(|group| group.map(|group| (group.start(), group.end()))).collect();
        Ok(Some(Captures { span: (whole.start(), whole.end()), groups }))
    }

    /// Whether the places it reports are PCRE2's, in a text with so many bytes left.
    pub(super) fn has_exact_places(&self, bytes: usize) -> bool {
        match self {
            Linear::Row(_) => true,
            Linear::Engine(engine) => engine.exact_places && !engine.is_long(bytes),
        }
    }
}

impl Engine {
    fn is_long(&self, bytes: usize) -> bool {
        self.places.saturating_mul(bytes as u64) > MOST_TRIES
    }

    /// The automata for a text with so many bytes, if it is a long one.
    fn stepped_for(&self, bytes: usize, account: &Account) -> Result<Option<&Stepped>> {
        if !self.is_long(bytes) {
            return Ok(None);
        }
        if self.stepped.get().is_none() {
            account.work(self.places.saturating_mul(STEPS_A_PLACE))?;
            account.hold(self.bytes)?;
        }
        let build = || Stepped::build(&self.text, NESTING, self.bytes);
        Ok(self.stepped.get_or_init(build).as_ref())
    }
}

/// What compiling a letter of a pattern costs.
const STEPS_A_PLACE: u64 = 20;

/// The first place of the row at `start` or later, looked for window by window.
fn find_row(
    row: &Literal,
    text: &[u8],
    start: usize,
    account: &Account,
) -> Result<Option<(usize, usize)>> {
    let mut at = start;
    loop {
        let end = text.len().min(at.saturating_add(WINDOW + LONGEST_ROW));
        if end - at > LONGEST_ROW {
            account.work(((end - at) / LONGEST_ROW) as u64)?;
        }
        let found = text.get(..end).and_then(|window| row.find_at(window, at));
        if found.is_some() || end == text.len() {
            return Ok(found);
        }
        at += WINDOW;
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
pub(super) fn compile(root: &Node, groups: u32, bytes: usize) -> Option<Linear> {
    // A place of a compiled form takes no less than this, so what is far too large is known at once.
    const PLACE: u64 = 16;
    let weight = root.weight();
    if weight.saturating_mul(PLACE) > bytes as u64 {
        return None;
    }
    if let Some(row) = Literal::of(root) {
        return Some(Linear::Row(row));
    }
    // The engine keeps a place for every group at every state: few groups are no matter.
    let told = weight.saturating_mul(u64::from(groups) + 1) <= MOST_GROUP_PLACES;
    let exact_places = told && !root.any(&has_other_places);
    let text = translated(root, false)?;
    let named = if exact_places && groups > 0 { translated(root, true)? } else { text.clone() };
    let mut builder = RegexBuilder::new(&named);
    let most = MOST_CACHE.min(weight.saturating_mul(CACHE_A_PLACE) as usize);
    builder.size_limit(bytes).nest_limit(NESTING).dfa_size_limit(most.max(LEAST_CACHE));
    let (regex, places) = (builder.build().ok()?, root.places());
    let stepped = OnceLock::new();
    let row = Literal::within(root);
    let engine = Engine { regex, exact_places, text, bytes, stepped, row, places };
    Some(Linear::Engine(Box::new(engine)))
}

/// States times groups that the engine may keep places for.
const MOST_GROUP_PLACES: u64 = 1 << 13;
/// Bytes that the engine may keep for what it has learnt of a text, in each of two directions: by the
/// size of the pattern.
const CACHE_A_PLACE: u64 = 512;
const LEAST_CACHE: usize = 64 << 10;
const MOST_CACHE: usize = 2 << 20;

/// Bytes that a pattern of that weight holds once it is used: itself, and what it learns of texts.
pub(super) fn memory(weight: u64, bytes: usize) -> usize {
    const COMPILED: u64 = 192;
    let cache = MOST_CACHE.min(weight.saturating_mul(CACHE_A_PLACE) as usize).max(LEAST_CACHE);
    let compiled = usize::try_from(weight.saturating_mul(COMPILED)).unwrap_or(usize::MAX);
    compiled.min(3 * bytes).saturating_add(cache)
}

fn translated(root: &Node, named: bool) -> Option<String> {
    let end = Follow { last: true, consumes: false };
    let mut out = Text { text: String::new(), named };
    write(root, end, &mut out)?;
    Some(out.text)
}

/// A pattern being written in the engine's syntax.
struct Text {
    text: String,
    /// Whether groups are named, or left out.
    named: bool,
}

impl Text {
    fn push_str(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn push(&mut self, letter: char) {
        self.text.push(letter);
    }
}

impl Write for Text {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.text.write_str(text)
    }
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
fn write(node: &Node, follow: Follow, out: &mut Text) -> Option<()> {
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
            match out.named {
                true => write!(out, "(?P<{}>", group_name(*index)).ok()?,
                false => out.push_str("(?:"),
            }
            write(node, follow, out)?;
            out.push(')');
        }
        Node::Atomic(node) if follow.last => return write(node, follow, out),
        _ => return None,
    }
    Some(())
}

fn write_concat(nodes: &[Node], follow: Follow, out: &mut Text) -> Option<()> {
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

fn write_set(set: &CharSet, out: &mut Text) {
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

fn write_counts(min: u32, max: Option<u32>, lazy: bool, out: &mut Text) {
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
