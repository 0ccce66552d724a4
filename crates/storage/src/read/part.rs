//! What scans go through: a part of a room's list, or all rooms; and the segments of columns that cover it, which are
//! made or mended as a scan comes by.

use std::ops::Range;
use std::sync::Arc;
use std::thread;

use super::access::Span;
use super::execution::Execution;
use super::scan::Scan;
use super::second::{Feed, Fetched, MANY_RECORDS, Reading, Second};
use crate::cache::segment::{Segment, SegmentBuilder, Wanted};
use crate::error::Result;
use crate::format::lists::ALL_ROOMS;
use crate::format::{Block, List, Place};
use crate::memtable::Memtable;
use crate::snapshot::{Bounds, Snapshot, State, Walk};

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

impl Part<'_> {
    /// Those of the blocks whose records all belong to the part: all but perhaps the first and the last.
    pub(super) fn blocks_inside(&self, segment: &Segment, blocks: Range<usize>) -> Range<usize> {
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

impl<'e> Execution<'e> {
    /// All rooms.
    pub(super) fn part_of_all(&self) -> Result<Part<'static>> {
        let Bounds { from, to } = Bounds::of_prefix(ALL_ROOMS);
        let records = self.snapshot.tally(&List::everything())?.records();
        Ok(Part { from, end: to.clone(), to, span: None, records })
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

    /// The segment that begins or goes on at that key, made or mended if there is none of this version; `None` if there
    /// is neither one, nor room for it, nor columns on the disk to make it of each time.
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
        if !scan.room && !columns.are_written(&scan.wanted) {
            return Ok(None);
        }
        let (from, end): (&[u8], Box<[u8]>) = match &found {
            Some((segment, _)) => (segment.from(), segment.upto().into()),
            None => (at, columns.next_after(at).unwrap_or_else(|| part.end.as_slice().into())),
        };
        let mut wanted = scan.wanted.clone();
        let earlier = found.as_ref().map(|(segment, _)| segment.clone());
        if scan.room {
            wanted.add(columns.declared());
            earlier.iter().for_each(|earlier| wanted.add_those_of(earlier));
        }
        let end = if found.is_some() { end } else { end.min(part.end.as_slice().into()) };
        let is_long = part.span.is_none() || part.records >= MANY_RECORDS;
        let feed = scan.feed.as_mut().filter(|feed| feed.is_before(from));
        let segment = self.read_segment((from, &end), is_long, (&wanted, earlier), feed)?;
        let segment = Arc::new(segment);
        scan.room = scan.room && columns.keep(&segment, scan.number);
        Ok(Some(segment))
    }

    /// The key of the first block from that key on, or where the rooms end. A segment that was made of another
    /// version may begin in the middle of a block of this one, and what memtables say of the block's entries
    /// has to be asked beside all of them.
    pub(super) fn block_from(&self, key: &[u8]) -> Result<Vec<u8>> {
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

    /// Does something with the segments of the part, while a second thread reads the blocks for those that are to
    /// be made, if these are many.
    pub(super) fn with_segments<T>(
        &mut self,
        mut scan: Scan<'e>,
        part: &Part<'_>,
        work: impl FnOnce(&mut Self, &mut Scan<'e>) -> Result<T>,
    ) -> Result<(Scan<'e>, T)> {
        let reads_much = || self.lacks_segments(&scan, part) && self.lacks_columns(&scan.wanted);
        let second = match part.records >= MANY_RECORDS && reads_much() {
            true => Second::take(),
            false => None,
        };
        let Some(second) = second else {
            let done = work(self, &mut scan)?;
            return Ok((scan, done));
        };
        let state = settled(self.snapshot.state);
        let blocks = Snapshot::new(self.snapshot.pool, &state);
        let reading =
            Reading::for_columns(part.from.clone(), part.end.clone(), scan.wanted.paths.clone());
        let done = thread::scope(|scope| {
            scan.feed = second.read(scope, blocks, reading);
            let done = work(self, &mut scan);
            // The thread ends when nobody takes anything of it.
            scan.feed = None;
            done
        })?;
        Ok((scan, done))
    }

    /// Whether there are no segments for the scan yet, as the first one tells.
    fn lacks_segments(&self, scan: &Scan<'e>, part: &Part<'_>) -> bool {
        let version = self.snapshot.state.version.number();
        let found = self.snapshot.pool.columns.find(&part.from, scan.number, version);
        found.is_none_or(|(segment, _)| !segment.has(&scan.wanted))
    }

    /// Whether much of what lies in blocks has no such columns beside it. Ids have none, and nobody reads them here.
    fn lacks_columns(&self, wanted: &Wanted) -> bool {
        let (mut all, mut without) = (0, 0);
        for file in self.snapshot.state.version.files().values() {
            let has_columns = file.columns().is_some_and(|columns| columns.has(&wanted.paths));
            all += file.length();
            without += if has_columns { 0 } else { file.length() };
        }
        without > all / 3
    }

    /// Reads the blocks from the key `from` on, which is the key of a block or lies before all blocks of
    /// its list, and before `end`; fewer, if they hold many records. The segment ends where a block begins.
    fn read_segment(
        &mut self,
        (from, end): (&[u8], &[u8]),
        is_long: bool,
        (wanted, earlier): (&Wanted, Option<Arc<Segment>>),
        feed: Option<&mut Feed>,
    ) -> Result<Segment> {
        let state = settled(self.snapshot.state);
        let blocks = Snapshot::new(self.snapshot.pool, &state);
        let bounds = Bounds { from: from.to_vec(), ..Bounds::of_prefix(ALL_ROOMS) };
        let (mut builder, mut upto) = (SegmentBuilder::new(wanted, earlier), bounds.to.clone());
        let mut runs = match feed {
            Some(feed) => Runs::Fed(feed),
            None => Runs::Walk(Box::new(Walk::lists(blocks, ALL_ROOMS, bounds)?)),
        };
        while let Some((run, block)) = runs.next()? {
            let (Some(item), list) = (run.item(), run.list()) else { continue };
            let key = run.key();
            if key.as_slice() < from {
                continue;
            }
            if builder.is_full() || key.as_slice() >= end {
                upto = key;
                runs.put_back((run, block));
                break;
            }
            if !builder.take_over(&key, list.len(), item.place) {
                let lying = (key.as_slice(), list, item.place);
                self.add_block(&mut builder, lying, block, (wanted, is_long))?;
            }
        }
        Ok(builder.finish(from, &upto, state.version.number()))
    }

    /// Adds a block to a segment: its columns, if they lie on the disk and nobody has read it, else what it says itself.
    fn add_block(
        &mut self,
        builder: &mut SegmentBuilder,
        (key, list, place): (&[u8], &[u8], Place),
        block: Option<Block>,
        (wanted, is_long): (&Wanted, bool),
    ) -> Result<()> {
        if block.is_none()
            && let Some(columns) = self.snapshot.columns(place, &wanted.paths)?
            && let Some(found) = self.groups.find(columns, place, &wanted.paths)
        {
            return builder.copy((key, list.len(), place), found, self.running.account());
        }
        let block = match block {
            Some(block) => block,
            None => self.block(place, list, is_long)?,
        };
        self.blocks += 1;
        self.decoded += block.len() as u64;
        builder.add(key, place, &block, self.running.account())
    }
}

/// Where the runs of a segment come from.
enum Runs<'r> {
    Walk(Box<Walk<'r>>),
    Fed(&'r mut Feed),
}

impl Runs<'_> {
    fn next(&mut self) -> Result<Option<Fetched>> {
        match self {
            Runs::Walk(walk) => Ok(walk.next().transpose()?.map(|run| (run, None))),
            Runs::Fed(feed) => feed.next(),
        }
    }

    fn put_back(&mut self, fetched: Fetched) {
        if let Runs::Fed(feed) = self {
            feed.put_back(fetched);
        }
    }
}

/// What lies in blocks of that state, without memtables: columns are of these alone.
fn settled(state: &State) -> State {
    State { active: Memtable::default(), frozen: Memtable::default(), ..state.clone() }
}
