//! A block file being written, from its start to its end.

use std::fs::File;
use std::io::Write as _;
use std::sync::Arc;

use filedex_query::Path;

use super::file::{BlockFile, header};
use crate::columns::ColumnWriter;
use crate::disk::Directory;
use crate::disk::names::Numbered;
use crate::error::{Error, Result};
use crate::format::lists::holds_records;
use crate::format::{BlockBuilder, Frame, Place, Tally};

/// Bytes that are written at once.
const AT_ONCE: usize = 1 << 20;

/// A block file that nobody refers to yet. One that is not finished is removed.
#[derive(Debug)]
pub(crate) struct BlockWriter {
    directory: Arc<Directory>,
    number: u64,
    file: Option<File>,
    buffer: Vec<u8>,
    written: u64,
    /// What is written of records beside it.
    columns: ColumnWriter,
}

impl BlockWriter {
    /// A file of that number, and of the records in it columns of these paths.
    pub(crate) fn create(
        directory: &Arc<Directory>,
        number: u64,
        paths: &Arc<[Path]>,
    ) -> Result<BlockWriter> {
        let file = directory.create(&Numbered::Blocks.name(number))?;
        let columns = ColumnWriter::new(directory, number, paths);
        let (directory, buffer) = (directory.clone(), header(number));
        Ok(BlockWriter { directory, number, file: Some(file), buffer, written: 0, columns })
    }

    /// Writes what the builder holds as the next block of the list of that key. Records lie apart: a block of
    /// them is read for one or for all, and they are most of a store.
    pub(crate) fn block(
        &mut self,
        list: &[u8],
        builder: &mut BlockBuilder,
    ) -> Result<(Place, Tally)> {
        let (offset, holds_records) = (self.length(), holds_records(list));
        let (length, tally) = builder.finish(list, holds_records, &mut self.buffer);
        if holds_records {
            self.columns.block((offset, length), builder.payloads());
        }
        builder.clear();
        self.write_if_full()?;
        Ok((Place { file: self.number, offset, length }, tally))
    }

    /// Writes a block as it lay in another file, in its frame, which was verified.
    pub(crate) fn copy(&mut self, bytes: &[u8]) -> Result<Place> {
        let (offset, length) = (self.length(), bytes.len() as u32);
        let frame = Frame::unverified(bytes).filter(|frame| holds_records(frame.list()));
        if let Some(frame) = frame {
            match frame.block() {
                Some(block) => {
                    let records = block.all().map(|(_, entry)| (entry.class, entry.payload));
                    self.columns.block((offset, length), records);
                }
                None => self.columns.give_up(),
            }
        }
        self.buffer.extend_from_slice(bytes);
        self.write_if_full()?;
        Ok(Place { file: self.number, offset, length })
    }

    /// Bytes written so far.
    pub(crate) fn length(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    /// Hands files to the disk whole, and then their names. After an error there are none of them.
    pub(crate) fn finish(mut writers: Vec<BlockWriter>) -> Result<Vec<BlockFile>> {
        for writer in &mut writers {
            writer.write()?;
            let synced = writer.file.as_ref().map_or(Ok(()), File::sync_all);
            synced.map_err(|error| writer.failed("sync", error))?;
        }
        // They all lie in one directory.
        writers.first().map_or(Ok(()), |writer| writer.directory.sync())?;
        writers.into_iter().map(BlockWriter::into_file).collect()
    }

    fn into_file(mut self) -> Result<BlockFile> {
        let file =
            self.file.take().ok_or_else(|| Error::damaged("a block file was closed early"))?;
        self.columns.finish();
        Ok(BlockFile::over(&self.directory, self.number, file, self.written))
    }

    fn write_if_full(&mut self) -> Result<()> {
        if self.buffer.len() < AT_ONCE { Ok(()) } else { self.write() }
    }

    fn write(&mut self) -> Result<()> {
        let written = self.file.as_ref().map_or(Ok(()), |mut file| file.write_all(&self.buffer));
        written.map_err(|error| self.failed("write", error))?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    fn failed(&self, doing: &str, error: std::io::Error) -> Error {
        Error::io(doing, &self.directory.at(&Numbered::Blocks.name(self.number)), error)
    }
}

impl Drop for BlockWriter {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            // What cannot be removed now is removed by the next open.
            let _removed_later = self.directory.remove(&Numbered::Blocks.name(self.number));
        }
    }
}
