//! What readers of formats hand their finds to, and why reading stops early.
//!
//! This file knows no format and no index.

use std::io;

use filedex_query::{Document, Value};

use super::report::{Fault, Place};
use crate::Error;

/// Takes what a reader finds, in the order of the file.
pub(super) trait Sink {
    /// A document.
    fn document(&mut self, place: Place, document: Document) -> Flow;

    /// A place where a document should be and none is.
    fn fault(&mut self, fault: Fault) -> Flow;

    /// A field of a record that stands elsewhere in the file than the record.
    fn amend(&mut self, id: &str, field: &'static str, value: Value);
}

/// Whether reading goes on.
pub(super) type Flow = Result<(), Stop>;

/// Why it does not.
pub(super) enum Stop {
    /// The file holds no records; a sentence says what it is.
    Refused(String),
    /// The file cannot be read on.
    Unreadable(io::Error),
    /// The index cannot go on, or the caller does not want to.
    Failed(Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Stop {
        Stop::Unreadable(error)
    }
}
