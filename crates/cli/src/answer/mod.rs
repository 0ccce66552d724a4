//! How documents are printed: as JSON, as rows for other programs, as a table for people.
//!
//! Gives out: [`Answer`] (the documents of one window), [`Format`], [`Rows`] (documents as columns and cells),
//! [`Lines`] (rows being written).

mod delimited;
mod format;
mod rows;
mod table;

use std::io::{self, Write};

use filedex_query::Document;
use filedex_query::ejson::{self, Form};

pub(crate) use delimited::Lines;
pub(crate) use format::Format;
pub(crate) use rows::{Columns, Rows, cells};

use crate::session::Session;

/// Documents of one window and how many there are in all.
pub(crate) struct Answer {
    pub(crate) documents: Vec<Document>,
    pub(crate) offset: u64,
    pub(crate) total: u64,
}

impl Answer {
    /// Prints the documents in that form. A table for people shows the usual columns, unless `chosen` says
    /// that they asked for others.
    pub(crate) fn print(
        &self,
        format: Format,
        chosen: bool,
        session: &mut Session<'_>,
    ) -> io::Result<()> {
        let documents = &self.documents;
        match format {
            Format::Json => session.out.write_all(&self.page()),
            Format::Jsonl => {
                documents.iter().try_for_each(|found| line(found, Form::Relaxed, session.out))
            }
            Format::Table => {
                let rows = if chosen { Rows::all(documents) } else { Rows::usual(documents) };
                rows.print(format, session)?;
                self.print_window(session.out)
            }
            Format::Csv | Format::Tsv => Rows::all(documents).print(format, session),
        }
    }

    fn page(&self) -> Vec<u8> {
        let mut text = Vec::from(br#"{"files":["#);
        for (number, document) in self.documents.iter().enumerate() {
            if number > 0 {
                text.push(b',');
            }
            ejson::write_document(document.view(), Form::Plain, &mut text);
        }
        let (count, offset, total) = (self.documents.len(), self.offset, self.total);
        let end = format!("],\"count\":{count},\"offset\":{offset},\"total\":{total}}}\n");
        text.extend_from_slice(end.as_bytes());
        text
    }

    /// Which of all there are stand in the table.
    fn print_window(&self, out: &mut dyn Write) -> io::Result<()> {
        let (count, total) = (self.documents.len() as u64, self.total);
        let first = self.offset.saturating_add(1);
        match count {
            0 => writeln!(out, "none of {total}"),
            _ if count == total => writeln!(out, "{total} in all"),
            _ => writeln!(out, "{first} to {} of {total}", self.offset.saturating_add(count)),
        }
    }
}

/// Prints one document on a line of its own.
pub(crate) fn line(document: &Document, form: Form, out: &mut dyn Write) -> io::Result<()> {
    let mut text = Vec::new();
    ejson::write_document(document.view(), form, &mut text);
    text.push(b'\n');
    out.write_all(&text)
}

/// Prints JSON text with line breaks and two spaces a level, keys in their order.
pub(crate) fn indented(json: &[u8], out: &mut dyn Write) -> io::Result<()> {
    let mut reader = serde_json::Deserializer::from_slice(json);
    let mut writer = serde_json::Serializer::pretty(&mut *out);
    serde_transcode::transcode(&mut reader, &mut writer)?;
    out.write_all(b"\n")
}
