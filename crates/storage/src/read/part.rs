//! What scans go through, and what views are of: a part of a room's list, or all rooms. What covers it is
//! [`super::segments`]'s business.

use std::ops::Range;

use super::access::{Order, Path, Span};
use super::execution::Execution;
use super::second::MANY_RECORDS;
use crate::cache::segment::Segment;
use crate::cache::views::{Arrangement, ViewKey};
use crate::error::Result;
use crate::format::List;
use crate::format::keys::first_bytes;
use crate::format::lists::ALL_ROOMS;
use crate::snapshot::{Bounds, Walk};

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

/// What a view is of.
#[derive(Clone, Copy)]
pub(super) enum Viewed<'s> {
    All,
    Room(&'s Span),
}

/// Fewer records are sorted as fast as they are found by a view.
const FEW_RECORDS: u64 = 256;

impl Part<'_> {
    /// Whether there is more of it than could be kept of blocks.
    pub(super) fn is_long(&self) -> bool {
        self.span.is_none() || self.records >= MANY_RECORDS
    }

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

    /// What there may be a view of, a whole room or everything, if the order is one that no list has.
    pub(super) fn viewed(&self) -> Option<Viewed<'e>> {
        let access = self.access;
        let is_sorted = access.order == Order::Other && !self.plan.sort().is_none();
        match &access.path {
            _ if !is_sorted => None,
            Path::Everything => Some(Viewed::All),
            Path::Rooms(spans) => match spans.as_slice() {
                [span] if span.proves && Span::is_whole(span) => Some(Viewed::Room(span)),
                _ => None,
            },
            _ => None,
        }
    }

    /// The same as a part, where there are as many records as are worth it.
    pub(super) fn part_of_view(&self, viewed: Viewed<'e>) -> Result<Option<Part<'e>>> {
        let part = match viewed {
            Viewed::All => Some(self.part_of_all()?),
            Viewed::Room(span) => self.part_of_room(span)?,
        };
        Ok(part.filter(|part| part.records >= FEW_RECORDS && part.records <= u64::from(u32::MAX)))
    }

    /// What a view would be kept under.
    pub(super) fn view_key_of(&self, viewed: Viewed<'_>) -> ViewKey {
        let (from, to) = match viewed {
            Viewed::All => (ALL_ROOMS, Bounds::of_prefix(ALL_ROOMS).to),
            Viewed::Room(span) => (span.list.bytes(), span.list.end()),
        };
        let sort = self.plan.sort().to_string();
        ViewKey { from: from.into(), to: to.into(), sort: sort.into() }
    }

    /// What a view of the plan's order is made of.
    pub(super) fn arrangement(&self) -> Arrangement {
        let room = match self.viewed() {
            Some(Viewed::Room(span)) => Some(span.list.clone()),
            _ => None,
        };
        Arrangement { room, sort: self.plan.sort().clone() }
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

    /// The key of a block that some seven sixteenths of the part lie before, taking its keys to lie evenly.
    pub(super) fn seam(&self, part: &Part<'_>) -> Result<Option<Vec<u8>>> {
        let bounds = Bounds { from: part.from.clone(), to: part.end.clone() };
        let second = Walk::lists(self.snapshot, ALL_ROOMS, bounds)?.nth(1).transpose()?;
        let (index, version) = (&self.snapshot.pool.index, &self.snapshot.state.version);
        let last = index.previous(version, &part.from, &part.end)?;
        let (Some(second), Some(last)) = (second, last) else { return Ok(None) };
        let fence = last.chunk.fence(last.chunk.len().saturating_sub(1)).unwrap_or_default();
        let last = [last.list(), fence].concat();
        self.block_from(&between(&second.key(), &last)).map(Some)
    }
}

/// The key seven sixteenths of the way from one key to another.
fn between(one: &[u8], other: &[u8]) -> Vec<u8> {
    let common = one.iter().zip(other).take_while(|(one, other)| one == other).count();
    let (common, one) = one.split_at_checked(common).unwrap_or_default();
    let (from, to) = (first_bytes(one), first_bytes(other.get(common.len()..).unwrap_or_default()));
    let at = from + to.saturating_sub(from) / 16 * 7;
    [common, &at.to_be_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_key_between_two_lies_between_them(one in any::<Vec<u8>>(), other in any::<Vec<u8>>(), common in any::<[u8; 3]>()) {
            let mut keys = [one, other].map(|rest| [&common[..], &rest].concat());
            keys.sort();
            let [low, high] = keys;
            let between = between(&low, &high);
            // One that goes on past its first bytes may be a little less than the key that is told of it.
            prop_assert!(first_bytes(&low) <= first_bytes(&between) && between[..3] == common);
            prop_assert!(first_bytes(&between) <= first_bytes(&high));
        }
    }

    #[test]
    fn more_lies_behind_the_key_between_two_than_before_it() {
        assert_eq!(between(b"room-\x00", b"room-\x80")[..6], *b"room-\x38");
        assert_eq!(between(b"", b"\x80")[..1], *b"\x38");
    }
}
