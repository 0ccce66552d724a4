//! Reading the parts of a date from text: the ISO forms, the common written ones, and formats.
//!
//! The server reads without a format whatever PHP's timelib reads. Here are its forms that people
//! write; others are refused rather than guessed. This file knows no zones beyond offsets.

use super::zone::offset_of;
use crate::civil::days_of;

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
/// Abbreviations of zones, with their hours east of Greenwich.
const ABBREVIATIONS: [(&str, i64); 15] = [
    ("Z", 0),
    ("UTC", 0),
    ("GMT", 0),
    ("EST", -5),
    ("EDT", -4),
    ("CST", -6),
    ("CDT", -5),
    ("MST", -7),
    ("MDT", -6),
    ("PST", -8),
    ("PDT", -7),
    ("CET", 1),
    ("CEST", 2),
    ("BST", 1),
    ("MSK", 3),
];

/// What was found in the text.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reading {
    pub(super) year: Option<i64>,
    pub(super) month: Option<i64>,
    pub(super) day: Option<i64>,
    pub(super) day_of_year: Option<i64>,
    pub(super) iso_year: Option<i64>,
    pub(super) iso_week: Option<i64>,
    pub(super) weekday: Option<i64>,
    /// Milliseconds since midnight.
    pub(super) time: i64,
    /// Milliseconds east of Greenwich.
    pub(super) offset: Option<i64>,
}

/// Reads text without a format: a date, then perhaps a time, then perhaps a zone.
pub(super) fn read(text: &str) -> Option<Reading> {
    let mut cursor = Cursor { rest: text.trim() };
    cursor.weekday();
    let mut reading = cursor.date()?;
    if cursor.separator() {
        reading.time = cursor.time()?;
        cursor.blanks();
        reading.offset = cursor.zone()?;
    }
    (cursor.rest.is_empty() && is_possible(&reading)).then_some(reading)
}

/// Reads text by a format of `%` letters.
pub(super) fn read_format(text: &str, format: &str) -> Option<Reading> {
    let mut cursor = Cursor { rest: text };
    let mut reading = Reading::default();
    let mut letters = format.chars();
    while let Some(letter) = letters.next() {
        let letter = if letter == '%' {
            letters.next()?
        } else {
            cursor.literal(letter)?;
            continue;
        };
        match letter {
            'Y' => reading.year = Some(cursor.digits(4, 4)?),
            'm' => reading.month = Some(cursor.digits(1, 2)?),
            'd' => reading.day = Some(cursor.digits(1, 2)?),
            'b' | 'B' => reading.month = Some(cursor.month_name()?),
            'j' => reading.day_of_year = Some(cursor.digits(1, 3)?),
            'G' => reading.iso_year = Some(cursor.digits(4, 4)?),
            'V' => reading.iso_week = Some(cursor.digits(1, 2)?),
            'u' => reading.weekday = Some(cursor.digits(1, 1)?),
            'H' => reading.time += within(cursor.digits(1, 2)?, 23)? * 3_600_000,
            'M' => reading.time += within(cursor.digits(1, 2)?, 59)? * 60_000,
            'S' => reading.time += within(cursor.digits(1, 2)?, 59)? * 1000,
            'L' => reading.time += cursor.fraction(3)?,
            'z' => reading.offset = Some(cursor.offset()?),
            'Z' => reading.offset = Some(cursor.signed_minutes()? * 60_000),
            other => cursor.literal(other)?,
        }
    }
    (cursor.rest.is_empty() && is_possible(&reading)).then_some(reading)
}

fn within(number: i64, most: i64) -> Option<i64> {
    (number <= most).then_some(number)
}

fn is_possible(reading: &Reading) -> bool {
    let is_in = |part: Option<i64>, most: i64| part.is_none_or(|part| (1..=most).contains(&part));
    let length = match (reading.year, reading.month) {
        (Some(year), Some(month)) => days_of(year, month + 1, 1) - days_of(year, month, 1),
        _ => 31,
    };
    is_in(reading.month, 12)
        && is_in(reading.day, length)
        && is_in(reading.day_of_year, 366)
        && is_in(reading.iso_week, 53)
        && is_in(reading.weekday, 7)
}

/// The text that is still to be read.
struct Cursor<'t> {
    rest: &'t str,
}

