//! A row of Zipline as a record of the index.
//!
//! Version 4's names, those of version 3's replies (`mimetype`, ids that are numbers) and of its export
//! (`original_name`). This file knows one row at a time.

use filedex_query::{Document, Value};

/// Whether it is a row of Zipline: it has `id` and a time, and not what the index's own records have.
pub(super) fn is_row(document: &Document) -> bool {
    let any = |names: &[&str]| names.iter().any(|name| document.contains(name));
    !document.contains("_id")
        && document.contains("id")
        && any(&["createdAt", "created_at", "mimetype", "originalName", "maxViews"])
}

/// The record of a row.
pub(super) fn record(row: Document) -> Document {
    let mut record = Document::new();
    for (name, value) in row {
        match (name.as_str(), value) {
            // Made of the name when it is asked for.
            ("url" | "similarity", _) => {}
            ("id", value) => record.push("_id", text(value)),
            ("userId" | "user", value) => record.push("userId", text(value)),
            ("folderId", value) => record.push("folderId", text(value)),
            ("createdAt" | "created_at", value) => record.push("uploadedAt", value),
            ("updatedAt" | "updated_at", value) => record.push("_updatedAt", value),
            ("expiresAt" | "expires_at", value) => record.push("deletesAt", value),
            ("mimetype", value) => record.push("type", value),
            ("original_name", value) => record.push("originalName", value),
            ("max_views", value) => record.push("maxViews", value),
            ("thumbnail", value) => record.push("thumbnail", thumbnail(value)),
            (_, value) => record.push(name, value),
        }
    }
    // No export says when a file was changed; it has not been since it came.
    if let (false, Some(created)) = (record.contains("_updatedAt"), record.get("uploadedAt")) {
        record.push("_updatedAt", created.clone());
    }
    record
}

/// Version 3 numbers its files, folders and users.
fn text(id: Value) -> Value {
    match id {
        Value::Int(number) => Value::from(number.to_string()),
        Value::Long(number) => Value::from(number.to_string()),
        id => id,
    }
}

/// `{"path": ..}`; version 3 has a text.
fn thumbnail(value: Value) -> Value {
    match value {
        Value::String(path) => Value::from(Document::new().with("path", path)),
        value => value,
    }
}
