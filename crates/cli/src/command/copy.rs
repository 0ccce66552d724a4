//! `filedex copy`: all records of one place into another, and on from where it was ended.

use std::fs::{File, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use filedex::{AsIs, Document, Filedex, Tally};
use filedex_query::ejson::Form;

use crate::answer;
use crate::failure::Failure;
use crate::place::{Access, Place, by_id, write_whole};
use crate::session::Session;

/// Puts every record of FROM into TO, as it is, in the order of ids. What else is in TO stays.
///
/// A place is the directory of a store, the address of a database (mongodb://HOST/DATABASE), or a file of
/// JSON lines. A record that is in TO already is replaced; where it is the same nothing is written, so
/// that a copy can be made again at any time. With --state it goes on where it was ended, killed or not.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  filedex copy uploads.filedex moved.filedex
  filedex copy --state copy.state uploads.filedex uploads.jsonl")]
pub(crate) struct Arguments {
    /// A file that remembers how far the copy has come; removed once it is done.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// The collection in a database that FROM is.
    #[arg(long, value_name = "NAME")]
    from_collection: Option<String>,
    /// The collection in a database that TO is.
    #[arg(long, value_name = "NAME")]
    to_collection: Option<String>,
    /// Where the records are.
    from: String,
    /// Where they are put.
    to: String,
}

/// Records between two notes of how far the copy has come.
const BATCH: usize = 1000;

pub(crate) fn run(arguments: &Arguments, session: &mut Session<'_>) -> Result<(), Failure> {
    let (from, to) = (Place::of(&arguments.from), Place::of(&arguments.to));
    if from == to && arguments.from_collection == arguments.to_collection {
        return Err(Failure::Other("FROM and TO are the same place".to_owned()));
    }
    let mut state = State::read(arguments)?;
    let source = from.open(arguments.from_collection.as_deref(), Access::Read, session)?;
    let mut target = Target::open(&to, arguments, &state, session)?;
    let file = arguments.state.as_deref();
    let tally =
        session.of_records(|progress| copy(&source, &mut target, &mut state, file, progress))?;
    target.close()?;
    if let Some(file) = &arguments.state {
        std::fs::remove_file(file).map_err(|error| Failure::at(file.display(), error))?;
    }
    let Tally { inserted, replaced, unchanged, .. } = tally;
    writeln!(
        session.out,
        "{} copied: {inserted} inserted, {replaced} replaced, {unchanged} unchanged",
        state.copied
    )?;
    source.close()?;
    Ok(())
}

fn copy(
    source: &Filedex,
    target: &mut Target,
    state: &mut State,
    file: Option<&Path>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Tally, Failure> {
    let (mut all, mut batch) = (Tally::default(), Vec::with_capacity(BATCH));
    let of = source.all().total()?;
    progress(state.copied, of);
    let mut records = by_id(source, state.after.as_deref())?;
    loop {
        batch.clear();
        for record in records.by_ref().take(BATCH) {
            batch.push(record?);
        }
        let Some(last) = batch.last() else { break };
        let after = last.get_str("_id").map(str::to_owned);
        if after.is_none() {
            return Err(Failure::Other("a record of FROM has an `_id` that is no text".to_owned()));
        }
        (state.after, state.copied) = (after, state.copied + batch.len() as u64);
        let tally = target.put(&mut batch)?;
        all.inserted += tally.inserted;
        all.replaced += tally.replaced;
        all.unchanged += tally.unchanged;
        if let Some(file) = file {
            // Only what is safe in its place may be noted as copied.
            state.bytes = target.settle()?;
            state.write(file)?;
        }
        progress(state.copied, of.max(state.copied));
    }
    if let Some(file) = file {
        state.bytes = target.settle()?;
        state.write(file)?;
    }
    Ok(all)
}

/// How far a copy has come.
#[derive(Debug, Default)]
struct State {
    from: String,
    to: String,
    /// The last id that is copied.
    after: Option<String>,
    copied: u64,
    /// The length of the file that is written, if it is one.
    bytes: u64,
}

impl State {
    fn read(arguments: &Arguments) -> Result<State, Failure> {
        let collected = |place: &str, collection: &Option<String>| match collection {
            Some(collection) => format!("{place} {collection}"),
            None => place.to_owned(),
        };
        let from = collected(&arguments.from, &arguments.from_collection);
        let to = collected(&arguments.to, &arguments.to_collection);
        let fresh = State { from, to, ..State::default() };
        let Some(file) = arguments.state.as_ref().filter(|file| file.exists()) else {
            return Ok(fresh);
        };
        let text = std::fs::read(file).map_err(|error| Failure::at(file.display(), error))?;
        let none = || Failure::at(file.display(), "no state of a copy; remove it to begin anew");
        let state: serde_json::Value = serde_json::from_slice(&text).map_err(|_| none())?;
        let word = |name: &str| state.get(name)?.as_str().map(str::to_owned);
        let number =
            |name: &str| state.get(name).and_then(serde_json::Value::as_u64).ok_or_else(none);
        if word("from").as_ref() != Some(&fresh.from) || word("to").as_ref() != Some(&fresh.to) {
            let sentence = "the state of a copy between other places; remove it to begin anew";
            return Err(Failure::at(file.display(), sentence));
        }
        Ok(State {
            after: word("after"),
            copied: number("copied")?,
            bytes: number("bytes")?,
            ..fresh
        })
    }

    fn write(&self, file: &Path) -> Result<(), Failure> {
        let State { from, to, after, copied, bytes } = self;
        let state = serde_json::json!({
            "from": from, "to": to, "after": after, "copied": copied, "bytes": bytes,
        });
        write_whole(file, state.to_string().as_bytes())
    }
}

/// Where records go.
enum Target {
    Index(Filedex),
    File { file: File, name: String, bytes: u64 },
}

impl Target {
    fn open(
        to: &Place,
        arguments: &Arguments,
        state: &State,
        session: &mut Session<'_>,
    ) -> Result<Target, Failure> {
        let Place::File(name) = to else {
            let collection = arguments.to_collection.as_deref();
            return Ok(Target::Index(to.open(collection, Access::Write, session)?));
        };
        let told = |error| Failure::at(name, error);
        let mut file =
            OpenOptions::new().create(true).truncate(false).write(true).open(name).map_err(told)?;
        // Behind what is noted there may be a part of a batch.
        file.set_len(state.bytes).map_err(told)?;
        file.seek(SeekFrom::End(0)).map_err(told)?;
        Ok(Target::File { file, name: name.clone(), bytes: state.bytes })
    }

    fn put(&mut self, batch: &mut Vec<Document>) -> Result<Tally, Failure> {
        match self {
            Target::Index(index) => Ok(index.put_many(batch.drain(..).map(AsIs))?),
            Target::File { file, name, bytes } => {
                let mut text = Vec::new();
                for record in batch.iter() {
                    answer::line(record, Form::Canonical, &mut text)?;
                }
                file.write_all(&text).map_err(|error| Failure::at(name, error))?;
                *bytes += text.len() as u64;
                let mut tally = Tally::default();
                tally.inserted = batch.len() as u64;
                Ok(tally)
            }
        }
    }

    /// Returns when what was put is on the disk, and gives the length of a file.
    fn settle(&mut self) -> Result<u64, Failure> {
        match self {
            Target::Index(index) => index.flush().map(|()| 0).map_err(Failure::from),
            Target::File { file, name, bytes } => {
                file.sync_all().map(|()| *bytes).map_err(|error| Failure::at(name, error))
            }
        }
    }

    fn close(mut self) -> Result<(), Failure> {
        self.settle()?;
        match self {
            Target::Index(index) => Ok(index.close()?),
            Target::File { .. } => Ok(()),
        }
    }
}
