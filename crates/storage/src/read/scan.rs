//! A scan: the records of a part of a room, or of all rooms, judged by columns kept in memory. A record
//! is read only if it may belong to the page, or if columns do not say all. What memtables say is asked in
//! its place between them.

use std::ops::Range;
use std::sync::Arc;

use filedex_query::{Question, Sort};

use super::access::{Order, Span};
use super::collector::Collector;
use super::execution::{Execution, Flow, Here};
use super::judge::Judge;
use super::residual::Verdict;
use crate::cache::segment::{Segment, SegmentBuilder, Wanted};
use crate::cache::selected::Selected;
use crate::error::{Error, ErrorKind, Result};
use crate::format::lists::ALL_ROOMS;
use crate::format::{List, Place};
use crate::memtable::{Cell, Memtable};
use crate::snapshot::{Bounds, Lying, Overlay, Snapshot, State, Stored, Walk};

/// What is scanned.
pub(super) struct Part<'s> {
    /// The key of the first block, or one before it.
    pub(super) from: Vec<u8>,
    /// The first key past the part.
    pub(super) to: Vec<u8>,
    /// Where the lists end that the part belongs to.
    pub(super) end: Vec<u8>,
    pub(super) span: Option<&'s Span>,
    pub(super) records: u64,
}

/// How the records of a part are judged.
pub(super) struct Scan<'e> {
    number: u64,
    /// What is asked; nothing where all records belong to the answer or classes tell.
    questions: Vec<Question<'e>>,
    /// Whether there are no other conditions.
    exact: bool,
    /// The number of the conditions, if what they say can be kept.
    pub(super) conditions: Option<u64>,
    /// The sort that records are kept by, unless they come in its order.
    sort: Option<&'e Sort>,
    wanted: Wanted,
    /// Whether there is room for more segments.
    room: bool,
}

/// A cell in its place among the records of a segment.
struct Between<'s> {
    /// The record that it comes before, or stands for.
    row: usize,
    replaces: bool,
    cell: &'s Cell,
}

/// Rows that are judged for the price of a step, beside what their conditions cost.
const ROWS_A_STEP: u64 = 4;

/// Fewer records are read as fast.
const FEW_RECORDS: u64 = 32;

impl<'e> Execution<'e> {
    /// Judges the records of all rooms by columns; `None` if that is not worthwhile.
    pub(super) fn scan_all(&mut self, collector: &mut Collector<'_>) -> Result<Option<Flow>> {
        if self.counted && self.access.order != Order::Other {
            return Ok(None);
        }
        let part = self.part_of_all()?;
        self.scan(&part, collector)
    }

    /// All rooms.
    pub(super) fn part_of_all(&self) -> Result<Part<'static>> {
        let Bounds { from, to } = Bounds::of_prefix(ALL_ROOMS);
        let records = self.snapshot.tally(&List::everything())?.records();
        Ok(Part { from, end: to.clone(), to, span: None, records })
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

