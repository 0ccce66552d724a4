//! `filedex count`: how many records match.

use clap::Args;

use crate::failure::Failure;
use crate::question::Question;
use crate::session::Session;
use crate::store::Store;

/// Counts the records that match; without a question, all.
///
/// The number of a room, of a user or of everything, by typeGroup or not, is known without reading records.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  filedex count --db uploads.filedex
  filedex count --db uploads.filedex --room GENERAL --type-group image
  filedex count --db uploads.filedex --query '{size: {$gt: 1000000}}'")]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) store: Store,
    #[command(flatten)]
    question: Question,
}

pub(crate) fn run(arguments: &Arguments, session: &mut Session<'_>) -> Result<(), Failure> {
    let (index, lookup) = session.ask(&arguments.store, &arguments.question)?;
    writeln!(session.out, "{}", lookup.total()?)?;
    index.close()
}
