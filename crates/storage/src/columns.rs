//! The segments kept in memory, by the keys of their blocks: a cache within a budget of bytes.
//!
//! They are made by scans: of the fields that a host declared, and of those that are asked for again.
//! A write drops what it changes. What lies between two segments is read from blocks.

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use filedex_query::Path;
use parking_lot::{Mutex, RwLock};

use crate::segment::{RECORDS, Segment, Wanted};

/// The segments.
pub(crate) struct Columns {
    kept: RwLock<Kept>,
    budget: u64,
    /// The fields that a host declared.
    declared: Vec<Path>,
    /// What scans asked for that had no columns.
    asked: Mutex<HashSet<u64>>,
    scans: AtomicU64,
}

#[derive(Default)]
struct Kept {
    /// By the key that each begins with; no two overlap.
    segments: BTreeMap<Box<[u8]>, Arc<Segment>>,
    bytes: u64,
}

/// Questions that are remembered.
const MOST_ASKED: usize = 10_000;

/// A segment that so many scans made no use of gives way to others.
const SCANS: u64 = 2;

impl Columns {
    pub(crate) fn new(budget: u64, declared: Vec<Path>) -> Columns {
        let (kept, asked, scans) = (RwLock::default(), Mutex::default(), AtomicU64::new(0));
        Columns { kept, budget, declared, asked, scans }
    }

    /// The fields that a host declared.
    pub(crate) fn declared(&self) -> &[Path] {
        &self.declared
    }

    /// Whether a scan that begins at that key should make columns: of fields that were declared, or
    /// that were asked for here before.
    pub(crate) fn are_worthwhile(&self, from: &[u8], wanted: &Wanted<'_>) -> bool {
        let is_declared = |path: &Path| self.declared.iter().any(|one| one.text() == path.text());
        if wanted.paths.iter().all(|path| is_declared(path)) {
            return true;
        }
        let mut question = DefaultHasher::new();
        from.hash(&mut question);
        wanted.paths.iter().for_each(|path| path.text().hash(&mut question));
        let mut asked = self.asked.lock();
        if asked.len() >= MOST_ASKED {
            asked.clear();
        }
        !asked.insert(question.finish())
    }

    /// The number of a scan that begins now.
    pub(crate) fn number_scan(&self) -> u64 {
        self.scans.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The segment that the block under that key belongs to.
    pub(crate) fn find(&self, key: &[u8], scan: u64) -> Option<Arc<Segment>> {
        let kept = self.kept.read();
        let segment = kept.covering(key)?;
        segment.use_in(scan);
        Some(segment.clone())
    }

    /// Where the next segment past that key begins. One so small that it should become a part of the
    /// one before it is none.
    pub(crate) fn next_after(&self, key: &[u8]) -> Option<Box<[u8]>> {
        let kept = self.kept.read();
        let mut after = kept.segments.range::<[u8], _>((Bound::Excluded(key), Bound::Unbounded));
        let (from, segment) = after.next()?;
        if segment.len() >= RECORDS / 2 {
            return Some(from.clone());
        }
        after.next().map(|(from, _)| from.clone())
    }

    /// Keeps a segment in place of all that overlap it, if there is room; says whether.
    pub(crate) fn keep(&self, segment: &Arc<Segment>, scan: u64) -> bool {
        segment.use_in(scan);
        let mut kept = self.kept.write();
        kept.drop_overlapping(segment);
        if kept.bytes + segment.bytes() > self.budget {
            kept.drop_unused_since(scan.saturating_sub(SCANS));
        }
        let fits = kept.bytes + segment.bytes() <= self.budget;
        if fits {
            kept.bytes += segment.bytes();
            kept.segments.insert(segment.from().into(), segment.clone());
        }
        fits
    }

    /// Drops what is kept of the block under that key.
    pub(crate) fn forget(&self, key: &[u8]) {
        if self.kept.read().covering(key).is_none() {
            return;
        }
        let mut kept = self.kept.write();
        if let Some(from) = kept.covering(key).map(|segment| Box::from(segment.from())) {
            kept.remove(&from);
        }
    }
}

impl Kept {
    fn covering(&self, key: &[u8]) -> Option<&Arc<Segment>> {
        let upto = (Bound::Unbounded, Bound::Included(key));
        let (_, segment) = self.segments.range::<[u8], _>(upto).next_back()?;
        (key < segment.upto()).then_some(segment)
    }

    fn remove(&mut self, from: &[u8]) {
        if let Some(segment) = self.segments.remove(from) {
            self.bytes -= segment.bytes();
        }
    }

    fn drop_overlapping(&mut self, segment: &Segment) {
        let within = (Bound::Included(segment.from()), Bound::Excluded(segment.upto()));
        let within = self.segments.range::<[u8], _>(within).map(|(from, _)| from.clone());
        let covering = self.covering(segment.from()).map(|segment| segment.from().into());
        let overlapping: Vec<Box<[u8]>> = within.chain(covering).collect();
        overlapping.iter().for_each(|from| self.remove(from));
    }

    fn drop_unused_since(&mut self, scan: u64) {
        self.segments.retain(|_, segment| segment.used_in() > scan);
        self.bytes = self.segments.values().map(|segment| segment.bytes()).sum();
    }
}
