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
//! values := 00 | length | from | to | byte * length | (byte * (to - from)) * different
//!         | 01 | length u8 * different | byte* | 02 | length u16 * different | byte*
//!         | 05 .. | 06 ..                                 the same of texts alone
//! ```
//!
//! Of values of one length the first one lies there whole, and of each the bytes in which they differ.
//!
//! This file does not know conditions.

use std::ops::Range;
use std::sync::OnceLock;

use filedex_query::Path;
use filedex_query::packed::{PackedDocument, is_text};

use super::zones::Zone;
use crate::format::number;

/// A column of what conditions on a path look at.
#[derive(Debug)]
pub(crate) struct Values {
    path: Path,
    codes: Codes,
    /// How many values there are.
    different: usize,
    ends: Ends,
    bytes: Bytes,
    /// Whether it is known that all of them are texts.
    texts: bool,
}

/// The values, one behind the other.
#[derive(Debug)]
enum Bytes {
    Whole(Box<[u8]>),
    /// Of values of one length the first one, and of each what lies there: put together once many are asked for.
    Differing {
        first: Box<[u8]>,
        places: Range<usize>,
        own: Box<[u8]>,
        count: usize,
        whole: OnceLock<Box<[u8]>>,
    },
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

/// Where a column is from: which group of which file it is of.
pub(crate) type Origin = (u64, usize);

/// Longer values are not kept: records that have them are asked themselves.
pub(crate) const MOST_VALUE_BYTES: usize = 256;

/// Values of so many bytes are put together one by one where few are asked for.
const FEW_BYTES: usize = 32;

/// Says in a file that all values are texts.
const TEXTS: u8 = 4;

/// A column whose values come to more bytes is none.
const MOST_TOGETHER: usize = 16 << 20;

/// Stands in place of the number of a value that is not kept.
const TOO_LONG: u16 = u16::MAX;
const NARROW_TOO_LONG: u8 = u8::MAX;

/// A column of which one part in so many, or more, are different values has few that are alike.
const FEW_ALIKE: usize = 2;

/// Values that are remembered while a column is made, each in the one place that its bytes lead to: one
/// that comes back after another took its place is held twice, which does no harm.
const REMEMBERED: usize = 2048;

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
    fn records(&self) -> usize {
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
    fn start(&self, code: usize) -> usize {
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
            Ends::Even(length) => put_even(length, self.bytes(), out),
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
            0 => read_even(different, rest)?,
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

impl Bytes {
    fn whole(&self) -> &[u8] {
        match self {
            Bytes::Whole(bytes) => bytes,
            Bytes::Differing { first, places, own, count, whole } => whole.get_or_init(|| {
                let mut values = first.repeat(*count);
                let differing = own.chunks_exact(places.len().max(1));
                for (value, own) in values.chunks_exact_mut(first.len().max(1)).zip(differing) {
                    put_at(value, places, own);
                }
                values.into()
            }),
        }
    }

    /// The value of that number put together here, where it is a short one of which there is nothing but what is its own.
    fn put_together<'r>(&self, code: usize, room: &'r mut [u8; FEW_BYTES]) -> Option<&'r [u8]> {
        let Bytes::Differing { first, places, own, whole, .. } = self else { return None };
        let value = room.get_mut(..first.len()).filter(|_| whole.get().is_none())?;
        value.copy_from_slice(first);
        let start = code.checked_mul(places.len())?;
        put_at(value, places, own.get(start..start + places.len())?);
        Some(value)
    }

    /// Bytes of memory that they take.
    fn memory(&self) -> usize {
        match self {
            Bytes::Whole(bytes) => bytes.len(),
            Bytes::Differing { first, own, whole, .. } => {
                first.len() + own.len() + whole.get().map_or(0, |whole| whole.len())
            }
        }
    }
}

/// Puts bytes at places of a value.
fn put_at(value: &mut [u8], places: &Range<usize>, bytes: &[u8]) {
    let places = value.get_mut(places.clone()).filter(|places| places.len() == bytes.len());
    places.into_iter().for_each(|places| places.copy_from_slice(bytes));
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

    /// How many values end at that place or before it; of none where all are empty.
    fn before(&self, place: usize) -> Option<usize> {
        match self {
            Ends::Even(width) => place.checked_div(*width),
            Ends::Near(ends) => Some(ends.partition_point(|end| usize::from(*end) <= place)),
            Ends::Far(ends) => Some(ends.partition_point(|end| *end as usize <= place)),
        }
    }
}

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

/// Appends values of that length: the first one, and of each the bytes in which they differ.
fn put_even(length: usize, bytes: &[u8], out: &mut Vec<u8>) {
    let first = bytes.get(..length).unwrap_or_default();
    let values = || bytes.chunks_exact(length.max(1));
    let differs = |at: &usize| values().any(|value| value.get(*at) != first.get(*at));
    let from = (0..first.len()).find(differs).unwrap_or(0);
    let to = (0..first.len()).rev().find(differs).map_or(0, |last| last + 1);
    out.push(0);
    [length, from, to].iter().for_each(|number| number::put(out, *number as u64));
    out.extend_from_slice(first);
    values().for_each(|value| out.extend_from_slice(value.get(from..to).unwrap_or_default()));
}

/// So many values of one length.
fn read_even(different: usize, bytes: &[u8]) -> Option<(Ends, Bytes)> {
    let (length, rest) = number::take(bytes)?;
    let (from, rest) = number::take(rest)?;
    let (to, rest) = number::take(rest)?;
    let length = usize::try_from(length).ok().filter(|length| *length <= MOST_VALUE_BYTES)?;
    let places = usize::try_from(from).ok()?..usize::try_from(to).ok()?;
    let (first, own) = rest.split_at_checked(length)?;
    first.get(places.clone())?;
    let is_whole = own.len() == different.checked_mul(places.len())?
        && different.checked_mul(length)? <= MOST_TOGETHER;
    let (first, own, count, whole) = (first.into(), own.into(), different, OnceLock::new());
    is_whole.then(|| (Ends::Even(length), Bytes::Differing { first, places, own, count, whole }))
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

    use super::{BuildingValues, MOST_VALUE_BYTES, Values};

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
