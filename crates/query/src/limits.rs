//! How much a query may ask for. Every limit is here, with its unit and its default.
//!
//! This file only holds the numbers; each is enforced where the work is done, and the error names
//! the field.

use std::time::Duration;

/// One field and one setter per limit, so that each stands once with its default.
macro_rules! limits {
    ($($(#[doc = $about:literal])* $name:ident $with:ident: $kind:ty = $default:expr;)*) => {
        /// Bounds on what one query may cost. The defaults are safe for queries from strangers.
        ///
        /// ```
        /// # use filedex_query as filedex;
        /// let limits = filedex::Limits::default().with_filter_depth(20).with_sort_keys(4);
        /// assert_eq!((limits.filter_depth, limits.in_length), (20, 10_000));
        /// ```
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Limits {
            $($(#[doc = $about])* pub $name: $kind,)*
        }

        impl Default for Limits {
            fn default() -> Limits {
                Limits { $($name: $default,)* }
            }
        }

        impl Limits {
            $(
                #[doc = concat!("The same with another [`", stringify!($name), "`](Limits::", stringify!($name), ").")]
                #[must_use]
                pub fn $with(self, $name: $kind) -> Limits {
                    Limits { $name, ..self }
                }
            )*
        }
    };
}

limits! {
    /// Bytes of JSON text of one query, projection or sort.
    text_bytes with_text_bytes: usize = 1 << 20;
    /// Levels of nesting of a document or of a query's JSON.
    document_depth with_document_depth: usize = 100;
    /// Levels of nesting of a filter, an expression or a schema.
    filter_depth with_filter_depth: usize = 64;
    /// Operators and conditions in one filter, projection or expression, and paths in one update. In a
    /// filter an `$expr`, a large regular expression and one that goes back count as many, and so does a
    /// stage of an update.
    filter_nodes with_filter_nodes: usize = 10_000;
    /// Parts of one dotted path (MongoDB's bound is 200).
    path_parts with_path_parts: usize = 200;
    /// Members of one `$in`, `$nin` or `$all`.
    in_length with_in_length: usize = 10_000;
    /// Bytes of one regular expression.
    pattern_bytes with_pattern_bytes: usize = 32_764;
    /// Bytes that one compiled regular expression may take.
    pattern_compiled_bytes with_pattern_compiled_bytes: usize = 1 << 20;
    /// Groups of one regular expression that remember what they matched.
    pattern_groups with_pattern_groups: usize = 1000;
    /// Bytes that one search for a regular expression with look-around, back-references or calls may hold:
    /// the ways it has not tried yet, and what the groups were when a call began.
    pattern_search_bytes with_pattern_search_bytes: usize = 64 << 20;
    /// Steps back that a regular expression with look-around or back-references may take per text,
    /// and a thousandth of the letters of one without (counted repeats written out) times the bytes
    /// of the text.
    pattern_backtracks with_pattern_backtracks: usize = 100_000;
    /// Evaluation steps of an `$expr`, or of all computed fields, for one document. Work on long texts and
    /// arrays takes many.
    expression_steps with_expression_steps: usize = 100_000;
    /// Bytes of a value that an expression may build, and that an update may add to one document.
    expression_bytes with_expression_bytes: usize = 16 << 20;
    /// Keys of one sort.
    sort_keys with_sort_keys: usize = 32;
    /// Bytes of sort keys and positions held while sorting.
    sort_bytes with_sort_bytes: usize = 100 << 20;
    /// Bytes of one reply: of its JSON text, or of its records where they are handed over as records.
    /// An iterator, which hands over one record at a time, has no such bound.
    reply_bytes with_reply_bytes: usize = 64 << 20;
    /// Bytes that one request may hold in all, beside the reply's text: compiled patterns, what a search or
    /// an expression builds, records kept while they are sorted or shown. Counted generously, before
    /// they are allocated.
    request_bytes with_request_bytes: usize = 256 << 20;
    /// Records that one execution may examine.
    documents_examined with_documents_examined: u64 = 50_000_000;
    /// Time that one execution may take.
    time with_time: Duration = Duration::from_secs(30);
}
