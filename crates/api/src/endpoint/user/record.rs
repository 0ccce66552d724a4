//! A record as `/api/user/files` shows it: Zipline's field names, in its order, with its defaults.
//!
//! This file knows one record at a time, nothing of lists or requests.

use filedex_query::{Document, Value};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::Tag;
use crate::endpoint::password::{lock, locked};

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
const ENCODE_URI: &AsciiSet = &NON_ALPHANUMERIC
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

impl Shown<'_> {
    /// The record as shown. A field of a kind that Zipline's has not shows as if it were not there.
    pub(super) fn file(&self, record: &Document, parts: Parts) -> Document {
        let mut shown = Document::new()
            .with("createdAt", date(record, "uploadedAt"))
            .with("updatedAt", date(record, "_updatedAt"))
            .with("deletesAt", date(record, "deletesAt"))
            .with("favorite", record.get("favorite") == Some(&Value::Bool(true)))
            .with("id", text(record, "_id"))
            .with("originalName", text(record, "originalName"))
            .with("name", text(record, "name"))
            .with("size", number(record, "size").unwrap_or(Value::Int(0)))
            .with("type", text(record, "type"))
            .with("views", number(record, "views").unwrap_or(Value::Int(0)))
            .with("maxViews", number(record, "maxViews").unwrap_or(Value::Null))
            .with("folderId", text(record, "folderId"))
            .with("thumbnail", thumbnail(record));
        if parts.tags {
            shown.push("tags", self.tags(record.get("tags")));
        }
        if parts.password {
            shown.push("password", locked(record.get("password")));
        }
        if parts.url {
            shown.push("url", self.url(record.get_str("name").unwrap_or_default()));
        }
        lock(&mut shown);
        shown
    }

    /// Tags named by id become whole, in the record's order; ids nobody knows go.
    fn tags(&self, tags: Option<&Value>) -> Vec<Value> {
        let tags = tags.and_then(Value::as_array).unwrap_or_default();
        let shown = tags.iter().filter_map(|tag| match tag {
            Value::String(id) => self.tags.iter().find(|tag| tag.id == *id).map(whole),
            Value::Document(own) if own.get_str("id").is_some() => Some(tag.clone()),
            _ => None,
        });
        shown.collect()
    }

    fn url(&self, name: &str) -> String {
        let route = self.route.trim_end_matches('/');
        format!("{route}/{}", utf8_percent_encode(name, ENCODE_URI))
    }
}

fn text(record: &Document, field: &str) -> Value {
    record.get_str(field).map_or(Value::Null, Value::from)
}

/// A date; a text in the place of one, as a host may have kept it, is shown as it is.
fn date(record: &Document, field: &str) -> Value {
    match record.get(field) {
        Some(date @ (Value::Date(_) | Value::String(_))) => date.clone(),
        _ => Value::Null,
    }
}

/// A whole number as JavaScript holds it: beyond 2^53 the nearest that it can tell.
pub(super) fn number(record: &Document, field: &str) -> Option<Value> {
    match record.get(field)? {
        Value::Long(long) if long.unsigned_abs() > 1 << 53 => Some(Value::Double(*long as f64)),
        number @ (Value::Int(_) | Value::Long(_)) => Some(number.clone()),
        Value::Double(number) => whole_number(*number),
        Value::Decimal(decimal) => whole_number(decimal.to_f64()),
        _ => None,
    }
}

/// The whole part of a number that a database's 64 bits hold.
fn whole_number(number: f64) -> Option<Value> {
    (number.abs() <= 9_223_372_036_854_775_808.0).then(|| Value::Double(number.trunc()))
}

fn thumbnail(record: &Document) -> Value {
    match record.get("thumbnail") {
        Some(Value::Document(thumbnail)) => {
            let path = text(thumbnail, "path");
            Value::from(Document::new().with("path", path))
        }
        _ => Value::Null,
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
