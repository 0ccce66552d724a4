//! What a repair could not keep, in a file of its own: a line of JSON for each, with the reason.
//!
//! ```text
//! line := {"key":"..","reason":"..","bytes":"<base64>"} "\n"    bytes that nothing can be made of
//!       | {"key":"..","reason":"..","record":{..}} "\n"         a record that nothing vouches for
//!       | {"key":"..","reason":".."} "\n"                       something that is not there any more
//! ```
//!
//! `key` is where it lay. A record is canonical Extended JSON, as in a backup.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use data_encoding::BASE64;
use filedex_query::DocumentRef;
use serde::Serialize;

use super::backup::write_record;
use crate::disk::Directory;
use crate::disk::directory::private;
use crate::disk::names::Numbered;
use crate::error::{Error, Result};

/// Items that are told; of all the number is.
const MOST_TOLD: usize = 1000;

/// Something that a repair could not keep.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Quarantined {
    /// Where it lay: a key of the tree, printable, or the name of a file.
    pub key: String,
    /// Why it was not kept.
    pub reason: String,
}

/// What there is of it.
pub(super) enum Remains<'a> {
    Bytes(&'a [u8]),
    Record(DocumentRef<'a>),
    Nothing,
}

/// The file, made with its first line.
pub(super) struct Quarantine {
    path: PathBuf,
    file: Option<File>,
    pub(super) items: Vec<Quarantined>,
    pub(super) number: u64,
}

impl Quarantine {
    pub(super) fn new(path: PathBuf) -> Quarantine {
        Quarantine { path, file: None, items: Vec::new(), number: 0 }
    }

    /// The name of a file that is not there yet.
    pub(super) fn free_name(home: &Directory) -> Result<String> {
        let last = home.numbers(Numbered::Quarantine)?.last().copied().unwrap_or(0);
        Ok(Numbered::Quarantine.name(last + 1))
    }

    pub(super) fn keep(&mut self, key: &[u8], reason: &str, remains: &Remains<'_>) -> Result<()> {
        let (key, reason) = (key.escape_ascii().to_string(), reason.to_owned());
        let item = Quarantined { key, reason };
        let failed = |error| Error::io("write", &self.path, error);
        let file = match &mut self.file {
            Some(file) => file,
            none => {
                let file = private().create_new(true).append(true).open(&self.path);
                none.insert(file.map_err(failed)?)
            }
        };
        file.write_all(&line(&item, remains).map_err(failed)?).map_err(failed)?;
        self.number += 1;
        if self.items.len() < MOST_TOLD {
            self.items.push(item);
        }
        Ok(())
    }

    /// Hands everything to the disk; says whether there is anything.
    pub(super) fn sync(&self) -> Result<bool> {
        let Some(file) = &self.file else { return Ok(false) };
        file.sync_all().map_err(|error| Error::io("sync", &self.path, error))?;
        Ok(true)
    }
}

fn line(item: &Quarantined, remains: &Remains<'_>) -> std::io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(item)?;
    // What remains goes behind the other fields.
    line.pop();
    match remains {
        Remains::Nothing => {}
        Remains::Bytes(bytes) => {
            line.extend_from_slice(format!(r#","bytes":"{}""#, BASE64.encode(bytes)).as_bytes());
        }
        Remains::Record(record) => {
            let mut text = Vec::new();
            write_record(*record, &mut text);
            line.extend_from_slice(br#","record":"#);
            line.extend_from_slice(&text);
        }
    }
    line.extend_from_slice(b"}\n");
    Ok(line)
}
