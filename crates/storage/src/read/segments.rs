//! The segments of columns that cover what a scan goes through: found in memory, mended, or made as it comes by, of
//! columns on the disk or of records. Where there are many to be made a second thread makes those behind a seam, and judges
//! their records.
//!
//! This file knows no conditions: what is asked it hands on.

use std::sync::Arc;
use std::thread;

use filedex_query::{Account, Path};

use super::execution::Execution;
use super::part::Part;
use super::scan::Scan;
use super::second::{MANY_RECORDS, MOST_FRAME, Second, Stop};
use crate::blocks::Ahead;
use crate::cache::segment::{KeyedBlock, Segment, SegmentBuilder, Wanted};
use crate::columns::{ColumnFile, Groups};
use crate::error::Result;
use crate::format::Place;
use crate::format::lists::ALL_ROOMS;
use crate::memtable::Memtable;
use crate::snapshot::{Bounds, Snapshot, State, Walk};

/// What segments of a scan are made with.
pub(super) struct Segments<'e> {
    snapshot: Snapshot<'e>,
    /// The number of the scan.
    pub(super) number: u64,
    pub(super) wanted: Wanted,
    room: Room,
    /// Where the part ends, and whether it is long.
    end: Vec<u8>,
    is_long: bool,
    /// Columns that are read of the disk, and blocks, in order.
    groups: Groups,
    ahead: Ahead,
    /// Whether this is what the second thread makes them with; else that thread, if there is one.
    is_second: bool,
    behind: Option<Behind>,
    made_of: MadeOf,
}

/// What there is room for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Room {
    /// More segments.
    Segments,
    /// More of them without the columns that conditions are asked of: which records these hold for is kept with them.
    Judged,
    None,
}

/// What segments were made of.
#[derive(Clone, Copy, Default)]
struct MadeOf {
    blocks: u64,
    records: u64,
}

/// A second thread, which makes the segments from that key on until this is dropped.
struct Behind {
    seam: Vec<u8>,
    _until_then: Stop,
}

/// What a second thread comes back with: what its segments were made of, and steps of work.
type Made = (MadeOf, u64);

impl<'e> Execution<'e> {
    /// Does something with the segments of the part, while a second thread makes those behind a seam, if many are to
    /// be made. The work of both is the request's.
    pub(super) fn with_segments<T>(
        &mut self,
        mut scan: Scan<'e>,
        part: &Part<'_>,
        work: impl FnOnce(&mut Self, &mut Scan<'e>) -> Result<T>,
    ) -> Result<(Scan<'e>, T)> {
        let done = match self.second(&scan, part)? {
            None => work(self, &mut scan)?,
            Some((second, seam)) => thread::scope(|scope| {
                let (stop, is_over) = Stop::new();
                let (other, from) = (scan.segments.second(), seam.clone());
                let (asking, number) = (scan.asking.clone(), scan.conditions());
                let mut open = self.open.for_another();
                let made = second.spawn(scope, move || {
                    let account = Account::default().watched_by(Arc::new(is_over));
                    let made_of = other.make_from(from, &account, |segment| {
                        if let Some(number) = number {
                            asking.judge_ahead(segment, &mut open, number, &account);
                        }
                    });
                    (made_of, account.steps())
                });
                scan.segments.behind = made.is_some().then_some(Behind { seam, _until_then: stop });
                let done = work(self, &mut scan);
                scan.segments.behind = None;
                let made: Made = made.and_then(|made| made.join().ok()).unwrap_or_default();
                self.add(made.0);
                self.running.account().work(made.1)?;
                done
            })?,
        };
        self.add(scan.segments.made_of);
        Ok((scan, done))
    }

    /// A second thread and where it begins, if there is one to be had. Where there is no room for what it makes it ends
    /// with the first that is not kept.
    fn second(&self, scan: &Scan<'e>, part: &Part<'_>) -> Result<Option<(Second, Vec<u8>)>> {
        // Where nobody waits the processor is left to those who do elsewhere.
        if part.records < MANY_RECORDS || !self.is_asked || scan.segments.has(&part.from) {
            return Ok(None);
        }
        let Some(second) = Second::take() else { return Ok(None) };
        Ok(self.seam(part)?.map(|seam| (second, seam)))
    }

    fn add(&mut self, made_of: MadeOf) {
        self.blocks += made_of.blocks;
        self.decoded += made_of.records;
    }
}

impl<'e> Segments<'e> {
    /// The segments of a part that have these columns, for the scan that begins now.
    pub(super) fn new(snapshot: Snapshot<'e>, part: &Part<'_>, wanted: Wanted) -> Segments<'e> {
        Segments {
            snapshot,
            number: snapshot.pool.columns.number_scan(),
            wanted,
            room: Room::Segments,
            end: part.end.clone(),
            is_long: part.is_long(),
            groups: Groups::default(),
            ahead: Ahead::default(),
            is_second: false,
            behind: None,
            made_of: MadeOf::default(),
        }
    }

