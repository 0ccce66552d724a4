//! `filedex restore`: a backup to a store at a new place.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use filedex::Filedex;

use crate::failure::Failure;
use crate::progress;

/// Makes a store of a backup, at a path where nothing is.
///
/// The backup's number of records and checksum are looked at first. A restore that was interrupted
/// goes on where it was when it is started again.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The file that `backup` wrote.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The directory of the store to make.
    #[arg(value_name = "STORE")]
    store: PathBuf,
}

pub(crate) fn run(arguments: &Arguments, out: &mut dyn Write) -> Result<(), Failure> {
    let backup = progress::of_records(|progress| {
        Filedex::restore(&arguments.file, &arguments.store, progress)
    });
    writeln!(out, "{} records", backup?.records)?;
    Ok(())
}
