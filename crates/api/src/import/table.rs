//! Tables as text: CSV of mongoexport and of PostgreSQL, and rows with tabs between, where a first
//! line names the fields.
//!
//! This file makes documents of rows; what a field must be is not its business, beyond leaving texts
//! that look like numbers alone where the field is a text.

use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

use csv::{ReaderBuilder, StringRecord};
use filedex_query::{Document, ObjectId, Value};

use super::json;
use super::report::{Fault, Place};
use super::sink::{Flow, Sink, Stop};
use crate::file::known::{self, Kind};

/// Bytes of one row.
const ROW_BYTES: usize = 16 << 20;

/// Reads rows under the names of the first line.
pub(super) fn read(input: &mut dyn BufRead, delimiter: u8, sink: &mut dyn Sink) -> Flow {
    // Where lines end in two bytes the second is counted with the next row.
    let behind = u64::from(ends_in_two(input.fill_buf()?));
    let left = Rc::new(Cell::new(ROW_BYTES));
    let tabs = delimiter == b'\t';
    let mut rows = ReaderBuilder::new()
        .delimiter(delimiter)
        .quoting(!tabs)
        .flexible(true)
        .from_reader(Bounded { input, left: Rc::clone(&left) });
    let names = rows.headers().map_err(stop)?.clone();
    let mut row = StringRecord::new();
    loop {
        left.set(ROW_BYTES);
        let line = rows.position().line();
        match rows.read_record(&mut row) {
            Ok(false) => return Ok(()),
            Ok(true) => {
                let line = row.position().map_or(line, csv::Position::line) + behind;
                let place = Place::Line(line);
                match document(&names, &row, tabs) {
                    Ok(document) => sink.document(place, document)?,
                    Err(reason) => sink.fault(Fault::new(place, reason))?,
                }
            }
            Err(error) if matches!(error.kind(), csv::ErrorKind::Utf8 { .. }) => {
                sink.fault(Fault::new(Place::Line(line), "not UTF-8"))?;
            }
            Err(error) => {
                sink.fault(Fault::new(Place::Line(line), error.to_string()))?;
                return Ok(());
            }
        }
    }
}

fn ends_in_two(head: &[u8]) -> bool {
    let end = head.iter().position(|byte| *byte == b'\n');
    end.is_some_and(|end| head.get(..end).is_some_and(|line| line.ends_with(b"\r")))
}

fn stop(error: csv::Error) -> Stop {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => Stop::Unreadable(error),
        _ => Stop::Refused("this is a table whose first line is not UTF-8".to_owned()),
    }
}

/// A reader that gives so many bytes and no more, until it is told again.
struct Bounded<R> {
    input: R,
    left: Rc<Cell<usize>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let taken = self.input.read(into)?;
        match self.left.get().checked_sub(taken) {
            Some(left) => self.left.set(left),
            None => return Err(io::Error::other("a row is longer than 16 MiB")),
        }
        Ok(taken)
    }
}

fn document(names: &StringRecord, row: &StringRecord, tabs: bool) -> Result<Document, String> {
    if row.len() > names.len() {
        return Err(format!("{} values under {} names", row.len(), names.len()));
    }
    let mut document = Document::new();
    for (name, cell) in names.iter().zip(row) {
        let name = name.trim();
        if cell.is_empty() || (tabs && cell == "\\N") {
            continue;
        }
        let value = if tabs { value(name, &unescaped(cell)) } else { value(name, cell) };
        let path: Vec<&str> = name.split('.').collect();
        if path.len() > MOST_PARTS || !set(&mut document, &path, value) {
            return Err(format!("`{name}` has no place beside the other names"));
        }
    }
    Ok(document)
}

/// Parts of a dotted name; no export nests deeper.
const MOST_PARTS: usize = 50;

/// Sets a value at a dotted name. False where something else stands in its way.
fn set(document: &mut Document, path: &[&str], value: Value) -> bool {
    match path {
        [] => false,
        [name] if document.contains(name) => false,
        [name] => {
            document.push(*name, value);
            true
        }
        [name, rest @ ..] => {
            if !document.contains(name) {
                document.push(*name, Document::new());
            }
            match document.get_mut(name) {
                Some(Value::Document(inner)) => set(inner, rest, value),
                _ => false,
            }
        }
    }
}

/// What a cell says. Cells have no types: those of known fields are read as text here.
fn value(name: &str, cell: &str) -> Value {
    if let Some(id) = cell.strip_prefix("ObjectId(").and_then(|rest| rest.strip_suffix(')'))
        && let Some(id) = ObjectId::from_hex(id.trim_matches('"'))
    {
        return Value::ObjectId(id);
    }
    let kind = known::kind(name);
    if matches!(kind, Some(Kind::Id | Kind::Text)) || name == "id" {
        return Value::from(cell);
    }
    if cell.starts_with(['{', '['])
        && let Ok(mut wrapped) = json::document(format!("{{\"cell\":{cell}}}").as_bytes())
    {
        return wrapped.remove("cell").unwrap_or(Value::Null);
    }
    match (kind, cell) {
        (Some(_), _) => Value::from(cell),
        (None, "true" | "t") => Value::Bool(true),
        (None, "false" | "f") => Value::Bool(false),
        (None, cell) => match cell.parse::<i64>() {
            Ok(number) if number.to_string() == cell => Value::integer(number),
            _ => Value::from(cell),
        },
    }
}

/// PostgreSQL's escapes in rows with tabs.
fn unescaped(cell: &str) -> String {
    let mut text = String::with_capacity(cell.len());
    let mut letters = cell.chars();
    while let Some(letter) = letters.next() {
        match (letter, letter == '\\') {
            (_, true) => match letters.next() {
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some('r') => text.push('\r'),
                Some('b') => text.push('\u{8}'),
                Some('f') => text.push('\u{c}'),
                Some('v') => text.push('\u{b}'),
                other => text.extend(other),
            },
            (letter, false) => text.push(letter),
        }
    }
    text
}
