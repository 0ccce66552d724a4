//! `filedex update`: records changed by MongoDB's update language, by their ids or by a query.

use clap::Args;
use filedex::{Change, Filedex, Put};
use filedex_query::Environment;
use filedex_query::ejson::{self, Form};
use filedex_query::shell;

use crate::chosen::Chosen;
use crate::failure::Failure;
use crate::session::Session;

/// Changes the records of those ids, or all that match.
///
/// Without an id or a question nothing is changed; --query '{}' changes everything. A record that the change
/// does not fit ends the command; those before it are changed.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  filedex update --db uploads.filedex --query '{name: /\\.heic$/i}' --change '{$set: {typeGroup: \"image\"}}'
  filedex update --db uploads.filedex --change '{$inc: {views: 1}}' cmb60pvng00039kentdaw6p69")]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) chosen: Chosen,
    /// What becomes of each record: an object of update operators, a whole record, or an array of stages.
    #[arg(long, value_name = "JSON")]
    change: String,
    /// Which elements `$[name]` in the change stands for: [{"name.field": 1}].
    #[arg(long, value_name = "JSON")]
    array_filters: Option<String>,
    /// Make the records of ids that there are not.
    #[arg(long, requires = "ids")]
    upsert: bool,
}

pub(crate) fn run(arguments: &Arguments, session: &mut Session<'_>) -> Result<(), Failure> {
    let chosen = &arguments.chosen;
    let environment = chosen.environment()?;
    let change = change(arguments, &environment)?;
    let index = session.open(&chosen.store)?;
    let lookup = chosen.lookup(&index, &environment, session)?;
    if chosen.dry_run {
        writeln!(session.out, "{} match", lookup.total()?)?;
        return index.close();
    }
    let [changed, unchanged, inserted] = match arguments.upsert {
        true => upsert(&index, &chosen.ids, &change)?,
        false => {
            let told = |told: &mut dyn FnMut(u64)| {
                lookup.update_all_with(&change, &mut |done| told(done.matched))
            };
            let updates = session.of_matches(told)?;
            [updates.changed, updates.matched - updates.changed, 0]
        }
    };
    writeln!(session.out, "{changed} changed, {unchanged} unchanged, {inserted} inserted")?;
    index.close()
}

/// Changes records one by one, and makes those that there are not: how many are changed, unchanged, new.
fn upsert(index: &Filedex, ids: &[String], change: &Change) -> Result<[u64; 3], Failure> {
    let mut done = [0; 3];
    let [changed, unchanged, inserted] = &mut done;
    for id in ids {
        match index.update_with(id, change)? {
            Some(Put::Unchanged) => *unchanged += 1,
            Some(Put::Inserted) => *inserted += 1,
            Some(_) => *changed += 1,
            None => {}
        }
    }
    Ok(done)
}

/// People write changes as they write queries; the library reads JSON.
fn change(arguments: &Arguments, environment: &Environment) -> Result<Change, Failure> {
    let json = |text: &str| -> Result<String, Failure> {
        Ok(ejson::to_text(shell::read(text, environment)?.view(), Form::Canonical))
    };
    let mut change = Change::new(json(&arguments.change)?);
    if let Some(filters) = &arguments.array_filters {
        change = change.array_filters(json(filters)?);
    }
    Ok(if arguments.upsert { change.upsert() } else { change })
}
