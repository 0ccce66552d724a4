//! One block file, opened.
//!
//! ```text
//! file := "filedex blocks 2\n" number u64 | checksum u32 | block*
//! ```

use std::cell::RefCell;
use std::fs::File;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use crate::columns::ColumnFile;
use crate::disk::Directory;
use crate::disk::directory::read_at;
use crate::disk::names::Numbered;
use crate::error::{Error, Result};
use crate::format::{Block, Entry, Frame, Memory, Place};

const TITLE: &[u8; 17] = b"filedex blocks 2\n";

thread_local! {
    /// Memory into which a thread reads a frame before its block is made.
    static FRAME: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    /// Memory into which it unpacks an entry.
    static MEMORY: RefCell<Memory> = const { RefCell::new(Memory::new()) };
}

/// Bytes of it that stay.
const MOST_KEPT: usize = 64 << 10;

/// Bytes that are read at once of a file that is gone through.
const AT_ONCE: usize = 256 << 10;

/// Bytes before the first block.
pub(crate) const HEADER: usize = TITLE.len() + 12;

/// A file of blocks.
#[derive(Debug)]
pub(crate) struct BlockFile {
    number: u64,
    file: File,
    length: u64,
    directory: Arc<Directory>,
    /// The columns beside it, once they were asked for.
    columns: OnceLock<Option<ColumnFile>>,
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
        BlockFile { number, file, length, directory, columns: OnceLock::new(), is_obsolete }
    }

    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// The columns of the records in it, if they lie beside it.
    pub(crate) fn columns(&self) -> Option<&ColumnFile> {
        self.columns.get_or_init(|| ColumnFile::open(&self.directory, self.number)).as_ref()
    }

    /// Shows the frame at that place, verified.
    pub(crate) fn frame<T>(&self, place: Place, show: impl FnOnce(&[u8]) -> T) -> Result<T> {
        self.read_frame(place.offset, place.length as usize, |frame| {
            match Frame::open(frame).is_some_and(|opened| opened.is_intact()) {
                true => Ok(show(frame)),
                false => Err(self.damaged(place.offset)),
            }
        })?
    }

    /// The block at that place, verified, which is one of the list of that key.
    pub(crate) fn read(&self, place: Place, list: &[u8]) -> Result<Block> {
        self.read_frame(place.offset, place.length as usize, |frame| {
            self.block(frame, place, list)
        })?
    }

    /// The same of whatever list it is one.
    pub(crate) fn read_any(&self, place: Place) -> Result<Block> {
        self.read_frame(place.offset, place.length as usize, |frame| {
            self.block_where(frame, place, |_| true)
        })?
    }

    /// Shows the entry of that key in the block at that place, with its number; the others are not unpacked.
    pub(crate) fn entry<T>(
        &self,
        place: Place,
        list: &[u8],
        key: &[u8],
        show: impl FnOnce(usize, &Entry<'_>) -> T,
    ) -> Result<Option<T>> {
        self.read_frame(place.offset, place.length as usize, |frame| {
            let frame = Frame::open(frame).filter(|frame| frame.list() == list);
            let frame = frame.ok_or_else(|| self.damaged(place.offset))?;
            let Some(at) = frame.find(key) else { return Ok(None) };
            self.unpacked(&frame, place, at, |entry| show(at, entry)).map(Some)
        })?
    }

    /// The entry of that number in the block at that place alone, of whatever list it is; the others are not unpacked.
    pub(crate) fn nth(&self, place: Place, at: usize) -> Result<Block> {
        self.read_frame(place.offset, place.length as usize, |frame| {
            let frame = Frame::open(frame).ok_or_else(|| self.damaged(place.offset))?;
            let alone = |entry: &Entry<'_>| Block::alone(frame.list(), entry, at);
            let alone = self.unpacked(&frame, place, at, alone)?;
            Ok(alone.ok_or_else(|| self.damaged(place.offset))?.lying_at(place))
        })?
    }

    /// Shows the entry of that number in a frame that was read at that place.
    fn unpacked<T>(
        &self,
        frame: &Frame<'_>,
        place: Place,
        at: usize,
        show: impl FnOnce(&Entry<'_>) -> T,
    ) -> Result<T> {
        MEMORY.with_borrow_mut(|memory| {
            let entry = frame.entry(at, memory);
            let shown = show(&entry.ok_or_else(|| self.damaged(place.offset))?);
            memory.shrink_to(MOST_KEPT);
            Ok(shown)
        })
    }

    /// The block in a frame that was read at that place, verified, which is one of the list of that key.
    pub(super) fn block(&self, frame: &[u8], place: Place, list: &[u8]) -> Result<Block> {
        self.block_where(frame, place, |block| block.list() == list)
    }

    fn block_where(
        &self,
        frame: &[u8],
        place: Place,
        is_right: impl FnOnce(&Block) -> bool,
    ) -> Result<Block> {
        let block = Block::open(frame).filter(is_right);
        let block = block.ok_or_else(|| self.damaged(place.offset))?;
        Ok(block.lying_at(place))
    }

    /// Shows all blocks in order, each with its offset.
    pub(crate) fn each(&self, show: &mut dyn FnMut(u64, Block) -> Result<()>) -> Result<()> {
        let (mut offset, mut buffer, mut at_once) = (HEADER as u64, Vec::new(), AT_ONCE);
        while offset < self.length {
            let left = usize::try_from(self.length - offset).unwrap_or(usize::MAX);
            self.fill(&mut buffer, offset, at_once.min(left))?;
            let mut bytes = buffer.get(..at_once.min(left)).unwrap_or_default();
            let start = offset;
            while let Some(length) = Frame::length(bytes).filter(|length| *length <= bytes.len()) {
                let (frame, rest) = bytes.split_at_checked(length).unwrap_or_default();
                let block = Block::open(frame).ok_or_else(|| self.damaged(offset))?;
                show(offset, block)?;
                (offset, bytes) = (offset + length as u64, rest);
            }
            if offset == start {
                // A longer one is read whole, if there is one.
                let length = Frame::length(bytes).filter(|length| *length > bytes.len());
                let length = length.filter(|length| *length <= left);
                at_once = length.ok_or_else(|| self.damaged(offset))?;
            } else {
                at_once = AT_ONCE;
            }
        }
        Ok(())
    }

    /// Removes the file once nobody reads it any more.
    pub(crate) fn retire(&self) {
        self.is_obsolete.store(true, Ordering::Release);
    }

    /// Reads so many bytes of the file to the start of a buffer, which grows where it is shorter.
    pub(super) fn fill(&self, buffer: &mut Vec<u8>, offset: u64, length: usize) -> Result<()> {
        if buffer.len() < length {
            buffer.resize(length, 0);
        }
        let place = buffer.get_mut(..length).unwrap_or_default();
        let name = || Numbered::Blocks.name(self.number);
        read_at(&self.file, place, offset)
            .map_err(|error| Error::io("read", &self.directory.at(&name()), error))
    }

    /// Shows so many bytes of the file.
    fn read_frame<T>(
        &self,
        offset: u64,
        length: usize,
        show: impl FnOnce(&[u8]) -> T,
    ) -> Result<T> {
        FRAME.with_borrow_mut(|buffer| {
            self.fill(buffer, offset, length)?;
            let shown = show(buffer.get(..length).unwrap_or_default());
            buffer.truncate(MOST_KEPT);
            buffer.shrink_to(MOST_KEPT);
            Ok(shown)
        })
    }

    fn damaged(&self, offset: u64) -> Error {
        let name = Numbered::Blocks.name(self.number);
        Error::damaged(format_args!("the block at {offset} of {name} has a wrong checksum"))
    }
}

impl Drop for BlockFile {
    fn drop(&mut self) {
        if self.is_obsolete.load(Ordering::Acquire) {
            for kind in [Numbered::Columns, Numbered::Blocks] {
                // What cannot be removed now is removed by the next open.
                let _removed_later = self.directory.remove(&kind.name(self.number));
            }
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
