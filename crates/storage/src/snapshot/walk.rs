//! A walk over the entries of a list, or of all lists of a kind, run by run: the entries of one block with
//! what the memtables say of the same keys.

use super::overlay::Overlay;
use super::state::Snapshot;
use crate::error::Result;
use crate::format::chunk::Item;
use crate::format::keys::after_prefix;
use crate::format::{List, Tally};
use crate::index::{Following, Keyed};
use crate::memtable::Direction;
use std::cmp::Ordering;

/// A part of the keys: those from one block's first to the next one's.
#[derive(Debug)]
pub(crate) struct Run {
    /// The block that lies there, if there is one.
    listed: Option<Listed>,
    /// Where memtables have cells in it.
    pub(crate) cells: Option<Bounds>,
    /// Whether every entry of the block lies in what is walked over.
    pub(crate) is_inside: bool,
}

/// The first key of a part, and the first past it.
#[derive(Clone, Debug)]
pub(crate) struct Bounds {
    pub(crate) from: Vec<u8>,
    pub(crate) to: Vec<u8>,
}

impl Bounds {
    /// All keys that begin with the prefix.
    pub(crate) fn of_prefix(prefix: &[u8]) -> Bounds {
        Bounds { from: prefix.to_vec(), to: after_prefix(prefix).unwrap_or_default() }
    }
}

/// A block by its place in a chunk.
type Listed = (Keyed, usize);

/// A walk, in one direction.
pub(crate) struct Walk<'s> {
    snapshot: Snapshot<'s>,
    direction: Direction,
    /// What is walked over.
    bounds: Bounds,
    /// What the keys of its chunks begin with.
    prefix: Vec<u8>,
    /// The next block.
    next: Option<Listed>,
    /// Where the next run begins, going forward; where it ends, going backward.
    edge: Vec<u8>,
    /// Where the last run began, going forward; where it ended, going backward.
    passed: Vec<u8>,
    /// The cells from the next run on, once there was need of one.
    overlay: Option<Overlay<'s>>,
    /// The chunks past the one that is walked through, once there was need of one.
    following: Option<Following>,
}

impl Run {
    /// What the index says of the block.
    pub(crate) fn item(&self) -> Option<Item<'_>> {
        let (chunk, at) = self.listed.as_ref()?;
        chunk.chunk.item(*at)
    }

    /// The key of the block's list.
    pub(crate) fn list(&self) -> &[u8] {
        self.listed.as_ref().map_or(&[], |(chunk, _)| chunk.list())
    }

    /// The key of the block among all keys.
    pub(crate) fn key(&self) -> Vec<u8> {
        let mut key = Vec::new();
        self.put_key(&mut key);
        key
    }

    /// Puts the key of the block in the place of what is there.
    pub(crate) fn put_key(&self, key: &mut Vec<u8>) {
        match &self.listed {
            Some(block) => key_of(block, key),
            None => key.clear(),
        }
    }

    /// How many entries there are of each class, with what the memtables change.
    pub(crate) fn tally(&self, snapshot: Snapshot<'_>) -> Tally {
        let mut tally = self.item().map(|item| item.tally()).unwrap_or_default();
        if let Some(bounds) = &self.cells {
            tally.add_all(&snapshot.state.change(&bounds.from, &bounds.to));
        }
        tally
    }
}

