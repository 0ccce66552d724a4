//! A column: of each record of a segment, what conditions and sorts on one path look at.
//!
//! Each different value is held once, or few times, and a number of one for each record: a condition is
//! asked once for each of them. This file does not know conditions.

use filedex_query::Path;
use filedex_query::packed::PackedDocument;

/// A column of what conditions on a path look at.
#[derive(Debug)]
pub(crate) struct Values {
    path: Path,
    /// Of each record, which of the values is its own, or [`TOO_LONG`].
    codes: Box<[u16]>,
    /// The values: their ends in the bytes.
    ends: Box<[u32]>,
    bytes: Box<[u8]>,
}

/// Longer values are not kept: records that have them are asked themselves.
const MOST_VALUE_BYTES: usize = 256;

/// Stands in place of the number of a value that is not kept.
const TOO_LONG: u16 = u16::MAX;

/// Values that are remembered while a column is made, each in the one place that its bytes lead to: one
/// that comes back after another took its place is held twice, which does no harm.
const REMEMBERED: usize = 2048;

impl Values {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// How many values there are, hardly any of them twice.
    pub(crate) fn different(&self) -> usize {
        self.ends.len()
    }

    /// Which of the values is that record's; `None` if it is too long to be kept.
    pub(crate) fn code(&self, row: usize) -> Option<usize> {
        self.codes.get(row).filter(|code| **code != TOO_LONG).map(|code| usize::from(*code))
    }

    /// The value of that number, as [`Path::narrow`] gave it.
    pub(crate) fn value(&self, code: usize) -> &[u8] {
        let start = code.checked_sub(1).and_then(|before| self.ends.get(before));
        let start = start.map_or(0, |start| *start as usize);
        let end = self.ends.get(code).map_or(start, |end| *end as usize);
        self.bytes.get(start..end).unwrap_or_default()
    }

    /// Bytes of memory that it takes.
    pub(crate) fn memory(&self) -> usize {
        let numbers = size_of_val(&*self.codes) + size_of_val(&*self.ends);
        size_of::<Values>() + numbers + self.bytes.len()
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
        let (codes, ends, bytes) = (self.codes.into(), self.ends.into(), self.bytes.into());
        Values { path: self.path, codes, ends, bytes }
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
