//! Documents as columns and cells.
//!
//! This file knows what stands in a cell, not how rows are printed.

use std::collections::HashSet;
use std::io;

use filedex_query::ejson::{self, Form};
use filedex_query::{Document, Value};

use super::{Format, delimited, table};
use crate::session::Session;

/// A line of names and the rows below it, each as long as the names.
pub(crate) struct Rows {
    pub(super) shape: Shape,
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Vec<Cell>>,
}

/// What a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A document: people look down its columns.
    Document,
    /// A field of one: people want all of its value.
    Field,
}

/// What stands in a cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(super) text: String,
    pub(super) is_number: bool,
}

/// What people look for first in a list of files.
const USUAL: [&str; 8] = ["_id", "name", "type", "size", "rid", "userId", "user", "uploadedAt"];

impl Rows {
    /// A column for every field that a document has, in the order in which they come.
    pub(crate) fn all(documents: &[Document]) -> Rows {
        let mut columns = Columns::default();
        documents.iter().for_each(|document| columns.add(document));
        Rows::of(documents, columns.names)
    }

    /// The columns that people look for first, those of them that there are; all where there are none but
    /// ids.
    pub(crate) fn usual(documents: &[Document]) -> Rows {
        let has = |field: &&str| documents.iter().any(|document| document.contains(field));
        let usual: Vec<String> =
            USUAL.iter().filter(|field| has(field)).map(ToString::to_string).collect();
        if usual.len() > 1 { Rows::of(documents, usual) } else { Rows::all(documents) }
    }

    /// One row for each field, which may lie within others.
    pub(crate) fn of_fields(document: &Document) -> Rows {
        let mut rows = Vec::new();
        add_fields(document, "", &mut rows);
        let columns = vec!["field".to_owned(), "value".to_owned()];
        Rows { shape: Shape::Field, columns, rows }
    }

    fn of(documents: &[Document], columns: Vec<String>) -> Rows {
        let rows = documents.iter().map(|document| cells(document, &columns)).collect();
        Rows { shape: Shape::Document, columns, rows }
    }

    /// Prints a table, or values divided by something.
    pub(crate) fn print(&self, format: Format, session: &mut Session<'_>) -> io::Result<()> {
        match format {
            Format::Csv => delimited::print(self, b',', session.out),
            Format::Tsv => delimited::print(self, b'\t', session.out),
            _ => table::print(self, session.terminal, session.out),
        }
    }
}

/// Names of columns, each once.
#[derive(Default)]
pub(crate) struct Columns {
    pub(crate) names: Vec<String>,
    known: HashSet<String>,
}

impl Columns {
    /// Adds the fields of a document that are new.
    pub(crate) fn add(&mut self, document: &Document) {
        for (name, _) in document.iter() {
            if !self.known.contains(name) {
                self.known.insert(name.to_owned());
                self.names.push(name.to_owned());
            }
        }
    }
}

/// The cells of a document under these columns.
pub(crate) fn cells(document: &Document, columns: &[String]) -> Vec<Cell> {
    columns.iter().map(|column| document.get(column).map(cell).unwrap_or_default()).collect()
}

/// Texts as they are, nothing for null, everything else as in the JSON of replies.
fn cell(value: &Value) -> Cell {
    let is_number =
        matches!(value, Value::Int(_) | Value::Long(_) | Value::Double(_) | Value::Decimal(_));
    let text = match value {
        Value::Null | Value::Undefined => String::new(),
        Value::String(text) => text.clone(),
        value => {
            let json = ejson::to_text(value.view(), Form::Plain);
            // Dates and ids are texts in JSON.
            serde_json::from_str::<String>(&json).unwrap_or(json)
        }
    };
    Cell { text, is_number }
}

fn add_fields(document: &Document, path: &str, rows: &mut Vec<Vec<Cell>>) {
    for (name, value) in document.iter() {
        let path = format!("{path}{name}");
        match value {
            Value::Document(inner) if !inner.is_empty() => {
                add_fields(inner, &format!("{path}."), rows);
            }
            value => rows.push(vec![Cell { text: path, is_number: false }, cell(value)]),
        }
    }
}

#[cfg(test)]
mod tests {
    use filedex_query::{Date, ObjectId};

    use super::*;

    #[test]
    fn columns_are_those_of_all_documents_and_cells_say_what_replies_say() {
        let documents = [
            Document::new().with("_id", "a").with("size", 7).with("tags", vec![Value::from("x")]),
            Document::new()
                .with("_id", "b")
                .with("uploadedAt", Date(0))
                .with("owner", Value::ObjectId(ObjectId([1; 12])))
                .with("size", Value::Null),
        ];
        let rows = Rows::all(&documents);
        assert_eq!(rows.columns, ["_id", "size", "tags", "uploadedAt", "owner"]);
        let texts: Vec<Vec<&str>> =
            rows.rows.iter().map(|row| row.iter().map(|cell| &*cell.text).collect()).collect();
        let date = "1970-01-01T00:00:00.000Z";
        assert_eq!(
            texts,
            [["a", "7", "[\"x\"]", "", ""], ["b", "", "", date, "010101010101010101010101"]]
        );
        assert!(rows.rows[0][1].is_number && !rows.rows[1][3].is_number);
    }

    #[test]
    fn people_see_the_usual_columns_first() {
        let file = Document::new().with("etag", "e").with("name", "a.png").with("_id", "a");
        assert_eq!(Rows::usual(std::slice::from_ref(&file)).columns, ["_id", "name"]);
        let other = Document::new().with("_id", "a").with("answer", 42);
        assert_eq!(Rows::usual(&[other]).columns, ["_id", "answer"]);
    }
}
