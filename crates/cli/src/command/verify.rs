//! `filedex verify`: are the lists and counts of a store what its records say?

use clap::Args;

use crate::answer::Format;
use crate::failure::Failure;
use crate::report;
use crate::session::Session;
use crate::store::Store;

/// Reads every record and checks every list, count and checksum. Changes nothing.
///
/// Prints a report. Exit status 3 where there are problems.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  filedex verify --db uploads.filedex")]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) store: Store,
    /// The form of the report: a table at a terminal, else JSON.
    #[arg(long, value_enum)]
    format: Option<Format>,
}

pub(crate) fn run(arguments: &Arguments, session: &mut Session<'_>) -> Result<(), Failure> {
    let index = session.open(&arguments.store)?;
    index.recoveries().iter().for_each(|done| session.tell(format_args!("on opening: {done}")));
    let watch = session.watch();
    let report = session.of_records(|progress| index.verify_within(&watch, progress))?;
    report::print(session, arguments.format, &report)?;
    index.close()?;
    if report.is_clean() {
        return Ok(());
    }
    let problems = report.problems.len();
    let advice = "run `filedex repair`, or restore a backup";
    Err(Failure::Store(format!("{}: {problems} problems; {advice}", arguments.store.shown())))
}
