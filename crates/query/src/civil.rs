//! The calendar: milliseconds to years, months, days and weeks, and back, in the proleptic Gregorian
//! calendar over the whole range of dates.
//!
//! The day arithmetic is that of H. Hinnant, "chrono-Compatible Low-Level Date Algorithms". This
//! file knows no time zone: what it gets is local time.

/// Milliseconds of a day.
pub(crate) const DAY: i64 = 86_400_000;

/// A moment on the wall: a date and a time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Civil {
    pub(crate) year: i64,
    /// 1 to 12.
    pub(crate) month: i64,
    /// 1 to 31.
    pub(crate) day: i64,
    pub(crate) hour: i64,
    pub(crate) minute: i64,
    pub(crate) second: i64,
    pub(crate) millisecond: i64,
}

impl Civil {
    /// The date and time of local milliseconds since 1970.
    pub(crate) fn of(milliseconds: i64) -> Civil {
        let (year, month, day) = date_of(milliseconds.div_euclid(DAY));
        let rest = milliseconds.rem_euclid(DAY);
        Civil {
            year,
            month,
            day,
            hour: rest / 3_600_000,
            minute: rest / 60_000 % 60,
            second: rest / 1000 % 60,
            millisecond: rest % 1000,
        }
    }

    /// Days since 1970-01-01.
    pub(crate) fn days(self) -> i64 {
        days_of(self.year, self.month, self.day)
    }

    /// 1 for Monday to 7 for Sunday.
    pub(crate) fn iso_weekday(self) -> i64 {
        iso_weekday(self.days())
    }

    /// 1 to 366.
    pub(crate) fn day_of_year(self) -> i64 {
        self.days() - days_of(self.year, 1, 1) + 1
    }

    /// The week that starts on Sunday; days before the first Sunday are in week 0.
    pub(crate) fn week(self) -> i64 {
        let weekday = self.iso_weekday() % 7;
        (self.day_of_year() - 1 - weekday + 7) / 7
    }

    /// ISO 8601's year and week: the week belongs to the year that has its Thursday.
    pub(crate) fn iso_week(self) -> (i64, i64) {
        let thursday = self.days() + 4 - self.iso_weekday();
        let (year, _, _) = date_of(thursday);
        (year, (thursday - days_of(year, 1, 1)) / 7 + 1)
    }
}

/// 1 for Monday to 7 for Sunday, of days since 1970-01-01.
pub(crate) fn iso_weekday(days: i64) -> i64 {
    (days + 3).rem_euclid(7) + 1
}

/// Days since 1970-01-01. Months and days may lie outside their ranges and carry over.
pub(crate) fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = year + (month - 1).div_euclid(12);
    let month = (month - 1).rem_euclid(12) + 1;
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let year_of_era = shifted - era * 400;
    let day_of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468 + day - 1
}

/// Days since 1970-01-01 of a day of an ISO week.
pub(crate) fn days_of_iso_week(year: i64, week: i64, weekday: i64) -> i64 {
    // January 4 is in the first week.
    let fourth = days_of(year, 1, 4);
    fourth - (iso_weekday(fourth) - 1) + (week - 1) * 7 + weekday - 1
}

fn date_of(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_agree_over_four_centuries_and_far_away() {
        for days in (-300_000..300_000).step_by(37).chain([-100_000_000_000, 100_000_000_000]) {
            let (year, month, day) = date_of(days);
            assert_eq!(days_of(year, month, day), days);
            assert!((1..=12).contains(&month) && (1..=31).contains(&day));
        }
    }

    #[test]
    fn weeks_are_those_of_iso_8601() {
        let week = |year, month, day| Civil::of(days_of(year, month, day) * DAY).iso_week();
        assert_eq!(week(2020, 12, 31), (2020, 53));
        assert_eq!(week(2021, 1, 3), (2020, 53));
        assert_eq!(week(2021, 1, 4), (2021, 1));
        assert_eq!(days_of_iso_week(2020, 53, 7), days_of(2021, 1, 3));
    }
}
