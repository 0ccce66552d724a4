//! A record: a document with an `_id`, and where it stands in the lists.
//!
//! The one place that knows which fields decide that: `_id`, `rid`, `userId`, `uploadedAt`. A document
//! that cannot be kept is refused here, before anything is written.

use std::borrow::Cow;

use filedex_query::packed::{self, PackedDocument};
use filedex_query::{Document, DocumentRef, Limits, Value, ValueRef, key};

use super::block::Entry;
use super::class::Class;
use super::keys::{append_id_descending, by_id, newest_first, or_null};
use super::lists::{EVERYTHING, IDS, List};
use super::number;
use super::size::Size;
use crate::error::{Error, Result};

/// Bytes that the texts of `_id`, `rid` and `userId` may have.
const MOST_ID_BYTES: usize = 512;

/// Bytes that the text of `uploadedAt` may have.
const MOST_DATE_BYTES: usize = 256;

/// Bytes that a stored record may have.
const MOST_RECORD_BYTES: usize = 16 << 20;

/// A document that may be stored.
pub(crate) struct Record {
    pub(crate) standing: Standing,
    /// The record's stored form.
    pub(crate) body: Vec<u8>,
}

/// Where a record stands: all that decides its entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) id: String,
    /// The list of its room.
    pub(crate) room: List,
    /// The list of its user, if it is in one.
    pub(crate) user: Option<List>,
    /// Its key in all lists that have the newest first.
    pub(crate) order: Vec<u8>,
    pub(crate) class: Class,
    pub(crate) size: Size,
}

/// An entry that a record has in a list.
#[derive(Clone, Debug)]
pub(crate) struct Listed<'a> {
    pub(crate) list: &'a [u8],
    pub(crate) key: Cow<'a, [u8]>,
    pub(crate) payload: Cow<'a, [u8]>,
}

impl Listed<'_> {
    /// The entry, which has of that one all that a record's entries have in common.
    pub(crate) fn entry(&self, of: &Entry<'_>) -> Entry<'_> {
        Entry { key: &self.key, class: of.class, size: of.size, payload: &self.payload }
    }
}

impl Record {
    /// Checks the document and finds its place.
    ///
    /// # Errors
    /// [`crate::ErrorKind::InvalidRecord`], with what to change.
    pub(crate) fn new(document: &Document, most_depth: usize) -> Result<Record> {
        check_id(document)?;
        check_shape(document, most_depth)?;
        // More than most records take.
        let mut body = Vec::with_capacity(1000);
        if let Some(name) = packed::pack_into(&mut body, document) {
            return Err(Error::invalid(format!(
                "the field `{name}` stands twice; keep one of them"
            )));
        }
        let standing = Standing::of(document.view());
        match body.len() {
            ..=MOST_RECORD_BYTES => Ok(Record { standing, body }),
            bytes => Err(Error::invalid(format!(
                "record `{}` takes {bytes} bytes; at most {MOST_RECORD_BYTES} can be stored",
                standing.id
            ))),
        }
    }

    /// A record in its stored form, which was one of a store; `None` for bytes that are none.
    pub(crate) fn stored(body: &[u8]) -> Option<Record> {
        let packed = PackedDocument::new(body);
        let is_record = packed.check()
            && DocumentRef::from(packed).get("_id")?.as_text()?.len() <= MOST_ID_BYTES;
        is_record.then(|| Record { standing: Standing::of(packed.into()), body: body.to_vec() })
    }
}

impl Standing {
    /// Where that record stands.
    pub(crate) fn of(record: DocumentRef<'_>) -> Standing {
        let id = id_of(record);
        let uploaded = record.get("uploadedAt").unwrap_or(ValueRef::Null);
        let room = match record.get("rid").unwrap_or(ValueRef::Null) {
            _ if is_loose(record) => List::loose(),
            rid => List::room(rid),
        };
        let (user, order) = (user_of(record, &room), newest_first(uploaded, id));
        let (class, size) = (Class::of(record), Size::of(record));
        Standing { id: id.to_owned(), room, user, order, class, size }
    }

    /// Where the record stands that is this entry of the room's list of that key.
    pub(crate) fn lying(room: &[u8], entry: &Entry<'_>) -> Standing {
        let (record, room) = (document(entry.payload), List::from_bytes(room));
        Standing {
            id: id_of(record).to_owned(),
            user: user_of(record, &room),
            room,
            order: entry.key.to_vec(),
            class: entry.class,
            size: entry.size,
        }
    }

