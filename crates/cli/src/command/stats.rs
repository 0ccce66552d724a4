//! `filedex stats`: what a store holds.

use clap::Args;

use crate::answer::Format;
use crate::failure::Failure;
use crate::report;
use crate::session::Session;
use crate::store::Store;

/// Prints how many records, rooms and users a store holds, and its size on disk.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  filedex stats --db uploads.filedex
  filedex stats --db uploads.filedex --format table")]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) store: Store,
    /// The form of the report: a table at a terminal, else JSON.
    #[arg(long, value_enum)]
    format: Option<Format>,
}

pub(crate) fn run(arguments: &Arguments, session: &mut Session<'_>) -> Result<(), Failure> {
    let index = session.open(&arguments.store)?;
    let stats = index.stats_within(&session.watch())?;
    report::print(session, arguments.format, &stats)?;
    index.close()
}
