//! A column file: the columns of the records of one block file, opened.
//!
//! ```text
//! file      := "filedex columns 5\n" number u64 | column* | directory | start u64 | checksum u32
//! directory := paths (length path)* | leaders placed? | zones placed | groups placed
//! zones     := (zones placed)*
//! groups    := (groups placed)*
//! placed    := first block | start of its columns | (length | whole | checksum u32)*
//! head      := blocks (offset | records)* | class u8 * records | beginning of _id u32 * records
//! ```
//!
//! A group has the records of consecutive blocks of the file. Its columns lie one behind the other: its head, and the
//! values of each path, each packed with LZ4, or as it is where that takes less than an eighth off. So do the columns of
//! the zones of consecutive blocks: where these lie, and by each path in either direction the heads and the rests; and so
//! do those of the leaders. Which zones there are, and which groups, is told by columns, as there are many and few who ask
//! for them. Fixed integers are little-endian, others numbers of variable length. `start` is where the directory begins,
//! which the checksum covers.

use std::fs::File;
use std::sync::{Arc, OnceLock};

use filedex_query::{Limits, Path};

use super::groups::Group;
use super::leaders::Heads;
use super::numbers::Numbers;
use super::rows::{Marks, Rows};
use super::values::Values;
use crate::disk::Directory;
use crate::disk::directory::read_at;
use crate::disk::names::Numbered;
use crate::format::Class;
use crate::format::number;

const TITLE: &[u8; 18] = b"filedex columns 5\n";

/// Bytes before the first column.
const HEADER: usize = TITLE.len() + 8;

/// Bytes behind the directory.
pub(super) const TRAILER: usize = 12;

/// A directory, or a column, that says that it is longer is none.
const MOST_BYTES: u64 = 16 << 20;

/// The columns of the records of a block file.
#[derive(Debug)]
pub(crate) struct ColumnFile {
    file: File,
    paths: Vec<Path>,
    leaders: Option<Placed>,
    zones: Listed,
    groups: Listed,
}

/// Where the column lies that lists what there is of a kind, and these once they were asked for; none if it cannot be read.
#[derive(Debug)]
struct Listed {
    placed: Placed,
    all: OnceLock<Option<Vec<Placed>>>,
}

/// Where columns of consecutive blocks lie: those of a group, or those of zones.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) first_block: u64,
    pub(super) start: u64,
    pub(super) columns: Box<[Packed]>,
}

/// A column as it lies in the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packed {
    pub(super) length: u32,
    /// How long it is unpacked.
    pub(super) whole: u32,
    pub(super) checksum: u32,
}

/// What a directory says: which paths, and where the leaders lie and the lists of zones and groups.
pub(super) struct Contents {
    pub(super) paths: Vec<Path>,
    /// Of few blocks there are none.
    pub(super) leaders: Option<Placed>,
    pub(super) zones: Placed,
    pub(super) groups: Placed,
}

/// Memory that columns are read and unpacked into.
#[derive(Debug, Default)]
pub(super) struct Memory {
    packed: Vec<u8>,
    whole: Vec<u8>,
}

impl ColumnFile {
    /// The columns beside the block file of that number, if they are there.
    pub(crate) fn open(directory: &Arc<Directory>, number: u64) -> Option<ColumnFile> {
        let file = directory.file(&Numbered::Columns.name(number)).ok()?;
        // Another store may have come in the place of this one meanwhile.
        directory.check().ok()?;
        let length = file.metadata().ok()?.len();
        let mut head = [0; HEADER];
        read_at(&file, &mut head, 0).ok()?;
        if head != header(number) {
            return None;
        }
        let mut trailer = [0; TRAILER];
        let end = length.checked_sub(TRAILER as u64)?;
        read_at(&file, &mut trailer, end).ok()?;
        let start = u64::from_le_bytes(*trailer.first_chunk()?);
        let length = end.checked_sub(start).filter(|length| *length <= MOST_BYTES)?;
        let mut bytes = vec![0; usize::try_from(length).ok()?];
        read_at(&file, &mut bytes, start).ok()?;
        if number::fixed(&trailer, 8)? != crc32fast::hash(&bytes) {
            return None;
        }
        let Contents { paths, leaders, zones, groups } = Contents::read(&bytes)?;
        let [zones, groups] = [zones, groups].map(|placed| Listed { placed, all: OnceLock::new() });
        Some(ColumnFile { file, paths, leaders, zones, groups })
    }

    /// Whether there are columns of all these paths.
    pub(crate) fn has(&self, paths: &[Path]) -> bool {
        paths.iter().all(|path| path.is_among(&self.paths))
    }

    /// The number of the group that the block at that offset belongs to, if it belongs to any.
    pub(super) fn group_of(&self, offset: u64) -> Option<usize> {
        number_of(self.groups()?, offset)
    }

    /// The number of the zones that the block at that offset belongs to, if it belongs to any.
    pub(super) fn zones_of(&self, offset: u64) -> Option<usize> {
        number_of(self.zones()?, offset)
    }

