//! Why a question can't be answered, and at which part of it.

use filedex::{Error, ErrorKind, QueryError, Refused};

/// The part of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Query,
    /// The condition of that number.
    Condition(usize),
    Sort,
    Fields,
    /// It, or the index, as a whole.
    Whole,
}

/// Something that is wrong with a question, or with answering it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) part: Part,
    pub(crate) words: String,
    /// The line of the text with a caret under the place.
    pub(crate) shown: Option<String>,
    /// What to do about it.
    pub(crate) advice: Option<&'static str>,
    /// Whether asking differently helps, rather than asking later or mending the store.
    pub(crate) is_askers: bool,
}

impl Fault {
    /// A fault of that part.
    pub(crate) fn at(part: Part, error: &Error) -> Fault {
        let is_askers = matches!(error.kind(), ErrorKind::Query | ErrorKind::Unsupported);
        let mut words = error.to_string();
        let mut fault = Fault { part, words: String::new(), shown: None, advice: None, is_askers };
        if let Some(query) = error.query() {
            fault.shown = query.place().map(|place| place.shown().to_owned());
            fault.advice = query.limit_name().and_then(advice);
            words = worded(query);
        }
        Fault { words, ..fault }
    }

    pub(crate) fn busy(refused: Refused) -> Fault {
        let words = refused.to_string();
        Fault { part: Part::Whole, words, shown: None, advice: None, is_askers: false }
    }
}

fn worded(error: &QueryError) -> String {
    format!("{error} ({} {})", error.code().0, error.code().name())
}

/// What helps where a limit was hit.
fn advice(limit: &str) -> Option<&'static str> {
    Some(match limit {
        "time" => "Narrow the question: choose a room or a user, or add a condition on uploadedAt.",
        "documents_examined" => "Choose a room or a user: fewer files are looked at then.",
        "sort_bytes" => "Sort by uploadedAt, which needs no memory, or narrow the question first.",
        "reply_bytes" | "request_bytes" => "Ask for fewer files a page, or for fewer fields.",
        "pattern_backtracks" | "pattern_search_bytes" => {
            "Begin the pattern with ^ or take out what goes back: (?=..), (?<=..), \\1."
        }
        _ => return None,
    })
}
