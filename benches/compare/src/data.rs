//! A record in the forms that peers take it: as a document, as JSON text, and its fields.
//!
//! All forms are made before a clock runs, so that no peer pays for another's form.

use std::ops::Range;

use filedex::ejson::{self, Form};
use filedex::{Date, Document, Value};
use filedex_dataset::Dataset;

/// Records handed to a peer at a time.
pub(crate) const CHUNK: usize = 1_000;

/// One record.
pub(crate) struct Record {
    pub(crate) document: Document,
    /// As replies show it.
    pub(crate) json: String,
    pub(crate) id: String,
    pub(crate) room: String,
    pub(crate) user: String,
    pub(crate) type_group: String,
    /// Milliseconds since the epoch.
    pub(crate) uploaded: i64,
    pub(crate) name: String,
    pub(crate) size: i64,
    pub(crate) extension: String,
    /// Pixels, of an image.
    pub(crate) width: Option<i64>,
}

impl From<Document> for Record {
    fn from(document: Document) -> Record {
        let text = |name: &str| document.get_str(name).unwrap_or_default().to_owned();
        let mut json = Vec::with_capacity(700);
        ejson::write_document(document.view(), Form::Plain, &mut json);
        Record {
            json: String::from_utf8(json).unwrap_or_default(),
            id: text("_id"),
            room: text("rid"),
            user: text("userId"),
            type_group: text("typeGroup"),
            uploaded: number(document.get("uploadedAt")).unwrap_or_default(),
            name: text("name"),
            size: number(document.get("size")).unwrap_or_default(),
            extension: text("extension"),
            width: number(inner(&document, "width")),
            document,
        }
    }
}

/// Records of those numbers, in chunks.
pub(crate) fn chunks(
    dataset: &Dataset,
    numbers: Range<usize>,
) -> impl Iterator<Item = Vec<Record>> {
    let end = numbers.end;
    numbers.step_by(CHUNK).map(move |start| {
        let numbers = start..end.min(start + CHUNK);
        numbers.map(|number| Record::from(dataset.record(number))).collect()
    })
}

/// The record of that number with another size, and in another room if one is given.
pub(crate) fn changed(dataset: &Dataset, number: usize, size: i32, room: Option<String>) -> Record {
    let mut document = dataset.record(number);
    document.set("size", size);
    if let Some(room) = room {
        document.set("rid", room);
    }
    Record::from(document)
}

/// A value of `identify.size`.
pub(crate) fn inner<'a>(document: &'a Document, name: &str) -> Option<&'a Value> {
    document.get("identify")?.as_document()?.get("size")?.as_document()?.get(name)
}

/// A whole number or the milliseconds of a date.
pub(crate) fn number(value: Option<&Value>) -> Option<i64> {
    match value? {
        Value::Int(number) => Some(i64::from(*number)),
        Value::Long(number) | Value::Date(Date(number)) => Some(*number),
        _ => None,
    }
}