impl<'s> Walk<'s> {
    /// A walk over the entries of a list from the key `from` on and before `to`.
    pub(crate) fn list(
        snapshot: Snapshot<'s>,
        list: &List,
        from: &[u8],
        to: Option<&[u8]>,
        direction: Direction,
    ) -> Result<Walk<'s>> {
        let to_key = to.map_or_else(|| list.end(), |to| list.key(to));
        let bounds = Bounds { from: list.key(from), to: to_key };
        let (index, version) = (&snapshot.pool.index, &snapshot.state.version);
        let next = match direction {
            Direction::Forward => {
                let chunk = index.find(version, list, from)?;
                chunk.map(|chunk| (chunk.chunk.find(from), chunk))
            }
            Direction::Backward => {
                let chunk = match to {
                    Some(to) => index.find(version, list, to)?,
                    None => index.previous(version, list.bytes(), &bounds.to)?,
                };
                chunk.map(|chunk| {
                    (
                        to.map_or(chunk.chunk.len().saturating_sub(1), |to| chunk.chunk.find(to)),
                        chunk,
                    )
                })
            }
        };
        let next = next.map(|(at, chunk)| (chunk, at));
        Ok(Walk::new(snapshot, list.bytes(), bounds, direction, next))
    }

    /// A walk over the entries of all lists whose keys begin with the prefix, from a key among all keys on
    /// and before another.
    pub(crate) fn lists(snapshot: Snapshot<'s>, prefix: &[u8], bounds: Bounds) -> Result<Walk<'s>> {
        let (index, version) = (&snapshot.pool.index, &snapshot.state.version);
        let next = match index.at_or_before(version, prefix, &bounds.from)? {
            Some(chunk) => {
                let order = bounds.from.strip_prefix(chunk.list());
                // Past a list, its last block goes on up to the next one.
                let last = chunk.chunk.len().saturating_sub(1);
                let at = order.map_or(last, |order| chunk.chunk.find(order));
                Some((chunk, at))
            }
            None => index.next(version, &bounds.from, &bounds.to)?.map(|chunk| (chunk, 0)),
        };
        Ok(Walk::new(snapshot, prefix, bounds, Direction::Forward, next))
    }

    fn new(
        snapshot: Snapshot<'s>,
        prefix: &[u8],
        bounds: Bounds,
        direction: Direction,
        next: Option<Listed>,
    ) -> Walk<'s> {
        let edge = match direction {
            Direction::Forward => bounds.from.clone(),
            Direction::Backward => bounds.to.clone(),
        };
        let (prefix, passed) = (prefix.to_vec(), Vec::new());
        let (overlay, following) = (None, None);
        Walk { snapshot, direction, bounds, prefix, next, edge, passed, overlay, following }
    }

    /// Goes on with the first block of that chunk; backward, with the last block of it, and with what
    /// comes before that key.
    pub(crate) fn jump(&mut self, chunk: Keyed, before: Option<&[u8]>) {
        self.edge.clear();
        (self.following, self.overlay) = (None, None);
        let at = match before {
            None => {
                self.edge.extend_from_slice(&chunk.key);
                0
            }
            Some(before) => {
                self.edge.extend_from_slice(before);
                chunk.chunk.len().saturating_sub(1)
            }
        };
        self.next = Some((chunk, at));
    }

    fn forward(&mut self) -> Result<Option<Run>> {
        if self.edge >= self.bounds.to {
            return Ok(None);
        }
        // Before the first block there may be lists that have none yet.
        let listed = self.next.take_if(|next| order_of(next, &self.edge).is_le());
        let is_first_inside =
            listed.as_ref().is_none_or(|block| order_of(block, &self.bounds.from).is_ge());
        if let Some((chunk, at)) = &listed {
            self.next = self.after(chunk, *at)?;
        }
        std::mem::swap(&mut self.edge, &mut self.passed);
        match &self.next {
            Some(next) => key_of(next, &mut self.edge),
            None => self.edge = self.end_of_last(listed.as_ref()),
        }
        let is_inside = is_first_inside && self.edge <= self.bounds.to;
        if self.edge > self.bounds.to {
            self.edge.clone_from(&self.bounds.to);
        }
        Ok(Some(self.run(listed, is_inside)))
    }

    fn backward(&mut self) -> Result<Option<Run>> {
        if self.edge <= self.bounds.from {
            return Ok(None);
        }
        let listed = self.next.take();
        if let Some((chunk, at)) = &listed {
            self.next = match at.checked_sub(1) {
                Some(before) => Some((chunk.clone(), before)),
                None => self.last_of_previous(chunk)?,
            };
        }
        if listed.as_ref().is_some_and(|block| order_of(block, &self.bounds.to).is_ge()) {
            // The block that begins with the first key past the part lies outside.
            return self.backward();
        }
        let is_last_inside =
            self.edge < self.bounds.to || self.end_of_last(listed.as_ref()) <= self.bounds.to;
        let from = &self.bounds.from;
        let inner = listed.as_ref().filter(|block| order_of(block, from).is_ge());
        std::mem::swap(&mut self.edge, &mut self.passed);
        match inner {
            Some(block) => key_of(block, &mut self.edge),
            None => self.edge.clone_from(from),
        }
        let is_inside = is_last_inside && inner.is_some();
        Ok(Some(self.run(listed, is_inside)))
    }

    /// The block after that one.
    fn after(&mut self, chunk: &Keyed, at: usize) -> Result<Option<Listed>> {
        if at + 1 < chunk.chunk.len() {
            return Ok(Some((chunk.clone(), at + 1)));
        }
        if chunk.chunk.is_only() && chunk.key.len() == self.prefix.len() {
            return Ok(None);
        }
        let (index, version) = (&self.snapshot.pool.index, &self.snapshot.state.version);
        let following = self.following.get_or_insert_with(|| {
            let end = after_prefix(&self.prefix).unwrap_or_default();
            Following::new(&chunk.key, &end)
        });
        Ok(following.next(index, version)?.map(|chunk| (chunk, 0)))
    }

    fn last_of_previous(&self, chunk: &Keyed) -> Result<Option<Listed>> {
        let (index, version) = (&self.snapshot.pool.index, &self.snapshot.state.version);
        let previous = index.previous(version, &self.prefix, &chunk.key)?;
        Ok(previous.map(|chunk| {
            let last = chunk.chunk.len().saturating_sub(1);
            (chunk, last)
        }))
    }

    /// The first key past the last block of all.
    fn end_of_last(&self, listed: Option<&Listed>) -> Vec<u8> {
        match listed {
            Some(_) => after_prefix(&self.prefix).unwrap_or_default(),
            None => self.bounds.to.clone(),
        }
    }

    /// The run of that block, with the cells between where it begins and where it ends.
    fn run(&mut self, listed: Option<Listed>, is_inside: bool) -> Run {
        let (from, to) = match self.direction {
            Direction::Forward => (&self.passed, &self.edge),
            Direction::Backward => (&self.edge, &self.passed),
        };
        let state = self.snapshot.state;
        let is_settled = self.snapshot.is_settled();
        let overlay = (!is_settled).then(|| {
            self.overlay.get_or_insert_with(|| match self.direction {
                Direction::Forward => Overlay::from(state, from),
                Direction::Backward => Overlay::before(state, to),
            })
        });
        let has_cells = overlay.and_then(Overlay::peek).is_some_and(|cell| match self.direction {
            Direction::Forward => cell.key() < to.as_slice(),
            Direction::Backward => cell.key() >= from.as_slice(),
        });
        let cells = has_cells.then(|| Bounds { from: from.clone(), to: to.clone() });
        if has_cells {
            self.overlay = None;
        }
        Run { listed, cells, is_inside }
    }
}

