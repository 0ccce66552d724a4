//! Chunks and outlines of the newest version that are kept in memory, within a budget.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::Keyed;
use super::edit::Edit;
use super::outline::Outline;
use super::version::Version;
use crate::cache::{ByKey, Fill, Newest, Seen};
use crate::format::List;

/// What is kept.
#[derive(Debug)]
pub(super) struct IndexCache {
    chunks: ByKey<Box<[u8]>, Keyed>,
    outlines: ByKey<Box<[u8]>, Arc<Outline>>,
    /// Keys under which there is no chunk: those of lists that are asked for and hold nothing.
    absent: ByKey<Box<[u8]>, ()>,
    /// Chunks that were asked for not long ago.
    seen: Seen,
    /// How often lists were asked for without an outline, by their hash.
    asked: Box<[AtomicU32]>,
    newest: Newest,
}

const ASKED: usize = 256;

/// Bytes that keys without a chunk may take: of lists that are made up, too.
const MOST_ABSENT_BYTES: u64 = 256 << 10;

/// An outline is worth having once a list was asked for as often as so many of its chunks are read.
const CHUNKS_PER_ASKING: u64 = 4;

impl IndexCache {
    pub(super) fn new(bytes: u64, newest: u64) -> IndexCache {
        IndexCache {
            chunks: ByKey::new(bytes / 4 * 3, 3000),
            outlines: ByKey::of_few(bytes / 4, 10_000),
            absent: ByKey::new(MOST_ABSENT_BYTES.min(bytes), 40),
            seen: Seen::new(),
            asked: std::iter::repeat_with(AtomicU32::default).take(ASKED).collect(),
            newest: Newest::new(newest),
        }
    }

    pub(super) fn fill(&self) -> [(&'static str, Fill); 2] {
        [("chunks", self.chunks.fill()), ("outlines", self.outlines.fill())]
    }

    pub(super) fn chunk(&self, key: &[u8]) -> Option<Keyed> {
        self.chunks.get(key)
    }

    /// Whether there is known to be no chunk under that key.
    pub(super) fn is_absent(&self, key: &[u8]) -> bool {
        self.absent.get(key).is_some()
    }

    pub(super) fn keep_absent(&self, version: &Version, key: &[u8]) {
        self.newest.take_in(version.number(), || self.absent.keep(key.into(), (), key.len()));
    }

    /// Whether the chunk under that key was asked for before, by and large.
    pub(super) fn is_asked_again(&self, key: &[u8]) -> bool {
        self.seen.again(&key)
    }

    pub(super) fn keep_chunk(&self, version: &Version, chunk: &Keyed) {
        if self.chunks.has(&*chunk.key) {
            return;
        }
        self.newest.take_in(version.number(), || {
            self.chunks.keep((&*chunk.key).into(), chunk.clone(), memory(chunk));
        });
    }

    pub(super) fn outline(&self, list: &List) -> Option<Arc<Outline>> {
        self.outlines.get(list.bytes())
    }

    /// Keeps an outline if there is room. Where it goes again it has to pay for itself anew.
    pub(super) fn keep_outline(&self, version: &Version, list: &List, outline: &Arc<Outline>) {
        self.counter(list).into_iter().for_each(|asked| asked.store(0, Ordering::Relaxed));
        self.newest.take_in(version.number(), || {
            self.outlines.keep(list.bytes().into(), outline.clone(), outline.bytes());
        });
    }

    /// Notes that a list was asked for.
    pub(super) fn asked(&self, list: &List) {
        if let Some(asked) = self.counter(list) {
            asked.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether the outline of a list of so many chunks has paid for itself.
    pub(super) fn is_outline_worthwhile(
        &self,
        version: &Version,
        list: &List,
        chunks: u64,
    ) -> bool {
        let asked = self.counter(list).map_or(0, |asked| u64::from(asked.load(Ordering::Relaxed)));
        self.newest.is(version.number()) && asked * CHUNKS_PER_ASKING > chunks
    }

    /// From here on the newest version is another, and nothing of an earlier one is taken in.
    pub(super) fn begin_change(&self, newest: u64) {
        self.newest.begin_change(newest);
    }

    /// Drops what an edit has changed.
    pub(super) fn forget(&self, edit: &Edit) {
        for (key, _) in edit.changes() {
            self.chunks.forget(key);
            self.absent.forget(key);
            // The first chunk of a list changes whenever the list does, and its key is that of the list.
            self.outlines.forget(key);
        }
    }

    /// Drops all chunks: what they are parts of is to go.
    pub(super) fn forget_chunks(&self) {
        self.chunks.clear();
    }

    fn counter(&self, list: &List) -> Option<&AtomicU32> {
        self.asked.get(crc32fast::hash(list.bytes()) as usize % ASKED)
    }
}

/// Bytes of memory that a chunk takes where it is kept by its key.
fn memory(chunk: &Keyed) -> usize {
    2 * chunk.key.len() + chunk.chunk.memory()
}
