//! How texts compare: by their bytes, or by the rules of a language.
//!
//! A collation changes one thing: how two strings compare, wherever values are compared, at any depth. Names
//! of fields, kinds, regular expressions and operators that search in texts don't know it (MongoDB manual,
//! "Collation"). `parse` reads the document, `locale` knows the names, `texts` compares.

mod locale;
mod parse;
mod texts;

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use texts::Texts;

use crate::ejson::{self, Form};
use crate::{Document, Value};

/// An order of texts. Cheap to clone; the default compares bytes.
///
/// ```
/// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; }
/// use filedex::{Collation, ejson};
/// use std::cmp::Ordering;
/// let text = r#"{"locale": "en", "strength": 1, "numericOrdering": true}"#;
/// let document = ejson::read_document(text, &filedex::Limits::default())?;
/// let collation = Collation::parse(&document)?;
/// assert_eq!(collation.compare("Résumé 9", "resume 10"), Ordering::Less);
/// assert_eq!(Collation::default().compare("a", "B"), Ordering::Greater);
/// # Ok::<(), filedex_query::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Collation(Option<Arc<Rules>>);

/// A collation other than that of bytes: its options spelled out, and what compares by them.
struct Rules {
    options: Options,
    texts: Texts,
}

/// Every option of a collation.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Options {
    locale: String,
    case_level: bool,
    case_first: CaseFirst,
    /// The last level that is compared, 1 to 5.
    strength: u8,
    numeric_ordering: bool,
    shifted: bool,
    /// Whether spaces alone are shifted, punctuation not.
    spaces_only: bool,
    normalization: bool,
    backwards: bool,
}

/// Which case comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CaseFirst {
    Off,
    Upper,
    Lower,
}

impl Collation {
    /// Texts by their bytes, the only order without the feature `collation`.
    pub fn simple() -> Collation {
        Collation::default()
    }

    /// Whether texts compare by their bytes.
    pub fn is_simple(&self) -> bool {
        self.0.is_none()
    }

    /// The order of two texts.
    pub fn compare(&self, left: &str, right: &str) -> Ordering {
        match &self.0 {
            None => left.as_bytes().cmp(right.as_bytes()),
            Some(_) if left == right => Ordering::Equal,
            Some(rules) => rules.texts.compare(left, right),
        }
    }

    /// The document with every option spelled out, as MongoDB shows it; `{"locale":"simple"}` for bytes.
    pub fn to_document(&self) -> Document {
        let Some(rules) = &self.0 else { return Document::new().with("locale", "simple") };
        let options = &rules.options;
        let case_first = match options.case_first {
            CaseFirst::Off => "off",
            CaseFirst::Upper => "upper",
            CaseFirst::Lower => "lower",
        };
        Document::new()
            .with("locale", options.locale.as_str())
            .with("caseLevel", options.case_level)
            .with("caseFirst", case_first)
            .with("strength", i32::from(options.strength))
            .with("numericOrdering", options.numeric_ordering)
            .with("alternate", if options.shifted { "shifted" } else { "non-ignorable" })
            .with("maxVariable", if options.spaces_only { "space" } else { "punct" })
            .with("normalization", options.normalization)
            .with("backwards", options.backwards)
            .with("version", parse::VERSION)
    }

    /// Adds bytes whose order is the order of texts. They are good for as long as the program runs: another
    /// version of the rules gives others.
    pub(crate) fn append_key(&self, out: &mut Vec<u8>, text: &str) {
        match &self.0 {
            None => out.extend_from_slice(text.as_bytes()),
            Some(rules) => rules.texts.append_key(out, text),
        }
    }
}

impl PartialEq for Collation {
    fn eq(&self, other: &Collation) -> bool {
        let options =
            |collation: &Collation| collation.0.as_ref().map(|rules| rules.options.clone());
        options(self) == options(other)
    }
}

impl Eq for Collation {}

impl fmt::Display for Collation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let document = Value::Document(self.to_document());
        f.write_str(&ejson::to_text(document.view(), Form::Relaxed))
    }
}

impl fmt::Debug for Collation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
