//! Blocks being read in the order in which they lie: some are read at once, into memory that serves again.

use std::collections::HashMap;

use super::file::BlockFile;
use crate::error::Result;
use crate::format::{Block, Place};

/// What is read ahead, of each file. What lies in a file never changes, so that it stays right.
#[derive(Debug, Default)]
pub(crate) struct Ahead(HashMap<u64, Window>);

/// A part of a file.
#[derive(Debug, Default)]
struct Window {
    start: u64,
    length: usize,
    /// The part, and behind it what is left of longer ones.
    bytes: Vec<u8>,
    /// Bytes that are read at once, as long as what is asked for lies in order.
    at_once: usize,
}

/// Bytes that are read at once, at most.
const MOST: usize = 128 << 10;

/// Blocks that lie so near behind each other are taken to lie in order.
const NEAR: u64 = 64 << 10;

/// Files of which a part is kept.
const MOST_FILES: usize = 32;

impl Ahead {
    /// Reads the block at that place in the file, which is one of the list of that key.
    pub(crate) fn read(&mut self, file: &BlockFile, place: Place, list: &[u8]) -> Result<Block> {
        if self.0.len() >= MOST_FILES && !self.0.contains_key(&place.file) {
            self.0.clear();
        }
        let window = self.0.entry(place.file).or_default();
        if window.frame(place).is_none() {
            window.fill(file, place)?;
        }
        file.block(window.frame(place).unwrap_or_default(), place, list)
    }
}

impl Window {
    /// What lies at that place, if it is here.
    fn frame(&self, place: Place) -> Option<&[u8]> {
        let start = usize::try_from(place.offset.checked_sub(self.start)?).ok()?;
        let end = start.checked_add(place.length as usize)?;
        self.bytes.get(..self.length)?.get(start..end)
    }

    fn fill(&mut self, file: &BlockFile, place: Place) -> Result<()> {
        let behind = place.offset.checked_sub(self.start + self.length as u64);
        let in_order = self.length > 0 && behind.is_some_and(|gap| gap <= NEAR);
        let least = place.length as usize;
        let more = if in_order { self.at_once.saturating_mul(4).min(MOST) } else { least };
        // One block may be longer than what is read ahead at most.
        self.at_once = more.max(least);
        let left = file.length().saturating_sub(place.offset);
        let length = usize::try_from(left).map_or(self.at_once, |left| self.at_once.min(left));
        let length = length.max(least);
        (self.start, self.length) = (place.offset, 0);
        file.fill(&mut self.bytes, place.offset, length)?;
        self.length = length;
        Ok(())
    }
}
