//! What can go wrong with a store: few kinds, each telling the host what to do next.
//!
//! The causes (sled's errors, IO errors) stay behind `source()`, so that no type of theirs is part of
//! the interface.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::path::Path;

use filedex_query::Code;

/// What a host should do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// There is no store at that path, and the options forbid making one.
    Missing,
    /// The path holds something that is no Filedex store. Nothing was touched.
    NotAStore,
    /// Another process, or another handle of this one, has the store open.
    AlreadyOpen,
    /// The store's bytes are not what was written. Restore a backup, or repair.
    Damaged,
    /// The store was written by a newer version of Filedex.
    NewerFormat,
    /// The store was written by an older version of Filedex, whose format this one does not read. Write a
    /// backup with that version, and restore it with this one.
    OlderFormat,
    /// The snapshot kept more from being forgotten than snapshots may. Take a new one.
    SnapshotEnded,
    /// A record cannot be stored as it is. The message says why; nothing was written.
    InvalidRecord,
    /// The query is wrong, or passed one of its limits.
    Query,
    /// The host cancelled the work.
    Cancelled,
    /// The work took longer than [`Watch::allowance`](crate::Watch::allowance). Begin it anew, without one,
    /// where long work has its place.
    Costly,
    /// The disk or its permissions refused.
    Io,
    /// An earlier failure left the handle unusable. Reopen the store.
    Poisoned,
    /// What the records lie in cannot do that; the message names what. Nothing was changed.
    Unsupported,
    /// One write changes more than one may. Make several of it.
    TooLarge,
}

/// An error of a store. Cheap to move.
pub struct Error(Box<Fault>);

struct Fault {
    kind: ErrorKind,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What the functions of this crate answer.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        Error(Box::new(Fault { kind, message: message.into(), source: None }))
    }

    pub(crate) fn damaged(what: impl fmt::Display) -> Error {
        let message = format!("damaged store: {what}; restore a backup or run a repair");
        Error::new(ErrorKind::Damaged, message)
    }

    pub(crate) fn unreadable(path: &Path) -> Error {
        let message = format!(
            "nothing of {} can be read any more, not even by a repair; restore a backup",
            path.display()
        );
        Error::new(ErrorKind::Damaged, message)
    }

    pub(crate) fn invalid(reason: impl Into<String>) -> Error {
        Error::new(ErrorKind::InvalidRecord, reason)
    }

    pub(crate) fn id_changed() -> Error {
        Error::invalid("an update cannot change `_id`; put a new record")
    }

    pub(crate) fn io(doing: &str, path: &Path, source: io::Error) -> Error {
        let advice = advice_on(&source);
        let message = format!("cannot {doing} {}: {source}; {advice}", path.display());
        Error::new(ErrorKind::Io, message).caused_by(source)
    }

    pub(crate) fn caused_by(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Error {
        self.0.source = Some(source.into());
        self
    }

    /// What to do about it.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The operating system's own error behind it, where there is one.
    pub fn io_error(&self) -> Option<&io::Error> {
        io_within(self.0.source.as_deref().map(|source| source as _))
    }

    /// The fault in the query, if that is what it is.
    pub fn query(&self) -> Option<&filedex_query::Error> {
        let source = self.0.source.as_ref().filter(|_| self.0.kind == ErrorKind::Query);
        source?.downcast_ref()
    }
}

/// What is left to do about an error of the disk that says nothing more.
pub(crate) const LAST_ADVICE: &str = "look at the disk, then open the store again";

/// What to do about an error of the operating system.
pub(crate) fn advice_on(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "let this user read and write the store's directory",
        io::ErrorKind::ReadOnlyFilesystem => {
            "a store is opened where it can be written: copy it there"
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "free some space and try again"
        }
        io::ErrorKind::NotFound | io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => {
            "look at the path"
        }
        _ => LAST_ADVICE,
    }
}

/// What the fault of a query is to a host: most often that, sometimes the host's own word to stop.
impl From<&filedex_query::Error> for ErrorKind {
    fn from(error: &filedex_query::Error) -> ErrorKind {
        match error.limit_name() {
            _ if error.code() == Code::INTERRUPTED => ErrorKind::Cancelled,
            Some("allowance") => ErrorKind::Costly,
            _ => ErrorKind::Query,
        }
    }
}

impl From<filedex_query::Error> for Error {
    fn from(error: filedex_query::Error) -> Error {
        Error::new(ErrorKind::from(&error), error.to_string()).caused_by(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.0.kind, self.0.message)
    }
}

/// What lies behind what the message says already.
impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        unsaid(&self.0.message, self.0.source.as_deref().map(|source| source as _))
    }
}

/// The first of an error and its causes whose words the message does not have.
#[doc(hidden)]
pub fn unsaid<'e>(
    message: &str,
    cause: Option<&'e (dyn StdError + 'static)>,
) -> Option<&'e (dyn StdError + 'static)> {
    let mut cause = cause;
    while let Some(said) = cause.filter(|cause| message.contains(&cause.to_string())) {
        cause = said.source();
    }
    cause
}

/// The operating system's error among an error and its causes.
#[doc(hidden)]
pub fn io_within<'e>(cause: Option<&'e (dyn StdError + 'static)>) -> Option<&'e io::Error> {
    let mut cause = cause;
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref() {
            return Some(error);
        }
        cause = error.source();
    }
    None
}
