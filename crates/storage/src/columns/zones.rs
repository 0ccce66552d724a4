//! Zones: of each block of a column file how the least key of its records begins, which record has it, and how the keys
//! of the others begin at least, by each of its paths in either direction. Who looks for the first records of an order
//! leaves the blocks unread whose zones lie behind them, and reads of most others one record.
//!
//! ```text
//! places := numbers                  offset << 32 | length of each block
//! heads  := numbers
//! rests  := numbers | u8 * blocks    rests and firsts
//! ```
//!
//! Heads lie by themselves: of most blocks nothing else is read. This file does not know what the order is for.

use std::ops::Range;

use filedex_query::Path;

use super::file::{ColumnFile, Memory};
use super::leaders::LeadersBuilder;
use super::numbers::{self, Numbers};
use super::rows::RowsBuilder;
use crate::format::Place;

/// Zones of consecutive blocks of a file that are being written.
#[derive(Debug)]
pub(super) struct ZonesBuilder {
    /// Where each block lies.
    places: Vec<u128>,
    /// For each path those of one direction, and those of the other.
    zones: Vec<Vec<Zone>>,
}

/// What is known of the records of a block in an order, by how their keys begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Zone {
    /// No key begins with less.
    pub(crate) head: u128,
    /// No other begins with less than this, if it is known which record has the least key.
    pub(crate) rest: u128,
    /// By how many come before it in the block.
    pub(crate) first: Option<u8>,
}

/// The number of a block among those of its file whose zones lie together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Zoned {
    pub(crate) file: u64,
    among: Among,
    block: u32,
}

/// Which zones of a file lie together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Among {
    Leaders,
    /// Those of that number.
    Piece(u32),
}

/// The zones by one path in one direction, being read.
#[derive(Debug)]
pub(crate) struct ZoneReader<'p> {
    path: &'p Path,
    descending: bool,
    /// Of each file what was read last.
    heads: Vec<Latest>,
    /// What was read last of what lies beside heads.
    rests: Option<Rests>,
    memory: Memory,
}

/// Heads of a file, and the number of the block that is likely to be asked for next.
#[derive(Debug)]
struct Latest {
    file: u64,
    among: Among,
    places: Numbers<Box<[u8]>>,
    heads: Numbers<Box<[u8]>>,
    next: usize,
}

/// What zones say beside their heads, and where their blocks lie.
#[derive(Debug)]
struct Rests {
    file: u64,
    among: Among,
    places: Numbers<Box<[u8]>>,
    rests: Numbers<Box<[u8]>>,
    firsts: Box<[u8]>,
}

/// Stands in place of the number of a record that is not known, and of that of an only one.
const NOT_KNOWN: u8 = 255;
const ONLY: u8 = 254;

/// Blocks whose zones lie together.
const BLOCKS: usize = 1024;

impl Zone {
    /// Of records whose keys begin so; with 0 where that is not told.
    pub(super) fn of(heads: impl Iterator<Item = u128>) -> Zone {
        let (mut head, mut rest, mut first) = (u128::MAX, u128::MAX, None);
        for (at, other) in heads.enumerate() {
            if first.is_none() || other < head {
                (head, rest, first) = (other, head, Some(at));
            } else {
                rest = rest.min(other);
            }
        }
        let is_known = head > 0 || rest == u128::MAX;
        let first = first.filter(|_| is_known).and_then(|first| u8::try_from(first).ok());
        Zone { head, rest, first: first.filter(|first| *first < ONLY) }
    }
}

impl ZonesBuilder {
    pub(super) fn new(paths: &[Path]) -> ZonesBuilder {
        ZonesBuilder { places: Vec::new(), zones: vec![Vec::new(); 2 * paths.len()] }
    }

    pub(super) fn is_full(&self) -> bool {
        self.places.len() >= BLOCKS
    }

    /// Where the first of the blocks begins, if there are any.
    pub(super) fn first_block(&self) -> Option<u64> {
        self.places.first().map(|place| offset_of(*place))
    }

    /// Adds the block that lies there, which has these rows.
    pub(super) fn add(
        &mut self,
        (offset, length): (u64, u32),
        all: &RowsBuilder,
        rows: Range<usize>,
    ) {
        self.places.push(u128::from(offset) << 32 | u128::from(length));
        self.zones.iter_mut().zip(all.zones(rows)).for_each(|(zones, zone)| zones.push(zone));
    }

    /// Lets some of these blocks be the leaders of their file.
    pub(super) fn add_to(&self, leaders: &mut LeadersBuilder) {
        leaders.add(&self.places, &self.zones);
    }

