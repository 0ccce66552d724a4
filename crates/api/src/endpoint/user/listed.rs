//! Files in lists as text, put together from the texts of their records.
//!
//! It is the same text as [`super::record`] makes of the records; where a text does not tell what that would be, as of
//! tags, this file gives up. It does not know how records are found.

use std::borrow::Cow;

use filedex_query::ValueRef;
use filedex_query::ejson::{self, Field, Form, Kind, Marked};
use percent_encoding::utf8_percent_encode;

use super::files::OPENING;
use super::record::{ENCODE_URI, Own};
use crate::endpoint::password;

/// A page being written.
pub(super) struct Listed {
    out: Vec<u8>,
    /// Where files are served, as a JSON text that is not at its end.
    route: Vec<u8>,
    /// Bytes that it may have.
    most: usize,
    gives_up: bool,
}

/// It has more bytes than it may.
pub(super) struct TooLong;

/// A value as it is written.
#[derive(Clone, Copy)]
struct Written<'t> {
    kind: Kind,
    text: &'t [u8],
}

const NULL: &[u8] = b"null";
const NONE: &[u8] = b"0";

impl Listed {
    pub(super) fn new(route: &str, most: usize) -> Listed {
        let mut out = Vec::with_capacity(32 << 10);
        out.extend_from_slice(OPENING);
        let mut served = Vec::new();
        ejson::write(ValueRef::String(route.trim_end_matches('/')), Form::Plain, &mut served);
        served.pop();
        served.push(b'/');
        Listed { out, route: served, most, gives_up: false }
    }

    /// The beginning of the reply; `None` where the records themselves have to be looked at.
    pub(super) fn finish(self) -> Result<Option<Vec<u8>>, TooLong> {
        match () {
            () if self.gives_up => Ok(None),
            () if self.is_too_long() => Err(TooLong),
            () => Ok(Some(self.out)),
        }
    }

    /// Adds a record.
    pub(super) fn add(&mut self, record: Marked<'_>) {
        if !self.gives_up && !self.is_too_long() {
            let own = Own::of(record.fields().filter_map(parted));
            self.gives_up = self.write(&own).is_none();
        }
    }

    /// The brace behind the last file is not counted.
    fn is_too_long(&self) -> bool {
        self.out.len() > OPENING.len() && self.out.len() - 1 > self.most
    }

    /// Adds a file, or the beginning of one and nothing if the text does not tell what it is.
    fn write(&mut self, own: &Own<Written<'_>>) -> Option<()> {
        let Listed { out, route, .. } = self;
        if out.len() > OPENING.len() {
            out.push(b',');
        }
        let mut put = |name: &[u8], value: &[u8]| {
            out.extend_from_slice(name);
            out.extend_from_slice(value);
        };
        put(b"{\"createdAt\":", date(own.uploaded_at));
        put(b",\"updatedAt\":", date(own.updated_at));
        put(b",\"deletesAt\":", date(own.deletes_at));
        put(b",\"favorite\":", truth(own.favorite));
        put(b",\"id\":", text(own.id));
        put(b",\"originalName\":", text(own.original_name));
        put(b",\"name\":", text(own.name));
        put(b",\"size\":", number(own.size, NONE)?);
        put(b",\"type\":", text(own.kind));
        put(b",\"views\":", number(own.views, NONE)?);
        put(b",\"maxViews\":", number(own.max_views, NULL)?);
        put(b",\"folderId\":", text(own.folder_id));
        put(b",\"thumbnail\":", flat(own.thumbnail, NULL)?);
        put(b",\"tags\":", flat(own.tags, b"[]")?);
        let password = own.password.map(|password| (password.kind, password.text));
        put(b",\"password\":", password::locked_text(password));
        put(b",\"url\":", route);
        // What is encoded takes no escape.
        let name = name(own.name)?;
        utf8_percent_encode(&name, ENCODE_URI).for_each(|piece| put(piece.as_bytes(), b""));
        put(b"\"}", b"");
        Some(())
    }
}

/// The name and the value of a field, if the name takes no escape.
fn parted(field: Field<'_>) -> Option<(&[u8], Written<'_>)> {
    let name = field.text.get(1..)?;
    let (name, value) = name.split_at_checked(name.iter().position(|letter| *letter == b'"')?)?;
    Some((name, Written { kind: field.kind, text: value.get(2..)? }))
}

fn text(value: Option<Written<'_>>) -> &[u8] {
    match value {
        Some(Written { kind: Kind::Text, text }) => text,
        _ => NULL,
    }
}

fn date(value: Option<Written<'_>>) -> &[u8] {
    match value {
        Some(Written { kind: Kind::Date | Kind::Text, text }) => text,
        _ => NULL,
    }
}

fn truth(value: Option<Written<'_>>) -> &'static [u8] {
    match value {
        Some(Written { kind: Kind::Other, text: b"true" }) => b"true",
        _ => b"false",
    }
}

/// A number, if it is one that JavaScript holds and shows as it is written whatever its kind; others are for those who
/// know the kind.
fn number<'t>(value: Option<Written<'t>>, none: &'static [u8]) -> Option<&'t [u8]> {
    let Some(Written { kind: Kind::Other, text }) = value else { return Some(none) };
    match text.strip_prefix(b"-").unwrap_or(text) {
        b"0" if text.len() == 1 => Some(text),
        [b'1'..=b'9', rest @ ..] if rest.len() < 15 && rest.iter().all(u8::is_ascii_digit) => {
            Some(text)
        }
        [b'0'..=b'9', ..] => None,
        _ => Some(none),
    }
}

/// What stands for a value that is neither a document nor an array; what is made of these takes the record.
fn flat(value: Option<Written<'_>>, none: &'static [u8]) -> Option<&'static [u8]> {
    match value {
        Some(Written { kind: Kind::Nested, .. }) => None,
        _ => Some(none),
    }
}

/// The name, as it is where it is not written.
fn name(value: Option<Written<'_>>) -> Option<Cow<'_, str>> {
    let Some(Written { kind: Kind::Text, text }) = value else { return Some("".into()) };
    if text.contains(&b'\\') {
        return serde_json::from_slice::<String>(text).ok().map(Cow::Owned);
    }
    let name = text.get(1..text.len().checked_sub(1)?)?;
    std::str::from_utf8(name).ok().map(Cow::Borrowed)
}
