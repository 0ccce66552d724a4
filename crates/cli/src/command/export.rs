//! `filedex export`: every record of a store as lines.

use clap::{Args, ValueEnum};
use filedex::Lookup;
use filedex_query::ejson::Form;

use crate::answer::{self, Columns, Lines, cells};
use crate::failure::Failure;
use crate::question::Question;
use crate::session::Session;
use crate::store::Store;

/// Prints every record, or every one that matches, as one line of Extended JSON, as `import` and mongoimport
/// read it, or as a row.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  filedex export --db uploads.filedex > uploads.jsonl
  filedex export --db uploads.filedex --room GENERAL --format csv > general.csv")]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) store: Store,
    #[command(flatten)]
    question: Question,
    /// Tell every kind of number apart (canonical Extended JSON).
    #[arg(long)]
    canonical: bool,
    /// The form of the lines.
    #[arg(long, value_enum, default_value = "jsonl", conflicts_with = "canonical")]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// One record a line, Extended JSON.
    Jsonl,
    /// A line of names, then values divided by commas.
    Csv,
    /// A line of names, then values divided by tabs.
    Tsv,
}

pub(crate) fn run(arguments: &Arguments, session: &mut Session<'_>) -> Result<(), Failure> {
    let (index, lookup) = session.ask(&arguments.store, &arguments.question)?;
    let form = if arguments.canonical { Form::Canonical } else { Form::Relaxed };
    match arguments.format {
        Format::Jsonl => lines(&lookup, form, session)?,
        Format::Csv => rows(&lookup, b',', session)?,
        Format::Tsv => rows(&lookup, b'\t', session)?,
    }
    index.close()
}

fn lines(lookup: &Lookup, form: Form, session: &mut Session<'_>) -> Result<(), Failure> {
    for document in lookup.iter()? {
        answer::line(&document?, form, session.out)?;
    }
    Ok(())
}

/// Reads all twice, so that what a record holds need not be held until the last one has named its columns.
fn rows(lookup: &Lookup, delimiter: u8, session: &mut Session<'_>) -> Result<(), Failure> {
    let mut columns = Columns::default();
    for document in lookup.iter()? {
        columns.add(&document?);
    }
    let mut lines = Lines::begin(&columns.names, delimiter, &mut session.out)?;
    for document in lookup.iter()? {
        lines.add(&cells(&document?, &columns.names))?;
    }
    Ok(lines.end()?)
}
