//! The blocks of a part of a list, one after the other: by the list's directory where there is one,
//! else along the tree.

use std::ops::Bound;
use std::sync::Arc;

use crate::block::Block;
use crate::directory::{Directory, Position};
use crate::error::Result;
use crate::layout::{List, after_prefix};
use crate::merge::{Direction, Merged};
use crate::reader::Reader;

/// A walk over blocks.
pub(crate) enum Walk<'r> {
    /// Along a directory: the next block, and the key that ends the walk.
    Known {
        directory: Arc<Directory>,
        next: Option<Position>,
        end: Option<Vec<u8>>,
        direction: Direction,
    },
    /// Along the tree.
    Stored(&'r Reader<'r>, Merged<'r>),
}

/// A block that a walk came to.
pub(crate) struct Step {
    pub(crate) key: Vec<u8>,
    /// The block, if it was read already.
    block: Option<Block>,
}

impl Step {
    /// To the block under that key.
    pub(crate) fn to(key: &[u8]) -> Step {
        Step { key: key.to_vec(), block: None }
    }

    /// The block, read now if it wasn't.
    pub(crate) fn block(&self, reader: &Reader<'_>) -> Result<Block> {
        match &self.block {
            Some(block) => Ok(block.clone()),
            None => reader.listed_block(&self.key),
        }
    }
}

impl<'r> Walk<'r> {
    /// A walk over the blocks that may hold entries from the key `from` on and before `to`.
    pub(crate) fn new(
        reader: &'r Reader<'r>,
        list: &List,
        from: &[u8],
        to: Option<&[u8]>,
        direction: Direction,
    ) -> Result<Walk<'r>> {
        let end = to.map(|to| list.block_key(to));
        if let Some(directory) = reader.directory(list.bytes())? {
            return Ok(Walk::along(directory, from, to, end, direction));
        }
        let first = reader.block_key_for(list, from)?;
        let end = end.or_else(|| after_prefix(list.bytes()));
        let upper = end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        Ok(Walk::Stored(reader, reader.range(Bound::Included(&first), upper, direction)))
    }

    /// A walk over all blocks from that one on.
    pub(crate) fn from(
        directory: Arc<Directory>,
        at: Option<Position>,
        direction: Direction,
    ) -> Walk<'r> {
        Walk::Known { directory, next: at, end: None, direction }
    }

    /// A walk along the tree over the blocks from that key on and before the other.
    pub(crate) fn between(reader: &'r Reader<'r>, from: &[u8], to: &[u8]) -> Walk<'r> {
        let (lower, upper) = (Bound::Included(from), Bound::Excluded(to));
        Walk::Stored(reader, reader.range(lower, upper, Direction::Forward))
    }

    /// A walk over all blocks of all lists that the prefix begins.
    pub(crate) fn everything(reader: &'r Reader<'r>, prefix: &[u8]) -> Walk<'r> {
        Walk::Stored(reader, reader.all(prefix))
    }

    fn along(
        directory: Arc<Directory>,
        from: &[u8],
        to: Option<&[u8]>,
        end: Option<Vec<u8>>,
        direction: Direction,
    ) -> Walk<'r> {
        let begin = directory.find(from).or_else(|| directory.first());
        match direction {
            Direction::Forward => Walk::Known { directory, next: begin, end, direction },
            Direction::Backward => {
                let last = match to {
                    // The last block that begins before the end.
                    Some(to) => match directory.find(to) {
                        Some(at) if Some(directory.key(at)) == end.as_deref() => {
                            directory.previous(at)
                        }
                        at => at,
                    },
                    None => directory.last(),
                };
                let end = begin.map(|at| directory.key(at).to_vec());
                Walk::Known { directory, next: last, end, direction }
            }
        }
    }
}

impl Iterator for Walk<'_> {
    type Item = Result<Step>;

    fn next(&mut self) -> Option<Result<Step>> {
        match self {
            Walk::Stored(reader, merged) => Some(merged.next()?.and_then(|(key, lying)| {
                Ok(Step { key: key.to_vec(), block: Some(reader.open(&key, lying)?) })
            })),
            Walk::Known { directory, next, end, direction } => {
                let at = (*next)?;
                let key = directory.key(at);
                let (over, after) = match direction {
                    Direction::Forward => {
                        (end.as_deref().is_some_and(|end| key >= end), directory.next(at))
                    }
                    // The block in which the part begins is still of the walk.
                    Direction::Backward => {
                        (end.as_deref().is_some_and(|end| key < end), directory.previous(at))
                    }
                };
                *next = if over { None } else { after };
                (!over).then(|| Ok(Step { key: key.to_vec(), block: None }))
            }
        }
    }
}
