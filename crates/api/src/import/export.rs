//! The parts of Zipline's own exports: which are read, and what they say of files.
//!
//! Version 4 has lists under `data`; version 3 has objects keyed by id at the top. Users, secrets and
//! settings are passed over.

use filedex_query::{Document, Value};

use super::sink::Sink;

/// Which export it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Export;

impl Export {
    /// Reads `versions`: an export names its own version there.
    pub(super) fn of(versions: &[u8]) -> Option<Export> {
        let versions: serde_json::Value = serde_json::from_slice(versions).ok()?;
        versions.get("export").is_some().then_some(Export)
    }
}

/// Whether something of that part belongs to files.
pub(super) fn is_read(section: &str) -> bool {
    matches!(section, "files" | "userTags" | "thumbnails" | "folders")
}

/// Tells the files of a row what it says of them.
pub(super) fn amend(section: &str, key: Option<&str>, row: &Document, sink: &mut dyn Sink) {
    let id = row.get_str("id").or(key);
    match (section, id) {
        ("thumbnails", _) => {
            if let (Some(file), Some(path)) = (row.get_str("fileId"), row.get_str("path")) {
                sink.amend(file, "thumbnail", Value::from(Document::new().with("path", path)));
            }
        }
        ("userTags", Some(id)) => files(row).for_each(|file| {
            sink.amend(file, "tags", Value::from(id));
        }),
        // Version 4 also says so in the file's own row.
        ("folders", Some(id)) => files(row).for_each(|file| {
            sink.amend(file, "folderId", Value::from(id));
        }),
        _ => {}
    }
}

fn files(row: &Document) -> impl Iterator<Item = &str> {
    let files = row.get("files").and_then(Value::as_array).unwrap_or_default();
    files.iter().filter_map(Value::as_str)
}