impl<'t> Cursor<'t> {
    fn literal(&mut self, letter: char) -> Option<()> {
        self.rest = self.rest.strip_prefix(letter)?;
        Some(())
    }

    fn take(&mut self, letter: char) -> bool {
        self.literal(letter).is_some()
    }

    fn blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn run(&mut self, most: usize, accept: fn(char) -> bool) -> &'t str {
        let ends = self.rest.char_indices().take(most).take_while(|(_, letter)| accept(*letter));
        let end = ends.last().map_or(0, |(start, letter)| start + letter.len_utf8());
        let (run, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        run
    }

    fn digits(&mut self, least: usize, most: usize) -> Option<i64> {
        let digits = self.run(most, |letter| letter.is_ascii_digit());
        if digits.len() < least { None } else { digits.parse().ok() }
    }

    /// A fraction of a second as milliseconds; finer digits are dropped.
    fn fraction(&mut self, most: usize) -> Option<i64> {
        let digits = self.run(most, |letter| letter.is_ascii_digit());
        let kept: String = digits.chars().chain("000".chars()).take(3).collect();
        if digits.is_empty() { None } else { kept.parse().ok() }
    }

    fn word(&mut self) -> &'t str {
        self.run(usize::MAX, char::is_alphabetic)
    }

    fn month_name(&mut self) -> Option<i64> {
        let name = self.word().to_ascii_lowercase();
        let name = if name == "sept" { "sep" } else { name.as_str() };
        let is_named = |month: &&str| {
            let month = month.to_ascii_lowercase();
            month == name || (name.len() == 3 && month.starts_with(name))
        };
        MONTHS.iter().position(is_named).map(|index| index as i64 + 1)
    }

    /// Passes over the name of a weekday.
    fn weekday(&mut self) {
        let before = self.rest;
        let name = self.word().to_ascii_lowercase();
        let is_day = |day: &&str| name.len() >= 3 && day.starts_with(name.as_str());
        if WEEKDAYS.iter().any(is_day) {
            self.take('.');
            self.take(',');
            self.blanks();
        } else {
            self.rest = before;
        }
    }

    fn date(&mut self) -> Option<Reading> {
        if self.rest.starts_with(|letter: char| letter.is_alphabetic()) {
            return self.date_from_month();
        }
        let digits = self.run(14, |letter| letter.is_ascii_digit());
        match digits.len() {
            8 | 14 => self.compact(digits),
            4 => self.date_from_year(digits.parse().ok()?),
            1 | 2 => self.date_from_small(digits.parse().ok()?),
            _ => None,
        }
    }

    /// `July 4, 2017`.
    fn date_from_month(&mut self) -> Option<Reading> {
        let month = self.month_name()?;
        self.take('.');
        self.blanks();
        let day = self.digits(1, 2)?;
        self.ordinal();
        self.take(',');
        self.blanks();
        dated(self.digits(4, 4)?, month, day)
    }

    /// `2017-07-04`, `2017/7/4`, `2017-Jul-04`, `2017-W27-2`.
    fn date_from_year(&mut self, year: i64) -> Option<Reading> {
        let separator = self.run(1, |letter| "-/. ".contains(letter)).chars().next()?;
        if self.rest.starts_with('W') {
            self.literal('W')?;
            let iso_week = Some(self.digits(2, 2)?);
            let weekday = if self.take('-') { Some(self.digits(1, 1)?) } else { Some(1) };
            return Some(Reading { iso_year: Some(year), iso_week, weekday, ..Reading::default() });
        }
        let month = self.month()?;
        self.literal(separator)?;
        dated(year, month, self.digits(1, 2)?)
    }

    /// `7/4/2017` has the month first, `4-7-2017`, `4.7.2017` and `4 July 2017` the day.
    fn date_from_small(&mut self, first: i64) -> Option<Reading> {
        self.ordinal();
        let separator = self.run(1, |letter| "-/. ".contains(letter)).chars().next()?;
        self.blanks();
        let is_named = self.rest.starts_with(|letter: char| letter.is_alphabetic());
        let second = self.month()?;
        if is_named {
            self.run(1, |letter| "-/. ,".contains(letter));
            self.blanks();
        } else {
            self.literal(separator)?;
        }
        let year = self.digits(4, 4)?;
        if separator == '/' { dated(year, first, second) } else { dated(year, second, first) }
    }

    fn compact(&mut self, digits: &str) -> Option<Reading> {
        let part = |range: std::ops::Range<usize>| digits.get(range)?.parse::<i64>().ok();
        let mut reading = dated(part(0..4)?, part(4..6)?, part(6..8)?)?;
        if digits.len() == 14 {
            let (hour, minute, second) = (part(8..10)?, part(10..12)?, part(12..14)?);
            reading.time = clock(hour, minute, second)?;
        }
        Some(reading)
    }

    fn month(&mut self) -> Option<i64> {
        if self.rest.starts_with(|letter: char| letter.is_alphabetic()) {
            return self.month_name();
        }
        self.digits(1, 2)
    }

    fn ordinal(&mut self) {
        for suffix in ["st", "nd", "rd", "th"] {
            if let Some(rest) = self.rest.strip_prefix(suffix) {
                self.rest = rest;
            }
        }
    }

    /// Whether something stands between the date and a time.
    fn separator(&mut self) -> bool {
        if self.rest.is_empty() {
            return false;
        }
        self.take(',');
        self.blanks();
        let _ = self.take('T') || self.take('t');
        true
    }

    /// `12:34`, `12:34:56.789`, `3:04 pm`, `123456`, or nothing before a zone.
    fn time(&mut self) -> Option<i64> {
        if !self.rest.starts_with(|letter: char| letter.is_ascii_digit()) {
            return Some(0);
        }
        let digits = self.run(6, |letter| letter.is_ascii_digit());
        let part = |range: std::ops::Range<usize>| digits.get(range)?.parse::<i64>().ok();
        let (mut hour, minute, second) = match digits.len() {
            1 | 2 => {
                let hour = digits.parse().ok()?;
                let minute = if self.take(':') { self.digits(2, 2)? } else { 0 };
                let second = if self.take(':') { self.digits(2, 2)? } else { 0 };
                (hour, minute, second)
            }
            4 => (part(0..2)?, part(2..4)?, 0),
            6 => (part(0..2)?, part(2..4)?, part(4..6)?),
            _ => return None,
        };
        let fraction = if self.take('.') || self.take(',') { self.fraction(9)? } else { 0 };
        if let Some(is_afternoon) = self.half_of_day() {
            let hour_of_half = within(hour, 12)?;
            hour = hour_of_half % 12 + if is_afternoon { 12 } else { 0 };
        }
        Some(clock(hour, minute, second)? + fraction)
    }

    fn half_of_day(&mut self) -> Option<bool> {
        let before = self.rest;
        self.blanks();
        let is_afternoon = match self.word().to_ascii_lowercase().as_str() {
            "am" => false,
            "pm" => true,
            _ => {
                self.rest = before;
                return None;
            }
        };
        Some(is_afternoon)
    }

    /// A zone, if there is one; `None` if what is there is no zone.
    fn zone(&mut self) -> Option<Option<i64>> {
        if self.rest.is_empty() {
            return Some(None);
        }
        if self.rest.starts_with(['+', '-']) {
            return self.offset().map(Some);
        }
        let name = self.word().to_ascii_uppercase();
        let known = ABBREVIATIONS.iter().find(|(known, _)| *known == name)?;
        let more = if self.rest.starts_with(['+', '-']) { self.offset()? } else { 0 };
        Some(Some(known.1 * 3_600_000 + more))
    }

    fn offset(&mut self) -> Option<i64> {
        let text = self.run(6, |letter| letter.is_ascii_digit() || "+-:".contains(letter));
        offset_of(text)
    }

    fn signed_minutes(&mut self) -> Option<i64> {
        let sign = if self.take('-') { -1 } else { 1 };
        self.take('+');
        Some(sign * self.digits(1, 4)?)
    }
}

fn dated(year: i64, month: i64, day: i64) -> Option<Reading> {
    let (year, month, day) = (Some(year), Some(month), Some(day));
    Some(Reading { year, month, day, ..Reading::default() })
}

fn clock(hour: i64, minute: i64, second: i64) -> Option<i64> {
    let (hour, minute, second) = (within(hour, 23)?, within(minute, 59)?, within(second, 59)?);
    Some(hour * 3_600_000 + minute * 60_000 + second * 1000)
}
