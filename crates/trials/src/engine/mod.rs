//! A store under trial, whichever engine is inside.

mod filedex;
#[cfg(feature = "redb")]
mod redb;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::error::Error;
use std::fmt;
use std::path::Path;

use filedex_query::Document;

use crate::script::Step;

/// Which engine a trial is run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Kind {
    Filedex,
    #[cfg(feature = "redb")]
    Redb,
    #[cfg(feature = "sqlite")]
    Sqlite,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Filedex => "filedex",
            #[cfg(feature = "redb")]
            Kind::Redb => "redb",
            #[cfg(feature = "sqlite")]
            Kind::Sqlite => "sqlite",
        })
    }
}

/// What a write promises when it returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Promise {
    /// Nothing is lost, not even by a power cut.
    Durable,
    /// Nothing is lost by a kill.
    Interval,
    /// The newest writes may be lost; some single puts ask for more.
    Relaxed,
}

impl fmt::Display for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Promise::Durable => "durable",
            Promise::Interval => "interval",
            Promise::Relaxed => "relaxed",
        })
    }
}

impl Promise {
    pub(crate) fn parse(name: &str) -> Option<Promise> {
        [Promise::Durable, Promise::Interval, Promise::Relaxed]
            .into_iter()
            .find(|promise| promise.to_string() == name)
    }
}

/// Bytes of memory for a store: little or plenty, by any number.
pub(crate) fn memory(number: u64) -> u64 {
    if number.is_multiple_of(2) { 128 << 10 } else { 8 << 20 }
}

/// A failure that the engine told, with the kind that a host would decide by.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) kind: String,
    pub(crate) message: String,
}

impl Failure {
    /// A failure of an engine that knows one kind only.
    #[cfg(any(feature = "redb", feature = "sqlite"))]
    pub(crate) fn other(error: impl fmt::Display) -> Failure {
        Failure { kind: "Error".to_owned(), message: error.to_string() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.message)
    }
}

impl Error for Failure {}

/// An open store.
pub(crate) trait Engine: Send + Sync {
    /// Does the step; says what was promised about it.
    fn apply(&self, step: Step) -> Result<Promise, Failure>;

    /// Shows every record once.
    fn records(&self, show: &mut dyn FnMut(&Document)) -> Result<(), Failure>;

    /// What is wrong inside.
    fn verify(&self) -> Result<Vec<String>, Failure>;

    /// Everything that a host may be told, as bytes: the same for the same records.
    fn answers(&self) -> Result<Vec<u8>, Failure>;

    /// Lets go of the store in good order.
    fn close(self: Box<Self>) -> Result<(), Failure>;
}

/// Opens or makes a store. `cache_bytes` is the memory it may use; one with little moves its content
/// about more often.
pub(crate) fn open(
    kind: Kind,
    path: &Path,
    promise: Promise,
    cache_bytes: u64,
) -> Result<Box<dyn Engine>, Failure> {
    match kind {
        Kind::Filedex => filedex::open(path, promise, cache_bytes),
        #[cfg(feature = "redb")]
        Kind::Redb => redb::open(path, promise),
        #[cfg(feature = "sqlite")]
        Kind::Sqlite => sqlite::open(path, promise),
    }
}
