//! The head of a group of a column file: where its blocks lie, and the classes of their records. How the `_id`s of these
//! begin lies beside it, as whoever goes by classes alone does not need them.
//!
//! ```text
//! head := blocks (gap | length | records)* | class u8 * records
//! ids  := beginning of _id u32 * records
//! ```
//!
//! The gap is how far behind the end of the block before a block begins.

use crate::format::{Class, Place, number};

/// The head of a group.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) blocks: Box<[BlockRows]>,
    pub(super) classes: Box<[Class]>,
}

/// Where a block lies in its file, and how many of the group's records lie before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BlockRows {
    pub(super) offset: u64,
    pub(super) length: u32,
    pub(super) end: u32,
}

impl BlockRows {
    /// Where it lies, if it is of that file.
    pub(super) fn place(self, file: u64) -> Place {
        Place { file, offset: self.offset, length: self.length }
    }
}

impl Head {
    pub(super) fn read(bytes: &[u8]) -> Option<Head> {
        let (count, mut rest) = number::take(bytes)?;
        // A block says three numbers at least.
        let most = usize::try_from(count).unwrap_or(usize::MAX).min(rest.len() / 3);
        let (mut blocks, mut offset, mut end) = (Vec::with_capacity(most), 0_u64, 0_u32);
        for _ in 0..count {
            let (gap, behind) = number::take(rest)?;
            let (length, behind) = number::take(behind)?;
            let (records, behind) = number::take(behind)?;
            let length = u32::try_from(length).ok()?;
            offset = offset.checked_add(gap)?;
            end = end.checked_add(u32::try_from(records).ok()?)?;
            blocks.push(BlockRows { offset, length, end });
            offset = offset.checked_add(length.into())?;
            rest = behind;
        }
        let classes = Class::all_from(rest)?;
        (classes.len() == end as usize).then(|| Head { blocks: blocks.into(), classes })
    }
}

/// Appends the head of a group of these blocks, which lie in order.
pub(super) fn put_head(blocks: &[BlockRows], classes: &[Class], out: &mut Vec<u8>) {
    number::put(out, blocks.len() as u64);
    let (mut offset, mut end) = (0, 0);
    for block in blocks {
        number::put(out, block.offset.saturating_sub(offset));
        number::put(out, block.length.into());
        number::put(out, u64::from(block.end - end));
        (offset, end) = (block.offset + u64::from(block.length), block.end);
    }
    out.extend(classes.iter().map(|class| class.byte()));
}

/// Appends how these `_id`s begin.
pub(super) fn put_ids(ids: &[u32], out: &mut Vec<u8>) {
    ids.iter().for_each(|id| out.extend_from_slice(&id.to_le_bytes()));
}

/// How the `_id`s of so many records begin.
pub(super) fn read_ids(records: usize, bytes: &[u8]) -> Option<Box<[u32]>> {
    let (ids, left_over) = bytes.as_chunks();
    let is_whole = left_over.is_empty() && ids.len() == records;
    is_whole.then(|| ids.iter().map(|id| u32::from_le_bytes(*id)).collect())
}
