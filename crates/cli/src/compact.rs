//! `filedex compact`: a store written anew, as small as it can be.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use filedex::Filedex;

use crate::failure::Failure;
use crate::progress;

/// Writes a store anew, so that what changes and removals left behind takes no space.
///
/// Takes the store's space once more meanwhile; one that is interrupted changes nothing.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The directory of the store.
    #[arg(value_name = "STORE")]
    store: PathBuf,
}

pub(crate) fn run(arguments: &Arguments, out: &mut dyn Write) -> Result<(), Failure> {
    let compaction = progress::of_records(|progress| Filedex::compact(&arguments.store, progress))?;
    let (before, after) = (compaction.bytes_before, compaction.bytes_after);
    writeln!(out, "{} records, {before} bytes before, {after} after", compaction.records)?;
    Ok(())
}
