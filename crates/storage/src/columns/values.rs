//! A column: of each record of a segment, what conditions and sorts on one path look at.
//!
//! Each different value is held once, or few times, and a number of one for each record: a condition is
//! asked once for each of them. Where nearly every record has its own, as of dates and names, each has it and there are
//! no numbers; where all values are of one length, nothing says where they end. In a file a column lies nearly as it does in
//! memory:
//!
//! ```text
//! column := different | codes | values
//! codes  := 00 | 01 code u8 * records | 02 code u16 * records
//! values := 00 | even
//!         | 01 | length u8 * different | byte* | 02 | length u16 * different | byte*
//!         | 05 .. | 06 ..                                 the same of texts alone
//! ```
//!
//! This file does not know conditions.

use filedex_query::Path;

use super::bytes::{Bytes, FEW_BYTES};
use crate::format::number;

/// A column of what conditions on a path look at.
#[derive(Debug)]
pub(crate) struct Values {
    pub(super) path: Path,
    pub(super) codes: Codes,
    /// How many values there are.
    pub(super) different: usize,
    pub(super) ends: Ends,
    pub(super) bytes: Bytes,
    /// Whether it is known that all of them are texts.
    pub(super) texts: bool,
}

/// Of each record, which of the values is its own.
#[derive(Debug)]
pub(super) enum Codes {
    /// All are different, and lie as the records do.
    InOrder,
    /// Up to 255 values, or [`NARROW_TOO_LONG`].
    Narrow(Box<[u8]>),
    /// Or [`TOO_LONG`].
    Wide(Box<[u16]>),
}

/// Where the values end in the bytes.
#[derive(Debug)]
pub(super) enum Ends {
    /// Each is so long.
    Even(usize),
    Near(Box<[u16]>),
    Far(Box<[u32]>),
}

/// Says in a file that all values are texts.
const TEXTS: u8 = 4;

/// Stands in place of the number of a value that is not kept.
pub(super) const TOO_LONG: u16 = u16::MAX;
const NARROW_TOO_LONG: u8 = u8::MAX;

impl Values {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it is the column of that path.
    pub(crate) fn is_of(&self, path: &Path) -> bool {
        self.path.text() == path.text()
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

    /// Whether each record has the value of its own number.
    pub(crate) fn are_in_order(&self) -> bool {
        matches!(self.codes, Codes::InOrder)
    }

    /// Of how many records it is.
    pub(super) fn records(&self) -> usize {
        match &self.codes {
            Codes::InOrder => self.different,
            Codes::Narrow(codes) => codes.len(),
            Codes::Wide(codes) => codes.len(),
        }
    }

    /// The value of that number, as [`Path::narrow`] gave it.
    pub(crate) fn value(&self, code: usize) -> &[u8] {
        self.bytes().get(self.start(code)..self.ends.end(code)).unwrap_or_default()
    }

    /// Does something with the value of that number, for who asks for few.
    pub(crate) fn with_value<T>(&self, code: usize, then: impl FnOnce(&[u8]) -> T) -> T {
        let mut room = [0; FEW_BYTES];
        match self.bytes.put_together(code, &mut room) {
            Some(value) => then(value),
            None => then(self.value(code)),
        }
    }

    /// Whether it is known that all of them are texts.
    pub(crate) fn are_texts(&self) -> bool {
        self.texts
    }

    /// All of them in order.
    pub(crate) fn all(&self) -> impl Iterator<Item = &[u8]> {
        let (bytes, mut start) = (self.bytes(), 0);
        (0..self.different).map(move |code| {
            let end = self.ends.end(code);
            bytes.get(std::mem::replace(&mut start, end)..end).unwrap_or_default()
        })
    }

    /// The bytes of all of them, one behind the other.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes.whole()
    }

    /// The number of the value that the byte at that place of all is of, and where it ends.
    pub(crate) fn at(&self, place: usize) -> Option<(usize, usize)> {
        let code = self.ends.before(place).filter(|code| *code < self.different)?;
        Some((code, self.ends.end(code)))
    }

    /// Where the value of that number begins.
    pub(super) fn start(&self, code: usize) -> usize {
        code.checked_sub(1).map_or(0, |before| self.ends.end(before))
    }

