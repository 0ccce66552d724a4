//! Records out of files as they are found: exports, dumps, replies saved to disk.
//!
//! A file is recognised by what it is, whatever its name; gzip and UTF-16 are taken off first.
//!
//! | what | how it is seen | read by |
//! |---|---|---|
//! | JSON lines, JSON over many lines, arrays; mongoexport's in every form, `EJSON.stringify` | `{` or `[` | `json` |
//! | replies of the servers and of Filedex, one or many, alone or in an array | a list under `files`, `page`, .. | `json` |
//! | Zipline's export | `versions` with `export` | `json`, `export` |
//! | mongodump, a collection or an archive | lengths and marks | `bson`, `archive` |
//! | CSV, rows with tabs | a first line of names | `table` |
//!
//! Anything else is refused in one sentence that says what it is. Records get their types
//! ([`Record`](crate::Record)), rows of Zipline the index's names (`id` is `_id`, `createdAt` is
//! `uploadedAt`, `updatedAt` is `_updatedAt`, `mimetype` is `type`).

mod archive;
mod bson;
mod export;
mod foreign;
mod intake;
mod json;
mod kind;
mod options;
mod report;
mod scanner;
mod sink;
mod source;
mod table;
mod zipline;

use std::io::Read;

use filedex_query::{Document, Value};

pub use options::{ImportFrom, ImportOptions};
pub use report::{Fault, ImportReport, Place};

use crate::{Error, Filedex, Result};
use intake::Intake;
use json::Json;
use kind::Kind;
use scanner::Scanner;
use sink::{Flow, Sink, Stop};
use source::Source;

impl Filedex {
    /// Puts in the records of a file: JSON, BSON or CSV in the forms that exports, dumps and replies have.
    ///
    /// A bad record is counted, told of with its place and left out; the rest goes in.
    ///
    /// ```
    /// use filedex::{Date, Filedex, ImportOptions};
    ///
    /// let index = Filedex::temporary()?;
    /// let reply = br#"{"files": [
    ///     {"_id": "a", "uploadedAt": "2018-03-08T17:36:09.913Z", "user": {"_id": "u1", "username": "ada"}},
    ///     {"_id": "b", "uploadedAt": "yesterday"}
    /// ], "count": 2, "offset": 0, "total": 2, "success": true}"#;
    /// let report = index.import(reply.as_slice(), &ImportOptions::default())?;
    /// assert_eq!((report.tally.inserted, report.bad), (1, 1));
    /// assert_eq!(report.faults[0].id.as_deref(), Some("b"));
    /// assert_eq!(report.faults[0].field.as_deref(), Some("uploadedAt"));
    ///
    /// let file = index.get("a")?.unwrap();
    /// assert_eq!(file.user(), Some("u1"));
    /// assert_eq!(file.uploaded_at(), Some(Date(1_520_530_569_913)));
    /// # Ok::<(), filedex::Error>(())
    /// ```
    ///
    /// # Errors
    /// `InvalidRecord` for a file that holds no records: the error says in a sentence what it is; `Io` for
    /// one that cannot be read and for a store that cannot be written; `Cancelled`. What went in
    /// before stays.
    pub fn import(&self, file: impl Read, options: &ImportOptions) -> Result<ImportReport> {
        self.import_watched(file, options, &mut |_| ())
    }

    /// The same, and `progress` is told how many records were done since it was told last.
    ///
    /// # Errors
    /// As [`Filedex::import`].
    pub fn import_watched(
        &self,
        file: impl Read,
        options: &ImportOptions,
        progress: &mut dyn FnMut(u64),
    ) -> Result<ImportReport> {
        let source = Source::open(file).map_err(Error::unreadable)?;
        let kind = Kind::of(&source.head);
        let mut intake = Intake::new(self, options, progress);
        let read = read(source, &kind, options, false, &mut intake);
        let read = match read {
            // What was read until then is worth keeping.
            Err(Stop::Unreadable(error)) if intake.has_begun() => intake.ended(&error),
            read => read,
        };
        read.and_then(|()| intake.finish(kind.name())).map_err(Error::from)
    }
}

/// Reads the documents of a file one by one, as they are: no names or types are changed, nothing is
/// asked of them, and every JSON object is a document. Ends early when `visit` says so.
///
/// ```
/// let mut sizes = Vec::new();
/// filedex::each_document(br#"{"a": 1} [{"a": 2}, 7]"#.as_slice(), &mut |place, document| {
///     sizes.push((place.to_string(), document.map(|document| document.len()).ok()));
///     true
/// })?;
/// assert_eq!(sizes, [("line 1".into(), Some(1)), ("element 1".into(), Some(1)), ("element 2".into(), None)]);
/// # Ok::<(), filedex::Error>(())
/// ```
///
/// # Errors
/// `InvalidRecord` for a file that holds no documents, `Io` for one that cannot be read.
pub fn each_document(
    file: impl Read,
    visit: &mut dyn FnMut(Place, std::result::Result<Document, Fault>) -> bool,
) -> Result<()> {
    let source = Source::open(file).map_err(Error::unreadable)?;
    let kind = Kind::of(&source.head);
    let mut visits = Visits { visit, ended: false };
    match read(source, &kind, &ImportOptions::default(), true, &mut visits) {
        Err(_) if visits.ended => Ok(()),
        read => read.map_err(Error::from),
    }
}

fn read(
    source: Source<'_>,
    kind: &Kind,
    options: &ImportOptions,
    whole: bool,
    sink: &mut dyn Sink,
) -> Flow {
    let mut input = source.into_reader();
    match kind {
        Kind::Json => Json::new(Scanner::new(input), whole, sink).read(),
        Kind::Bson => bson::read(&mut *input, sink),
        Kind::Archive => archive::read(&mut *input, options.collection.as_deref(), sink),
        Kind::Table(delimiter) => table::read(&mut *input, *delimiter, sink),
        Kind::Refused(sentence) => Err(Stop::Refused(sentence.clone())),
    }
}

/// A caller who wants the documents themselves.
struct Visits<'v> {
    visit: &'v mut dyn FnMut(Place, std::result::Result<Document, Fault>) -> bool,
    ended: bool,
}

impl Visits<'_> {
    fn go_on(&mut self, on: bool) -> Flow {
        self.ended = !on;
        if on { Ok(()) } else { Err(Stop::Refused(String::new())) }
    }
}

impl Sink for Visits<'_> {
    fn document(&mut self, place: Place, document: Document) -> Flow {
        let on = (self.visit)(place, Ok(document));
        self.go_on(on)
    }

    fn fault(&mut self, fault: Fault) -> Flow {
        let on = (self.visit)(fault.place, Err(fault));
        self.go_on(on)
    }

    fn amend(&mut self, _: &str, _: &'static str, _: Value) {}
}

impl From<Stop> for Error {
    fn from(stop: Stop) -> Error {
        match stop {
            Stop::Refused(sentence) => Error::record(sentence),
            Stop::Unreadable(error) => Error::unreadable(error),
            Stop::Failed(error) => error,
        }
    }
}
