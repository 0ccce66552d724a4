//! Reading the parts of a date from text, by the forms of the grammar or by a format.
//!
//! Both ways end in a draft whose parts are checked together. This file knows no zones beyond offsets.

use super::date_grammar::{Form, Part, TABLE};
use super::date_zone;
use crate::civil::{days_of, days_of_iso_week, iso_weekday};

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
const ROMAN: [&str; 12] =
    ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
/// Years whose milliseconds fit a date.
const MOST_YEARS: i64 = 290_000_000;

/// The moment that was read, on the wall.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    /// Days since 1970-01-01.
    pub(super) days: i64,
    /// Seconds since midnight, which may be many days.
    pub(super) seconds: i64,
    pub(super) microseconds: i64,
    /// Milliseconds east of Greenwich, if the text tells.
    pub(super) offset: Option<i64>,
}

/// What is known so far.
#[derive(Default)]
struct Draft {
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    iso_year: Option<i64>,
    iso_week: Option<i64>,
    iso_day: Option<i64>,
    hour: Option<i64>,
    minute: Option<i64>,
    second: Option<i64>,
    microseconds: i64,
    /// Seconds.
    offset: Option<i64>,
    /// 0 for Sunday.
    weekday: Option<i64>,
    shift: Shift,
    dates: u8,
    times: u8,
}

/// How far to go on from the date.
#[derive(Default)]
struct Shift {
    months: i64,
    days: i64,
    seconds: i64,
}

/// Reads text without a format.
pub(super) fn read(text: &str) -> Option<Reading> {
    let forms = TABLE.as_ref()?;
    // Some forms end with the text, which they see as a NUL.
    let text = format!("{}\0", text.trim_matches(|letter: char| letter.is_ascii_whitespace()));
    let (mut draft, mut place) = (Draft::default(), 0);
    while place + 1 < text.len() {
        let (form, next) = forms.longest(&text, place)?;
        draft.take(form, text.get(place..next)?)?;
        place = next;
    }
    draft.finish()
}

/// Reads text by a format of `%` letters. Either ends at a NUL.
pub(super) fn read_format(text: &str, format: &str) -> Option<Reading> {
    let until_nul = |text| str::split(text, '\0').next().unwrap_or_default();
    let mut cursor = Cursor { rest: until_nul(text) };
    let mut draft = Draft::default();
    let mut letters = until_nul(format).chars();
    while let Some(letter) = letters.next() {
        match letter {
            '%' => draft.take_letter(letters.next()?, &mut cursor)?,
            literal => cursor.literal(literal)?,
        }
    }
    if !cursor.rest.is_empty() || !draft.settle_iso()? {
        return None;
    }
    if draft.hour.or(draft.minute).or(draft.second).is_some() {
        draft.times = 1;
    }
    draft.dates = 1;
    draft.finish()
}

impl Draft {
    fn take(&mut self, form: &Form, text: &str) -> Option<()> {
        let tells = |parts: &[Part]| form.parts.iter().any(|part| parts.contains(part));
        if tells(&[Part::Month, Part::Day, Part::DayOfYear, Part::IsoWeek]) {
            self.dates = once(self.dates)?;
            // Forms without a day mean the first.
            self.day = Some(1).filter(|_| tells(&[Part::Year, Part::SignedYear])).or(self.day);
        }
        if tells(&[Part::Hour]) {
            self.times = once(self.times)?;
        }
        let mut cursor = Cursor { rest: text };
        form.parts.iter().try_for_each(|part| self.take_part(*part, &mut cursor))
    }