impl Iterator for Walk<'_> {
    type Item = Result<Run>;

    fn next(&mut self) -> Option<Result<Run>> {
        loop {
            let run = match self.direction {
                Direction::Forward => self.forward(),
                Direction::Backward => self.backward(),
            };
            match run.transpose()? {
                // Nothing lies there.
                Ok(run) if run.listed.is_none() && run.cells.is_none() => {}
                run => return Some(run),
            }
        }
    }
}

/// The key of a block among all keys: that of its list and its fence.
fn key_of((chunk, at): &Listed, out: &mut Vec<u8>) {
    out.clear();
    match chunk.chunk.fence(*at) {
        Some(fence) if *at > 0 => {
            out.reserve(chunk.list().len() + fence.len());
            out.extend_from_slice(chunk.list());
            out.extend_from_slice(fence);
        }
        _ => out.extend_from_slice(&chunk.key),
    }
}

/// How the key of a block compares with another.
fn order_of((chunk, at): &Listed, key: &[u8]) -> Ordering {
    let list = chunk.list();
    match (chunk.chunk.fence(*at).filter(|_| *at > 0), key.strip_prefix(list)) {
        (Some(fence), Some(order)) => fence.cmp(order),
        (Some(_), None) => list.cmp(key),
        (None, _) => (*chunk.key).cmp(key),
    }
}
