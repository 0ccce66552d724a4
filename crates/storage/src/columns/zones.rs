//! Zones: of each block of a column file how the least key of its records begins, by each of its paths in either
//! direction. Who looks for the first records of an order leaves the blocks unread whose zones lie behind them.
//!
//! ```text
//! places := (offset u64 | length u32) * blocks
//! heads  := u128 * blocks
//! ```
//!
//! This file does not know what the order is for.

use std::ops::Range;

use filedex_query::Path;

use super::file::{ColumnFile, Memory};
use super::rows::RowsBuilder;
use crate::format::Place;

/// Zones of consecutive blocks of a file that are being written.
#[derive(Debug)]
pub(super) struct ZonesBuilder {
    places: Vec<Lying>,
    /// For each path those of one direction, and those of the other.
    heads: Vec<Vec<u128>>,
}

/// Where a block lies in its file: from where on, and how long.
type Lying = (u64, u32);

const LYING_BYTES: usize = 12;

/// Of consecutive blocks of a file where each lies, and its zone by one path in one direction.
#[derive(Debug)]
pub(super) struct Zones {
    places: Box<[Lying]>,
    heads: Box<[u128]>,
}

/// The zones by one path in one direction, being read: of each file those that were read last stay.
#[derive(Debug)]
pub(crate) struct ZoneReader<'p> {
    path: &'p Path,
    descending: bool,
    latest: Vec<(u64, Zones)>,
    memory: Memory,
}

/// A block with its zone: it may hold the first record of all the sooner the less that is.
pub(crate) type Zoned = (u128, Place);

/// Blocks whose zones lie together.
pub(super) const BLOCKS: usize = 1024;

impl ZonesBuilder {
    pub(super) fn new(paths: &[Path]) -> ZonesBuilder {
        ZonesBuilder { places: Vec::new(), heads: vec![Vec::new(); 2 * paths.len()] }
    }

    pub(super) fn is_full(&self) -> bool {
        self.places.len() >= BLOCKS
    }

    /// Where the first of the blocks begins, if there are any.
    pub(super) fn first_block(&self) -> Option<u64> {
        self.places.first().map(|(offset, _)| *offset)
    }

    /// Adds the block that lies there, which has these rows.
    pub(super) fn add(&mut self, place: Lying, all: &RowsBuilder, rows: Range<usize>) {
        self.places.push(place);
        self.heads.iter_mut().zip(all.least_heads(rows)).for_each(|(heads, head)| heads.push(head));
    }

    /// What lies in the file: the places, and then the heads of each path in either direction.
    pub(super) fn columns(&self) -> impl Iterator<Item = Vec<u8>> {
        let places = self.places.iter();
        let bytes =
            |(offset, length): &Lying| offset.to_le_bytes().into_iter().chain(length.to_le_bytes());
        let places = std::iter::once(places.flat_map(bytes).collect());
        let heads = self.heads.iter();
        let heads = heads.map(|heads| heads.iter().flat_map(|head| head.to_le_bytes()).collect());
        places.chain(heads)
    }
}

impl Zones {
    pub(super) fn read(places: Box<[Lying]>, heads: &[u8]) -> Option<Zones> {
        let (heads, left_over) = heads.as_chunks();
        let heads: Box<[u128]> = heads.iter().map(|head| u128::from_le_bytes(*head)).collect();
        let is_whole = left_over.is_empty() && heads.len() == places.len();
        is_whole.then_some(Zones { places, heads })
    }

    pub(super) fn places(bytes: &[u8]) -> Option<Box<[Lying]>> {
        let (places, left_over) = bytes.as_chunks::<LYING_BYTES>();
        let place = |bytes: &[u8; LYING_BYTES]| {
            let (offset, length) = bytes.split_first_chunk()?;
            let length = length.first_chunk()?;
            Some((u64::from_le_bytes(*offset), u32::from_le_bytes(*length)))
        };
        places.iter().map(place).collect::<Option<_>>().filter(|_| left_over.is_empty())
    }

    fn head(&self, offset: u64) -> Option<u128> {
        let at = self.places.binary_search_by_key(&offset, |(offset, _)| *offset).ok()?;
        self.heads.get(at).copied()
    }
}

impl<'p> ZoneReader<'p> {
    pub(crate) fn new(path: &'p Path, descending: bool) -> ZoneReader<'p> {
        ZoneReader { path, descending, latest: Vec::new(), memory: Memory::default() }
    }

    /// The zone of the block at that place, if it is known to the columns beside its file.
    pub(crate) fn zone<'c>(
        &mut self,
        place: Place,
        columns: impl FnOnce() -> Option<&'c ColumnFile>,
    ) -> Option<u128> {
        let known = self.latest.iter().position(|(file, _)| *file == place.file);
        let latest = known.and_then(|at| self.latest.get(at));
        if let Some(head) = latest.and_then(|(_, zones)| zones.head(place.offset)) {
            return Some(head);
        }
        let (columns, wanted) = (columns()?, (self.path, self.descending));
        let number = columns.zones_of(place.offset)?;
        let zones = columns.zones(number, wanted, &mut self.memory)?;
        let head = zones.head(place.offset);
        known.into_iter().for_each(|at| drop(self.latest.swap_remove(at)));
        self.latest.push((place.file, zones));
        head
    }

    /// Shows the blocks of the file of that number with their zones; false if these are not known.
    pub(crate) fn all(
        &mut self,
        number: u64,
        columns: &ColumnFile,
        show: &mut impl FnMut(Zoned),
    ) -> bool {
        (0..columns.zones_count()).all(|at| {
            let wanted = (self.path, self.descending);
            let Some(zones) = columns.zones(at, wanted, &mut self.memory) else { return false };
            let place =
                |(offset, length): &Lying| Place { file: number, offset: *offset, length: *length };
            zones.heads.iter().copied().zip(zones.places.iter().map(place)).for_each(&mut *show);
            true
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use filedex_query::packed::pack;
    use filedex_query::{Date, Document, Environment, Limits, Sort, ejson};
    use proptest::prelude::*;

    use super::super::ColumnWriter;
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
                prop_assert!(reader.all(7, &columns, &mut |zoned| all.push(zoned)));
                prop_assert!(all.len() <= columns.most_zones());
                prop_assert_eq!(all.iter().map(|(_, place)| *place).collect::<Vec<_>>(), places.clone());
                let sort = sort(path.text(), descending);
                for ((zone, place), (seeds, _)) in all.iter().zip(&blocks) {
                    prop_assert_eq!(reader.zone(*place, || Some(&columns)), Some(*zone));
                    let heads = seeds.iter().map(|seed| first_bytes(&sort.key(record(*seed).view()).unwrap()));
                    let least = heads.min().unwrap();
                    prop_assert!(*zone <= least);
                    // Where a value is told at once the zone is no guess.
                    prop_assert!(path.text() != "at" || *zone == least);
                }
                let nowhere = Place { offset: 28, ..places[0] };
                prop_assert_eq!(reader.zone(nowhere, || Some(&columns)), None);
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
        assert!(
            ZoneReader::new(&path, false).all(1, &columns, &mut |zoned| all.push(zoned))
                && all.is_empty()
        );

        let mut writer = ColumnWriter::new(&directory, 2, &written);
        writer.give_up();
        writer.finish();
        drop(writer);
        assert!(ColumnFile::open(&directory, 2).is_none());
    }
}