    /// What lies in the file: the places, and then the heads and the rests by each path in either direction.
    pub(super) fn columns(&self) -> Vec<Vec<u8>> {
        let mut columns = vec![column(self.places.iter().copied())];
        for zones in &self.zones {
            columns.push(column(zones.iter().map(|zone| zone.head)));
            let mut rests = Vec::new();
            put_rests(zones.iter(), &mut rests);
            columns.push(rests);
        }
        columns
    }
}

fn column(numbers: impl Iterator<Item = u128> + Clone) -> Vec<u8> {
    let mut column = Vec::new();
    numbers::put(numbers, &mut column);
    column
}

/// Appends what zones say beside their heads.
pub(super) fn put_rests<'z>(zones: impl Iterator<Item = &'z Zone> + Clone, out: &mut Vec<u8>) {
    let is_only = |zone: &Zone| zone.rest == u128::MAX;
    let rest = |zone: &Zone| if is_only(zone) { zone.head } else { zone.rest };
    let first = |zone: &Zone| if is_only(zone) { ONLY } else { zone.first.unwrap_or(NOT_KNOWN) };
    numbers::put(zones.clone().map(rest), out);
    out.extend(zones.map(first));
}

impl Latest {
    /// How the least key begins of the block that begins there, and its number.
    fn head(&mut self, offset: u64) -> Option<(u128, Zoned)> {
        let at = find(&self.places, offset, self.next)?;
        self.next = at + 1;
        let zoned = Zoned { file: self.file, among: self.among, block: u32::try_from(at).ok()? };
        Some((self.heads.get(at)?, zoned))
    }
}

impl Rests {
    /// The zone of the block of that number, which has that head, and where it lies.
    fn zone(&self, at: usize, head: u128) -> Option<(Zone, Place)> {
        let (place, rest) = (self.places.get(at)?, self.rests.get(at)?);
        let zone = match *self.firsts.get(at)? {
            ONLY => Zone { head, rest: u128::MAX, first: Some(0) },
            NOT_KNOWN => Zone { head, rest, first: None },
            first => Zone { head, rest, first: Some(first) },
        };
        Some((zone, Place { file: self.file, offset: offset_of(place), length: place as u32 }))
    }
}

/// The number of the block that begins there: that one, as a rule.
fn find(places: &Numbers<Box<[u8]>>, offset: u64, likely: usize) -> Option<usize> {
    let begins = |at| places.get(at).map(offset_of);
    if begins(likely) == Some(offset) {
        return Some(likely);
    }
    let (mut low, mut high) = (0, places.len());
    while low < high {
        let middle = low.midpoint(high);
        let is_before = begins(middle) < Some(offset);
        (low, high) = if is_before { (middle + 1, high) } else { (low, middle) };
    }
    (begins(low) == Some(offset)).then_some(low)
}

fn offset_of(place: u128) -> u64 {
    (place >> 32) as u64
}

impl<'p> ZoneReader<'p> {
    pub(crate) fn new(path: &'p Path, descending: bool) -> ZoneReader<'p> {
        let (heads, rests, memory) = (Vec::new(), None, Memory::default());
        ZoneReader { path, descending, heads, rests, memory }
    }

    /// How the least key begins of the block at that place, and its number, if they are known to the columns beside its
    /// file.
    pub(crate) fn head<'c>(
        &mut self,
        place: Place,
        columns: impl FnOnce() -> Option<&'c ColumnFile>,
    ) -> Option<(u128, Zoned)> {
        let known = self.heads.iter().position(|latest| latest.file == place.file);
        let latest = known.and_then(|at| self.heads.get_mut(at));
        if let Some(head) = latest.and_then(|latest| latest.head(place.offset)) {
            return Some(head);
        }
        let columns = columns()?;
        let piece = columns.zones_of(place.offset)?;
        let places = columns.places(piece, &mut self.memory)?.kept();
        let heads = columns.heads(piece, self.path, self.descending, &mut self.memory)?.kept();
        if heads.len() != places.len() {
            return None;
        }
        let among = Among::Piece(u32::try_from(piece).ok()?);
        let mut latest = Latest { file: place.file, among, places, heads, next: 0 };
        let head = latest.head(place.offset);
        known.into_iter().for_each(|at| drop(self.heads.swap_remove(at)));
        self.heads.push(latest);
        head
    }

