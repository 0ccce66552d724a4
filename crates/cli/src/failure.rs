//! Why a command ends early, and the exit status and words that go with it.

use std::fmt::Display;
use std::io;
use std::process::ExitCode;

use filedex::ErrorKind;

/// The end of a command that did not do all of its work.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A query, projection or sort that means nothing. Exit status 2.
    Query(filedex_query::Error),
    /// The store cannot be opened or read. Exit status 3.
    Store(String),
    /// Standard output cannot be written.
    Output(io::Error),
    /// Anything else, in words. Exit status 1.
    Other(String),
    /// Some of the work was left out and each case is reported already. Exit status 1.
    Incomplete,
}

impl Failure {
    /// A failure at a file or address of the operating system.
    pub(crate) fn at(place: impl Display, cause: impl Display) -> Failure {
        Failure::Other(format!("{place}: {cause}"))
    }

    /// Says on standard error what went wrong and gives the exit status.
    pub(crate) fn report(&self) -> ExitCode {
        match self {
            Failure::Query(error) => {
                let shown = error.place().map(|place| place.shown().to_owned());
                let (error, code) = (error.to_string(), error.code());
                let error = serde_json::Value::from(error);
                let name = serde_json::Value::from(code.name());
                // By hand, because the order of the keys is part of the answer.
                eprintln!(r#"{{"error":{error},"code":{},"codeName":{name}}}"#, code.0);
                // For people: the line, and where in it.
                if let Some(shown) = shown {
                    eprintln!("{shown}");
                }
                ExitCode::from(2)
            }
            Failure::Store(words) => {
                eprintln!("filedex: {words}");
                ExitCode::from(3)
            }
            // A reader that has seen enough, such as `head`, is no failure.
            Failure::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                ExitCode::SUCCESS
            }
            Failure::Output(error) => {
                eprintln!("filedex: standard output: {error}");
                ExitCode::FAILURE
            }
            Failure::Other(words) => {
                eprintln!("filedex: {words}");
                ExitCode::FAILURE
            }
            Failure::Incomplete => ExitCode::FAILURE,
        }
    }
}

impl From<filedex_query::Error> for Failure {
    fn from(error: filedex_query::Error) -> Failure {
        Failure::Query(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Output(error)
    }
}

impl From<filedex::Error> for Failure {
    fn from(error: filedex::Error) -> Failure {
        if let Some(query) = error.query() {
            return Failure::Query(query.clone());
        }
        match error.kind() {
            ErrorKind::Missing
            | ErrorKind::NotAStore
            | ErrorKind::AlreadyOpen
            | ErrorKind::Damaged
            | ErrorKind::OlderFormat
            | ErrorKind::NewerFormat => Failure::Store(error.to_string()),
            _ => Failure::Other(error.to_string()),
        }
    }
}
