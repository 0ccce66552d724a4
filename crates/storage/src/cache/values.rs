//! A column: of each record of a segment, what conditions and sorts on one path look at.
//!
//! Each different value is held once, or few times, and a number of one for each record: a condition is
//! asked once for each of them. Where every record has its own, as dates and names do, there are no numbers;
//! where all values are of one length, nothing says where they end. This file does not know conditions.

use filedex_query::Path;
use filedex_query::packed::PackedDocument;

/// A column of what conditions on a path look at.
#[derive(Debug)]
pub(crate) struct Values {
    path: Path,
    codes: Codes,
    /// How many values there are.
    different: usize,
    ends: Ends,
    bytes: Box<[u8]>,
}

/// Of each record, which of the values is its own.
#[derive(Debug)]
enum Codes {
    /// All are different, and lie as the records do.
    InOrder,
    /// Up to 255 values, or [`NARROW_TOO_LONG`].
    Narrow(Box<[u8]>),
    /// Or [`TOO_LONG`].
    Wide(Box<[u16]>),
}

/// Where the values end in the bytes.
#[derive(Debug)]
enum Ends {
    /// Each is so long.
    Even(usize),
    Near(Box<[u16]>),
    Far(Box<[u32]>),
}

/// Longer values are not kept: records that have them are asked themselves.
const MOST_VALUE_BYTES: usize = 256;

/// Stands in place of the number of a value that is not kept.
const TOO_LONG: u16 = u16::MAX;
const NARROW_TOO_LONG: u8 = u8::MAX;

/// Values that are remembered while a column is made, each in the one place that its bytes lead to: one
/// that comes back after another took its place is held twice, which does no harm.
const REMEMBERED: usize = 2048;

impl Values {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// How many values there are, hardly any of them twice.
    pub(crate) fn different(&self) -> usize {
        self.different
    }

    /// Which of the values is that record's; `None` if it is too long to be kept.
    #[inline]
    pub(crate) fn code(&self, row: usize) -> Option<usize> {
        match &self.codes {
            Codes::InOrder => (row < self.different).then_some(row),
            Codes::Narrow(codes) => codes
                .get(row)
                .filter(|code| **code != NARROW_TOO_LONG)
                .map(|code| usize::from(*code)),
            Codes::Wide(codes) => {
                codes.get(row).filter(|code| **code != TOO_LONG).map(|code| usize::from(*code))
            }
        }
    }

    /// The value of that number, as [`Path::narrow`] gave it.
    pub(crate) fn value(&self, code: usize) -> &[u8] {
        let start = code.checked_sub(1).map_or(0, |before| self.ends.end(before));
        self.bytes.get(start..self.ends.end(code)).unwrap_or_default()
    }

    /// Bytes of memory that it takes.
    pub(crate) fn memory(&self) -> usize {
        let codes = match &self.codes {
            Codes::InOrder => 0,
            Codes::Narrow(codes) => codes.len(),
            Codes::Wide(codes) => size_of_val(&**codes),
        };
        let ends = match &self.ends {
            Ends::Even(_) => 0,
            Ends::Near(ends) => size_of_val(&**ends),
            Ends::Far(ends) => size_of_val(&**ends),
        };
        size_of::<Values>() + codes + ends + self.bytes.len()
    }
}

impl Codes {
    fn of(codes: &[u16], different: usize) -> Codes {
        let in_order = codes.len() == different;
        if in_order && codes.iter().enumerate().all(|(row, code)| usize::from(*code) == row) {
            return Codes::InOrder;
        }
        if different > usize::from(NARROW_TOO_LONG) {
            return Codes::Wide(codes.into());
        }
        Codes::Narrow(
            codes.iter().map(|code| u8::try_from(*code).unwrap_or(NARROW_TOO_LONG)).collect(),
        )
    }
}

impl Ends {
    fn of(ends: &[u32]) -> Ends {
        let width = ends.first().map_or(0, |end| *end as usize);
        if ends.iter().enumerate().all(|(at, end)| *end as usize == (at + 1) * width) {
            return Ends::Even(width);
        }
        let near: Result<Box<[u16]>, _> = ends.iter().map(|end| u16::try_from(*end)).collect();
        near.map_or_else(|_| Ends::Far(ends.into()), Ends::Near)
    }

