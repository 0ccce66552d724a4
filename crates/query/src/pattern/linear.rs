//! The engine whose time is linear in the text: the `regex` crate.
//!
//! A pattern is translated into what it means and written in that crate's syntax, where nothing is
//! left to be read in two ways.
//! A pattern runs here if the engine can answer exactly as PCRE2 does. Where only the yes or no is
//! exact and not the place of the match, places are left to [`super::backtrack`].

use super::charset::CharSet;
use super::tree::{Assertion, Greed, Node};
use regex::{Regex, RegexBuilder};
use regex_syntax::hir::{Capture, Class, Hir, Look, Repetition};

/// A compiled pattern, and whether the places it reports are PCRE2's too.
#[derive(Debug)]
pub(super) struct Linear {
    pub(super) regex: Regex,
    pub(super) exact_places: bool,
}

/// Levels of nesting in the translated text; patterns as written are bounded well below.
const NESTING: u32 = 2_000;

/// The name of a group in the translated text: a group that can never run is left out of it, so that
/// numbers would not do.
pub(super) fn group_name(index: u32) -> String {
    format!("g{index}")
}

/// Compiles the pattern if it can be said exactly and in so many bytes.
pub(super) fn compile(root: &Node, bytes: usize) -> Option<Linear> {
    // A place of a compiled form takes no less than this, so what is far too large is known at once.
    const PLACE: u64 = 16;
    if root.weight().saturating_mul(PLACE) > bytes as u64 {
        return None;
    }
    // `\B` also holds between the bytes of one character. Where something must be consumed no match
    // can begin there; an empty one would hide the true ones.
    if root.min_length() == 0 && root.any(&is_no_boundary) {
        return None;
    }
    let end = Follow { last: true, consumes: false };
    let hir = translate(root, end)?;
    let mut builder = RegexBuilder::new(&hir.to_string());
    let regex = builder.size_limit(bytes).nest_limit(NESTING).build().ok()?;
    Some(Linear { regex, exact_places: !root.any(&has_other_places) })
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

fn is_no_boundary(node: &Node) -> bool {
    matches!(node, Node::Assert(Assertion::NotWordBoundary { .. }))
}

/// What comes after a part.
#[derive(Clone, Copy)]
struct Follow {
    /// Nothing at all.
    last: bool,
    /// Something that takes a character, whichever way is gone.
    consumes: bool,
}

/// The same pattern for the linear engine, or nothing if it would not mean the same.
fn translate(node: &Node, follow: Follow) -> Option<Hir> {
    Some(match node {
        Node::Empty => Hir::empty(),
        Node::One(set) => Hir::class(Class::Unicode(set.to_class())),
        Node::Assert(what) => assertion(*what, follow)?,
        Node::Concat(nodes) => return concat(nodes, follow),
        Node::Either(nodes) => {
            let parts: Option<Vec<Hir>> =
                nodes.iter().map(|node| translate(node, follow)).collect();
            Hir::alternation(parts?)
        }
        Node::Repeat { node, min, max, greed } => {
            // Nothing comes after it that could make a possessive quantifier give back.
            if *greed == Greed::Possessive && !follow.last {
                return None;
            }
            let inside = match max {
                Some(1) => follow,
                _ => Follow { last: false, ..follow },
            };
            let sub = Box::new(translate(node, inside)?);
            Hir::repetition(Repetition { min: *min, max: *max, greedy: *greed != Greed::Lazy, sub })
        }
        Node::Group { index, node } => {
            let sub = Box::new(translate(node, follow)?);
            Hir::capture(Capture { index: *index, name: Some(group_name(*index).into()), sub })
        }
        Node::Atomic(node) if follow.last => translate(node, follow)?,
        _ => return None,
    })
}

fn concat(nodes: &[Node], follow: Follow) -> Option<Hir> {
    let mut parts = Vec::with_capacity(nodes.len());
    let mut follow = follow;
    for node in nodes.iter().rev() {
        parts.push(translate(node, follow)?);
        let consumes = follow.consumes || node.min_length() > 0;
        follow = Follow { last: false, consumes };
    }
    parts.reverse();
    Some(Hir::concat(parts))
}

fn assertion(what: Assertion, follow: Follow) -> Option<Hir> {
    Some(Hir::look(match what {
        Assertion::TextStart => Look::Start,
        Assertion::TextEnd => Look::End,
        // Taking the newline is no harm if nothing comes after.
        Assertion::FinalLineEnd if follow.last => return Some(final_line_end()),
        // At the very end the engines differ, but there nothing can be consumed any more.
        Assertion::LineStart if follow.consumes => Look::StartLF,
        Assertion::LineEnd => Look::EndLF,
        Assertion::WordBoundary { unicode: false } => Look::WordAscii,
        Assertion::NotWordBoundary { unicode: false } => Look::WordAsciiNegate,
        Assertion::WordStart { unicode: false } => Look::WordStartAscii,
        Assertion::WordEnd { unicode: false } => Look::WordEndAscii,
        _ => return None,
    }))
}

/// An optional newline, then the end.
fn final_line_end() -> Hir {
    let newline = Box::new(Hir::class(Class::Unicode(CharSet::one('\n').to_class())));
    let newline = Repetition { min: 0, max: Some(1), greedy: true, sub: newline };
    Hir::concat(vec![Hir::repetition(newline), Hir::look(Look::End)])
}
