//! A record as `/api/user/files` shows it: Zipline's field names, in its order, with its defaults.
//!
//! This file knows one record at a time, nothing of lists or requests.

use std::borrow::Cow;

use filedex_query::ejson::{self, Form};
use filedex_query::{Account, Document, DocumentRef, Value, ValueRef};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::Tag;
use crate::endpoint::password::{lock_inside, locked_view};

/// What records are shown with.
pub(super) struct Shown<'a> {
    /// The tags that the records may carry.
    pub(super) tags: Vec<Tag>,
    /// Where files are served.
    pub(super) route: &'a str,
}

/// The parts of a file that some lookups show and others don't.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts {
    pub(super) tags: bool,
    pub(super) password: bool,
    pub(super) url: bool,
}

impl Parts {
    /// Files in lists.
    pub(super) const LISTED: Parts = Parts { tags: true, password: true, url: true };
    /// Files that were searched for.
    pub(super) const SEARCHED: Parts = Parts { tags: true, password: false, url: true };
    /// A file asked for by itself.
    pub(super) const SINGLE: Parts = Parts { tags: true, password: false, url: false };
    /// Files that anybody sees.
    pub(super) const PUBLIC: Parts = Parts { tags: false, password: true, url: true };
}

/// What JavaScript's `encodeURI` escapes: all but letters, digits and `; / ? : @ & = + $ , # - _ . ! ~ * ' ( )`.
pub(super) const ENCODE_URI: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b';')
    .remove(b'/')
    .remove(b'?')
    .remove(b':')
    .remove(b'@')
    .remove(b'&')
    .remove(b'=')
    .remove(b'+')
    .remove(b'$')
    .remove(b',')
    .remove(b'#')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// What of a record matters here: the first of its fields of each of these names, found in one pass.
pub(super) struct Own<V> {
    pub(super) uploaded_at: Option<V>,
    pub(super) updated_at: Option<V>,
    pub(super) deletes_at: Option<V>,
    pub(super) favorite: Option<V>,
    pub(super) id: Option<V>,
    pub(super) original_name: Option<V>,
    pub(super) name: Option<V>,
    pub(super) size: Option<V>,
    pub(super) kind: Option<V>,
    pub(super) views: Option<V>,
    pub(super) max_views: Option<V>,
    pub(super) folder_id: Option<V>,
    pub(super) thumbnail: Option<V>,
    pub(super) tags: Option<V>,
    pub(super) password: Option<V>,
}

/// The value of a field as it is shown.
enum Part<'r> {
    /// The record's own.
    Own(ValueRef<'r>),
    Made(Value),
}

impl<V> Own<V> {
    pub(super) fn of<'n>(fields: impl Iterator<Item = (&'n [u8], V)>) -> Own<V> {
        let mut own = Own {
            uploaded_at: None,
            updated_at: None,
            deletes_at: None,
            favorite: None,
            id: None,
            original_name: None,
            name: None,
            size: None,
            kind: None,
            views: None,
            max_views: None,
            folder_id: None,
            thumbnail: None,
            tags: None,
            password: None,
        };
        for (name, value) in fields {
            if let Some(place) = own.place(name) {
                place.get_or_insert(value);
            }
        }
        own
    }

    #[inline]
    fn place(&mut self, name: &[u8]) -> Option<&mut Option<V>> {
        Some(match name {
            b"uploadedAt" => &mut self.uploaded_at,
            b"_updatedAt" => &mut self.updated_at,
            b"deletesAt" => &mut self.deletes_at,
            b"favorite" => &mut self.favorite,
            b"_id" => &mut self.id,
            b"originalName" => &mut self.original_name,
            b"name" => &mut self.name,
            b"size" => &mut self.size,
            b"type" => &mut self.kind,
            b"views" => &mut self.views,
            b"maxViews" => &mut self.max_views,
            b"folderId" => &mut self.folder_id,
            b"thumbnail" => &mut self.thumbnail,
            b"tags" => &mut self.tags,
            b"password" => &mut self.password,
            _ => return None,
        })
    }
}

impl<'r> From<DocumentRef<'r>> for Own<ValueRef<'r>> {
    fn from(record: DocumentRef<'r>) -> Own<ValueRef<'r>> {
        Own::of(record.iter().map(|(name, value)| (name.as_bytes(), value)))
    }
}

