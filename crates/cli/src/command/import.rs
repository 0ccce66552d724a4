//! `filedex import`: the records of a file into a store.
//!
//! What a file is and how its records are read is the library's; this file prints what became of it.

use clap::{Args, ValueEnum};
use filedex::{ErrorKind, ImportFrom, ImportOptions, ImportReport, Tally};

use crate::failure::Failure;
use crate::session::Session;
use crate::store::Store;

/// Puts the records of a file into a store, whatever export, dump or reply the file is.
///
/// A file is recognised by what is in it, unpacked from gzip and UTF-16 first:
///
///   JSON lines, JSON over many lines, JSON arrays: mongoexport in every form, EJSON.stringify
///   replies of Rocket.Chat, Zipline and Filedex saved to a file, one page or many
///   Zipline's own export, rows of its table as JSON or CSV
///   mongodump: a .bson file, or an archive (of it, rocketchat_uploads)
///   CSV and rows with tabs, with a first line of names
///
/// Every record needs an `_id`, a text that isn't empty. A record that is there already is replaced.
/// Known fields take their types: object ids (`_id`, `rid`, `userId`, ..) become their 24 digits, dates
/// may be text or milliseconds, sizes may be text; `user` as in replies becomes `userId`; where `typeGroup`
/// is missing it is made of `type`. Rows of Zipline take the index's names: `id` is `_id`, `createdAt` is
/// `uploadedAt`, `updatedAt` is `_updatedAt`, `mimetype` is `type`, `expiresAt` is `deletesAt`.
///
/// Bad records are left out and counted, the first of them told with line, id and field; then the exit
/// status is 1. A backup can be read, too: its trailer tells whether records are missing.
#[derive(Args, Debug)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Examples:
  filedex import --db uploads.filedex export.jsonl
  gzip -dc uploads.bson.gz | filedex import --db uploads.filedex -
  filedex import --db uploads.filedex --from zipline --owner u1 zipline.json"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) store: Store,
    /// Whose records they are.
    #[arg(long, value_enum, default_value_t = From::Guess)]
    from: From,
    /// Keep fields as they come: no types, no names, no `typeGroup` is changed. `_id` must be a text
    /// or an object id all the same.
    #[arg(long)]
    as_is: bool,
    /// Leave `typeGroup` missing where it is missing.
    #[arg(long)]
    no_type_group: bool,
    /// The owner of records that name none, as Zipline's replies do.
    #[arg(long, value_name = "USER")]
    owner: Option<String>,
    /// The collection to read of a mongodump archive.
    #[arg(long, value_name = "NAME", default_value = "rocketchat_uploads")]
    collection: String,
    /// How many bad records are told of; all are counted.
    #[arg(long, value_name = "N", default_value_t = 20)]
    faults: usize,
    /// The file to read, - for standard input.
    #[arg(value_name = "FILE")]
    pub(crate) file: String,
}

/// Whose records a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum From {
    /// Seen record by record.
    Guess,
    /// `_id`, `uploadedAt`, `rid`.
    #[value(name = "rocketchat")]
    RocketChat,
    /// `id`, `createdAt`, `updatedAt`.
    Zipline,
}

pub(crate) fn run(arguments: &Arguments, session: &mut Session<'_>) -> Result<(), Failure> {
    let options = options(arguments).cancel(session.cancel.clone());
    // A file that cannot be read makes no store.
    let file = session.read(&arguments.file)?;
    let index = session.open_or_make(&arguments.store, true)?;
    let (progress, mut all) = (&mut session.progress, 0);
    let imported = index.import_watched(file, &options, &mut |done| {
        all += done;
        progress.step("records", all, None);
    });
    progress.end();
    let report = imported.map_err(|error| match error.kind() {
        ErrorKind::InvalidRecord => {
            Failure::Other(format!("{}: {error}; nothing was imported", arguments.file))
        }
        _ => error.into(),
    })?;
    tell(&report, session);
    let Tally { inserted, replaced, unchanged, .. } = report.tally;
    let bad = report.bad;
    writeln!(
        session.out,
        "{inserted} inserted, {replaced} replaced, {unchanged} unchanged, {bad} bad"
    )?;
    index.close()?;
    if bad > 0 { Err(Failure::Incomplete) } else { Ok(()) }
}

fn tell(report: &ImportReport, session: &mut Session<'_>) {
    report.faults.iter().for_each(|fault| session.tell(fault));
    let more = report.bad - report.faults.len() as u64;
    if more > 0 {
        session.tell(format_args!("and {more} more"));
    }
}

fn options(arguments: &Arguments) -> ImportOptions {
    let from = match arguments.from {
        From::Guess => ImportFrom::Guess,
        From::RocketChat => ImportFrom::RocketChat,
        From::Zipline => ImportFrom::Zipline,
    };
    let options = ImportOptions::default()
        .from(from)
        .as_is(arguments.as_is)
        .type_groups(!arguments.no_type_group)
        .collection(arguments.collection.as_str())
        .faults(arguments.faults);
    match &arguments.owner {
        Some(owner) => options.owner(owner.as_str()),
        None => options,
    }
}