    /// How often zones lie together.
    pub(super) fn zones_count(&self) -> Option<usize> {
        Some(self.zones()?.len())
    }

    /// Whether there are leaders: of few blocks the zones are looked at.
    pub(super) fn has_leaders(&self) -> bool {
        self.leaders.is_some()
    }

    /// Where the blocks lie that have the zones of that number.
    pub(super) fn places<'m>(
        &self,
        zones: usize,
        memory: &'m mut Memory,
    ) -> Option<Numbers<&'m [u8]>> {
        self.numbers(zones, 0, memory)
    }

    /// How the least keys of these blocks begin, by a path in a direction.
    pub(super) fn heads<'m>(
        &self,
        zones: usize,
        path: &Path,
        descending: bool,
        memory: &'m mut Memory,
    ) -> Option<Numbers<&'m [u8]>> {
        self.numbers(zones, 1 + self.order_of(path, descending)?, memory)
    }

    /// What else there is of these zones.
    pub(super) fn rests<'m>(
        &self,
        zones: usize,
        path: &Path,
        descending: bool,
        memory: &'m mut Memory,
    ) -> Option<&'m [u8]> {
        let column = 2 + self.order_of(path, descending)?;
        self.unpacked(self.zones()?.get(zones)?, column, memory)
    }

    /// How the least keys of the leaders begin, by a path in a direction.
    pub(super) fn leading_heads<'m>(
        &self,
        path: &Path,
        descending: bool,
        memory: &'m mut Memory,
    ) -> Option<Heads<'m>> {
        let column = self.order_of(path, descending)?;
        Heads::read(self.unpacked(self.leaders.as_ref()?, column, memory)?)
    }

    /// What else there is of the leaders.
    pub(super) fn leading_rests<'m>(
        &self,
        path: &Path,
        descending: bool,
        memory: &'m mut Memory,
    ) -> Option<&'m [u8]> {
        let column = 1 + self.order_of(path, descending)?;
        self.unpacked(self.leaders.as_ref()?, column, memory)
    }

    /// The columns of these paths of the group of that number.
    pub(super) fn group(&self, at: usize, paths: &[Path], memory: &mut Memory) -> Option<Group> {
        let group = self.groups()?.get(at)?;
        let head = self.unpacked(group, 0, memory)?;
        let (blocks, marks) = head_of(head)?;
        let mut values = Vec::with_capacity(paths.len());
        for path in paths {
            let column = self.unpacked(group, self.number_of(path)? + 1, memory)?;
            values.push(Values::read(path, marks.len(), column)?);
        }
        Some(Group::new(blocks, Rows { marks, values }))
    }

    /// The numbers in the column of that number of these zones.
    fn numbers<'m>(
        &self,
        zones: usize,
        column: usize,
        memory: &'m mut Memory,
    ) -> Option<Numbers<&'m [u8]>> {
        Some(Numbers::read(self.unpacked(self.zones()?.get(zones)?, column, memory)?)?.0)
    }

    fn zones(&self) -> Option<&[Placed]> {
        self.listed(&self.zones, 4 * self.paths.len() + 1)
    }

    fn groups(&self) -> Option<&[Placed]> {
        self.listed(&self.groups, self.paths.len() + 1)
    }

    /// What there is of a kind that has so many columns each.
    fn listed<'l>(&self, listed: &'l Listed, columns: usize) -> Option<&'l [Placed]> {
        let all = listed.all.get_or_init(|| {
            let mut memory = Memory::default();
            let all = self.unpacked(&listed.placed, 0, &mut memory)?;
            Some(all_placed(columns, all)?.0)
        });
        all.as_deref()
    }

    /// The number of the heads by a path in a direction among all heads and rests.
    fn order_of(&self, path: &Path, descending: bool) -> Option<usize> {
        Some(2 * (2 * self.number_of(path)? + usize::from(descending)))
    }

    fn number_of(&self, path: &Path) -> Option<usize> {
        self.paths.iter().position(|own| own.text() == path.text())
    }

    /// The column of that number of those, in memory that may serve again.
    fn unpacked<'m>(
        &self,
        placed: &Placed,
        number: usize,
        memory: &'m mut Memory,
    ) -> Option<&'m [u8]> {
        let column = placed.columns.get(number)?;
        let before = placed.columns.get(..number)?.iter().map(|column| u64::from(column.length));
        let packed = first_bytes(&mut memory.packed, column.length);
        read_at(&self.file, packed, placed.start + before.sum::<u64>()).ok()?;
        if crc32fast::hash(packed) != column.checksum {
            return None;
        }
        if column.length == column.whole {
            return Some(packed);
        }
        let whole = first_bytes(&mut memory.whole, column.whole);
        let written = lz4_flex::block::decompress_into(packed, whole).ok()?;
        (written == whole.len()).then_some(whole)
    }
}

