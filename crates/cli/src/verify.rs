//! `filedex verify`: are the lists and counts of a store what its records say?

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use filedex::Filedex;

use crate::failure::Failure;
use crate::progress;
use crate::report;

/// Reads every record and checks every list, count and checksum. Changes nothing.
///
/// Prints a report as JSON. Exit status 3 where there are problems.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The directory of the store.
    #[arg(long, value_name = "DIR")]
    db: PathBuf,
}

pub(crate) fn run(arguments: &Arguments, out: &mut dyn Write) -> Result<(), Failure> {
    let index = Filedex::options().create(false).open(&arguments.db)?;
    index.recoveries().iter().for_each(|done| eprintln!("on opening: {done}"));
    let report = progress::of_records(|progress| index.verify(progress))?;
    report::print(out, &report)?;
    index.close()?;
    if report.is_clean() {
        return Ok(());
    }
    let (db, problems) = (arguments.db.display(), report.problems.len());
    Err(Failure::Store(format!(
        "{db}: {problems} problems; run `filedex repair`, or restore a backup"
    )))
}