    /// Shows how the least keys of the first blocks of the file of that number begin, each with the number of its block,
    /// where that is at most so much, or as much as came back last; gives how many blocks there are, and what the keys in all
    /// others begin with at least, if there are others. Nothing where zones are not known.
    pub(crate) fn first(
        &mut self,
        file: u64,
        columns: &ColumnFile,
        most: Option<u128>,
        show: &mut impl FnMut(u128, Zoned) -> Option<u128>,
    ) -> Option<(usize, Option<u128>)> {
        if !columns.has_leaders() {
            return Some((self.all(file, columns, most, show)?, None));
        }
        let leaders = columns.leading_heads(self.path, self.descending, &mut self.memory)?;
        leaders.heads.each_up_to(most, |block, head| {
            show(head, Zoned { file, among: Among::Leaders, block: block as u32 })
        });
        Some((leaders.blocks, leaders.beyond()))
    }

    /// The same of all blocks; gives how many there are.
    fn all(
        &mut self,
        file: u64,
        columns: &ColumnFile,
        mut most: Option<u128>,
        show: &mut impl FnMut(u128, Zoned) -> Option<u128>,
    ) -> Option<usize> {
        let mut blocks = 0;
        for piece in 0..u32::try_from(columns.zones_count()?).ok()? {
            let (at, among) = (piece as usize, Among::Piece(piece));
            let heads = columns.heads(at, self.path, self.descending, &mut self.memory)?;
            blocks += heads.len();
            heads.each_up_to(most, |block, head| {
                most = show(head, Zoned { file, among, block: block as u32 });
                most
            });
        }
        Some(blocks)
    }

    /// The zone of the block of that number, which has that head, and where it lies, if the columns beside its file tell:
    /// soon for blocks that follow one another.
    pub(crate) fn zone(
        &mut self,
        zoned: Zoned,
        head: u128,
        columns: &ColumnFile,
    ) -> Option<(Zone, Place)> {
        let Zoned { file, among, block } = zoned;
        if self.rests.as_ref().is_none_or(|rests| (rests.file, rests.among) != (file, among)) {
            self.rests = Some(self.read_rests(file, among, columns)?);
        }
        self.rests.as_ref()?.zone(block as usize, head)
    }