impl Shown<'_> {
    /// The record as shown. A field of a kind that Zipline's has not shows as if it were not there.
    pub(super) fn file(&self, record: &Own<ValueRef<'_>>, parts: Parts) -> Document {
        let mut shown = Document::new();
        self.fields(record, parts, |name, part| shown.push(name, part.view().to_value()));
        shown
    }

    /// Adds the text of that, of so many bytes at most.
    pub(super) fn write(
        &self,
        record: &Own<ValueRef<'_>>,
        parts: Parts,
        out: &mut Vec<u8>,
        (most, account): (usize, &Account),
    ) -> filedex_query::Result<()> {
        let end = out.len().saturating_add(most);
        let (mut written, mut opening) = (Ok(()), b'{');
        self.fields(record, parts, |name, part| {
            // No name of these takes an escape.
            out.extend_from_slice(&[std::mem::replace(&mut opening, b','), b'"']);
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b"\":");
            let left = end.saturating_sub(out.len());
            if written.is_ok() {
                written = ejson::write_within(part.view(), Form::Plain, out, left, account);
            }
        });
        out.push(b'}');
        written
    }

    /// Gives the fields in order.
    fn fields(
        &self,
        record: &Own<ValueRef<'_>>,
        parts: Parts,
        mut show: impl FnMut(&'static str, Part<'_>),
    ) {
        let mut own = |name, value| show(name, Part::Own(value));
        let none = ValueRef::Int(0);
        own("createdAt", date(record.uploaded_at));
        own("updatedAt", date(record.updated_at));
        own("deletesAt", date(record.deletes_at));
        own("favorite", ValueRef::Bool(matches!(record.favorite, Some(ValueRef::Bool(true)))));
        own("id", text(record.id));
        own("originalName", text(record.original_name));
        own("name", text(record.name));
        own("size", number(record.size).unwrap_or(none));
        own("type", text(record.kind));
        own("views", number(record.views).unwrap_or(none));
        own("maxViews", number(record.max_views).unwrap_or(ValueRef::Null));
        own("folderId", text(record.folder_id));
        show("thumbnail", thumbnail(record.thumbnail));
        if parts.tags {
            show("tags", Part::Made(self.tags(record.tags)));
        }
        if parts.password {
            show("password", Part::Own(locked_view(record.password)));
        }
        if parts.url {
            let name = match record.name {
                Some(ValueRef::String(name)) => name,
                _ => "",
            };
            show("url", Part::Made(Value::String(self.url(name))));
        }
    }

    /// Tags named by id become whole, in the record's order; ids nobody knows go.
    fn tags(&self, tags: Option<ValueRef<'_>>) -> Value {
        let Some(ValueRef::Array(tags)) = tags else { return Value::Array(Vec::new()) };
        let shown = tags.iter().filter_map(|tag| match tag {
            ValueRef::String(id) => self.tags.iter().find(|tag| tag.id == *id).map(whole),
            ValueRef::Document(own) if matches!(own.get("id"), Some(ValueRef::String(_))) => {
                let mut own = tag.to_value();
                lock_inside(&mut own);
                Some(own)
            }
            _ => None,
        });
        Value::Array(shown.collect())
    }

    fn url(&self, name: &str) -> String {
        let name: Cow<'_, str> = utf8_percent_encode(name, ENCODE_URI).into();
        [self.route.trim_end_matches('/'), "/", &name].concat()
    }
}

impl Part<'_> {
    fn view(&self) -> ValueRef<'_> {
        match self {
            Part::Own(value) => *value,
            Part::Made(value) => value.view(),
        }
    }
}

fn text(value: Option<ValueRef<'_>>) -> ValueRef<'_> {
    match value {
        Some(text @ ValueRef::String(_)) => text,
        _ => ValueRef::Null,
    }
}

/// A date; a text in the place of one, as a host may have kept it, is shown as it is.
fn date(value: Option<ValueRef<'_>>) -> ValueRef<'_> {
    match value {
        Some(date @ (ValueRef::Date(_) | ValueRef::String(_))) => date,
        _ => ValueRef::Null,
    }
}

/// A whole number as JavaScript holds it: beyond 2^53 the nearest that it can tell.
pub(super) fn number(value: Option<ValueRef<'_>>) -> Option<ValueRef<'static>> {
    match value? {
        ValueRef::Long(long) if long.unsigned_abs() > 1 << 53 => {
            Some(ValueRef::Double(long as f64))
        }
        ValueRef::Int(number) => Some(ValueRef::Int(number)),
        ValueRef::Long(number) => Some(ValueRef::Long(number)),
        ValueRef::Double(number) => whole_number(number),
        ValueRef::Decimal(decimal) => whole_number(decimal.to_f64()),
        _ => None,
    }
}

/// The whole part of a number that a database's 64 bits hold.
fn whole_number(number: f64) -> Option<ValueRef<'static>> {
    (number.abs() <= 9_223_372_036_854_775_808.0).then(|| ValueRef::Double(number.trunc()))
}

fn thumbnail(value: Option<ValueRef<'_>>) -> Part<'static> {
    match value {
        Some(ValueRef::Document(thumbnail)) => {
            let path = text(thumbnail.get("path")).to_value();
            Part::Made(Value::from(Document::new().with("path", path)))
        }
        _ => Part::Own(ValueRef::Null),
    }
}

/// A tag as Zipline shows it.
pub(super) fn tag(tag: &Tag) -> Document {
    Document::new()
        .with("id", tag.id.as_str())
        .with("createdAt", tag.created_at.as_str())
        .with("updatedAt", tag.updated_at.as_str())
        .with("name", tag.name.as_str())
        .with("color", tag.color.as_str())
}

fn whole(known: &Tag) -> Value {
    Value::from(tag(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_encoded_as_a_browser_would() {
        let at = |route| Shown { tags: Vec::new(), route };
        assert_eq!(at("/u").url("brg2IB.png"), "/u/brg2IB.png");
        assert_eq!(at("/u").url("a b%é#?.png"), "/u/a%20b%25%C3%A9#?.png");
        assert_eq!(at("/").url("x"), "/x");
        assert_eq!(at("").url("[x]\"<>^`{|}\\"), "/%5Bx%5D%22%3C%3E%5E%60%7B%7C%7D%5C");
    }
}
