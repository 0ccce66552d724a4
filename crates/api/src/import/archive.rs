//! Archives of mongodump: all collections of a database in one stream, in turns.
//!
//! The format is that of MongoDB's own tools: a mark, a document about the dump, one about each
//! collection, then parts that each name their collection. This file reads one collection of it.

use std::io::BufRead;

use filedex_query::Document;

use super::bson::{self, Next};
use super::report::{Fault, Place};
use super::sink::{Flow, Sink, Stop};

/// The first bytes of an archive.
pub(super) const BEGINNING: &[u8] = b"\x6d\xe2\x99\x81";

/// What Rocket.Chat keeps its files in.
const UPLOADS: &str = "rocketchat_uploads";

/// Reads the documents of that collection.
pub(super) fn read(input: &mut dyn BufRead, collection: Option<&str>, sink: &mut dyn Sink) -> Flow {
    input.read_exact(&mut [0; BEGINNING.len()])?;
    let wanted = collection.unwrap_or(UPLOADS);
    let there = collections(input)?;
    if !there.iter().any(|name| name == wanted) {
        let there = if there.is_empty() { "none".to_owned() } else { there.join(", ") };
        return Err(Stop::Refused(format!(
            "this is a mongodump archive without the collection `{wanted}`; it has: {there}"
        )));
    }
    let mut number = 0;
    loop {
        let part = match bson::next(input)? {
            Next::End => return Ok(()),
            Next::Document(Ok(part)) => part,
            _ => return broken(number, sink),
        };
        let taken = part.get_str("collection") == Some(wanted);
        if !documents(input, taken, &mut number, sink)? {
            return Ok(());
        }
    }
}

/// What the archive has, in its own order.
fn collections(input: &mut dyn BufRead) -> Result<Vec<String>, Stop> {
    let mut names = Vec::new();
    loop {
        match bson::next(input)? {
            Next::Document(Ok(about)) => {
                names.extend(about.get_str("collection").map(str::to_owned))
            }
            Next::Mark => return Ok(names),
            _ => {
                let reason =
                    "this is a mongodump archive that is damaged or cut off at its beginning";
                return Err(Stop::Refused(reason.to_owned()));
            }
        }
    }
}

/// Reads a part to its end. False where nothing can be read behind it.
fn documents(
    input: &mut dyn BufRead,
    taken: bool,
    number: &mut u64,
    sink: &mut dyn Sink,
) -> Result<bool, Stop> {
    loop {
        let found: Result<Document, String> = match bson::next(input)? {
            Next::Mark => return Ok(true),
            Next::Document(found) => found,
            Next::End | Next::Broken(_) => {
                broken(*number, sink)?;
                return Ok(false);
            }
        };
        if !taken {
            continue;
        }
        *number += 1;
        let place = Place::Document(*number);
        match found {
            Ok(document) => sink.document(place, document)?,
            Err(reason) => sink.fault(Fault::new(place, reason))?,
        }
    }
}

fn broken(number: u64, sink: &mut dyn Sink) -> Flow {
    let place = Place::Document(number + 1);
    sink.fault(Fault::new(place, "the archive is damaged or cut off here"))
}
