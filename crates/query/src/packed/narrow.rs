//! The part of a stored record that conditions on one path look at, cut out of it.
//!
//! What is cut out is a value as a record would have it under the path's first name, so that the one
//! matcher asks it as it asks a record. Documents on the way keep the next name alone; where the way
//! leads into anything else, that is kept whole. This file does not know conditions.

use super::{PackedDocument, Reader, names, nest, tag};
use crate::{Part, Path};

impl Path {
    /// Appends what conditions on this path look at in the record; nothing if the record lacks the
    /// path's first name.
    ///
    /// ```
    /// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; }
    /// use filedex::language::packed::{PackedDocument, pack};
    /// use filedex::language::Path;
    /// use filedex::{Document, Limits};
    /// let path = Path::parse("size.width", &Limits::default())?;
    /// let with = |height| Document::new().with("width", 4).with("height", height);
    /// let narrowed = |height| {
    ///     let (record, mut out) = (pack(&Document::new().with("size", with(height))), Vec::new());
    ///     path.narrow(PackedDocument::new(&record), &mut out);
    ///     out
    /// };
    /// assert_eq!(narrowed(1), narrowed(2));
    /// # Ok::<(), filedex_query::Error>(())
    /// ```
    pub fn narrow(&self, record: PackedDocument<'_>, out: &mut Vec<u8>) {
        if let (Some(value), [_, rest @ ..]) = (record.find(self.first_name()), self.parts()) {
            narrow(value, rest, out);
        }
    }
}

/// Appends the fields of a record of which [`Path::narrow`] gave these bytes for their names; those of which
/// it gave none are missing.
pub(crate) fn join<'n, 'v>(fields: impl Iterator<Item = (&'n str, &'v [u8])>, out: &mut Vec<u8>) {
    for (name, value) in fields.filter(|(_, value)| !value.is_empty()) {
        names::pack(out, name);
        out.extend_from_slice(value);
    }
}

/// Appends the next value with what the parts lead to.
fn narrow(mut value: Reader<'_>, parts: &[Part], out: &mut Vec<u8>) {
    let ([part, rest @ ..], Some((inner, true))) = (parts, { value }.nested()) else {
        out.extend_from_slice(value.take_value().unwrap_or_default());
        return;
    };
    out.push(tag::DOCUMENT);
    nest(out, |out| {
        if let Some(value) = PackedDocument::new(inner).find(&part.name) {
            names::pack(out, &part.name);
            narrow(value, rest, out);
        }
    });
}
