//! A column being made, value by value or of parts of other columns.

use std::ops::Range;

use filedex_query::Path;
use filedex_query::packed::{PackedDocument, is_text};

use super::bytes::{Bytes, MOST_VALUE_BYTES};
use super::values::{Codes, Ends, TOO_LONG, Values};
use super::zones::Zone;

/// A column that values are added to.
#[derive(Debug)]
pub(super) struct BuildingValues {
    path: Path,
    codes: Vec<u16>,
    /// Of the columns that were copied from last, one of each file: which of the numbers here stands for each of theirs.
    translated: Vec<(Origin, Vec<u16>)>,
    /// By the bytes of a value, one more than its number; 0 where there is none. Nothing before one is looked for.
    known: Box<[u16]>,
    ends: Vec<u32>,
    bytes: Vec<u8>,
    /// Whether all are texts.
    texts: bool,
}

/// Where a column is from: which group of which file it is of.
pub(crate) type Origin = (u64, usize);

/// A column of which one part in so many, or more, are different values has few that are alike.
const FEW_ALIKE: usize = 2;

/// Values that are remembered while a column is made, each in the one place that its bytes lead to: one
/// that comes back after another took its place is held twice, which does no harm.
const REMEMBERED: usize = 2048;

impl BuildingValues {
    /// With room for so many records.
    pub(super) fn new(path: &Path, records: usize) -> BuildingValues {
        let (codes, ends) = (Vec::with_capacity(records), Vec::with_capacity(records));
        let (translated, known, bytes) = (Vec::new(), Box::default(), Vec::new());
        BuildingValues { path: path.clone(), codes, translated, known, ends, bytes, texts: true }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn add(&mut self, record: PackedDocument<'_>) {
        let start = self.bytes.len();
        self.path.narrow(record, &mut self.bytes);
        self.end(start);
    }

    /// Adds what another column has for these records. If it says where it is from, numbers that were met there before
    /// are known again.
    pub(super) fn copy(&mut self, other: &Values, rows: Range<usize>, origin: Option<Origin>) {
        if let Codes::InOrder = other.codes {
            return self.push_all(other, rows);
        }
        if other.different > other.records() / FEW_ALIKE {
            // Looking for those that are alike would cost more than holding them twice.
            return rows.for_each(|row| self.push(other.code(row).map(|code| other.value(code))));
        }
        let mut translated = self.translated(other, origin);
        for row in rows {
            let code = other.code(row);
            let known = code.and_then(|code| translated.get(code).copied()).unwrap_or(0);
            match (known.checked_sub(1), code) {
                (Some(known), _) => self.codes.push(known),
                (None, None) => self.codes.push(TOO_LONG),
                (None, Some(code)) => {
                    self.take_over(other.value(code));
                    let own = self.codes.last().copied().filter(|own| *own != TOO_LONG);
                    let place = translated.get_mut(code);
                    own.zip(place).into_iter().for_each(|(own, place)| *place = own + 1);
                }
            }
        }
        self.translated.extend(origin.map(|origin| (origin, translated)));
    }

    /// Which of the numbers here stands for each one of the other column, one more than that; 0 where that is not known.
    fn translated(&mut self, other: &Values, origin: Option<Origin>) -> Vec<u16> {
        let of_file = |(known, _): &(Origin, _)| origin.is_some_and(|(file, _)| known.0 == file);
        let known = self.translated.iter().position(of_file);
        match known.map(|at| self.translated.swap_remove(at)) {
            Some((known, translated)) if Some(known) == origin => translated,
            earlier => {
                let mut translated = earlier.map_or_else(Vec::new, |(_, translated)| translated);
                translated.clear();
                translated.resize(other.different, 0);
                translated
            }
        }
    }

    /// Adds a value, which may be known.
    fn take_over(&mut self, value: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(value);
        self.end(start);
    }

    /// Adds a value without looking for one that is alike.
    fn push(&mut self, value: Option<&[u8]>) {
        let Some(value) = value.filter(|_| !self.is_full()) else {
            return self.codes.push(TOO_LONG);
        };
        self.texts &= is_text(value);
        self.bytes.extend_from_slice(value);
        self.codes.push(self.ends.len() as u16);
        self.ends.push(self.bytes.len() as u32);
    }

    /// Adds the values of those records of a column where they lie as the records do, at once.
    fn push_all(&mut self, other: &Values, rows: Range<usize>) {
        let left = usize::from(TOO_LONG).saturating_sub(self.ends.len() + 1);
        let end = rows.end.min(other.different).min(rows.start + left).max(rows.start);
        let (start, own) = (other.start(rows.start), self.bytes.len());
        if own == 0 {
            // As much follows of others, by and large.
            self.bytes.reserve(other.bytes().len() + other.bytes().len() / 8);
        }
        self.bytes
            .extend_from_slice(other.bytes().get(start..other.start(end)).unwrap_or_default());
        self.texts &= other.texts;
        let first = self.ends.len() as u16;
        self.codes.extend(first..first + (end - rows.start) as u16);
        self.codes.extend((end..rows.end).map(|_| TOO_LONG));
        self.ends.extend((rows.start..end).map(|row| (own + other.ends.end(row) - start) as u32));
    }

    /// Takes in the value that begins there, unless it is known.
    fn end(&mut self, start: usize) {
        if self.bytes.len() > start + MOST_VALUE_BYTES || self.is_full() {
            self.codes.push(TOO_LONG);
            self.bytes.truncate(start);
            return;
        }
        if self.known.is_empty() {
            self.known = vec![0; REMEMBERED].into();
        }
        let value = self.bytes.get(start..).unwrap_or_default();
        let place = place_of(value);
        let known = self.known.get(place).and_then(|known| known.checked_sub(1));
        if let Some(code) = known
            && self.value(code) == value
        {
            self.codes.push(code);
            self.bytes.truncate(start);
            return;
        }
        let (code, is_text) = (self.ends.len() as u16, is_text(value));
        self.texts &= is_text;
        self.known.iter_mut().skip(place).take(1).for_each(|known| *known = code + 1);
        self.codes.push(code);
        self.ends.push(self.bytes.len() as u32);
    }

    /// Whether there are no numbers left.
    fn is_full(&self) -> bool {
        self.ends.len() + 1 >= usize::from(TOO_LONG)
    }

    /// The zones of these records, ascending and descending.
    pub(super) fn zones(&self, rows: Range<usize>) -> [Zone; 2] {
        let codes = self.codes.get(rows).unwrap_or_default();
        [false, true].map(|descending| {
            let head = |code: u16| match code {
                TOO_LONG => 0,
                code => self.path.narrowed_head(self.value(code), descending).unwrap_or(0),
            };
            let alike = codes.chunk_by(PartialEq::eq);
            let heads = alike.filter_map(|alike| Some((head(*alike.first()?), alike.len())));
            Zone::of(heads.flat_map(|(head, records)| std::iter::repeat_n(head, records)))
        })
    }

    fn value(&self, code: u16) -> &[u8] {
        let code = usize::from(code);
        let start = code.checked_sub(1).and_then(|before| self.ends.get(before));
        let start = start.map_or(0, |start| *start as usize);
        let end = self.ends.get(code).map_or(start, |end| *end as usize);
        self.bytes.get(start..end).unwrap_or_default()
    }

    /// Lets every record have a value of its own, where that takes no more bytes than to say which is whose.
    fn spread(&mut self) {
        let (records, different) = (self.codes.len(), self.ends.len());
        let are_kept = self.codes.iter().all(|code| *code != TOO_LONG);
        let are_few = records < usize::from(TOO_LONG);
        if !are_kept || !are_few || different == records || different <= records / FEW_ALIKE {
            return;
        }
        let length: usize = self.codes.iter().map(|code| self.value(*code).len()).sum();
        let more = length - self.bytes.len().min(length) + size_of::<u16>() * (records - different);
        if more > size_of::<u16>() * records {
            return;
        }
        let (mut bytes, mut ends) = (Vec::with_capacity(length), Vec::with_capacity(records));
        for code in &self.codes {
            bytes.extend_from_slice(self.value(*code));
            ends.push(bytes.len() as u32);
        }
        self.codes = (0..=TOO_LONG).take(records).collect();
        (self.bytes, self.ends) = (bytes, ends);
    }

    pub(super) fn into_values(mut self) -> Values {
        self.spread();
        let (different, ends) = (self.ends.len(), Ends::of(&self.ends));
        let codes = Codes::of(&self.codes, different);
        let bytes = Bytes::Whole(self.bytes.into());
        Values { path: self.path, codes, different, ends, bytes, texts: self.texts }
    }
}

/// The place that a value's bytes lead to.
fn place_of(value: &[u8]) -> usize {
    let mut mixed = value.len() as u64;
    let (words, rest) = value.as_chunks::<8>();
    let last = rest.iter().fold(0, |last, byte| last << 8 | u64::from(*byte));
    for word in words.iter().map(|word| u64::from_le_bytes(*word)).chain([last]) {
        mixed = (mixed ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    }
    (mixed >> 7) as usize % REMEMBERED
}

#[cfg(test)]
mod tests {
    use filedex_query::{Limits, Path};
    use proptest::prelude::*;

    use super::{BuildingValues, MOST_VALUE_BYTES, Values, is_text};

    fn values() -> impl Strategy<Value = Vec<Vec<u8>>> {
        let of = |values: BoxedStrategy<Vec<u8>>| prop::collection::vec(values, 0..1100);
        let bytes =
            |length: std::ops::Range<usize>| prop::collection::vec(any::<u8>(), length).boxed();
        let long = MOST_VALUE_BYTES - 2..MOST_VALUE_BYTES + 3;
        prop_oneof![
            of(bytes(9..10)),
            of(bytes(0..3)),
            of(bytes(0..1)),
            of(bytes(40..200)),
            of(prop_oneof![bytes(1..2), bytes(long)].boxed()),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn every_record_has_the_value_that_was_added_unless_it_is_too_long(
            added in values(),
            ends_long in any::<bool>(),
            middle in any::<prop::sample::Index>(),
        ) {
            let path = Path::parse("a", &Limits::default()).unwrap();
            let long = ends_long.then(|| vec![0; MOST_VALUE_BYTES + 1]);
            let added: Vec<Vec<u8>> = added.into_iter().chain(long).collect();
            let mut column = BuildingValues::new(&path, 0);
            added.iter().for_each(|value| column.take_over(value));
            let column = column.into_values();
            for (row, value) in added.iter().enumerate() {
                let kept = column.code(row).map(|code| column.value(code));
                prop_assert_eq!(kept, (value.len() <= MOST_VALUE_BYTES).then_some(value.as_slice()));
                prop_assert!(column.code(row).is_none_or(|code| code < column.different()));
            }
            prop_assert_eq!(column.code(added.len()), None);

            let mut bytes = Vec::new();
            column.put(&mut bytes);
            let read = Values::read(&path, added.len(), &bytes).unwrap();
            for row in 0..added.len() + 1 {
                let (one, other) = (column.code(row), read.code(row));
                prop_assert_eq!(one.map(|code| column.value(code)), other.map(|code| read.value(code)));
            }

            let mut copy = BuildingValues::new(&path, 0);
            let (records, middle) = (added.len(), middle.index(added.len() + 1));
            let one = middle..(middle + 1).min(records);
            let parts = [middle..records, 0..middle, one, 0..records.min(1)];
            for (part, origin) in parts.iter().zip([Some((1, 2)), Some((1, 2)), None, Some((1, 3))]) {
                copy.copy(&column, part.clone(), origin);
            }
            let copy = copy.into_values();
            for column in [&column, &read, &copy] {
                prop_assert!(!column.are_texts() || column.all().all(is_text));
            }
            for (own, row) in parts.into_iter().flatten().enumerate() {
                let (one, other) = (column.code(row), copy.code(own));
                prop_assert_eq!(one.map(|code| column.value(code)), other.map(|code| copy.value(code)));
            }
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_column_that_leads_out_of_itself(
            bytes in prop::collection::vec(prop_oneof![Just(0_u8), Just(1), Just(2), any::<u8>()], 0..60),
            records in 0..12_usize,
        ) {
            let path = Path::parse("a", &Limits::default()).unwrap();
            if let Some(column) = Values::read(&path, records, &bytes) {
                for row in 0..records + 1 {
                    let code = column.code(row);
                    prop_assert!(code.is_none_or(|code| code < column.different()));
                    let _value = code.map(|code| column.value(code));
                }
            }
        }
    }

    #[test]
    fn dates_that_hardly_ever_are_alike_take_no_more_than_their_bytes() {
        let path = Path::parse("a", &Limits::default()).unwrap();
        for different in [1000, 990] {
            let mut column = BuildingValues::new(&path, 0);
            (0..1000_u64).for_each(|date| column.take_over(&(date % different).to_be_bytes()));
            let column = column.into_values();
            assert!(column.memory() <= 8000 + size_of_val(&column), "{}", column.memory());
            assert_eq!((column.code(999), column.code(1000)), (Some(999), None));
        }
    }
}
