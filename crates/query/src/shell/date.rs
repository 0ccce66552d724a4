//! Dates as the shell's functions take them: ISO 8601, with or without seconds and zone.

use crate::Date;

/// The moment of a text. Without a zone it is in UTC, on every machine.
pub(super) fn read(text: &str) -> Option<Date> {
    let text = text.trim();
    let (day, time) = match text.split_once(['T', 't', ' ']) {
        Some((day, time)) => (day, time),
        None => (text, ""),
    };
    let day = match day.len() {
        4 => format!("{day}-01-01"),
        7 => format!("{day}-01"),
        _ => day.to_owned(),
    };
    if time.is_empty() {
        return Date::from_iso(&day);
    }
    let zone_at = time.find(['Z', 'z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = time.split_at_checked(zone_at)?;
    let seconds = if clock.matches(':').count() == 1 { ":00" } else { "" };
    let zone = if zone.is_empty() { "Z" } else { zone };
    Date::from_iso(&format!("{day}T{clock}{seconds}{zone}"))
}
