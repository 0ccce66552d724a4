//! What servers and their driver say, as a host of an index hears it.
//!
//! A server's own words name collections and hosts: they stay behind `source()`, for the host's log.

use filedex::{Code, Error, ErrorKind, QueryError};
use mongodb::error::{Error as DriverError, ErrorKind as DriverKind};

/// What becomes of a question that a server did not answer.
pub(crate) enum Failure {
    /// It may be asked again as it is.
    Transient(Error),
    /// The server does not take it; it may take less.
    Refused(Error),
    /// That is how it ends.
    Final(Error),
}

impl Failure {
    pub(crate) fn into_error(self) -> Error {
        match self {
            Failure::Transient(error) | Failure::Refused(error) | Failure::Final(error) => error,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Final(error)
    }
}

impl From<QueryError> for Failure {
    fn from(error: QueryError) -> Failure {
        Failure::Final(error.into())
    }
}

/// Codes of a server that is about to be another one: stepping down, shutting down, not yet there.
const MOVING: [i32; 8] = [91, 112, 189, 251, 10_107, 11_602, 13_435, 13_436];

/// Two have put in the first of an id at once.
const DUPLICATE: i32 = 11_000;

impl From<DriverError> for Failure {
    fn from(error: DriverError) -> Failure {
        let code = code(&error);
        let is_transient = error.contains_label("TransientTransactionError")
            || error.contains_label("RetryableWriteError")
            || code.is_some_and(|code| MOVING.contains(&code) || code == DUPLICATE)
            || matches!(&*error.kind, DriverKind::Io(_) | DriverKind::ConnectionPoolCleared { .. });
        let is_refused = matches!(&*error.kind, DriverKind::Command(_));
        let (known, error) = (is_known(code), of(error));
        match (is_transient, is_refused && !known) {
            (true, _) => Failure::Transient(error),
            (_, true) => Failure::Refused(error),
            _ => Failure::Final(error),
        }
    }
}

/// The driver's error as one of an index.
pub(crate) fn of(error: DriverError) -> Error {
    match code(&error) {
        Some(50 | 262) => {
            return QueryError::limit("time", "the time that the server was given")
                .with_code(Code::MAX_TIME_MS_EXPIRED)
                .into();
        }
        Some(11_600 | 11_601) => {
            return Error::new(ErrorKind::Cancelled, "cancelled by the server").caused_by(error);
        }
        Some(239 | 246) => {
            let message = "the servers no longer keep what there was at that moment";
            return Error::new(ErrorKind::SnapshotEnded, message).caused_by(error);
        }
        Some(292) => {
            return QueryError::limit("sort_bytes", "the memory that the server sorts in").into();
        }
        _ => {}
    }
    let message = match &*error.kind {
        DriverKind::InvalidArgument { .. } => {
            "the address or an option of it is none of MongoDB's".to_owned()
        }
        DriverKind::Authentication { .. } => "the servers don't let this user in".to_owned(),
        DriverKind::ServerSelection { .. } => {
            "no server can be reached; look at the address and the network".to_owned()
        }
        DriverKind::DnsResolve { .. } => "the address of the servers can't be resolved".to_owned(),
        DriverKind::Io(_) | DriverKind::ConnectionPoolCleared { .. } => {
            "the connection to the server broke".to_owned()
        }
        _ => match code(&error) {
            Some(code) => format!("the server refused, with code {code}"),
            None => "the driver could not do it".to_owned(),
        },
    };
    Error::new(ErrorKind::Io, message).caused_by(error)
}

fn is_known(code: Option<i32>) -> bool {
    // What another question would end with, too: time, moment, cancelled, memory, rights.
    matches!(code, Some(13 | 18 | 50 | 239 | 246 | 262 | 292 | 11_600 | 11_601))
}

/// One of many writes that a server refused with that code.
#[derive(Debug)]
pub(crate) struct WriteRefused(pub(crate) i32);

/// The code of a server's answer, if it is one.
pub(crate) fn code(error: &DriverError) -> Option<i32> {
    if let Some(WriteRefused(code)) = error.get_custom::<WriteRefused>() {
        return Some(*code);
    }
    match &*error.kind {
        DriverKind::Command(command) => Some(command.code),
        DriverKind::Write(mongodb::error::WriteFailure::WriteError(error)) => Some(error.code),
        DriverKind::Write(mongodb::error::WriteFailure::WriteConcernError(error)) => {
            Some(error.code)
        }
        _ => None,
    }
}
