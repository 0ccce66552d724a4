//! `filedex remove`: records out of a store, by their ids or by a query.

use clap::Args;

use crate::chosen::Chosen;
use crate::failure::Failure;
use crate::session::Session;

/// Removes the records of those ids, or all that match.
///
/// Without an id or a question nothing is removed; --query '{}' removes everything. --dry-run tells how many
/// there are.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  filedex remove --db uploads.filedex --query '{deletesAt: {$lt: ISODate(\"2020-01-01\")}}' --dry-run
  filedex remove --db uploads.filedex --room 6630e42b72f069422b1022c1
  filedex remove --db uploads.filedex cmb60pvng00039kentdaw6p69")]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) chosen: Chosen,
}

pub(crate) fn run(arguments: &Arguments, session: &mut Session<'_>) -> Result<(), Failure> {
    let chosen = &arguments.chosen;
    let environment = chosen.environment()?;
    let index = session.open(&chosen.store)?;
    let lookup = chosen.lookup(&index, &environment, session)?;
    if chosen.dry_run {
        writeln!(session.out, "{} would be removed", lookup.total()?)?;
        return index.close();
    }
    let removed =
        session.of_matches(|told| lookup.remove_all_with(&mut |done| told(done.changed)))?;
    writeln!(session.out, "{removed} removed")?;
    index.close()
}
