//! Documents from a file or standard input: JSON lines or one JSON array, plain or Extended JSON.
//!
//! Faults are told with their place and the reading goes on. This file knows nothing of what a
//! record needs.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};

use filedex_query::{Document, Limits, ejson};
use serde::de::{Deserializer as _, Error as _, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::failure::Failure;

/// Bytes of JSON text of one document; MongoDB's own bound on a document.
const DOCUMENT_BYTES: usize = 16 << 20;

/// Where in the input a document stands, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A line of JSON lines.
    Line(u64),
    /// An element of a JSON array.
    Element(u64),
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Place::Line(number) => write!(f, "line {number}"),
            Place::Element(number) => write!(f, "element {number}"),
        }
    }
}

/// What is done with each document, or with the reason why there is none.
pub(crate) type Visit<'a> = dyn FnMut(Place, Result<Document, String>) -> Result<(), Failure> + 'a;

/// Opens a file, or standard input for `-`.
pub(crate) fn open(name: &str) -> Result<Box<dyn BufRead>, Failure> {
    if name == "-" {
        return Ok(Box::new(BufReader::new(io::stdin())));
    }
    let file = File::open(name).map_err(|error| Failure::at(name, error))?;
    Ok(Box::new(BufReader::with_capacity(1 << 16, file)))
}

/// Calls `visit` for every document of the input, in order.
pub(crate) fn each_document(
    input: &mut dyn BufRead,
    name: &str,
    visit: &mut Visit<'_>,
) -> Result<(), Failure> {
    match begin(input).map_err(|error| Failure::at(name, error))? {
        Begin::Array => each_element(input, name, visit),
        Begin::Line(first) => each_line(input, name, first, visit),
    }
}

/// What the input begins with: an array, or anything else on the line of that number.
enum Begin {
    Array,
    Line(u64),
}

/// Skips white space and a byte order mark, then looks at the next byte.
fn begin(input: &mut dyn BufRead) -> io::Result<Begin> {
    let mut line = 1;
    loop {
        let bytes = input.fill_buf()?;
        let skip = match bytes.first() {
            Some(b'[') => return Ok(Begin::Array),
            Some(byte) if byte.is_ascii_whitespace() => {
                line += u64::from(*byte == b'\n');
                1
            }
            Some(_) if bytes.starts_with(b"\xEF\xBB\xBF") => 3,
            _ => return Ok(Begin::Line(line)),
        };
        input.consume(skip);
    }
}

fn each_line(
    input: &mut dyn BufRead,
    name: &str,
    first: u64,
    visit: &mut Visit<'_>,
) -> Result<(), Failure> {
    let mut line = Vec::new();
    for number in first.. {
        line.clear();
        let whole = read_line(input, &mut line).map_err(|error| Failure::at(name, error))?;
        if line.is_empty() {
            break;
        }
        let place = Place::Line(number);
        if !whole {
            visit(place, Err(format!("longer than {DOCUMENT_BYTES} bytes")))?;
        } else if !line.trim_ascii().is_empty() {
            visit(place, read_document(&line))?;
        }
    }
    Ok(())
}

/// Reads to the end of the line. False where the line is too long: the rest of it is skipped.
fn read_line(input: &mut dyn BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    let limit = DOCUMENT_BYTES as u64 + 1;
    input.take(limit).read_until(b'\n', line)?;
    if line.len() as u64 == limit && line.last() != Some(&b'\n') {
        input.skip_until(b'\n')?;
        return Ok(false);
    }
    Ok(true)
}

fn read_document(line: &[u8]) -> Result<Document, String> {
    let text = std::str::from_utf8(line).map_err(|error| format!("not UTF-8: {error}"))?;
    let limits = document_limits();
    ejson::read_document(text.trim_ascii(), &limits).map_err(|error| error.to_string())
}

fn document_limits() -> Limits {
    Limits { text_bytes: DOCUMENT_BYTES, ..Limits::default() }
}

fn each_element(input: &mut dyn BufRead, name: &str, visit: &mut Visit<'_>) -> Result<(), Failure> {
    let mut elements = Elements { visit, number: 0, failure: None };
    let mut reader = serde_json::Deserializer::from_reader(input);
    let end = reader.deserialize_seq(&mut elements).and_then(|()| reader.end());
    if let Some(failure) = elements.failure {
        return Err(failure);
    }
    match end {
        Err(error) if error.is_io() => Err(Failure::at(name, error)),
        // Behind broken syntax nobody can tell where the next element begins.
        Err(error) => {
            let place = Place::Element(elements.number + 1);
            (elements.visit)(place, Err(format!("{error}; nothing is read behind it")))
        }
        Ok(()) => Ok(()),
    }
}

/// Takes an array apart without holding more than one element.
struct Elements<'a, 'b> {
    visit: &'a mut Visit<'b>,
    number: u64,
    failure: Option<Failure>,
}

impl<'de> Visitor<'de> for &mut Elements<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an array of documents")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        while let Some(element) = sequence.next_element::<Box<RawValue>>()? {
            self.number += 1;
            let document = read_document(element.get().as_bytes());
            if let Err(failure) = (self.visit)(Place::Element(self.number), document) {
                self.failure = Some(failure);
                return Err(A::Error::custom("stopped"));
            }
        }
        Ok(())
    }
}
