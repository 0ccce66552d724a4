//! `filedex restore`: a backup to a store at a new place.

use std::path::PathBuf;

use clap::Args;
use filedex::Filedex;

use crate::failure::Failure;
use crate::session::Session;
use crate::store::Directory;

/// Makes a store of a backup, at a path where nothing is.
///
/// The backup's number of records and checksum are looked at first. A restore that was interrupted
/// goes on where it was when it is started again.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  filedex restore uploads.backup --db restored.filedex")]
pub(crate) struct Arguments {
    /// The file that `backup` wrote.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    store: Directory,
}

pub(crate) fn run(arguments: &Arguments, session: &mut Session<'_>) -> Result<(), Failure> {
    let path = arguments.store.path();
    let backup =
        session.of_records(|progress| Filedex::restore(&arguments.file, path, progress))?;
    writeln!(session.out, "{} records", backup.records)?;
    Ok(())
}