    fn take_part(&mut self, part: Part, cursor: &mut Cursor<'_>) -> Option<()> {
        match part {
            Part::Year => self.year = cursor.year().or(self.year),
            Part::SignedYear => self.year = Some(cursor.signed()?),
            Part::Month => self.month = Some(cursor.month()?),
            Part::Day => self.day = Some(cursor.day()?),
            Part::DayOfYear => (self.month, self.day) = (Some(1), Some(cursor.number(3)?)),
            Part::IsoWeek => self.iso_week = cursor.number(2),
            Part::IsoDay => self.take_week(cursor.number(1).unwrap_or(1))?,
            Part::Hour => self.hour = Some(cursor.number(2)?),
            Part::Minute => self.minute = cursor.number(2),
            Part::Second => self.second = cursor.number(2),
            Part::Fraction => self.microseconds = cursor.fraction(),
            Part::Half => self.hour = Some(cursor.half(self.hour?)?),
            Part::Zone => self.take_zone(cursor)?,
            Part::ClockOrYear if self.times == 0 => {
                self.times = 1;
                (self.hour, self.minute) = (cursor.number(2), cursor.number(2));
            }
            Part::ClockOrYear => {
                self.times = Some(self.times + 1).filter(|times| *times == 2)?;
                self.year = cursor.number(4);
            }
            Part::Weekday => {
                self.weekday = Some(cursor.weekday()?);
                self.at_midnight();
            }
            Part::Days(days) => {
                self.shift.days = days;
                self.at_midnight();
            }
            Part::At(hour) => {
                self.at_midnight();
                (self.hour, self.times) = (Some(hour), 1);
            }
            Part::Epoch => self.take_epoch(cursor)?,
            Part::Shift => self.take_shift(cursor)?,
            Part::Ago => {
                let Shift { months, days, seconds } = &self.shift;
                self.shift = Shift { months: -months, days: -days, seconds: -seconds };
            }
        }
        Some(())
    }

    fn at_midnight(&mut self) {
        (self.hour, self.minute, self.second) = (Some(0), None, None);
        (self.microseconds, self.times) = (0, 0);
    }

    /// A week counts from the first of January, as the server does it.
    fn take_week(&mut self, day: i64) -> Option<()> {
        let (year, week) = (self.year?, self.iso_week.take()?);
        (self.month, self.day) = (Some(1), Some(1));
        self.shift.days = days_of_iso_week(year, week, day) - days_of(year, 1, 1);
        Some(())
    }

    fn take_zone(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        let text = cursor.rest.trim_end_matches('\0');
        if text.is_empty() {
            return Some(());
        }
        if self.offset.is_some() {
            return None;
        }
        let (offset, rest) = date_zone::read(text)?;
        (self.offset, cursor.rest) = (Some(offset), rest);
        Some(())
    }

    fn take_epoch(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        if self.offset.replace(0).is_some() {
            return None;
        }
        self.at_midnight();
        (self.year, self.month, self.day, self.dates) = (Some(1970), Some(1), Some(1), 0);
        self.shift.seconds = self.shift.seconds.checked_add(cursor.signed()?)?;
        Some(())
    }

    fn take_shift(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        let amount = cursor.signed()?;
        let unit = cursor.rest.trim_matches(|letter: char| !letter.is_ascii_alphabetic());
        let unit = unit.to_ascii_lowercase();
        let Shift { months, days, seconds } = &mut self.shift;
        let (total, length) = match unit.strip_suffix('s').unwrap_or(&unit) {
            "sec" | "second" => (seconds, 1),
            "min" | "minute" => (seconds, 60),
            "hour" => (seconds, 3600),
            "day" => (days, 1),
            "week" => (days, 7),
            "fortnight" | "forthnight" => (days, 14),
            "month" => (months, 1),
            _ => (months, 12),
        };
        *total = amount.checked_mul(length).and_then(|more| total.checked_add(more))?;
        Some(())
    }

    fn take_letter(&mut self, letter: char, cursor: &mut Cursor<'_>) -> Option<()> {
        match letter {
            'Y' => self.year = Some(cursor.digits(1, 4)?),
            'm' => self.month = Some(cursor.digits(1, 2)?),
            'd' => self.day = Some(cursor.digits(1, 2)?),
            'b' | 'B' => self.month = Some(cursor.month_name()?),
            'j' => {
                let first = days_of(self.year?, 1, 1);
                let days = first + Some(cursor.digits(1, 3)?).filter(|day| *day >= 1)? - 1;
                let within = |month: &i64| days_of(self.year.unwrap_or(0), *month, 1) <= days;
                let month = (1..=12).rev().find(within)?;
                self.day = Some(days - days_of(self.year?, month, 1) + 1);
                self.month = Some(month);
            }
            'G' => self.iso_year = Some(cursor.number(4)?),
            'V' => self.iso_week = Some(cursor.number(2)?).filter(|week| (1..=53).contains(week)),
            'u' => self.iso_day = Some(cursor.number(1)?).filter(|day| (1..=7).contains(day)),
            'H' => self.hour = Some(cursor.digits(1, 2)?),
            'M' => self.minute = Some(cursor.digits(2, 2)?),
            'S' => self.second = Some(cursor.digits(2, 2)?),
            'L' => {
                self.microseconds = cursor.decimals(3)?;
                self.second = self.second.or(Some(0));
            }
            'z' => {
                self.offset = None;
                self.take_zone(cursor)?;
                self.offset?;
            }
            'Z' => self.offset = Some(cursor.signed_minutes()? * 60),
            other => cursor.literal(other)?,
        }
        Some(())
    }

