//! The records of a part of the keys as numbers: the segments that cover it, one after the other.
//!
//! A record's number is how many records of blocks lie before it in the part. It rests on what blocks hold
//! alone, however these are cut into segments.

use std::ops::Range;
use std::sync::Arc;

use super::execution::Execution;
use super::scan::{Part, Scan};
use crate::cache::segment::Segment;
use crate::cache::selected::Selected;
use crate::error::Result;
use crate::memtable::Cell;

/// The segments of a part.
pub(super) struct Frame {
    segments: Vec<Framed>,
    pub(super) records: usize,
}

/// A segment, and which of its records belong to the part.
pub(super) struct Framed {
    /// The key from which on the part is this segment's. The segment may begin before it.
    from: Vec<u8>,
    pub(super) segment: Arc<Segment>,
    pub(super) rows: Range<usize>,
    /// The number of the first of them.
    pub(super) first: usize,
    /// Those that belong to the answer, unless all do.
    selected: Option<Arc<Selected>>,
}

impl Frame {
    pub(super) fn segments(&self) -> &[Framed] {
        &self.segments
    }

    /// The segment of the record of that number, and its row there.
    #[inline]
    pub(super) fn find(&self, number: usize) -> Option<(&Framed, usize)> {
        let at = self.segments.partition_point(|framed| framed.first <= number).checked_sub(1)?;
        let framed = self.segments.get(at)?;
        Some((framed, framed.rows.start + number - framed.first))
    }

    /// Whether the record of that number belongs to the answer.
    #[inline]
    pub(super) fn is_selected(&self, number: usize) -> bool {
        self.find(number).is_some_and(|(framed, row)| {
            framed.selected.as_ref().is_none_or(|selected| selected.has(row))
        })
    }

    /// How many records do.
    pub(super) fn count(&self) -> u64 {
        let of = |framed: &Framed| match &framed.selected {
            Some(selected) if framed.rows.len() == framed.segment.len() => selected.count(),
            Some(selected) => selected.count_in(framed.rows.clone()),
            None => framed.rows.len() as u64,
        };
        self.segments.iter().map(of).sum()
    }
}

impl<'e> Execution<'e> {
    /// The segments of the part; none where there is no room for all of them.
    pub(super) fn frame(&mut self, scan: &mut Scan<'e>, part: &Part<'_>) -> Result<Option<Frame>> {
        let (mut frame, mut at) = (Frame { segments: Vec::new(), records: 0 }, part.from.clone());
        while at < part.to {
            let Some(segment) = self.segment(scan, part, &at)? else { return Ok(None) };
            let blocks = segment.blocks_between(&at, &part.to);
            let (rows, first) = (segment.rows(blocks), frame.records);
            frame.records += rows.len();
            let from = std::mem::replace(&mut at, segment.upto().to_vec());
            if !rows.is_empty() {
                frame.segments.push(Framed { from, segment, rows, first, selected: None });
            }
        }
        Ok(Some(frame))
    }

    /// Finds out which records belong to the answer; false where a condition fails on one of them.
    pub(super) fn select(&mut self, scan: &Scan<'e>, frame: &mut Frame) -> Result<bool> {
        self.running.examine_many(frame.records as u64)?;
        self.judged += frame.records as u64;
        for framed in &mut frame.segments {
            let Some(selected) = self.selected(scan, &framed.segment)? else { return Ok(false) };
            framed.selected = Some(selected);
        }
        Ok(true)
    }

    /// The number of the record that the cell takes the place of, if blocks hold one.
    pub(super) fn replaced(&self, frame: &Frame, cell: &Cell) -> Result<Option<usize>> {
        let segments = frame.segments();
        let at = segments.partition_point(|framed| framed.from.as_slice() <= cell.key());
        let Some(framed) = at.checked_sub(1).and_then(|at| segments.get(at)) else {
            return Ok(None);
        };
        let placed = self.row_of(&framed.segment, cell)?;
        let own = placed.filter(|(row, replaces)| *replaces && framed.rows.contains(row));
        Ok(own.map(|(row, _)| framed.first + row - framed.rows.start))
    }
}
