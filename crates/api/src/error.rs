//! What can go wrong with an index: few kinds, each telling the host what to do next.
//!
//! Answers to a caller over HTTP are [`crate::ApiError`].

use std::error::Error as StdError;
use std::fmt;

pub use filedex_storage::ErrorKind;

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
    Record(String),
    Directory(String),
    /// A file that cannot be read.
    Unreadable(std::io::Error),
    Cancelled,
}

/// What the functions of an index answer.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(crate) fn record(message: impl Into<String>) -> Error {
        Error(Box::new(Cause::Record(message.into())))
    }

    pub(crate) fn directory(message: impl Into<String>) -> Error {
        Error(Box::new(Cause::Directory(message.into())))
    }

    pub(crate) fn unreadable(cause: std::io::Error) -> Error {
        Error(Box::new(Cause::Unreadable(cause)))
    }

    pub(crate) fn cancelled() -> Error {
        Error(Box::new(Cause::Cancelled))
    }

    /// What to do about it. A directory that can't answer is `Io`.
    pub fn kind(&self) -> ErrorKind {
        match &*self.0 {
            Cause::Store(error) => error.kind(),
            Cause::Query(error) => ErrorKind::from(error),
            Cause::Record(_) => ErrorKind::InvalidRecord,
            Cause::Directory(_) | Cause::Unreadable(_) => ErrorKind::Io,
            Cause::Cancelled => ErrorKind::Cancelled,
        }
    }

    /// The fault in the query, with MongoDB's code and its place in the JSON, if that is what it is.
    pub fn query(&self) -> Option<&filedex_query::Error> {
        match &*self.0 {
            Cause::Store(error) => error.query(),
            Cause::Query(error) if self.kind() == ErrorKind::Query => Some(error),
            _ => None,
        }
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
            Cause::Record(message) | Cause::Directory(message) => f.write_str(message),
            Cause::Unreadable(_) => f.write_str("the file can't be read on"),
            Cause::Cancelled => f.write_str("cancelled"),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &*self.0 {
            Cause::Store(error) => error.source(),
            Cause::Unreadable(cause) => Some(cause),
            _ => None,
        }
    }
}
