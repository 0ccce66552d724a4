//! Where the blocks of a list begin and how many records of each class they hold, kept in memory.
//!
//! With it a deep offset is found by adding counts instead of reading blocks. It is a cache: built
//! from the blocks when an offset first asks for it, kept in step by every write, and dropped, the
//! longest unused list first, when it outgrows its budget. Nothing is lost with it.

use std::collections::HashMap;

use parking_lot::Mutex;

use crate::class::Class;
use crate::counts::Counts;
use crate::layout::List;

/// The directories of the lists that deep offsets were asked of.
pub(crate) struct Directories {
    budget: usize,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    lists: HashMap<List, Directory>,
    bytes: usize,
    uses: u64,
}

#[derive(Default)]
struct Directory {
    blocks: Vec<BlockCounts>,
    bytes: usize,
    last_use: u64,
}

/// One block: the key it lies under, and what it holds.
#[derive(Debug)]
pub(crate) struct BlockCounts {
    pub(crate) key: Vec<u8>,
    pub(crate) counts: Counts,
}

/// A change of one block by a write; without counts the block is gone.
pub(crate) struct BlockChange {
    pub(crate) list: List,
    pub(crate) key: Vec<u8>,
    pub(crate) counts: Option<Counts>,
}

/// Where a walk that passes over some records begins.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Start {
    /// The key of the block to begin with; none if all records are passed over.
    pub(crate) key: Option<Vec<u8>>,
    /// How many matching records lie before it.
    pub(crate) matching: u64,
    /// How many blocks lie before it.
    pub(crate) blocks: u64,
}

impl BlockCounts {
    fn bytes(&self) -> usize {
        self.key.capacity() + self.counts.bytes() + size_of::<BlockCounts>()
    }
}

impl Directories {
    pub(crate) fn new(budget: usize) -> Directories {
        Directories { budget, kept: Mutex::default() }
    }

    /// The first block, from the front or from the back, that holds the record after `offset`
    /// matching ones. `None` if the list has no directory.
    pub(crate) fn start(
        &self,
        list: &List,
        backward: bool,
        offset: u64,
        matches: impl FnMut(Class) -> bool,
    ) -> Option<Start> {
        let mut kept = self.kept.lock();
        kept.uses += 1;
        let now = kept.uses;
        let directory = kept.lists.get_mut(list)?;
        directory.last_use = now;
        Some(match backward {
            false => pass(directory.blocks.iter(), offset, matches),
            true => pass(directory.blocks.iter().rev(), offset, matches),
        })
    }

    /// Keeps the directory of a list. The blocks are in order.
    pub(crate) fn keep(&self, list: &List, blocks: Vec<BlockCounts>) {
        let bytes = blocks.iter().map(BlockCounts::bytes).sum();
        let mut kept = self.kept.lock();
        kept.uses += 1;
        let last_use = kept.uses;
        if let Some(old) = kept.lists.insert(list.clone(), Directory { blocks, bytes, last_use }) {
            kept.bytes -= old.bytes;
        }
        kept.bytes += bytes;
        kept.shrink(self.budget);
    }

    /// Follows a write. Called while no reader is at work.
    pub(crate) fn follow(&self, changes: Vec<BlockChange>) {
        let mut kept = self.kept.lock();
        let kept = &mut *kept;
        for change in changes {
            if let Some(directory) = kept.lists.get_mut(&change.list) {
                kept.bytes -= directory.bytes;
                directory.follow(change);
                kept.bytes += directory.bytes;
            }
        }
        kept.shrink(self.budget);
    }
}

impl Kept {
    fn shrink(&mut self, budget: usize) {
        while self.bytes > budget {
            let oldest = self.lists.iter().min_by_key(|(_, directory)| directory.last_use);
            let Some(oldest) = oldest.map(|(list, _)| list.clone()) else {
                return;
            };
            if let Some(dropped) = self.lists.remove(&oldest) {
                self.bytes -= dropped.bytes;
            }
        }
    }
}