    /// The entries that the record has, of which that in its room holds the record itself.
    pub(crate) fn entries<'b>(&'b self, body: &'b [u8]) -> [Option<Listed<'b>>; 4] {
        let order = || Cow::Borrowed(self.order.as_slice());
        let pointer = |list| Listed { list, key: order(), payload: self.room.bytes().into() };
        let room = Listed { list: self.room.bytes(), key: order(), payload: body.into() };
        let ids = Listed { list: IDS, key: by_id(&self.id).into(), payload: self.pointer().into() };
        let user = self.user.as_ref().map(|user| pointer(user.bytes()));
        [Some(room), Some(ids), user, Some(pointer(EVERYTHING))]
    }

    /// The key of the record's entry in one of its lists.
    pub(crate) fn key_in(&self, list: &List) -> Vec<u8> {
        if *list == List::ids() { by_id(&self.id) } else { self.order.clone() }
    }

    /// The payload of the record's entry in the id list. The end of the order is known by the id.
    fn pointer(&self) -> Vec<u8> {
        let mut pointer = Vec::with_capacity(self.room.bytes().len() + 16);
        number::put_sized(&mut pointer, self.room.bytes());
        let moment = self.order.len().saturating_sub(by_id(&self.id).len());
        pointer.extend_from_slice(self.order.get(..moment).unwrap_or_default());
        pointer
    }

    /// The list and the key there that an entry of the id list points to.
    pub(crate) fn follow<'p>(pointer: &'p [u8], id: &str) -> Option<(&'p [u8], Vec<u8>)> {
        let (room, moment) = number::take_sized(pointer)?;
        let mut order = Vec::with_capacity(moment.len() + id.len() + 3);
        order.extend_from_slice(moment);
        append_id_descending(&mut order, id);
        Some((room, order))
    }

    /// Appends what [`Standing::read`] reads, but for the id.
    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        out.push(self.class.byte());
        self.size.put(out);
        number::put_sized(out, self.room.bytes());
        number::put_sized(out, &self.order);
        number::put_sized(out, self.user.as_ref().map_or(&[], List::bytes));
    }

    /// Where the record of that id stood, and the bytes behind it.
    pub(crate) fn read<'b>(id: &str, bytes: &'b [u8]) -> Option<(Standing, &'b [u8])> {
        let (class, rest) = bytes.split_first()?;
        let (size, rest) = Size::take(rest)?;
        let (room, rest) = number::take_sized(rest)?;
        let (order, rest) = number::take_sized(rest)?;
        let (user, rest) = number::take_sized(rest)?;
        let standing = Standing {
            id: id.to_owned(),
            room: List::from_bytes(room),
            user: (!user.is_empty()).then(|| List::from_bytes(user)),
            order: order.to_vec(),
            class: Class::from_byte(*class)?,
            size,
        };
        Some((standing, rest))
    }
}

/// A body as a document. Its checksum has been verified.
pub(crate) fn document(body: &[u8]) -> DocumentRef<'_> {
    PackedDocument::new(body).into()
}

fn id_of(record: DocumentRef<'_>) -> &str {
    record.get("_id").and_then(ValueRef::as_text).unwrap_or_default()
}

/// The list of its user, if it is in one.
fn user_of(record: DocumentRef<'_>, room: &List) -> Option<List> {
    match record.get("userId") {
        None | Some(ValueRef::Null | ValueRef::Undefined) => None,
        Some(_) if room.is_loose() => None,
        Some(user) => Some(List::user(user)),
    }
}

/// Whether no single place is right: a filter finds a record by each element of an array.
fn is_loose(record: DocumentRef<'_>) -> bool {
    ["rid", "userId", "uploadedAt"]
        .iter()
        .any(|field| matches!(record.get(field), Some(ValueRef::Array(_))))
}

/// Whether a document may be a record, here as wherever else records of an index are kept.
///
/// ```
/// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; pub mod store { pub use filedex_storage::*; } }
/// use filedex::{Document, Limits};
/// let nameless = Document::new().with("size", 7);
/// assert!(filedex::store::check_record(&nameless, &Limits::default()).is_err());
/// ```
///
/// # Errors
/// `InvalidRecord`, with what to change.
pub fn check_record(document: &Document, limits: &Limits) -> Result<()> {
    Record::new(document, limits.document_depth).map(|_| ())
}

fn check_id(document: &Document) -> Result<()> {
    match document.get("_id") {
        Some(Value::String(id)) if id.is_empty() => {
            Err(Error::invalid("`_id` is empty; give the record a name of its own"))
        }
        Some(Value::String(id)) if id.len() > MOST_ID_BYTES => Err(Error::invalid(format!(
            "`_id` takes {} bytes; at most {MOST_ID_BYTES} can be kept in order",
            id.len()
        ))),
        Some(Value::String(_)) => Ok(()),
        Some(_) => Err(Error::invalid("`_id` is no text; records are named by a text")),
        None => Err(Error::invalid("`_id` is missing; give the record a name of its own")),
    }
}

fn check_shape(document: &Document, most_depth: usize) -> Result<()> {
    if is_deeper(document, most_depth) {
        return Err(Error::invalid(format!(
            "the record is nested deeper than {most_depth} levels (limit `document_depth`)"
        )));
    }
    for (field, most) in
        [("rid", MOST_ID_BYTES), ("userId", MOST_ID_BYTES), ("uploadedAt", MOST_DATE_BYTES)]
    {
        let mut bytes = Vec::new();
        match or_null(document.get(field)) {
            ValueRef::Array(_) | ValueRef::Date(_) | ValueRef::Null => continue,
            ValueRef::String(text) if text.len() <= most => continue,
            value => key::append(&mut bytes, value),
        }
        if bytes.len() > most {
            return Err(Error::invalid(format!(
                "`{field}` takes more than {most} bytes; a longer one cannot be kept in order"
            )));
        }
    }
    Ok(())
}

fn is_deeper(document: &Document, levels: usize) -> bool {
    levels == 0 || document.iter().any(|(_, value)| holds_deeper(value, levels - 1))
}

fn holds_deeper(value: &Value, levels: usize) -> bool {
    match value {
        Value::Document(document) => is_deeper(document, levels),
        Value::Array(array) => {
            levels == 0 || array.iter().any(|element| holds_deeper(element, levels - 1))
        }
        _ => false,
    }
}
