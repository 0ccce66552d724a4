//! `filedex repair`: the lists and counts of a store built anew from its records.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use filedex::Filedex;

use crate::failure::Failure;
use crate::progress;
use crate::report;

/// Builds the lists and counts of a store anew from its records.
///
/// Also where the store does not open any more. What cannot be read is kept in a file `quarantine.<n>`
/// in its directory, a line of JSON each. Takes the store's space once more meanwhile; a repair that is
/// interrupted changes nothing.
///
/// Prints a report as JSON. Exit status 1 where not everything could be kept.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The directory of the store.
    #[arg(value_name = "STORE")]
    store: PathBuf,
}

pub(crate) fn run(arguments: &Arguments, out: &mut dyn Write) -> Result<(), Failure> {
    let repair = progress::of_records(|progress| Filedex::repair(&arguments.store, progress))?;
    report::print(out, &repair)?;
    if repair.is_whole() { Ok(()) } else { Err(Failure::Incomplete) }
}
