//! The present moment as an update stores it: `$currentDate`, and timestamps left empty.
//!
//! The moment itself comes from the host; this file knows no clock.

use crate::{Date, Error, Result, Timestamp, Value};

/// What `$currentDate` stores.
///
/// # Errors
/// 2 for anything but a truth value or `{"$type": "date" | "timestamp"}`.
pub(super) fn current(argument: &Value, now: Date) -> Result<Value> {
    let kind = match argument {
        Value::Bool(_) => Some("date"),
        Value::Document(kind) if kind.len() == 1 => kind.get_str("$type"),
        _ => None,
    };
    match kind {
        Some("date") => Ok(Value::Date(now)),
        Some("timestamp") => Ok(Value::Timestamp(timestamp(now))),
        _ => Err(Error::bad_value("takes true or {\"$type\": \"date\" | \"timestamp\"}")),
    }
}

/// The moment as a timestamp: the first of its second.
pub(super) fn timestamp(now: Date) -> Timestamp {
    let seconds = now.0.div_euclid(1000).clamp(0, i64::from(u32::MAX));
    Timestamp { time: u32::try_from(seconds).unwrap_or(u32::MAX), increment: 1 }
}
