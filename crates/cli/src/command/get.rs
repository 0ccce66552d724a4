//! `filedex get`: records by their ids.

use clap::Args;
use filedex_query::Document;
use filedex_query::ejson::{self, Form};

use crate::answer::{self, Format, Rows};
use crate::failure::Failure;
use crate::session::Session;
use crate::store::Store;

/// Shows the records of those ids.
///
/// At a terminal a row for each field; else one record a line, as `export` prints it. Exit status 1 where an
/// id has no record.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  filedex get --db uploads.filedex 666fdecb4ac1a8e6404ededd
  filedex get --db uploads.filedex --format csv 666fdecb4ac1a8e6404ededd cmb60pvng00039kentdaw6p69")]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) store: Store,
    /// The form of the answer.
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// The ids of the records.
    #[arg(value_name = "ID", required = true)]
    ids: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments, session: &mut Session<'_>) -> Result<(), Failure> {
    let index = session.open(&arguments.store)?;
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for id in &arguments.ids {
        match index.get_document(id)? {
            Some(document) => found.push(document),
            None => missing.push(id),
        }
    }
    index.close()?;
    print(&found, arguments.format, session)?;
    for id in &missing {
        session.tell(format_args!("{id:?}: no such record"));
    }
    if missing.is_empty() { Ok(()) } else { Err(Failure::Incomplete) }
}

fn print(
    found: &[Document],
    asked: Option<Format>,
    session: &mut Session<'_>,
) -> Result<(), Failure> {
    let usual = if session.terminal.is_some() { Format::Table } else { Format::Jsonl };
    match asked.unwrap_or(usual) {
        Format::Json => {
            for document in found {
                let json =
                    ejson::to_text(filedex_query::ValueRef::Document(document.view()), Form::Plain);
                answer::indented(json.as_bytes(), session.out)?;
            }
        }
        Format::Jsonl => {
            for document in found {
                answer::line(document, Form::Relaxed, session.out)?;
            }
        }
        Format::Table => {
            for document in found {
                Rows::of_fields(document).print(Format::Table, session)?;
            }
        }
        format => Rows::all(found).print(format, session)?,
    }
    Ok(())
}
