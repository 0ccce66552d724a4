//! Regular expressions that mean what PCRE2 means under MongoDB's settings: UTF on, Unicode
//! properties of `\w \d \s \b` off.
//!
//! [`parse`] reads the syntax into a [`tree`]; [`linear`] runs what can be said exactly in time
//! linear in the text, plain rows of letters through [`literal`]; [`backtrack`] runs the rest under a
//! limit on steps. Whatever neither can say is an error that names it. This module knows texts, not
//! values or documents.

mod backtrack;
mod charset;
mod class;
mod escape;
mod graph;
mod group;
mod linear;
mod literal;
mod options;
mod parse;
mod place;
mod prefix;
mod property;
mod reference;
mod tree;

use crate::{Code, Error, Limits, Result};
use graph::Graph;
use linear::Linear;
use options::Flags;
use std::fmt;
use std::sync::Arc;

/// 51091: the pattern is not valid, or asks for what is not supported.
const INVALID: Code = Code(51091);
/// 51108: an option letter nobody knows.
const BAD_OPTION: Code = Code(51108);

/// A compiled regular expression. Cheap to clone, to be shared between threads.
///
/// ```
/// use filedex_query::{Limits, Pattern};
/// let logo = Pattern::compile(r"^LOGO\.\w+$", "i", &Limits::default())?;
/// assert!(logo.is_match("logo.png\n")?);
/// assert!(!logo.is_match("logo.ünï")?);
/// # Ok::<(), filedex_query::Error>(())
/// ```
#[derive(Clone)]
pub struct Pattern(Arc<Compiled>);

struct Compiled {
    source: String,
    options: String,
    prefix: Option<String>,
    linear: Option<Linear>,
    /// For what the linear engine cannot say, and for places it reports otherwise.
    graph: Option<Graph>,
    groups: u32,
    /// Letters that the pattern may wait for at once.
    places: u64,
    backtracks: usize,
}

/// Places of a pattern that are tried on one byte of a text, for the price of one step.
const PLACES_A_STEP: u64 = 64;
/// The same for one step back of the limit.
const PLACES_A_BACKTRACK: u64 = 1000;

/// Where a pattern matched: byte offsets, start and end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Captures {
    /// The whole match.
    pub span: (usize, usize),
    /// Each group in the order of its opening parenthesis; nothing for one that took no part.
    pub groups: Vec<Option<(usize, usize)>>,
}

impl Pattern {
    /// Compiles a pattern with the option letters `i`, `m`, `s`, `x`; `u` is taken and changes
    /// nothing.
    ///
    /// # Errors
    /// 51091 for a bad pattern or an unsupported construct, 51108 for an unknown option, 2 for a NUL,
    /// the limits `pattern_bytes`, `pattern_nesting` and `pattern_compiled_bytes` (under 51091).
    pub fn compile(pattern: &str, options: &str, limits: &Limits) -> Result<Pattern> {
        let mut flags = Flags::of_options(options)?;
        if pattern.contains('\0') {
            return Err(Error::bad_value("a regular expression cannot hold a NUL character"));
        }
        if pattern.len() > limits.pattern_bytes {
            return Err(Error::limit("pattern_bytes", limits.pattern_bytes).with_code(INVALID));
        }
        let at = flags.take_verbs(pattern)?;
        let parsed = parse::parse(pattern, at, flags)?;
        let linear = linear::compile(&parsed.node, limits.pattern_compiled_bytes);
        let graph = match &linear {
            Some(linear) if linear.has_exact_places() => None,
            _ => Some(Graph::build(&parsed.node, parsed.groups, limits)?),
        };
        Ok(Pattern(Arc::new(Compiled {
            source: pattern.to_owned(),
            options: options.to_owned(),
            prefix: prefix::literal_prefix(&parsed.node),
            places: parsed.node.places(),
            linear,
            graph,
            groups: parsed.groups,
            backtracks: limits.pattern_backtracks,
        })))
    }

    /// Whether the pattern matches anywhere in the text.
    ///
    /// # Errors
    /// The limit `pattern_backtracks`, for patterns with look-around, back-references and the like,
    /// and for large ones on long texts.
    pub fn is_match(&self, text: &str) -> Result<bool> {
        self.is_match_in_steps(text).map(|(found, _)| found)
    }

