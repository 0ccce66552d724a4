//! The record of a file in a directory tree.
//!
//! | field | from |
//! |---|---|
//! | `_id` | SHA-256 of the path's bytes, the first 24 hexadecimal digits |
//! | `name`, `path`, `extension` | the path |
//! | `rid` | the path of the directory |
//! | `userId` | the owner's name, or the number where there is none |
//! | `type`, `typeGroup` | guessed from the name |
//! | `size`, `uploadedAt` | the file system: bytes, and the modification time |

use std::collections::HashMap;
use std::fmt::Write;
use std::fs::Metadata;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use filedex_query::{Date, Document, Value};
use sha2::{Digest, Sha256};

/// What `store` says in a scanned record: where the bytes of the file are.
pub(crate) const STORE: &str = "FileSystem";

/// Bytes that the id of a room may have.
const ROOM_BYTES: usize = 1_024;

/// The record of a file, or why there can be none.
pub(crate) fn of_file(
    path: &Path,
    metadata: &Metadata,
    owners: &mut Owners,
) -> Result<Document, String> {
    let room = path.parent().map(place).unwrap_or_default();
    if room.len() > ROOM_BYTES {
        return Err(format!("its directory's path is longer than {ROOM_BYTES} bytes"));
    }
    let modified = metadata.modified().map_err(|error| error.to_string())?;
    let name = text(path.file_name().unwrap_or_default().as_encoded_bytes());
    let media = mime_guess::from_path(path).first_or_octet_stream();
    let size = i64::try_from(metadata.len()).unwrap_or(i64::MAX);

    let mut record = Document::new()
        .with("_id", id(path))
        .with("name", name)
        .with("size", Value::integer(size))
        .with("type", media.essence_str())
        .with("rid", room)
        .with("userId", owners.name(metadata))
        .with("store", STORE)
        .with("complete", true);
    if let Some(extension) = path.extension() {
        record.push("extension", text(extension.as_encoded_bytes()));
    }
    record.push("path", place(path));
    record.push("uploadedAt", date(modified));
    record.push("typeGroup", media.type_().as_str());
    Ok(record)
}

/// A path as text. Bytes that are no UTF-8 are written `\xFF`.
pub(crate) fn place(path: &Path) -> String {
    text(path.as_os_str().as_encoded_bytes())
}

fn text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            // Writing to a string cannot fail.
            let _ = write!(text, "\\x{byte:02X}");
        }
    }
    text
}

fn id(path: &Path) -> String {
    let digest = Sha256::digest(path.as_os_str().as_encoded_bytes());
    digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}

/// Milliseconds since the epoch, before it negative.
fn date(time: SystemTime) -> Date {
    let millis = |span: std::time::Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => Date(millis(after)),
        Err(before) => Date(-millis(before.duration())),
    }
}

/// Names of owners, each asked for once.
#[derive(Debug, Default)]
pub(crate) struct Owners {
    names: HashMap<u32, String>,
}

impl Owners {
    #[cfg(unix)]
    fn name(&mut self, metadata: &Metadata) -> String {
        use std::os::unix::fs::MetadataExt;

        use nix::unistd::{Uid, User};

        let number = metadata.uid();
        let name = self.names.entry(number).or_insert_with(|| {
            let user = User::from_uid(Uid::from_raw(number)).ok().flatten();
            user.map_or_else(|| number.to_string(), |user| user.name)
        });
        name.clone()
    }

    /// Elsewhere the file system does not tell.
    #[cfg(not(unix))]
    fn name(&mut self, _metadata: &Metadata) -> String {
        self.names.entry(0).or_insert_with(|| "unknown".to_owned()).clone()
    }
}
