//! The grammar of dates that are written without a format: one table of forms.
//!
//! The server reads such text with timelib, whose forms these are: at each place the form that takes
//! the most letters is meant, of several as long the first in the table. What a form says of the date
//! is the row of parts beside it. This file knows no calendar.

use std::sync::LazyLock;

use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::util::pool::Pool;
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input, MatchKind};

/// What a form tells, in the order in which it stands in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Up to four digits; fewer than four below 70 are of this century, below 100 of the last.
    Year,
    /// A sign and as many digits as there are.
    SignedYear,
    /// A number or a name.
    Month,
    Day,
    DayOfYear,
    IsoWeek,
    /// 1 for Monday; 0 is the Sunday before.
    IsoDay,
    Hour,
    Minute,
    Second,
    /// The digits of a fraction of a second.
    Fraction,
    /// am or pm.
    Half,
    Zone,
    /// Hour and minute, or the year where there is a time already.
    ClockOrYear,
    /// A weekday by name: the next one, or that day itself.
    Weekday,
    /// So many whole days on, at midnight.
    Days(i64),
    /// An hour of its own.
    At(i64),
    /// Seconds since 1970, in UTC.
    Epoch,
    /// A number of units to go on.
    Shift,
    /// Turns round what was to go on so far.
    Ago,
}

/// One form.
pub(super) struct Form {
    /// What tests call it.
    #[cfg_attr(not(test), expect(dead_code, reason = "the table is for people too"))]
    pub(super) name: &'static str,
    pattern: &'static str,
    pub(super) parts: &'static [Part],
}

const fn form(name: &'static str, pattern: &'static str, parts: &'static [Part]) -> Form {
    Form { name, pattern, parts }
}

/// What the patterns of forms are made of: `<name>` in a pattern stands for the text beside it.
const WORDS: [(&str, &str); 33] = [
    ("space", r"(?:[ \t]+|(?:\xc2\xa0)+|(?:\xe2\x80\xaf)+)"),
    ("gap", r"[ \t.-]*"),
    ("fraction", r"\.[0-9]+"),
    ("hour", r"(?:[01]?[0-9]|2[0-4])"),
    ("hour2", r"(?:[01][0-9]|2[0-4])"),
    ("hour12", r"(?:0?[1-9]|1[0-2])"),
    ("minute", r"[0-5]?[0-9]"),
    ("minute2", r"[0-5][0-9]"),
    ("second", r"(?:[0-5]?[0-9]|60)"),
    ("second2", r"(?:[0-5][0-9]|60)"),
    ("half", r"[AaPp]\.?[Mm]\.?[\x00\t ]"),
    (
        "offset",
        r"(?:GMT)?[+-](?:<hour>(?::?<minute>)?|<hour2><minute2><second2>|<hour2>:<minute2>:<second2>)",
    ),
    ("zone", r"(?:\(?[A-Za-z]{1,6}\)?|[A-Z][a-z]+(?:[_/-][A-Za-z]+)+)"),
    ("month", r"(?:0?[0-9]|1[0-2])"),
    ("month2", r"(?:0[0-9]|1[0-2])"),
    ("day", r"(?:[0-2]?[0-9]|3[01])(?:st|nd|rd|th)?"),
    ("day2", r"(?:0[0-9]|[12][0-9]|3[01])"),
    ("year", r"[0-9]{1,4}"),
    ("year2", r"[0-9]{2}"),
    ("year4", r"[0-9]{4}"),
    ("dayofyear", r"(?:00[1-9]|0[1-9][0-9]|[12][0-9][0-9]|3[0-5][0-9]|36[0-6])"),
    ("week", r"(?:0[1-9]|[1-4][0-9]|5[0-3])"),
    ("weekday", r"(?i:(?:sun|mon|tues|wednes|thurs|fri|satur)days?|sun|mon|tue|wed|thu|fri|sat)"),
    (
        "fullname",
        r"(?i:january|february|march|april|may|june|july|august|september|october|november|december)",
    ),
    ("shortname", r"(?i:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)"),
    ("name", r"(?:<fullname>|<shortname>|I|II|III|IV|V|VI|VII|VIII|IX|X|XI|XII)"),
    ("clock12", r"(?:<hour12>[:.]<minute2>|<hour12>[:.]<minute>[:.]<second2>)<space>?<half>"),
    ("clock24", r"[tT]?<hour>[:.]<minute>(?:[:.]<second>)?"),
    ("named", r"<name><gap><day>(?:[,.stndrh\t ]+|\x00)"),
    ("amount", r"[+-]*[ \t]*[0-9]{1,13}"),
    ("unit", r"(?i:(?:sec|second|min|minute|hour|day|week|fortnight|forthnight|month|year)s?)"),
    ("T", r"[tT]"),
    ("W", r"W"),
];

use Part::*;

