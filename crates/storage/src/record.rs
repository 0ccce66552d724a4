//! A record: a document with an `_id`, and what the lists need to know of it.
//!
//! The one place that knows which fields decide where a record lies: `_id`, `rid`, `userId`,
//! `uploadedAt`. A document that cannot be kept is refused here, before anything is written.

use filedex_query::packed::{self, PackedDocument};
use filedex_query::{Document, DocumentRef, Value, ValueRef, key};

use crate::class::Class;
use crate::error::{Error, Result};
use crate::layout::{List, append_id_descending, by_id, newest_first, or_null, piece_key};

/// Bytes that the texts of `_id`, `rid` and `userId` may have.
pub(crate) const MOST_ID_BYTES: usize = 512;

/// Bytes that the text of `uploadedAt` may have.
const MOST_DATE_BYTES: usize = 256;

/// Bytes that a stored record may have.
const MOST_RECORD_BYTES: usize = 16 << 20;

/// A longer body does not lie in its block but in pieces.
const MOST_INLINE_BYTES: usize = 1024;

/// The mark of a payload that holds the body, and of one that says how it lies in pieces.
const INLINE: u8 = 0;
const PIECES: u8 = 1;

/// Bytes of one piece of a body.
pub(crate) const PIECE_BYTES: usize = 3500;

/// A document that may be stored.
pub(crate) struct Record {
    pub(crate) id: String,
    pub(crate) place: Place,
    pub(crate) user: Option<List>,
    pub(crate) class: Class,
    /// The record's stored form behind the mark of a body that lies in its block.
    inline: Vec<u8>,
}

/// Where a record lies: in which room's list, and where in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) list: List,
    pub(crate) order: Vec<u8>,
}

