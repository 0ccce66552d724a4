//! What an import says of itself: how many records went in, and of those that did not, where each
//! stands and why.
//!
//! This file knows no format.

use std::fmt;

use filedex_storage::Tally;

/// What became of an import.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ImportReport {
    /// What the file is, in a few words: `JSON`, `BSON (mongodump)`, ...
    pub format: &'static str,
    /// What the records did to the index.
    pub tally: Tally,
    /// How many did not go in.
    pub bad: u64,
    /// The first of those, in the order of the file, as many as the options ask for.
    pub faults: Vec<Fault>,
}

/// A record that did not go in, or a place where there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    /// Where it stands.
    pub place: Place,
    /// Its id, where it has one.
    pub id: Option<String>,
    /// The field that is wrong, where it is one.
    pub field: Option<String>,
    /// What is wrong with it.
    pub reason: String,
}

/// Where in a file something stands, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Place {
    /// On that line of text, or from there on.
    Line(u64),
    /// An element of a list, counted over all lists of the file.
    Element(u64),
    /// A document of a binary file.
    Document(u64),
}

impl Fault {
    pub(super) fn new(place: Place, reason: impl Into<String>) -> Fault {
        Fault { place, id: None, field: None, reason: reason.into() }
    }
}

impl Place {
    /// The place behind this one.
    pub(super) fn next(self) -> Place {
        match self {
            Place::Line(number) => Place::Line(number + 1),
            Place::Element(number) => Place::Element(number + 1),
            Place::Document(number) => Place::Document(number + 1),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Line(number) => write!(f, "line {number}"),
            Place::Element(number) => write!(f, "element {number}"),
            Place::Document(number) => write!(f, "document {number}"),
        }
    }
}

/// `line 7: "a1": `uploadedAt` must be a date, ..`
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        if let Some(id) = &self.id {
            write!(f, "{id:?}: ")?;
        }
        match &self.field {
            // The reason is about a value in the field.
            Some(field) if self.reason.starts_with('$') => write!(f, "`{field}`: ")?,
            Some(field) => write!(f, "`{field}` ")?,
            None => {}
        }
        f.write_str(&self.reason)
    }
}
