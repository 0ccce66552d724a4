//! A column file: the columns of the records of one block file, opened.
//!
//! ```text
//! file      := "filedex columns 7\n" number u64 | column* | directory | start u64 | checksum u32
//! directory := paths (length path)* | zones placed | groups placed | leaders placed, or nothing
//! zones     := placed*
//! groups    := placed*
//! placed    := first block u64 | start of its columns u64 | (length u32 | whole u32 | checksum u32)*
//! ```
//!
//! A group has the records of consecutive blocks of the file. Its columns lie one behind the other: its head, how the
//! `_id`s begin, and the values of each path, each packed with LZ4, or as it is where that takes less than a half off. So
//! do the columns of the zones of consecutive blocks: where these lie, and by each path in either direction the heads and
//! the rests; and so do those of the leaders. Which zones there are, and which groups, is told by columns, as there are
//! many and few who ask for them. Fixed integers are little-endian, others numbers of variable length. `start` is where
//! the directory begins, which the checksum covers.

use std::fs::File;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use filedex_query::{Limits, Path};

use super::groups::Group;
use super::head::{self, Head};
use super::leaders::Heads;
use super::numbers::Numbers;
use super::rows::{Marks, Rows};
use super::values::Values;
use crate::disk::Directory;
use crate::disk::directory::read_at;
use crate::disk::names::Numbered;
use crate::format::number;

const TITLE: &[u8; 18] = b"filedex columns 7\n";

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
    leaders: Option<Vec<u8>>,
    zones: Listed,
    groups: Listed,
}

/// Where the column lies that lists what there is of a kind, and that once it was asked for; none if it cannot be read.
#[derive(Debug)]
struct Listed {
    placed: Vec<u8>,
    /// Columns of each.
    columns: usize,
    all: OnceLock<Option<Vec<u8>>>,
}

/// What there is of a kind, in the order of its blocks, as it lies in the file.
#[derive(Clone, Copy)]
struct List<'l> {
    bytes: &'l [u8],
    columns: usize,
}

/// Where columns of consecutive blocks lie, those of a group, or those of zones: as it lies in the file.
#[derive(Clone, Copy)]
struct Placed<'l>(&'l [u8]);

/// A column as it lies in the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packed {
    pub(super) length: u32,
    /// How long it is unpacked.
    pub(super) whole: u32,
    pub(super) checksum: u32,
}

/// Bytes of what is placed before its columns, and of each of these.
const PLACED: usize = 16;
const PACKED: usize = 12;

/// What a directory says: which paths, and where the lists of zones and groups lie and the leaders.
pub(super) struct Contents {
    pub(super) paths: Vec<Path>,
    pub(super) zones: Vec<u8>,
    pub(super) groups: Vec<u8>,
    /// Of few blocks there are none.
    pub(super) leaders: Option<Vec<u8>>,
}

/// Memory that columns are read and unpacked into.
#[derive(Debug, Default)]
pub(crate) struct Memory {
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
        let listed = |placed, columns| Listed { placed, columns, all: OnceLock::new() };
        let (zones, groups) = (listed(zones, 4 * paths.len() + 1), listed(groups, paths.len() + 2));
        Some(ColumnFile { file, paths, leaders, zones, groups })
    }

    /// Whether there are columns of all these paths.
    pub(crate) fn has<'p>(&self, mut paths: impl Iterator<Item = &'p Path>) -> bool {
        paths.all(|path| path.is_among(&self.paths))
    }

    /// The number of the group that the block at that offset belongs to, if it belongs to any.
    pub(super) fn group_of(&self, offset: u64) -> Option<usize> {
        self.list(&self.groups)?.find(offset)
    }

    /// The number of the zones that the block at that offset belongs to, if it belongs to any.
    pub(super) fn zones_of(&self, offset: u64) -> Option<usize> {
        self.list(&self.zones)?.find(offset)
    }

    /// How often zones lie together.
    pub(super) fn zones_count(&self) -> Option<usize> {
        Some(self.list(&self.zones)?.len())
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
        self.unpacked(self.list(&self.zones)?.get(zones)?, column, memory)
    }

    /// How the least keys of the leaders begin, by a path in a direction.
    pub(super) fn leading_heads<'m>(
        &self,
        path: &Path,
        descending: bool,
        memory: &'m mut Memory,
    ) -> Option<Heads<'m>> {
        let column = self.order_of(path, descending)?;
        Heads::read(self.unpacked(Placed(self.leaders.as_ref()?), column, memory)?)
    }

    /// What else there is of the leaders.
    pub(super) fn leading_rests<'m>(
        &self,
        path: &Path,
        descending: bool,
        memory: &'m mut Memory,
    ) -> Option<&'m [u8]> {
        let column = 1 + self.order_of(path, descending)?;
        self.unpacked(Placed(self.leaders.as_ref()?), column, memory)
    }

    /// How many groups there are.
    pub(crate) fn groups(&self) -> Option<usize> {
        Some(self.list(&self.groups)?.len())
    }

    /// The offsets of the blocks of the group of that number lie between these.
    pub(crate) fn blocks_of(&self, group: usize) -> Option<Range<u64>> {
        let list = self.list(&self.groups)?;
        let next = list.get(group + 1).and_then(Placed::first_block);
        Some(list.get(group)?.first_block()?..next.unwrap_or(u64::MAX))
    }

    /// The columns of these paths of the group of that number, and how the `_id`s begin.
    pub(super) fn group_with_ids(
        &self,
        at: usize,
        paths: &[Path],
        memory: &mut Memory,
    ) -> Option<Group> {
        let group = self.group(at, paths.iter(), memory)?;
        let ids = self.unpacked(self.list(&self.groups)?.get(at)?, 1, memory)?;
        let ids = head::read_ids(group.len(), ids)?;
        Some(group.with_ids(ids))
    }

    /// The columns of these paths of the group of that number.
    pub(crate) fn group<'p>(
        &self,
        at: usize,
        paths: impl Iterator<Item = &'p Path>,
        memory: &mut Memory,
    ) -> Option<Group> {
        let group = self.list(&self.groups)?.get(at)?;
        let Head { blocks, classes } = Head::read(self.unpacked(group, 0, memory)?)?;
        let mut values = Vec::with_capacity(paths.size_hint().0);
        for path in paths {
            let column = self.unpacked(group, self.number_of(path)? + 2, memory)?;
            values.push(Values::read(path, classes.len(), column)?);
        }
        Some(Group::new(blocks, Rows { marks: Marks { classes, ids: Box::default() }, values }))
    }

    /// The numbers in the column of that number of these zones.
    fn numbers<'m>(
        &self,
        zones: usize,
        column: usize,
        memory: &'m mut Memory,
    ) -> Option<Numbers<&'m [u8]>> {
        Some(Numbers::read(self.unpacked(self.list(&self.zones)?.get(zones)?, column, memory)?)?.0)
    }

    fn list<'l>(&self, listed: &'l Listed) -> Option<List<'l>> {
        let all = listed.all.get_or_init(|| {
            let all = self.unpacked(Placed(&listed.placed), 0, &mut Memory::default())?.to_vec();
            let size = PLACED + PACKED * listed.columns;
            all.len().is_multiple_of(size).then_some(all)
        });
        Some(List { bytes: all.as_deref()?, columns: listed.columns })
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
        placed: Placed<'_>,
        number: usize,
        memory: &'m mut Memory,
    ) -> Option<&'m [u8]> {
        let (start, column) = placed.column(number)?;
        let packed = first_bytes(&mut memory.packed, column.length);
        read_at(&self.file, packed, start).ok()?;
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

