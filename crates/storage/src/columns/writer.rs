//! A column file being written beside a block file. Where anything fails there will be none.

use std::fs::File;
use std::io::Write as _;
use std::sync::Arc;

use filedex_query::Path;

use super::file::{Contents, Packed, header, placed};
use super::head::{BlockRows, put_head, put_ids};
use super::leaders::LeadersBuilder;
use super::rows::RowsBuilder;
use super::zones::ZonesBuilder;
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
    /// The lists of the groups and of the zones that were written.
    groups: Vec<u8>,
    zones: Vec<u8>,
    /// The group that is being filled, and the zones.
    blocks: Vec<BlockRows>,
    rows: RowsBuilder,
    zoned: ZonesBuilder,
    leaders: LeadersBuilder,
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
            zones: Vec::new(),
            blocks: Vec::new(),
            rows: RowsBuilder::new(paths),
            zoned: ZonesBuilder::new(paths),
            leaders: LeadersBuilder::new(2 * paths.len()),
        }
    }

    /// Adds the records of the block that lies there, behind all others, each with its class.
    pub(crate) fn block<'r>(
        &mut self,
        (offset, length): (u64, u32),
        records: impl Iterator<Item = (Class, &'r [u8])>,
    ) {
        if self.has_failed {
            return;
        }
        let start = self.rows.len();
        records.for_each(|(class, record)| self.rows.add(class, record));
        self.blocks.push(BlockRows { offset, length, end: self.rows.len() as u32 });
        self.zoned.add((offset, length), &self.rows, start..self.rows.len());
        if self.zoned.is_full() {
            self.end_zones();
        }
        if self.rows.len() >= RECORDS {
            self.end_group();
        }
    }

    /// Notes that there is a block whose records are not known: there is no file then.
    pub(crate) fn give_up(&mut self) {
        self.has_failed = true;
    }

    /// Writes what is left: of a file without records that there are none. It is not handed to the disk: what a power cut
    /// leaves of it is verified when it is read.
    pub(crate) fn finish(&mut self) {
        if !self.blocks.is_empty() {
            self.end_group();
        }
        self.end_zones();
        if self.has_failed {
            return;
        }
        let [zones, groups] = [&mut self.zones, &mut self.groups].map(std::mem::take);
        let (leaders, mut directory) = (self.leaders.columns(), Vec::new());
        let contents = Contents {
            paths: self.paths.to_vec(),
            zones: self.place(0, |this| vec![this.put(&zones, 0)]),
            groups: self.place(0, |this| vec![this.put(&groups, 0)]),
            leaders: leaders.map(|leaders| self.put_zones(0, &leaders)),
        };
        contents.put(&mut directory);
        let start = self.written + self.buffer.len() as u64;
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
        let first_block = blocks.first().map_or(0, |block| block.offset);
        let group = self.place(first_block, |this| {
            let mut column = Vec::new();
            put_head(&blocks, &rows.marks.classes, &mut column);
            let mut columns = vec![this.put_and_clear(&mut column)];
            put_ids(&rows.marks.ids, &mut column);
            columns.push(this.put_and_clear(&mut column));
            for values in &rows.values {
                values.put(&mut column);
                columns.push(this.put_and_clear(&mut column));
            }
            columns
        });
        self.groups.extend(group);
        if self.buffer.len() >= AT_ONCE {
            self.write();
        }
    }

    fn end_zones(&mut self) {
        let zones = std::mem::replace(&mut self.zoned, ZonesBuilder::new(&self.paths));
        let Some(first_block) = zones.first_block() else { return };
        zones.add_to(&mut self.leaders);
        let zones = self.put_zones(first_block, &zones.columns());
        self.zones.extend(zones);
    }

    /// Appends the columns of zones.
    fn put_zones(&mut self, first_block: u64, columns: &[Vec<u8>]) -> Vec<u8> {
        // All zones of a file may be read for one page: few are worth being unpacked.
        let put = |this: &mut Self, column: &Vec<u8>| this.put(column, column.len() / 3);
        self.place(first_block, |this| columns.iter().map(|column| put(this, column)).collect())
    }

    /// Notes where these columns begin, which are of blocks from that one on.
    fn place(&mut self, first_block: u64, put: impl FnOnce(&mut Self) -> Vec<Packed>) -> Vec<u8> {
        let start = self.written + self.buffer.len() as u64;
        placed(first_block, start, &put(self))
    }

    /// Appends a column of a group: unpacking takes longer than what is done with most of them.
    fn put_and_clear(&mut self, column: &mut Vec<u8>) -> Packed {
        let packed = self.put(column, column.len() / 2);
        column.clear();
        packed
    }

    /// Appends a column, packed where it has fewer bytes then.
    fn put(&mut self, column: &[u8], fewer_than: usize) -> Packed {
        let packed = lz4_flex::block::compress(column);
        let put = if packed.len() < fewer_than { &packed } else { column };
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
