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
mod stepped;
mod tree;

use crate::{Account, Code, Error, Limits, Result};
use backtrack::SearchLimits;
use graph::Graph;
use linear::Linear;
use options::Flags;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// 51091: the pattern is not valid, or asks for what is not supported.
const INVALID: Code = Code(51091);
/// 51108: an option letter nobody knows.
const BAD_OPTION: Code = Code(51108);

/// A compiled regular expression. Cheap to clone, to be shared between threads.
///
/// ```
/// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; }
/// use filedex::language::Pattern;
/// use filedex::Limits;
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
    /// For what the linear engine cannot say, for places it reports otherwise, and for long texts: built
    /// when it is wanted.
    graph: OnceLock<Result<Graph>>,
    groups: u32,
    /// Letters that the pattern may wait for at once.
    places: u64,
    limits: PatternLimits,
}

/// The limits that stay of effect once a pattern is compiled.
struct PatternLimits {
    compiled_bytes: usize,
    search: SearchLimits,
}

/// Places of a pattern that are tried on one byte of a text, for the price of one step.
const PLACES_A_STEP: u64 = 64;
/// The same for one step back of the limit.
const PLACES_A_BACKTRACK: u64 = 1000;

/// Such steps of a search, for the price of one of an account.
const STEPS_A_STEP: u64 = 16;
/// Steps of an account for compiling a pattern, and for each place it has.
const STEPS_A_PATTERN: u64 = 100;
const STEPS_A_PLACE: u64 = 5;

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
    /// the limits `pattern_bytes`, `pattern_nesting`, `pattern_groups` and `pattern_compiled_bytes`
    /// (under 51091).
    pub fn compile(pattern: &str, options: &str, limits: &Limits) -> Result<Pattern> {
        Pattern::compile_within(pattern, options, limits, &Account::new(limits))
    }

    /// As [`Pattern::compile`], charged to a request: what the pattern takes, also while it searches,
    /// stays held.
    ///
    /// # Errors
    /// As [`Pattern::compile`], and what the account says.
    pub fn compile_within(
        pattern: &str,
        options: &str,
        limits: &Limits,
        account: &Account,
    ) -> Result<Pattern> {
        let mut flags = Flags::of_options(options)?;
        if pattern.contains('\0') {
            return Err(Error::bad_value("a regular expression cannot hold a NUL character"));
        }
        if pattern.len() > limits.pattern_bytes {
            return Err(Error::limit("pattern_bytes", limits.pattern_bytes).with_code(INVALID));
        }
        let at = flags.take_verbs(pattern)?;
        let held = account.held();
        let parsed = parse::parse(pattern, at, flags, (limits, account))?;
        let (weight, bytes) = (parsed.node.weight(), limits.pattern_compiled_bytes);
        let memory = linear::memory(weight, bytes);
        account.work(STEPS_A_PATTERN + weight.min(bytes as u64 / 16) * STEPS_A_PLACE)?;
        // It takes about as much again while it is made.
        account.hold(2 * memory + 2 * (pattern.len() + options.len()))?;
        let linear = linear::compile(&parsed.node, parsed.groups, bytes);
        let graph = OnceLock::new();
        if linear.is_none() {
            let built = Graph::build(&parsed.node, parsed.groups, bytes)?;
            let _ = graph.set(Ok(built));
        }
        let search = SearchLimits {
            backtracks: limits.pattern_backtracks,
            bytes: limits.pattern_search_bytes,
        };
        let compiled = Compiled {
            source: pattern.to_owned(),
            options: options.to_owned(),
            prefix: prefix::literal_prefix(&parsed.node),
            places: parsed.node.places(),
            linear,
            graph,
            groups: parsed.groups,
            limits: PatternLimits { compiled_bytes: bytes, search },
        };
        account.release_to(held);
        account.hold(compiled.memory(memory) + pattern.len() + options.len())?;
        Ok(Pattern(Arc::new(compiled)))
    }

    /// Whether the pattern matches anywhere in the text.
    ///
    /// # Errors
    /// The limits `pattern_backtracks` and `pattern_search_bytes`, for patterns with look-around,
    /// back-references and the like, and the first for large ones on long texts.
    pub fn is_match(&self, text: &str) -> Result<bool> {
        self.is_match_within(text, &Account::default())
    }

    /// As [`Pattern::is_match`], charged to a request.
    ///
    /// # Errors
    /// As [`Pattern::is_match`], and what the account says.
    pub fn is_match_within(&self, text: &str, account: &Account) -> Result<bool> {
        self.is_match_in_steps(text, account).map(|(found, _)| found)
    }

    /// As [`Pattern::is_match`] of a text that nobody has read as UTF-8 yet, if that can be told without.
    #[inline]
    pub(crate) fn is_match_in_bytes(&self, text: &[u8], account: &Account) -> Option<Result<bool>> {
        let (row, is_all) = self.0.linear.as_ref()?.row()?;
        if text.len() > linear::SHORT_TEXT {
            return None;
        }
        let paid = account.work(1).and_then(|()| self.linear_steps(text.len()));
        match paid {
            Ok(_) => Some(row.is_in(text)).filter(|is_in| is_all || !is_in).map(Ok),
            Err(error) => Some(Err(error)),
        }
    }

    /// Whether there is a row of letters in every text that it matches, which can be looked for in any text of up to so
    /// many bytes.
    pub(crate) fn has_row(&self, longest: usize) -> bool {
        let row = self.0.linear.as_ref().and_then(Linear::row);
        row.is_some() && longest <= linear::SHORT_TEXT && self.linear_steps(longest).is_ok()
    }

    /// Where that row begins next in these bytes, at that place or behind it.
    pub(crate) fn find_row(&self, bytes: &[u8], start: usize) -> Option<usize> {
        let (row, _) = self.0.linear.as_ref()?.row()?;
        row.find_in_many(bytes, start)
    }

    /// As [`Pattern::is_match`], with the steps it took, or may have taken.
    pub(crate) fn is_match_in_steps(&self, text: &str, account: &Account) -> Result<(bool, usize)> {
        match &self.0.linear {
            Some(linear) => {
                let steps = self.linear_steps(text.len())?;
                account.work(1 + steps as u64 / STEPS_A_STEP)?;
                Ok((linear.is_match(text, account)?, steps))
            }
            None => {
                let (found, steps) = self.walk(text, (0, 0), account)?;
                Ok((found.is_some(), steps))
            }
        }
    }

    /// The first match that begins at byte `start` of the text or later. What stands before `start`
    /// counts for look-behind and word boundaries. A `start` inside a character or past the end
    /// finds nothing.
    ///
    /// # Errors
    /// The limits `pattern_backtracks` and `pattern_search_bytes`.
    pub fn captures_at(&self, text: &str, start: usize) -> Result<Option<Captures>> {
        self.captures_in_steps(text, start, &Account::default()).map(|(found, _)| found)
    }

    /// As [`Pattern::captures_at`], with the steps it took, or may have taken.
    pub(crate) fn captures_in_steps(
        &self,
        text: &str,
        start: usize,
        account: &Account,
    ) -> Result<(Option<Captures>, usize)> {
        if !text.is_char_boundary(start) {
            return Ok((None, 0));
        }
        let Some(linear) = &self.0.linear else {
            return self.walk(text, (start, start), account);
        };
        let steps = self.linear_steps(text.len() - start)?;
        account.work(1 + steps as u64 / STEPS_A_STEP)?;
        if linear.has_exact_places(text.len() - start) {
            return Ok((linear.captures_at(text, start, self.0.groups, account)?, steps));
        }
        // Where a match begins, the engines agree; nothing before that needs to be walked.
        match linear.find_at(text, start, account)? {
            Some(begin) => self.walk(text, (start, begin), account),
            None => Ok((None, 0)),
        }
    }

    /// What a search of so many bytes may cost the linear engine: it looks at each byte once, but a
    /// large pattern waits for many letters at once.
    fn linear_steps(&self, bytes: usize) -> Result<usize> {
        let tried = self.0.places.saturating_mul(bytes as u64);
        let allowed = self.0.limits.search.backtracks;
        if tried / PLACES_A_BACKTRACK > allowed as u64 {
            return Err(Error::limit("pattern_backtracks", allowed));
        }
        Ok(usize::try_from(tried / PLACES_A_STEP).unwrap_or(usize::MAX))
    }

    /// Walks the graph in a search that began at the first place, from the second on.
    fn walk(
        &self,
        text: &str,
        places: (usize, usize),
        account: &Account,
    ) -> Result<(Option<Captures>, usize)> {
        if self.0.graph.get().is_none() {
            account.work(self.0.source.len() as u64 * STEPS_A_PLACE)?;
            account.hold(self.0.limits.compiled_bytes)?;
        }
        let graph = self.0.graph.get_or_init(|| self.0.build_graph());
        let graph = graph.as_ref().map_err(Error::clone)?;
        backtrack::search(graph, text, places, self.0.limits.search, account)
    }

    /// The text that every matching string starts with, if the pattern says so.
    ///
    /// ```
    /// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; }
    /// use filedex::language::Pattern;
    /// use filedex::Limits;
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

impl Compiled {
    /// The graph of the pattern, read anew: it was read without fault before.
    fn build_graph(&self) -> Result<Graph> {
        let mut flags = Flags::of_options(&self.options)?;
        let at = flags.take_verbs(&self.source)?;
        let limits = Limits { pattern_groups: usize::MAX, ..Limits::default() };
        let parsed = parse::parse(&self.source, at, flags, (&limits, &Account::new(&limits)))?;
        Graph::build(&parsed.node, parsed.groups, self.limits.compiled_bytes)
    }

    /// Bytes that it takes, of which the linear engine would take so many.
    fn memory(&self, linear: usize) -> usize {
        let graph = self.graph.get().and_then(|graph| graph.as_ref().ok());
        let engine = matches!(self.linear, Some(Linear::Engine { .. }));
        size_of::<Compiled>() + if engine { linear } else { 0 } + graph.map_or(0, Graph::memory)
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
