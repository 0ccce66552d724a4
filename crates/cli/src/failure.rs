//! Why a command ends early, and the exit status and words that go with it.

use std::fmt::Display;
use std::io::{self, Write};

use filedex::ErrorKind;

/// The end of a command that did not do all of its work.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A query, projection or sort that means nothing. Exit status 2.
    Query(filedex_query::Error),
    /// Arguments that do not say what is to be done. Exit status 2.
    Arguments(String),
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

    /// Says what went wrong and gives the exit status.
    pub(crate) fn report(&self, err: &mut dyn Write) -> u8 {
        let (status, words) = match self {
            Failure::Query(error) => (2, told(error)),
            Failure::Arguments(words) => (2, format!("filedex: {words}\n")),
            Failure::Store(words) => (3, format!("filedex: {words}\n")),
            // A reader that has seen enough, such as `head`, is no failure.
            Failure::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => return 0,
            Failure::Output(error) => (1, format!("filedex: standard output: {error}\n")),
            Failure::Other(words) => (1, format!("filedex: {words}\n")),
            Failure::Incomplete => return 1,
        };
        let _nobody_listens = err.write_all(words.as_bytes());
        status
    }
}

/// A fault of a query: for programs on the first line; for people the line that is wrong, and where.
fn told(error: &filedex_query::Error) -> String {
    let shown = error.place().map(|place| format!("{}\n", place.shown())).unwrap_or_default();
    let code = error.code();
    let (error, name) = (error.to_string(), serde_json::Value::from(code.name()));
    let error = serde_json::Value::from(error);
    // By hand, because the order of the keys is part of the answer.
    format!("{{\"error\":{error},\"code\":{},\"codeName\":{name}}}\n{shown}", code.0)
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
            ErrorKind::AlreadyOpen => Failure::Store(format!(
                "{error}; commands reach the store of `filedex serve --admin SOCKET` by --admin SOCKET"
            )),
            ErrorKind::Missing
            | ErrorKind::NotAStore
            | ErrorKind::Damaged
            | ErrorKind::OlderFormat
            | ErrorKind::NewerFormat => Failure::Store(error.to_string()),
            _ => Failure::Other(error.to_string()),
        }
    }
}