    /// `None` for a room that has no blocks yet.
    pub(super) fn part_of_room<'s>(&self, span: &'s Span) -> Result<Option<Part<'s>>> {
        let (list, version) = (&span.list, &self.snapshot.state.version);
        let Some(chunk) = self.snapshot.pool.index.find(version, list, &span.from)? else {
            return Ok(None);
        };
        let fence = chunk.chunk.item(chunk.chunk.find(&span.from)).map(|item| list.key(item.fence));
        let records = self.snapshot.tally(list)?.records();
        let end = list.end();
        let to = span.to.as_ref().map_or_else(|| end.clone(), |to| list.key(to));
        let from = fence.unwrap_or_else(|| list.bytes().to_vec());
        Ok(Some(Part { from, to, end, span: Some(span), records }))
    }

    fn scan(&mut self, part: &Part<'_>, collector: &mut Collector<'_>) -> Result<Option<Flow>> {
        let sorts = matches!(collector, Collector::Heap { .. });
        let Some(mut scan) = self.begin_scan(part, sorts) else {
            return Ok(None);
        };
        let mut at = part.from.clone();
        while at < part.to {
            at = match self.segment(&mut scan, part, &at)? {
                Some(segment) => {
                    self.judge_segment(&scan, part, &segment, &at, collector)?;
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
        Ok(Some(self.flow(collector)))
    }

    /// A scan of the part, which sorts what it finds or not, if one is worthwhile.
    pub(super) fn begin_scan(&mut self, part: &Part<'_>, sorts: bool) -> Option<Scan<'e>> {
        if part.records < FEW_RECORDS {
            return None;
        }
        let (mut questions, mut exact) = (Vec::new(), true);
        if !self.counted {
            (questions, exact) = self.open.questions();
            if questions.is_empty() {
                return None;
            }
        }
        let sort = sorts.then(|| self.plan.sort());
        let mut wanted = Wanted::default();
        wanted.add(sort.iter().flat_map(|sort| sort.paths()));
        wanted.add(questions.iter().flat_map(Question::paths));
        let columns = &self.snapshot.pool.columns;
        if !columns.are_worthwhile(&part.from, &wanted, part.records) {
            return None;
        }
        self.columns = wanted.paths.iter().map(|path| path.text().to_owned()).collect();
        let name = if self.counted { None } else { self.open.name() };
        let conditions = name.map(|name| self.snapshot.pool.views.number_of(&name));
        let number = columns.number_scan();
        Some(Scan { number, questions, exact, conditions, sort, wanted, room: true })
    }

    /// The segment that begins or goes on at that key, made or mended if there is none of this version;
    /// `None` if there is neither one nor room for it.
    pub(super) fn segment(
        &mut self,
        scan: &mut Scan<'e>,
        part: &Part<'_>,
        at: &[u8],
    ) -> Result<Option<Arc<Segment>>> {
        let columns = &self.snapshot.pool.columns;
        let version = self.snapshot.state.version.number();
        let found = columns.find(at, scan.number, version);
        if let Some((segment, true)) = &found
            && segment.has(&scan.wanted)
        {
            return Ok(Some(segment.clone()));
        }
        if !scan.room {
            return Ok(None);
        }
        let (from, end): (&[u8], Box<[u8]>) = match &found {
            Some((segment, _)) => (segment.from(), segment.upto().into()),
            None => (at, columns.next_after(at).unwrap_or_else(|| part.end.as_slice().into())),
        };
        let mut wanted = scan.wanted.clone();
        wanted.add(columns.declared());
        let earlier = found.as_ref().map(|(segment, _)| segment.clone());
        earlier.iter().for_each(|earlier| wanted.add_those_of(earlier));
        let end = if found.is_some() { end } else { end.min(part.end.as_slice().into()) };
        let segment = Arc::new(self.read_segment(
            (from, &end),
            part.span.is_none(),
            &wanted,
            earlier.clone(),
        )?);
        scan.room = columns.keep(&segment, scan.number);
        Ok(Some(segment))
    }

    /// The key of the first block from that key on, or where the rooms end. A segment that was made of another
    /// version may begin in the middle of a block of this one, and what memtables say of the block's entries
    /// has to be asked beside all of them.
    fn block_from(&self, key: &[u8]) -> Result<Vec<u8>> {
        let bounds = Bounds { from: key.into(), ..Bounds::of_prefix(ALL_ROOMS) };
        let to = bounds.to.clone();
        for run in Walk::lists(self.snapshot, ALL_ROOMS, bounds)? {
            let run = run?;
            if run.item().is_some() && run.key().as_slice() >= key {
                return Ok(run.key());
            }
        }
        Ok(to)
    }

    /// Reads the blocks from the key `from` on, which is the key of a block or lies before all blocks of
    /// its list, and before `end`; fewer, if they hold many records. The segment ends where a block begins.
    fn read_segment(
        &mut self,
        (from, end): (&[u8], &[u8]),
        of_all: bool,
        wanted: &Wanted,
        earlier: Option<Arc<Segment>>,
    ) -> Result<Segment> {
        // Columns are of what lies in blocks: of this version, without memtables.
        let state = State {
            active: Memtable::default(),
            frozen: Memtable::default(),
            ..self.snapshot.state.clone()
        };
        let blocks = Snapshot::new(self.snapshot.pool, &state);
        let bounds = Bounds { from: from.to_vec(), ..Bounds::of_prefix(ALL_ROOMS) };
        let (mut builder, mut upto) = (SegmentBuilder::new(wanted, earlier), bounds.to.clone());
        for run in Walk::lists(blocks, ALL_ROOMS, bounds)? {
            let run = run?;
            let (Some(item), list) = (run.item(), run.list()) else { continue };
            let key = run.key();
            if key.as_slice() < from {
                continue;
            }
            if builder.is_full() || key.as_slice() >= end {
                upto = key;
                break;
            }
            if !builder.take_over(&key, list.len(), item.place) {
                let block = self.block(item.place, list, of_all)?;
                self.blocks += 1;
                self.decoded += block.len() as u64;
                builder.add(&key, item.place, &block, self.running.account())?;
            }
        }
        Ok(builder.finish(from, &upto, state.version.number()))
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
        scan: &Scan<'e>,
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
        scan: &Scan<'e>,
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
        if let Some(selected) = scan.conditions.and_then(|number| segment.selected(number)) {
            return Ok(Some(selected));
        }
        let mut judge = Judge::new(&scan.questions, scan.exact, segment);
        self.running.account().work(segment.len() as u64 / ROWS_A_STEP)?;
        let selected =
            Selected::of(segment.len(), |row| self.is_selected(&mut judge, segment, row));
        match selected {
            Ok(selected) => {
                let selected = Arc::new(selected);
                if let Some(number) = scan.conditions {
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

    fn is_selected(
        &mut self,
        judge: &mut Judge<'_>,
        segment: &Segment,
        row: usize,
    ) -> Result<bool> {
        let decided = segment.class(row).map(|class| self.open.verdict(class));
        let verdict = match decided {
            Some(decided @ (Verdict::Yes | Verdict::No)) => decided,
            _ => judge.ask(row, self.running.account())?,
        };
        match verdict {
            Verdict::Yes => Ok(true),
            Verdict::No => Ok(false),
            Verdict::Ask => {
                self.decoded += 1;
                let record = self.record_of(segment, row)?;
                self.open.accepts(record.document(), self.running.account())
            }
        }
    }

    /// The cells between these keys, in order, each with its place among the records.
    fn cells_between(
        &self,
        segment: &Segment,
        first: usize,
        from: &[u8],
        to: &[u8],
    ) -> Result<Vec<Between<'e>>> {
        if self.snapshot.is_settled() {
            return Ok(Vec::new());
        }
        let cells = Overlay::from(self.snapshot.state, from);
        let cells = cells.take_while(|cell| cell.key() < to);
        let placed = cells.map(|cell| {
            let (row, replaces) = self.row_of(segment, cell)?.unwrap_or((first, false));
            Ok(Between { row: row.max(first), replaces, cell })
        });
        placed.collect()
    }

    /// The record of the segment that the cell comes before, and whether it stands for that one; `None` for a
    /// cell before all blocks of the segment.
    pub(super) fn row_of(&self, segment: &Segment, cell: &Cell) -> Result<Option<(usize, bool)>> {
        let Some(number) = segment.block_of(cell.key()) else { return Ok(None) };
        let Some((place, list)) = segment.place(number) else { return Ok(None) };
        let rows = segment.rows(number..number + 1);
        if list != cell.list() {
            return Ok(Some((rows.end, false)));
        }
        let (at, is_its_own) = self.place_in(cell, place)?;
        Ok(Some((rows.start + at, is_its_own)))
    }

    /// Which of the entries of a block the cell comes before, and whether it stands for that one.
    fn place_in(&self, cell: &Cell, place: Place) -> Result<(usize, bool)> {
        let caches = &self.snapshot.pool.caches;
        if let Some((_, at)) = caches.places.get(&cell.stamp()).filter(|(of, _)| *of == place) {
            return Ok((at, true));
        }
        let block = self.snapshot.block(place, cell.list())?;
        let at = block.position(cell.order());
        let is_its_own = block.entry(at).is_some_and(|entry| entry.key == cell.order());
        if is_its_own {
            caches.keep_place(cell.stamp(), place, at);
        }
        Ok((at, is_its_own))
    }

    fn judge_cell(
        &mut self,
        cell: &Cell,
        entry: crate::format::Entry<'_>,
        collector: &mut Collector<'_>,
    ) -> Result<()> {
        let here = Here::in_cells();
        self.entry(here, &Lying::InCell(cell, entry), collector)
    }

    fn judge_run(
        &mut self,
        scan: &Scan<'e>,
        segment: &Segment,
        selected: &Selected,
        rows: Range<usize>,
        collector: &mut Collector<'_>,
    ) -> Result<()> {
        let count = match rows.len() == segment.len() {
            true => selected.count(),
            false => selected.count_in(rows.clone()),
        };
        if count <= collector.passes(self.matched) {
            self.matched += count;
            return Ok(());
        }
        let mut key = Vec::new();
        for row in rows.filter(|row| selected.has(*row)) {
            let is_kept = collector.passes(self.matched) == 0
                && self.may_take(scan, segment, row, collector, &mut key)?;
            self.matched += 1;
            if is_kept {
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
        scan: &Scan<'e>,
        segment: &Segment,
        row: usize,
        collector: &Collector<'_>,
        key: &mut Vec<u8>,
    ) -> Result<bool> {
        let Some(sort) = scan.sort.filter(|_| collector.chooses()) else { return Ok(true) };
        let is_known = self.append_key(sort, segment, row, key)?;
        Ok(!is_known || collector.may_take(key))
    }

    /// Puts the record's key, without its `_id`, in place of what is there, if columns say it.
    pub(super) fn append_key(
        &self,
        sort: &Sort,
        segment: &Segment,
        row: usize,
        key: &mut Vec<u8>,
    ) -> Result<bool> {
        key.clear();
        let account = self.running.account();
        let held = account.held();
        let mut is_complete = true;
        let values = sort.paths().map_while(|path| {
            let values = segment.values(path);
            let value = values.and_then(|values| Some(values.value(values.code(row)?)));
            is_complete &= value.is_some();
            value
        });
        let is_straight = sort.append_narrowed_key(values, key, account)?;
        account.release_to(held);
        Ok(is_straight && is_complete)
    }

    /// Reads the record of that row.
    pub(super) fn record_of(&mut self, segment: &Segment, row: usize) -> Result<Stored> {
        let (number, at) = segment.place_of(row);
        self.blocks += 1;
        let lost = || Error::damaged("a record is in a column but not there");
        let (place, list) = segment.place(number).ok_or_else(lost)?;
        let block = self.snapshot.block(place, list)?;
        let entry = Lying::InBlock(at, block.entry(at).ok_or_else(lost)?);
        Ok(entry.found(Some(&block)).ok_or_else(lost)?.into_record())
    }
}

impl Part<'_> {
    /// Those of the blocks whose records all belong to the part: all but perhaps the first and the last.
    fn blocks_inside(&self, segment: &Segment, blocks: Range<usize>) -> Range<usize> {
        let Some(span) = self.span else { return blocks };
        let mut inside = blocks;
        let begins = span.list.key(&span.from);
        if !inside.is_empty() && !span.from.is_empty() && segment.key(inside.start) < &*begins {
            inside.start += 1;
        }
        if !inside.is_empty() && span.to.is_some() && segment.key(inside.end) > &*self.to {
            inside.end -= 1;
        }
        inside
    }
}
