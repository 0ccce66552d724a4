//! The frame of a part with what belongs to the answer: read of the segments that there are, which are made where they
//! are not.

use std::sync::Arc;

use super::execution::Execution;
use super::part::Part;
use super::scan::Scan;
use crate::cache::frame::{self, FrameKey, Framed};
use crate::cache::selected::Selected;
use crate::error::Result;
use crate::memtable::Cell;

/// The records of a part, of which some belong to the answer.
pub(super) struct Frame {
    frame: Arc<frame::Frame>,
    /// Of each segment those that do; nothing where classes tell.
    selected: Vec<Arc<Selected>>,
    /// The same by their numbers, where few do: most that are come by are passed over.
    few: Option<Selected>,
}

/// One record in so many, or fewer, are few.
const FEW: u64 = 16;

impl Frame {
    pub(super) fn segments(&self) -> &[Framed] {
        self.frame.segments()
    }

    /// How many records there are.
    pub(super) fn records(&self) -> usize {
        self.frame.records()
    }

    /// The segment of the record of that number, and its row there.
    #[inline]
    pub(super) fn find(&self, number: usize) -> Option<(&Framed, usize)> {
        let (at, row) = self.frame.find(number)?;
        Some((self.segments().get(at)?, row))
    }

    /// Whether the record of that number belongs to the answer.
    #[inline]
    pub(super) fn is_selected(&self, number: usize) -> bool {
        if let Some(few) = &self.few {
            return few.has(number);
        }
        self.frame
            .find(number)
            .is_some_and(|(at, row)| self.selected.get(at).is_none_or(|selected| selected.has(row)))
    }

    /// How many records do.
    pub(super) fn count(&self) -> u64 {
        let of =
            |(framed, selected): (&Framed, &Arc<Selected>)| selected.count_in(framed.rows.clone());
        self.segments().iter().zip(&self.selected).map(of).sum()
    }

    /// The numbers of those that do.
    fn numbers(&self) -> impl Iterator<Item = usize> {
        self.segments().iter().zip(&self.selected).flat_map(|(framed, selected)| {
            let rows = selected.rows(framed.rows.clone());
            rows.map(|row| framed.first + row - framed.rows.start)
        })
    }
}

impl<'e> Execution<'e> {
    /// The segments of the part; none where there is neither room for all of them nor columns on the disk.
    pub(super) fn frame(&mut self, scan: &mut Scan<'e>, part: &Part<'_>) -> Result<Option<Frame>> {
        let columns = &self.snapshot.pool.columns;
        let version = self.snapshot.state.version.number();
        let (from, to) = (part.from.as_slice().into(), part.to.as_slice().into());
        let key = FrameKey { from, to, version };
        if let Some(frame) = columns.frame(&key, &scan.segments.wanted, scan.segments.number) {
            return Ok(Some(Frame { frame, selected: Vec::new(), few: None }));
        }
        let (mut frame, mut at) = (frame::Frame::new(&scan.segments.wanted), part.from.clone());
        while at < part.to {
            let account = self.running.account();
            let Some(segment) = scan.segments.at(&at, account)? else { return Ok(None) };
            // What there is no room for lies on the disk, and is the request's own for now.
            if !scan.segments.has_room() {
                account.hold(segment.bytes() as usize)?;
            }
            let rows = segment.rows(segment.blocks_between(&at, &part.to));
            let from = std::mem::replace(&mut at, segment.upto().to_vec());
            frame.add(from, segment, rows);
        }
        let frame = Arc::new(frame);
        if scan.segments.has_room() {
            columns.keep_frame(key, &frame, scan.segments.number);
        }
        Ok(Some(Frame { frame, selected: Vec::new(), few: None }))
    }

    /// Finds out which records belong to the answer; false where a condition fails on one of them.
    pub(super) fn select(&mut self, scan: &Scan<'e>, frame: &mut Frame) -> Result<bool> {
        self.running.examine_many(frame.records() as u64)?;
        self.judged += frame.records() as u64;
        let mut all = Vec::with_capacity(frame.segments().len());
        for framed in frame.segments() {
            let Some(selected) = self.selected(scan, &framed.segment)? else { return Ok(false) };
            all.push(selected);
        }
        frame.selected = all;
        let records = frame.records();
        if frame.count().saturating_mul(FEW) <= records as u64 {
            self.running.account().hold(Selected::memory(records))?;
            frame.few = Some(Selected::these(records, frame.numbers()));
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
