//! The records of a part of the keys as numbers: the segments that cover it, one after the other.
//!
//! A record's number is how many records of blocks lie before it in the part. It rests on what blocks hold
//! alone, however these are cut into segments. This file does not know what is asked of records.

use std::ops::Range;
use std::sync::Arc;

use filedex_query::Path;

use super::segment::{Segment, Wanted};
use crate::sync::{AtomicU64, Ordering};

/// The segments of a part.
#[derive(Debug)]
pub(crate) struct Frame {
    segments: Vec<Framed>,
    records: usize,
    /// The columns that all of them have of those that were wanted, and those that keys are drawn from.
    paths: Vec<Path>,
    keys: Vec<Path>,
    /// The last scan that made use of it.
    used: AtomicU64,
}

/// A segment, and which of its records belong to the part.
#[derive(Debug)]
pub(crate) struct Framed {
    /// The key from which on the part is this segment's. The segment may begin before it.
    pub(crate) from: Vec<u8>,
    pub(crate) segment: Arc<Segment>,
    pub(crate) rows: Range<usize>,
    /// The number of the first of them.
    pub(crate) first: usize,
}

/// The part and the version that a frame is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FrameKey {
    pub(crate) from: Box<[u8]>,
    pub(crate) to: Box<[u8]>,
    pub(crate) version: u64,
}

impl Frame {
    /// A frame of segments that lack none of these columns.
    pub(crate) fn new(wanted: &Wanted) -> Frame {
        let (paths, keys) = (wanted.paths().cloned().collect(), wanted.keys.clone());
        Frame { segments: Vec::new(), records: 0, paths, keys, used: AtomicU64::new(0) }
    }

    /// Adds the next segment, of which these records belong to the part, from that key on.
    pub(crate) fn add(&mut self, from: Vec<u8>, segment: Arc<Segment>, rows: Range<usize>) {
        let first = self.records;
        self.records += rows.len();
        if !rows.is_empty() {
            self.paths.retain(|path| segment.has(path));
            self.segments.push(Framed { from, segment, rows, first });
        }
    }

    pub(crate) fn segments(&self) -> &[Framed] {
        &self.segments
    }

    /// How many records there are.
    pub(crate) fn records(&self) -> usize {
        self.records
    }

    /// The place of the segment of the record of that number, and the record's row there.
    #[inline]
    pub(crate) fn find(&self, number: usize) -> Option<(usize, usize)> {
        let at = self.segments.partition_point(|framed| framed.first <= number).checked_sub(1)?;
        let framed = self.segments.get(at)?;
        Some((at, framed.rows.start + number - framed.first))
    }

    /// Whether its segments lack none of these columns.
    pub(super) fn suits(&self, wanted: &Wanted) -> bool {
        wanted.paths().all(|path| path.is_among(&self.paths))
            || self.segments.iter().all(|framed| framed.segment.lacks(wanted).is_empty())
    }

    /// Notes that this scan makes use of it.
    pub(super) fn use_in(&self, scan: u64) {
        self.used.fetch_max(scan, Ordering::Relaxed);
    }

    /// Notes with each segment when it was used last.
    pub(super) fn mark_segments(&self) {
        let scan = self.used.load(Ordering::Relaxed);
        self.segments.iter().for_each(|framed| framed.segment.use_in(scan, self.keys.iter()));
    }
}
