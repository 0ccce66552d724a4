//! What can go wrong with an index: few kinds, each telling the host what to do next.
//!
//! Answers to a caller over HTTP are [`crate::ApiError`].

use std::error::Error as StdError;
use std::fmt;
use std::io;

pub use filedex_storage::ErrorKind;
use filedex_storage::{io_within, unsaid};

/// An error of an index. Cheap to move.
///
/// ```
/// use filedex::{ErrorKind, Filedex};
/// let index = Filedex::temporary()?;
/// let error = index.all().query(r#"{"size": {"$bigger": 1}}"#).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Query);
/// assert_eq!(error.query().unwrap().code().0, 2);
/// # Ok::<(), filedex::Error>(())
/// ```
#[derive(Debug)]
pub struct Error(Box<Cause>);

#[derive(Debug)]
enum Cause {
    Store(filedex_storage::Error),
    Query(filedex_query::Error),
    Told(Told),
    /// Of one record among many.
    Record(FailedRecord, Error),
}

/// Which record a fault is of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FailedRecord {
    /// Its `_id`, where it has a text for one.
    pub id: Option<String>,
    /// How many records came before it in what was given; those are in.
    pub position: Option<u64>,
}

/// What neither a store nor a query is at fault for.
#[derive(Debug)]
struct Told {
    kind: ErrorKind,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Told {
    fn cause(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// What the functions of an index answer.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of a [`Backend`](crate::Backend): what the host is to do about it, and a sentence for him.
    /// Faults of a query are made from [`QueryError`](crate::QueryError).
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        Error(Box::new(Cause::Told(Told { kind, message: message.into(), source: None })))
    }

    /// The same error with what is behind it.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Error {
        if let Cause::Told(told) = &mut *self.0 {
            told.source = Some(cause.into());
        }
        self
    }

    pub(crate) fn record(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::InvalidRecord, message)
    }

    /// A directory that can't answer is `Io`.
    #[cfg(feature = "endpoints")]
    pub(crate) fn directory(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Io, message)
    }

    #[cfg(feature = "import")]
    pub(crate) fn unreadable(cause: io::Error) -> Error {
        Error::new(ErrorKind::Io, "the file can't be read on").caused_by(cause)
    }

    #[cfg(any(feature = "import", feature = "tokio"))]
    pub(crate) fn cancelled() -> Error {
        Error::new(ErrorKind::Cancelled, "cancelled")
    }

    /// The same fault, of the record of that id.
    pub(crate) fn of_record(self, id: Option<&str>) -> Error {
        self.of(FailedRecord { id: id.map(str::to_owned), position: None })
    }

    /// The same fault, of a record behind so many others.
    pub(crate) fn at_position(self, position: u64, id: Option<&str>) -> Error {
        let known = self.failed_record().and_then(|record| record.id.clone());
        let id = known.or_else(|| id.map(str::to_owned));
        self.of(FailedRecord { id, position: Some(position) })
    }

    fn of(self, record: FailedRecord) -> Error {
        match *self.0 {
            Cause::Record(_, error) => Error(Box::new(Cause::Record(record, error))),
            _ => Error(Box::new(Cause::Record(record, self))),
        }
    }

    /// Which record is at fault, where it is one among many or its name is known.
    ///
    /// ```
    /// use filedex::{Document, Filedex};
    /// let index = Filedex::temporary()?;
    /// let record = |id: &str| Document::new().with("_id", id);
    /// let records = [record("a"), record("b").with("size", "big"), record("c")];
    /// let error = index.put_many(records).unwrap_err();
    /// let failed = error.failed_record().unwrap();
    /// assert_eq!((failed.id.as_deref(), failed.position), (Some("b"), Some(1)));
    /// assert_eq!(index.all().total()?, 1);
    /// # Ok::<(), filedex::Error>(())
    /// ```
    pub fn failed_record(&self) -> Option<&FailedRecord> {
        match &*self.0 {
            Cause::Record(record, _) => Some(record),
            _ => None,
        }
    }

    /// What to do about it. A directory that can't answer is `Io`.
    pub fn kind(&self) -> ErrorKind {
        match &*self.0 {
            Cause::Record(_, error) => error.kind(),
            Cause::Store(error) => error.kind(),
            Cause::Query(error) => ErrorKind::from(error),
            Cause::Told(told) => told.kind,
        }
    }

    /// The fault in the query, with MongoDB's code and its place in the JSON, if that is what it is.
    pub fn query(&self) -> Option<&filedex_query::Error> {
        match &*self.0 {
            Cause::Store(error) => error.query(),
            Cause::Record(_, error) => error.query(),
            Cause::Query(error) if self.kind() == ErrorKind::Query => Some(error),
            _ => None,
        }
    }

    /// The operating system's own error behind it, where there is one.
    pub fn io_error(&self) -> Option<&io::Error> {
        match &*self.0 {
            Cause::Store(error) => error.io_error(),
            Cause::Record(_, error) => error.io_error(),
            Cause::Told(told) => io_within(told.cause()),
            Cause::Query(_) => None,
        }
    }

    /// The status of a reply over HTTP: 400 for a query that is wrong or passes its limits, 422 for a record
    /// that can't be stored, 410 for a snapshot that has ended, 501 for what a backend does not do, 503
    /// where trying again helps, 507 where the disk is full, else 500. The text of a 400 and a 422 is
    /// for the caller; any other is for the host's log.
    ///
    /// ```
    /// use filedex::{Filedex, doc};
    /// let index = Filedex::temporary()?;
    /// let wrong = index.all().query(r#"{"size": {"$bigger": 1}}"#).unwrap_err();
    /// assert_eq!(wrong.http_status(), 400);
    /// assert_eq!(index.put(&doc! { "size": 1 }).unwrap_err().http_status(), 422);
    /// # Ok::<(), filedex::Error>(())
    /// ```
    pub fn http_status(&self) -> u16 {
        match self.kind() {
            ErrorKind::Query => 400,
            ErrorKind::SnapshotEnded => 410,
            ErrorKind::InvalidRecord => 422,
            ErrorKind::Unsupported => 501,
            ErrorKind::Cancelled | ErrorKind::Costly => 503,
            ErrorKind::Io if self.is_out_of_space() => 507,
            _ => 500,
        }
    }

    fn is_out_of_space(&self) -> bool {
        let full = [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded];
        self.io_error().is_some_and(|error| full.contains(&error.kind()))
    }
}

impl From<filedex_storage::Error> for Error {
    fn from(error: filedex_storage::Error) -> Error {
        Error(Box::new(Cause::Store(error)))
    }
}

impl From<filedex_query::Error> for Error {
    fn from(error: filedex_query::Error) -> Error {
        Error(Box::new(Cause::Query(error)))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Cause::Store(error) => error.fmt(f),
            Cause::Query(error) => error.fmt(f),
            Cause::Told(told) => f.write_str(&told.message),
            Cause::Record(record, error) => {
                match (record.position, &record.id) {
                    (None, Some(id)) => write!(f, "record `{id}`: ")?,
                    (Some(position), Some(id)) => write!(f, "record {position} (`{id}`): ")?,
                    (Some(position), None) => write!(f, "record {position}: ")?,
                    (None, None) => {}
                }
                error.fmt(f)
            }
        }
    }
}

/// What lies behind what the error says already: a chain of causes tells nothing twice.
impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &*self.0 {
            Cause::Store(error) => error.source(),
            Cause::Told(told) => unsaid(&told.message, told.cause()),
            // What it says is said already.
            Cause::Record(_, error) => error.source(),
            Cause::Query(_) => None,
        }
    }
}
