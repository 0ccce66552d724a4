//! `filedex compare`: whether two places hold the same records, and answer alike.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use clap::Args;
use filedex::{Document, Filedex};
use filedex_query::ejson::{self, Form};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::answer::Format;
use crate::failure::Failure;
use crate::place::{Access, Place, by_id};
use crate::report;
use crate::session::Session;

/// Compares all records of A and B, then pages of some of their rooms. Exit status 1 where they differ.
///
/// A place is the directory of a store, the address of a database (mongodb://HOST/DATABASE), or a file of
/// JSON lines. The place of `_id` in a record counts for nothing: servers put it first.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  filedex copy uploads.filedex moved.filedex && filedex compare uploads.filedex moved.filedex")]
pub(crate) struct Arguments {
    /// The collection in a database that A is.
    #[arg(long, value_name = "NAME")]
    a_collection: Option<String>,
    /// The collection in a database that B is.
    #[arg(long, value_name = "NAME")]
    b_collection: Option<String>,
    /// How many rooms' pages are compared.
    #[arg(long, value_name = "N", default_value_t = 20)]
    pages: usize,
    /// How many differences are told; all are counted.
    #[arg(long, value_name = "N", default_value_t = 20)]
    differences: usize,
    /// The form of the report.
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// One place.
    a: String,
    /// The other.
    b: String,
}

/// What a comparison found.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Comparison {
    equal: bool,
    a: Side,
    b: Side,
    /// Records that are in one place alone, or not the same.
    differing: u64,
    differences: Vec<String>,
    pages: usize,
    /// Rooms whose pages are not the same.
    differing_pages: Vec<String>,
}

/// What one place holds.
#[derive(Debug, Default, Serialize)]
struct Side {
    records: u64,
    /// The sum of the records' hashes, in whatever order they come.
    hash: String,
}

pub(crate) fn run(arguments: &Arguments, session: &mut Session<'_>) -> Result<(), Failure> {
    let mut open = |word: &str, collection: &Option<String>| {
        Place::of(word).open(collection.as_deref(), Access::Read, session)
    };
    let a = open(&arguments.a, &arguments.a_collection)?;
    // A place can be compared with itself, though a store is open once.
    let b = match arguments.a == arguments.b && arguments.a_collection == arguments.b_collection {
        true => a.clone(),
        false => open(&arguments.b, &arguments.b_collection)?,
    };
    let mut found = Comparison::default();
    let rooms = session.of_records(|progress| records(&a, &b, arguments, &mut found, progress))?;
    for room in rooms {
        found.pages += 1;
        if page(&a, &room)? != page(&b, &room)? {
            found.differing_pages.push(room);
        }
    }
    found.equal = found.differing == 0 && found.differing_pages.is_empty();
    report::print(session, arguments.format, &found)?;
    a.close()?;
    b.close()?;
    if found.equal { Ok(()) } else { Err(Failure::Incomplete) }
}

/// Walks through both in the order of ids, and gives some rooms, drawn by their hashes.
fn records(
    a: &Filedex,
    b: &Filedex,
    arguments: &Arguments,
    found: &mut Comparison,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Vec<String>, Failure> {
    let (mut left, mut right) = (Walk::new(a)?, Walk::new(b)?);
    let mut rooms = Rooms { most: arguments.pages, drawn: BTreeMap::new() };
    let of = a.all().total()?;
    loop {
        let order = match (&left.next, &right.next) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(a), Some(b)) => a.id.cmp(&b.id),
        };
        let one = if order.is_le() { left.take()? } else { None };
        let other = if order.is_ge() { right.take()? } else { None };
        progress(left.count, of.max(left.count));
        let record = one.as_ref().or(other.as_ref());
        record
            .and_then(|record| record.room.as_deref())
            .into_iter()
            .for_each(|room| rooms.see(room));
        let what = match (&one, &other) {
            (Some(a), Some(b)) if a.hash == b.hash => continue,
            (Some(a), Some(_)) => format!("{}: not the same", a.id),
            (Some(a), None) => format!("{}: only in A", a.id),
            (None, Some(b)) => format!("{}: only in B", b.id),
            (None, None) => continue,
        };
        found.differing += 1;
        if found.differences.len() < arguments.differences {
            found.differences.push(what);
        }
    }
    (found.a, found.b) = (left.side(), right.side());
    Ok(rooms.drawn.into_values().collect())
}

/// The newest of a room, with their total.
fn page(index: &Filedex, room: &str) -> Result<Vec<u8>, Failure> {
    let lookup = index.room(room).sort(r#"{"uploadedAt":-1}"#)?.count(50);
    let mut page = lookup.page()?;
    page.files = page.files.into_iter().map(id_first).collect();
    Ok(page.to_json())
}

/// The record with its `_id` where servers put it.
fn id_first(mut record: Document) -> Document {
    let Some(id) = record.remove("_id") else { return record };
    Document::new().with("_id", id).into_iter().chain(record).collect()
}

/// A record, as far as it is compared.
struct Seen {
    id: String,
    hash: [u8; 32],
    room: Option<String>,
}

impl Seen {
    fn of(record: Document) -> Seen {
        let record = id_first(record);
        let text = |name| record.get_str(name).map(str::to_owned);
        let (id, room) = (text("_id").unwrap_or_default(), text("rid"));
        let mut bytes = Vec::new();
        ejson::write_document(record.view(), Form::Canonical, &mut bytes);
        Seen { id, hash: Sha256::digest(&bytes).into(), room }
    }
}

/// One place being walked through.
struct Walk {
    records: Box<dyn Iterator<Item = Result<Document, Failure>>>,
    next: Option<Seen>,
    count: u64,
    sum: [u64; 4],
}

impl Walk {
    fn new(index: &Filedex) -> Result<Walk, Failure> {
        let records = Box::new(by_id(index, None)?);
        let mut walk = Walk { records, next: None, count: 0, sum: [0; 4] };
        walk.next = walk.read()?;
        Ok(walk)
    }

    /// The record that is next, with the one behind it made ready.
    fn take(&mut self) -> Result<Option<Seen>, Failure> {
        let next = self.read()?;
        Ok(std::mem::replace(&mut self.next, next))
    }

    fn read(&mut self) -> Result<Option<Seen>, Failure> {
        let Some(record) = self.records.next().transpose()? else { return Ok(None) };
        let seen = Seen::of(record);
        self.count += 1;
        for (sum, part) in self.sum.iter_mut().zip(seen.hash.as_chunks::<8>().0) {
            *sum = sum.wrapping_add(u64::from_le_bytes(*part));
        }
        Ok(Some(seen))
    }

    fn side(&self) -> Side {
        let hash = self.sum.iter().map(|part| format!("{part:016x}")).collect();
        Side { records: self.count, hash }
    }
}

/// Rooms drawn by the hashes of their names: the same ones in both places.
struct Rooms {
    most: usize,
    drawn: BTreeMap<[u8; 32], String>,
}

impl Rooms {
    fn see(&mut self, room: &str) {
        self.drawn.insert(Sha256::digest(room.as_bytes()).into(), room.to_owned());
        if self.drawn.len() > self.most {
            self.drawn.pop_last();
        }
    }
}