impl<'l> List<'l> {
    fn len(self) -> usize {
        self.bytes.len() / self.size()
    }

    fn get(self, at: usize) -> Option<Placed<'l>> {
        let start = at.checked_mul(self.size())?;
        self.bytes.get(start..start + self.size()).map(Placed)
    }

    /// The number of the one that has the block at that offset.
    fn find(self, offset: u64) -> Option<usize> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            let is_before = self.get(middle)?.first_block()? <= offset;
            (low, high) = if is_before { (middle + 1, high) } else { (low, middle) };
        }
        low.checked_sub(1)
    }

    /// Bytes of each.
    fn size(self) -> usize {
        PLACED + PACKED * self.columns
    }
}

impl Placed<'_> {
    fn first_block(self) -> Option<u64> {
        Some(u64::from_le_bytes(*self.0.first_chunk()?))
    }

    /// Where the column of that number begins, and what is known of it.
    fn column(self, number: usize) -> Option<(u64, Packed)> {
        let start = u64::from_le_bytes(*self.0.get(8..)?.first_chunk()?);
        let columns = self.0.get(PLACED..)?.as_chunks::<PACKED>().0;
        let before = columns.get(..number)?.iter().map(Packed::read);
        let before = before.map(|column| Some(u64::from(column?.length))).sum::<Option<u64>>()?;
        Some((start.checked_add(before)?, Packed::read(columns.get(number)?)?))
    }
}

impl Packed {
    fn read(bytes: &[u8; PACKED]) -> Option<Packed> {
        let [length, whole, checksum] = [0, 4, 8].map(|at| number::fixed(bytes, at));
        let within = |bytes: &u32| u64::from(*bytes) <= MOST_BYTES;
        let (length, whole) = (length.filter(within)?, whole.filter(within)?);
        Some(Packed { length, whole, checksum: checksum? })
    }
}

impl Contents {
    /// Appends it.
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        number::put(out, self.paths.len() as u64);
        self.paths.iter().for_each(|path| number::put_sized(out, path.text().as_bytes()));
        let all = [&self.zones, &self.groups].into_iter().chain(&self.leaders);
        all.for_each(|placed| out.extend_from_slice(placed));
    }

    fn read(bytes: &[u8]) -> Option<Contents> {
        let (count, mut rest) = number::take(bytes)?;
        let mut paths = Vec::new();
        for _ in 0..count {
            let text;
            (text, rest) = number::take_sized(rest)?;
            paths.push(Path::parse(std::str::from_utf8(text).ok()?, &Limits::default()).ok()?);
        }
        let (zones, rest) = rest.split_at_checked(PLACED + PACKED)?;
        let (groups, rest) = rest.split_at_checked(PLACED + PACKED)?;
        let is_whole = rest.is_empty() || rest.len() == PLACED + PACKED * 4 * paths.len();
        let leaders = (!rest.is_empty()).then(|| rest.to_vec());
        is_whole.then(|| Contents { paths, zones: zones.into(), groups: groups.into(), leaders })
    }
}

/// Where these columns of blocks from that one on lie, as it lies in the file.
pub(super) fn placed(first_block: u64, start: u64, columns: &[Packed]) -> Vec<u8> {
    let mut out: Vec<u8> =
        [first_block, start].iter().flat_map(|number| number.to_le_bytes()).collect();
    for Packed { length, whole, checksum } in columns {
        let numbers = [length, whole, checksum];
        out.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    }
    out
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
