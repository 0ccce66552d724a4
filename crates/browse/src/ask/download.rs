//! All matches of a question as one file, written piece by piece while it is sent.
//!
//! This file knows no connection: who sends the pieces asks for the next when the one before is on its way, so
//! that nothing is held but a piece.

use filedex::{Document, Filedex, Limits, Lookup, Matches, QueryError, Result, Value, ejson};

use super::fault::Fault;
use super::question::Question;

/// The form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// One array, as the endpoints reply.
    Json,
    /// A record a line, as Extended JSON: what `filedex import` reads back.
    Lines,
    /// A table of the chosen columns.
    Csv,
}

/// Records of one piece.
const PIECE: usize = 500;

/// A file being written.
pub(crate) struct Download {
    format: Format,
    columns: Vec<String>,
    lookup: Option<Lookup>,
    matches: Option<Matches>,
    /// How many bytes it may still have.
    left: usize,
    limits: Limits,
    records: u64,
}

impl Format {
    /// The form that the end of a name says.
    pub(crate) fn of(name: &str) -> Option<Format> {
        Some(match name {
            "json" => Format::Json,
            "ndjson" => Format::Lines,
            "csv" => Format::Csv,
            _ => return None,
        })
    }

    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Format::Json => "application/json",
            Format::Lines => "application/x-ndjson",
            Format::Csv => "text/csv; charset=utf-8",
        }
    }
}

impl Download {
    pub(crate) fn new(
        index: &Filedex,
        question: &Question,
        format: Format,
        columns: Vec<String>,
    ) -> std::result::Result<Download, Fault> {
        let (lookup, limits) = (question.lookup(index)?, index.limits().clone());
        let left = limits.reply_bytes;
        Ok(Download {
            format,
            columns,
            lookup: Some(lookup),
            matches: None,
            left,
            limits,
            records: 0,
        })
    }

    /// The same, ended once that flag is raised.
    pub(crate) fn ended_by(mut self, cancel: &filedex::Cancel) -> Download {
        self.lookup = self.lookup.map(|lookup| lookup.cancel(cancel.clone()));
        self
    }

    /// The next piece; `None` behind the last one.
    pub(crate) fn next(&mut self) -> Result<Option<Vec<u8>>> {
        let mut piece = Vec::new();
        if let Some(lookup) = self.lookup.take() {
            self.matches = Some(lookup.iter()?);
            self.begin(&mut piece);
        }
        let Some(mut matches) = self.matches.take() else { return Ok(None) };
        let mut is_over = false;
        for _ in 0..PIECE {
            let Some(file) = matches.next() else {
                is_over = true;
                break;
            };
            self.write(&file?, &mut piece)?;
        }
        if is_over {
            self.end(&mut piece);
        } else {
            self.matches = Some(matches);
        }
        self.left = self
            .left
            .checked_sub(piece.len())
            .ok_or_else(|| QueryError::limit("reply_bytes", self.limits.reply_bytes))?;
        Ok(Some(piece))
    }

    fn begin(&self, piece: &mut Vec<u8>) {
        match self.format {
            Format::Json => piece.push(b'['),
            Format::Lines => {}
            Format::Csv => row(self.columns.iter().map(String::as_str), piece),
        }
    }

    fn write(&mut self, file: &Document, piece: &mut Vec<u8>) -> Result<()> {
        match self.format {
            Format::Json => {
                if self.records > 0 {
                    piece.extend_from_slice(b",\n");
                }
                ejson::write_document(file.view(), ejson::Form::Plain, piece);
            }
            Format::Lines => {
                ejson::write_document(file.view(), ejson::Form::Relaxed, piece);
                piece.push(b'\n');
            }
            Format::Csv => {
                let cells: Vec<String> = self.columns.iter().map(|path| cell(file, path)).collect();
                row(cells.iter().map(String::as_str), piece);
            }
        }
        self.records += 1;
        Ok(())
    }

    fn end(&self, piece: &mut Vec<u8>) {
        if self.format == Format::Json {
            piece.extend_from_slice(b"]\n");
        }
    }
}

/// A value as a cell: texts as they are, anything else as JSON.
fn cell(file: &Document, path: &str) -> String {
    match super::found::at(file, path) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text,
        Some(value) => {
            let text = ejson::to_text(value.view(), ejson::Form::Plain);
            // A date is text there.
            match value {
                Value::Date(_) | Value::ObjectId(_) => text.trim_matches('"').to_owned(),
                _ => text,
            }
        }
    }
}

fn row<'c>(cells: impl Iterator<Item = &'c str>, piece: &mut Vec<u8>) {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(piece);
    // Writing to memory does not fail, and every row is written by its own writer.
    let _written = writer.write_record(cells).and_then(|()| Ok(writer.flush()?));
}
