//! Blocks as they lie in their files, blocks with their records written out as JSON, and single records
//! written out.

use std::borrow::Cow;
use std::sync::Arc;

use super::by_key::{ByKey, Fill};
use super::newest::Newest;
use super::seen::Seen;
use super::text::Texts;
use crate::format::{Block, Place};

/// The caches of a store but for those of the index and of scans.
#[derive(Debug)]
pub(crate) struct Caches {
    pub(crate) blocks: ByKey<Part, Block>,
    /// What was asked for the sake of one entry.
    pub(crate) seen: Seen,
    pub(crate) texts: ByKey<Stretch, Arc<Texts>>,
    /// Records by id as the newest version has them, memtables left aside.
    records: ByKey<Box<str>, Arc<[u8]>>,
    /// Texts of the records of cells, by their stamps.
    pub(crate) written: ByKey<u64, Arc<[u8]>>,
    /// Where what cells stand for lies in blocks, and as which of the entries there, by their stamps.
    pub(crate) places: ByKey<u64, (Place, usize)>,
    newest: Newest,
}

/// A block, or one entry of it, by its number or the hash of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Part {
    place: Place,
    entry: Option<u64>,
}

/// Some consecutive entries of a block: the first of them by how many come before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Stretch {
    pub(crate) place: Place,
    pub(crate) start: usize,
}

/// Bytes that the place of an entry takes.
const PLACE: u64 = 40;

impl Caches {
    /// Caches of three times so many bytes together: half of them for texts of what lies in blocks, of which pages
    /// are made. Who is asked for again and again has others in between.
    pub(crate) fn new(share: u64, newest: u64) -> Caches {
        Caches {
            blocks: ByKey::new(share / 8 * 6, 4000),
            seen: Seen::new(),
            texts: ByKey::new(share / 8 * 12, 8000),
            records: ByKey::new(share / 8 * 2, 700),
            written: ByKey::new(share / 8 * 3, 700),
            places: ByKey::new(share / 8, PLACE),
            newest: Newest::new(newest),
        }
    }

    /// How full each is.
    pub(crate) fn fill(&self) -> [(&'static str, Fill); 5] {
        [
            ("blocks", self.blocks.fill()),
            ("texts", self.texts.fill()),
            ("records", self.records.fill()),
            ("written", self.written.fill()),
            ("places", self.places.fill()),
        ]
    }

    /// The entry of that key in a block.
    pub(crate) fn part(&self, place: Place, key: &[u8]) -> Part {
        Part { place, entry: Some(self.seen.hash(key)) }
    }

    /// Keeps where what a cell stands for lies.
    pub(crate) fn keep_place(&self, stamp: u64, place: Place, at: usize) {
        self.places.keep(stamp, (place, at), PLACE as usize);
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
        // While much is written, seldom anything is.
        if !self.records.is_empty() {
            ids.for_each(|id| self.records.forget(&*id));
        }
    }
}

impl Part {
    pub(crate) fn whole(place: Place) -> Part {
        Part { place, entry: None }
    }

    pub(crate) fn nth(place: Place, at: usize) -> Part {
        Part { place, entry: Some(at as u64) }
    }
}
