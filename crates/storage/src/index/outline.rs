//! An outline: where the chunks of a long list begin, and what comes before each.

use super::Keyed;
use crate::format::keys::compare;
use crate::format::{Class, Tally};

/// The chunks of one list.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    list_length: usize,
    chunks: Vec<Outlined>,
}

#[derive(Debug)]
struct Outlined {
    key: Box<[u8]>,
    /// How many entries of each class lie before this chunk.
    before: Box<[(Class, u64)]>,
    /// What the chunk itself adds up to.
    tally: Tally,
    /// How many blocks lie before it, and in it.
    blocks_before: u64,
    blocks: u64,
}

impl Outline {
    pub(super) fn push(&mut self, chunk: &Keyed) {
        let before = self.chunks.last().map(|last| {
            let mut tally = Tally::default();
            tally.add_all(&last.tally);
            let mut before: Vec<(Class, u64)> = last.before.to_vec();
            for (class, count) in tally.counts() {
                match before.binary_search_by_key(&class, |(class, _)| *class) {
                    Ok(at) => {
                        before.iter_mut().skip(at).take(1).for_each(|(_, before)| *before += count)
                    }
                    Err(at) => before.insert(at, (class, count)),
                }
            }
            before
        });
        self.list_length = chunk.chunk.list_length();
        self.chunks.push(Outlined {
            key: (*chunk.key).into(),
            before: before.unwrap_or_default().into(),
            tally: chunk.chunk.tally(),
            blocks_before: self.chunks.last().map_or(0, |last| last.blocks_before + last.blocks),
            blocks: chunk.chunk.len() as u64,
        });
    }

    /// How many chunks there are.
    pub(crate) fn len(&self) -> usize {
        self.chunks.len()
    }

    /// The key of the chunk of that number.
    pub(crate) fn key(&self, at: usize) -> &[u8] {
        self.chunks.get(at).map_or(&[], |chunk| &chunk.key)
    }

    /// How many entries of classes that match lie before the chunk of that number.
    pub(crate) fn before(&self, at: usize, mut matches: impl FnMut(Class) -> bool) -> u64 {
        let counts = self.counts_before(at).iter();
        counts.filter(|(class, _)| matches(*class)).map(|(_, count)| count).sum()
    }

    /// How many blocks lie before the chunk of that number.
    pub(crate) fn blocks_before(&self, at: usize) -> u64 {
        self.chunks.get(at).map_or(0, |chunk| chunk.blocks_before)
    }

    /// How many blocks lie behind it.
    pub(crate) fn blocks_behind(&self, at: usize) -> u64 {
        let end = self.chunks.last().map_or(0, |last| last.blocks_before + last.blocks);
        end - self.blocks_before(at + 1).min(end)
    }

    /// The key of the chunk in which that key of the list lies or belongs.
    pub(crate) fn find(&self, key: &[u8]) -> &[u8] {
        self.key(self.place(key))
    }

    /// The number of the chunk in which that key of the list lies or belongs.
    pub(crate) fn place(&self, key: &[u8]) -> usize {
        let fence = |chunk: &Outlined| {
            compare(chunk.key.get(self.list_length..).unwrap_or_default(), key).is_le()
        };
        self.chunks.partition_point(fence).saturating_sub(1)
    }

    /// How many entries of each class lie before the chunk of that number.
    pub(crate) fn counts_before(&self, at: usize) -> &[(Class, u64)] {
        self.chunks.get(at).map_or(&[], |chunk| &chunk.before)
    }

    /// Bytes of memory that it takes.
    pub(crate) fn bytes(&self) -> usize {
        let of = |chunk: &Outlined| {
            chunk.key.len() + size_of_val(&*chunk.before) + chunk.tally.memory() + 96
        };
        self.chunks.iter().map(of).sum()
    }
}
