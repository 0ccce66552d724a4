//! Time zones: UTC, fixed offsets, and the names of the IANA database, which the feature `time-zones`
//! compiles in.
//!
//! This file moves between UTC and local time. The calendar is `civil`'s.

use std::sync::OnceLock;

use jiff::civil::DateTime;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::kind;
use super::node::Node;
use super::scope::{Scope, is_given};
use crate::civil::Civil;
use crate::{Code, Error, Result};

/// A time zone.
#[derive(Clone, Debug)]
pub(super) enum Zone {
    Utc,
    /// Milliseconds east of Greenwich.
    Fixed(i64),
    Named(TimeZone),
}

impl Zone {
    /// The zone of an IANA name or of an offset such as `+05:30`.
    pub(super) fn find(name: &str) -> Result<Zone> {
        if name == "UTC" {
            return Ok(Zone::Utc);
        }
        if let Some(offset) = offset_of(name) {
            return Ok(if offset == 0 { Zone::Utc } else { Zone::Fixed(offset) });
        }
        let more = if cfg!(feature = "time-zones") { "" } else { WITHOUT_NAMES };
        let unknown = || Error::new(Code(40485), format!("there is no time zone `{name}`{more}"));
        named(name).map(Zone::Named).ok_or_else(unknown)
    }

    /// The zone that an argument gives: UTC if it is not there, `None` if it is null.
    pub(super) fn of_argument<'a>(
        scope: &mut Scope<'a>,
        arguments: &'a [Node],
        index: usize,
    ) -> Result<Option<Zone>> {
        if !is_given(arguments, index) {
            return Ok(Some(Zone::Utc));
        }
        let answer = scope.argument(arguments, index)?;
        if answer.is_nullish() {
            return Ok(None);
        }
        let name = answer.text();
        let name = name.ok_or_else(|| kind::wrong(40517, "`timezone`", "a string", &answer))?;
        // Looking a name up costs as much as many steps.
        scope.spend(10)?;
        Zone::find(name).map(Some)
    }

    pub(super) fn is_utc(&self) -> bool {
        matches!(self, Zone::Utc)
    }

    /// Milliseconds east of Greenwich at that moment.
    pub(super) fn offset_at(&self, milliseconds: i64) -> i64 {
        match self {
            Zone::Utc => 0,
            Zone::Fixed(offset) => *offset,
            Zone::Named(zone) => {
                let moment = jiff::Timestamp::from_millisecond(milliseconds);
                let edge =
                    if milliseconds < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
                i64::from(zone.to_offset(moment.unwrap_or(edge)).seconds()) * 1000
            }
        }
    }

    /// The time on the wall, as milliseconds.
    pub(super) fn local(&self, milliseconds: i64) -> i64 {
        milliseconds.saturating_add(self.offset_at(milliseconds))
    }

    /// The moment of a time on the wall. One that a change of offset skips is moved on by what was
    /// skipped; of one that comes twice the first is meant.
    pub(super) fn utc(&self, local: i64) -> i64 {
        let Zone::Named(zone) = self else {
            return local.saturating_sub(self.offset_at(local));
        };
        let found = datetime(local)
            .and_then(|wall| zone.to_ambiguous_timestamp(wall).compatible().ok())
            .map(|moment| moment.as_millisecond());
        found.unwrap_or_else(|| local.saturating_sub(self.offset_at(local)))
    }
}

const WITHOUT_NAMES: &str = "; this build knows offsets such as +01:00 only (feature `time-zones`)";

/// The zone of that name, with the letter case it has.
fn named(name: &str) -> Option<TimeZone> {
    static DATABASE: OnceLock<TimeZoneDatabase> = OnceLock::new();
    // Without the feature it is empty.
    let database = DATABASE.get_or_init(TimeZoneDatabase::bundled);
    database.get(name).ok().filter(|zone| zone.iana_name() == Some(name))
}

fn datetime(local: i64) -> Option<DateTime> {
    let civil = Civil::of(local);
    let small = |number: i64| i8::try_from(number).ok();
    DateTime::new(
        i16::try_from(civil.year).ok()?,
        small(civil.month)?,
        small(civil.day)?,
        small(civil.hour)?,
        small(civil.minute)?,
        small(civil.second)?,
        i32::try_from(civil.millisecond * 1_000_000).ok()?,
    )
    .ok()
}

/// The milliseconds of `+hh`, `+hhmm` or `+hh:mm`.
pub(super) fn offset_of(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('+') {
        Some(digits) => (1, digits),
        None => (-1, text.strip_prefix('-')?),
    };
    let digits = match (digits.len(), digits.split_once(':')) {
        (5, Some((hours, minutes))) if hours.len() == 2 => format!("{hours}{minutes}"),
        (2 | 4, None) => format!("{digits:0<4}"),
        _ => return None,
    };
    if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let number: i64 = digits.parse().ok()?;
    Some(sign * (number / 100 * 60 + number % 100) * 60_000)
}
