//! Blocks as they lie in their files, blocks with their records written out as JSON, and single records
//! written out.

use std::borrow::Cow;
use std::sync::Arc;

use super::by_key::{ByKey, Fill};
use super::newest::Newest;
use crate::error::Result;
use crate::format::{Block, Place};

/// The caches of a store but for those of the index and of scans.
#[derive(Debug)]
pub(crate) struct Caches {
    pub(crate) blocks: ByKey<Place, Block>,
    pub(crate) texts: ByKey<Place, Arc<Texts>>,
    /// Records by id as the newest version has them, memtables left aside.
    records: ByKey<Box<str>, Arc<[u8]>>,
    /// Records of cells, by their stamps.
    pub(crate) written: ByKey<u64, Arc<[u8]>>,
    newest: Newest,
}

/// The texts of the records of a block, in order.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

/// A record as the JSON text of a reply.
#[derive(Debug)]
pub(crate) enum Text {
    Kept(Arc<[u8]>),
    Whole(Vec<u8>),
}

impl Caches {
    /// Caches of so many bytes each; what is written since the last checkpoint is what is asked for most.
    pub(crate) fn new(share: u64, newest: u64) -> Caches {
        Caches {
            blocks: ByKey::new(share, 5000),
            texts: ByKey::new(share, 6000),
            records: ByKey::new(share / 2, 700),
            written: ByKey::new(share / 2, 700),
            newest: Newest::new(newest),
        }
    }

    /// How full each is.
    pub(crate) fn fill(&self) -> [(&'static str, Fill); 4] {
        [
            ("blocks", self.blocks.fill()),
            ("texts", self.texts.fill()),
            ("records", self.records.fill()),
            ("written", self.written.fill()),
        ]
    }

    /// The text of a record as that version has it.
    pub(crate) fn record(&self, version: u64, id: &str) -> Option<Arc<[u8]>> {
        // What is kept is of no version that is newer than the newest, which is looked at afterwards.
        let kept = self.records.get(id);
        kept.filter(|_| self.newest.is(version))
    }

    /// Keeps the text of a record of that version.
    pub(crate) fn keep_record(&self, version: u64, id: &str, text: &Arc<[u8]>) {
        self.newest.take_in(version, || self.records.keep(id.into(), text.clone(), text.len()));
    }

    /// From here on the newest version is another, in which these records may be others.
    pub(crate) fn begin_change<'i>(&self, newest: u64, ids: impl Iterator<Item = Cow<'i, str>>) {
        self.newest.begin_change(newest);
        ids.for_each(|id| self.records.forget(&*id));
    }
}

impl Texts {
    /// Adds the text of the next record, which this writes.
    pub(crate) fn push(&mut self, write: impl FnOnce(&mut Vec<u8>) -> Result<()>) -> Result<()> {
        write(&mut self.bytes)?;
        // A block has far fewer bytes than 4 GiB.
        self.ends.push(self.bytes.len() as u32);
        Ok(())
    }

    pub(crate) fn get(&self, at: usize) -> &[u8] {
        let end = |at: usize| self.ends.get(at).map_or(0, |end| *end as usize);
        self.bytes.get(at.checked_sub(1).map_or(0, end)..end(at)).unwrap_or_default()
    }

    /// Bytes of memory that they take.
    pub(crate) fn memory(&self) -> usize {
        self.bytes.len() + 4 * self.ends.len()
    }

    /// Gives back memory that is not used.
    pub(crate) fn shrink(mut self) -> Texts {
        self.bytes.shrink_to_fit();
        self.ends.shrink_to_fit();
        self
    }
}

impl Text {
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Text::Kept(text) => text,
            Text::Whole(text) => text,
        }
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        match self {
            Text::Whole(text) => text,
            text => text.bytes().to_vec(),
        }
    }
}