    /// The segment that begins or goes on at that key and lacks nothing: there is one, or it is widened, mended, or made.
    /// `None` if there is neither one, nor room for it, nor columns on the disk to make it of each time.
    pub(super) fn at(&mut self, at: &[u8], account: &Account) -> Result<Option<Arc<Segment>>> {
        let columns = &self.snapshot.pool.columns;
        let found = columns.find(at, self.snapshot.state.version.number());
        let lacking = match &found {
            Some((segment, true)) => Some(segment.lacks(&self.wanted)),
            _ => None,
        };
        if let Some((segment, _)) = &found
            && lacking.as_ref().is_some_and(Vec::is_empty)
        {
            segment.use_in(self.number, self.wanted.paths());
            return Ok(Some(segment.clone()));
        }
        if self.room == Room::None && !columns.are_written(&self.wanted) {
            return Ok(None);
        }
        // Whoever has caught up with the other one makes the rest by himself.
        self.behind.take_if(|behind| behind.seam.as_slice() <= at);
        let found = found.map(|(segment, _)| segment);
        let made = match (&found, lacking) {
            (Some(segment), Some(lacking)) => self.widen(segment, &lacking, account)?,
            _ => self.make_at(at, found.clone(), account)?,
        };
        let made = made.map(Arc::new);
        if let Some(segment) = &made {
            self.keep(segment, found.as_deref());
        }
        Ok(made)
    }

    /// Whether there was room for all of them.
    pub(super) fn has_room(&self) -> bool {
        self.room == Room::Segments
    }

    /// Keeps a segment that was made in place of one that was found, or what there is room for of it.
    fn keep(&mut self, segment: &Arc<Segment>, found: Option<&Segment>) {
        let (columns, number) = (&self.snapshot.pool.columns, self.number);
        segment.use_in(number, self.wanted.paths());
        if self.room == Room::Segments && !columns.keep(segment, number) {
            let is_judged = self.wanted.conditions.is_some() && !self.wanted.asked.is_empty();
            self.room = if is_judged { Room::Judged } else { Room::None };
        }
        if self.room == Room::Judged {
            let is_new = |path: &&Path| found.is_none_or(|found| !found.has(path));
            let new: Vec<Path> = self.wanted.asked.iter().filter(is_new).cloned().collect();
            if !columns.keep(&Arc::new(segment.without(&new)), number) {
                self.room = Room::None;
            }
        }
    }