    /// As [`Pattern::is_match`] of a text that nobody has read as UTF-8 yet, if the pattern is so simple
    /// that this is not needed.
    pub(crate) fn is_match_in_bytes(&self, text: &[u8]) -> Option<Result<bool>> {
        let Some(Linear::Row(row)) = &self.0.linear else { return None };
        Some(self.linear_steps(text.len()).map(|_| row.is_in(text)))
    }

    /// As [`Pattern::is_match`], with the steps it took, or may have taken.
    pub(crate) fn is_match_in_steps(&self, text: &str) -> Result<(bool, usize)> {
        match (&self.0.linear, &self.0.graph) {
            (Some(linear), _) => {
                let steps = self.linear_steps(text.len())?;
                Ok((linear.is_match(text), steps))
            }
            (None, Some(graph)) => {
                let (found, steps) = self.walk(graph, text, 0, 0)?;
                Ok((found.is_some(), steps))
            }
            (None, None) => Ok((false, 0)),
        }
    }

    /// The first match that begins at byte `start` of the text or later. What stands before `start`
    /// counts for look-behind and word boundaries. A `start` inside a character or past the end
    /// finds nothing.
    ///
    /// # Errors
    /// The limit `pattern_backtracks`.
    pub fn captures_at(&self, text: &str, start: usize) -> Result<Option<Captures>> {
        self.captures_in_steps(text, start).map(|(found, _)| found)
    }

    /// As [`Pattern::captures_at`], with the steps it took, or may have taken.
    pub(crate) fn captures_in_steps(
        &self,
        text: &str,
        start: usize,
    ) -> Result<(Option<Captures>, usize)> {
        if !text.is_char_boundary(start) {
            return Ok((None, 0));
        }
        match (&self.0.linear, &self.0.graph) {
            (Some(linear), None) => {
                let steps = self.linear_steps(text.len() - start)?;
                Ok((linear.captures_at(text, start, self.0.groups), steps))
            }
            (Some(linear), Some(graph)) => {
                self.linear_steps(text.len() - start)?;
                // Where a match begins, the engines agree; nothing before that needs to be walked.
                match linear.find_at(text, start) {
                    Some(begin) => self.walk(graph, text, start, begin),
                    None => Ok((None, 0)),
                }
            }
            (None, Some(graph)) => self.walk(graph, text, start, start),
            (None, None) => Ok((None, 0)),
        }
    }

    /// What a search of so many bytes may cost the linear engine: it looks at each byte once, but a
    /// large pattern waits for many letters at once.
    fn linear_steps(&self, bytes: usize) -> Result<usize> {
        let tried = self.0.places.saturating_mul(bytes as u64);
        if tried / PLACES_A_BACKTRACK > self.0.backtracks as u64 {
            return Err(Error::limit("pattern_backtracks", self.0.backtracks));
        }
        Ok(usize::try_from(tried / PLACES_A_STEP).unwrap_or(usize::MAX))
    }

    fn walk(
        &self,
        graph: &Graph,
        text: &str,
        start: usize,
        at: usize,
    ) -> Result<(Option<Captures>, usize)> {
        backtrack::search(graph, text, start, at, self.0.backtracks)
    }

    /// The text that every matching string starts with, if the pattern says so.
    ///
    /// ```
    /// use filedex_query::{Limits, Pattern};
    /// let limits = Limits::default();
    /// assert_eq!(Pattern::compile("^2024-0[1-6]", "", &limits)?.literal_prefix(), Some("2024-0"));
    /// assert_eq!(Pattern::compile("^2024-0", "m", &limits)?.literal_prefix(), None);
    /// # Ok::<(), filedex_query::Error>(())
    /// ```
    pub fn literal_prefix(&self) -> Option<&str> {
        self.0.prefix.as_deref()
    }

    /// The pattern as written.
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// The option letters as written.
    pub fn options(&self) -> &str {
        &self.0.options
    }

    /// How many conditions of a filter the pattern counts for: large ones, and those that go back,
    /// take the time of many.
    pub(crate) fn conditions(&self) -> usize {
        let places = usize::try_from(self.0.places / 20).unwrap_or(usize::MAX);
        places.saturating_add(if self.is_linear() { 1 } else { 100 })
    }

    /// Whether matching takes time linear in the text; else it runs under `pattern_backtracks`.
    pub fn is_linear(&self) -> bool {
        self.0.linear.is_some()
    }
}

/// Two patterns are equal if they are written the same.
impl PartialEq for Pattern {
    fn eq(&self, other: &Pattern) -> bool {
        self.source() == other.source() && self.options() == other.options()
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}/{}", self.source(), self.options())
    }
}
