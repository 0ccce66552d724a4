//! What lies in the index and in block files, as small as it can be: a list of records, each with a chunk and
//! a block of its own, and before them a chunk that says what all of them add up to.

use std::sync::Arc;

#[allow(dead_code, reason = "the real file")]
#[path = "../../src/format/number.rs"]
pub(crate) mod number;

/// A record's key, which is its id too.
pub(crate) type Key = u8;

pub(crate) const KEYS: Key = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) file: u64,
    pub(crate) offset: u64,
    pub(crate) length: u32,
}

/// A block: one value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block(pub(crate) u32);

/// The key of a list.
#[derive(Clone, Debug)]
pub(crate) struct List(Vec<u8>);

/// Where a block lies, and what it or the list adds up to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chunk(Arc<[u8]>);

impl List {
    /// The one list that there is.
    pub(crate) fn records() -> List {
        List(b"L".to_vec())
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn end(&self) -> Vec<u8> {
        b"M".to_vec()
    }
}

impl Chunk {
    pub(crate) fn new(place: Place, sum: i64) -> Chunk {
        let (file, offset) = (place.file.to_le_bytes(), place.offset.to_le_bytes());
        Chunk([file, offset, sum.to_le_bytes()].concat().into())
    }

    pub(crate) fn open(bytes: &[u8]) -> Chunk {
        Chunk(bytes.into())
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn memory(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn place(&self) -> Place {
        Place { file: self.number(0) as u64, offset: self.number(8) as u64, length: 1 }
    }

    pub(crate) fn sum(&self) -> i64 {
        self.number(16)
    }

    fn number(&self, at: usize) -> i64 {
        i64::from_le_bytes(*self.0[at..].first_chunk().unwrap())
    }
}

/// The key of a record's chunk.
pub(crate) fn chunk_key(key: Key) -> Vec<u8> {
    vec![b'L', key]
}