    fn end(&self, code: usize) -> usize {
        match self {
            Ends::Even(width) => code.saturating_add(1).saturating_mul(*width),
            Ends::Near(ends) => ends.get(code).map_or(0, |end| usize::from(*end)),
            Ends::Far(ends) => ends.get(code).map_or(0, |end| *end as usize),
        }
    }
}

/// A column that values are added to.
pub(super) struct BuildingValues {
    path: Path,
    codes: Vec<u16>,
    /// By the bytes of a value, one more than its number; 0 where there is none.
    known: Box<[u16]>,
    ends: Vec<u32>,
    bytes: Vec<u8>,
}

impl BuildingValues {
    pub(super) fn new(path: &Path) -> BuildingValues {
        let (codes, ends, bytes) = (Vec::new(), Vec::new(), Vec::new());
        let known = vec![0; REMEMBERED].into_boxed_slice();
        BuildingValues { path: path.clone(), codes, known, ends, bytes }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn add(&mut self, record: PackedDocument<'_>) {
        let start = self.bytes.len();
        self.path.narrow(record, &mut self.bytes);
        self.end(start);
    }

    /// Adds a value that another column has, or one that is too long.
    pub(super) fn take_over(&mut self, value: Option<&[u8]>) {
        match value {
            None => self.codes.push(TOO_LONG),
            Some(value) => {
                let start = self.bytes.len();
                self.bytes.extend_from_slice(value);
                self.end(start);
            }
        }
    }

    /// Takes in the value that begins there, unless it is known.
    fn end(&mut self, start: usize) {
        let value = self.bytes.get(start..).unwrap_or_default();
        if value.len() > MOST_VALUE_BYTES || self.ends.len() + 1 >= usize::from(TOO_LONG) {
            self.codes.push(TOO_LONG);
            self.bytes.truncate(start);
            return;
        }
        let place = place_of(value);
        let known = self.known.get(place).and_then(|known| known.checked_sub(1));
        if let Some(code) = known
            && self.value(code) == value
        {
            self.codes.push(code);
            self.bytes.truncate(start);
            return;
        }
        let code = self.ends.len() as u16;
        self.known.iter_mut().skip(place).take(1).for_each(|known| *known = code + 1);
        self.codes.push(code);
        self.ends.push(self.bytes.len() as u32);
    }

    fn value(&self, code: u16) -> &[u8] {
        let code = usize::from(code);
        let start = code.checked_sub(1).and_then(|before| self.ends.get(before));
        let start = start.map_or(0, |start| *start as usize);
        let end = self.ends.get(code).map_or(start, |end| *end as usize);
        self.bytes.get(start..end).unwrap_or_default()
    }

    pub(super) fn into_values(self) -> Values {
        let (different, ends) = (self.ends.len(), Ends::of(&self.ends));
        let codes = Codes::of(&self.codes, different);
        Values { path: self.path, codes, different, ends, bytes: self.bytes.into() }
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

    use super::{BuildingValues, MOST_VALUE_BYTES};

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
        fn every_record_has_the_value_that_was_added_unless_it_is_too_long(added in values()) {
            let path = Path::parse("a", &Limits::default()).unwrap();
            let mut column = BuildingValues::new(&path);
            added.iter().for_each(|value| column.take_over(Some(value)));
            column.take_over(None);
            let column = column.into_values();
            for (row, value) in added.iter().enumerate() {
                let kept = column.code(row).map(|code| column.value(code));
                prop_assert_eq!(kept, (value.len() <= MOST_VALUE_BYTES).then_some(value.as_slice()));
                prop_assert!(column.code(row).is_none_or(|code| code < column.different()));
            }
            prop_assert_eq!(column.code(added.len()), None);
            prop_assert_eq!(column.code(added.len() + 1), None);
        }
    }

    #[test]
    fn dates_that_all_differ_take_no_more_than_their_bytes() {
        let path = Path::parse("a", &Limits::default()).unwrap();
        let mut column = BuildingValues::new(&path);
        (0..1000_u64).for_each(|date| column.take_over(Some(&date.to_be_bytes())));
        let column = column.into_values();
        assert!(column.memory() <= 8000 + size_of_val(&column), "{}", column.memory());
        assert_eq!((column.code(999), column.code(1000)), (Some(999), None));
    }
}
