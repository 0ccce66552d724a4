//! A document in the place of another: what an update without operators says, and what a pipeline
//! ends in.
//!
//! This file knows what the new document keeps of the old one, which is its `_id`.

use super::change::Updated;
use super::moment;
use super::room::go_through;
use super::storable;
use super::walk::Start;
use crate::copy::Footprint;
use crate::{Date, Document, Result, Timestamp, Value, ValueRef, order};

/// The document that a replacement puts in the place of another.
///
/// # Errors
/// 52 and 55 for names at the top, unless the document is being made; those of [`settle`].
pub(super) fn apply(
    replacement: &Document,
    old: Document,
    start: Start<'_>,
    now: Date,
) -> Result<Updated> {
    if !start.is_insert {
        storable::check_names(replacement)?;
    }
    start
        .account
        .hold(Footprint::of(ValueRef::Document(replacement.view()), start.account)?.memory())?;
    settle(with_moments(replacement, now), old, start)
}

/// The new document with the `_id` of the old one.
///
/// # Errors
/// 53 for an `_id` of a kind that none may be, 66 for another `_id`, 15 past `document_depth`; those of the
/// account.
pub(super) fn settle(new: Document, old: Document, start: Start<'_>) -> Result<Updated> {
    storable::check_id(&new)?;
    for (name, value) in new.iter() {
        // For its depth, and for what it is compared with.
        go_through(value.view(), start.account)?;
        storable::check_depth(value.view(), 1, start.limits).map_err(|error| error.at(name))?;
    }
    let document = match (old.get("_id"), new.get("_id")) {
        (Some(id), None) => storable::with_id(id.clone(), new),
        (Some(id), Some(other)) if !order::equal(id.view(), other.view()) => {
            return Err(storable::other_id());
        }
        _ => storable::id_first(new),
    };
    let is_changed = document != old;
    Ok(Updated { document, is_changed })
}

/// Timestamps of zero at the top stand for the present moment.
fn with_moments(replacement: &Document, now: Date) -> Document {
    let empty = Value::Timestamp(Timestamp::default());
    let field = |(name, value): (&str, &Value)| {
        let value = match *value == empty {
            true => Value::Timestamp(moment::timestamp(now)),
            false => value.clone(),
        };
        (name.to_owned(), value)
    };
    replacement.iter().map(field).collect()
}
