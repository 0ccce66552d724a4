//! Single records, by their ids.

use filedex_query::Document;

use super::handle::Store;
use super::snapshots::Snapshot;
use crate::error::Result;
use crate::snapshot::Snapshot as Reading;

impl Store {
    /// The record of that `_id`.
    ///
    /// # Errors
    /// `Damaged`, `Io` or `Poisoned` from the disk.
    pub fn get(&self, id: &str) -> Result<Option<Document>> {
        let state = self.shared().state();
        document(Reading::new(&self.shared().pool, &state), id)
    }

    /// The record of that `_id` as the JSON text of a reply.
    ///
    /// # Errors
    /// As [`Store::get`].
    pub fn get_text(&self, id: &str) -> Result<Option<Vec<u8>>> {
        let state = self.shared().state();
        text(Reading::new(&self.shared().pool, &state), id)
    }
}

impl Snapshot {
    /// As [`Store::get`], of this state.
    ///
    /// # Errors
    /// As [`Store::get`], and `SnapshotEnded`.
    pub fn get(&self, id: &str) -> Result<Option<Document>> {
        self.read(|reading, _| document(reading, id))
    }

    /// As [`Store::get_text`], of this state.
    ///
    /// # Errors
    /// As [`Store::get`], and `SnapshotEnded`.
    pub fn get_text(&self, id: &str) -> Result<Option<Vec<u8>>> {
        self.read(|reading, _| text(reading, id))
    }
}

fn document(reading: Reading<'_>, id: &str) -> Result<Option<Document>> {
    Ok(reading.by_id(id)?.map(|stored| stored.document().to_document()))
}

fn text(reading: Reading<'_>, id: &str) -> Result<Option<Vec<u8>>> {
    Ok(reading.text_by_id(id)?.map(|text| text.marked().text().to_vec()))
}
