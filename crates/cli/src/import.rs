//! `filedex import`: JSON lines or a JSON array into a store.
//!
//! A bad document is reported and counted, the rest goes in. This file knows no storage beyond the
//! handle.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use filedex::{ErrorKind, Filedex, Tally};
use filedex_query::{Document, Value};
use indicatif::ProgressBar;

use crate::failure::Failure;
use crate::input::{self, Place};
use crate::progress;

/// Puts records from a file into a store: JSON lines or one JSON array, plain or Extended JSON.
///
/// Every record needs an `_id`, a non-empty string; an object id becomes its 24 digits. A record
/// that is there already is replaced. Bad ones are reported by line and counted; then the exit
/// status is 1. A backup can be read, too: its trailer tells whether records are missing.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The directory of the store, made if it is not there.
    #[arg(long, value_name = "DIR")]
    db: PathBuf,
    /// The file to read, - for standard input.
    #[arg(value_name = "FILE")]
    file: String,
}

/// Records a commit takes at most.
const BATCH: usize = 100;

pub(crate) fn run(arguments: &Arguments, out: &mut dyn Write) -> Result<(), Failure> {
    let mut input = input::open(&arguments.file)?;
    let index = Filedex::options().create(true).open(&arguments.db)?;
    let mut import = Import::new(&index);
    let read = input::each_document(&mut input, &arguments.file, &mut |place, document| {
        import.take(place, document)
    });
    let done = read.and_then(|()| import.commit());
    import.bar.finish_and_clear();
    let Tally { inserted, replaced, unchanged, .. } = import.tally;
    let bad = import.bad;
    writeln!(out, "{inserted} inserted, {replaced} replaced, {unchanged} unchanged, {bad} bad")?;
    done?;
    index.close()?;
    if bad > 0 { Err(Failure::Incomplete) } else { Ok(()) }
}

struct Import<'a> {
    index: &'a Filedex,
    waiting: Vec<(Place, Document)>,
    tally: Tally,
    bad: u64,
    bar: ProgressBar,
}

impl Import<'_> {
    fn new(index: &Filedex) -> Import<'_> {
        let bar = progress::counter("records");
        Import { index, waiting: Vec::new(), tally: Tally::default(), bad: 0, bar }
    }

    fn take(&mut self, place: Place, document: Result<Document, String>) -> Result<(), Failure> {
        match document {
            Ok(document) if document.len() == 1 && document.contains("$backup") => {
                self.check(place, &document);
            }
            Ok(document) => self.waiting.push((place, with_text_id(document))),
            Err(reason) => self.reject(place, &reason),
        }
        if self.waiting.len() < BATCH { Ok(()) } else { self.commit() }
    }

    /// The last line of a backup is no record; it says how many there are.
    fn check(&mut self, place: Place, trailer: &Document) {
        let Tally { inserted, replaced, unchanged, .. } = self.tally;
        let came = inserted + replaced + unchanged + self.bad + self.waiting.len() as u64;
        let records = trailer.get("$backup").and_then(|backup| match backup {
            Value::Document(backup) => backup.get("records").cloned(),
            _ => None,
        });
        if records != Some(Value::integer(came.cast_signed())) {
            self.reject(
                place,
                &format!("the backup is not whole: {came} records came before its end"),
            );
        }
    }

    /// Puts what waits. Where a record of it is refused, puts them one by one to learn which.
    fn commit(&mut self) -> Result<(), Failure> {
        let waiting = std::mem::take(&mut self.waiting);
        let number = waiting.len() as u64;
        match self.index.put_many(waiting.iter().map(|(_, document)| document.clone())) {
            Ok(tally) => self.count(tally),
            Err(error) if error.kind() == ErrorKind::InvalidRecord => {
                for (place, document) in waiting {
                    self.put(place, document)?;
                }
            }
            Err(error) => return Err(error.into()),
        }
        self.bar.inc(number);
        Ok(())
    }

    fn put(&mut self, place: Place, document: Document) -> Result<(), Failure> {
        match self.index.put_many([document]) {
            Ok(tally) => self.count(tally),
            Err(error) if error.kind() == ErrorKind::InvalidRecord => {
                self.reject(place, &error.to_string());
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    fn count(&mut self, tally: Tally) {
        self.tally.inserted += tally.inserted;
        self.tally.replaced += tally.replaced;
        self.tally.unchanged += tally.unchanged;
    }

    fn reject(&mut self, place: Place, reason: &str) {
        self.bad += 1;
        self.bar.suspend(|| eprintln!("{place}: {reason}"));
    }
}

/// Exports of other collections have object ids where a store has text.
fn with_text_id(mut document: Document) -> Document {
    if let Some(Value::ObjectId(id)) = document.get("_id") {
        let text = id.to_hex();
        document.set("_id", text);
    }
    document
}