    /// The same, for a second thread.
    fn second(&self) -> Segments<'e> {
        Segments {
            wanted: self.wanted.clone(),
            end: self.end.clone(),
            groups: Groups::default(),
            ahead: Ahead::default(),
            is_second: true,
            behind: None,
            ..*self
        }
    }

    /// Whether there is one at that key that lacks nothing.
    fn has(&self, at: &[u8]) -> bool {
        let version = self.snapshot.state.version.number();
        let found = self.snapshot.pool.columns.find(at, version);
        found.is_some_and(|(segment, is_of)| is_of && segment.lacks(&self.wanted).is_empty())
    }

    /// Makes all from that key on, until there is no more room, and shows them. Where it fails it ends: whoever comes by
    /// will see.
    fn make_from(
        mut self,
        mut at: Vec<u8>,
        account: &Account,
        mut show: impl FnMut(&Segment),
    ) -> MadeOf {
        while at < self.end
            && self.room != Room::None
            && let Ok(Some(segment)) = self.at(&at, account)
        {
            show(&segment);
            at.clear();
            at.extend_from_slice(segment.upto());
        }
        self.made_of
    }

    /// The segment with columns that it lacks.
    fn widen(
        &mut self,
        segment: &Segment,
        lacking: &[Path],
        account: &Account,
    ) -> Result<Option<Segment>> {
        let (mut builder, mut files) = (SegmentBuilder::new(lacking, None), Vec::new());
        for placed in segment.blocks() {
            if !self.append(&mut builder, placed, lacking, &mut files, account)? {
                return Ok(None);
            }
        }
        let ends = (segment.from(), segment.upto());
        Ok(Some(segment.with(builder.finish(&self.groups, ends, segment.version()))))
    }

    /// Makes the segment at that key, of what was found there of another version if there is something.
    fn make_at(
        &mut self,
        at: &[u8],
        found: Option<Arc<Segment>>,
        account: &Account,
    ) -> Result<Option<Segment>> {
        let columns = &self.snapshot.pool.columns;
        let mut paths: Vec<Path> = self.wanted.paths().cloned().collect();
        let (from, end) = match &found {
            Some(segment) => {
                if self.has_room() {
                    segment.add_paths(&mut paths);
                }
                (segment.from(), segment.upto().into())
            }
            None => {
                let end = columns.next_after(at).unwrap_or_else(|| self.end.as_slice().into());
                (at, end.min(self.end.as_slice().into()))
            }
        };
        self.make((from, &end), &paths, found.clone(), account)
    }

    /// Makes the segment from the key `from` on, which is the key of a block or lies before all blocks of its list, and
    /// up to `end`, or before, if there are many records. It ends where a block begins. None from a second thread that
    /// comes to a long block.
    fn make(
        &mut self,
        (from, end): (&[u8], &[u8]),
        paths: &[Path],
        earlier: Option<Arc<Segment>>,
        account: &Account,
    ) -> Result<Option<Segment>> {
        let state = settled(self.snapshot.state);
        let blocks = Snapshot::new(self.snapshot.pool, &state);
        let bounds = Bounds { from: from.to_vec(), ..Bounds::of_prefix(ALL_ROOMS) };
        let (mut builder, mut upto) = (SegmentBuilder::new(paths, earlier), bounds.to.clone());
        let (mut files, mut key) = (Vec::new(), Vec::new());
        for run in Walk::lists(blocks, ALL_ROOMS, bounds)? {
            let run = run?;
            let Some(item) = run.item() else { continue };
            run.put_key(&mut key);
            if key.as_slice() < from {
                continue;
            }
            if builder.is_full() || key.as_slice() >= end {
                upto = key;
                break;
            }
            let placed = (key.as_slice(), run.list().len(), item.place);
            if !self.append(&mut builder, placed, paths, &mut files, account)? {
                return Ok(None);
            }
        }
        Ok(Some(builder.finish(&self.groups, (from, &upto), state.version.number())))
    }

    /// Adds a block to a segment with these columns, by what is nearest; false for a second thread if the block is long.
    fn append(
        &mut self,
        builder: &mut SegmentBuilder<'_>,
        placed: KeyedBlock<'_>,
        paths: &[Path],
        files: &mut Vec<(u64, Option<&'e ColumnFile>)>,
        account: &Account,
    ) -> Result<bool> {
        let (key, list, place) = placed;
        if self.is_second && place.length > MOST_FRAME {
            return Ok(false);
        }
        if builder.take_over(placed, &self.groups, account)? {
            return Ok(true);
        }
        let is_copied = match self.columns(place, paths, files)? {
            Some(columns) => builder.copy(placed, columns, &mut self.groups, account)?,
            None => false,
        };
        if !is_copied {
            let list = key.get(..list).unwrap_or_default();
            self.add(builder, (key, list, place), account)?;
        }
        Ok(true)
    }

    /// Adds a block to a segment by what it says itself.
    fn add(
        &mut self,
        builder: &mut SegmentBuilder<'_>,
        (key, list, place): (&[u8], &[u8], Place),
        account: &Account,
    ) -> Result<()> {
        let block = self.snapshot.block_of(place, list, self.is_long, &mut self.ahead)?;
        self.made_of.blocks += 1;
        self.made_of.records += block.len() as u64;
        builder.add(key, place, &block, &self.groups, account)
    }

    /// The columns beside the file of the block at that place, if there are all of these. Files that were asked about
    /// are known.
    fn columns(
        &self,
        place: Place,
        paths: &[Path],
        files: &mut Vec<(u64, Option<&'e ColumnFile>)>,
    ) -> Result<Option<&'e ColumnFile>> {
        if let Some((_, columns)) = files.iter().find(|(file, _)| *file == place.file) {
            return Ok(*columns);
        }
        let columns = self.snapshot.columns(place, paths)?;
        files.push((place.file, columns));
        Ok(columns)
    }
}

/// What lies in blocks of that state, without memtables: columns are of these alone.
fn settled(state: &State) -> State {
    State { active: Memtable::default(), frozen: Memtable::default(), ..state.clone() }
}
