//! A moment: read from and written as ISO 8601, and taken from the types that Rust programs have for one.
//!
//! This file knows no query. [`Date::now`] is for hosts: nothing in this crate asks it.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::civil::Civil;
use crate::{Code, Error, Result, moment};

/// A moment: milliseconds since 1970-01-01T00:00:00Z.
///
/// ```
/// # use filedex_query as filedex;
/// use filedex::Date;
/// use std::time::{Duration, SystemTime, UNIX_EPOCH};
/// let date: Date = "2018-03-08T17:36:09.846Z".parse()?;
/// assert_eq!(date.to_string(), "2018-03-08T17:36:09.846Z");
/// assert_eq!(SystemTime::try_from(date)?, UNIX_EPOCH + Duration::from_millis(1_520_530_569_846));
/// assert!(date < Date::now());
/// # Ok::<(), filedex_query::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(pub i64);

impl Date {
    /// This moment, by the system's clock.
    pub fn now() -> Date {
        Date::from(SystemTime::now())
    }

    /// Reads a moment in ISO 8601: date, `T` or a space, time, offset (`Z`, `+01:00`, `+0100`). Without
    /// an offset it is UTC, a bare date its midnight. Years beyond 9999 are written as JavaScript does,
    /// with a sign and six digits. What is finer than a millisecond is cut, towards the past.
    ///
    /// ```
    /// # use filedex_query as filedex;
    /// use filedex::Date;
    /// assert_eq!(Date::from_iso("2018-03-08T18:36:09.846+0100"), Some(Date(1_520_530_569_846)));
    /// assert_eq!(Date::from_iso("2018-03-08 17:36:09.846"), Some(Date(1_520_530_569_846)));
    /// assert_eq!(Date::from_iso("2018-03-08"), Some(Date(1_520_467_200_000)));
    /// assert_eq!(Date::from_iso("+010000-01-01T00:00:00.000Z"), Some(Date(253_402_300_800_000)));
    /// assert_eq!(Date::from_iso("0000-00-00 00:00:00"), None);
    /// ```
    pub fn from_iso(text: &str) -> Option<Date> {
        moment::read(text)
    }

    /// Milliseconds since 1970.
    pub fn as_millis(self) -> i64 {
        self.0
    }

    fn out_of_range(self, of: &str) -> Error {
        Error::new(Code::BAD_VALUE, format!("{self} is beyond what {of} holds"))
    }
}

/// `2018-03-08T17:36:09.846Z`; years beyond four digits with a sign and six digits or more.
impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Civil { year, month, day, hour, minute, second, millisecond } = Civil::of(self.0);
        match year {
            0..10_000 => write!(f, "{year:04}")?,
            _ => write!(f, "{year:+07}")?,
        }
        write!(f, "-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millisecond:03}Z")
    }
}

/// As [`Date::from_iso`]; 2 (BadValue) for any other text.
impl FromStr for Date {
    type Err = Error;

    fn from_str(text: &str) -> Result<Date> {
        let fault = || Error::bad_value(format!("`{text}` is no moment in ISO 8601"));
        Date::from_iso(text).ok_or_else(fault)
    }
}

/// What is finer than a millisecond is cut, towards the past.
impl From<SystemTime> for Date {
    fn from(time: SystemTime) -> Date {
        let millis = |span: Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        match time.duration_since(UNIX_EPOCH) {
            Ok(after) => Date(millis(after)),
            Err(before) => {
                let before = before.duration();
                let part = !before.subsec_nanos().is_multiple_of(1_000_000);
                Date(-millis(before) - i64::from(part))
            }
        }
    }
}

/// An error for a moment that the system's clock does not reach.
impl TryFrom<Date> for SystemTime {
    type Error = Error;

    fn try_from(date: Date) -> Result<SystemTime> {
        let span = Duration::from_millis(date.0.unsigned_abs());
        let time = match date.0 {
            0.. => UNIX_EPOCH.checked_add(span),
            _ => UNIX_EPOCH.checked_sub(span),
        };
        time.ok_or_else(|| date.out_of_range("a SystemTime"))
    }
}

/// What is finer than a millisecond is cut, towards the past.
#[cfg(feature = "jiff")]
impl From<jiff::Timestamp> for Date {
    fn from(moment: jiff::Timestamp) -> Date {
        let millis = moment.as_nanosecond().div_euclid(1_000_000);
        Date(i64::try_from(millis).unwrap_or(i64::MAX))
    }
}

/// Its moment; the zone is not kept.
#[cfg(feature = "jiff")]
impl From<jiff::Zoned> for Date {
    fn from(zoned: jiff::Zoned) -> Date {
        Date::from(zoned.timestamp())
    }
}

/// An error for a year beyond four digits.
#[cfg(feature = "jiff")]
impl TryFrom<Date> for jiff::Timestamp {
    type Error = Error;

    fn try_from(date: Date) -> Result<jiff::Timestamp> {
        let moment = jiff::Timestamp::from_millisecond(date.0);
        moment.map_err(|_| date.out_of_range("a jiff::Timestamp"))
    }
}
