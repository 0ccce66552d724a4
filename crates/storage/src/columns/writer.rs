//! A column file being written beside a block file. Where anything fails there will be none.

use std::fs::File;
use std::io::Write as _;
use std::sync::Arc;

use filedex_query::Path;

use super::file::{Packed, header, put_directory, put_head};
use super::rows::RowsBuilder;
use crate::disk::Directory;
use crate::disk::names::Numbered;
use crate::format::Class;

/// A group that has this many records takes in no further block.
const RECORDS: usize = 1024;

/// Bytes that are written at once.
const AT_ONCE: usize = 256 << 10;

/// The columns of a block file that is being written. One that is not finished is removed.
#[derive(Debug)]
pub(crate) struct ColumnWriter {
    directory: Arc<Directory>,
    number: u64,
    paths: Arc<[Path]>,
    /// Made with the first group; none any more once something has failed.
    file: Option<File>,
    has_failed: bool,
    buffer: Vec<u8>,
    written: u64,
    groups: Vec<Written>,
    /// The group that is being filled.
    blocks: Vec<(u64, u32)>,
    rows: RowsBuilder,
}

/// A group that was written.
#[derive(Debug)]
struct Written {
    first_block: u64,
    start: u64,
    columns: Vec<Packed>,
}

impl ColumnWriter {
    /// The columns of these paths for the block file of that number.
    pub(crate) fn new(
        directory: &Arc<Directory>,
        number: u64,
        paths: &Arc<[Path]>,
    ) -> ColumnWriter {
        ColumnWriter {
            directory: directory.clone(),
            number,
            paths: paths.clone(),
            file: None,
            has_failed: false,
            buffer: header(number).to_vec(),
            written: 0,
            groups: Vec::new(),
            blocks: Vec::new(),
            rows: RowsBuilder::new(paths),
        }
    }

    /// Adds the records of the block at that offset, which lies behind all others, each with its class.
    pub(crate) fn block<'r>(
        &mut self,
        offset: u64,
        records: impl Iterator<Item = (Class, &'r [u8])>,
    ) {
        if self.has_failed {
            return;
        }
        records.for_each(|(class, record)| self.rows.add(class, record));
        self.blocks.push((offset, self.rows.len() as u32));
        if self.rows.len() >= RECORDS {
            self.end_group();
        }
    }

    /// Writes what is left, if there was anything. It is not handed to the disk: what a power cut leaves of it is
    /// verified when it is read.
    pub(crate) fn finish(&mut self) {
        if !self.blocks.is_empty() {
            self.end_group();
        }
        if self.groups.is_empty() {
            return;
        }
        let start = self.written + self.buffer.len() as u64;
        let mut directory = Vec::new();
        let groups = self.groups.iter();
        let groups = groups.map(|group| (group.first_block, group.start, group.columns.as_slice()));
        put_directory(&self.paths, groups, &mut directory);
        self.buffer.extend_from_slice(&directory);
        self.buffer.extend_from_slice(&start.to_le_bytes());
        self.buffer.extend_from_slice(&crc32fast::hash(&directory).to_le_bytes());
        self.write();
        if !self.has_failed {
            self.file = None;
        }
    }

    fn end_group(&mut self) {
        let rows = std::mem::replace(&mut self.rows, RowsBuilder::new(&self.paths)).finish();
        let blocks = std::mem::take(&mut self.blocks);
        let first_block = blocks.first().map_or(0, |(offset, _)| *offset);
        let start = self.written + self.buffer.len() as u64;
        let mut column = Vec::new();
        put_head(&blocks, &rows, &mut column);
        let mut columns = vec![self.put(&column)];
        for values in &rows.values {
            column.clear();
            values.put(&mut column);
            columns.push(self.put(&column));
        }
        self.groups.push(Written { first_block, start, columns });
        if self.buffer.len() >= AT_ONCE {
            self.write();
        }
    }

    /// Appends a column, packed if that pays.
    fn put(&mut self, column: &[u8]) -> Packed {
        let packed = lz4_flex::block::compress(column);
        let put = if packed.len() < column.len() { &packed } else { column };
        self.buffer.extend_from_slice(put);
        let (length, whole) = (put.len() as u32, column.len() as u32);
        Packed { length, whole, checksum: crc32fast::hash(put) }
    }

    fn write(&mut self) {
        if self.has_failed {
            return;
        }
        if self.file.is_none() {
            self.file = self.directory.create(&Numbered::Columns.name(self.number)).ok();
        }
        let written = self.file.as_ref().map(|mut file| file.write_all(&self.buffer));
        self.has_failed = !matches!(written, Some(Ok(())));
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
    }
}

impl Drop for ColumnWriter {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            // What cannot be removed now is removed by the next open.
            let _removed_later = self.directory.remove(&Numbered::Columns.name(self.number));
        }
    }
}
