//! A scan: the records of a part of a room, or of all rooms, judged by columns kept in memory. A record
//! is read only if it may belong to the page, or if columns do not say all. What memtables say is asked in
//! its place between them.

use std::ops::Range;
use std::sync::Arc;

use filedex_query::{Question, Sort};

use super::access::{Order, Span};
use super::candidates::Candidates;
use super::collector::Collector;
use super::execution::{Execution, Flow};
use super::judge::{Asking, Judged};
use super::part::Part;
use super::segments::Segments;
use crate::cache::segment::{Segment, Wanted};
use crate::cache::selected::{Bits, Selected};
use crate::columns::{Columnar as _, Values};
use crate::error::{Error, ErrorKind, Result};
use crate::format::Place;
use crate::format::lists::ALL_ROOMS;
use crate::snapshot::{Bounds, Lying, Stored, Walk};

/// How the records of a part are judged.
pub(super) struct Scan<'e> {
    pub(super) segments: Segments<'e>,
    pub(super) asking: Asking<'e>,
    /// The sort that records are kept by, unless they come in its order.
    sort: Option<&'e Sort>,
    /// Those that may be kept, where columns tell how their keys begin.
    candidates: Option<Candidates>,
}

/// What is asked of records, and what of them it takes to tell.
pub(super) struct Asked<'e> {
    pub(super) asking: Asking<'e>,
    pub(super) wanted: Wanted,
    pub(super) sort: Option<&'e Sort>,
}

/// Fewer records are read as fast.
const FEW_RECORDS: u64 = 32;

impl Scan<'_> {
    /// The number of the conditions, if what they say can be kept.
    pub(super) fn conditions(&self) -> Option<u64> {
        self.segments.wanted.conditions
    }
}

impl<'e> Execution<'e> {
    /// Judges the records of all rooms by columns; `None` if that is not worthwhile.
    pub(super) fn scan_all(&mut self, collector: &mut Collector<'_>) -> Result<Option<Flow>> {
        if self.counted && self.access.order != Order::Other {
            return Ok(None);
        }
        let part = self.part_of_all()?;
        match self.scan_columns(&part, collector)? {
            Some(flow) => Ok(Some(flow)),
            None => self.scan(&part, collector),
        }
    }

    /// Judges the records of a part of a room's list by columns; `None` if that is not worthwhile.
    pub(super) fn scan_room(
        &mut self,
        span: &Span,
        collector: &mut Collector<'_>,
    ) -> Result<Option<Flow>> {
        let backward = self.access.order == Order::Backward && collector.needs_order();
        if self.counted && self.access.order != Order::Other || backward || !span.proves {
            return Ok(None);
        }
        match self.part_of_room(span)? {
            Some(part) => self.scan(&part, collector),
            None => Ok(None),
        }
    }

    fn scan(&mut self, part: &Part<'_>, collector: &mut Collector<'_>) -> Result<Option<Flow>> {
        let sorts = matches!(collector, Collector::Heap { .. });
        let Some(scan) = self.begin_scan(part, sorts) else {
            return Ok(None);
        };
        self.with_segments(scan, part, |this, scan| this.go_through(scan, part, collector))?;
        Ok(Some(self.flow(collector)))
    }

    fn go_through(
        &mut self,
        scan: &mut Scan<'e>,
        part: &Part<'_>,
        collector: &mut Collector<'_>,
    ) -> Result<()> {
        let held = self.running.account().held();
        scan.candidates = collector.best_of().and_then(Candidates::of);
        self.running.account().hold(scan.candidates.as_ref().map_or(0, Candidates::bytes))?;
        let mut at = part.from.clone();
        while at < part.to {
            at = match scan.segments.at(&at, self.running.account())? {
                Some(segment) => {
                    self.judge_segment(scan, part, &segment, &at, collector)?;
                    segment.upto().to_vec()
                }
                None => {
                    let next = self.snapshot.pool.columns.next_after(&at);
                    let next = next.map(|next| self.block_from(&next)).transpose()?;
                    let end =
                        next.map_or_else(|| part.to.clone(), |next| next.min(part.to.clone()));
                    self.read_between(part, &at, &end, collector)?;
                    end
                }
            };
        }
        if let Some(candidates) = &mut scan.candidates {
            self.take_candidates(candidates, collector)?;
        }
        self.running.account().release_to(held);
        Ok(())
    }