impl Directory {
    fn follow(&mut self, change: BlockChange) {
        let place = self.blocks.binary_search_by(|block| block.key.cmp(&change.key));
        match (place, change.counts) {
            (Ok(at), counts) => {
                let old = self.blocks.remove(at);
                self.bytes -= old.bytes();
                if let Some(counts) = counts {
                    self.insert(at, BlockCounts { key: old.key, counts });
                }
            }
            (Err(at), Some(counts)) => self.insert(at, BlockCounts { key: change.key, counts }),
            (Err(_), None) => {}
        }
    }

    fn insert(&mut self, at: usize, block: BlockCounts) {
        self.bytes += block.bytes();
        self.blocks.insert(at, block);
    }
}

/// Passes over whole blocks as long as all their matching records come before the offset is reached.
fn pass<'b>(
    blocks: impl Iterator<Item = &'b BlockCounts>,
    offset: u64,
    mut matches: impl FnMut(Class) -> bool,
) -> Start {
    let (mut matching, mut passed) = (0, 0);
    for block in blocks {
        let counts = block.counts.iter();
        let here: u64 = counts.filter(|(class, _)| matches(*class)).map(|(_, count)| count).sum();
        if matching + here > offset {
            return Start { key: Some(block.key.clone()), matching, blocks: passed };
        }
        matching += here;
        passed += 1;
    }
    Start { key: None, matching, blocks: passed }
}

#[cfg(test)]
mod tests {
    use super::*;
    use filedex_query::ValueRef;

    fn block(number: u8, records: u64) -> BlockCounts {
        let mut counts = Counts::default();
        counts.add(Class::from_byte(1).unwrap(), records);
        BlockCounts { key: vec![number], counts }
    }

    fn list(name: &str) -> List {
        List::room(ValueRef::String(name))
    }

    fn start_of(directories: &Directories, backward: bool, offset: u64) -> Option<Start> {
        directories.start(&list("A"), backward, offset, |_| true)
    }

    #[test]
    fn an_offset_is_found_from_either_end() {
        let directories = Directories::new(1 << 20);
        directories.keep(&list("A"), (0..10).map(|number| block(number, 10)).collect());
        let start = |key, matching, blocks| Start { key, matching, blocks };
        assert_eq!(start_of(&directories, false, 0), Some(start(Some(vec![0]), 0, 0)));
        assert_eq!(start_of(&directories, false, 35), Some(start(Some(vec![3]), 30, 3)));
        assert_eq!(start_of(&directories, true, 35), Some(start(Some(vec![6]), 30, 3)));
        assert_eq!(start_of(&directories, false, 100), Some(start(None, 100, 10)));
        assert_eq!(directories.start(&list("B"), false, 0, |_| true), None);
    }

    #[test]
    fn writes_are_followed() {
        let directories = Directories::new(1 << 20);
        directories.keep(&list("A"), vec![block(2, 10), block(4, 10)]);
        let change = |number: u8, records: Option<u64>| BlockChange {
            list: list("A"),
            key: vec![number],
            counts: records.map(|records| block(number, records).counts),
        };
        directories.follow(vec![change(3, Some(5)), change(2, Some(1)), change(4, None)]);
        assert_eq!(start_of(&directories, false, 1).unwrap().key, Some(vec![3]));
        assert_eq!(start_of(&directories, false, 6).unwrap().key, None);
    }

    #[test]
    fn the_longest_unused_list_goes_first() {
        let one_list = || (0..100).map(|number| block(number, 1)).collect::<Vec<_>>();
        let bytes: usize = one_list().iter().map(BlockCounts::bytes).sum();
        let directories = Directories::new(bytes * 5 / 2);
        directories.keep(&list("A"), one_list());
        directories.keep(&list("B"), one_list());
        assert!(start_of(&directories, false, 0).is_some());
        directories.keep(&list("C"), one_list());
        assert!(start_of(&directories, false, 0).is_some());
        assert_eq!(directories.start(&list("B"), false, 0, |_| true), None);
    }
}