    /// Turns year, week and day of ISO 8601 into a date; false if some are missing or mixed with others.
    fn settle_iso(&mut self) -> Option<bool> {
        let has_parts = self.iso_week.or(self.iso_day).is_some();
        let Some(year) = self.iso_year else { return Some(!has_parts) };
        if self.year.or(self.month).or(self.day).is_some() {
            return Some(false);
        }
        let first = days_of(year, 1, 1);
        let days = days_of_iso_week(year, self.iso_week.unwrap_or(1), self.iso_day.unwrap_or(1));
        (self.year, self.month, self.day) = (Some(year), Some(1), Some(1));
        self.shift.days = days - first;
        Some(true)
    }

    fn finish(self) -> Option<Reading> {
        let (year, month, day) = (self.year?, self.month?, self.day?);
        let (hour, minute) = (self.hour.unwrap_or(0), self.minute.unwrap_or(0));
        let second = self.second.unwrap_or(0);
        if self.times > 0 && (hour > 23 || minute > 59 || second > 59) {
            return None;
        }
        if self.dates > 0 && !is_date(year, month, day) {
            return None;
        }
        let within = |number: i64, most: i64| Some(number).filter(|number| number.abs() <= most);
        within(year, MOST_YEARS)?;
        let mut days = self.shift.days;
        if let Some(weekday) = self.weekday {
            days += until(weekday, days_of(year, month, day));
        }
        let months = within(month + self.shift.months, MOST_YEARS * 12)?;
        let days = days_of(year, months, day) + within(days, MOST_YEARS * 366)?;
        let seconds = (hour * 60 + minute) * 60 + second;
        Some(Reading {
            days,
            seconds: seconds.checked_add(self.shift.seconds)?,
            microseconds: self.microseconds,
            offset: self.offset.map(|seconds| seconds * 1000),
        })
    }
}

/// Days to the weekday, none if it is that day.
fn until(weekday: i64, days: i64) -> i64 {
    (weekday - iso_weekday(days)).rem_euclid(7)
}

fn once(times: u8) -> Option<u8> {
    (times == 0).then_some(1)
}

