//! How much a query may ask for. Every limit is here, with its unit and its default.
//!
//! This file only holds the numbers; each is enforced where the work is done, and the error names
//! the field.

use std::time::Duration;

/// Bounds on what one query may cost. The defaults are safe for queries from strangers.
///
/// ```
/// let limits = filedex_query::Limits { filter_depth: 20, ..Default::default() };
/// assert_eq!(limits.in_length, 10_000);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of JSON text of one query, projection or sort.
    pub text_bytes: usize,
    /// Levels of nesting of a document or of a query's JSON.
    pub document_depth: usize,
    /// Levels of nesting of a filter, an expression or a schema.
    pub filter_depth: usize,
    /// Operators and conditions in one filter, projection or expression, and paths in one update. In a
    /// filter an `$expr`, a large regular expression and one that goes back count as many, and so does a
    /// stage of an update.
    pub filter_nodes: usize,
    /// Parts of one dotted path (MongoDB's bound is 200).
    pub path_parts: usize,
    /// Members of one `$in`, `$nin` or `$all`.
    pub in_length: usize,
    /// Bytes of one regular expression.
    pub pattern_bytes: usize,
    /// Bytes that one compiled regular expression may take.
    pub pattern_compiled_bytes: usize,
    /// Groups of one regular expression that remember what they matched.
    pub pattern_groups: usize,
    /// Bytes that one search for a regular expression with look-around, back-references or calls may hold:
    /// the ways it has not tried yet, and what the groups were when a call began.
    pub pattern_search_bytes: usize,
    /// Steps back that a regular expression with look-around or back-references may take per text,
    /// and a thousandth of the letters of one without (counted repeats written out) times the bytes
    /// of the text.
    pub pattern_backtracks: usize,
    /// Evaluation steps of an `$expr`, or of all computed fields, for one document. Work on long texts and
    /// arrays takes many.
    pub expression_steps: usize,
    /// Bytes of a value that an expression may build, and that an update may add to one document.
    pub expression_bytes: usize,
    /// Keys of one sort.
    pub sort_keys: usize,
    /// Bytes of sort keys and positions held while sorting.
    pub sort_bytes: usize,
    /// Bytes of one reply: of its JSON text, or of its records where they are handed over as records.
    /// An iterator, which hands over one record at a time, has no such bound.
    pub reply_bytes: usize,
    /// Bytes that one request may hold in all, beside the reply's text: compiled patterns, what a search or
    /// an expression builds, records kept while they are sorted or shown. Counted generously, before
    /// they are allocated.
    pub request_bytes: usize,
    /// Records that one execution may examine.
    pub documents_examined: u64,
    /// Time that one execution may take.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            text_bytes: 1 << 20,
            document_depth: 100,
            filter_depth: 64,
            filter_nodes: 10_000,
            path_parts: 200,
            in_length: 10_000,
            pattern_bytes: 32_764,
            pattern_compiled_bytes: 1 << 20,
            pattern_groups: 1000,
            pattern_search_bytes: 64 << 20,
            pattern_backtracks: 100_000,
            expression_steps: 100_000,
            expression_bytes: 16 << 20,
            sort_keys: 32,
            sort_bytes: 100 << 20,
            reply_bytes: 64 << 20,
            request_bytes: 256 << 20,
            documents_examined: 50_000_000,
            time: Duration::from_secs(30),
        }
    }
}
