//! Parts of the keys of lists of which the newest is known already.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;

use crate::format::Block;

/// Parts of the keys of each list, none of which meets another.
#[derive(Debug, Default)]
pub(super) struct Spans(HashMap<Vec<u8>, BTreeMap<Vec<u8>, Vec<u8>>>);

impl Spans {
    /// Whether the key lies in a part that is covered.
    pub(super) fn covers(&self, list: &[u8], key: &[u8]) -> bool {
        let spans = self.0.get(list);
        let before = spans.and_then(|spans| spans.range::<[u8], _>(upto(key)).next_back());
        before.is_some_and(|(_, last)| last.as_slice() >= key)
    }

    /// Covers the keys from the first to the last one of the block.
    pub(super) fn cover(&mut self, block: &Block) {
        let ends = block.entry(0).zip(block.entry(block.len().saturating_sub(1)));
        let Some((first, last)) = ends else { return };
        let (mut first, mut last) = (first.key.to_vec(), last.key.to_vec());
        let spans = self.0.entry(block.list().to_vec()).or_default();
        // Those that it meets become one with it.
        while let Some((start, end)) = spans.range::<[u8], _>(upto(&last)).next_back()
            && *end >= first
        {
            let start = start.clone();
            if let Some(end) = spans.remove(&start) {
                last = last.max(end);
                first = first.min(start);
            }
        }
        spans.insert(first, last);
    }
}

/// Everything up to that key.
fn upto(key: &[u8]) -> (Bound<&[u8]>, Bound<&[u8]>) {
    (Bound::Unbounded, Bound::Included(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{BlockBuilder, Class, Entry, Size};

    fn block(keys: &[&[u8]]) -> Block {
        let (mut builder, mut bytes) = (BlockBuilder::default(), Vec::new());
        for key in keys {
            let class = Class::from_byte(0).unwrap();
            builder.push(&Entry { key, class, size: Size::default(), payload: b"" });
        }
        builder.finish(b"list", false, &mut bytes);
        Block::open(&bytes).unwrap()
    }

    #[test]
    fn what_a_block_says_covers_all_keys_from_its_first_to_its_last() {
        let mut spans = Spans::default();
        spans.cover(&block(&[b"b", b"d"]));
        spans.cover(&block(&[b"h"]));
        for (key, covered) in
            [(b"a", false), (b"b", true), (b"c", true), (b"d", true), (b"e", false)]
        {
            assert_eq!(spans.covers(b"list", key), covered);
        }
        spans.cover(&block(&[b"c", b"i"]));
        assert_eq!(spans.0.values().map(BTreeMap::len).sum::<usize>(), 1);
        assert!(
            spans.covers(b"list", b"e")
                && spans.covers(b"list", b"i")
                && !spans.covers(b"list", b"j")
        );
        assert!(!spans.covers(b"other", b"c"));
    }
}
