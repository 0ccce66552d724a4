//! How documents are printed: as one page of JSON, or one document a line.

use std::io::{self, Write};

use clap::ValueEnum;
use filedex_query::Document;
use filedex_query::ejson::{self, Form};

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// {"files":[..],"count":..,"offset":..,"total":..}, dates as ISO 8601 text.
    Page,
    /// One document a line, Extended JSON where JSON cannot say it.
    Lines,
}

/// Documents of one window and how many there are in all.
pub(crate) struct Answer {
    pub(crate) documents: Vec<Document>,
    pub(crate) offset: u64,
    pub(crate) total: u64,
}

impl Answer {
    /// Prints the documents in that form.
    pub(crate) fn print(&self, format: Format, out: &mut dyn Write) -> io::Result<()> {
        match format {
            Format::Page => out.write_all(&self.page()),
            Format::Lines => {
                self.documents.iter().try_for_each(|document| line(document, Form::Relaxed, out))
            }
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