    /// What a scan asks, which sorts what it finds or not, if columns tell anything of that.
    pub(super) fn asked(&mut self, sorts: bool) -> Option<Asked<'e>> {
        let (mut questions, mut exact) = (Vec::new(), true);
        if !self.counted {
            (questions, exact) = self.open.questions();
            if questions.is_empty() {
                return None;
            }
        }
        let sort = sorts.then(|| self.plan.sort());
        let name = if self.counted { None } else { self.open.name() };
        let conditions = name.map(|name| self.snapshot.pool.views.number_of(&name));
        let keys = sort.iter().flat_map(|sort| sort.paths());
        let asked = questions.iter().flat_map(Question::paths);
        let wanted = Wanted::new(keys, asked, conditions);
        Some(Asked { asking: Asking { questions, exact }, wanted, sort })
    }

    /// A scan of the part, which sorts what it finds or not, if one is worthwhile.
    pub(super) fn begin_scan(&mut self, part: &Part<'_>, sorts: bool) -> Option<Scan<'e>> {
        if part.records < FEW_RECORDS {
            return None;
        }
        let Asked { asking, wanted, sort } = self.asked(sorts)?;
        let columns = &self.snapshot.pool.columns;
        if !columns.are_worthwhile(&part.from, &wanted, part.records) {
            return None;
        }
        self.columns = wanted.paths().map(|path| path.text().to_owned()).collect();
        let segments = Segments::new(self.snapshot, part, wanted);
        Some(Scan { segments, asking, sort, candidates: None })
    }

    /// Judges the records between two keys one by one.
    fn read_between(
        &mut self,
        part: &Part<'_>,
        from: &[u8],
        to: &[u8],
        collector: &mut Collector<'_>,
    ) -> Result<()> {
        let begin = part.span.map_or_else(|| from.to_vec(), |span| span.list.key(&span.from));
        let bounds =
            Bounds { from: begin.max(from.to_vec()), to: part.to.clone().min(to.to_vec()) };
        for run in Walk::lists(self.snapshot, ALL_ROOMS, bounds)? {
            self.step(&run?, part.span, collector)?;
        }
        Ok(())
    }

    fn judge_segment(
        &mut self,
        scan: &mut Scan<'e>,
        part: &Part<'_>,
        segment: &Segment,
        at: &[u8],
        collector: &mut Collector<'_>,
    ) -> Result<()> {
        // Somebody else may have made it meanwhile, from before this place on.
        let blocks = segment.blocks_between(at, &part.to);
        let inside = part.blocks_inside(segment, blocks.clone());
        let begin = if inside.start == blocks.start { at } else { segment.key(inside.start) };
        if inside.start > blocks.start {
            self.read_between(part, at, begin, collector)?;
        }
        let end = segment.key(inside.end).min(part.to.as_slice());
        self.judge_rows(scan, segment, inside.clone(), (begin, end), (part, &mut *collector))?;
        if inside.end < blocks.end {
            self.read_between(part, end, segment.key(blocks.end), collector)?;
        }
        Ok(())
    }

    /// Judges the records of these blocks, which lie between these keys, and what memtables say there.
    fn judge_rows(
        &mut self,
        scan: &mut Scan<'e>,
        segment: &Segment,
        blocks: Range<usize>,
        (from, to): (&[u8], &[u8]),
        (part, collector): (&Part<'_>, &mut Collector<'_>),
    ) -> Result<()> {
        let Some(selected) = self.selected(scan, segment)? else {
            // What failed may have been said of a record that there is no more.
            return self.read_between(part, from, to, collector);
        };
        let rows = segment.rows(blocks);
        self.running.examine_many(rows.len() as u64)?;
        self.judged += rows.len() as u64;
        let mut at = rows.start;
        for between in self.cells_between(segment, rows.start, from, to)? {
            self.judge_run(scan, segment, &selected, at..between.row, collector)?;
            at = between.row + usize::from(between.replaces);
            if let Some(entry) = between.cell.entry() {
                self.judge_cell(between.cell, entry, collector)?;
            }
        }
        self.judge_run(scan, segment, &selected, at..rows.end, collector)
    }

    /// Which records of a segment belong to the answer; none where a condition fails on one of them.
    pub(super) fn selected(
        &mut self,
        scan: &Scan<'e>,
        segment: &Segment,
    ) -> Result<Option<Arc<Selected>>> {
        if let Some(selected) = scan.conditions().and_then(|number| segment.selected(number)) {
            return Ok(Some(selected));
        }
        match self.judged(scan, segment) {
            Ok(selected) => {
                let selected = Arc::new(Selected::new(selected, segment.len()));
                if let Some(number) = scan.conditions() {
                    segment.keep_selected(number, &selected);
                }
                Ok(Some(selected))
            }
            Err(error) if error.kind() == ErrorKind::Query => {
                // But for what ends the request, not the question.
                self.running.account().look()?;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// The same as columns say it, and of what is left the records.
    fn judged(&mut self, scan: &Scan<'e>, segment: &Segment) -> Result<Bits> {
        let account = self.running.account();
        let Judged { mut selected, mut open } =
            scan.asking.judge(segment, &mut self.open, account)?;
        open.retain(|row| {
            self.decoded += 1;
            let record = self.record_of(segment, row)?;
            self.open.accepts(record.document(), self.running.account())
        })?;
        selected.add_all(&open);
        Ok(selected)
    }

    fn judge_run(
        &mut self,
        scan: &mut Scan<'e>,
        segment: &Segment,
        selected: &Selected,
        rows: Range<usize>,
        collector: &mut Collector<'_>,
    ) -> Result<()> {
        let count = selected.count_in(rows.clone());
        if count <= collector.passes(self.matched) {
            self.matched += count;
            return Ok(());
        }
        let columns = scan.sort.and_then(|sort| key_columns(sort, segment));
        let mut key = Vec::new();
        for row in selected.rows(rows) {
            let is_passed = collector.passes(self.matched) > 0;
            self.matched += 1;
            if is_passed {
                continue;
            }
            if let Some(candidates) = &mut scan.candidates
                && let Some(head) = self.head(columns.as_deref(), row)
            {
                self.offer(head, || placed(segment, row), candidates, collector)?;
            } else if self.may_take(columns.as_deref(), row, collector, &mut key)? {
                self.decoded += 1;
                let record = self.record_of(segment, row)?;
                self.keep(record, collector)?;
            }
        }
        Ok(())
    }

    /// Whether the record may be kept, by what columns say of its key.
    fn may_take(
        &self,
        columns: Option<&[&Values]>,
        row: usize,
        collector: &Collector<'_>,
        key: &mut Vec<u8>,
    ) -> Result<bool> {
        if collector.refuses(|| self.head(columns, row)) {
            return Ok(false);
        }
        let is_known = collector.chooses() && self.append_key(columns, row, key)?;
        Ok(!is_known || collector.may_take(key))
    }

    /// How the record's key begins, if columns say it at once.
    pub(super) fn head(&self, columns: Option<&[&Values]>, row: usize) -> Option<u128> {
        let [values] = columns? else { return None };
        self.plan.sort().narrowed_head(values.value(values.code(row)?))
    }

    /// Puts the record's key, without its `_id`, in place of what is there, if the columns of [`key_columns`] say it.
    pub(super) fn append_key(
        &self,
        columns: Option<&[&Values]>,
        row: usize,
        key: &mut Vec<u8>,
    ) -> Result<bool> {
        key.clear();
        let Some(columns) = columns else { return Ok(false) };
        let account = self.running.account();
        let held = account.held();
        let mut is_complete = true;
        let values = columns.iter().map_while(|values| {
            let value = values.code(row).map(|code| values.value(code));
            is_complete &= value.is_some();
            value
        });
        let is_straight = self.plan.sort().append_narrowed_key(values, key, account)?;
        account.release_to(held);
        Ok(is_straight && is_complete)
    }

    /// Reads the record of that row.
    pub(super) fn record_of(&mut self, segment: &Segment, row: usize) -> Result<Stored> {
        let (number, at) = segment.place_of(row);
        self.blocks += 1;
        let (place, list) = segment.place(number).ok_or_else(lost)?;
        let block = self.snapshot.block(place, list)?;
        let entry = Lying::InBlock(at, block.entry(at).ok_or_else(lost)?);
        Ok(entry.found(Some(&block)).ok_or_else(lost)?.into_record())
    }
}

/// Where the record of that row lies.
pub(super) fn placed(segment: &Segment, row: usize) -> Result<(Place, usize)> {
    let (number, at) = segment.place_of(row);
    let (place, _) = segment.place(number).ok_or_else(lost)?;
    Ok((place, at))
}

fn lost() -> Error {
    Error::damaged("a record is in a column but not there")
}

/// The columns of a segment that a sort's keys are drawn from, if there are some of all its paths.
pub(super) fn key_columns<'s>(sort: &Sort, segment: &'s Segment) -> Option<Vec<&'s Values>> {
    sort.paths().map(|path| segment.values(path)).collect()
}
