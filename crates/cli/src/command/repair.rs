//! `filedex repair`: the lists and counts of a store built anew from its records.

use clap::Args;
use filedex::Filedex;

use crate::answer::Format;
use crate::failure::Failure;
use crate::report;
use crate::session::Session;
use crate::store::Directory;

/// Builds the lists and counts of a store anew from its records.
///
/// Also where the store does not open any more. What cannot be read is kept in a file `quarantine.<n>`
/// in its directory, a line of JSON each. Takes the store's space once more meanwhile; a repair that is
/// interrupted changes nothing.
///
/// Prints a report. Exit status 1 where not everything could be kept.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  filedex repair --db uploads.filedex")]
pub(crate) struct Arguments {
    #[command(flatten)]
    store: Directory,
    /// The form of the report: a table at a terminal, else JSON.
    #[arg(long, value_enum)]
    format: Option<Format>,
}

pub(crate) fn run(arguments: &Arguments, session: &mut Session<'_>) -> Result<(), Failure> {
    let path = arguments.store.path();
    let repair = session.of_records(|progress| Filedex::repair(path, progress))?;
    report::print(session, arguments.format, &repair)?;
    if repair.is_whole() { Ok(()) } else { Err(Failure::Incomplete) }
}