impl Contents {
    /// Appends it.
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        number::put(out, self.paths.len() as u64);
        self.paths.iter().for_each(|path| number::put_sized(out, path.text().as_bytes()));
        number::put(out, u64::from(self.leaders.is_some()));
        for placed in self.leaders.iter().chain([&self.zones, &self.groups]) {
            put_placed(placed, out);
        }
    }

    fn read(bytes: &[u8]) -> Option<Contents> {
        let (count, mut rest) = number::take(bytes)?;
        let mut paths = Vec::new();
        for _ in 0..count {
            let text;
            (text, rest) = number::take_sized(rest)?;
            paths.push(Path::parse(std::str::from_utf8(text).ok()?, &Limits::default()).ok()?);
        }
        let (mut leaders, rest) = all_placed(4 * paths.len(), rest)?;
        let (zones, rest) = placed(1, rest)?;
        let (groups, _) = placed(1, rest)?;
        Some(Contents { paths, leaders: leaders.pop(), zones, groups })
    }
}

/// The number of those that have the block at that offset.
fn number_of(all: &[Placed], offset: u64) -> Option<usize> {
    all.partition_point(|placed| placed.first_block <= offset).checked_sub(1)
}

/// So many bytes of memory, which grows where it is shorter.
fn first_bytes(memory: &mut Vec<u8>, length: u32) -> &mut [u8] {
    let length = length as usize;
    if memory.len() < length {
        memory.resize(length, 0);
    }
    memory.get_mut(..length).unwrap_or_default()
}

/// What a column file of that number begins with.
pub(super) fn header(number: u64) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    let number = number.to_le_bytes();
    header.iter_mut().zip(TITLE.iter().chain(&number)).for_each(|(place, byte)| *place = *byte);
    header
}

/// The column that lists what there is of a kind.
pub(super) fn list_of(all: &[Placed]) -> Vec<u8> {
    let mut list = Vec::new();
    number::put(&mut list, all.len() as u64);
    all.iter().for_each(|placed| put_placed(placed, &mut list));
    list
}

fn put_placed(placed: &Placed, out: &mut Vec<u8>) {
    number::put(out, placed.first_block);
    number::put(out, placed.start);
    for column in &placed.columns {
        number::put(out, u64::from(column.length));
        number::put(out, u64::from(column.whole));
        out.extend_from_slice(&column.checksum.to_le_bytes());
    }
}

fn all_placed(columns: usize, bytes: &[u8]) -> Option<(Vec<Placed>, &[u8])> {
    let (count, mut rest) = number::take(bytes)?;
    let mut all = Vec::new();
    for _ in 0..count {
        let one;
        (one, rest) = placed(columns, rest)?;
        all.push(one);
    }
    Some((all, rest))
}

fn placed(columns: usize, bytes: &[u8]) -> Option<(Placed, &[u8])> {
    let (first_block, rest) = number::take(bytes)?;
    let (start, mut rest) = number::take(rest)?;
    let mut packed = Vec::with_capacity(columns);
    for _ in 0..columns {
        let (length, behind) = number::take(rest)?;
        let (whole, behind) = number::take(behind)?;
        let (checksum, behind) = behind.split_first_chunk()?;
        let within = |bytes: u64| u32::try_from(bytes).ok().filter(|_| bytes <= MOST_BYTES);
        let (length, whole) = (within(length)?, within(whole)?);
        packed.push(Packed { length, whole, checksum: u32::from_le_bytes(*checksum) });
        rest = behind;
    }
    Some((Placed { first_block, start, columns: packed.into() }, rest))
}

/// Appends the head of a group of these blocks: where each begins, and how many records lie before its end.
pub(super) fn put_head(blocks: &[(u64, u32)], marks: &Marks, out: &mut Vec<u8>) {
    number::put(out, blocks.len() as u64);
    let mut before = 0;
    for (offset, end) in blocks {
        number::put(out, *offset);
        number::put(out, u64::from(end - before));
        before = *end;
    }
    out.extend(marks.classes.iter().map(|class| class.byte()));
    marks.ids.iter().for_each(|id| out.extend_from_slice(&id.to_le_bytes()));
}

fn head_of(bytes: &[u8]) -> Option<(Vec<(u64, u32)>, Marks)> {
    let (count, mut rest) = number::take(bytes)?;
    let (mut blocks, mut records) = (Vec::new(), 0_u32);
    for _ in 0..count {
        let (offset, behind) = number::take(rest)?;
        let (added, behind) = number::take(behind)?;
        records = records.checked_add(u32::try_from(added).ok()?)?;
        blocks.push((offset, records));
        rest = behind;
    }
    let (classes, ids) = rest.split_at_checked(records as usize)?;
    let classes: Option<Box<[Class]>> =
        classes.iter().map(|class| Class::from_byte(*class)).collect();
    let (ids, left_over) = ids.as_chunks();
    let is_whole = left_over.is_empty() && ids.len() == records as usize;
    let ids = ids.iter().map(|id| u32::from_le_bytes(*id)).collect();
    is_whole.then_some((blocks, Marks { classes: classes?, ids }))
}
