//! `filedex compact`: a store written anew, as small as it can be.

use clap::Args;
use filedex::Filedex;

use crate::failure::Failure;
use crate::session::Session;
use crate::store::Directory;

/// Writes a store anew, so that what changes and removals left behind takes no space.
///
/// Takes the store's space once more meanwhile; one that is interrupted changes nothing.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  filedex compact --db uploads.filedex")]
pub(crate) struct Arguments {
    #[command(flatten)]
    store: Directory,
}

pub(crate) fn run(arguments: &Arguments, session: &mut Session<'_>) -> Result<(), Failure> {
    let path = arguments.store.path();
    let compaction = session.of_records(|progress| Filedex::compact(path, progress))?;
    let (before, after) = (compaction.bytes_before, compaction.bytes_after);
    let records = compaction.records;
    writeln!(session.out, "{records} records, {before} bytes before, {after} after")?;
    Ok(())
}