    /// Appends it as it lies in a file.
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        number::put(out, self.different as u64);
        match &self.codes {
            Codes::InOrder => out.push(0),
            Codes::Narrow(codes) => {
                out.push(1);
                out.extend_from_slice(codes);
            }
            Codes::Wide(codes) => {
                out.push(2);
                out.extend(codes.iter().flat_map(|code| code.to_le_bytes()));
            }
        }
        match self.ends {
            Ends::Even(length) => {
                out.push(0);
                self.bytes.put_even(length, out);
            }
            _ => self.put_uneven(out),
        }
    }

    /// Appends values of several lengths.
    fn put_uneven(&self, out: &mut Vec<u8>) {
        let texts = if self.texts { TEXTS } else { 0 };
        let lengths = || self.all().map(|value| value.len() as u16);
        match lengths().map(u8::try_from).collect::<Result<Vec<u8>, _>>() {
            Ok(lengths) => {
                out.push(1 | texts);
                out.extend_from_slice(&lengths);
            }
            Err(_) => {
                out.push(2 | texts);
                out.extend(lengths().flat_map(|length| length.to_le_bytes()));
            }
        }
        out.extend_from_slice(self.bytes());
    }

    /// The column of so many records that these bytes of a file say; `None` if they say none.
    pub(super) fn read(path: &Path, records: usize, bytes: &[u8]) -> Option<Values> {
        let (different, rest) = number::take(bytes)?;
        let different = usize::try_from(different).ok().filter(|count| *count <= records)?;
        let (codes, rest) = Codes::read(records, different, rest)?;
        let (kind, rest) = rest.split_first()?;
        let (ends, bytes) = match kind & !TEXTS {
            0 => {
                let (length, bytes) = Bytes::read_even(different, rest)?;
                (Ends::Even(length), bytes)
            }
            1 => read_uneven(different, rest, |[length]: [u8; 1]| length.into())?,
            2 => read_uneven(different, rest, u16::from_le_bytes)?,
            _ => return None,
        };
        let texts = kind & TEXTS != 0;
        Some(Values { path: path.clone(), codes, different, ends, bytes, texts })
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
        size_of::<Values>() + codes + ends + self.bytes.memory()
    }
}

impl Codes {
    pub(super) fn of(codes: &[u16], different: usize) -> Codes {
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

    fn read(records: usize, different: usize, bytes: &[u8]) -> Option<(Codes, &[u8])> {
        let (kind, rest) = bytes.split_first()?;
        let is_one = |code: u16, none: u16| usize::from(code) < different || code == none;
        match kind {
            0 => (records == different).then_some((Codes::InOrder, rest)),
            1 => {
                let (codes, rest) = rest.split_at_checked(records)?;
                let none = NARROW_TOO_LONG.into();
                let are_right = codes.iter().all(|code| is_one(u16::from(*code), none));
                are_right.then_some((Codes::Narrow(codes.into()), rest))
            }
            2 => {
                let (codes, rest) = numbers(records, rest, u16::from_le_bytes)?;
                let are_right = codes.iter().all(|code| is_one(*code, TOO_LONG));
                are_right.then_some((Codes::Wide(codes), rest))
            }
            _ => None,
        }
    }
}

impl Ends {
    pub(super) fn of(ends: &[u32]) -> Ends {
        let width = ends.first().map_or(0, |end| *end as usize);
        if ends.iter().enumerate().all(|(at, end)| *end as usize == (at + 1) * width) {
            return Ends::Even(width);
        }
        let near: Result<Box<[u16]>, _> = ends.iter().map(|end| u16::try_from(*end)).collect();
        near.map_or_else(|_| Ends::Far(ends.into()), Ends::Near)
    }

    pub(super) fn end(&self, code: usize) -> usize {
        match self {
            Ends::Even(width) => code.saturating_add(1).saturating_mul(*width),
            Ends::Near(ends) => ends.get(code).map_or(0, |end| usize::from(*end)),
            Ends::Far(ends) => ends.get(code).map_or(0, |end| *end as usize),
        }
    }

    /// How many values end at that place or before it; of none where all are empty.
    fn before(&self, place: usize) -> Option<usize> {
        match self {
            Ends::Even(width) => place.checked_div(*width),
            Ends::Near(ends) => Some(ends.partition_point(|end| usize::from(*end) <= place)),
            Ends::Far(ends) => Some(ends.partition_point(|end| *end as usize <= place)),
        }
    }
}

/// So many values of several lengths.
fn read_uneven<const SIZE: usize>(
    different: usize,
    bytes: &[u8],
    read: impl Fn([u8; SIZE]) -> u16,
) -> Option<(Ends, Bytes)> {
    let (lengths, bytes) = bytes.split_at_checked(different.checked_mul(SIZE)?)?;
    let lengths = lengths.as_chunks().0.iter().map(|length| read(*length));
    let whole: u64 = lengths.clone().map(u64::from).sum();
    if whole != bytes.len() as u64 {
        return None;
    }
    let ends = match u16::try_from(whole) {
        Ok(_) => Ends::Near(sums(lengths, 0_u16, u16::wrapping_add)),
        Err(_) => Ends::Far(sums(lengths.map(u32::from), 0, u32::wrapping_add)),
    };
    Some((ends, Bytes::Whole(bytes.into())))
}

/// What numbers add up to, one by one.
fn sums<N: Copy>(
    numbers: impl Iterator<Item = N>,
    mut sum: N,
    add: impl Fn(N, N) -> N,
) -> Box<[N]> {
    let mut next = |number| {
        sum = add(sum, number);
        sum
    };
    numbers.map(&mut next).collect()
}

/// So many integers, and what follows them.
fn numbers<N, const SIZE: usize>(
    count: usize,
    bytes: &[u8],
    read: impl Fn([u8; SIZE]) -> N,
) -> Option<(Box<[N]>, &[u8])> {
    let (numbers, rest) = bytes.split_at_checked(count.checked_mul(SIZE)?)?;
    Some((numbers.as_chunks().0.iter().map(|number| read(*number)).collect(), rest))
}
