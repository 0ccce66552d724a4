//! `filedex stats`: what a store holds.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use filedex::Filedex;

use crate::failure::Failure;
use crate::report;

/// Prints how many records, rooms and users a store holds, and its size on disk, as JSON.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The directory of the store.
    #[arg(long, value_name = "DIR")]
    db: PathBuf,
}

pub(crate) fn run(arguments: &Arguments, out: &mut dyn Write) -> Result<(), Failure> {
    let index = Filedex::options().create(false).open(&arguments.db)?;
    let stats = index.stats()?;
    report::print(out, &stats)?;
    index.close()?;
    Ok(())
}