    fn read_rests(&mut self, file: u64, among: Among, columns: &ColumnFile) -> Option<Rests> {
        let (path, descending, memory) = (self.path, self.descending, &mut self.memory);
        let (places, bytes) = match among {
            Among::Leaders => (None, columns.leading_rests(path, descending, memory)?),
            Among::Piece(piece) => {
                let places = columns.places(piece as usize, memory)?.kept();
                (Some(places), columns.rests(piece as usize, path, descending, memory)?)
            }
        };
        let (rests, behind) = Numbers::read(bytes)?;
        let (firsts, behind) = behind.split_at_checked(rests.len())?;
        let places = places.map_or_else(|| Some(Numbers::read(behind)?.0.kept()), Some)?;
        Some(Rests { file, among, places, rests: rests.kept(), firsts: firsts.into() })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use filedex_query::packed::pack;
    use filedex_query::{Date, Document, Environment, Limits, Sort, ejson};
    use proptest::prelude::*;

    use super::super::{ColumnWriter, LEADERS};
    use super::*;
    use crate::disk::Directory;
    use crate::format::Class;
    use crate::format::keys::first_bytes;

    /// A record whose values are short and long, texts, numbers, arrays and missing.
    fn record(seed: u32) -> Document {
        let record =
            Document::new().with("_id", format!("{seed:x}")).with("at", Date(-i64::from(seed)));
        let record = match seed % 5 {
            0 => record.with("name", "n".repeat(seed as usize % 300)),
            1 => record.with("name", vec![format!("name {seed}")]),
            2 => record.with("name", f64::from(seed) / 7.0 - 1e8),
            3 => record.with("name", format!("\0 {}", seed % 7)),
            _ => record,
        };
        let inner = Document::new().with("width", i64::from(seed) - (1 << 30));
        if seed.is_multiple_of(3) { record.with("size", inner) } else { record }
    }

    fn sort(path: &str, descending: bool) -> Sort {
        let environment = Environment::default();
        let text = format!(r#"{{"{path}":{}}}"#, if descending { -1 } else { 1 });
        Sort::parse(&ejson::read_document(&text, &environment.limits).unwrap(), &environment)
            .unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn no_record_comes_before_the_zone_of_its_block(
            blocks in prop::collection::vec((prop::collection::vec(any::<u32>(), 1..9), 1..9000_u32), 1..2500),
        ) {
            let site = tempfile::tempdir().unwrap();
            let directory = Arc::new(Directory::open(site.path()).unwrap());
            let paths = ["at", "name", "size.width", "missing"];
            let parse = |path: &&str| Path::parse(path, &Limits::default()).unwrap();
            let written: Vec<Path> = paths.iter().map(parse).collect();
            let mut writer = ColumnWriter::new(&directory, 7, &written.as_slice().into());
            let (mut places, mut offset) = (Vec::new(), 29);
            let class = Class::from_byte(0).unwrap();
            for (seeds, length) in &blocks {
                let records: Vec<Vec<u8>> = seeds.iter().map(|seed| pack(&record(*seed))).collect();
                writer.block((offset, *length), records.iter().map(|record| (class, record.as_slice())));
                places.push(Place { file: 7, offset, length: *length });
                offset += u64::from(*length) + 3;
            }
            writer.finish();
            drop(writer);
            let columns = ColumnFile::open(&directory, 7).unwrap();
            for (path, descending) in written.iter().flat_map(|path| [(path, false), (path, true)]) {
                let (mut reader, mut all) = (ZoneReader::new(path, descending), Vec::new());
                let most = Some(u128::MAX);
                let known = reader.all(7, &columns, most, &mut |head, zoned| {
                    all.push((head, zoned));
                    most
                });
                prop_assert_eq!(known, Some(blocks.len()));
                let mut heads: Vec<u128> = all.iter().map(|(head, _)| *head).collect();
                let mut beyond = None;
                if heads.len() > LEADERS {
                    heads.sort_unstable();
                    heads.truncate(LEADERS);
                    beyond = heads.last().copied();
                }
                let mut leading = Vec::new();
                let told = reader.first(7, &columns, most, &mut |head, zoned| {
                    leading.push((head, zoned));
                    most
                });
                prop_assert_eq!(told, Some((blocks.len(), beyond)));
                prop_assert_eq!(leading.iter().map(|(head, _)| *head).collect::<Vec<_>>(), heads);
                let leading: Vec<(Zone, Place)> = leading.iter().map(|(head, zoned)| reader.zone(*zoned, *head, &columns).unwrap()).collect();
                let told: Vec<(u128, Zoned)> = places.iter().map(|place| reader.head(*place, || Some(&columns)).unwrap()).collect();
                prop_assert_eq!(&told, &all);
                let all: Vec<(Zone, Place)> = all.iter().map(|(head, zoned)| reader.zone(*zoned, *head, &columns).unwrap()).collect();
                prop_assert_eq!(all.iter().map(|(_, place)| *place).collect::<Vec<_>>(), places.clone());
                for leader in &leading {
                    prop_assert!(all.contains(leader));
                }
                prop_assert!(leading.windows(2).all(|two| two[0].1 != two[1].1));
                let sort = sort(path.text(), descending);
                for ((zone, _), (seeds, _)) in all.iter().zip(&blocks) {
                    let heads = seeds.iter().map(|seed| first_bytes(&sort.key(record(*seed).view()).unwrap()));
                    let heads: Vec<u128> = heads.collect();
                    let least = *heads.iter().min().unwrap();
                    prop_assert!(zone.head <= least);
                    // Where a value is told at once the zone is no guess.
                    prop_assert!(path.text() != "at" || zone.first.is_some());
                    if let Some(first) = zone.first {
                        prop_assert!(zone.head == heads[usize::from(first)] || zone.head == 0 && heads.len() == 1);
                        let others = heads.iter().enumerate().filter(|(at, _)| *at != usize::from(first));
                        prop_assert!(others.clone().all(|(_, other)| zone.rest <= *other));
                        let told = path.text() == "at";
                        prop_assert!(!told || others.map(|(_, head)| *head).min().unwrap_or(u128::MAX) == zone.rest);
                    }
                }
                let nowhere = Place { offset: 28, ..places[0] };
                prop_assert_eq!(reader.head(nowhere, || Some(&columns)), None);
            }
        }
    }

    #[test]
    fn a_file_without_records_says_that_it_has_no_zones() {
        let site = tempfile::tempdir().unwrap();
        let directory = Arc::new(Directory::open(site.path()).unwrap());
        let path = Path::parse("name", &Limits::default()).unwrap();
        let written = Arc::from([path.clone()]);
        ColumnWriter::new(&directory, 1, &written).finish();
        let columns = ColumnFile::open(&directory, 1).unwrap();
        let mut all = Vec::new();
        let known = ZoneReader::new(&path, false).first(1, &columns, Some(1), &mut |head, _| {
            all.push(head);
            Some(head)
        });
        assert_eq!((known, all), (Some((0, None)), Vec::new()));

        let mut writer = ColumnWriter::new(&directory, 2, &written);
        writer.give_up();
        writer.finish();
        drop(writer);
        assert!(ColumnFile::open(&directory, 2).is_none());
    }
}
