//! Numbers, sizes and moments as people read them. This file knows no record.

use filedex::Date;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Stands between groups of three digits: narrow, and never broken.
const SEPARATOR: char = '\u{202f}';

/// `1 234 567`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() * 2);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(SEPARATOR);
        }
        out.push(digit);
    }
    out
}

/// `78 kB`: powers of a thousand, two or three digits.
pub(crate) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 7] = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
    let (mut number, mut unit) = (bytes as f64, 0);
    // What would be shown as a thousand is shown in the next unit.
    while number >= 999.5 && unit + 1 < UNITS.len() {
        number /= 1000.0;
        unit += 1;
    }
    let digits = usize::from(unit > 0 && number < 9.95);
    format!("{number:.digits$}\u{a0}{}", UNITS.get(unit).copied().unwrap_or_default())
}

/// `3 files`, `1 file`.
pub(crate) fn of(number: u64, one: &str, many: &str) -> String {
    format!("{}\u{a0}{}", count(number), if number == 1 { one } else { many })
}

/// `2.1 ms`.
pub(crate) fn took(nanoseconds: u64) -> String {
    let number = nanoseconds as f64;
    let (number, unit) = match nanoseconds {
        0..1_000_000 => (number / 1e3, "µs"),
        1_000_000..1_000_000_000 => (number / 1e6, "ms"),
        _ => (number / 1e9, "s"),
    };
    let digits = usize::from(number < 9.95);
    format!("{number:.digits$}\u{a0}{unit}")
}

/// `12 %`, `< 1 %`.
pub(crate) fn share(part: u64, whole: u64) -> String {
    let percent = part as f64 * 100.0 / whole.max(1) as f64;
    if part > 0 && percent < 1.0 {
        return "<\u{202f}1\u{a0}%".to_owned();
    }
    format!("{percent:.0}\u{a0}%")
}

/// How long ago, for a week; then the day.
pub(crate) fn when(date: Date, now: Date) -> String {
    let seconds = now.0.saturating_sub(date.0) / 1000;
    match seconds {
        0..60 => "just now".to_owned(),
        60..3_600 => format!("{}\u{a0}min ago", seconds / 60),
        3_600..86_400 => format!("{}\u{a0}h ago", seconds / 3_600),
        86_400..604_800 => format!("{}\u{a0}d ago", seconds / 86_400),
        _ => written(date, "%-d\u{a0}%b\u{a0}%Y").unwrap_or_else(|| date.0.to_string()),
    }
}

/// `2024-06-17 06:59:23.608 UTC`.
pub(crate) fn exactly(date: Date) -> String {
    written(date, "%Y-%m-%d %H:%M:%S.%3f UTC").unwrap_or_else(|| format!("{} ms", date.0))
}

/// `2024-06-17T06:59:23.608Z`: as attributes have it.
pub(crate) fn machine(date: Date) -> Option<String> {
    written(date, "%Y-%m-%dT%H:%M:%S.%3fZ")
}

fn written(date: Date, form: &str) -> Option<String> {
    let moment = Timestamp::from_millisecond(date.0).ok()?;
    Some(moment.to_zoned(TimeZone::UTC).strftime(form).to_string())
}

/// A long text in two parts: what may be cut short, and an end that always shows.
pub(crate) fn halves(text: &str) -> (&str, &str) {
    const END: usize = 9;
    const SHORT: usize = 14;
    let length = text.chars().count();
    if length <= SHORT {
        return (text, "");
    }
    let at = text.char_indices().nth(length - END).map_or(text.len(), |(at, _)| at);
    text.split_at_checked(at).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_thin_separators() {
        assert_eq!(
            [0, 999, 1000, 1_000_212].map(count),
            ["0", "999", "1\u{202f}000", "1\u{202f}000\u{202f}212"]
        );
    }

    #[test]
    fn sizes_keep_two_or_three_digits() {
        let sizes =
            [0, 999, 1_000, 9_949, 9_951, 78_441, 999_499, 999_500, 583_000_000_000, u64::MAX];
        let shown = [
            "0 B", "999 B", "1.0 kB", "9.9 kB", "10 kB", "78 kB", "999 kB", "1.0 MB", "583 GB",
            "18 EB",
        ];
        assert_eq!(sizes.map(bytes), shown.map(|text| text.replace(' ', "\u{a0}")));
    }

    #[test]
    fn moments_are_told_from_now_for_a_week() {
        let now = Date(1_718_607_563_608);
        let ago = |seconds: i64| when(Date(now.0 - seconds * 1000), now).replace('\u{a0}', " ");
        assert_eq!(
            [ago(5), ago(150), ago(7200), ago(200_000)],
            ["just now", "2 min ago", "2 h ago", "2 d ago"]
        );
        assert_eq!([ago(604_800), ago(-90)], ["10 Jun 2024", "17 Jun 2024"]);
        assert_eq!(exactly(now), "2024-06-17 06:59:23.608 UTC");
        assert_eq!(exactly(Date(i64::MAX)), "9223372036854775807 ms");
    }

    #[test]
    fn a_long_name_keeps_its_end() {
        assert_eq!(halves("short.png"), ("short.png", ""));
        let (start, end) = halves("a-very-long-name-of-a-picture-ä.jpeg");
        assert_eq!((start, end), ("a-very-long-name-of-a-pictu", "re-ä.jpeg"));
    }
}
