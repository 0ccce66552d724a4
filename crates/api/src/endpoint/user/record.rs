//! A record as `/api/user/files` shows it: Zipline's field names, in its order, with its defaults.
//!
//! This file knows one record at a time, nothing of lists or requests.

use filedex_query::{Document, Value};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::Tag;
use crate::endpoint::password::{lock, locked};

/// What a record is shown with.
pub(super) struct Shown<'a> {
    /// The owner's tags.
    pub(super) tags: &'a [Tag],
    /// Where files are served.
    pub(super) route: &'a str,
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
    /// The record as shown; in replies to a search without `password`.
    pub(super) fn file(&self, record: &Document, searching: bool) -> Document {
        let or = |field: &str, absent: Value| {
            record.get(field).filter(|value| **value != Value::Null).cloned().unwrap_or(absent)
        };
        let shown = Document::new()
            .with("createdAt", or("uploadedAt", Value::Null))
            .with("updatedAt", or("_updatedAt", Value::Null))
            .with("deletesAt", or("deletesAt", Value::Null))
            .with("favorite", or("favorite", Value::Bool(false)))
            .with("id", or("_id", Value::Null))
            .with("originalName", or("originalName", Value::Null))
            .with("name", or("name", Value::Null))
            .with("size", or("size", Value::Int(0)))
            .with("type", or("type", Value::Null))
            .with("views", or("views", Value::Int(0)))
            .with("maxViews", or("maxViews", Value::Null))
            .with("folderId", or("folderId", Value::Null))
            .with("thumbnail", or("thumbnail", Value::Null))
            .with("tags", self.tags(record.get("tags")));
        let shown = match searching {
            true => shown,
            false => shown.with("password", locked(record.get("password"))),
        };
        let mut shown = shown.with("url", self.url(record.get_str("name").unwrap_or_default()));
        lock(&mut shown);
        shown
    }

    /// Tags named by id become the owner's tags, in the record's order; ids nobody knows go.
    fn tags(&self, tags: Option<&Value>) -> Vec<Value> {
        let tags = tags.and_then(Value::as_array).unwrap_or_default();
        let shown = tags.iter().filter_map(|tag| match tag {
            Value::String(id) => self.tags.iter().find(|tag| tag.id == *id).map(whole),
            Value::Document(_) => Some(tag.clone()),
            _ => None,
        });
        shown.collect()
    }

    fn url(&self, name: &str) -> String {
        let route = self.route.trim_end_matches('/');
        format!("{route}/{}", utf8_percent_encode(name, ENCODE_URI))
    }
}

fn whole(tag: &Tag) -> Value {
    let tag = Document::new()
        .with("id", tag.id.as_str())
        .with("createdAt", tag.created_at.as_str())
        .with("updatedAt", tag.updated_at.as_str())
        .with("name", tag.name.as_str())
        .with("color", tag.color.as_str());
    Value::from(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_encoded_as_a_browser_would() {
        let at = |route| Shown { tags: &[], route };
        assert_eq!(at("/u").url("brg2IB.png"), "/u/brg2IB.png");
        assert_eq!(at("/u").url("a b%é#?.png"), "/u/a%20b%25%C3%A9#?.png");
        assert_eq!(at("/").url("x"), "/x");
        assert_eq!(at("").url("[x]\"<>^`{|}\\"), "/%5Bx%5D%22%3C%3E%5E%60%7B%7C%7D%5C");
    }
}