/// All forms, in the order that decides between forms of one length.
pub(super) const FORMS: [Form; 44] = [
    form("yesterday", r"(?i:yesterday)", &[Days(-1)]),
    form("now", r"(?i:now)", &[]),
    form("noon", r"(?i:noon)", &[At(12)]),
    form("midnight", r"(?i:midnight|today)", &[Days(0)]),
    form("tomorrow", r"(?i:tomorrow)", &[Days(1)]),
    form("epoch", r"@-?[0-9]+", &[Epoch]),
    form("hour of half", r"<hour12><space>?<half>", &[Hour, Half]),
    form("clock of half", r"<clock12>", &[Hour, Minute, Second, Half]),
    form(
        "clock of half with fraction",
        r"<hour12>:<minute2>:<second2>[:.][0-9]+<half>",
        &[Hour, Minute, Second, Fraction, Half],
    ),
    form("hour", r"<T><hour>", &[Hour]),
    // A fraction is one of seconds: without these, 23.03.1998 would be a clock, too.
    form(
        "clock",
        r"[tT]?<hour>[:.]<minute>(?:[:.]<second>(?:<fraction>)?)?",
        &[Hour, Minute, Second, Fraction],
    ),
    form("four digits", r"<T>?<hour2><minute2>", &[ClockOrYear]),
    form("six digits", r"<T>?<hour2><minute2><second2>", &[Hour, Minute, Second]),
    form("month/day", r"<month>/<day>(?:/<year>)?", &[Month, Day, Year]),
    form("signed date", r"[+-]?<year4>-<month2>-<day2>", &[SignedYear, Month, Day]),
    form("year/month/day", r"<year4>/(?:<month2>/<day2>/?|<month>/<day>)", &[Year, Month, Day]),
    form("short date", r"<year2>-<month2>-<day2>", &[Year, Month, Day]),
    form("far date", r"[+-][0-9]{5,19}-<month2>-<day2>", &[SignedYear, Month, Day]),
    form("year-month", r"<year4>-<month>", &[Year, Month]),
    form("date", r"<year>-<month>-<day>", &[Year, Month, Day]),
    form("day month year", r"<day><gap><name><gap><year>", &[Day, Month, Year]),
    form("day.month.year", r"<day>[.\t-]<month>[.-]<year4>", &[Day, Month, Year]),
    form("day.month.yr", r"<day>[.\t]<month>\.<year2>", &[Day, Month, Year]),
    form("month year", r"<name><gap><year4>", &[Month, Year]),
    form("year month", r"<year4><gap><name>", &[Year, Month]),
    form("month day, year", r"<name><gap><day>[,.stndrh\t ]+<year>", &[Month, Day, Year]),
    form("month day", r"<named>", &[Month, Day]),
    form("day month", r"<day><gap><name>", &[Day, Month]),
    form("eight digits", r"<year4><month2><day2>", &[Year, Month, Day]),
    form(
        "date and clock",
        concat!(
            r"<year4>-<month2>-<day2>T<hour2>:<minute2>:<second2><fraction>(?:<offset>)?",
            r"|<year4><month2><day2>T<hour>:<minute2>:<second2>",
            r"|<year4><month2><day2><T><hour><minute2><second2>",
            r"|<year4>-<month>-<day>T<hour>:<minute>:<second>",
            r"|<year4>:<month2>:<day2> <hour2>:<minute2>:<second2>",
        ),
        &[Year, Month, Day, Hour, Minute, Second, Fraction, Zone],
    ),
    form("year and day", r"<year4>[.-]?<dayofyear>", &[Year, DayOfYear]),
    form("week", r"<year4>-?<W><week>(?:-?[0-7])?", &[Year, IsoWeek, IsoDay]),
    form("name-day-year", r"<shortname>-<day2>-<year>", &[Month, Day, Year]),
    form("year-name-day", r"<year>-<shortname>-<day2>", &[Year, Month, Day]),
    form(
        "log line",
        r"<day>/<shortname>/<year4>:<hour2>:<minute2>:<second2><space><offset>",
        &[Day, Month, Year, Hour, Minute, Second, Zone],
    ),
    form("year", r"<year4>", &[Year]),
    form("ago", r"(?i:ago)", &[Ago]),
    form("weekday", r"<weekday>", &[Weekday]),
    form("month", r"<fullname>|<shortname>", &[Month]),
    form("zone", r"<offset>|<zone>", &[Zone]),
    form(
        "month day and clock of half",
        r"<named><clock12>",
        &[Month, Day, Hour, Minute, Second, Half],
    ),
    form(
        "month day and clock",
        r"<named><clock24>(?:<space>?(?:<offset>|<zone>))?",
        &[Month, Day, Hour, Minute, Second, Zone],
    ),
    form("shift", r"<amount><space>?<unit>", &[Shift]),
    form("nothing", r"[.,\x00\n]|<space>", &[]),
];

/// Finds the forms of the table in text.
pub(super) struct Forms {
    dfa: DFA,
    caches: Pool<Cache, Box<dyn Fn() -> Cache + Send + Sync>>,
}

impl Forms {
    /// The form at that place and where it ends.
    pub(super) fn longest(&self, text: &str, from: usize) -> Option<(&'static Form, usize)> {
        let input = Input::new(text).range(from..).anchored(Anchored::Yes);
        let found = self.dfa.try_search_fwd(&mut self.caches.get(), &input).ok()??;
        Some((FORMS.get(found.pattern().as_usize())?, found.offset()))
    }
}

/// The table, ready for use. Nothing only if it were malformed, which a test rules out.
pub(super) static TABLE: LazyLock<Option<Forms>> = LazyLock::new(|| {
    let patterns: Vec<String> = FORMS.iter().map(|form| spelled_out(form.pattern)).collect();
    let dfa = DFA::builder()
        .configure(DFA::config().match_kind(MatchKind::All))
        .syntax(syntax::Config::new().unicode(false).utf8(false))
        .thompson(regex_automata::nfa::thompson::Config::new().utf8(false))
        .build_many(&patterns)
        .ok()?;
    let maker = dfa.clone();
    Some(Forms { dfa, caches: Pool::new(Box::new(move || maker.create_cache())) })
});

/// The pattern with its words written out. Words are made of words before them or after them.
fn spelled_out(pattern: &str) -> String {
    let mut spelled = pattern.to_owned();
    for _ in 0..3 {
        for (word, meaning) in WORDS {
            spelled = spelled.replace(&format!("<{word}>"), meaning);
        }
    }
    spelled
}