/// The payload of an entry in a room's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body<'a> {
    /// The record itself.
    Inline(&'a [u8]),
    /// The record lies in pieces; how long it is, its CRC-32, and its id.
    Pieces { length: u32, checksum: u32, id: &'a str },
}

impl Record {
    /// Checks the document and finds its place.
    ///
    /// # Errors
    /// [`crate::ErrorKind::InvalidRecord`], with what to change.
    pub(crate) fn new(document: &Document, most_depth: usize) -> Result<Record> {
        let id = check_id(document)?;
        check_shape(document, most_depth)?;
        // More than most records take.
        let mut inline = Vec::with_capacity(1000);
        inline.push(INLINE);
        if let Some(name) = packed::pack_into(&mut inline, document) {
            return Err(Error::invalid(format!(
                "the field `{name}` stands twice; keep one of them"
            )));
        }
        let view = document.view();
        let (place, user) = (Place::of(view, id), user_of(view));
        let record = Record { id: id.to_owned(), place, user, class: Class::of(view), inline };
        match record.body().len() {
            ..=MOST_RECORD_BYTES => Ok(record),
            bytes => Err(Error::invalid(format!(
                "record `{id}` takes {bytes} bytes; at most {MOST_RECORD_BYTES} can be stored"
            ))),
        }
    }

    /// The record's stored form.
    pub(crate) fn body(&self) -> &[u8] {
        self.inline.get(1..).unwrap_or_default()
    }

    /// The record's place, and the payload of its entry there.
    pub(crate) fn into_entry(self) -> (Place, Vec<u8>) {
        let payload = match self.is_in_pieces() {
            false => self.inline,
            true => {
                let mut payload = vec![PIECES];
                payload.extend_from_slice(&(self.body().len() as u32).to_le_bytes());
                payload.extend_from_slice(&crc32fast::hash(self.body()).to_le_bytes());
                payload.extend_from_slice(self.id.as_bytes());
                payload
            }
        };
        (self.place, payload)
    }

    pub(crate) fn is_in_pieces(&self) -> bool {
        self.body().len() > MOST_INLINE_BYTES
    }
}

impl Place {
    /// Where a record of that id and those fields lies.
    pub(crate) fn of(record: DocumentRef<'_>, id: &str) -> Place {
        let uploaded = record.get("uploadedAt").unwrap_or(ValueRef::Null);
        let list = match record.get("rid").unwrap_or(ValueRef::Null) {
            _ if is_loose(record) => List::loose(),
            rid => List::room(rid),
        };
        Place { list, order: newest_first(uploaded, id) }
    }

    /// Where that stored record lies.
    pub(crate) fn of_stored(record: DocumentRef<'_>) -> Place {
        let id = record.get("_id").and_then(ValueRef::as_text).unwrap_or_default();
        Place::of(record, id)
    }

    /// The payload of the record's entry in the id list. The end of the order is known by the id.
    pub(crate) fn to_bytes(&self, id: &str) -> Vec<u8> {
        let list = self.list.bytes();
        let moment = self.order.len().saturating_sub(by_id(id).len());
        let moment = self.order.get(..moment).unwrap_or_default();
        [&(list.len() as u16).to_le_bytes(), list, moment].concat()
    }

    pub(crate) fn from_bytes(bytes: &[u8], id: &str) -> Result<Place> {
        let malformed = || Error::damaged("an entry of the id list is malformed");
        let (length, rest) = bytes.split_first_chunk::<2>().ok_or_else(malformed)?;
        let length = usize::from(u16::from_le_bytes(*length));
        let (list, moment) = rest.split_at_checked(length).ok_or_else(malformed)?;
        let mut order = Vec::with_capacity(moment.len() + id.len() + 3);
        order.extend_from_slice(moment);
        append_id_descending(&mut order, id);
        Ok(Place { list: List::from_bytes(list), order })
    }
}

impl<'a> Body<'a> {
    pub(crate) fn read(payload: &'a [u8]) -> Result<Body<'a>> {
        let malformed = || Error::damaged("an entry of a room's list is malformed");
        match payload.split_first() {
            Some((&INLINE, body)) => Ok(Body::Inline(body)),
            Some((&PIECES, rest)) => {
                let (length, rest) = rest.split_first_chunk().ok_or_else(malformed)?;
                let (checksum, id) = rest.split_first_chunk().ok_or_else(malformed)?;
                let id = std::str::from_utf8(id).map_err(|_| malformed())?;
                let length = u32::from_le_bytes(*length);
                Ok(Body::Pieces { length, checksum: u32::from_le_bytes(*checksum), id })
            }
            _ => Err(malformed()),
        }
    }

    /// How many pieces the body lies in.
    pub(crate) fn pieces(self) -> u32 {
        match self {
            Body::Inline(_) => 0,
            Body::Pieces { length, .. } => length.div_ceil(PIECE_BYTES as u32),
        }
    }
}

/// The list of the record's user. Records without a user, and loose ones, are in none.
pub(crate) fn user_of(record: DocumentRef<'_>) -> Option<List> {
    match record.get("userId") {
        None | Some(ValueRef::Null | ValueRef::Undefined) => None,
        Some(_) if is_loose(record) => None,
        Some(user) => Some(List::user(user)),
    }
}

/// A body as a document. Its checksum has been verified.
pub(crate) fn document(body: &[u8]) -> DocumentRef<'_> {
    PackedDocument::new(body).into()
}

/// Puts a body together from its pieces and verifies it.
pub(crate) fn assemble<B: AsRef<[u8]>>(
    body: Body<'_>,
    mut piece: impl FnMut(&[u8]) -> Result<Option<B>>,
) -> Result<Vec<u8>> {
    let (checksum, id) = match body {
        Body::Inline(body) => return Ok(body.to_vec()),
        Body::Pieces { checksum, id, .. } => (checksum, id),
    };
    let mut bytes = Vec::new();
    for number in 0..body.pieces() {
        match piece(&piece_key(id, number))? {
            Some(piece) => bytes.extend_from_slice(piece.as_ref()),
            None => break,
        }
    }
    if crc32fast::hash(&bytes) != checksum {
        let what = format_args!("the pieces of record `{id}` have a wrong checksum");
        return Err(Error::damaged(what));
    }
    Ok(bytes)
}

/// Whether no single place is right: a filter finds a record by each element of an array.
fn is_loose(record: DocumentRef<'_>) -> bool {
    ["rid", "userId", "uploadedAt"]
        .iter()
        .any(|field| matches!(record.get(field), Some(ValueRef::Array(_))))
}

fn check_id(document: &Document) -> Result<&str> {
    match document.get("_id") {
        Some(Value::String(id)) if id.is_empty() => {
            Err(Error::invalid("`_id` is empty; give the record a name of its own"))
        }
        Some(Value::String(id)) if id.len() > MOST_ID_BYTES => Err(Error::invalid(format!(
            "`_id` takes {} bytes; at most {MOST_ID_BYTES} can be kept in order",
            id.len()
        ))),
        Some(Value::String(id)) => Ok(id),
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