fn is_date(year: i64, month: i64, day: i64) -> bool {
    let known = (1..=12).contains(&month) && day >= 1 && year.abs() <= MOST_YEARS;
    known && day <= days_of(year, month + 1, 1) - days_of(year, month, 1)
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

    fn run(&mut self, most: usize, accept: fn(char) -> bool) -> &'t str {
        let ends = self.rest.char_indices().take(most).take_while(|(_, letter)| accept(*letter));
        let end = ends.last().map_or(0, |(start, letter)| start + letter.len_utf8());
        let (run, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        run
    }

    /// Digits that stand right here.
    fn digits(&mut self, least: usize, most: usize) -> Option<i64> {
        let digits = self.run(most, |letter| letter.is_ascii_digit());
        if digits.len() < least { None } else { digits.parse().ok() }
    }

    /// The next digits, whatever stands before them.
    fn number(&mut self, most: usize) -> Option<i64> {
        self.pass(|letter| letter.is_ascii_digit())?;
        self.digits(1, most)
    }

    /// Passes over what is not sought.
    fn pass(&mut self, sought: fn(char) -> bool) -> Option<()> {
        self.rest = self.rest.get(self.rest.find(sought)?..)?;
        Some(())
    }

    fn year(&mut self) -> Option<i64> {
        self.pass(|letter| letter.is_ascii_digit())?;
        let digits = self.run(4, |letter| letter.is_ascii_digit());
        Some(match (digits.len(), digits.parse().ok()?) {
            (..4, year @ ..70) => year + 2000,
            (..4, year @ 70..100) => year + 1900,
            (_, year) => year,
        })
    }

    /// The next number with all signs before it, each minus turning it round.
    fn signed(&mut self) -> Option<i64> {
        self.pass(|letter| letter.is_ascii_digit() || letter == '+' || letter == '-')?;
        let signs = self.run(usize::MAX, |letter| letter == '+' || letter == '-');
        let number = self.number(19)?;
        Some(if signs.matches('-').count() % 2 == 1 { -number } else { number })
    }

    fn month(&mut self) -> Option<i64> {
        self.pass(|letter| letter.is_ascii_alphanumeric())?;
        let is_named = self.rest.starts_with(|letter: char| letter.is_ascii_alphabetic());
        if is_named { self.month_name() } else { self.number(2) }
    }

    fn month_name(&mut self) -> Option<i64> {
        let name = self.run(usize::MAX, |letter| letter.is_ascii_alphabetic());
        let is_named = |(month, roman): (&str, &str)| {
            let short = if month == "September" { 3..=4 } else { 3..=3 };
            let start = month.get(..name.len()).unwrap_or_default();
            let is_short = short.contains(&name.len()) && start.eq_ignore_ascii_case(name);
            is_short || month.eq_ignore_ascii_case(name) || roman.eq_ignore_ascii_case(name)
        };
        let place = MONTHS.into_iter().zip(ROMAN).position(is_named)?;
        Some(place as i64 + 1)
    }

    /// The number of a day, and an ending such as `th`.
    fn day(&mut self) -> Option<i64> {
        let day = self.number(2)?;
        let ending = ["st", "nd", "rd", "th"].iter().find_map(|end| self.rest.strip_prefix(end));
        self.rest = ending.unwrap_or(self.rest);
        Some(day)
    }

    fn weekday(&mut self) -> Option<i64> {
        let name = self.run(3, |letter| letter.is_ascii_alphabetic());
        let place = WEEKDAYS.iter().position(|known| known.eq_ignore_ascii_case(name))?;
        Some(place as i64)
    }

    /// A fraction behind a point or colon, as microseconds; none is zero.
    fn fraction(&mut self) -> i64 {
        match self.rest.strip_prefix(['.', ':']) {
            Some(rest) => {
                self.rest = rest;
                let microseconds = self.decimals(usize::MAX);
                microseconds.unwrap_or(0)
            }
            None => 0,
        }
    }

    /// Decimal places as microseconds; finer ones are dropped.
    fn decimals(&mut self, most: usize) -> Option<i64> {
        let digits = self.run(most, |letter| letter.is_ascii_digit());
        let kept: String = digits.chars().chain("000000".chars()).take(6).collect();
        if digits.is_empty() { None } else { kept.parse().ok() }
    }

    /// The hour of the day of an hour of its half.
    fn half(&mut self, hour: i64) -> Option<i64> {
        self.pass(|letter| "AaPp".contains(letter))?;
        let is_afternoon = self.rest.starts_with(['p', 'P']);
        Some(hour % 12 + if is_afternoon { 12 } else { 0 })
    }

    fn signed_minutes(&mut self) -> Option<i64> {
        let sign = self.run(1, |letter| letter == '+' || letter == '-');
        let digits = self.run(5, |letter| letter.is_ascii_digit());
        let minutes = if digits.is_empty() { 0 } else { digits.parse().ok()? };
        match sign {
            "+" => Some(minutes),
            "-" => Some(-minutes),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::date_grammar::FORMS;
    use super::super::date_text::read_freely;
    use super::super::moment::iso_text;
    use super::super::zone::Zone;

    /// A text of each form, and what it means. Forms that tell a part only stand beside others.
    const READ: [(&str, &str, &str); 44] = [
        ("yesterday", "2024-01-05 yesterday", "2024-01-04T00:00:00.000Z"),
        ("now", "2024-01-05 now", "2024-01-05T00:00:00.000Z"),
        ("noon", "2017-Jul-04 noon", "2017-07-04T12:00:00.000Z"),
        ("midnight", "2024-01-05 10:30 midnight", "2024-01-05T00:00:00.000Z"),
        ("tomorrow", "2024-01-05 tomorrow", "2024-01-06T00:00:00.000Z"),
        ("epoch", "@1126396800", "2005-09-11T00:00:00.000Z"),
        ("hour of half", "July 4th, 2017 11am", "2017-07-04T11:00:00.000Z"),
        ("clock of half", "2024-01-05 12.30 a.m.", "2024-01-05T00:30:00.000Z"),
        ("clock of half with fraction", "2024-01-05 3:04:05:250pm", "2024-01-05T15:04:05.250Z"),
        ("hour", "2024-01-05T7", "2024-01-05T07:00:00.000Z"),
        ("clock", "2024-01-05 10.30", "2024-01-05T10:30:00.000Z"),
        ("four digits", "2024-01-05T1030", "2024-01-05T10:30:00.000Z"),
        ("six digits", "2024-01-05 103000", "2024-01-05T10:30:00.000Z"),
        ("month/day", "7/4/17", "2017-07-04T00:00:00.000Z"),
        ("signed date", "+1999-01-05", "1999-01-05T00:00:00.000Z"),
        ("year/month/day", "2024/1/5", "2024-01-05T00:00:00.000Z"),
        ("short date", "71-01-05", "1971-01-05T00:00:00.000Z"),
        ("far date", "+02024-01-05", "2024-01-05T00:00:00.000Z"),
        ("year-month", "2024-01", "2024-01-01T00:00:00.000Z"),
        ("date", "2024-1-5 1:2:3", "2024-01-05T01:02:03.000Z"),
        ("day month year", "5Jan2024", "2024-01-05T00:00:00.000Z"),
        ("day.month.year", "04-07-2017", "2017-07-04T00:00:00.000Z"),
        ("day.month.yr", "30.6.17", "2017-06-30T00:00:00.000Z"),
        ("month year", "Jan 2024", "2024-01-01T00:00:00.000Z"),
        ("year month", "2024 Sept", "2024-09-01T00:00:00.000Z"),
        ("month day, year", "July 4th, 2017 12:39:30 BST", "2017-07-04T11:39:30.000Z"),
        ("month day", "Jan 5, 10:30 2024", "2024-01-05T10:30:00.000Z"),
        ("day month", "10:30 5 Jan 1999", "1999-01-05T10:30:00.000Z"),
        ("eight digits", "20240105", "2024-01-05T00:00:00.000Z"),
        ("date and clock", "2024:01:05 10:30:00", "2024-01-05T10:30:00.000Z"),
        ("year and day", "2024-005", "2024-01-05T00:00:00.000Z"),
        ("week", "2024W015", "2024-01-05T00:00:00.000Z"),
        ("name-day-year", "Jan-05-2024", "2024-01-05T00:00:00.000Z"),
        ("year-name-day", "2024-Jan-05", "2024-01-05T00:00:00.000Z"),
        ("log line", "05/Jan/2024:10:30:00 +0200", "2024-01-05T08:30:00.000Z"),
        ("year", "Jan 5 10:30 1999", "1999-01-05T10:30:00.000Z"),
        ("ago", "2024-01-05 2 days ago", "2024-01-03T00:00:00.000Z"),
        ("weekday", "Mon, 04 Jul 2017 10:30:00 GMT", "2017-07-10T10:30:00.000Z"),
        ("month", "1999 10:30 March 5", "1999-03-05T10:30:00.000Z"),
        ("zone", "2023-03-05T08:09:10.5 B", "2023-03-05T06:09:10.500Z"),
        ("month day and clock of half", "Jan 5 3:04pm 1999", "1999-01-05T15:04:00.000Z"),
        ("month day and clock", "Jan 5 10:30:00 CEST 1999", "1999-01-05T08:30:00.000Z"),
        ("shift", "2024-01-31 +1 month", "2024-03-02T00:00:00.000Z"),
        ("nothing", "2024-01-05 , 10:30", "2024-01-05T10:30:00.000Z"),
    ];

    #[test]
    fn every_form_of_the_table_reads_as_it_should() {
        for (form, (name, text, wanted)) in FORMS.iter().zip(READ) {
            assert_eq!(form.name, name);
            let read = read_freely(text, &Zone::Utc);
            assert_eq!(read.and_then(iso_text).as_deref(), Ok(wanted), "{name}: {text}");
        }
    }

    #[test]
    fn what_is_incomplete_double_or_impossible_is_refused() {
        for text in [
            "",
            " ",
            "July 4th",
            "12:50:53",
            "2017, 12:50:53",
            "60.Monday1770/06:59",
            "2024-01-05 2024-01-06",
            "2024-01-05 10:30 11:30",
            "2024-01-05 10:30 CET CET",
            "2024-02-30",
            "2024-01-05 24:00",
            "2024-01-05T10:30:60",
            "2017-07-12T22:23:55 Europe/Amsterdam",
            "2024-01-05 é",
            "2017-185",
            "+9999999999999999999-01-05",
            "2024-01-05 9999999999999 years",
            "@99999999999999999999",
        ] {
            assert!(read_freely(text, &Zone::Utc).is_err(), "{text}");
        }
    }
}
