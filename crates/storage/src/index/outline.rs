//! An outline: where the chunks of a long list begin, and what comes before each.

use super::Keyed;
use crate::format::Class;
use crate::format::keys::place_among;

/// The chunks of one list.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    /// The key of the list.
    list: Vec<u8>,
    /// What comes behind that in the keys of the chunks, one behind the other, and where each ends.
    fences: Vec<u8>,
    ends: Vec<u32>,
    /// How many blocks there are up to the end of each chunk.
    blocks: Vec<u64>,
    /// How many entries of each class there are up to the end of each chunk.
    counts: Vec<(Class, Vec<u64>)>,
}

impl Outline {
    pub(super) fn push(&mut self, chunk: &Keyed) {
        let fence = chunk.key.get(chunk.list().len()..).unwrap_or_default();
        self.list.clear();
        self.list.extend_from_slice(chunk.list());
        self.fences.extend_from_slice(fence);
        self.ends.push(self.fences.len() as u32);
        self.blocks.push(self.blocks_before(self.blocks.len()) + chunk.chunk.len() as u64);
        for (_, counts) in &mut self.counts {
            counts.push(counts.last().copied().unwrap_or(0));
        }
        for (class, count) in chunk.chunk.items().flat_map(|item| item.counts()) {
            self.counts_of(class).iter_mut().next_back().into_iter().for_each(|sum| *sum += count);
        }
    }

    /// How many chunks there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The key of the chunk of that number.
    pub(crate) fn key(&self, at: usize) -> Vec<u8> {
        [&self.list, self.fence(at)].concat()
    }

    /// How many entries of classes that match lie before the chunk of that number.
    pub(crate) fn before(&self, at: usize, mut matches: impl FnMut(Class) -> bool) -> u64 {
        let counts = self.counts_before(at);
        counts.filter(|(class, _)| matches(*class)).map(|(_, count)| count).sum()
    }

    /// How many blocks lie before the chunk of that number.
    pub(crate) fn blocks_before(&self, at: usize) -> u64 {
        at.checked_sub(1).and_then(|before| self.blocks.get(before)).copied().unwrap_or(0)
    }

    /// How many blocks lie behind it.
    pub(crate) fn blocks_behind(&self, at: usize) -> u64 {
        let end = self.blocks_before(self.len());
        end - self.blocks_before((at + 1).min(self.len()))
    }

    /// The key of the chunk in which that key of the list lies or belongs.
    pub(crate) fn find(&self, key: &[u8]) -> Vec<u8> {
        self.key(self.place(key))
    }

    /// The number of the chunk in which that key of the list lies or belongs.
    pub(crate) fn place(&self, key: &[u8]) -> usize {
        place_among(self.len(), |at| Some(self.fence(at)), key)
    }

    /// How many entries of each class lie before the chunk of that number.
    pub(crate) fn counts_before(&self, at: usize) -> impl Iterator<Item = (Class, u64)> {
        let before = at.min(self.len()).checked_sub(1);
        let counts = self.counts.iter();
        counts.filter_map(move |(class, counts)| Some((*class, *counts.get(before?)?)))
    }

    /// Bytes of memory that it takes.
    pub(crate) fn bytes(&self) -> usize {
        let a_chunk = size_of::<u32>() + size_of::<u64>() * (self.counts.len() + 1);
        self.list.len() + self.fences.capacity() + self.ends.capacity() * a_chunk
    }

    fn fence(&self, at: usize) -> &[u8] {
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before)).copied();
        let end = self.ends.get(at).copied().unwrap_or(0);
        self.fences.get(start.unwrap_or(0) as usize..end as usize).unwrap_or_default()
    }

    /// The counts of a class, as many as there are chunks.
    fn counts_of(&mut self, class: Class) -> &mut [u64] {
        let found = self.counts.binary_search_by_key(&class, |(class, _)| *class);
        let at = found.unwrap_or_else(|at| {
            self.counts.insert(at, (class, vec![0; self.ends.len()]));
            at
        });
        self.counts.get_mut(at).map(|(_, counts)| counts.as_mut_slice()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::format::{ChunkBuilder, Place, Size, Tally};

    /// Chunks, of each the classes of the entries of its blocks.
    fn chunks() -> impl Strategy<Value = Vec<Vec<Vec<u8>>>> {
        let blocks = prop::collection::vec(prop::collection::vec(0..9_u8, 0..6), 1..5);
        prop::collection::vec(blocks, 1..9)
    }

    fn tally(classes: &[u8]) -> Tally {
        let mut tally = Tally::default();
        classes
            .iter()
            .for_each(|class| tally.add(Class::from_byte(*class).unwrap(), Size::default()));
        tally
    }

    proptest! {
        #[test]
        fn an_outline_says_what_lies_before_each_chunk_and_where_a_key_belongs(
            chunks in chunks(),
            key in any::<u8>(),
        ) {
            let (list, mut outline, mut number) = (b"list", Outline::default(), 0_u8);
            let (mut keys, mut before) = (Vec::new(), vec![Vec::new()]);
            for chunk in &chunks {
                let mut builder = ChunkBuilder::default();
                keys.push(if number == 0 { vec![] } else { vec![number] });
                for classes in chunk {
                    let place = Place { file: 1, offset: 0, length: 1 };
                    builder.push(if number == 0 { &[] } else { std::slice::from_ref(&number) }, place, &tally(classes));
                    number += 3;
                }
                before.push([before.last().unwrap().as_slice(), chunk].concat());
                let chunk = crate::format::Chunk::open(builder.finish(list.len(), None).into()).unwrap();
                let key = [list, keys.last().unwrap().as_slice()].concat();
                outline.push(&Keyed::new(key.as_slice(), chunk));
            }
            prop_assert_eq!(outline.len(), chunks.len());
            for (at, blocks) in before.iter().enumerate() {
                prop_assert_eq!(outline.blocks_before(at), blocks.len() as u64);
                let counts = outline.counts_before(at).filter(|(_, count)| *count > 0);
                prop_assert_eq!(counts.collect::<Vec<_>>(), tally(&blocks.concat()).counts().collect::<Vec<_>>());
                let all = before.last().unwrap().len();
                let behind = before.get(at + 1).map_or(0, |upto| all - upto.len());
                prop_assert_eq!(outline.blocks_behind(at), behind as u64);
            }
            let place = keys.iter().rposition(|fence| fence.as_slice() <= &[key][..]).unwrap();
            prop_assert_eq!(outline.place(&[key]), place);
            prop_assert_eq!(outline.find(&[key]), [list, keys[place].as_slice()].concat());
        }
    }
}
