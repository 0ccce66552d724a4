//! `filedex repair`: the lists and counts of a store built anew from its records.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use filedex::Filedex;

use crate::failure::Failure;
use crate::progress;

/// Builds the lists and counts of a store anew from its records.
///
/// Also where the store does not open any more. What cannot be read is kept in a file `quarantine.<n>`
/// in its directory, a line of JSON each. Takes the store's space twice more meanwhile; a repair that is
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
    let bar = progress::bar("records", 0);
    let repair = Filedex::repair(&arguments.store, &mut |done, all| {
        bar.set_length(all);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let repair = repair?;
    serde_json::to_writer_pretty(&mut *out, &repair).map_err(std::io::Error::from)?;
    writeln!(out)?;
    if repair.is_whole() { Ok(()) } else { Err(Failure::Incomplete) }
}
