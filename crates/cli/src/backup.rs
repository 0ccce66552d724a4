//! `filedex backup`: every record of a store to a file that tells whether it is whole.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use filedex::Filedex;

use crate::failure::Failure;
use crate::progress;

/// Writes every record to a file, all from one moment, as canonical Extended JSON lines.
///
/// The last line holds the number of records and a checksum; `restore` goes by it. The file is made
/// whole or not at all, in place of one that stands there.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The directory of the store.
    #[arg(value_name = "STORE")]
    store: PathBuf,
    /// The file to write.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub(crate) fn run(arguments: &Arguments, out: &mut dyn Write) -> Result<(), Failure> {
    let index = Filedex::options().create(false).open(&arguments.store)?;
    let backup = progress::of_records(|progress| index.backup(&arguments.file, progress))?;
    index.close()?;
    writeln!(out, "{} records, sha256 {}", backup.records, backup.sha256)?;
    Ok(())
}
