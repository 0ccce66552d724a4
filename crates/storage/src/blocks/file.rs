//! One block file, opened.
//!
//! ```text
//! file := "filedex blocks 2\n" number u64 | checksum u32 | block*
//! ```

use std::fs::File;
use std::iter::repeat_n;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::disk::Directory;
use crate::disk::directory::read_at;
use crate::disk::names::Numbered;
use crate::error::{Error, Result};
use crate::format::{Block, Place};

const TITLE: &[u8; 17] = b"filedex blocks 2\n";

/// Bytes before the first block.
pub(crate) const HEADER: usize = TITLE.len() + 12;

/// A file of blocks.
#[derive(Debug)]
pub(crate) struct BlockFile {
    number: u64,
    file: File,
    length: u64,
    directory: Arc<Directory>,
    /// Whether the file is to be removed with the last that reads it.
    is_obsolete: AtomicBool,
}

impl BlockFile {
    /// Opens a file that has at least so many bytes.
    pub(crate) fn open(directory: &Arc<Directory>, number: u64, length: u64) -> Result<BlockFile> {
        let name = Numbered::Blocks.name(number);
        if !directory.at(&name).exists() {
            return Err(Error::damaged(format_args!("{name} is missing")));
        }
        let file = directory.file(&name)?;
        let found =
            file.metadata().map_err(|error| Error::io("read", &directory.at(&name), error))?;
        if found.len() < length {
            return Err(Error::damaged(format_args!(
                "{name} has {} bytes and had {length}",
                found.len()
            )));
        }
        Ok(BlockFile::over(directory, number, file, length))
    }

    pub(super) fn over(
        directory: &Arc<Directory>,
        number: u64,
        file: File,
        length: u64,
    ) -> BlockFile {
        let (directory, is_obsolete) = (directory.clone(), AtomicBool::new(false));
        BlockFile { number, file, length, directory, is_obsolete }
    }

    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// The frame at that place, verified.
    pub(crate) fn frame(&self, place: Place) -> Result<Arc<[u8]>> {
        let frame = self.bytes(place.offset, place.length as usize)?;
        let is_whole = Block::open(frame.clone()).is_some();
        if is_whole { Ok(frame) } else { Err(self.damaged(place.offset)) }
    }

    /// The block at that place, verified, which is one of the list of that key.
    pub(crate) fn read(&self, place: Place, list: &[u8]) -> Result<Block> {
        let bytes = self.bytes(place.offset, place.length as usize)?;
        let block = Block::open(bytes).filter(|block| block.list() == list);
        block.ok_or_else(|| self.damaged(place.offset))
    }

    /// Shows all blocks in order, each with its offset.
    pub(crate) fn each(&self, show: &mut dyn FnMut(u64, Block) -> Result<()>) -> Result<()> {
        let mut offset = HEADER as u64;
        while offset < self.length {
            let head = self.bytes(offset, 8.min((self.length - offset) as usize))?;
            let length =
                Block::length(&head).filter(|length| *length as u64 <= self.length - offset);
            let length = length.ok_or_else(|| self.damaged(offset))?;
            let block = Block::open(self.bytes(offset, length)?);
            show(offset, block.ok_or_else(|| self.damaged(offset))?)?;
            offset += length as u64;
        }
        Ok(())
    }

    /// Removes the file once nobody reads it any more.
    pub(crate) fn retire(&self) {
        self.is_obsolete.store(true, Ordering::Release);
    }

    fn bytes(&self, offset: u64, length: usize) -> Result<Arc<[u8]>> {
        let mut bytes: Arc<[u8]> = repeat_n(0, length).collect();
        let read = match Arc::get_mut(&mut bytes) {
            Some(place) => read_at(&self.file, place, offset),
            None => Ok(()),
        };
        let name = || Numbered::Blocks.name(self.number);
        read.map_err(|error| Error::io("read", &self.directory.at(&name()), error))?;
        Ok(bytes)
    }

    fn damaged(&self, offset: u64) -> Error {
        let name = Numbered::Blocks.name(self.number);
        Error::damaged(format_args!("the block at {offset} of {name} has a wrong checksum"))
    }
}

impl Drop for BlockFile {
    fn drop(&mut self) {
        if self.is_obsolete.load(Ordering::Acquire) {
            // What cannot be removed now is removed by the next open.
            let _removed_later = self.directory.remove(&Numbered::Blocks.name(self.number));
        }
    }
}

/// What a block file of that number begins with.
pub(crate) fn header(number: u64) -> Vec<u8> {
    let mut header = TITLE.to_vec();
    header.extend_from_slice(&number.to_le_bytes());
    header.extend_from_slice(&crc32fast::hash(&header).to_le_bytes());
    header
}
